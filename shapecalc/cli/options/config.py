"""`--config` and `--no-config`: the configuration of the repository, or another, or none; `--exclude` adds to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from shapecalc.cli.exit_codes import Misuse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.cli.options.formats import Target
    from shapecalc.files.config import Config
    from shapecalc.files.settings import Settings

ConfigOption = Annotated[
    str | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="Read this configuration; default: `.shapecalc.toml`, or `[tool.shapecalc]` of pyproject.toml, here or "
        "above.",
    ),
]
ExcludeOption = Annotated[
    list[str] | None,
    typer.Option(
        "--exclude",
        metavar="PATTERN",
        help="Skip files, or folders of files, in addition to those of the configuration; may be repeated.",
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
    named = paths or [*config.existing_paths()]
    if not named:
        raise Misuse("`PATH...` is missing: name files or folders, or write `paths` in a configuration")
    return named


def show_configuration(
    config: Config, given: Settings, paths: list[str], targets: Sequence[Target], *, searched: bool
) -> None:
    """Write the configuration with the options that were given, for all files or for each path."""
    from shapecalc.cli.options.formats import TEXT_OR_JSON, writers_of, written
    from shapecalc.files.config import searched_folders
    from shapecalc.files.discovery import display_path
    from shapecalc.render.config import configuration, document

    shown = (
        config.with_options(set=dict(given.values), batch=given.batch),
        [display_path(path) for path in paths],
        searched_folders() if searched else [],
    )
    writers = writers_of(lambda: configuration(*shown), lambda: document(*shown))
    for target in targets:
        if target.format not in TEXT_OR_JSON:
            raise Misuse(f"`--show-config` is written as text or json, not as {target.format.value}")
        target.write(written(target, writers))
