"""Tests of many rows: each row that fails is named, and none hides another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.rows import SHOWN, for_each

if TYPE_CHECKING:
    from pathlib import Path

pytest_plugins = ("pytester",)


def failure(check: Any, **fixtures: Any) -> str:
    with pytest.raises(AssertionError) as raised:
        check(**fixtures)
    return str(raised.value)


def test_each_row_that_fails_is_named_with_what_it_says_and_no_other() -> None:
    @for_each("size, half", [(2, 1), (3, 1), (4, 2), (5, 3)])
    def check(size: int, half: int) -> None:
        if size != 2 * half:
            raise ValueError(f"{half} is not half of {size}")

    assert failure(check) == (
        "2 of 4 rows fail:\n  3-1\n    ValueError: 1 is not half of 3\n  5-3\n    ValueError: 3 is not half of 5"
    )


def test_a_test_whose_rows_pass_passes() -> None:
    checked = []

    @for_each("row", "abc")
    def check(row: str) -> None:
        checked.append(row)

    check()
    assert checked == ["a", "b", "c"]


def test_a_row_that_raises_nothing_where_it_should_fails_and_so_does_a_row_that_skips() -> None:
    @for_each("row", ["raises", "skips"])
    def check(row: str) -> None:
        if row == "skips":
            pytest.skip("no such row")
        with pytest.raises(ValueError):  # noqa: PT011
            pass

    assert failure(check).startswith("2 of 2 rows fail:\n  raises\n    Failed: DID NOT RAISE")


@pytest.mark.parametrize("ids", [lambda row: row["name"], ["first"]], ids=["function", "list"])
def test_a_row_has_the_name_that_ids_give_it(ids: Any) -> None:
    @for_each("row", [{"name": "first"}], ids=ids)
    def check(row: Any) -> None:
        assert not row

    assert failure(check).startswith("1 of 1 rows fail:\n  first\n    AssertionError")


def test_as_many_ids_as_rows_are_expected() -> None:
    with pytest.raises(ValueError, match="zip"):
        for_each("row", [1, 2], ids=["first"])(lambda row: None)()  # noqa: ARG005


def test_rows_may_be_a_function_and_there_must_be_some() -> None:
    assert failure(for_each("row", lambda: [1])(lambda row: 1 / (row - 1))).startswith("1 of 1 rows")
    assert failure(for_each("row", [])(lambda row: None)).startswith("no rows")  # noqa: ARG005


def test_of_many_failures_every_row_is_named() -> None:
    said = failure(for_each("row", range(SHOWN + 3))(lambda row: 1 / (row - row)))
    assert [line.strip() for line in said.splitlines() if line.startswith("  ") and line[2] != " "] == [
        str(row) for row in range(SHOWN + 3)
    ]


def test_a_row_has_a_folder_and_patches_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    @for_each("row", "ab")
    def check(row: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        seen.append((list(tmp_path.iterdir()), hasattr(pytest, "patched_by_a_row")))
        (tmp_path / row).touch()
        monkeypatch.setattr(pytest, "patched_by_a_row", row, raising=False)

    check(tmp_path=tmp_path, monkeypatch=monkeypatch)
    assert seen == [([], False), ([], False)]


def test_a_row_without_a_name_is_numbered() -> None:
    check = for_each("row, other", [({1: 2}, 3)])(lambda row, other: row / other)
    assert failure(check).startswith("1 of 1 rows fail:\n  row0-3\n    TypeError")


def test_a_row_may_be_a_parameter_set_of_pytest_without_marks() -> None:
    check = for_each("row, other", [pytest.param(1, 0, id="by zero")])(lambda row, other: row / other)
    assert failure(check).startswith("1 of 1 rows fail:\n  by zero\n    ZeroDivisionError")
    with pytest.raises(AssertionError, match="no marks of its own"):
        for_each("row", [pytest.param(1, marks=pytest.mark.slow)])(lambda row: row)()


def test_two_tables_are_multiplied_and_every_failure_is_named() -> None:
    @for_each("a", range(SHOWN + 1))
    @for_each("b", [0, 1])
    def check(a: int, b: int) -> None:
        assert b > a * 0

    lines = [line.strip() for line in failure(check).splitlines()]
    assert lines.count("RowsError: 1 of 2 rows fail:") == SHOWN + 1


def test_pytest_sees_one_test_with_its_fixtures_and_marks_and_reports_the_rows(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import pytest
        from tests.support.rows import for_each

        @pytest.mark.slow
        @for_each("row", [1, 2, 3])
        def test_rows(row, tmp_path, capsys):
            print(row)
            assert capsys.readouterr().out == "1\\n", "is not one"
    """)
    result = pytester.runpytest_inprocess("-p", "no:xdist", "-p", "no:cacheprovider", "-m", "slow")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E*2 of 3 rows fail:", "E*  2", "E*  3"])
