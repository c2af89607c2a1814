"""Escaping of text from files for each output."""

from __future__ import annotations

import re

# Control characters, marks that change the direction of writing, characters without width, surrogates, and U+FFFE and
# U+FFFF, which are not valid in XML. The output must show all characters, and a terminal must execute none of them.
_HIDDEN = (
    "[\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_LOG_COMMAND = r"#(?=#\w*\[)"
"""Commands that a CI runner executes anywhere in a line: `##[error]` (GitHub), `##vso[…]` (Azure)."""
_FIRST_IN_LINE = r"(?<!\S):(?=:\w)"
"""Commands that GitHub's runner executes at the start of a line, after white space: `::error::`.

A line of output begins with a text, or breaks one at white space, so `torch::nn` cannot become a command.
"""
_UNSAFE = re.compile(f"{_HIDDEN}|{_LOG_COMMAND}|{_FIRST_IN_LINE}")


def terminal(text: str) -> str:
    r"""Return text with characters that a terminal executes or hides, and commands of CI logs, written as `\u{…}`.

    The result is the same in every environment.

    >>> terminal("conv\x1b[31m"), terminal("::error::x"), terminal("torch::nn")
    ('conv\\u{1b}[31m', '\\u{3a}:error::x', 'torch::nn')
    """
    if text.isascii() and text.isprintable() and "::" not in text and "##" not in text:
        return text
    return _UNSAFE.sub(_escape, text)


def letters(text: str, start: int, end: int) -> list[str]:
    r"""Return the letters of a part of a text, each as `terminal` writes it.

    >>> letters("a\x1b##[b]", 1, 5)
    ['\\u{1b}', '\\u{23}', '#', '[']
    """
    part = text[start:end]  # the rest of a long line is not read: many diagnostics may refer to it
    shown = list(part)
    if not (part.isascii() and part.isprintable() and "::" not in part and "##" not in part):
        for match in _UNSAFE.finditer(text, start, end):
            shown[match.start() - start] = _escape(match)
    return shown


_IN_ASCII = {
    **dict(zip("⌊⌋⌈⌉·−×∏Σ", ("floor(", ")", "ceil(", ")", "*", "-", "x", "prod ", "sum "), strict=True)),
    **dict(zip("≤≥…₀₁ᵀαβσ", ("<=", ">=", "...", "0", "1", "^T", "alpha", "beta", "sigma"), strict=True)),
    **dict(zip("⊙′‖→←±≈√", ("*", "'", "||", "->", "<-", "+-", "~", "sqrt "), strict=True)),
    **dict(zip("∞ΦφπᵢⱼΔ½", ("inf", "Phi", "phi", "pi", "_i", "_j", "Delta", "1/2 "), strict=True)),
}
_SUPERSCRIPTS = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻ˣ", "0123456789-x", strict=True))
_NOT_ASCII = f"[{''.join(_SUPERSCRIPTS)}]+|[^\x00-\x7f]"


def ascii_only(text: str) -> str:
    r"""Return text in ASCII, with the signs of formulas spelled out and the rest escaped.

    >>> ascii_only("2·⌊H/2⌋ − é")
    '2*floor(H/2) - \\u{e9}'
    """
    return text if text.isascii() else re.sub(_NOT_ASCII, _spelled, text)


def _spelled(match: re.Match[str]) -> str:
    if match[0][0] in _SUPERSCRIPTS:
        return "^" + "".join(map(_SUPERSCRIPTS.__getitem__, match[0]))
    return _IN_ASCII.get(match[0]) or _escape(match)


def shown(text: str, *, unicode: bool) -> str:
    """Return text, in ASCII unless `unicode`."""
    return text if unicode else ascii_only(text)


def _escape(match: re.Match[str]) -> str:
    return f"\\u{{{ord(match[0]):x}}}"


def json_text(text: str) -> str:
    r"""Return a JSON document with what a terminal or a CI log executes or hides in JSON escapes; its values are equal.

    >>> json_text('{"name": "conv\x9b31m", "source": "##[error]"}')
    '{"name": "conv\\u009b31m", "source": "\\u0023#[error]"}'
    """
    text = re.sub(_LOG_COMMAND, r"\\u0023", text)
    return text if text.isascii() and "\x7f" not in text else re.sub(f"(?!\n){_HIDDEN}", _json_escape, text)


def xml_text(text: str) -> str:
    r"""Return an XML document with commands of CI logs in XML escapes; its values are equal.

    >>> xml_text('<a b="##[error]">\n  ::error::</a>')
    '<a b="&#35;#[error]">\n  &#58;:error::</a>'
    """
    return re.sub(r"(?m)^(\s*):(?=:)", r"\1&#58;", re.sub(_LOG_COMMAND, "&#35;", text))


def _json_escape(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))


def markdown_code(text: str) -> str:
    r"""Return text as a Markdown code span for a table cell: nothing in it is markup, a link or a mention.

    >>> markdown_code("conv `a|b`")
    '`` conv `a\\|b` ``'
    """
    return code_span(text.replace("|", "\\|"))


_FIGURE = re.compile(r"([+−]?[\d,.]+( [KMGTPE]?i?B?)?( \([+−]<?[\d,.]+ %\))?|<?[\d.]+ %|unknown)?", re.ASCII)


def markdown_figure(text: str) -> str:
    """Return a figure as Markdown: unchanged, or as code if it is an expression, whose symbols may be any words.

    >>> markdown_figure("61,706"), markdown_figure("_a_·_b_")
    ('61,706', '`_a_·_b_`')
    """
    return text if _FIGURE.fullmatch(text) else markdown_code(text)


def code_span(text: str) -> str:
    """Return text as a Markdown code span outside of a table.

    >>> code_span("a|b")
    '`a|b`'
    """
    shown = terminal(text)
    if "`" not in shown:
        return f"`{shown}`"
    fence = "`" * (longest_run("`", shown) + 1)
    return f"{fence} {shown} {fence}"


def longest_run(letter: str, text: str) -> int:
    """Return the length of the longest run of a letter."""
    return max((len(run) for run in re.findall(f"{re.escape(letter)}+", text)), default=0)
