"""The two exceptions: one for users, which carries diagnostics; one that shape rules raise, which knows no lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shapecalc.diagnostics.model import Diagnostic, Source


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


class LayerError(Exception):
    """What a layer knows of a mistake: no lines, but the field that is wrong and, in a list, the entry (`index`).

    Whoever knows the place adds the place: the parser or the engine puts the layer's word before `message`
    ("expects 512 input features, receives 25088"), the span, the shapes' trail and the cause. `label` stands under
    the caret; `replacement` is what, put in place of the field's value as it is written, mends it, and `safe` says that
    the author can have meant nothing else.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        field: str | None = None,
        label: str = "",
        help: str | None = None,  # noqa: A002 - the word that stands in the output
        index: tuple[int, ...] = (),
        replacement: str | None = None,
        safe: bool = False,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field
        self.label = label
        self.help = help
        self.index = index
        self.replacement = replacement
        self.safe = safe
