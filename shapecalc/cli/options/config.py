"""`--config` and `--no-config`: the configuration of the repository, or another, or none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from shapecalc.cli.exit_codes import Misuse

if TYPE_CHECKING:
    from shapecalc.files.config import Config

ConfigOption = Annotated[
    str | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="Read this configuration; default: `.shapecalc.toml`, or `[tool.shapecalc]` of pyproject.toml, here or "
        "above.",
    ),
]
NoConfigOption = Annotated[bool, typer.Option("--no-config", help="Read no configuration.")]


def config_of(config: str | None, no_config: bool) -> Config:
    """Return the configuration that the options select, by default the one that is named."""
    from shapecalc.files.config import NO_CONFIG, find_config, load_config

    if config is not None and no_config:
        raise Misuse("`--config` and `--no-config` are both given")
    if no_config:
        return NO_CONFIG
    return find_config() if config is None else load_config(config)


def paths_of(paths: list[str] | None, config: Config) -> list[str]:
    """Return the paths that are given, else those of the configuration; raise a usage error if there are none."""
    named = paths or [*config.paths]
    if not named:
        raise Misuse("`PATH...` is missing: name files or folders, or write `paths` in a configuration")
    return named
