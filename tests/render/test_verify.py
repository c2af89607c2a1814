"""A verification as a document."""

from __future__ import annotations

import csv
from dataclasses import replace
from io import StringIO

import pytest

import shapecalc
from shapecalc import Proof, verify
from shapecalc.render.tables import csv as tables_csv, text as tables_text
from shapecalc.render.terminal.grid import Page
from shapecalc.render.verify import listing, verdict, verification


@pytest.fixture(scope="module")
def proof() -> Proof:
    return verify(shapecalc.load("resnet18"), N=1, H=32, W=32)


def written(proof: Proof, width: int | None, *, every: bool = True, depth: int | None = None, color=False) -> str:
    return tables_text.document(verification(proof, every=every, depth=depth), Page(width, color=color, unicode=True))


def one_wrong(proof: Proof) -> Proof:
    """The proof with one more channel and one more parameter executed in the second layer."""
    (trial,) = proof.trials
    rows = list(trial.rows)
    ((n, channels, *rest),) = rows[1].executed or ((0, 0),)
    own = rows[1].predicted_own
    executed = own._replace(params=own.params + 1)
    rows[1] = replace(rows[1], executed=((n, channels + 1, *rest),), executed_own=executed)
    return replace(proof, trials=(replace(trial, rows=tuple(rows)),))


def test_every_layer_is_shown_and_the_verdict_is_one_line(run) -> None:
    ended = run("verify", "lenet5")
    assert ended.code == 0
    assert "c3          conv      [2, 16, 10, 10]  [2, 16, 10, 10]   2,416  480,000  ok" in ended.out
    assert ended.out.splitlines()[-1].startswith("verified: 13 layers agree in shape, params and MACs at N = 1 and 2 (")
    assert ended.err == "", "a pipe gets no progress bar"


def test_a_size_that_is_given_is_named_once_in_the_verdict(run) -> None:
    assert "at T = 3, N = 1 and 2" in run("verify", "lstm-classifier", "--set", "T=3").out.splitlines()[-1]


def test_where_all_agrees_a_terminal_gets_the_verdict_alone(proof: Proof) -> None:
    assert written(proof, 200, every=False) == verdict(proof)


def test_where_one_layer_differs_it_alone_is_shown_in_red_with_both_shapes_and_counts(proof: Proof) -> None:
    wrong = one_wrong(proof)
    title, heads, _, row, _, said = written(wrong, 80, every=False).splitlines()
    assert (title, heads.split()[0], row.split()[0]) == ("ResNet-18 at N = 1, H = 32, W = 32", "path", "bn1")
    assert "[1,64,16,16]  [1,65,16,16]  128 / 129" in row
    assert row.endswith("  DIFFERS")
    assert said.startswith("DISAGREES: 1 of 69 layer runs (1 run, ")
    coloured = written(wrong, 80, every=False, color=True).splitlines()[3]
    assert coloured.count("\x1b[1;31m") == len(row.split("  ")) - row.split("  ").count("")


def test_a_folded_row_has_the_sums_of_its_layers_and_differs_if_one_does(proof: Proof) -> None:
    whole, folded = (
        list(csv.DictReader(StringIO(tables_csv.table(listing(one_wrong(proof), depth))))) for depth in (None, 1)
    )
    assert len(folded) < 15 < len(whole)
    for count in ("params", "executed_params", "buffers", "macs"):
        assert sum(int(row[count]) for row in whole) == sum(int(row[count]) for row in folded), count
    assert [row["path"] for row in folded if row["result"] != "ok"] == ["bn1"]


def test_a_depth_of_one_has_the_blocks_of_an_inspection(proof: Proof) -> None:
    rows = written(proof, 80, depth=1).splitlines()
    (block,) = [row for row in rows if row.startswith("layer4 ")]
    assert block.split()[1:3] == ["(16", "layers)"]
    assert "[1, 512, 1, 1]" in block
