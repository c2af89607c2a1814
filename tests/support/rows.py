"""Many rows in one test: a row costs a call instead of a test, and each row that fails is named."""

from __future__ import annotations

import inspect
from contextlib import nullcontext
from functools import wraps
from typing import TYPE_CHECKING, Any

import pytest
from _pytest.mark import ParameterSet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

SHOWN = 20
"""Failures whose messages are shown; of the others the rows are named."""


class RowsError(AssertionError):
    """The rows that fail, each with its name and the first lines of its message."""

    def __init__(self, failures: list[tuple[str, BaseException]], rows: int) -> None:
        lines = [f"{len(failures)} of {rows} rows fail:"]
        for place, (name, error) in enumerate(failures):
            said = f"{type(error).__name__}: {error}".splitlines()
            shown = len(said) if isinstance(error, RowsError) else 6 if place < SHOWN else 0
            lines += ["  " + name, *("    " + line for line in said[:shown])]
        super().__init__("\n".join(lines))


def for_each(names: str, rows: Iterable[Any] | Callable[[], Iterable[Any]], ids: Any = None) -> Any:
    """Return a decorator that makes one test of a check of a row; the arguments are those of `pytest.mark.parametrize`.

    The test runs all rows and fails with the name of each that raised or skipped. If `rows` is a function, it is called
    when the test runs. Each row has a `tmp_path` and a `monkeypatch` of its own, and `capsys` starts empty.
    """
    fields = [name.strip() for name in names.split(",")]
    given = rows if callable(rows) else list(rows)

    def decorate(check: Callable[..., None]) -> Callable[..., None]:
        @wraps(check)
        def check_rows(**fixtures: Any) -> None:
            failures: list[tuple[str, BaseException]] = []
            number = 0
            for name, values in _named(fields, given() if callable(given) else given, ids):
                number += 1
                try:
                    _check_row(check, values, fixtures, number)
                except (Exception, pytest.fail.Exception, pytest.skip.Exception) as error:  # noqa: BLE001
                    failures.append((name, error))
            assert number, "no rows"
            if failures:
                raise RowsError(failures, number) from failures[0][1]

        own = inspect.signature(check)
        left = [parameter for name, parameter in own.parameters.items() if name not in fields]
        check_rows.__signature__ = own.replace(parameters=left)  # type: ignore[attr-defined]
        return check_rows

    return decorate


def _named(fields: list[str], rows: Iterable[Any], ids: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the name and the fields of each row; what has no name is numbered, as in pytest."""
    given = list(rows)
    names = [None] * len(given) if ids is None or callable(ids) else list(ids)
    for number, (row, name) in enumerate(zip(given, names, strict=True)):
        if isinstance(row, ParameterSet):
            assert not row.marks, f"one row of a test has no marks of its own: {row}"
        entries = row.values if isinstance(row, ParameterSet) else row if len(fields) > 1 else (row,)
        values = dict(zip(fields, entries, strict=True))
        given_name = row.id if isinstance(row, ParameterSet) else name
        yield str(given_name or "-".join(_shown(field, value, number, ids) for field, value in values.items())), values


def _shown(field: str, value: Any, number: int, ids: Any) -> str:
    own = ids(value) if callable(ids) else None
    if own is None:
        own = value if isinstance(value, str | int | float | None) else f"{field}{number}"
    return str(own)


def _check_row(check: Callable[..., None], values: dict[str, Any], fixtures: Mapping[str, Any], number: int) -> None:
    own = {**fixtures, **values}
    if "tmp_path" in fixtures:
        own["tmp_path"] /= str(number)
        own["tmp_path"].mkdir()
    if "capsys" in fixtures:
        own["capsys"].readouterr()
    with pytest.MonkeyPatch.context() if "monkeypatch" in fixtures else nullcontext() as patch:
        check(**(own | {"monkeypatch": patch} if patch else own))
