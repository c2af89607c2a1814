"""The lines of an inspection: a tree for people, full paths for programs."""

from __future__ import annotations

from shapecalc.files.load import load
from shapecalc.render.inspect.lines import covered, layer_lines, lines_of
from shapecalc.shape_inference.engine import inspect

RESNET = inspect(load("resnet18"))


def test_every_layer_is_in_one_line_of_the_tree() -> None:
    lines = [line for line in lines_of(RESNET, expand=True) if line.heading is None]
    assert [line.path for line in lines] == [row.path for row in RESNET.layers]
    assert sum(line.size for line in lines_of(RESNET) if line.heading is None) == len(RESNET.layers)


def test_a_heading_has_the_sums_of_its_layers() -> None:
    lines = lines_of(RESNET, expand=True)
    (heading,) = (line for line in lines if line.path == "layer2")
    layers = [row for row in RESNET.layers if row.path.startswith("layer2.")]
    assert heading.sums.params == sum(row.params for row in layers)  # type: ignore[misc]
    assert heading.sums.macs == sum(row.macs for row in layers)  # type: ignore[misc]


def test_programs_get_a_line_per_layer_with_its_full_path() -> None:
    assert [line.path for line in layer_lines(RESNET)] == [row.path for row in RESNET.layers]
    assert {line.path for line in layer_lines(RESNET, depth=1)} >= {"conv1", "layer1", "layer4", "fc"}


def test_every_line_covers_its_layers_and_a_heading_those_below_it() -> None:
    for name in ("resnet18", "googlenet", "llama-260k", "unet"):
        report = inspect(load(name))
        paths = [row.path for row in report.layers]
        for depth in (None, 1, 2):
            lines = lines_of(report, depth, expand=True)
            places = covered(lines)
            parts = [part for line, part in zip(lines, places, strict=True) if line.heading is None]
            assert [place for part in parts for place in part] == list(range(len(paths))), (name, depth)
            for line, part in zip(lines, places, strict=True):
                for place in part:
                    assert paths[place] == line.path or paths[place].startswith(f"{line.path}."), (name, line.path)
