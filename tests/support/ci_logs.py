"""The runner of GitHub Actions, as far as it reads what a step prints.

Written after actions/runner's ActionCommand.cs and ActionCommandManager.cs: the newer form is tried first, then the
older.
"""

from __future__ import annotations

import re
from typing import NamedTuple

REGISTERED = {
    *("error", "warning", "notice", "debug", "group", "endgroup", "echo", "add-mask", "add-matcher", "remove-matcher"),
    *("set-env", "set-output", "save-state", "add-path", "stop-commands", "internal-set-repo-path"),
}

CONTROLS = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufffe\uffff]"
)
"""What a terminal obeys or hides: nothing that is shown holds one of these."""


class Command(NamedTuple):
    word: str
    properties: dict[str, str]
    data: str


def commands(log: str) -> list[Command]:
    """Return what the runner does while it reads a log, stop and resume included."""
    registered, token, done = set(REGISTERED), None, []
    for line in re.split(r"\r\n|\r|\n", log):
        command = newer(line, registered) or older(line, registered)
        if command is None:
            continue
        if token is not None:
            if command.word.lower() == token:
                registered.remove(token)
                token = None
                done.append(command)
            continue
        if command.word.lower() == "stop-commands":
            token = command.data.lower()
            registered.add(token)
        done.append(command)
    return done


def newer(line: str, registered: set[str]) -> Command | None:
    line = line.lstrip()
    end = line.find("::", 2)
    if not line.startswith("::") or end < 0:
        return None
    word, _, properties = line[2:end].partition(" ")
    if word.lower() not in registered:
        return None
    pairs = split(properties.strip(), ",", {"%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ",", "%25": "%"})
    return Command(word, pairs, unescaped(line[end + 2 :], {"%0D": "\r", "%0A": "\n", "%25": "%"}))


def older(line: str, registered: set[str]) -> Command | None:
    start = line.find("##[")
    end = line.find("]", start)
    if start < 0 or end < 0:
        return None
    word, _, properties = line[start + 3 : end].partition(" ")
    if word.lower() not in registered:
        return None
    escapes = {"%3B": ";", "%0D": "\r", "%0A": "\n", "%5D": "]", "%25": "%"}
    return Command(word, split(properties, ";", escapes), unescaped(line[end + 1 :], escapes))


def split(properties: str, separator: str, escapes: dict[str, str]) -> dict[str, str]:
    pairs = {}
    for written in properties.split(separator):
        # .NET's Split drops empty entries: signs of equality before a key, or before a value, are gone.
        key, _, value = written.lstrip("=").partition("=")
        value = value.lstrip("=")
        if key and value:
            pairs[key] = unescaped(value, escapes)
    return pairs


def unescaped(text: str, escapes: dict[str, str]) -> str:
    for escape, letter in escapes.items():  # one after the other, the percent sign last
        text = text.replace(escape, letter)
    return text
