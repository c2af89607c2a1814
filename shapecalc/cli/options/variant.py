"""One function for commands that differ in their options."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Annotated, Any, get_origin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def variant(function: Callable[..., None], text: str, **own: Any) -> Callable[..., None]:
    """Return a command with a help text and `own` options.

    A parameter of the function that declares no option is left out, unless `own` has one for it.
    """
    signature = inspect.signature(function, eval_str=True)
    parameters = [
        parameter.replace(annotation=own.get(name, parameter.annotation))
        for name, parameter in signature.parameters.items()
        if name in own or get_origin(parameter.annotation) is Annotated
    ]
    function.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    function.__doc__ = text
    return function


def with_options(function: Callable[..., None], text: str, options: Iterable[tuple[str, Any, Any]]) -> Any:
    """Return a command with a help text and options, each a name, an annotation and a default."""
    keyword = inspect.Parameter.KEYWORD_ONLY
    function.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [inspect.Parameter(name, keyword, default=default, annotation=kind) for name, kind, default in options]
    )
    function.__doc__ = text
    return function
