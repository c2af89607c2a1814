"""Layers that prepare images; those that change images at random do nothing in evaluation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.importers.keras.calls import ALL_SETTINGS, LAYERS, LayerCall, layer
from shapecalc.importers.keras.layers.regularization import identity
from shapecalc.importers.keras.settings import is_number, shown
from shapecalc.importers.unreadable import Unreadable

if TYPE_CHECKING:
    from shapecalc.importers.keras.values import KerasValue

RANDOM = (
    *("RandomFlip", "RandomRotation", "RandomZoom", "RandomTranslation", "RandomContrast", "RandomBrightness"),
    *("RandomErasing", "RandomHue", "RandomSaturation", "RandomShear", "RandomSharpness", "RandomGaussianBlur"),
    *("RandomColorJitter", "RandomColorDegeneration", "RandomGrayscale", "RandomInvert", "RandomPosterization"),
    *("RandomPerspective", "RandomElasticTransform", "MixUp", "CutMix", "RandAugment", "AugMix"),
)


@layer("Rescaling")
def _rescaling(call: LayerCall, *, scale: Any, offset: Any = 0.0) -> KerasValue:
    """Return x · scale + offset, numbers or lists along the last axis."""
    factors, shifts = _numbers(call, scale), _numbers(call, offset)
    x = call.floats(call.x)
    if len(factors) == len(shifts) == 1:
        x = call.each("multiply", x, other=factors[0])
        return call.each("add", x, other=shifts[0]) if shifts[0] else x
    x = call.with_last_axis(x) if x.rank != 4 or x.in_order else x  # noqa: PLR2004 - images
    value = call.step("multiply", x.value, _constant(call, x, factors))
    if any(shifts):
        value = call.step("add", value, _constant(call, x, shifts))
    return x._replace(value=value)


def _constant(call: LayerCall, x: KerasValue, numbers: list[float]) -> Any:
    """Return numbers along the last axis of Keras as a constant that broadcasts to a tensor."""
    values: list[Any] = numbers
    for _ in range(x.rank - 1 - x.at(-1)):
        values = [[each] for each in values] if not isinstance(values[0], list) else [_deeper(each) for each in values]
    return call.step("constant", values=values)


def _deeper(value: Any) -> Any:
    return [_deeper(each) for each in value] if isinstance(value[0], list) else [[each] for each in value]


def _numbers(call: LayerCall, value: Any) -> list[float]:
    values = value if isinstance(value, list) else [value]
    if not values or not all(is_number(each) and abs(each) < float("inf") for each in values):
        raise Unreadable(f"`{call.name}` has {shown(value)} in the place of numbers")
    return [float(each) for each in values]


@layer("Resizing")
def _resizing(
    call: LayerCall,
    *,
    height: int,
    width: int,
    interpolation: str = "bilinear",
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    fill_mode: str = "constant",
    fill_value: float = 0.0,
    antialias: bool = False,
    data_format: str | None = None,
) -> KerasValue:
    del fill_mode, fill_value
    if crop_to_aspect_ratio or pad_to_aspect_ratio or antialias or interpolation not in ("bilinear", "nearest"):
        raise Unreadable(f"`{call.name}` keeps the aspect ratio, or has another interpolation than `bilinear`")
    x = call.as_map(call.x, data_format, 2)
    mode = interpolation if interpolation == "bilinear" else "nearest-exact"
    return x._replace(value=call.step("upsample", x.value, size=(height, width), mode=mode))


@layer("CenterCrop")
def _center_crop(call: LayerCall, *, height: int, width: int, data_format: str | None = None) -> KerasValue:
    x = call.as_map(call.x, data_format, 2)
    for have, want in zip(x.value.shape[2:], (height, width), strict=True):
        if not isinstance(have, int) or have < want or (have - want) % 2:
            raise Unreadable(f"`{call.name}` from {have} to {want} positions is not read")
    return x._replace(value=call.step("center_crop", x.value, size=(height, width)))


def _random(call: LayerCall) -> KerasValue:
    """Return the input, which is the output in evaluation."""
    return identity(call)


for _name in RANDOM:
    LAYERS[_name] = _random
ALL_SETTINGS.update(RANDOM)
