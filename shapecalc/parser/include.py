"""`include:` → the blocks of other files, in or below the folder of the including file."""

from __future__ import annotations

import re
from pathlib import Path, PurePath
from posixpath import normpath
from typing import TYPE_CHECKING

from shapecalc.diagnostics import Diagnostic, Label, ShapecalcError, Source, Span
from shapecalc.diagnostics.limits import LIMITS, Limits
from shapecalc.layers.fields import said
from shapecalc.parser.blocks import Block, read_blocks
from shapecalc.parser.files import read_source
from shapecalc.parser.findings import Findings, head, position
from shapecalc.parser.reader import read_tree
from shapecalc.parser.scalars import shorten
from shapecalc.parser.shapes import plain
from shapecalc.parser.tree import Mapping, Node, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Callable

INCLUDED_KEYS = ("name", "source", "include", "blocks")
"""The keys of a file of blocks."""

_KEY_OF_BLOCKS = re.compile(r"^['\"{ ]*(?:blocks|include)\b", re.MULTILINE)


def read_included(node: Node, folder: Path | None, findings: Findings, limits: Limits) -> dict[str, Block]:
    """Return the blocks of every file that `include:` names, and of those that these include.

    Paths are relative to the file that names them. `folder` is that of the including file, None for a text without
    one. The included texts are added to the collector's source, so that diagnostics can point into them.
    """
    start = None if folder is None else folder / PurePath(findings.source.name).name
    return _Includes(folder, findings, limits, start).read(node, folder, ())


def holds_blocks_alone(source: Source, limits: Limits = LIMITS) -> bool:
    """Return whether a text is a file of blocks to include, not a network; False if it cannot be read.

    >>> from shapecalc.diagnostics import Source
    >>> [holds_blocks_alone(Source("", text)) for text in ("blocks: {a: {layers: [relu]}}", "layers: [relu]")]
    [True, False]
    """
    if not _KEY_OF_BLOCKS.search(source.text):
        return False  # the usual case, decided without parsing the file twice
    try:
        root, _ = read_tree(source, limits)
    except ShapecalcError:
        return False
    keys = {key.text for key, _ in root.entries} if isinstance(root, Mapping) else set()
    return bool(keys & {"blocks", "include"}) and not keys & {"layers", "input", "inputs"}


def included_sources(source: Source, read: Callable[[str], bytes | None], limits: Limits = LIMITS) -> dict[str, bytes]:
    """Return the bytes of all files that a text includes, directly or not, by path relative to the text's folder.

    `read` returns the bytes of such a path, None if it does not exist. Files that are not YAML and paths out of the
    folder are skipped: parsing the text reports them.

    >>> from shapecalc.diagnostics import Source
    >>> files = {"lib/a.yaml": b"include: b.yaml", "lib/b.yaml": b"blocks: {}"}
    >>> list(included_sources(Source("", "include: [lib/a.yaml, ../c.yaml]"), files.get))
    ['lib/a.yaml', 'lib/b.yaml']
    """
    found: dict[str, bytes] = {}
    waiting = _names(source, "", limits)
    while waiting and len(found) <= limits.includes:  # one more than allowed, so that parsing refuses it
        name = waiting.pop(0)
        data = None if name in found else read(name)
        if data is not None:
            found[name] = data
            waiting += _names(Source(name, data.decode("utf-8", "replace")), name.rpartition("/")[0], limits)
    return found


def _names(source: Source, folder: str, limits: Limits) -> list[str]:
    """Return the paths that a text includes, relative to the folder of the first text."""
    try:
        root, _ = read_tree(source, limits)
    except ShapecalcError:
        return []
    node = root.get("include") if isinstance(root, Mapping) else None
    items = node.items if isinstance(node, Sequence) else (node,)
    names = [item.value for item in items if isinstance(item, Scalar) and isinstance(item.value, str) and item.value]
    return [normpath(f"{folder}/{name}" if folder else name) for name in names if not _leads_out(name)]


def _leads_out(name: str) -> bool:
    """Return whether a path leads out of its folder, in the notation of any system."""
    return name.startswith(("/", "\\", "~")) or ".." in PurePath(name.replace("\\", "/")).parts or ":" in name


def findings_of_blocks(
    source: Source, folder: Path | None, limits: Limits = LIMITS
) -> tuple[tuple[Diagnostic, ...], Source]:
    """Return the diagnostics of a file of blocks, and its text with those that it includes."""
    root, noted = read_tree(source, limits)
    findings = Findings(source, noted)
    path = (folder or Path()) / PurePath(source.name).name
    _Includes(folder, findings, limits).blocks(root, path, ())
    return tuple(sorted(findings.found, key=position)), findings.source


class _Includes:
    """Reads the included files of one text; `start` is its path, and a file that includes it makes a cycle."""

    __slots__ = ("_findings", "_folder", "_known", "_limits", "_paths", "_read", "_start")

    def __init__(self, folder: Path | None, findings: Findings, limits: Limits, start: Path | None = None) -> None:
        self._folder = None if folder is None else _real(folder)
        self._findings = findings
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
                self._findings.blocks_lost = True
                continue
            if path in merged:
                continue
            if path in above:
                circle = " → ".join(f"`{step.name}`" for step in (*above[above.index(path) :], path))
                self._findings.refuse("SC115", f"`include` goes in a circle: {circle}", head(item))
                continue
            if len(chain) >= self._limits.include_depth and path not in self._known:
                message = f"files include files {self._limits.include_depth} deep, this is one deeper"
                self._findings.refuse("SC019", message, head(item), help=self._limits.raising("include_depth"))
                self._lost()
                continue
            if path not in self._known:
                self._known[path] = self._file(path, item, chain)
            merge_blocks(blocks, self._known[path], self._findings)
            merged.add(path)
        return blocks

    def _path(self, node: Node, folder: Path | None) -> Path | None:
        """Return the real path of a file; None if it is refused."""
        name = node.value if isinstance(node, Scalar) else None
        if not isinstance(name, str) or not name:
            message = f"`include` expects the name of a file, or a list of them, receives {said(plain(node))}"
            self._findings.refuse("SC202", message, head(node))
            return None
        if folder is None or self._folder is None:
            message = "`include` expects a file beside this one, and a text without a folder has none"
            self._findings.refuse("SC115", message, head(node), help="put the blocks below `blocks:`")
            return None
        if (folder, name) not in self._paths:  # resolving takes a system call for each parent folder
            self._paths[folder, name] = None if _leads_out(name) else _real(folder / name)
        real = self._paths[folder, name]
        if real is None or not real.is_relative_to(self._folder):
            message = f"`include` expects a file below the including file's folder, receives `{shorten(name)}`"
            self._findings.refuse("SC115", message, head(node), help="put it beside the file or in a folder below")
            return None
        return real

    def _file(self, path: Path, node: Node, chain: tuple[Path, ...]) -> dict[str, Block]:
        included = self._findings.source.included
        if len(included) >= self._limits.includes:
            message = f"`include` reads at most {self._limits.includes} files, this is one more"
            self._findings.refuse("SC017", message, head(node), help=self._limits.raising("includes"))
            return self._lost()
        number = len(included) + 1
        here = Label(head(node), "included here")
        try:
            source = read_source(path, self._limits)
        except ShapecalcError as error:
            for finding in error.diagnostics:
                message = finding.message.replace(str(path), self._shown(path))
                self._findings.refuse("SC115", f"`include`: {message}", head(node), help=finding.help)
            return self._lost()
        self._read += len(source.text.encode())
        if self._read > self._limits.include_size:
            message = f"included files come to more than {self._limits.include_size} bytes with this one"
            self._findings.refuse("SC018", message, head(node), help=self._limits.raising("include_size"))
            return self._lost()
        source = source._replace(name=self._shown(path))
        self._findings.source = self._findings.source._replace(included=(*included, source))
        try:
            root, noted = read_tree(source, self._limits)
        except ShapecalcError as error:
            for finding in error.diagnostics:
                self._findings.add(_filed_finding(finding, number, here))
            return self._lost()
        self._findings.note(_filed_finding(finding, number, here) for finding in noted)
        root = _filed(root, number)
        with self._findings.within(here):
            return self.blocks(root, path, chain)

    def _lost(self) -> dict[str, Block]:
        """Record that a file's blocks are unknown, and return no blocks."""
        self._findings.blocks_lost = True
        return {}

    def blocks(self, root: Node, path: Path, chain: tuple[Path, ...]) -> dict[str, Block]:
        """Return the blocks of a file's tree, its own and those that it includes."""
        if not isinstance(root, Mapping):
            message = f"a file of blocks expects `blocks:`, receives {said(plain(root))}"
            self._findings.refuse("SC005", message, head(root))
            return self._lost()
        entries = self._findings.keys(root, INCLUDED_KEYS, "a file of blocks")
        if not {"blocks", "include"} & set(entries):
            start = root.span._replace(end_line=root.span.line, end_column=root.span.column + 1)
            self._findings.refuse("SC108", "a file of blocks expects `blocks:`, has none", start)
        blocks = {}
        if "include" in entries:
            blocks = dict(self.read(entries["include"], path.parent, (*chain, _real(path) or path)))
        if "blocks" in entries:
            own = read_blocks(entries["blocks"], self._findings)
            if isinstance(entries["blocks"], Mapping):
                self._findings.lost_blocks |= {key.text for key, _ in entries["blocks"].entries} - set(own)
            else:
                self._lost()
            merge_blocks(blocks, own, self._findings)
        return blocks

    def _shown(self, path: Path) -> str:
        """Return the name of a file in diagnostics, in the style of the including file's name."""
        assert self._folder is not None  # `_path` refuses without one
        own = PurePath(self._findings.source.name).parent
        return str(own / path.relative_to(self._folder))


def _real(path: Path) -> Path | None:
    """Return a path with symbolic links resolved, None if the system cannot resolve it."""
    try:
        return path.resolve()
    except (OSError, RuntimeError, ValueError):
        return None


def merge_blocks(blocks: dict[str, Block], more: dict[str, Block], findings: Findings) -> None:
    """Add blocks to others; refuse a name with two different definitions."""
    for name, block in more.items():
        other = blocks.get(name)
        if other is not None and other.name.span != block.name.span:
            message = f"the block `{name}` is defined twice"
            findings.refuse("SC103", message, block.name.span, labels=(Label(other.name.span, "first here"),))
        else:
            blocks[name] = block


def _filed(node: Node, number: int) -> Node:
    """Return a tree with its spans in the included text of that number."""
    span = node.span._replace(file=number)
    if isinstance(node, Scalar):
        return node._replace(span=span)
    if isinstance(node, Sequence):
        return Sequence(tuple(_filed(item, number) for item in node.items), span)
    entries = tuple(
        (key._replace(span=key.span._replace(file=number)), _filed(value, number)) for key, value in node.entries
    )
    return Mapping(entries, span)


def _filed_finding(finding: Diagnostic, number: int, here: Label) -> Diagnostic:
    def filed(span: Span | None) -> Span | None:
        return None if span is None else span._replace(file=number)

    if finding.span is None:
        return finding._replace(span=here.span)
    labels = tuple(Label(label.span._replace(file=number), label.text) for label in finding.labels)
    fix = None if finding.fix is None else finding.fix._replace(span=finding.fix.span._replace(file=number))
    return finding._replace(span=filed(finding.span), labels=(*labels, here), fix=fix)
