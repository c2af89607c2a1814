"""Why an operator is not read."""

from __future__ import annotations

_REASONS = {
    "Loop": "the number of runs of a loop is known only when it runs",
    "Scan": "the body of a scan is a graph of its own, which no layer is",
    "NonZero": "the shape of its output depends on the numbers of its input",
    "Unique": "the shape of its output depends on the numbers of its input",
    "Compress": "the shape of its output depends on the numbers of its input",
    "NonMaxSuppression": "the shape of its output depends on the numbers of its input",
    **dict.fromkeys(
        ("RandomNormal", "RandomUniform", "RandomNormalLike", "RandomUniformLike", "Multinomial", "Bernoulli"),
        "its output is random",
    ),
}
_QUANTIZED = (
    "Quantize",
    "Dequantize",
    "QLinear",
    "ConvInteger",
    "MatMulInteger",
    "DynamicQuantize",
    "QMoE",
    "QAttention",
)


def reason(operator: str) -> str:
    """Return why an operator without a function cannot be read.

    >>> reason("QLinearConv")
    'quantized operators are not supported'
    >>> reason("com.microsoft.FusedConv")
    'the domain `com.microsoft` is not supported'
    """
    if operator in _REASONS:
        return _REASONS[operator]
    domain, _, name = operator.rpartition(".")
    if any(name.startswith(prefix) for prefix in _QUANTIZED):
        return "quantized operators are not supported"
    if operator.startswith(("Sequence", "Optional", "SplitToSequence", "ConcatFromSequence")):
        return "sequences of tensors and optional ones are not supported"
    if operator.startswith("String") or operator in ("RegexFullMatch", "TfIdfVectorizer"):
        return "texts are not supported"
    return f"the domain `{domain}` is not supported" if domain else "no layer is this operator"
