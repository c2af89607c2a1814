"""The two exceptions: one for users, which carries diagnostics; one that shape rules raise, which knows no lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shapecalc.diagnostics.model import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapecalc.diagnostics.model import Source


class ShapecalcError(Exception):
    """A user's mistake, or several: `.diagnostics` says what, `.source` holds the text they point into.

    `exit_code` is what the command line returns: 1 for findings, 2 where the file itself cannot be read.
    """

    def __init__(
        self, diagnostics: tuple[Diagnostic, ...], source: Source | None = None, *, exit_code: int = 1
    ) -> None:
        super().__init__("; ".join(f"{found.code}: {found.message}" for found in diagnostics))
        self.diagnostics = diagnostics
        self.source = source
        self.exit_code = exit_code


def misuse(code: str, message: str, help_text: str | None = None) -> ShapecalcError:
    """Return the error for arguments that are wrong whatever is in a file: one diagnostic, exit code 2."""
    return ShapecalcError((Diagnostic(code=code, message=message, help=help_text),), exit_code=2)


class FieldName(NamedTuple):
    """A field that a text names, alone or with a value: `padding: 1` in a file."""

    field: str
    value: object = None

    def __str__(self) -> str:
        """Return the name as a file writes it."""
        return f"`{self.field}`" if self.value is None else f"`{self.field}: {self.value}`"


class InFile(str):
    """A part of a text that is true of files alone."""

    __slots__ = ()


Text = str | tuple[str | FieldName, ...]
"""A text, in parts if the command line words some of them differently from a file."""


def worded(text: Text, word: Callable[[str | FieldName], str] = str) -> str:
    """Return a text with each part as `word` writes it, by default for a file."""
    return text if isinstance(text, str) else "".join(map(word, text))


class LayerError(Exception):
    """What a layer knows of a mistake: no lines, but the field that is wrong and, in a list, the entry (`index`).

    Whoever knows the place adds the place: the parser or the engine puts the layer's word before `message`
    ("expects 512 input features, receives 25088"), the span, the shapes' trail and the cause. `message` is composed of
    `expects` and `receives` unless it is given: "expects {expects} {preposition} `{field}` along axis {axis}, receives
    {receives}". `label` stands under the caret; `replacement` is what, put in place of the field's value as it is
    written, mends it, and `safe` says that the author can have meant nothing else.
    """

    def __init__(
        self,
        code: str,
        message: Text = "",
        *,
        expects: Text = "",
        receives: object = None,
        field: str | None = None,
        preposition: str = "",
        axis: int | None = None,
        label: str = "",
        help: Text | None = None,  # noqa: A002 - the word that stands in the output
        index: tuple[int, ...] = (),
        replacement: str | None = None,
        safe: bool = False,
    ) -> None:
        self.code = code
        self.expects = worded(expects) or None
        self.receives = None if receives is None else str(receives)
        self.field = field
        self.axis = axis
        self.label = label
        self.index = index
        self.replacement = replacement
        self.safe = safe
        self._texts = (message, expects, help)
        named = f" {preposition} `{field}`" if preposition else ""
        self.message, self.help = self.composed(str, named + ("" if axis is None else f" along axis {axis}"))
        super().__init__(self.message)

    def composed(self, word: Callable[[str | FieldName], str], where: str) -> tuple[str, str | None]:
        """Return the message and the help with each part as `word` writes it, and `where` after what is expected."""
        message, expects, help_text = self._texts
        if expects:
            received = "" if self.receives is None else f", receives {self.receives}"
            message = f"expects {worded(expects, word)}{where}{received}"
        return worded(message, word), None if help_text is None else worded(help_text, word)
