"""The structure of the package, measured from its own source: rooms, floors, import cycles, names, lengths, tests.

`python -m tests.support.structure [PACKAGE]` prints the figures, of another checkout if its package folder is given.
"""

from __future__ import annotations

import ast
import sys
from collections import Counter
from functools import cache
from pathlib import Path
from typing import NamedTuple

PACKAGE = Path(__file__).parents[2] / "shapecalc"
LONGEST_FUNCTION = 40  # lines


class Function(NamedTuple):
    """A function or method by its full name, and how many lines it has without decorators."""

    name: str
    lines: int


@cache
def modules(package: Path = PACKAGE) -> dict[str, ast.Module]:
    """Return the syntax tree of every module by its dotted name; a package by the name of its folder."""
    trees = {}
    for path in sorted(package.rglob("*.py")):
        parts = [package.name, *path.relative_to(package).with_suffix("").parts]
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        trees[name] = ast.parse(path.read_text(encoding="utf-8"))
    return trees


@cache
def imports(package: Path = PACKAGE) -> dict[str, frozenset[str]]:
    """Return the modules of the package that each module imports anywhere: at the top, in functions, for types only."""
    trees = modules(package)
    found = {}
    for name, tree in trees.items():
        targets = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module:
                full = (f"{node.module}.{alias.name}" for alias in node.names)
                targets |= {target if target in trees else node.module for target in full}
            elif isinstance(node, ast.Import):
                targets |= {alias.name for alias in node.names}
        found[name] = frozenset(target for target in targets if target in trees and target != name)
    return found


def rooms(package: Path = PACKAGE) -> tuple[str, ...]:
    """Return the entries of the package's root: folders, and modules that are in none."""
    root = package.name
    return tuple(sorted({name.split(".")[1] for name in modules(package) if name != root} | {"__init__"}))


def room_of(module: str) -> str:
    """Return the room of a module: `costs` of `shapecalc.costs.liveness`."""
    return [*module.split("."), "__init__"][1]


def room_imports(package: Path = PACKAGE) -> dict[str, frozenset[str]]:
    """Return the rooms that each room imports."""
    arrows: dict[str, set[str]] = {room: set() for room in rooms(package)}
    for name, targets in imports(package).items():
        arrows[room_of(name)] |= {room_of(target) for target in targets} - {room_of(name)}
    return {room: frozenset(others) for room, others in arrows.items()}


def floors(arrows: dict[str, frozenset[str]]) -> dict[str, int]:
    """Return the floor of each room: 1 if it imports no other, else one above the highest that it imports.

    Raises `ValueError` if rooms import each other in a circle.
    """
    found: dict[str, int] = {}

    def floor(room: str, above: tuple[str, ...]) -> int:
        if room in above:
            raise ValueError(f"rooms import each other: {' -> '.join([*above[above.index(room) :], room])}")
        if room not in found:
            found[room] = 1 + max((floor(other, (*above, room)) for other in arrows[room]), default=0)
        return found[room]

    for room in arrows:
        floor(room, ())
    return found


def cycles(arrows: dict[str, frozenset[str]]) -> list[frozenset[str]]:
    """Return the groups of two or more modules that import each other, directly or through others (Tarjan 1972)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found = []

    def visit(name: str) -> None:
        index[name] = low[name] = len(index)
        stack.append(name)
        for other in arrows[name]:
            if other not in index:
                visit(other)
                low[name] = min(low[name], low[other])
            elif other in stack:
                low[name] = min(low[name], index[other])
        if low[name] == index[name]:
            group = set()
            while name not in group:
                group.add(stack.pop())
            if len(group) > 1:
                found.append(frozenset(group))

    for name in arrows:
        if name not in index:
            visit(name)
    return found


def class_names(package: Path = PACKAGE) -> Counter[str]:
    """Return how often each class name is used in the package."""
    return Counter(
        node.name for tree in modules(package).values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)
    )


def functions(package: Path = PACKAGE) -> list[Function]:
    """Return every function and method, longest first."""
    found = []
    for name, tree in modules(package).items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert node.end_lineno is not None
                found.append(Function(f"{name}.{node.name}", node.end_lineno - node.lineno + 1))
    return sorted(found, key=lambda function: -function.lines)


def untested(package: Path = PACKAGE) -> list[str]:
    """Return the modules that have no `tests/<room>/test_<file>.py`, as paths below the package."""
    paths = [path.relative_to(package) for path in sorted(package.rglob("*.py")) if not path.name.startswith("__")]
    tests = package.parent / "tests"
    return [str(path) for path in paths if not (tests / path.with_name(f"test_{path.name}")).is_file()]


def themes(package: Path = PACKAGE) -> list[str]:
    """Return the `tests/<room>/test_<name>.py` for which there is no module or package <name>, as paths below tests."""
    tests = package.parent / "tests"
    found = []
    for room in sorted(tests / path.name for path in package.iterdir() if path.is_dir()):
        for test in sorted(room.rglob("test_*.py")):
            module = package / test.relative_to(tests).with_name(test.name.removeprefix("test_"))
            if not module.is_file() and not module.with_suffix("").is_dir():
                found.append(str(test.relative_to(tests)))
    return found


def code_lines(package: Path = PACKAGE) -> int:
    """Return how many lines hold code: not blank, not a comment, not a docstring."""
    total = 0
    for path in package.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        documented = {
            line
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
            for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
        }
        total += sum(
            bool(line.strip()) and not line.lstrip().startswith("#") and number not in documented
            for number, line in enumerate(text.splitlines(), start=1)
        )
    return total


def figures(package: Path = PACKAGE) -> dict[str, int]:
    """Return the figures of the structure by what they count."""
    sources = [path.read_text(encoding="utf-8") for path in package.rglob("*.py")]
    try:
        highest = max(floors(room_imports(package)).values())
    except ValueError:
        highest = 0
    return {
        "files": len(sources),
        "lines": sum(len(source.splitlines()) for source in sources),
        "lines of code": code_lines(package),
        "rooms": len(rooms(package)),
        "entries of the root besides the dunder files": sum(not room.startswith("__") for room in rooms(package)),
        "floors": highest,
        "import cycles": len(cycles(imports(package))),
        "class names used more than once": sum(count > 1 for count in class_names(package).values()),
        f"functions over {LONGEST_FUNCTION} lines": sum(
            function.lines > LONGEST_FUNCTION for function in functions(package)
        ),
        "files over 400 lines": sum(len(source.splitlines()) > 400 for source in sources),
        "modules without a test of their name": len(untested(package)),
    }


if __name__ == "__main__":
    for what, count in figures(Path(sys.argv[1]) if len(sys.argv) > 1 else PACKAGE).items():
        print(f"{count:8,}  {what}")
