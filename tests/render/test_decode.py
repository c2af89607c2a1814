"""A decoding loop as text and JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.cli.conftest import Run


COSTS = """\
step                  MACs  MACs, k and v cached  bytes of k and v
──────────────────────────────────────────────────────────────────
1                    124 M                 124 M           368,640
2                   1.24 G                 618 M           737,280
3 to 100  1.85 G to 62.7 G        618 M to 627 M  1.11 M to 36.9 M

MACs of t symbols = a·t + b·t²
                  = 123,532,032·t + 18,432·t²
k and v cached    = a + b·t
                  = 123,532,032 + 18,432·t
"""


def test_reading_again_stands_beside_keeping_keys_and_values(run: Run) -> None:
    out = run("decode", "gpt2-small").out
    assert COSTS in out
    assert max(map(len, out.splitlines())) <= 100


def test_json_has_every_step(run: Run) -> None:
    ended = run("decode", "llama-260k", "--length", "7", "--beam", "2", "--run", "--format", "json")
    document = json.loads(ended.out)
    assert [step["length"] for step in document["steps"]] == [1, 2, 3, 4, 5, 6, 7]
    assert document["steps"][6]["states"] == {"input": [2, 7]}
    assert document["steps"][6]["macs_cached"] == 2 * (259_328 + 7 * 640)
    assert document["macs_growth"] == {"c": 0, "a": 259_328, "b": 640}
    assert document["run"]["ok"] is True
    assert document["run"]["differences"] == []
