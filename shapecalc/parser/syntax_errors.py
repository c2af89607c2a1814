"""Explanations of YAML's syntax errors in terms of the file.

libyaml reports `did not find expected key` for a dozen different mistakes. Each function here recognizes the mistakes
behind one of the parsers' errors by the text around it. libyaml and PyYAML word errors differently: only words that
both use are matched.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shapecalc.diagnostics import Diagnostic, Fix, Label
from shapecalc.parser.characters import tab_diagnostic
from shapecalc.parser.positions import span_between
from shapecalc.parser.scalars import shorten

if TYPE_CHECKING:
    from collections.abc import Callable

_WORD = re.compile(r"[^\s:,\[\]{}#'\"]+|\S")
_TABS = re.compile(r"\t+")
# Each of these reads each character of a long line a few times at most.
_LAST_WORD = re.compile(r"(?<![^\s:,\[\]{}#])[^\s:,\[\]{}#]++(?=\s*+\Z)")
_DASHES = re.compile(r"\s*(?:- +)*")
_FIRST_KEY = re.compile(r"""('[^']*'|"[^"]*"|[^\s#'"{\[]+):\s+\S""")
_GLUED = re.compile(r"([\w.]+):([^\s:/](?:[^#]*[^#\s])?)\s*+(?:#.*)?\Z")
_FIRST_LINE = re.compile(r"^( *)(?!---)[^\s#%]", re.MULTILINE)
_BARE_WORD = re.compile(r"([\w.]+)\s*(?:#.*)?\Z")
_ABOVE = re.compile(r">=? *[0-9]+(?:\.[0-9]+)? ?[A-Za-z]*")
_OPEN_SIZE = re.compile(r"(?<=[\[,])( *)\?(?= *,)")
_CLOSES = {"[": "]", "{": "}"}
_TOO_LARGE_ESCAPE = re.compile(r"\\U(?!0010|000[0-9a-fA-F])[0-9a-fA-F]{8}")


@dataclass(frozen=True, slots=True)
class _ParseFailure:
    """A parser's error: the text, the index of the problem, and that of the start of the construct around it."""

    text: str
    index: int
    opened: int
    context: str
    problem: str

    @property
    def line_start(self) -> int:
        return _line_start(self.text, self.index)

    @property
    def before(self) -> str:
        """The line up to the problem."""
        return self.text[self.line_start : self.index]

    @property
    def word(self) -> str:
        match = _WORD.match(self.text, self.index)
        return shorten(match[0]) if match else "the end of the line" if self.index < len(self.text) else "the end"

    def diagnose(self, message: str, start: int, end: int, **more: Any) -> Diagnostic:
        return Diagnostic(code="SC003", message=message, span=span_between(self.text, start, end), **more)

    def here(self, message: str, **more: Any) -> Diagnostic:
        match = _WORD.match(self.text, self.index)
        return self.diagnose(message, self.index, match.end() if match else self.index, **more)


def explain_syntax_error(text: str, error: Exception) -> Diagnostic:
    """Return the diagnostic of a YAML parser's error."""
    mark: Any = getattr(error, "problem_mark", None)
    if mark is None:
        return _without_place(text, error)
    opened: Any = getattr(error, "context_mark", None)
    failure = _ParseFailure(
        text,
        index=mark.index,
        opened=mark.index if opened is None else opened.index,
        context=getattr(error, "context", None) or "",
        problem=getattr(error, "problem", None) or "",
    )
    tabs = _TABS.match(text, failure.index)
    if tabs:
        return tab_diagnostic(text, tabs.start(), tabs.end())
    for words, explain in _EXPLANATIONS:
        if words in failure.context or words in failure.problem:
            return explain(failure)
    return failure.here(f"YAML cannot be read here: {failure.problem}")


def _without_place(text: str, error: Exception) -> Diagnostic:
    escape = _TOO_LARGE_ESCAPE.search(text)
    if escape:
        span = span_between(text, escape.start(), escape.end())
        return Diagnostic(code="SC003", message=f"`{escape[0]}` is no character of Unicode", span=span)
    return Diagnostic(code="SC003", message=f"YAML cannot be read: {shorten(' '.join(str(error).split()))}")


def _flow(failure: _ParseFailure) -> Diagnostic:
    """Explain `[` or `{` without its closing bracket, with the other one, or without a comma."""
    text, index, opened = failure.text, failure.index, failure.opened
    bracket = text[opened]
    closing = _CLOSES.get(bracket, "}")
    if failure.word in _CLOSES.values():
        label = Label(span_between(text, opened, opened + 1), "opened here")
        return failure.here(f"`{failure.word}` stands where `{closing}` closes `{bracket}`", labels=(label,))
    question = _OPEN_SIZE.search(text, opened, index)
    if question:
        help_ = "write `N` for a batch that is open, another name for another size"
        return failure.diagnose("`?` starts a key, not a value", question.end() - 1, question.end(), help=help_)
    same_line = "\n" not in text[opened:index]
    inside = same_line or _indentation(text, index) > _indentation(text, opened)
    if inside and index < len(text) and failure.word != "the end of the line":
        word = _LAST_WORD.search(text, failure.line_start, index) if failure.word == ":" else None
        start, end = (word.start(), word.end()) if word else (index, index + len(failure.word))
        message = f"a comma is missing before `{shorten(text[start:end])}`"
        return failure.diagnose(message, start, end, help="write a comma after the value before it")
    help_ = f"write `{closing}` after its last value"
    labels: tuple[Label, ...] = ()
    if index < len(text):
        start = failure.line_start + _indentation(text, index)
        labels = (Label(span_between(text, start, _line_end(text, start)), "this line does not belong to it"),)
    return failure.diagnose(f"`{bracket}` is not closed", opened, opened + 1, labels=labels, help=help_)


def _quoted(failure: _ParseFailure) -> Diagnostic:
    """Explain a quote that is not closed, or an unknown escape."""
    text, opened = failure.text, failure.opened
    if "escape" not in failure.problem and "hexdecimal" not in failure.problem:
        quote = text[opened]
        end = _line_end(text, opened)
        return failure.diagnose(f"`{quote}` is not closed", opened, end, help=f"write `{quote}` at the end of the text")
    start = text.rindex("\\", opened, failure.index + 1)
    end = min(max(failure.index, start + 2), len(text))
    return failure.diagnose(
        f"`{text[start:end]}` is no escape in double quotes",
        start,
        end,
        help=r"write `\\` for a backslash, or use single quotes",
    )


def _second_colon(failure: _ParseFailure) -> Diagnostic:
    """Explain a colon that does not end a key: a second key on a line, or a mistake in the line before."""
    text, line_start = failure.text, failure.line_start
    dashes = _DASHES.match(failure.before)
    indent = dashes.end() if dashes else 0
    first = _FIRST_KEY.match(failure.before, indent)
    word = _LAST_WORD.search(failure.before)
    if first and word:
        key, name = shorten(first[1]), shorten(word[0])
        start = line_start + word.start()
        help_ = f"write `{key}: {{{name}: …}}`, or put quotes around a text"
        return failure.diagnose(f"`{name}:` is a second key on its line", start, start + len(word[0]), help=help_)
    if word is None:
        return _colon(failure)
    mistake = _mistake_in_line_before(failure, shorten(word[0]), indent)
    if mistake:
        return mistake
    start, end = _previous_line(text, line_start) or (line_start + indent, failure.index)
    message = f"`{shorten(text[start:end].strip())}` is no `key: value`"
    return failure.diagnose(message, start, end, help="write a colon after the key")


def _mistake_in_line_before(failure: _ParseFailure, name: str, indent: int) -> Diagnostic | None:
    """Explain a key that does not fit the line before it, which lacks a space or a colon or is indented less."""
    previous = _previous_line(failure.text, failure.line_start)
    if previous is None:
        return None
    start, end = previous
    line = failure.text[start:end]
    dashes = _DASHES.match(line)
    column = dashes.end() if dashes else 0
    glued = _glued(failure, start + column, end)
    if glued:
        return glued
    here = failure.line_start + indent
    bare = _BARE_WORD.match(line, column)
    if bare and column and indent > column - 2:
        at = (start + column, start + column + len(bare[1]))
        word = shorten(bare[1])
        label = Label(span_between(failure.text, here, here + len(name)), "a key under it")
        fix = Fix(span_between(failure.text, *at), f"{bare[1]}:", safe=True)
        message = f"`{word}` has keys under it, expects a colon after it"
        return failure.diagnose(message, *at, labels=(label,), help=f"write `{word}:`", fix=fix)
    if indent <= column or bare:
        return None
    label = Label(span_between(failure.text, start + column, end), "already has its value")
    message = f"`{name}` is indented deeper than the line that it belongs to"
    help_ = f"start it in column {column + 1}"
    return failure.diagnose(message, here, here + len(name), labels=(label,), help=help_)


def _colon(failure: _ParseFailure) -> Diagnostic:
    return failure.here("`:` stands where no key ends", help="put quotes around a text that holds a colon")


def _no_colon(failure: _ParseFailure) -> Diagnostic:
    """Explain a line among keys that is not a key."""
    start = failure.opened
    end = _line_end(failure.text, start)
    glued = _glued(failure, start, end)
    if glued:
        return glued
    words = failure.text[start:end].split(" #")[0].rstrip()
    key, _, rest = words.partition(" ")
    suggestion = shorten(f"{key}: {rest}".rstrip())
    return failure.diagnose(
        f"`{shorten(words)}` has no colon, expects `key: value`",
        start,
        start + len(words),
        help=f"write `{suggestion}`",
    )


def _glued(failure: _ParseFailure, start: int, end: int) -> Diagnostic | None:
    """Explain `key:value`, which YAML reads as one word; None for another text."""
    match = _GLUED.match(failure.text, start, end)
    if not match:
        return None
    replacement = f"{match[1]}: {match[2]}"
    stop = match.end(2)
    fix = Fix(span_between(failure.text, start, stop), replacement, safe=True)
    message = f"`{shorten(failure.text[start:stop])}` has no space after its colon"
    return failure.diagnose(message, start, stop, help=f"write `{shorten(replacement)}`", fix=fix)


def _block(failure: _ParseFailure) -> Diagnostic:
    """Explain a token that fits neither the value before it nor the lines above it."""
    word = failure.word
    if word in _CLOSES.values():
        return failure.here(f"`{word}` closes nothing", help="delete it")
    if word == ":" and not failure.before.strip(" -"):
        return failure.here("a key is missing before `:`")
    return _after_a_value(failure) if failure.before.strip() else _among_lines(failure)


def _among_lines(failure: _ParseFailure) -> Diagnostic:
    """Explain a line in the wrong column, a list entry among keys, or a key among list entries."""
    word = failure.word
    text, index, opened = failure.text, failure.index, failure.opened
    in_list = "collection" in failure.context or "sequence" in failure.context
    column, expected = len(failure.before), opened - _line_start(text, opened)
    around = Label(span_between(text, opened, opened + 1), "the list starts here" if in_list else "the keys start here")
    if column != expected:
        mistake = _mistake_in_line_before(failure, word, column)
        if mistake:
            return mistake
        return failure.here(
            f"`{word}` starts in column {column + 1}, where no line above it starts",
            labels=(around,),
            help=f"start it in column {expected + 1}",
        )
    if in_list:
        return failure.here(f"`{word}` stands among list entries, expects `- `", labels=(around,))
    if text[index : index + 1] == "-":
        return failure.here("`-` starts a list entry among keys, expects a key", labels=(around,))
    return failure.here(f"`{word}` stands where a key is expected", labels=(around,))


def _after_a_value(failure: _ParseFailure) -> Diagnostic:
    apostrophe = failure.text[failure.index - 1] == "'"
    help_ = "write `''` for an apostrophe in single quotes" if apostrophe else "put quotes around the whole text"
    return failure.here(f"`{failure.word}` follows a value that is already complete", help=help_)


def _document_start(failure: _ParseFailure) -> Diagnostic:
    """Explain a line left of the first one, a directive, or text after the only value."""
    before = _previous_line(failure.text, failure.line_start)
    if before is not None and failure.text[before[0]] == "%":
        message = f"`{shorten(failure.text[slice(*before)])}` is a directive, and those stand before everything else"
        return failure.diagnose(message, *before, help="delete it")
    if failure.before.strip():
        return _after_a_value(failure)
    if failure.text[failure.index : failure.index + 1] in _CLOSES.values():
        return _block(failure)
    first = _FIRST_LINE.search(failure.text)
    if first is None or len(first[1]) <= len(failure.before):
        return _after_a_value(failure)
    return failure.here(f"`{failure.word}` is indented less than the first line", help="start all keys in one column")


def _entry(failure: _ParseFailure) -> Diagnostic:
    """Explain `key: - entry` on one line."""
    return failure.here(
        "`-` cannot start a list on the line of its key", help="put it on the next line, or write `[…]`"
    )


def _character(failure: _ParseFailure) -> Diagnostic:
    index = failure.index
    above = _lower_bound(failure, index)
    if above is not None:
        return above
    name = "a backtick" if failure.text[index] == "`" else f"`{failure.text[index]}`"
    return failure.diagnose(f"{name} cannot start a value", index, index + 1, help="put quotes around the text")


def _no_value(failure: _ParseFailure) -> Diagnostic:
    kind = "key" if failure.word == ":" else "value"
    return failure.here(f"a {kind} is missing before `{failure.word}`")


def _anchor(failure: _ParseFailure) -> Diagnostic:
    start = failure.opened
    sign = failure.text[start]
    kind = "an anchor" if sign == "&" else "an alias"
    help_ = f"put quotes around a text that starts with `{sign}`"
    return failure.diagnose(
        f"`{sign}` starts {kind}, expects a name of letters and digits", start, start + 1, help=help_
    )


def _block_text(failure: _ParseFailure) -> Diagnostic:
    above = _lower_bound(failure, failure.opened)
    if above is not None:
        return above
    sign = failure.text[failure.opened]
    return failure.here(f"`{failure.word}` stands behind `{sign}`, expects the text on the lines below")


def _lower_bound(failure: _ParseFailure, start: int) -> Diagnostic | None:
    """Explain `params: >= 5M`, where YAML reads `>` as the start of a block text; None for another text."""
    match = _ABOVE.match(failure.text, start)
    if match is None:
        return None
    written = f'"{match[0].rstrip(" ")}"'
    end = start + len(written) - 2
    fix = Fix(span_between(failure.text, start, end), written, safe=True)
    message = "`>` starts a text over several lines, expects quotes around a bound"
    return failure.diagnose(message, start, end, help=f"write `{written}`", fix=fix)


def _directive(failure: _ParseFailure) -> Diagnostic:
    return failure.diagnose("`%` starts a directive, expects a key", failure.opened, failure.opened + 1)


def _tag(failure: _ParseFailure) -> Diagnostic:
    start = failure.opened
    help_ = "put quotes around a text that starts with `!`"
    return failure.diagnose("`!` starts a tag, and tags are refused", start, start + 1, help=help_)


def _explicit_key(failure: _ParseFailure) -> Diagnostic:
    return failure.here(
        "`?` starts a key where no key is allowed", help="put quotes around a text that starts with `?`"
    )


def _too_deep(failure: _ParseFailure) -> Diagnostic:
    """Explain brackets beyond libyaml's own limit, which it reaches before it yields the first of them."""
    span = span_between(failure.text, failure.index, failure.index)
    return Diagnostic(code="SC011", message="lists and mappings nest deeper than YAML is read", span=span)


def _line_start(text: str, index: int) -> int:
    return max(text.rfind("\n", 0, index), text.rfind("\r", 0, index)) + 1


def _line_end(text: str, index: int) -> int:
    match = re.compile(r"[\r\n]|\Z").search(text, index)
    return match.start() if match else len(text)


def _indentation(text: str, index: int) -> int:
    start = _line_start(text, index)
    line = text[start : _line_end(text, start)]
    return len(line) - len(line.lstrip(" "))


def _previous_line(text: str, line_start: int) -> tuple[int, int] | None:
    """Return the start and end of the last line before this one that is not blank or a comment."""
    end = line_start
    while end > 0:
        start = _line_start(text, end - 1)
        line = text[start:end].rstrip()
        if line and not line.lstrip().startswith("#"):
            return start, start + len(line)
        end = start
    return None


_EXPLANATIONS: tuple[tuple[str, Callable[[_ParseFailure], Diagnostic]], ...] = (
    ("maximum nesting depth", _too_deep),
    ("quoted scalar", _quoted),
    ("mapping values are not allowed", _second_colon),
    ("could not find expected ':'", _no_colon),
    ("node content", _no_value),
    ("flow sequence", _flow),
    ("flow mapping", _flow),
    ("document start", _document_start),
    ("parsing a block", _block),
    ("sequence entries are not allowed", _entry),
    ("cannot start any token", _character),
    ("an anchor", _anchor),
    ("an alias", _anchor),
    ("block scalar", _block_text),
    ("directive", _directive),
    ("a tag", _tag),
    ("mapping keys are not allowed", _explicit_key),
    ("unexpected ':'", _colon),
)
