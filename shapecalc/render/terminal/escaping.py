"""Text that a file wrote, made safe for where it is shown."""

from __future__ import annotations

import re

# Control characters, marks that turn the direction of writing, characters without width, surrogates, and U+FFFE and
# U+FFFF, which no XML may hold. What is shown must be what is there, and a terminal must take none of it for a command.
_UNSEEN = (
    "[\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_LOG_COMMAND = r"#(?=#\w*\[)"
"""What a CI's runner obeys wherever it stands in a line: `##[error]` (GitHub), `##vso[…]` (Azure)."""
_FIRST_IN_LINE = r"(?<!\S):(?=:\w)"
"""What GitHub's runner obeys where nothing but white space stands before it in its line: `::error::`.

A line of output begins with a text, or breaks one at white space. So `torch::nn` is nothing to it.
"""
_OBEYED = re.compile(f"{_UNSEEN}|{_LOG_COMMAND}|{_FIRST_IN_LINE}")


def terminal(text: str) -> str:
    r"""Write every character that a terminal would obey or hide, and what would be a command in a CI's log, as `\u{…}`.

    It is the same wherever it is shown: what a file or an argument says is never told from where the program runs.

    >>> terminal("conv\x1b[31m"), terminal("::error::x"), terminal("torch::nn")
    ('conv\\u{1b}[31m', '\\u{3a}:error::x', 'torch::nn')
    """
    if text.isascii() and text.isprintable() and "::" not in text and "##" not in text:
        return text
    return _OBEYED.sub(_escape, text)


def letters(text: str, start: int, end: int) -> list[str]:
    r"""Write a part of a text as `terminal` does, letter by letter.

    >>> letters("a\x1b##[b]", 1, 5)
    ['\\u{1b}', '\\u{23}', '#', '[']
    """
    part = text[start:end]  # the rest of a long line is not looked at: many findings may lie in it
    shown = list(part)
    if not (part.isascii() and part.isprintable() and "::" not in part and "##" not in part):
        for found in _OBEYED.finditer(text, start, end):
            shown[found.start() - start] = _escape(found)
    return shown


_SPELT = {
    **dict(zip("⌊⌋⌈⌉·−×∏Σ", ("floor(", ")", "ceil(", ")", "*", "-", "x", "prod ", "sum "), strict=True)),
    **dict(zip("≤≥…₀₁ᵀαβσ", ("<=", ">=", "...", "0", "1", "^T", "alpha", "beta", "sigma"), strict=True)),
    **dict(zip("⊙′‖→±≈√", ("*", "'", "||", "->", "+-", "~", "sqrt "), strict=True)),
    **{digit: f"^{number}" for number, digit in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")},
}
_NOT_ASCII = "[^\x00-\x7f]"


def ascii_only(text: str) -> str:
    r"""Spell out the signs of formulas for a terminal that shows ASCII alone, and escape the rest.

    >>> ascii_only("2·⌊H/2⌋ − é")
    '2*floor(H/2) - \\u{e9}'
    """
    return text if text.isascii() else re.sub(_NOT_ASCII, lambda found: _SPELT.get(found[0]) or _escape(found), text)


def shown(text: str, *, unicode: bool) -> str:
    """Return text, in ASCII where the output takes nothing else."""
    return text if unicode else ascii_only(text)


def _escape(found: re.Match[str]) -> str:
    return f"\\u{{{ord(found[0]):x}}}"


def json_text(text: str) -> str:
    r"""Write what a terminal or a CI's log would obey or hide in a JSON document by JSON's own escapes.

    The values stay what they were.

    >>> json_text('{"name": "conv\x9b31m", "source": "##[error]"}')
    '{"name": "conv\\u009b31m", "source": "\\u0023#[error]"}'
    """
    text = re.sub(_LOG_COMMAND, r"\\u0023", text)
    return text if text.isascii() and "\x7f" not in text else re.sub(f"(?!\n){_UNSEEN}", _json_escape, text)


def xml_text(text: str) -> str:
    r"""Write what a CI's log would obey in an XML document by XML's own escapes; the values stay what they were.

    >>> xml_text('<a b="##[error]">\n  ::error::</a>')
    '<a b="&#35;#[error]">\n  &#58;:error::</a>'
    """
    return re.sub(r"(?m)^(\s*):(?=:)", r"\1&#58;", re.sub(_LOG_COMMAND, "&#35;", text))


def _json_escape(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))


def markdown_code(text: str) -> str:
    r"""Write text as a Markdown code span that fits in a table cell: nothing in it is markup, a link or a mention.

    >>> markdown_code("conv `a|b`")
    '`` conv `a\\|b` ``'
    """
    return code_span(text.replace("|", "\\|"))


_FIGURE = re.compile(r"([+−]?[\d,.]+( [KMGTPE]?i?B?)?( \([+−]<?[\d,.]+ %\))?|<?[\d.]+ %|unknown)?", re.ASCII)


def markdown_figure(text: str) -> str:
    """Write a figure as Markdown: as it is, or as code where it is an expression, whose symbols may be any words.

    >>> markdown_figure("61,706"), markdown_figure("_a_·_b_")
    ('61,706', '`_a_·_b_`')
    """
    return text if _FIGURE.fullmatch(text) else markdown_code(text)


def code_span(text: str) -> str:
    """Write text as a Markdown code span outside of a table.

    >>> code_span("a|b")
    '`a|b`'
    """
    shown = terminal(text)
    if "`" not in shown:
        return f"`{shown}`"
    fence = "`" * (longest_run("`", shown) + 1)
    return f"{fence} {shown} {fence}"


def longest_run(letter: str, text: str) -> int:
    """Return how often a letter stands in a row, at most."""
    return max((len(run) for run in re.findall(f"{re.escape(letter)}+", text)), default=0)
