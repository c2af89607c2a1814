"""The structure of the package: few rooms, imports that go down, no cycles. `tests.support.structure` measures it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.structure import cycles, figures, floors, imports, room_imports, rooms

if TYPE_CHECKING:
    from pathlib import Path


def test_the_root_has_at_most_nineteen_entries_besides_the_dunder_files() -> None:
    assert len([room for room in rooms() if not room.startswith("__")]) <= 19


def test_rooms_stand_on_at_most_eleven_floors_and_import_downwards() -> None:
    assert max(floors(room_imports()).values()) <= 11


def test_no_modules_import_each_other() -> None:
    assert cycles(imports()) == []


def package(folder: Path, **files: str) -> Path:
    root = folder / "shapecalc"
    for name, text in {"__init__": "", **files}.items():
        path = root / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def test_this_test_can_fail_for_two_modules_that_import_each_other(tmp_path: Path) -> None:
    found = imports(package(tmp_path, a="from shapecalc import b", b="def f():\n    from shapecalc.a import f"))
    assert cycles(found) == [{"shapecalc.a", "shapecalc.b"}]


def test_this_test_can_fail_for_rooms_that_import_each_other(tmp_path: Path) -> None:
    root = package(tmp_path, **{"a/x": "import shapecalc.b.y", "b/y": "", "b/z": "from shapecalc.a.x import f"})
    assert cycles(imports(root)) == []
    with pytest.raises(ValueError, match="a -> b -> a"):
        floors(room_imports(root))


def test_the_figures_count_a_package(tmp_path: Path) -> None:
    root = package(tmp_path, a='"""Doc."""\n\n# why\nclass A: ...\n', b="from shapecalc.a import A\nclass A: ...\n")
    assert figures(root) == {
        "files": 3,
        "lines": 6,
        "lines of code": 3,
        "rooms": 3,
        "entries of the root besides the dunder files": 2,
        "floors": 2,
        "import cycles": 0,
        "class names used more than once": 1,
        "functions over 40 lines": 0,
        "files over 400 lines": 0,
        "modules without a test of their name": 2,
    }
