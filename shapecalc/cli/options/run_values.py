"""The options of `run` as arguments: arrays, the loss, and the tensors that are shown."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from shapecalc.cli.exit_codes import Misuse
from shapecalc.cli.usage_errors import mistake
from shapecalc.diagnostics import LayerError
from shapecalc.diagnostics.suggestions import closest
from shapecalc.execution.arrays import read_arrays
from shapecalc.execution.stored_weights import is_weights_file, read_weights
from shapecalc.execution.values.arguments import WORDS
from shapecalc.execution.values.objective import Objective
from shapecalc.reference.losses import LOSSES, REDUCTIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from shapecalc.architecture import Architecture
    from shapecalc.reference.base import Array

ALL = "all"


def inputs(architecture: Architecture, given: list[str] | None) -> Any:
    """Return the inputs of `--input`: arrays and words by name, or one of them."""
    if not given:
        return "random"
    names = [entry.name for entry in architecture.inputs]
    read = _named("input", "--input", given, names)
    if isinstance(read, dict):
        integers = {entry.name for entry in architecture.inputs if entry.dtype != "float32"}
        read = {name: _integral(array) if name in integers else array for name, array in read.items()}
        if len(read) < len(names) and all(name in names for name in read):
            read |= {name: "random" for name in names if name not in read}
        return read
    return _integral(read) if architecture.inputs[0].dtype != "float32" else read


def weights(text: str | None, architecture: Architecture | None = None) -> Mapping[str, Array] | str:
    """Return the weights of `--weights`: arrays by name, or a word for all; without it those of an imported file."""
    if text is None:
        origin = architecture.origin if architecture is not None else None
        return "random" if origin is None else origin.arrays()
    if text in WORDS:
        return text
    if is_weights_file(text):
        return read_weights(text)
    arrays = _read("weights", text)
    if "" in arrays:
        raise Misuse(f"`--weights` expects arrays by name, such as `{{fc.weight: [[1, 2]]}}`, or {_any_of(WORDS)}")
    return arrays


def objective(
    architecture: Architecture,
    loss: str | None,
    target: list[str] | None,
    reduction: str | None,
    *,
    delta: float | None,
    beta: float | None,
    backward: object,
) -> Objective | None:
    """Return what is differentiated, None if nothing is."""
    options = {name: value for name, value in (("delta", delta), ("beta", beta)) if value is not None}
    if loss is None:
        if options:
            raise Misuse(f"`--{next(iter(options))}` requires `--loss`")
        return Objective() if backward else None
    if loss not in LOSSES:
        near = closest(loss, tuple(LOSSES))
        hint = f"; did you mean `{near}`?" if near else ""
        raise Misuse(f"`--loss` expects {_any_of(LOSSES)}, receives `{loss}`{hint}")
    if reduction not in (None, *REDUCTIONS[:2]):
        raise Misuse(f"`--reduction` expects {_any_of(REDUCTIONS[:2])}, receives `{reduction}`")
    for name in options:
        if name not in LOSSES[loss].options:
            takers = [other for other, entry in LOSSES.items() if name in entry.options]
            raise Misuse(f"`--{name}` is an option of the loss {_any_of(takers)}, not of {loss}")
    targets = _named("target", "--target", target or [], list(architecture.output_slots))
    if LOSSES[loss].targets.value == "classes":
        targets = (
            {name: _integral(array) for name, array in targets.items()}
            if isinstance(targets, dict)
            else _integral(targets)
        )
    return Objective(loss, targets, reduction, options)


def chosen(given: list[str] | None, architecture: Architecture) -> Callable[[str, str], bool]:
    """Return whether a tensor, by its layer's path and its name, is one of `--values`: `c1,fc` or a pattern."""
    patterns = [pattern.strip() for text in given or () for pattern in text.split(",") if pattern.strip()]
    if ALL in patterns:
        return lambda _path, _name: True
    paths = [entry.name for entry in architecture.inputs] + [step.path for step in architecture.layers]
    for pattern in patterns:
        if not any(_matches(pattern, path) or pattern.startswith(f"{path}.") for path in paths):
            near = closest(pattern, tuple(paths))
            hint = f"; did you mean `{near}`?" if near else f"; steps: {', '.join(paths[:8])}"
            raise Misuse(f"`--values` expects steps of {architecture.name}, receives `{pattern}`{hint}")
    return lambda path, name: any(_matches(pattern, path) or _matches(pattern, name) for pattern in patterns)


def _matches(pattern: str, path: str) -> bool:
    return fnmatchcase(path, pattern) or path.startswith(f"{pattern}.")


def _named(field: str, option: str, given: list[str], names: list[str]) -> Any:
    """Return the arrays and words of an option that may be repeated: by name, or one without a name."""
    read: dict[str, Any] = {}
    for text in given:
        name, equals, rest = text.partition("=")
        if equals and name.strip().isidentifier() and name.strip() not in names:
            near = closest(name.strip(), tuple(names))
            hint = f"; did you mean `{near}`?" if near else ""
            raise Misuse(f"`{option}` expects {_any_of(names)}, receives `{name.strip()}`{hint}")
        named = {name.strip(): _value(field, rest.strip())} if equals and name.strip() in names else _value(field, text)
        if not isinstance(named, dict):
            if len(given) > 1:
                each = " ".join(f"{option} {name}=…" for name in names)
                raise Misuse(f"`{option}` is given {len(given)} times, and `{text}` has no name: write `{each}`")
            return named
        twice = next((name for name in named if name in read), None)
        if twice is not None:
            raise Misuse(f"`{option}` is given twice for `{twice}`")
        read |= named
    return read


def _value(field: str, text: str) -> Any:
    if text in WORDS:
        return text
    arrays = _read(field, text)
    return arrays[""] if list(arrays) == [""] else dict(arrays)


def _read(field: str, text: str) -> Mapping[str, Array]:
    try:
        return read_arrays(text, field)
    except LayerError as error:
        raise mistake(error, {field: text}) from None


def _integral(array: Any) -> Any:
    """Return an array of integral numbers in an integer type, any other as it is."""
    if isinstance(array, str) or (array % 1).any() or (abs(array) >= 2**53).any():
        return array
    return array.astype("int64")


def _any_of(words: Iterable[str]) -> str:
    *others, last = words
    return f"{', '.join(others)} or {last}" if others else last
