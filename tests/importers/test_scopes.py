"""The modules of a graph as a tree, one scope a visit."""

from __future__ import annotations

from shapecalc.importers.graph import ImportedGraph, ImportedStep, Place
from shapecalc.importers.scopes import ModuleScope, scope_tree, skeleton_of, uses_of, values_in


def graph_of(*paths, scopes=None):
    graph = ImportedGraph("net", "a test")
    value = graph.input("x", (1, 4))
    for path in paths:
        graph.place = Place(path, scopes=(scopes or {}).get(path, ()))
        value = graph.step("relu", value)
    graph.output("y", value)
    return graph


def shown(scope):
    return [item.type if isinstance(item, ImportedStep) else {item.path: shown(item)} for item in scope.items]


def test_a_path_is_a_tree_of_modules():
    assert shown(scope_tree(graph_of("a.0", "a.1", "b"))) == [
        {"a": [{"a.0": ["relu"]}, {"a.1": ["relu"]}]},
        {"b": ["relu"]},
    ]


def test_a_module_that_is_left_and_entered_again_is_visited_twice():
    assert shown(scope_tree(graph_of("a.0", "b", "a.0"))) == [
        {"a": [{"a.0": ["relu"]}]},
        {"b": ["relu"]},
        {"a": [{"a.0": ["relu"]}]},
    ]


def test_stated_modules_replace_those_of_the_path():
    tree = scope_tree(graph_of("h.0.act", scopes={"h.0.act": (("h.0", "net.Block"), ("h.0.act", "nn.ReLU"))}))
    (block,) = tree.items
    assert isinstance(block, ModuleScope)
    assert (block.path, block.kind) == ("h.0", "net.Block")


def test_modules_of_the_same_steps_have_one_skeleton_and_of_others_another():
    graph = graph_of("a.0", "a.1", "b")
    graph.place = Place("a.2")
    graph.output("z", graph.step("tanh", graph.outputs["y"]))
    root = scope_tree(graph)
    uses = uses_of(graph, root)
    texts = {scope.path: skeleton_of(scope, uses, 6).text for scope in root.scopes if scope.path != "a"}
    assert texts["a.0"] == texts["a.1"] == texts["b"]
    assert texts["a.2"] != texts["a.0"]


def test_a_module_that_is_visited_twice_is_no_block():
    graph = graph_of("a", "b", "a")
    root = scope_tree(graph)
    found = [skeleton_of(scope, uses_of(graph, root), 6) is None for scope in root.scopes]
    assert found == [True, False, True]


def test_values_of_lists_are_taken_one_by_one():
    assert list(values_in(((1, (2, 3)), "same", True))) == [1, 2, 3, "same", True]
