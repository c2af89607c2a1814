"""Texts of results. What writes them is above all results, and is registered by the public functions."""

from __future__ import annotations

from typing import Any, Protocol


class Presenter(Protocol):
    """What writes results in each format."""

    def text(self, result: object) -> str:
        """Return the text of the command, in at most 100 columns."""

    def html(self, result: object) -> str:
        """Return HTML for a notebook."""

    def markdown(self, result: object) -> str:
        """Return Markdown."""

    def csv(self, result: object) -> str:
        """Return comma-separated values."""

    def rows(self, result: object) -> list[dict[str, Any]]:
        """Return flat rows of plain values."""

    def values(self, result: object) -> dict[str, Any]:
        """Return the values of JSON."""


_registered: list[Presenter] = []


def register(presenter: Presenter) -> None:
    """Write all results with this presenter from now on."""
    _registered[:] = [presenter]


class Presented:
    """A result that a notebook shows as a table, and that has a text and rows."""

    __slots__ = ()

    def __str__(self) -> str:
        """Return the text that the command prints, in at most 100 columns and without colour."""
        return _registered[0].text(self) if _registered else repr(self)

    def _repr_html_(self) -> str:
        """Return the result as HTML, which notebooks show: escaped, without scripts, and at most 600 rows."""
        return _presenter().html(self)

    def to_markdown(self) -> str:
        """Return the result as Markdown, with names in code spans."""
        return _presenter().markdown(self)

    def to_csv(self) -> str:
        """Return the rows as comma-separated values, below a line of column names; numbers are plain digits."""
        return _presenter().csv(self)

    def to_rows(self) -> list[dict[str, Any]]:
        """Return the rows as flat mappings of plain values, for `pandas.DataFrame(result.to_rows())`.

        A count is an integer, an expression as a string if it depends on a symbol, and None if it is unknown.
        """
        return _presenter().rows(self)

    def to_dict(self) -> dict[str, Any]:
        """Return the values of `--format json`."""
        return _presenter().values(self)


def _presenter() -> Presenter:
    if not _registered:
        message = "results are written by the public functions: use one, such as shapecalc.inspect, first"
        raise RuntimeError(message)
    return _registered[0]
