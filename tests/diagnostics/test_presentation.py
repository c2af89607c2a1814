"""Results without a presenter, and with one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import shapecalc
from shapecalc.api.presenter import Tables
from shapecalc.diagnostics import presentation
from shapecalc.diagnostics.presentation import Presented


class Answer(Presented):
    """A result."""

    def __repr__(self) -> str:
        return "<Answer>"


class Shouting(Tables):
    """A presenter with another text."""

    def text(self, result: object) -> str:
        return f"{result!r}!"


def test_without_a_presenter_the_text_is_the_repr_and_formats_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presentation, "_registered", [])
    assert str(Answer()) == "<Answer>"
    for write in (Answer().to_csv, Answer().to_markdown, Answer().to_rows, Answer().to_dict, Answer()._repr_html_):
        with pytest.raises(RuntimeError, match=r"use one, such as shapecalc\.inspect, first"):
            write()


def test_the_last_presenter_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presentation, "_registered", [])
    presentation.register(Tables())
    presentation.register(Shouting())
    assert str(Answer()) == "<Answer>!"


def test_a_public_name_registers_one() -> None:
    program = f"import sys; sys.path.insert(0, {str(Path(shapecalc.__file__).parents[1])!r})\n"
    program += "import shapecalc; shapecalc.Report; from shapecalc.diagnostics import presentation\n"
    program += "print(len(presentation._registered), 'shapecalc.render' in sys.modules)"
    done = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "1 False\n"
