"""The architectures that ship with the package: their names and their texts."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent.parent
# In the wheel the zoo is inside the package; in a checkout it is a folder next to it, where people look for it.
_PLACES = (_PACKAGE / "architectures", _PACKAGE.parent / "architectures")


def names() -> tuple[str, ...]:
    """Return the names of all architectures that ship, in alphabetical order."""
    return tuple(sorted(path.stem for path in _folder().glob("*.yaml")))


def path(name: str) -> Path | None:
    """Return the file of an architecture that ships, by `lenet5` or `lenet5.yaml`; None where there is none."""
    stem = name.removesuffix(".yaml").removesuffix(".yml")
    return _folder() / f"{stem}.yaml" if stem in names() else None


def _folder() -> Path:
    return next((place for place in _PLACES if place.is_dir()), _PLACES[0])
