"""The configuration of a repository: `[tool.shapecalc]` of a pyproject.toml, or a `.shapecalc.toml`.

A pull request may change these files. So their values select files and findings, set sizes and limit costs; none of
them runs a network, raises a limit, or names a file outside the folder.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.diagnostics import Diagnostic, ShapecalcError, Source, misuse
from shapecalc.diagnostics.limits import Limits
from shapecalc.files.config_keys import (
    BUDGET_KEYS,
    FILE_KEYS,
    GENERAL_KEYS,
    FailOn,
    Limit,
    Override,
    read_tables,
)
from shapecalc.files.discovery import WILDCARDS, display_path, without_wildcards
from shapecalc.files.patterns import matches
from shapecalc.files.settings import NOTHING_SET, Settings
from shapecalc.files.toml import MOST_BYTES, key_span, read_toml, text_span
from shapecalc.parser.files import decode, read_bytes
from shapecalc.shape_inference.report import BATCH_SYMBOLS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

OWN_FILE = ".shapecalc.toml"
PROJECT_FILE = "pyproject.toml"
_TABLE = ("tool", "shapecalc")
_WORD = b"shapecalc"

BUDGET = "budgets."
DEFAULTS: Mapping[str, Any] = {
    **{name: key.default for name, key in (*GENERAL_KEYS.items(), *FILE_KEYS.items())},
    "set": {},
    **{BUDGET + name: key.default for name, key in BUDGET_KEYS.items()},
}
"""The value of each key without a configuration."""
ADDED = frozenset({"exclude", "fail-on"})
"""Keys whose option adds to the configuration; other options replace its value."""


class Budgets(NamedTuple):
    """The most parameters, active ones, MACs and bytes of memory that a network may have; None for no limit."""

    max_params: Limit | None = None
    max_active_params: Limit | None = None
    max_macs: Limit | None = None
    max_memory: Limit | None = None
    dtype: str = "float32"
    batch: int | None = None


NO_BUDGETS = Budgets()


class FileConfig(NamedTuple):
    """The values that apply to one file. `settings` are those of the configuration, without the options."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    strict: bool = False
    settings: Settings = NOTHING_SET
    fail_on: tuple[FailOn, ...] = ()
    budgets: Budgets = NO_BUDGETS


class ConfigValue(NamedTuple):
    """A value and its origin: `default`, `file`, `override` (with its number from 1) or `option`."""

    value: Any
    origin: str = "default"
    override: int | None = None
    line: int | None = None


@dataclass(frozen=True)
class Config:
    """A configuration and the options that were given with it; without a file, every value is the default.

    Paths in it are relative to `folder`.
    """

    source: Source | None = None
    folder: str | None = None
    root: tuple[str | int, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    overrides: tuple[Override, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)

    def with_options(self, **given: Any) -> Config:
        """Return the configuration with options by the names of their keys, such as `fail_on`; None is not given."""
        options = {name.replace("_", "-"): value for name, value in given.items() if value not in (None, (), {}, False)}
        return replace(self, options={**self.options, **options})

    def at(self, path: str) -> FileConfig:
        """Return the values for one file: those of overrides that match replace others, in the order of the file.

        >>> config = Config(values={"strict": True}, overrides=(Override(("edge/**",), {"ignore": ("SC4",)}),))
        >>> config.at("edge/a.yaml").ignore, config.at("a.yaml").ignore
        (('SC4',), ())
        """
        values, settings = {**DEFAULTS, "set": {}}, NOTHING_SET
        for one in (self.values, *(override.values for _, override in self._matching(path))):
            values = _over(values, one)
            settings = settings.replaced_by(Settings(one.get("set", {}), one.get("batch")))
        with_options = _over(values, self.options, added=True)
        return FileConfig(
            with_options["select"],
            with_options["ignore"],
            with_options["strict"],
            settings,
            with_options["fail-on"],
            Budgets(*(values[BUDGET + name] for name in BUDGET_KEYS)),
        )

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths that are checked if none is given; empty without a file."""
        if self.source is None:
            return ()
        return tuple(self._inside("paths", path) for path in self._general("paths"))

    def existing_paths(self) -> tuple[str, ...]:
        """Return `paths`; raise `ShapecalcError` SC506 (exit code 2) for a file or folder that does not exist."""
        for index, (written, path) in enumerate(zip(self._general("paths"), self.paths, strict=False)):
            if not set(path) & WILDCARDS and not os.path.lexists(path):
                assert self.source is not None  # without a file there are no paths
                at = (*self.root, "paths")
                span = text_span(self.source.text, (*at, index), written) or key_span(self.source.text, at)
                message = f"`paths` names `{written}`, which does not exist"
                raise ShapecalcError((Diagnostic("SC506", message, span=span),), self.source, exit_code=2)
        return self.paths

    @property
    def locked(self) -> bool:
        """Whether files are compared with the lock file."""
        return bool(self._general("locked"))

    @property
    def lock_file(self) -> str:
        """The lock file."""
        if "lock-file" in self.options or self.source is None:
            return str(self._general("lock-file"))
        return self._inside("lock-file", self._general("lock-file"))

    @property
    def fail_on(self) -> tuple[FailOn, ...]:
        """The conditions for all files, without those of overrides."""
        return tuple(_over(_over(DEFAULTS, self.values), self.options, added=True)["fail-on"])

    def excludes(self, path: str) -> bool:
        """Return whether `exclude` matches a file."""
        patterns = self.values.get("exclude", ())
        return bool(patterns) and any(matches(self._relative(path), pattern) for pattern in patterns)

    def entries(self, path: str | None = None) -> dict[str, ConfigValue]:
        """Return every value by key with its origin: for all files, or for one of them after the overrides."""
        entries = {name: ConfigValue(value) for name, value in DEFAULTS.items() if name != "set"}
        if self.source is None:
            entries["paths"] = ConfigValue(())
        entries |= self._written(self.values, "file", (), None)
        for number, override in self._matching(path) if path is not None else ():
            entries |= self._written(override.values, "override", ("overrides", number - 1), number)
            _replace_batch(entries, override.values)
        for name, value in self.options.items():
            if name == "set":
                entries |= {f"set.{inner}": ConfigValue(item, "option") for inner, item in value.items()}
            elif name in ADDED and entries[name].value:
                entries[name] = entries[name]._replace(value=(*entries[name].value, *value), origin="file, option")
            else:
                entries[name] = ConfigValue(value, "option")
        _replace_batch(entries, self.options)
        return entries

    def written_overrides(self) -> Iterator[tuple[int, Override, dict[str, ConfigValue]]]:
        """Yield each override with its number from 1, and the values that it has."""
        for number, override in enumerate(self.overrides, 1):
            at = ("overrides", number - 1)
            yield number, override, self._written(override.values, "override", at, number)

    def _written(
        self, values: Mapping[str, Any], origin: str, at: tuple[str | int, ...], number: int | None
    ) -> dict[str, ConfigValue]:
        entries = {}
        for name, value in values.items():
            inner = {f"set.{key}": item for key, item in value.items()} if name == "set" else {name: value}
            for key, item in inner.items():
                entries[key] = ConfigValue(item, origin, number, self._line((*at, *key.split(".", 1))))
        return entries

    def _line(self, path: tuple[str | int, ...]) -> int | None:
        span = key_span(self.source.text, (*self.root, *path)) if self.source else None
        return span.line if span else None

    def _matching(self, path: str) -> Iterator[tuple[int, Override]]:
        """Yield the overrides for a file, each with its number from 1."""
        if self.overrides:
            relative = self._relative(path)
            for number, override in enumerate(self.overrides, 1):
                if any(matches(relative, pattern) for pattern in override.paths):
                    yield number, override

    def _general(self, name: str) -> Any:
        return _over(_over(DEFAULTS, self.values), self.options, added=True)[name]

    def _relative(self, path: str) -> str:
        """Return a path relative to the folder of the configuration, with `/`."""
        if self.folder is None or (self.folder == os.curdir and not os.path.isabs(path) and ".." not in path):  # noqa: PTH117
            return path
        try:
            return os.path.relpath(path, self.folder).replace(os.sep, "/")
        except (OSError, ValueError):  # the current folder is gone, another drive, a null character
            return path

    def _inside(self, name: str, path: str) -> str:
        """Return the path of a file of the configuration; refuse one that a link leads out of the folder."""
        folder = self.folder or os.curdir
        joined = os.path.join(folder, path)  # noqa: PTH118 - a name may be anything that the system gives
        fixed = os.path.join(folder, without_wildcards(path))  # noqa: PTH118 - of a pattern, its folders are followed
        real, top = os.path.realpath(fixed), os.path.realpath(folder)
        if os.path.commonpath((real, top)) != top:
            raise _refused(f"`{name}` leads out of the folder of the configuration: `{path}` is a link")
        return display_path(joined)


NO_CONFIG = Config()


def _over(values: Mapping[str, Any], others: Mapping[str, Any], *, added: bool = False) -> dict[str, Any]:
    """Return values replaced by others, `set` by name; with `added`, lists of options are added."""
    result = {**values, **others}
    if "set" in others:
        result["set"] = {**values["set"], **others["set"]}
    for name in ADDED & others.keys() if added else ():
        result[name] = (*values[name], *others[name])
    return result


def _replace_batch(entries: dict[str, ConfigValue], values: Mapping[str, Any]) -> None:
    """Take a batch out that these values set by its symbol, as `Settings.replaced_by` does."""
    symbol = next((name for name in BATCH_SYMBOLS if name in values.get("set", {})), None)
    if symbol is not None and "batch" not in values and entries["batch"].value is not None:
        entries["batch"] = entries[f"set.{symbol}"]._replace(value=None)


def find_config() -> Config:
    """Return the configuration of the current folder, or of the nearest one above it; `NO_CONFIG` if there is none.

    In one folder, `.shapecalc.toml` comes first; a pyproject.toml without `[tool.shapecalc]` is passed over. Folders
    above the root of a repository, which has `.git`, or above the home folder are not searched.
    Raises `ShapecalcError` (exit code 2) with the mistakes in it, or if it cannot be read.
    """
    folders = _searched()
    for level in range(len(folders)):
        folder = Path(*[os.pardir] * level)
        for name in (OWN_FILE, PROJECT_FILE):
            path = folder / name
            if os.path.lexists(path):
                config = _load(path, folder, top=folders[-1])
                if config is not None:
                    return config
    return NO_CONFIG


def _searched() -> list[Path]:
    """Return the current folder and those above it up to the root of the repository or the home folder."""
    try:
        start = Path.cwd()
    except OSError:  # the current folder is gone
        return []
    home = os.path.realpath(os.path.expanduser("~"))  # noqa: PTH111 - `Path.home` raises if there is none
    folders = [start, *start.parents]
    last = next((i for i, folder in enumerate(folders) if os.path.lexists(folder / ".git") or str(folder) == home), -1)
    return folders[: last + 1] if last >= 0 else folders


def searched_folders() -> list[str]:
    """Return the folders in which a configuration is searched."""
    return [str(folder) for folder in _searched()]


def load_config(file: str | os.PathLike[str]) -> Config:
    """Return the configuration in a file; its paths are relative to the current folder.

    A file that has a table `tool`, as a pyproject.toml, is read for `[tool.shapecalc]`.
    Raises `ShapecalcError` (exit code 2) with the mistakes in it, or if it cannot be read.
    """
    config = _load(Path(file), Path(os.curdir))
    assert config is not None  # a file that is named is read, whatever it has
    return config


def _load(path: Path, folder: Path, top: Path | None = None) -> Config | None:
    """Return the configuration in a file; `top` is the last folder of the search that found it, if it was found.

    The result is None for a pyproject.toml that was found and has no configuration.
    """
    name, project = display_path(os.fspath(path)), path.name == PROJECT_FILE
    try:
        data = read_bytes(os.fspath(path), Limits(file_size=MOST_BYTES))
        if top and project and _WORD not in data:
            return None
        if top and not _is_in(path, top):  # a message about it would quote what lies elsewhere
            raise _refused(f"`{name}` is a link to a file elsewhere")
        if len(data) > MOST_BYTES:
            raise _refused(f"`{name}` is larger than {MOST_BYTES} bytes")
        source = decode(name, data)
        document = read_toml(source)
    except ShapecalcError as error:
        hint = "`--config FILE` reads another file, `--no-config` none" if top else None
        diagnostics = tuple(each._replace(help=each.help or hint) for each in error.diagnostics)
        raise ShapecalcError(diagnostics, error.source, exit_code=2) from None
    if not project and "tool" not in document:
        return _config(source, folder, document, ())
    tool = document.get("tool")
    table = tool.get(_TABLE[-1]) if isinstance(tool, dict) else None
    if table is None and top and project:
        return None
    if table is None:
        raise _refused(f"`{name}` has no `[{'.'.join(_TABLE)}]`")
    return _config(source, folder, table, _TABLE)


def _config(source: Source, folder: Path, table: Any, root: tuple[str, ...]) -> Config:
    tables = read_tables(source, table, root)
    return Config(source, os.fspath(folder), root, tables.values, tables.overrides)


def _refused(message: str) -> ShapecalcError:
    return misuse("SC506", message)


def _is_in(path: Path, folder: Path) -> bool:
    real, top = os.path.realpath(path), os.path.realpath(folder)
    return real.startswith(os.path.join(top, ""))  # noqa: PTH118 - a name may be anything that the system gives
