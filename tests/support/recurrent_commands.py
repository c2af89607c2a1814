"""`shapecalc rnn`, `lstm`, `gru` and `embedding`, run in this process."""

from __future__ import annotations

import json
from typing import Any

from typer.testing import CliRunner

from shapecalc.cli import app

DOCUMENTED = "--input-size 10 --hidden-size 20 --num-layers 2 --seq 5 --batch 3"


SMALL = "--input-size 10 --hidden-size 20"


def answer(words: str, code: int = 0) -> str:
    result = CliRunner(env={"FORCE_COLOR": "", "NO_COLOR": "1"}).invoke(app, words.split())
    assert result.exit_code == code, result.output
    return result.stderr if code == 2 else result.stdout


def document(words: str) -> Any:
    return json.loads(answer(f"{words} --format json"))
