"""Completion by the shell, with typer's protocol: what each option and argument can be, from the command line so far.

Nothing of this is imported by a command. No description is added to a word: for zsh and fish typer would import rich.
"""

from __future__ import annotations

import os
import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.cli.groups import COMMANDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from shapecalc.architecture import Architecture

    Words = Callable[[Any, str], Iterable[str]]

VARIABLE = "_SHAPECALC_COMPLETE"
_INSTRUCTION = re.compile("(source|complete)_(bash|zsh|fish|powershell|pwsh)")
_ENDINGS = (".yaml", ".yml")
_MOST = 200
"""The most files that are offered."""
_FIGURES = ("params", "buffers", "macs", "flops", "memory", "activations", "active_params")
"""What `sweep` sorts and compares by."""


class Candidate(NamedTuple):
    """A word that is offered, with the attributes that typer reads."""

    value: str
    help: str = ""
    type: str = "plain"


def answer(command: Any) -> None:
    """Print the answer to the shell and exit; return if the variable has a value of another meaning."""
    if not _INSTRUCTION.fullmatch(os.environ[VARIABLE]):
        return
    if os.environ[VARIABLE] == "complete_bash":
        _join_at_equals_signs()
    command.main(prog_name="shapecalc", complete_var=VARIABLE)


def _join_at_equals_signs() -> None:
    """Join `--set`, `H`, `=`, `2`, as bash splits words, to `--set`, `H=2`."""
    words = os.environ.get("COMP_WORDS", "").split("\n")
    place = int(os.environ.get("COMP_CWORD", "0"))
    joined: list[str] = []
    for number, word in enumerate(words[: place + 1]):
        if joined and number > 1 and (word == "=" or words[number - 1] == "="):
            joined[-1] += word
        else:
            joined.append(word)
    os.environ["COMP_WORDS"], os.environ["COMP_CWORD"] = "\n".join(joined), str(len(joined) - 1)


def commands(incomplete: str) -> list[Candidate]:
    """Return the commands that begin with a word."""
    return [Candidate(name) for name in COMMANDS if name.startswith(incomplete)]


def options(complete: Callable[[Any, str], Iterable[Any]], context: Any, incomplete: str) -> list[Candidate]:
    """Return the options that typer completes, without their help."""
    return [Candidate(item.value) for item in complete(context, incomplete)]


def attach(command: Any) -> Any:
    """Return a command whose options and arguments are completed."""
    valued: set[str] = set()
    for parameter in command.params:
        is_argument = parameter.param_type_name == "argument"
        names = (parameter.metavar or "").strip("[].").split("|") if is_argument else parameter.opts
        if not is_argument and not parameter.is_flag:
            valued.update(names)
        words = [WORDS[name] for name in names if name in WORDS]
        if words:
            literal = [name for name in names if name.islower() and not name.startswith("-")]
            parameter.shell_complete = partial(_candidates, words[0], literal)
    command.shell_complete = partial(options, command.shell_complete)
    command.parse_args = partial(_parsed, command.parse_args, valued)
    return command


def _parsed(parse: Callable[[Any, list[str]], Any], valued: set[str], context: Any, arguments: list[str]) -> Any:
    """Parse a command line without the option whose value is being typed: for want of one, nothing would be parsed."""
    return parse(context, arguments[:-1] if arguments and arguments[-1] in valued else arguments)


def _candidates(words: Words, literal: list[str], context: Any, incomplete: str) -> list[Candidate]:
    # Bash replaces only what follows the last sign of equality.
    cut = incomplete.rfind("=") + 1 if os.environ[VARIABLE] == "complete_bash" else 0
    try:
        offered = dict.fromkeys((*literal, *words(context, incomplete)))
        return [Candidate(word[cut:]) for word in offered if word.startswith(incomplete)]
    except Exception:  # noqa: BLE001 - a file with a mistake, say; the shell would show any message among the words
        return []


def _networks(_context: Any, incomplete: str) -> Iterator[str]:
    """Yield the included architectures and the architecture files below the folder that is typed."""
    from shapecalc.files import zoo

    yield from zoo.names()
    yield from _files(incomplete)


def _networks_or_paths(context: Any, incomplete: str) -> Iterator[str]:
    from shapecalc.files import zoo

    yield from zoo.names()
    yield from _paths(context, incomplete)


def _paths(_context: Any, incomplete: str) -> Iterator[str]:
    folder = Path(os.path.dirname(incomplete) or ".")  # noqa: PTH120 - "nets/" is a folder too
    yield from (str(path) for path in sorted(folder.iterdir()) if path.is_dir() and not path.name.startswith("."))
    yield from _files(incomplete)


def _files(incomplete: str) -> list[str]:
    """Return the architecture files whose path begins with a word: in one folder, and in the folders in it."""
    folder, _, name = incomplete.rpartition("/")
    prefix = f"{folder}/" if "/" in incomplete else ""
    names: list[str] = []
    for entry in sorted(os.scandir(prefix or "."), key=lambda entry: entry.name):
        if not entry.name.startswith(name) or (entry.name.startswith(".") and not name):
            continue
        if entry.is_dir():
            inside = sorted(os.listdir(entry.path))  # noqa: PTH208
            names += [f"{prefix}{entry.name}/{file}" for file in inside if file.endswith(_ENDINGS)]
        elif entry.name.endswith(_ENDINGS):
            names.append(prefix + entry.name)
        if len(names) > _MOST:
            break
    return names[:_MOST]


def _network(context: Any) -> Architecture:
    from shapecalc.files.load import load

    given = context.params
    return load(next(given[name] for name in ("architecture", "new", "old", "file") if given.get(name)))


def _settings(context: Any, incomplete: str) -> Iterator[str]:
    yield from _symbols(context, incomplete)
    for name, value in _network(context).parameters.items():
        if isinstance(value, bool):
            yield from (f"{name}=true", f"{name}=false")
        else:
            yield from (f"{name}={size}" for size in _two(value))


def _symbols(context: Any, _incomplete: str) -> Iterator[str]:
    network = _network(context)
    for symbol in network.symbols:
        yield from (f"{symbol}={size}" for size in _two(network.sizes.get(symbol, 1)))


def _two(value: object) -> tuple[object, ...]:
    """Return two values where there can be several: after a single one the shell would set a space."""
    return (value, 2 * value) if isinstance(value, int) else (value,)


def _steps(context: Any, incomplete: str) -> Iterator[str]:
    """Yield the steps one level below what is typed."""
    level = incomplete.count(".") + 1
    paths = (layer.path.split(".") for layer in _network(context).layers)
    yield from dict.fromkeys(".".join(path[:level]) for path in paths)


def _step_fields(context: Any, incomplete: str) -> Iterator[str]:
    from shapecalc.layers.base import fields_of

    yield from _steps(context, incomplete)
    for layer in _network(context).layers:
        if incomplete.startswith(f"{layer.path}."):
            yield from (f"{layer.path}.{name}" for name in fields_of(type(layer.layer)))


def _listed(words: Words, context: Any, incomplete: str) -> Iterator[str]:
    """Yield continuations of a list that is separated by commas."""
    before, comma, _ = incomplete.rpartition(",")
    given = before.split(",")
    yield from (f"{before}{comma}{word}" for word in words(context, incomplete) if word not in given)


def _columns(context: Any, _incomplete: str) -> Iterator[str]:
    """Yield the columns of every network, and the fields of the layers of this one."""
    from shapecalc.layers.base import fields_of
    from shapecalc.render.inspect.columns import COLUMNS, PRESETS

    yield from (*COLUMNS, *PRESETS)
    for cls in dict.fromkeys(type(step.layer) for step in _network(context).layers):
        yield from fields_of(cls)


def _figures(context: Any, _incomplete: str) -> Iterable[str]:
    network = _network(context)
    return (*_FIGURES, *network.symbols, *network.parameters)


def _codes(_context: Any, _incomplete: str) -> Iterable[str]:
    from shapecalc.diagnostics.rules import codes

    return codes()


def _limits(_context: Any, _incomplete: str) -> Iterator[str]:
    from shapecalc.diagnostics.limits import LIMITS, flag

    return (f"{flag(name)}={value}" for name, value in LIMITS._asdict().items())


def _layer_types(_context: Any, _incomplete: str) -> Iterable[str]:
    from shapecalc.layers import layer_types

    return layer_types()


def _included(_context: Any, _incomplete: str) -> Iterable[str]:
    from shapecalc.files import zoo

    return zoo.names()


def _commands(_context: Any, _incomplete: str) -> Iterable[str]:
    return COMMANDS


def _vocabulary(_context: Any, _incomplete: str) -> list[str]:
    from shapecalc.execution.words.table import small_table

    return small_table().words


def _words(context: Any, incomplete: str) -> Iterable[str]:
    """Return the words of a search: in the names of architectures, and of `similar` in the table of vectors."""
    return (_vocabulary if context.info_name == "similar" else _included)(context, incomplete)


WORDS: dict[str, Words] = {
    "ARCH": _networks,
    "OLD NEW": _networks_or_paths,
    "PATH": _paths,
    "WORD": _words,
    "NAME": _networks,
    "TYPE": _layer_types,
    "CODE": _codes,
    "COMMAND": _commands,
    **dict.fromkeys(("A", "B", "C"), _vocabulary),
    "--from": _included,
    "--set": _settings,
    "--near": _symbols,
    "--limit": _limits,
    "--columns": partial(_listed, _columns),
    "--pareto": partial(_listed, _figures),
    "--by": _figures,
    "STEP": _steps,
    "--at": _steps,
    "--unknown": _step_fields,
    "--select": partial(_listed, _codes),
    "--ignore": partial(_listed, _codes),
}
"""The words of an option, or of an argument by its placeholder in the help; enumerations are completed by typer."""
