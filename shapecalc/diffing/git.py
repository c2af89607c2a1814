"""Loading of a file as of a git revision, with the files that it included then."""

from __future__ import annotations

import os
import subprocess
import tempfile
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, NoReturn

from shapecalc.diagnostics import Diagnostic, ShapecalcError, Source
from shapecalc.diagnostics.limits import LIMITS, Limits
from shapecalc.files.load import loads_source
from shapecalc.parser.files import decode_network
from shapecalc.parser.include import included_sources

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.architecture import Architecture

_LINK = b"120000"
"""The mode of a symbolic link, as git lists it."""

# Git sets these for a hook, for the folder that it runs in; here the repository is that of the file.
_HOOK_VARIABLES = frozenset(
    {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR", "GIT_NAMESPACE"}
)

# Messages of git are parsed, so they are in English; names are not patterns; git must not prompt for a password.
_ENVIRONMENT = {"LC_ALL": "C", "GIT_LITERAL_PATHSPECS": "1", "GIT_TERMINAL_PROMPT": "0"}


def load_at(path: str, revision: str, parameters: Mapping[str, Any], limits: Limits = LIMITS) -> Architecture | None:
    """Return the architecture of a file as of a revision; None if the file did not exist then.

    Included files are read from the same revision. A symbolic link is resolved to the file that it names today. Nothing
    is checked out, so no filter of the repository is run. Raises `ShapecalcError` SC001 (exit code 2) if git is not
    installed, the file is in no repository or was a symbolic link, or there is no such revision; other mistakes are
    those of the old text, named as git names it, `HEAD~1:net.yaml`.
    """
    real = Path(os.path.realpath(path))
    folder, name = real.parent, real.name
    commit = _commit(folder, revision, path)
    text = _read(folder, commit, name, limits)
    if text is None:
        return None
    # `include:` reads files, so the old texts are written to a temporary folder.
    with tempfile.TemporaryDirectory(prefix="shapecalc-") as temporary:
        try:
            source = decode_network(path, text, limits)
            read = partial(_read, folder, commit, limits=limits)
            for inner, data in included_sources(source, read, limits).items():
                target = Path(temporary) / inner
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(data)
            return loads_source(source, limits, Path(temporary), parameters)
        except ShapecalcError as error:
            source = error.source or Source(path, "")
            raise ShapecalcError(error.diagnostics, _of(source, revision), exit_code=error.exit_code) from None


def _of(source: Source, revision: str) -> Source:
    """Return a source and those that it includes under git's names for them."""
    return source._replace(
        name=f"{revision}:{source.name}", included=tuple(_of(inner, revision) for inner in source.included)
    )


def _commit(folder: Path, revision: str, path: str) -> str:
    if not revision or revision.startswith("-") or "\0" in revision:
        _refuse(f"`{revision}` is no git revision", "name a commit, a branch or a tag, such as `HEAD` or `main`")
    repository = _git(folder, "rev-parse", "--git-dir")
    if repository.returncode:
        error = _error_of(repository)
        missing = "not a git repository" in error
        _refuse(
            f"`{path}` is in no git repository" if missing else f"git cannot read the repository of `{path}`: {error}"
        )
    commit = _git(folder, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    if commit.returncode:
        shallow = _git(folder, "rev-parse", "--is-shallow-repository").stdout.strip() == b"true"
        fetch = "the clone is shallow: fetch the revision first (actions/checkout: `fetch-depth: 0`)"
        _refuse(f"git knows no revision `{revision}`", fetch if shallow else "`git log --oneline --all` names some")
    return commit.stdout.decode().strip()


def _read(folder: Path, commit: str, name: str, limits: Limits) -> bytes | None:
    """Return the contents of a file below a folder as of a commit; of a larger one, a byte more than the limit."""
    listed = _git(folder, "ls-tree", "-z", "-l", commit, "--", f"./{PurePosixPath(name)}")
    if listed.returncode:
        _refuse(f"git cannot read `{name}`: {_error_of(listed)}")
    mode, kind, blob, size = (listed.stdout.partition(b"\t")[0].split() or [b""] * 4)[:4]
    if mode == _LINK:
        _refuse(
            f"`{name}` was a symbolic link then, which `--base` does not follow", "compare two files: `diff OLD NEW`"
        )
    if kind != b"blob":
        return None
    if int(size) > limits.file_size:
        return b" " * (limits.file_size + 1)
    content = _git(folder, "cat-file", "blob", blob.decode())
    if content.returncode:
        _refuse(f"git cannot read `{name}`: {_error_of(content)}")
    return content.stdout


def _git(folder: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(  # noqa: S603 - no shell; a revision that looks like an option is refused
            ["git", *words],  # noqa: S607 - git is wherever the user has it
            cwd=folder,
            env={name: value for name, value in os.environ.items() if name not in _HOOK_VARIABLES} | _ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    except OSError as error:
        there = os.path.isdir(folder)  # noqa: PTH112 - a name may be too long for `Path.is_dir`
        _refuse(
            f"git cannot be run: {(error.strerror or str(error)).lower()}" if there else f"`{folder}` is no folder",
            "`--base` reads old versions with git, which has to be installed" if there else None,
        )


def _error_of(process: subprocess.CompletedProcess[bytes]) -> str:
    lines = process.stderr.decode("utf-8", "replace").splitlines()
    return lines[0].removeprefix("fatal: ") if lines else f"exit code {process.returncode}"


def _refuse(message: str, help_: str | None = None) -> NoReturn:
    raise ShapecalcError((Diagnostic(code="SC001", message=message, help=help_),), exit_code=2) from None
