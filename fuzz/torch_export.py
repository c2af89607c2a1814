"""Bytes → a file of torch.export, or its JSON → an architecture: it is read, or refused with a code."""

from fuzz.containers import one_of

one_input = one_of("torch_export")
