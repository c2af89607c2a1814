"""The two exceptions: one for users, with diagnostics, and one for shape rules, without positions."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shapecalc.diagnostics.model import Diagnostic, Source, Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class ShapecalcError(Exception):
    """One or more mistakes of a user: `.diagnostics` describes them, `.source` is the text that they refer to.

    `exit_code` is that of the command line: 1 for diagnostics of a file, 2 if the file cannot be read.
    """

    def __init__(
        self, diagnostics: tuple[Diagnostic, ...], source: Source | None = None, *, exit_code: int = 1
    ) -> None:
        super().__init__("; ".join(f"{diagnostic.code}: {diagnostic.message}" for diagnostic in diagnostics))
        self.diagnostics = diagnostics
        self.source = source
        self.exit_code = exit_code

    def __str__(self) -> str:
        """Return each mistake with its place, the positions that explain it, and its help, on lines of their own.

        >>> missing = Diagnostic(code="SC106", message="`conv` expects `out_channels`, receives none", help="write it")
        >>> print(ShapecalcError((missing._replace(span=Span(3, 5, 3, 9)),), Source("net.yaml", "")))
        net.yaml:3:5: SC106: `conv` expects `out_channels`, receives none
          help: write it
        """
        return "\n".join(line for diagnostic in self.diagnostics for line in self._lines(diagnostic))

    def _lines(self, diagnostic: Diagnostic) -> Iterator[str]:
        yield f"{self._place(diagnostic.span)}{diagnostic.code}: {diagnostic.message}"
        for label in diagnostic.labels:
            yield f"  {self._place(label.span)}{label.text}"
        if diagnostic.help is not None:
            yield f"  help: {diagnostic.help}"

    def _place(self, span: Span | None) -> str:
        if span is None or self.source is None:
            return ""
        return f"{self.source.of(span).name}:{span.line}:{span.column}: "


def misuse(code: str, message: str, help_text: str | None = None) -> ShapecalcError:
    """Return the error for arguments that are wrong whatever is in a file: one diagnostic, exit code 2."""
    return ShapecalcError((Diagnostic(code=code, message=message, help=help_text),), exit_code=2)


class FieldName(NamedTuple):
    """The name of a field in a message, alone or with a value: `padding: 1` in a file."""

    field: str
    value: object = None

    def __str__(self) -> str:
        """Return the name in the form of a file."""
        return f"`{self.field}`" if self.value is None else f"`{self.field}: {self.value}`"


class InFile(str):
    """A part of a message that applies to files only."""

    __slots__ = ()


Text = str | tuple[str | FieldName, ...]
"""A text of a message, in parts if some of them differ between the command line and a file."""


def worded(text: Text, word: Callable[[str | FieldName], str] = str) -> str:
    """Return a text with `word` applied to each part, by default in the form of a file."""
    return text if isinstance(text, str) else "".join(map(word, text))


class LayerError(Exception):
    """A mistake in a layer, without its position: the field that is wrong and, in a list, the entry (`index`).

    The parser or the engine adds the layer's type before `message` ("expects 512 input features, receives 25088"), the
    span, the origin of the shapes and the cause. By default, `message` is "expects {expects} {preposition} `{field}`
    along axis {axis}, receives {receives}". `label` is printed under the caret. `replacement` is a text for the field's
    value that fixes the mistake, and `safe` means that the author cannot have intended anything else.
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
        help: Text | None = None,  # noqa: A002 - the word in the output
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
        """Return the message and the help with `word` applied to each part, and `where` after what is expected."""
        message, expects, help_text = self._texts
        if expects:
            received = "" if self.receives is None else f", receives {self.receives}"
            message = f"expects {worded(expects, word)}{where}{received}"
        return worded(message, word), None if help_text is None else worded(help_text, word)
