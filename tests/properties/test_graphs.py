"""What holds for any graph: written out by hand it is the same, predicted is executed, values live while needed."""

from __future__ import annotations

import copy
import gc
import tracemalloc
from collections import Counter
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytest
from hypothesis import assume, given, settings, strategies as st

import shapecalc
from shapecalc import run
from shapecalc.architecture import size_of
from shapecalc.checking.lints import lint
from shapecalc.dims import evaluate
from shapecalc.execution.lowering import calls_of, price, random_inputs
from shapecalc.execution.verify import verify_at
from shapecalc.layers import layer_type
from shapecalc.reference.executor import execute
from shapecalc.render.inspect.lines import layer_lines, lines_of
from shapecalc.shape_inference import walker
from shapecalc.shape_inference.engine import Reports, infer, inspect_at
from shapecalc.shape_inference.rows import GroupReport, sums_of, total
from tests.support.graph_strategies import Document, Graph, graphs, written
from tests.support.volume import NIGHTLY, at_most

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shapecalc.architecture import Architecture
    from shapecalc.shape_inference.report import Report
    from shapecalc.shape_inference.rows import LayerReport

MERGES = ("add", "multiply", "concat")
OWN_KEYS = ("name", "from", "repeat", "share")

some = at_most(60)
thousand = at_most(1000)


# A second reading of the format: every layer of a file, written out on plain values.


class Slot(NamedTuple):
    """A value: what it is called when all is written out, and which step of the body it comes from."""

    name: str
    step: str | None


class Made(NamedTuple):
    """A step that was written out: as it stands in the file, where, and how to write it out again."""

    path: str
    node: Document
    weights: str
    around: tuple[Names, str]


class Names:
    """The names of one body: of steps below `prefix`, and of what enters; a repeated merge looks further out."""

    def __init__(self, prefix: str, entered: Mapping[str, Slot], outer: tuple[Names, str] | None = None) -> None:
        self.prefix = prefix
        self.slots = dict(entered)
        self.outer = outer
        self.made: dict[str, Made] = {}
        self.read: set[str | None] = set()

    def find(self, name: str, within: str) -> Slot:
        for place in outward(within):
            if below(place, name) in self.slots:
                return self.slots[below(place, name)]
        assert self.outer is not None, name
        names, place = self.outer
        found = names.find(name, place)
        names.read.add(found.step)
        return Slot(found.name, None)

    def step(self, name: str, within: str) -> Made:
        return next(self.made[below(place, name)] for place in outward(within) if below(place, name) in self.made)


def outward(prefix: str) -> Iterator[str]:
    parts = prefix.split(".") if prefix else []
    for count in range(len(parts), -1, -1):
        yield ".".join(parts[:count])


def below(prefix: str, name: str) -> str:
    return ".".join(part for part in (prefix, name) if part)


def put_in(value: Any, arguments: Mapping[str, Any]) -> Any:
    """A value with parameters put in."""
    if isinstance(value, dict):
        return {put_in(key, arguments): put_in(entry, arguments) for key, entry in value.items()}
    if isinstance(value, list):
        return [put_in(entry, arguments) for entry in value]
    if not isinstance(value, str) or not value.startswith("$"):
        return value
    if value.startswith("${"):
        return eval(value[2:-1], {}, dict(arguments))
    return arguments[value[1:]]


class ByHand:
    """Writes a file's layers out: each under its path, with `from:` and with whose weights it uses."""

    def __init__(self, document: Document) -> None:
        self.blocks = document.get("blocks", {})
        self.layers: list[Document] = []
        self.unread: set[tuple[Any, str]] = set()
        self.inputs = document.get("inputs") or {"input": document["input"]}
        names = Names("", {name: Slot(name, f"input {name}") for name in self.inputs})
        last = self.steps(document["layers"], names, "", next(iter(names.slots.values())), ("layers",))
        outputs = document.get("outputs", {"output": None})
        outputs = {name: name for name in outputs} if isinstance(outputs, list) else outputs
        leaving = {name: names.find(step, "") if step else last for name, step in outputs.items()}
        self.outputs = {name: slot.name for name, slot in leaving.items()}
        self.note_unread(names, {slot.step for slot in leaving.values()}, ("layers",))
        self.unread_inputs = {
            name for name in self.inputs if f"input {name}" not in {slot.step for slot in leaving.values()} | names.read
        }

    def document(self, original: Document, *, shared: bool = True) -> Document:
        """The file written out; without `shared`, every layer has weights of its own."""
        kept = {key: original[key] for key in ("name", "input", "inputs", "sizes") if key in original}
        layers = self.layers if shared else [{k: v for k, v in step.items() if k != "share"} for step in self.layers]
        return {**kept, "layers": layers, "outputs": self.outputs}

    def note_unread(self, names: Names, leaving: set[str | None], place: tuple[Any, ...]) -> None:
        for path in names.made:
            if path not in names.read | leaving:
                self.unread.add(((place, path), path))

    def steps(self, steps: list[Any], names: Names, prefix: str, flow: Slot, place: tuple[Any, ...]) -> Slot:
        for position, step in enumerate(steps):
            flow = self.step({step: None} if isinstance(step, str) else step, position, names, prefix, flow, place)
        return flow

    def step(
        self, node: Document, position: int, names: Names, prefix: str, flow: Slot, place: tuple[Any, ...]
    ) -> Slot:
        shared = names.step(node["share"], prefix) if "share" in node else None
        own = {key: node[key] for key in OWN_KEYS if key in node}
        word = next((key for key in node if key not in own), None)
        reads = node.get("from", [])
        inputs = [names.find(name, prefix) for name in ([reads] if isinstance(reads, str) else reads)] or [flow]
        again = word is None
        if shared is not None and again:
            word = next((key for key in shared.node if key not in OWN_KEYS), None)
            title = shared.path.rpartition(".")[2] if "repeat" in shared.node or word in self.blocks else word
            own |= {key: shared.node[key] for key in ("repeat",) if key in shared.node}
            fields = shared.node[word]
        else:
            title, fields = word, node[word]
        path = below(prefix, own.get("name") or f"{title}_{position}")
        owner = "" if shared is None else shared.weights
        full = below(names.prefix, path)
        branches = [key for key in fields if key != "dim"] if word in MERGES and isinstance(fields, dict) else []
        if "repeat" in own or word in self.blocks or not branches:
            names.read |= {slot.step for slot in inputs}
        if "repeat" not in own:
            leaves = self.once(word, fields, names, path, inputs, owner, branches, place)
        else:
            values = inputs
            for turn in range(own["repeat"]):
                outer = (names, shared.around[1] if shared is not None and again else prefix)
                turned = Names(f"{full}.{turn}", {}, outer)
                whose = f"{owner}.{turn}" if owner else ""
                end = self.once(word, fields, turned, "", values, whose, branches, (*place, path))
                if word not in self.blocks:
                    self.note_unread(turned, {""}, (*place, path))
                values = [Slot(end.name, None), *values[1:]]
            leaves = values[0]
        kept = {key: value for key, value in {word: fields, **own}.items() if key != "from"}
        names.made[path] = Made(path, kept, owner or full, (names, prefix))
        slot = names.slots[path] = names.slots[below(path, "output")] = Slot(leaves.name, path)
        for extra in getattr(layer_type(word), "extra_outputs", ()) if "repeat" not in own else ():
            names.slots[below(path, extra)] = Slot(f"{leaves.name}.{extra}", path)
        return slot

    def once(
        self,
        word: str,
        fields: Any,
        names: Names,
        path: str,
        inputs: list[Slot],
        owner: str,
        branches: list[str],
        place: tuple[Any, ...],
    ) -> Slot:
        """One layer, one merge with its branches, or one call of a block."""
        full = below(names.prefix, path)
        if word in self.blocks:
            base = full if not names.outer or path else names.prefix
            return self.call(word, fields, base, inputs, owner)
        before = len(self.layers)
        if branches:
            flow = inputs[0] if path else Slot(inputs[0].name, None)
            inputs = [self.steps(fields[name], names, below(path, name), flow, place) for name in branches]
            names.read |= {slot.step for slot in inputs}
            fields = {key: value for key, value in fields.items() if key not in branches}
        self.layers.append({word: fields, "name": full, "from": [slot.name for slot in inputs]})
        if not path:
            names.made[""] = Made("", {}, full, (names, ""))
        if owner:
            self.share(before, full, owner)
        return Slot(full, path)

    def call(self, word: str, given: Any, prefix: str, inputs: list[Slot], owner: str) -> Slot:
        block = self.blocks[word]
        arguments = given if isinstance(given, dict) else {} if given is None else {"channels": given}
        bound: Document = {}
        for parameter in block["parameters"]:
            name, default = next(iter(parameter.items())) if isinstance(parameter, dict) else (parameter, None)
            bound[name] = arguments[name] if name in arguments else put_in(default, bound)
        entered = {
            name: Slot(slot.name, None) for name, slot in zip(block.get("inputs", ["input"]), inputs, strict=True)
        }
        names = Names(prefix, entered)
        before = len(self.layers)
        place = (word,)
        end = self.steps(put_in(block["layers"], bound), names, "", next(iter(entered.values())), place)
        self.note_unread(names, {end.step}, place)
        if owner:
            self.share(before, prefix, owner)
        return end

    def share(self, before: int, prefix: str, owner: str) -> None:
        """Give the layers written last the weights of those at the same places below another path."""
        for layer in self.layers[before:]:
            layer["share"] = owner + layer.get("share", layer["name"]).removeprefix(prefix)


def facts(row: LayerReport) -> Any:
    return row.path, row.type, row.step.layer, row.inputs, row.outputs, row.params, row.buffers, row.macs, row.flops


def as_numbers(report: Report) -> dict[str, np.ndarray[Any, Any]]:
    return {
        name: array.astype("float64") if array.dtype.kind == "f" else array
        for name, array in random_inputs(report).items()
    }


@thousand
@given(graphs())
def test_a_file_written_out_by_hand_is_the_same_network(graph: Graph) -> None:
    architecture = graph.load()
    report = inspect_at(architecture, graph.sizes)
    by_hand = ByHand(graph.document)
    flat = shapecalc.loads(written(by_hand.document(graph.document)))
    assert not any(isinstance(row, GroupReport) for row in inspect_at(flat, graph.sizes).tree)
    other = inspect_at(flat, graph.sizes)
    assert [facts(row) for row in report.layers] == [facts(row) for row in other.layers]
    assert [row.step.inputs for row in report.layers] == [row.step.inputs for row in other.layers]
    assert [row.step.weights for row in report.layers] == [row.step.weights for row in other.layers]
    assert (report.totals, report.outputs) == (other.totals, other.outputs)
    x = random_inputs(report)
    for one, two in zip(run(architecture, x, seed=5).items(), run(flat, x, seed=5).items(), strict=True):
        assert one[0] == two[0]
        assert one[1].tobytes() == two[1].tobytes()


@thousand
@given(graphs())
def test_what_is_executed_is_what_was_predicted(graph: Graph) -> None:
    architecture = graph.load()
    proof = verify_at(Reports(architecture), graph.sizes)
    assert proof.ok
    assert sum(len(trial.rows) for trial in proof.trials) == len(architecture.layers)
    report = inspect_at(architecture, graph.sizes)
    given_arrays = {name: array + 1 for name, array in random_inputs(report).items()}
    assert {name: array.shape for name, array in run(architecture, given_arrays).items()} == report.outputs


@some
@given(graphs())
def test_weights_that_are_shared_count_once_and_work_as_equal_arrays_do(graph: Graph) -> None:
    by_hand = ByHand(graph.document)
    assume(any("share" in layer for layer in by_hand.layers))
    together, apart = graph.load(), shapecalc.loads(written(by_hand.document(graph.document, shared=False)))
    one, two = inspect_at(together, graph.sizes), inspect_at(apart, graph.sizes)
    owners = {layer["name"]: layer["share"] for layer in by_hand.layers if "share" in layer}
    saved = sum(row.params for row in two.layers if row.path in owners)  # type: ignore[misc]
    assert one.totals.params == two.totals.params - saved  # type: ignore[operator]
    assert (one.totals.macs, one.totals.flops) == (two.totals.macs, two.totals.flops)
    arrays = {f"{call.path}.{name}": array for call in calls_of(two, seed=3) for name, array in call.parameters.items()}
    for row in two.layers:
        for name in (*row.facts.parameters, *row.facts.buffers):
            arrays[f"{row.path}.{name}"] = arrays[f"{owners.get(row.path, row.path)}.{name}"]
    x = random_inputs(one)
    expected = run(apart, x, arrays)
    assert {name: array.tobytes() for name, array in run(together, x, seed=3).items()} == {
        name: array.tobytes() for name, array in expected.items()
    }


# The order of branches.


def lists_of(steps: list[Any]) -> Iterator[tuple[Document, str]]:
    """Each merge with branches of its own, and its word."""
    for step in steps:
        for word in MERGES if isinstance(step, dict) else ():
            if isinstance(step.get(word), dict) and step[word].keys() - {"dim"}:
                yield step, word
                for branch in step[word].values():
                    yield from lists_of(branch) if isinstance(branch, list) else ()


def named_by(value: Any) -> Iterator[str]:
    """What steps share."""
    if isinstance(value, dict):
        yield from [value["share"]] if "share" in value else []
        value = list(value.values())
    for entry in value if isinstance(value, list) else ():
        yield from named_by(entry)


def independent(branches: Document) -> bool:
    names = {name.split(".")[0] for name in named_by(branches)}
    return names.isdisjoint(branches)


def turned(graph: Graph, words: tuple[str, ...]) -> Document:
    """The file with the branches of merges the other way round, where none of them uses another's weights."""
    document = copy.deepcopy(graph.document)
    bodies = [document["layers"], *(block["layers"] for block in document.get("blocks", {}).values())]
    for step, word in [found for body in bodies for found in lists_of(body)]:
        if word in words and independent(step[word]):
            step[word] = dict(reversed(step[word].items()))
    return document


@some
@given(graphs())
def test_the_order_of_branches_changes_the_order_of_rows_alone(graph: Graph) -> None:
    document = turned(graph, ("add", "multiply"))
    assume(written(document) != graph.text())
    one, two = graph.load(), shapecalc.loads(written(document))
    here, there = inspect_at(one, graph.sizes), inspect_at(two, graph.sizes)
    assert (here.totals, here.outputs) == (there.totals, there.outputs)
    rows = [
        sorted((row.path, row.type, row.output, row.params, row.macs) for row in rows.layers) for rows in (here, there)
    ]
    assert rows[0] == rows[1]
    x = as_numbers(here)
    for name, array in run(one, x).items():
        np.testing.assert_allclose(run(two, x)[name], array, rtol=1e-6, atol=1e-9, err_msg=name)


@some
@given(graphs(), st.permutations(("one", "two", "three")))
def test_a_concat_in_another_order_gives_the_same_parts_in_that_order(graph: Graph, order: list[str]) -> None:
    document = copy.deepcopy(graph.document)
    document.pop("outputs", None)
    tails = {"one": ["relu"], "two": ["tanh", {"batch_norm": {}}], "three": []}
    document["layers"].append({"concat": tails, "name": "all"})
    document["layers"][-1]["concat"] = {name: tails[name] for name in order}
    architecture = shapecalc.loads(written(document))
    report = inspect_at(architecture, graph.sizes)
    document["layers"][-1]["concat"] = tails
    straight = shapecalc.loads(written(document))
    x = random_inputs(report)
    parts = dict(zip(tails, np.split(run(straight, x)["output"], 3, axis=1), strict=True))
    expected = np.concatenate([parts[name] for name in order], axis=1)
    assert run(architecture, x)["output"].tobytes() == expected.tobytes()


# What is walked, and how often.


def groups(rows: Any) -> Iterator[GroupReport]:
    for row in rows:
        if isinstance(row, GroupReport):
            yield row
            for one in row.runs:
                yield from groups(one.rows)


@some
@given(graphs())
def test_a_body_is_walked_once_for_each_set_of_shapes_and_a_rule_asked_once(graph: Graph) -> None:
    architecture = graph.load()
    walked, asked = Counter[str](), Counter[Any]()
    walk, rule = walker.Walker.walk, walker.derive_facts

    def counted_walk(self: Any, steps: Any, *rest: Any) -> Any:
        walked["walks"] += 1
        return walk(self, steps, *rest)

    def counted_rule(layer: Any, shapes: Any, *rest: Any) -> Any:
        asked[layer, shapes] += 1
        return rule(layer, shapes, *rest)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(walker.Walker, "walk", counted_walk)
        patch.setattr(walker, "derive_facts", counted_rule)
        report = inspect_at(architecture, graph.sizes)
    met = set()
    for group in groups(report.tree):
        shapes = group.inputs
        for one in group.runs:
            met.add((id(group.group.subgraph), shapes))
            shapes = (one.output, *shapes[1:])
    assert walked["walks"] == 1 + len(met)
    assert set(asked) == {(row.step.layer, row.inputs) for row in report.layers}
    assert set(asked.values()) == {1}


# What is alive.


@some
@given(graphs())
def test_a_value_lives_until_the_last_layer_that_reads_it_and_no_longer(graph: Graph) -> None:
    by_hand = ByHand(graph.document)
    report = inspect_at(graph.load(), graph.sizes)
    execution = execute(calls_of(report), random_inputs(report))
    reads = [set(layer["from"]) for layer in by_hand.layers]
    made: set[str] = set(by_hand.inputs)
    for done, (position, layer) in zip(execution, enumerate(by_hand.layers), strict=True):
        further = next(iter(layer)) in ("lstm", "gru", "rnn")
        made |= {layer["name"], *(f"{layer['name']}.{name}" for name in ("h_n", "c_n") if further)}
        wanted = set(by_hand.outputs.values()).union(*reads[position + 1 :])
        # What enters and is never read stays: nothing comes after which it could be let go.
        never = {name for name in by_hand.inputs if not any(name in slots for slots in reads)}
        assert set(execution.values) - never == (made & wanted) - never, done.path


@settings(max_examples=15 if NIGHTLY else 5)
@given(graphs())
def test_the_price_is_never_below_what_a_run_takes(graph: Graph) -> None:
    report = inspect_at(graph.load(), {**graph.sizes, "N": 40, "H": 24, "W": 28})
    tracemalloc.start()
    try:
        gc.collect()
        # Held by the run alone, which lets go of what enters once nothing reads it any more.
        for _ in execute(calls_of(report), random_inputs(report)):
            pass
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak <= 1.1 * price(report).peak + 200_000


# What is said of it.


@thousand
@given(graphs())
def test_exactly_what_nothing_reads_is_warned_of(graph: Graph) -> None:
    by_hand = ByHand(graph.document)
    report = inspect_at(graph.load(), graph.sizes)
    # A block that is called in several ways says it once: the step is the same in the file.
    said = {finding.message.split("`")[1] for finding in lint(report) if finding.code == "SC403"}
    assert said == {*by_hand.unread_inputs, *(path for _, path in by_hand.unread)}


def ends(steps: list[Any]) -> list[list[Any]]:
    """Each branch of each merge."""
    return [branch for step, word in lists_of(steps) for name, branch in step[word].items() if name != "dim"]


WRONG: tuple[Document, ...] = (
    {"conv": {"out_channels": 2, "kernel_size": 99}},
    {"batch_norm": {"num_features": 977}},
    {"avg_pool": 98},
    {"group_norm": 977},
)


@some
@given(graphs(), st.sampled_from(WRONG), st.sampled_from(WRONG), st.integers(0, 99))
def test_one_mistake_is_told_once_and_two_in_two_branches_twice(
    graph: Graph, first: Document, second: Document, where: int
) -> None:
    document = copy.deepcopy(graph.document)
    branches = ends(document["layers"])
    assume(branches)
    branches[where % len(branches)].append(first)
    _, findings = infer(shapecalc.loads(written(document)), sizes=graph.sizes)
    assert len(findings) == 1, findings
    document = copy.deepcopy(graph.document)
    merges = list(lists_of(document["layers"]))
    step, word = merges[where % len(merges)]
    one, two = [branch for name, branch in step[word].items() if name != "dim"][:2]
    one.append(first)
    two.append(second)
    _, findings = infer(shapecalc.loads(written(document)), sizes=graph.sizes)
    assert len(findings) == 2, findings


@some
@given(
    graphs(batch="S"),
    st.integers(0, 10_000),
)
def test_a_closed_form_holds_at_fifty_points(graph: Graph, seed: int) -> None:
    architecture = graph.load()
    form, findings = infer(architecture, symbolic=True)
    assert form is not None, findings
    draw = Random(seed)
    ranges = {"S": (1, 4), "H": (4, 40), "W": (4, 40), "T": (1, 9)}
    for _ in range(50):
        sizes = {name: draw.randint(*between) for name, between in ranges.items()}
        hold_at(architecture, form, {name: size for name, size in sizes.items() if name in graph.sizes})


def hold_at(architecture: Architecture, form: Report, point: dict[str, int]) -> None:
    there = inspect_at(architecture, point)
    for general, row in zip(form.layers, there.layers, strict=True):
        shapes = {name: tuple(evaluate(dim, point) for dim in shape) for name, shape in general.outputs.items()}
        assert shapes == row.outputs, row.path
        counts = [evaluate(count, point) for count in (general.params, general.buffers, general.macs, general.flops)]  # type: ignore[type-var]
        assert counts == [row.params, row.buffers, row.macs, row.flops], row.path
    for name in ("params", "buffers", "macs", "flops", "activation_bytes"):
        assert evaluate(getattr(form.totals, name), point) == getattr(there.totals, name), name


# How it adds up.


@thousand
@given(graphs())
def test_rows_lines_and_json_come_to_the_totals(graph: Graph) -> None:
    architecture = graph.load()
    report = inspect_at(architecture, graph.sizes)
    whole = total(map(sums_of, report.tree))
    assert (whole.params, whole.buffers, whole.macs, whole.flops) == report.totals[:4]
    assert whole == total(map(sums_of, report.layers))
    assert len(report.layers) == size_of(architecture.steps)
    for depth in (None, 1, 2, 3, 4):
        for expand in (False, True):
            lines = [line for line in lines_of(report, depth, expand=expand) if line.heading is None]
            assert total(line.sums for line in lines) == whole, (depth, expand)
            assert sum(line.size for line in lines) == len(report.layers)
        lines = list(layer_lines(report, depth))
        assert total(line.sums for line in lines) == whole
    rows = report.to_dict()["layers"]
    assert [(row["path"], row["params"], row["macs"], row.get("shares", "")) for row in rows] == [
        (row.path, row.params, row.macs, row.step.weights) for row in report.layers
    ]


# By hand.


def test_a_block_repeated_fifty_times_is_walked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    block = "{parameters: [c], layers: [{conv: {out_channels: $c, kernel_size: 3, padding: 1}}, relu]}"
    text = f"{{input: [N, 4, 8, 8], blocks: {{b: {block}}}, layers: [{{b: 4, repeat: 50}}, {{b: 4, name: last}}]}}"
    walks = []
    walk = walker.Walker.walk
    monkeypatch.setattr(walker.Walker, "walk", lambda self, *rest: walks.append(1) or walk(self, *rest))  # type: ignore[func-returns-value]
    assert len(inspect_at(shapecalc.loads(text), {}).layers) == 102
    assert len(walks) == 2, "the file and the block"


def test_a_repeated_merge_sees_the_branch_that_it_stands_in() -> None:
    inner = "{add: {a: [{tanh: , from: r}], b: []}, repeat: 2}"
    architecture = shapecalc.loads(
        f"{{input: [N, 3], layers: [add: {{main: [{{relu: , name: r}}, {inner}], side: []}}]}}"
    )
    assert [step.inputs for step in architecture.layers if step.layer.type == "tanh"] == [("add_0.main.r",)] * 2


def test_a_repeated_merge_shared_reads_what_the_first_reads() -> None:
    merge = "{add: {a: [linear: 3], b: [{tanh: , from: r}]}, repeat: 2, name: m}"
    architecture = shapecalc.loads(
        f"{{input: [N, 3], layers: [{{relu: , name: r}}, {merge}, {{share: m, name: again}}]}}"
    )
    assert verify_at(Reports(architecture), {}).ok
    assert inspect_at(architecture, {}).totals.params == 2 * 12


@pytest.mark.parametrize(
    "step",
    ["add: {l: [{relu: , from: a}], r: []}", "{add: {l: [{relu: , from: a}], r: [{relu: , from: b}]}, repeat: 2}"],
    ids=["an empty branch", "a repeat"],
)
def test_what_reads_nothing_where_several_inputs_enter_is_refused(step: str) -> None:
    with pytest.raises(shapecalc.ShapecalcError, match=r"SC104: .* for several inputs enter: `a` or `b`"):
        shapecalc.inspect(shapecalc.loads(f"{{inputs: {{a: [N, 3], b: [N, 3]}}, layers: [{step}]}}"))


def test_a_block_shared_by_name_has_as_many_inputs_as_its_call() -> None:
    text = """
    input: [N, 3]
    blocks: {b: {inputs: [x, skip], layers: [{add: , from: [x, skip]}]}}
    layers: [{relu: , name: r}, {b: , from: [r, input], name: one}, {share: one}]
    """
    with pytest.raises(shapecalc.ShapecalcError, match="SC313: `share` expects 2 inputs, receives 1"):
        shapecalc.inspect(shapecalc.loads(text))
