"""`include:` → the blocks of other files, in or below the folder of the including file."""

from __future__ import annotations

import re
from pathlib import Path, PurePath
from posixpath import normpath
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.diagnostics import Diagnostic, Label, ShapecalcError, Source
from shapecalc.diagnostics.limits import LIMITS, Limits
from shapecalc.parser.blocks import Block, own_blocks, read_blocks
from shapecalc.parser.diagnostics import Diagnostics, position
from shapecalc.parser.files import read_source
from shapecalc.parser.reader import read_tree
from shapecalc.parser.scalars import shorten
from shapecalc.parser.steps import StepReader
from shapecalc.parser.tree import Mapping, Node, Scalar, Sequence, head

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapecalc.architecture import Unused

INCLUDED_KEYS = ("name", "source", "include", "blocks")
"""The keys of a file of blocks."""

_INCLUDE = re.compile(r"^include[ \t]*:.*(?:\n(?:[ \t#-].*)?(?=\n|\Z))*", re.MULTILINE)
"""The lines of the key in the first column, up to the next key there."""


def read_included(node: Node, folder: Path | None, diagnostics: Diagnostics, limits: Limits) -> dict[str, Block]:
    """Return the blocks of every file that `include:` names, and of those that these include.

    Paths are relative to the file that names them. `folder` is that of the including file, None for a text without
    one. The included texts are added to the collector's source, so that diagnostics can point into them.
    """
    start = None if folder is None else folder / PurePath(diagnostics.source.name).name
    return _IncludeReader(folder, diagnostics, limits, start).read(node, folder, ())


def included_sources(source: Source, read: Callable[[str], bytes | None], limits: Limits = LIMITS) -> dict[str, bytes]:
    """Return the bytes of all files that a text includes, directly or not, by path relative to the text's folder.

    `read` returns the bytes of such a path, None if it does not exist. Files that are not YAML and paths out of the
    folder are skipped: parsing the text reports them.

    >>> from shapecalc.diagnostics import Source
    >>> files = {"lib/a.yaml": b"include: b.yaml", "lib/b.yaml": b"blocks: {}"}
    >>> list(included_sources(Source("", "include: [lib/a.yaml, ../c.yaml]"), files.get))
    ['lib/a.yaml', 'lib/b.yaml']
    """
    sources: dict[str, bytes] = {}
    waiting = _names(source, "", limits)
    while waiting and len(sources) <= limits.includes:  # one more than allowed, so that parsing refuses it
        name = waiting.pop(0)
        data = None if name in sources else read(name)
        if data is not None:
            sources[name] = data
            waiting += _names(Source(name, data.decode("utf-8", "replace")), name.rpartition("/")[0], limits)
    return sources


def _names(source: Source, folder: str, limits: Limits) -> list[str]:
    """Return the paths that a text includes, relative to the folder of the first text."""
    if "include" not in source.text and "\\" not in source.text:  # a key may be written with escapes
        return []
    node = _include_node(source, limits)
    items = node.items if isinstance(node, Sequence) else (node,)
    names = [item.value for item in items if isinstance(item, Scalar) and isinstance(item.value, str) and item.value]
    return [
        normpath(f"{folder}/{name}" if folder else name) for name in names if not leads_out(name) and "\0" not in name
    ]


def _include_node(source: Source, limits: Limits) -> Node | None:
    """Return the value of `include:`, of which the lines are read alone if they can be."""
    lines = _INCLUDE.findall(source.text)
    for text in (lines[0] if len(lines) == 1 else None, source.text):
        try:
            root, refused = read_tree(source._replace(text=text), limits) if text is not None else (None, ())
        except ShapecalcError:
            continue
        if isinstance(root, Mapping) and not (refused and text != source.text):
            return root.get("include")
    return None


def leads_out(name: str) -> bool:
    """Return whether a path leads out of its folder, in the notation of any system."""
    return name.startswith(("/", "\\", "~")) or ".." in PurePath(name.replace("\\", "/")).parts or ":" in name


class CheckedBlocks(NamedTuple):
    """The diagnostics of a file of blocks, its text with those that it includes, and parameters that nothing uses."""

    diagnostics: tuple[Diagnostic, ...]
    source: Source
    unused: tuple[Unused, ...]


def diagnose_blocks(source: Source, folder: Path | None, limits: Limits = LIMITS) -> CheckedBlocks:
    """Return the diagnostics of a file of blocks.

    Names that the file does not have may be those of blocks or parameters of a file that includes it.
    """
    from shapecalc.parser.unused import unused_parameters  # noqa: PLC0415 - only a check needs it

    root, refused = read_tree(source, limits)
    diagnostics = Diagnostics(source, refused)
    path = (folder or Path()) / PurePath(source.name).name
    blocks = _IncludeReader(folder, diagnostics, limits).blocks(root, path, ())
    diagnostics.blocks_missing = diagnostics.parameters_missing = True
    own = own_blocks(blocks)
    StepReader(diagnostics, blocks, limits).read_uncalled(own)
    recorded = tuple(sorted(diagnostics.recorded, key=position))
    return CheckedBlocks(recorded, diagnostics.source, tuple(unused_parameters((), (), own)))


class _IncludeReader:
    """Reads the included files of one text; `start` is its path, and a file that includes it makes a cycle."""

    __slots__ = ("_diagnostics", "_folder", "_known", "_limits", "_paths", "_read", "_start")

    def __init__(
        self, folder: Path | None, diagnostics: Diagnostics, limits: Limits, start: Path | None = None
    ) -> None:
        self._folder = None if folder is None else _real(folder)
        self._diagnostics = diagnostics
        self._limits = limits
        first = None if start is None else _real(start)
        self._start = () if first is None else (first,)
        self._known: dict[Path, dict[str, Block]] = {}
        self._paths: dict[tuple[Path, str], Path | None] = {}
        self._read = 0  # bytes

    def read(self, node: Node, folder: Path | None, chain: tuple[Path, ...]) -> dict[str, Block]:
        """Return the blocks of the files that one `include:` names; `chain` has the files that lead there."""
        blocks: dict[str, Block] = {}
        merged: set[Path] = set()
        above = (*self._start, *chain)
        for item in node.items if isinstance(node, Sequence) else (node,):
            path = self._path(item, folder)
            if path is None:
                self._diagnostics.blocks_missing = True
                continue
            if path in merged:
                continue
            if path in above:
                circle = " → ".join(f"`{step.name}`" for step in (*above[above.index(path) :], path))
                self._diagnostics.refuse("SC115", f"`include` goes in a circle: {circle}", head(item))
                continue
            if len(chain) >= self._limits.include_depth and path not in self._known:
                message = f"files include files {self._limits.include_depth} deep, this is one deeper"
                self._diagnostics.refuse("SC019", message, head(item), help=self._limits.raising("include_depth"))
                self._lost()
                continue
            if path not in self._known:
                self._known[path] = self._file(path, item, chain)
            merge_blocks(blocks, self._known[path], self._diagnostics)
            merged.add(path)
        return blocks

    def _path(self, node: Node, folder: Path | None) -> Path | None:
        """Return the real path of a file; None if it is refused."""
        name = node.value if isinstance(node, Scalar) else None
        if not isinstance(name, str) or not name:
            self._diagnostics.refuse_value("SC202", "`include` expects the name of a file, or a list of them", node)
            return None
        if folder is None or self._folder is None:
            message = "`include` expects a file beside this one, and a text without a folder has none"
            self._diagnostics.refuse("SC115", message, head(node), help="put the blocks below `blocks:`")
            return None
        if (folder, name) not in self._paths:  # resolving takes a system call for each parent folder
            self._paths[folder, name] = None if leads_out(name) else _real(folder / name)
        real = self._paths[folder, name]
        if real is None or not real.is_relative_to(self._folder):
            message = f"`include` expects a file below the including file's folder, receives `{shorten(name)}`"
            self._diagnostics.refuse("SC115", message, head(node), help="put it beside the file or in a folder below")
            return None
        return real

    def _file(self, path: Path, node: Node, chain: tuple[Path, ...]) -> dict[str, Block]:
        included = self._diagnostics.source.included
        if len(included) >= self._limits.includes:
            message = f"`include` reads at most {self._limits.includes} files, this is one more"
            self._diagnostics.refuse("SC017", message, head(node), help=self._limits.raising("includes"))
            return self._lost()
        number = len(included) + 1
        here = Label(head(node), "included here")
        try:
            source = read_source(path, self._limits)
        except ShapecalcError as error:
            for diagnostic in error.diagnostics:
                message = diagnostic.message.replace(str(path), self._display_name(path))
                self._diagnostics.refuse("SC115", f"`include`: {message}", head(node), help=diagnostic.help)
            return self._lost()
        self._read += len(source.text.encode())
        if self._read > self._limits.include_size:
            message = f"included files have more than {self._limits.include_size} bytes with this one"
            self._diagnostics.refuse("SC018", message, head(node), help=self._limits.raising("include_size"))
            return self._lost()
        source = source._replace(name=self._display_name(path))
        self._diagnostics.source = self._diagnostics.source._replace(included=(*included, source))
        try:
            root, refused = read_tree(source, self._limits)
        except ShapecalcError as error:
            for diagnostic in error.diagnostics:
                self._diagnostics.add(_located_diagnostic(diagnostic, number, here))
            return self._lost()
        self._diagnostics.extend(_located_diagnostic(diagnostic, number, here) for diagnostic in refused)
        root = _located(root, number)
        with self._diagnostics.within(here):
            return self.blocks(root, path, chain)

    def _lost(self) -> dict[str, Block]:
        """Record that a file's blocks are unknown, and return no blocks."""
        self._diagnostics.blocks_missing = True
        return {}

    def blocks(self, root: Node, path: Path, chain: tuple[Path, ...]) -> dict[str, Block]:
        """Return the blocks of a file's tree, its own and those that it includes."""
        if not isinstance(root, Mapping):
            self._diagnostics.refuse_value("SC005", "a file of blocks expects `blocks:`", root)
            return self._lost()
        entries = self._diagnostics.keys(root, INCLUDED_KEYS, "a file of blocks")
        if not {"blocks", "include"} & set(entries):
            start = root.span._replace(end_line=root.span.line, end_column=root.span.column + 1)
            self._diagnostics.refuse("SC108", "a file of blocks requires `blocks:`", start)
        blocks = {}
        if "include" in entries:
            blocks = dict(self.read(entries["include"], path.parent, (*chain, _real(path) or path)))
        if "blocks" in entries:
            own = read_blocks(entries["blocks"], self._diagnostics)
            if isinstance(entries["blocks"], Mapping):
                self._diagnostics.invalid_blocks |= {key.text for key, _ in entries["blocks"].entries} - set(own)
            else:
                self._lost()
            merge_blocks(blocks, own, self._diagnostics)
        return blocks

    def _display_name(self, path: Path) -> str:
        """Return the name of a file in diagnostics, in the style of the including file's name."""
        assert self._folder is not None  # `_path` refuses without one
        own = PurePath(self._diagnostics.source.name).parent
        return str(own / path.relative_to(self._folder))


def _real(path: Path) -> Path | None:
    """Return a path with symbolic links resolved, None if the system cannot resolve it."""
    try:
        return path.resolve()
    except (OSError, RuntimeError, ValueError):
        return None


def merge_blocks(blocks: dict[str, Block], more: dict[str, Block], diagnostics: Diagnostics) -> None:
    """Add blocks to others; refuse a name with two different definitions."""
    for name, block in more.items():
        other = blocks.get(name)
        if other is not None and other.name.span != block.name.span:
            message = f"the block `{name}` is defined twice"
            diagnostics.refuse("SC103", message, block.name.span, labels=(Label(other.name.span, "first here"),))
        else:
            blocks[name] = block


def _located(node: Node, number: int) -> Node:
    """Return a tree with its spans in the included text of that number."""
    span = node.span._replace(file=number)
    if isinstance(node, Scalar):
        return node._replace(span=span)
    if isinstance(node, Sequence):
        return Sequence(tuple(_located(item, number) for item in node.items), span)
    entries = tuple(
        (key._replace(span=key.span._replace(file=number)), _located(value, number)) for key, value in node.entries
    )
    return Mapping(entries, span)


def _located_diagnostic(diagnostic: Diagnostic, number: int, here: Label) -> Diagnostic:
    if diagnostic.span is None:
        return diagnostic._replace(span=here.span)
    labels = tuple(Label(label.span._replace(file=number), label.text) for label in diagnostic.labels)
    fix = None if diagnostic.fix is None else diagnostic.fix._replace(span=diagnostic.fix.span._replace(file=number))
    return diagnostic._replace(span=diagnostic.span._replace(file=number), labels=(*labels, here), fix=fix)
