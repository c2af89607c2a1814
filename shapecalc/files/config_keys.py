"""The keys of a configuration file: what each takes, and the mistakes in a file that has others."""

from __future__ import annotations

import math
import posixpath
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.diagnostics import MOST_DIAGNOSTICS, Diagnostic, ShapecalcError, Source, Span
from shapecalc.files.toml import Path, key_span, text_span
from shapecalc.layers.fields import LARGEST_DIM
from shapecalc.parser.include import leads_out
from shapecalc.parser.quantities import read_quantity
from shapecalc.parser.scalars import shorten
from shapecalc.parser.thresholds import Alternatives, ThresholdError, compares_change, read_thresholds
from shapecalc.shape_inference.dtypes import BITS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from fractions import Fraction

MOST_ENTRIES = 1_000
"""Of a list: every pattern is compared with every file."""
MOST_OVERRIDES = 100
_MOST_DIGITS = 20


class Limit(NamedTuple):
    """The most that a figure may be, and how it is written."""

    text: str
    number: Fraction


class FailOn(NamedTuple):
    """Conditions on figures, and how they are written; `of_change` if one compares a change."""

    text: str
    alternatives: Alternatives
    of_change: bool


class Wrong(Exception):  # noqa: N818 - a value, which the reader of the file makes a diagnostic of
    """A value that a key does not take: `message` follows the name of the key; `at` is the place in the value."""

    def __init__(self, message: str, help_: str | None = None, at: Path = ()) -> None:
        super().__init__(message)
        self.message, self.help, self.at = message, help_, at


def read_condition(text: str) -> FailOn:
    """Return the conditions of a text; raise `ThresholdError` for any other text.

    >>> read_condition("params > +2% or memory > 4GiB").of_change
    True
    """
    alternatives = read_thresholds(text)
    return FailOn(text.strip(), alternatives, compares_change(alternatives))


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Wrong(f"expects `true` or `false`, receives {_shown(value)}")
    return value


def _texts(value: Any, what: str) -> list[str]:
    items = value if isinstance(value, list) else [value] if isinstance(value, str) else None
    if items is None:
        raise Wrong(f"expects a list of {what}, receives {_shown(value)}")
    if len(items) > MOST_ENTRIES:
        raise Wrong(f"expects at most {MOST_ENTRIES:,} entries, receives {len(items):,}")
    for index, item in enumerate(items):
        if not isinstance(item, str) or not item.strip():
            raise Wrong(f"expects {what}, receives {_shown(item)}", at=(index,))
    return items


def _paths(value: Any) -> tuple[str, ...]:
    """Read paths and patterns, which stay in the folder of the file."""
    items = _texts(value, "paths such as `nets`")
    for index, item in enumerate(items):
        if leads_out(item) or any(ord(letter) < ord(" ") for letter in item):
            raise Wrong(
                f"expects paths in the folder of the configuration, with `/` between folders, receives {_shown(item)}",
                "a pull request may change this file, so it names nothing outside; give other paths as arguments",
                (index,),
            )
    return tuple(posixpath.normpath(item.strip()) for item in items)


def _files(value: Any) -> tuple[str, ...]:
    """Read paths of files, folders and patterns to search for files."""
    patterns = _paths(value)
    for index, pattern in enumerate(patterns):
        if pattern.split("/").count("**") > 1:  # the time to search folders is a power of their depth
            raise Wrong(f"expects at most one `**`, receives {_shown(pattern)}", at=(index,))
    return patterns


def _path(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise Wrong(f"expects a file name, receives {_shown(value)}")
    return _paths(value)[0]


def _codes(value: Any) -> tuple[str, ...]:
    from shapecalc.diagnostics.rules import codes  # noqa: PLC0415 - lists a folder, which few configurations need

    items, known = _texts(value, "codes such as `SC301`"), codes()
    for index, item in enumerate(items):
        if not any(code.startswith(item.strip().upper()) for code in known):
            raise Wrong(
                f"expects codes such as `SC301`, or `SC3` for all that begin so, receives {_shown(item)}",
                "`shapecalc rule` lists all codes",
                (index,),
            )
    return tuple(item.strip().upper() for item in items)


def _batch(value: Any) -> int:
    if type(value) is not int or not 1 <= value <= LARGEST_DIM:
        raise Wrong(f"expects an integer from 1 to {LARGEST_DIM}, receives {_shown(value)}")
    return value


def _settings(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Wrong(f"expects a table such as `{{N = 8}}`, receives {_shown(value)}")
    for name, item in value.items():
        if not name.isidentifier():
            raise Wrong("expects names of symbols and parameters", at=(name,))
        if not isinstance(item, bool | int | float | str):
            raise Wrong(f"expects a number, a flag or a word for `{name}`, receives {_shown(item)}", at=(name,))
        if (isinstance(item, int) and abs(item) >= 10**_MOST_DIGITS) or (
            isinstance(item, float) and not math.isfinite(item)
        ):
            raise Wrong(f"expects a number of at most {_MOST_DIGITS} digits for `{name}`", at=(name,))
    return dict(value)


def _fail_on(value: Any) -> tuple[FailOn, ...]:
    items = _texts(value, "conditions such as `params > +2%`")
    read = []
    for index, item in enumerate(items):
        try:
            read.append(read_condition(item))
        except ThresholdError as error:
            raise Wrong(f"{_shown(item)} {error}", at=(index,)) from None
    return tuple(read)


def _limit(value: Any, *, of_bytes: bool = False) -> Limit:
    text = str(value) if type(value) is int and abs(value) < 10**_MOST_DIGITS else value
    number = read_quantity(text.strip(), of_bytes=of_bytes) if isinstance(text, str) else None
    if number is None:
        example = "`64MiB`" if of_bytes else "`25M`"
        raise Wrong(f"expects a quantity such as {example}, receives {_shown(value)}")
    return Limit(text.strip(), number)


def _memory(value: Any) -> Limit:
    return _limit(value, of_bytes=True)


def _dtype(value: Any) -> str:
    if not isinstance(value, str) or value not in BITS:
        raise Wrong(f"expects one of {', '.join(BITS)}, receives {_shown(value)}")
    return value


class ConfigKey(NamedTuple):
    """A key: how its value is read, and its value in a file that does not have it."""

    read: Callable[[Any], Any]
    default: Any = None


FILE_KEYS: Mapping[str, ConfigKey] = {
    "select": ConfigKey(_codes, ()),
    "ignore": ConfigKey(_codes, ()),
    "strict": ConfigKey(_flag, default=False),
    "set": ConfigKey(_settings),
    "batch": ConfigKey(_batch),
    "fail-on": ConfigKey(_fail_on, ()),
}
"""Keys that an override may have too."""
GENERAL_KEYS: Mapping[str, ConfigKey] = {
    "paths": ConfigKey(_files, (".",)),
    "exclude": ConfigKey(_paths, ()),
    "locked": ConfigKey(_flag, default=False),
    "lock-file": ConfigKey(_path, "shapecalc.lock.json"),
}
BUDGET_KEYS: Mapping[str, ConfigKey] = {
    "max-params": ConfigKey(_limit),
    "max-active-params": ConfigKey(_limit),
    "max-macs": ConfigKey(_limit),
    "max-memory": ConfigKey(_memory),
    "dtype": ConfigKey(_dtype, "float32"),
    "batch": ConfigKey(_batch),
}
TABLES = ("budgets", "overrides")

_RUNS = "networks are executed by the option alone"
_RAISES = "limits are raised by the option alone"
_WRITES = "files are written by the option alone"
OPTIONS_ONLY = {
    "run": ("--run", _RUNS),
    "limit": ("--limit", _RAISES),
    "max-flops": ("--max-flops", _RAISES),
    "max-memory": ("--max-memory", _RAISES),
    "processes": ("--jobs", "processes are started by the option alone"),
    "jobs": ("--jobs", "processes are started by the option alone"),
    "fix": ("--fix", _WRITES),
    "output": ("--output", _WRITES),
}
"""Options that no configuration may set, each with the reason."""


class Override(NamedTuple):
    """Values for the files that a pattern matches."""

    paths: tuple[str, ...]
    values: Mapping[str, Any]


class ConfigTables(NamedTuple):
    """The values of a configuration file: those that are written, by key; `root` is where they are in the file."""

    values: Mapping[str, Any]
    overrides: tuple[Override, ...]
    root: Path


def read_tables(source: Source, table: Any, root: Path) -> ConfigTables:
    """Return the values of the table at `root`; raise `ShapecalcError` SC506 (exit code 2) with all mistakes in it."""
    reader = _ConfigReader(source, root)
    tables = reader.tables(table)
    if reader.diagnostics:
        diagnostics = sorted(reader.diagnostics[:MOST_DIAGNOSTICS], key=lambda one: one.span or Span(1, 1, 1, 1))
        raise ShapecalcError(tuple(diagnostics), source, exit_code=2)
    return tables


class _ConfigReader:
    def __init__(self, source: Source, root: Path) -> None:
        self.source = source
        self.root = root
        self.diagnostics: list[Diagnostic] = []

    def tables(self, table: Any) -> ConfigTables:
        if not isinstance(table, dict):
            self._add(f"`{self._name(())}` expects a table, receives {_shown(table)}", ())
            return ConfigTables({}, (), self.root)
        values = self._values(table, {**GENERAL_KEYS, **FILE_KEYS}, ())
        overrides = table.get("overrides", [])
        if not isinstance(overrides, list) or not all(isinstance(entry, dict) for entry in overrides):
            self._add(
                f"`overrides` expects tables, receives {_shown(overrides)}",
                ("overrides",),
                help_=f"write `[[{self._name(('overrides',))}]]` above each",
            )
            overrides = []
        if len(overrides) > MOST_OVERRIDES:
            self._add(f"`overrides` expects at most {MOST_OVERRIDES}, receives {len(overrides)}", ("overrides",))
            overrides = []
        return ConfigTables(
            values, tuple(self._override(entry, index) for index, entry in enumerate(overrides)), self.root
        )

    def _override(self, entry: dict[str, Any], index: int) -> Override:
        at = ("overrides", index)
        if entry.get("paths", []) == []:
            self._add(
                f"override {index + 1} has no `paths`",
                at[:1],
                help_='write the files that it is for: `paths = ["edge/**"]`',
            )
        values = self._values(entry, {"paths": ConfigKey(_paths), **FILE_KEYS}, at)
        return Override(values.pop("paths", ()), values)

    def _values(self, table: dict[str, Any], keys: Mapping[str, ConfigKey], at: Path) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for name, value in table.items():
            if name == "overrides" and not at:
                continue
            if name == "budgets":
                budgets = self._budgets(value, at)
                values |= {f"budgets.{key}": limit for key, limit in budgets.items()}
            elif name not in keys:
                self._unknown(name, keys, at)
            else:
                self._read(values, name, value, keys[name], at)
        return values

    def _budgets(self, table: Any, at: Path) -> dict[str, Any]:
        values: dict[str, Any] = {}
        if not isinstance(table, dict):
            self._add(
                f'`budgets` expects a table such as `{{max-params = "25M"}}`, receives {_shown(table)}',
                (*at, "budgets"),
            )
            return values
        for name, value in table.items():
            if name in BUDGET_KEYS:
                self._read(values, name, value, BUDGET_KEYS[name], (*at, "budgets"))
            else:
                self._unknown(name, BUDGET_KEYS, (*at, "budgets"))
        return values

    def _read(self, values: dict[str, Any], name: str, value: Any, key: ConfigKey, at: Path) -> None:
        try:
            values[name] = key.read(value)
        except Wrong as wrong:
            inner = () if isinstance(value, str) else wrong.at  # one text is read as a list of it
            self._add(f"`{name}` {wrong.message}", (*at, name), inner, _at(value, inner), wrong.help)

    def _unknown(self, name: str, keys: Mapping[str, ConfigKey], at: Path) -> None:
        from shapecalc.diagnostics.suggestions import closest  # noqa: PLC0415 - only a mistake needs it

        in_budgets = bool(at) and at[-1] == "budgets"
        if name in OPTIONS_ONLY and not in_budgets:
            option, reason = OPTIONS_ONLY[name]
            budget = f"; a budget of the networks is `{name}` in `budgets`" if name in BUDGET_KEYS else ""
            self._add(
                f"a configuration cannot set `{name}`",
                (*at, name),
                help_=f"{reason}, `{option}`, because a pull request may change this file{budget}",
            )
            return
        known = (*keys, *(() if in_budgets else TABLES[:1] if at else TABLES))
        near = closest(name, known)
        help_ = f"did you mean `{near}`?" if near else f"keys: {', '.join(known)}"
        if name in BUDGET_KEYS and not in_budgets:
            help_ = f"write it in `budgets`: `budgets = {{{name} = …}}`"
        elif name in GENERAL_KEYS and at:
            help_ = f"write it in `{self._name(())}`: it is for all files"
        self._add(f"unknown key `{shorten(name)}` in `{self._name(at)}`", (*at, name), help_=help_)

    def _add(self, message: str, path: Path, inner: Path = (), value: Any = None, help_: str | None = None) -> None:
        """Add a mistake at a key, or at a text in its value."""
        span = None
        if len(self.diagnostics) < MOST_DIAGNOSTICS:
            text, full = self.source.text, (*self.root, *path)
            if isinstance(value, str):
                span = text_span(text, (*full, *inner), value)
            elif inner and isinstance(inner[-1], str):
                span = key_span(text, (*full, *inner))
            span = span or (key_span(text, full) if full and isinstance(full[-1], str) else None)
        place = "" if span else f"`{self.source.name}`: "
        self.diagnostics.append(Diagnostic(code="SC506", message=f"{place}{message}", span=span, help=help_))

    def _name(self, path: Path) -> str:
        """Return the name of a table as the file writes it."""
        words = [str(part) for part in (*self.root, *path) if isinstance(part, str)]
        return ".".join(words) or self.source.name


def _at(value: Any, path: Path) -> Any:
    for key in path:
        value = value[key]
    return value


def _shown(value: Any) -> str:
    """Return a value for a message, shortened."""
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, int) and abs(value) >= 10**_MOST_DIGITS:
        return f"an integer of more than {_MOST_DIGITS} digits"
    return f"`{shorten(str(value))}`" if str(value) else "an empty text"
