"""The networks of `keras.applications` without weights, as Keras and as shapecalc count them."""

from __future__ import annotations

import gc
import sys
import tempfile
from pathlib import Path
from typing import Any

import keras

import shapecalc
from shapecalc.diagnostics import ShapecalcError
from shapecalc.diagnostics.limits import LIMITS
from shapecalc.importers.imported import import_file

NAMES = (
    *("MobileNet", "MobileNetV2", "MobileNetV3Small", "MobileNetV3Large", "EfficientNetB0", "EfficientNetB1"),
    *("EfficientNetB2", "EfficientNetB3", "EfficientNetB4", "EfficientNetB5", "EfficientNetB6", "EfficientNetB7"),
    *("EfficientNetV2B0", "EfficientNetV2B1", "EfficientNetV2B2", "EfficientNetV2B3", "EfficientNetV2S"),
    *("EfficientNetV2M", "EfficientNetV2L", "DenseNet121", "DenseNet169", "DenseNet201"),
    *("ResNet50", "ResNet101", "ResNet152", "ResNet50V2", "ResNet101V2", "ResNet152V2", "InceptionV3"),
    *("InceptionResNetV2", "Xception", "ConvNeXtTiny", "ConvNeXtSmall", "ConvNeXtBase", "ConvNeXtLarge"),
    *("ConvNeXtXLarge", "VGG16", "VGG19"),
)


def row(name: str) -> list[Any]:
    """Return what Keras counts, with the statistics of `Normalization` apart, and what shapecalc counts."""
    model = getattr(keras.applications, name)(weights=None)
    params, trainable = model.count_params(), sum(int(each.numel()) for each in map(_value, model.trainable_weights))
    statistics = sum(layer.count_params() for layer in model.layers if type(layer).__name__ == "Normalization")
    output, text = list(model.output_shape[1:]), model.to_json()
    del model
    gc.collect()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.json"
        path.write_text(text, encoding="utf-8")
        try:
            imported = import_file("keras", str(path), LIMITS._replace(file_size=8 * LIMITS.file_size))
            report = shapecalc.inspect(shapecalc.loads(imported.text), params_as="keras")
        except ShapecalcError as error:
            return [name, params, trainable, statistics, output, "", "", "", str(error).splitlines()[0]]
    ours = list(next(iter(report.outputs.values()))[1:])
    totals = report.totals
    same = totals.params == params - statistics and ours == output
    return [name, params, trainable, statistics, output, totals.params, ours, totals.macs, "" if same else "differs"]


def _value(weight: Any) -> Any:
    return weight.value


def write_table(path: Path) -> None:
    """Write the table, a row for each network."""
    head = ["network", "params", "trainable", "statistics", "output", "our_params", "our_output", "our_macs", "problem"]
    rows = []
    for name in sys.argv[2:] or NAMES:
        rows.append(row(name))
        print(*rows[-1], flush=True)
    lines = ["\t".join(map(str, each)) for each in [head, *rows]]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
