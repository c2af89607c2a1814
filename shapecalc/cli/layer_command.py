"""The commands that compute one layer by hand, each made from the layer: an option for each input, parameter, field."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from shapecalc.cli.options.formats import target_of
from shapecalc.cli.options.layer_values import (
    LAST,
    LETTERS,
    GradientOption,
    answer,
    answer_curve,
    numbers_option,
)
from shapecalc.cli.options.variant import with_options
from shapecalc.cli.usage_errors import missing
from shapecalc.layers import layer_type
from shapecalc.layers.base import Layer
from shapecalc.layers.documentation import documentation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

HELP = """{summary}

Each element of the result is shown with the numbers put in, as the layer's kernel computes it; with --backward also the
gradients. A list may be nested, [[1, 2], [3, 4]], or have rows, "1,2; 3,4".
"""
CURVE = """
Below are the derivative, the curves of both, the range, and where the function saturates; without --x these alone.
"""


class Offer(NamedTuple):
    """What a command offers: its examples, the parameters of the layer, and the layer type if it has another name."""

    examples: tuple[str, ...]
    parameters: tuple[str, ...] = ()
    type: str = ""
    fields: Mapping[str, Any] = {}
    """Defaults that differ from the layer's."""
    without: tuple[str, ...] = ()
    """Fields that change no value, the momentum of running statistics, or that add a parameter."""


AFFINE = ("weight", "bias")
STATISTICS = (*AFFINE, "running_mean", "running_var")
MOMENTUM = ("momentum",)
INPUTS = {"q": "Queries", "k": "Keys", "v": "Values"}
"""The help of inputs by letter; of any other it is `Input`."""
OFFERS = {
    "batch-norm": Offer(("--x 1,2,3", "--x [[1,2],[3,4]] --w 2,1 --b 0,1 --backward"), STATISTICS, without=MOMENTUM),
    "instance-norm": Offer(
        ("--x [[[1,2,3],[4,5,9]]]", "--x [[[1,2,3],[4,5,9]]] --eps 0 --backward"), STATISTICS, without=MOMENTUM
    ),
    "layer-norm": Offer(("--x 1,2,3", "--x [[1,2],[3,5]] --backward"), AFFINE),
    "rms-norm": Offer(("--x 1,2,3", "--x 3,4 --w 2,2 --backward"), ("weight",)),
    "group-norm": Offer(("--x 1,2,3,4 --num-groups 2", "--x 1,2,3,4 --num-groups 1 --backward"), AFFINE),
    "lrn": Offer(("--x 1,2,3 --size 3", "--x 1,2,3 --size 2 --alpha 1 --backward"), type="local_response_norm"),
    "dropout": Offer(("--x 1,2,3,4 --p 0.5 --seed 1", "--x 1,2,3,4 --p 0.25 --backward")),
    "attention": Offer(
        (
            "--q [[1,0],[0,1]] --k [[1,0],[0,1]] --v [[1,2],[3,4]]",
            "--q [[1,0]] --k [[1,0],[0,1]] --v [[1],[2]] --backward",
        ),
        type="scaled_dot_product_attention",
        without=("sinks",),
    ),
    "cosine-similarity": Offer(("--x 1,2,3 --y 2,4,6", "--x 1,0 --y 1,1 --backward"), fields={"dim": -1}),
    "softmax": Offer(("--x 1,2,3", "--x 1,2,3 --backward --gradient 1,0,0")),
}
"""The commands that differ from an activation, `sigmoid --x -2,0,2`."""


def offer(name: str) -> Offer:
    """Return what the command of a layer offers.

    >>> offer("layer-norm").type, offer("sigmoid").examples
    ('layer_norm', ('--x -2,0,2', '--x 0.5 --backward', ''))
    """
    offered = OFFERS.get(name, Offer(("--x -2,0,2", "--x 0.5 --backward", "")))
    return offered._replace(type=offered.type or name.replace("-", "_"))


def command_of(name: str) -> Any:
    """Return the command of a layer as a module has one: its function `command`, and `EXAMPLES`."""
    offered = offer(name)
    layer = layer_type(offered.type)
    assert layer is not None  # a test looks each up
    is_activation = layer.value_range is not Layer.value_range

    def command(**given: Any) -> None:
        target = target_of(given["format_"], given["output"], given["color"])
        written = {each: text for each in layer.fields if (text := given.get(f"field_{each}")) is not None}
        lacking = [f"--{each} NUMBERS" for each in layer.letters if given[each] is None]
        others = ("gradient", "backward", "exact", "everything")
        if lacking and is_activation and not any(given[each] for each in others):
            answer_curve(layer, written, target)
            return
        if lacking:
            raise missing(*lacking)
        answer(
            layer,
            {**offered.fields, **written},
            {each: given[each] for each in layer.letters},
            {each: given[f"parameter_{each}"] for each in offered.parameters},
            target,
            gradient=given["gradient"],
            backward=given["backward"],
            exact=given["exact"],
            everything=given["everything"],
            seed=given.get("seed"),
        )

    text = HELP.format(summary=documentation(layer).summary) + (CURVE if is_activation else "")
    return SimpleNamespace(
        command=with_options(command, text, _options(layer, offered)),
        EXAMPLES=tuple(f"shapecalc {name} {line}".rstrip() for line in offered.examples),
    )


def _options(layer: type[Layer], offered: Offer) -> Iterator[tuple[str, Any, Any]]:
    """Yield the name, the annotation and the default of each option."""
    for each in layer.letters:
        yield each, Annotated[str | None, numbers_option(each, INPUTS.get(each, "Input"))], None
    for each in offered.parameters:
        option = numbers_option(LETTERS.get(each, each.replace("_", "-")), f"`{each}` of the layer")
        yield f"parameter_{each}", Annotated[str | None, option], None
    for each, field in layer.fields.items():
        if each in offered.without:
            continue
        default = offered.fields.get(each, field.default)
        metavar = "VALUE" if default is None or field.required else str(default).lower()
        option = typer.Option(f"--{each.replace('_', '-')}", metavar=metavar, help=field.description)
        yield f"field_{each}", Annotated[str | None, option], None
    if layer.masks is not Layer.masks:
        yield "seed", Annotated[int, typer.Option("--seed", min=0, help="Seed of what is dropped.")], 0
    yield "gradient", GradientOption, None
    yield from LAST
