"""Bytes → an ONNX file → an architecture: it is read, or refused with a code."""

from fuzz.containers import one_of

one_input = one_of("onnx")
