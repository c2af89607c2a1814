"""`shapecalc embedding`, as its readers see it."""

from __future__ import annotations

from tests.support.recurrent_commands import answer, document

EMBEDDING = """\
output shape [2, 4, 3]
V = 10 (rows of the table), E = 3 (features of a vector)

params = V·E
       = 10·3
       = 30
MACs   = 0
FLOPs  = 0
"""


def test_the_page_of_pytorchs_own_embedding_is_as_agreed() -> None:
    assert answer("embedding --num 10 --dim 3 --input 2x4") == EMBEDDING


def test_an_embedding_without_an_input_takes_any_batch_and_length() -> None:
    found = document("embedding --num 10 --dim 3")
    assert found["output_shape"] == ["N", "T", 3]
    assert (found["params"], found["macs"], found["flops"]) == (30, 0, 0)


def test_a_padding_row_counted_from_the_end_is_named_from_the_front() -> None:
    shown = answer("embedding --num 10 --dim 3 --padding-idx -1")
    assert "row 9 stands for padding: it is counted, and training leaves it as it is\n" in shown
    assert "= 30\n" in shown
