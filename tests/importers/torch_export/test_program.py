"""The inputs, tensors and lines of a program."""

from __future__ import annotations

from pathlib import Path

from shapecalc.importers.torch_export.archive import Archive
from shapecalc.importers.torch_export.program import Operator, place_of, read_program

FOLDER = Path(__file__).parents[2] / "oracle/torch_exports"


def test_parameters_and_buffers_are_told_apart() -> None:
    file = str(FOLDER / "generative.pt2")
    sources = read_program(Archive(file, file)).sources.values()
    assert {source.name for source in sources if not source.trainable} >= {"h.0.mask", "h.1.mask"}
    assert "h.0.ln_1.weight" in {source.name for source in sources if source.trainable}


def test_the_second_call_of_a_module_has_the_path_of_the_first() -> None:
    stack = "L__self__,,net.Net;L__self__conv@1,conv@1,torch.nn.modules.conv.Conv2d"
    assert place_of(Operator("aten.conv2d.default", {}, (), {"nn_module_stack": stack})).path == "conv"


def test_a_line_has_no_control_characters_and_no_folders() -> None:
    trace = 'File "/home/\x1b[31m/net\x1b.py", line 7, in forward'
    assert place_of(Operator("aten.add.Tensor", {}, (), {"stack_trace": trace})).line == "net.py:7"


def test_a_place_of_damaged_text_is_empty() -> None:
    place = place_of(Operator("aten.add.Tensor", {}, (), {"nn_module_stack": ";;,;", "stack_trace": "File"}))
    assert (place.path, place.line, place.scopes) == ("", "", ())
