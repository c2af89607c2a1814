"""`shapecalc rule`: the meaning of a diagnostic's code, with an example before and after the fix."""

from __future__ import annotations

from typing import Annotated

import typer

from shapecalc.cli.exit_codes import Misuse
from shapecalc.cli.options.color import Color, ColorOption
from shapecalc.cli.options.formats import Format, OutputOption, TextOrJsonOption, target_of

EXAMPLES = ("shapecalc rule SC301", "shapecalc rule")


def command(
    code: Annotated[
        str | None, typer.Argument(metavar="[CODE]", help="The code of a diagnostic, such as SC301 or 301.")
    ] = None,
    format_: TextOrJsonOption = None,
    output: OutputOption = None,
    color: ColorOption = Color.AUTO,
) -> None:
    """Explain a diagnostic by its code.

    Shows its cause, and an example before and after the fix. Without a code, lists all codes.
    """
    from shapecalc.diagnostics.rules import rule, rules
    from shapecalc.render import rule as renderer

    chosen = rules() if code is None else (rule(_known(code)),)
    target = target_of(format_, output, color)
    manner = target.manner
    if target.format is Format.JSON:
        target.write(renderer.json(chosen, unicode=manner["unicode"]))
    elif code is None:
        target.write(renderer.overview(chosen, manner["width"], unicode=manner["unicode"]))
    else:
        target.write(renderer.full(chosen[0], **manner))


def _known(written: str) -> str:
    from shapecalc.diagnostics.rules import codes
    from shapecalc.diagnostics.suggestions import closest
    from shapecalc.render.terminal.escaping import terminal

    digits = written.strip().upper().removeprefix("SC")
    code = f"SC{digits:0>3}"
    if code in codes():
        return code
    family = [other for other in codes() if other[:3] == code[:3]] if digits.isdigit() else []
    near = closest(code, family)
    hint = f"did you mean `{near}`?" if near else "`shapecalc rule` lists every code"
    raise Misuse(f"no diagnostic has the code `{terminal(written)}`; {hint}")
