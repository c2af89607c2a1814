"""Names and files of the architectures that ship with the package."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent.parent
# In the wheel the zoo is inside the package; in a checkout it is a folder next to it, where people look for it.
_FOLDERS = (_PACKAGE / "architectures", _PACKAGE.parent / "architectures")


def names() -> tuple[str, ...]:
    """Return the names of all shipped architectures, in alphabetical order."""
    return tuple(sorted(path.stem for path in _folder().glob("*.yaml")))


def path(name: str) -> Path | None:
    """Return the file of a shipped architecture, named `lenet5` or `lenet5.yaml`; None if there is none."""
    stem = name.removesuffix(".yaml").removesuffix(".yml")
    return _folder() / f"{stem}.yaml" if stem in names() else None


def _folder() -> Path:
    return next((folder for folder in _FOLDERS if folder.is_dir()), _FOLDERS[0])
