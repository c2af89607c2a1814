"""What holds for symbols of the input in fields: a closed form at a point is what is inferred there."""

from __future__ import annotations

import json
from random import Random
from typing import TYPE_CHECKING

import shapecalc
from shapecalc.dims import evaluate
from shapecalc.shape_inference.engine import infer
from tests.support.volume import NIGHTLY, volume

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.architecture import Architecture
    from shapecalc.shape_inference.report import Report

NETWORKS, POINTS = (4000 if NIGHTLY else 400), 20
SIZES = (*range(1, 9), 12, 14, 15, 21, 24, 28, 30, 42)
UNDECIDED = "SC311"


def sizes(symbols: str, chance: Random) -> dict[str, int]:
    return {name: chance.choice(SIZES) for name in symbols}


def factors(size: str, chance: Random) -> list[str]:
    """Return sizes with the product of one, at some of its sizes at least."""
    number = chance.choice((2, 3, 4, 7))
    shapes = (
        [size],
        [f"${{{size} // {number}}}", str(number)],
        [str(number), f"${{{size} // {number}}}"],
        [f"${{{size} // {number} // 2}}", "2", str(number)],
        [f"${{({size} + {number - 1}) // {number}}}", str(number)],
        ["1", size],
        [f"${{{size} - 1}}"],
    )
    return chance.choices(shapes, (6, 6, 3, 2, 2, 1, 1))[0]


def listed(shape: list[str]) -> str:
    return f"[{', '.join(json.dumps(size) if size.startswith('$') else size for size in shape)}]"


def reshape(chance: Random, names: list[str]) -> list[str]:
    """Return sizes of a reshape of an input with these names: each in factors, two joined, one −1 or 0."""
    parts = [factors(name, chance) if name.isalpha() else [name] for name in names]
    if chance.random() < 0.3:
        place = chance.randrange(len(names) - 1)
        parts[place : place + 2] = [[f"${{{names[place]} * {names[place + 1]}}}"]]
    shape = [size for part in parts for size in part]
    if chance.random() < 0.3:
        shape[chance.randrange(len(shape))] = "-1"
    if chance.random() < 0.2:
        shape[chance.randrange(min(len(shape), len(names)))] = "0"
    if chance.random() < 0.1:
        chance.shuffle(shape)
    return shape


def network(chance: Random) -> Architecture:
    names = chance.choice((["N", "H"], ["N", "H", "W"], ["N", "12", "H", "W"], ["N", "T", "H", "W"]))
    layers = [f"{{reshape: {listed(reshape(chance, names))}, name: first}}"]
    if chance.random() < 0.6:
        layers.append(f"{{reshape: {listed(reshape(chance, names))}, name: second}}")
    return shapecalc.loads(f"input: [{', '.join(names)}]\nlayers: [{', '.join(layers)}]")


def at(report: Report, point: Mapping[str, int]) -> list[tuple[object, ...]]:
    return [tuple(evaluate(dim, point) for dim in row.output) for row in report.layers]


@volume
def test_a_reshape_with_symbols_is_valid_exactly_at_the_sizes_that_its_closed_form_says() -> None:
    chance = Random(41)
    compared = valid = 0
    for _ in range(NETWORKS):
        net = network(chance)
        general, mistakes = infer(net, symbolic=True)
        undecided = any(mistake.code == UNDECIDED for mistake in mistakes)
        for _ in range(POINTS):
            point = sizes(net.symbols, chance)
            concrete, _ = infer(net, sizes=point)
            if undecided:
                continue
            holds = general is not None and all(each.condition.holds(point) for each in general.constraints)
            assert holds == (concrete is not None), (net.file, point)
            if concrete is not None and general is not None:
                assert at(general, point) == at(concrete, {}), (net.file, point)
            compared += 1
            valid += holds
    assert compared > 10 * NETWORKS
    assert 0.1 < valid / compared < 0.9


SPATIAL = (
    "upsample: {size: [H, W]}",
    'upsample: {size: ["${2 * H}", "${W // 3 + 1}"], mode: bilinear}',
    "upsample: {size: {like: input}, mode: nearest}",
    'center_crop: ["${H - 4}", "${W - W // 2}"]',
    'slice: {dim: 2, start: "${H // 3}", end: H, step: 2}',
    'slice: {dim: -1, start: -3, end: "${W - 1}"}',
    'tile: [1, "${W // 2}"]',
    "center_crop: {size: {like: body}}",
)


@volume
def test_sizes_of_maps_with_symbols_are_those_that_a_run_gives() -> None:
    chance = Random(7)
    verified = 0
    for _ in range(40):
        steps = [chance.choice(SPATIAL) for _ in range(3)]
        body = "{conv: {out_channels: 2, kernel_size: 3, stride: 2, padding: 1}, name: body}"
        net = shapecalc.loads(f"input: [N, 3, H, W]\nlayers: [{', '.join([body, *(f'{{{step}}}' for step in steps)])}]")
        general, mistakes = infer(net, symbolic=True)
        for _ in range(POINTS // 4):
            point = sizes("NHW", chance)
            concrete, _ = infer(net, sizes=point)
            holds = general is not None and all(each.condition.holds(point) for each in general.constraints)
            assert holds == (concrete is not None), (steps, point, mistakes)
            if concrete is not None and general is not None:
                assert at(general, point) == at(concrete, {}), (steps, point)
                verified += 1
                assert shapecalc.verify(net, **point).ok, (steps, point)
    assert verified > 40
