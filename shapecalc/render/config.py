"""A configuration as a document and JSON: the file that is used, and every value with its origin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.files.config import DEFAULTS, OWN_FILE, PROJECT_FILE, ConfigValue
from shapecalc.files.config_keys import GENERAL_KEYS, FailOn, Limit
from shapecalc.files.discovery import display_path
from shapecalc.render.tables.model import BLANK, Document, Fixed, Lines, Table, TableColumn, TableRow, Words
from shapecalc.render.terminal.palette import BOLD, DIM, PLAIN
from shapecalc.shape_inference.report import SCHEMA_VERSION

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shapecalc.files.config import Config

_COLUMNS = (TableColumn("key"), TableColumn("value"), TableColumn("from"))
_WITHOUT = {"select": "all"}
"""How a value that is empty is written; by default `none`."""


def configuration(config: Config, paths: Sequence[str] = (), searched: Sequence[str] = ()) -> Document:
    """Return every value with its origin: of each path after the overrides, without paths those of all files.

    `searched` are the folders that were searched for a file, none with `--no-config`.
    """
    tables = {path: _table(config, config.entries(path), of_file=True) for path in paths}
    blocks: list[list[Any]] = [[Lines([_head(config, searched)], BOLD)]]
    if tables:
        for path, table in tables.items():
            excluded = ", which `exclude` leaves out" if config.excludes(path) else ""
            blocks.append([Lines([f"for {path}{excluded}:"]), table])
    else:
        tables = {"": _table(config, config.entries())}
        blocks.append([*tables.values()])
        blocks += [
            [Lines([f"override {number}, for {', '.join(override.paths)}:"]), _table(config, values)]
            for number, override, values in config.written_overrides()
        ]
    if config.source is not None:
        hint = [] if paths else ["`shapecalc check --show-config FILE` shows the values for one file"]
        folder = display_path(config.folder or ".")
        blocks.append(
            [Lines([f"paths are relative to {'the current folder' if folder == '.' else folder}", *hint], DIM)]
        )
    return Document("", blocks, next(iter(tables.values())))


def document(config: Config, paths: Sequence[str] = (), searched: Sequence[str] = ()) -> dict[str, Any]:
    """Return the values of the JSON document."""
    overrides = [
        {"paths": list(override.paths), "values": _values(values)} for _, override, values in config.written_overrides()
    ]
    return {
        "schema_version": SCHEMA_VERSION,
        "file": config.source.name if config.source else None,
        "folder": config.folder,
        "searched": list(searched),
        "values": _values(config.entries()),
        "overrides": overrides,
        "files": {path: _values(config.entries(path)) for path in paths},
    }


def _head(config: Config, searched: Sequence[str]) -> str:
    if config.source is not None:
        return f"{config.source.name}{', [tool.shapecalc]' if config.root else ''}"
    if not searched:
        return "no configuration"
    place = f"{searched[0]} up to {searched[-1]}" if len(searched) > 1 else searched[0]
    return f"no configuration: neither {OWN_FILE} nor [tool.shapecalc] in {PROJECT_FILE} in {place}"


def _table(config: Config, entries: Mapping[str, ConfigValue], *, of_file: bool = False) -> Table:
    """Return a row for each key in the order of the documentation, of lists one for each entry; of a file its keys."""
    order = [*DEFAULTS]
    names = sorted(entries, key=lambda name: order.index(name if name in order else "set"))
    rows = []
    for name in names:
        if of_file and name in GENERAL_KEYS:
            continue
        style = DIM if entries[name].origin == "default" else PLAIN
        first, *others = _texts(name, entries[name].value)
        cells = (Fixed(name), Words(first), Words(_origin(config, entries[name])))
        rows.append(TableRow(cells, styles=(style,) * 3))
        rows += [TableRow((BLANK, Words(text), BLANK), styles=(style,) * 3) for text in others]
    return Table(_COLUMNS, rows)


def _texts(name: str, value: Any) -> list[str]:
    if value in (None, (), {}):
        return [_WITHOUT.get(name, "none")]
    items = value if isinstance(value, tuple) and not isinstance(value, Limit) else (value,)
    return [*map(_word, items)]


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.text if isinstance(value, Limit | FailOn) else str(value)


def _origin(config: Config, entry: ConfigValue) -> str:
    if "file" not in entry.origin and entry.origin != "override":
        return entry.origin
    name = config.source.name.rpartition("/")[2] if config.source else ""
    place = name if entry.line is None else f"{name}:{entry.line}"
    if entry.override is not None:
        return f"override {entry.override}, {place}"
    return entry.origin.replace("file", place)


def _values(entries: Mapping[str, ConfigValue]) -> dict[str, Any]:
    return {
        name: {
            "value": _json(entry.value),
            "from": entry.origin,
            **({} if entry.override is None else {"override": entry.override}),
            **({} if entry.line is None else {"line": entry.line}),
        }
        for name, entry in entries.items()
    }


def _json(value: Any) -> Any:
    if isinstance(value, Limit | FailOn):
        return value.text
    return [_json(item) for item in value] if isinstance(value, tuple) else value
