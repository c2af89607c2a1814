"""Mutation testing: which small changes of a module does no test notice?

`python -m tests.support.mutate FILE ... [--tests TEST ...]` prints the survivors among the mutants of files. TESTS are
arguments of pytest, by default the folders of `tests/` that mirror the files' and the doctests of the files. Tests are
collected once and run once, to record which lines each one executes. Then each mutant runs in a forked child, with the
tests of its line alone, the fastest first, until one fails. Tests whose values are computed when they are collected are
collected again.
"""

from __future__ import annotations

import argparse
import ast
import copy
import importlib
import os
import resource
import signal
import sys
import time
from collections import Counter, defaultdict
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import pytest
from _pytest.doctest import DoctestItem
from _pytest.runner import runtestprotocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from types import CodeType, FrameType

SECONDS = 3.0
"""Measured time of the tests that run for one mutant at most. A test that takes much longer than that kills it."""
TRACED = 100
"""Calls of a function, in one test, whose lines are recorded."""
MEMORY = 4 << 30
KILLED, SURVIVED, INAPPLICABLE, TIMED_OUT = range(4)
OPTIONS = (
    *("--override-ini=addopts=", "--doctest-modules", "--import-mode=importlib", "--strict-markers", "--capture=no"),
    *("-p", "no:cacheprovider", "-p", "no:terminal"),
)

T = TypeVar("T")
Line = tuple[str, int]
"""A file and a number in it."""

SWAPS: dict[type[ast.AST], tuple[type[ast.AST], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.And: (ast.Or,),
    ast.Or: (ast.And,),
    ast.USub: (ast.UAdd,),
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Add,),
    ast.FloorDiv: (ast.Mult,),
    ast.Mod: (ast.FloorDiv,),
    ast.Pow: (ast.Mult,),
    ast.BitOr: (ast.BitAnd,),
    ast.BitAnd: (ast.BitOr,),
}
CALLS = {
    "min": "max",
    "max": "min",
    "any": "all",
    "all": "any",
    "sorted": "list",
    "abs": "int",
    "lcm": "max",
    "gcd": "max",
}
QUANTIFIERS = {"?": "", "*": "+", "+": "*"}
NEIGHBOURS: dict[type[ast.AST], tuple[int, ...]] = {ast.Lt: (-1,), ast.LtE: (1,), ast.Gt: (1,), ast.GtE: (-1,)}
"""Steps of a constant behind an order: the other neighbour is the other operator again."""
OPTIONAL = {(ast.Call, "keywords"), (ast.Slice, "lower"), (ast.Slice, "upper")} | {(ast.comprehension, "ifs")}
SKIPPED = {"annotation", "returns", "decorator_list", "targets", "target", "bases"}


class Mutant(NamedTuple):
    """One change of a syntax tree: `holder.field`, or its element `index`, becomes `replacement`."""

    owner: tuple[ast.AST, ...]
    statement: Any
    holder: ast.AST
    field: str
    index: int | None
    replacement: Any

    @property
    def original(self) -> Any:
        """What is replaced."""
        value = getattr(self.holder, self.field)
        return value if self.index is None else value[self.index]

    @property
    def lines(self) -> range:
        """The lines of which one is executed whenever the change is."""
        if isinstance(self.statement, ast.FunctionDef):  # a default
            return range(self.statement.body[0].lineno, (self.statement.end_lineno or 0) + 1)
        last = self.original if hasattr(self.original, "end_lineno") else self.holder
        return range(self.statement.lineno, max(getattr(last, "end_lineno", 0), self.statement.lineno) + 1)

    def apply(self) -> None:
        """Change the tree."""
        if self.index is None:
            setattr(self.holder, self.field, self.replacement)
        else:
            getattr(self.holder, self.field)[self.index : self.index + 1] = (
                [] if self.replacement is None else [self.replacement]
            )

    def __str__(self) -> str:
        shown = self.holder if isinstance(self.holder, ast.expr) else self.statement
        changed = copy.deepcopy((shown, self.holder))
        before = _source(shown)
        self._replace(holder=changed[1], replacement=copy.deepcopy(self.replacement)).apply()
        after = _source(changed[0])
        differing = (at for at, (old, new) in enumerate(zip(before, after, strict=False)) if old != new)
        start = max(next(differing, 0) - 40, 0)
        return f"{self.statement.lineno}: {before[start : start + 100]}  ->  {after[start : start + 100]}"


def _source(node: ast.AST) -> str:
    try:
        return ast.unparse(node).split("\n")[0]
    except (ValueError, AttributeError):
        return ast.dump(node)


def mutants(tree: ast.Module) -> Iterator[Mutant]:
    """Yield the mutants of a module, in the order of its lines."""
    yield from _within(tree, (), tree)


def _within(holder: ast.AST, owner: tuple[ast.AST, ...], statement: ast.AST) -> Iterator[Mutant]:
    """Yield the mutants of what is in a node; `owner` holds the classes and the outermost function around it."""
    for field, value in ast.iter_fields(holder):
        for index, item in enumerate(value) if isinstance(value, list) else ((None, value),):
            if field in SKIPPED or not isinstance(item, ast.AST) or _is_fixed(item, owner):
                continue
            around = item if isinstance(item, ast.stmt) else statement
            for other in (*_by_place(item, holder, field), *_by_kind(item, holder)):
                yield Mutant(owner, around, holder, field, index, other)
            outermost = isinstance(item, ast.ClassDef | ast.FunctionDef) and not _in_function(owner)
            yield from _within(item, (*owner, item) if outermost else owner, around)


def _in_function(owner: tuple[ast.AST, ...]) -> bool:
    return bool(owner) and isinstance(owner[-1], ast.FunctionDef)


def _is_fixed(item: ast.AST, owner: tuple[ast.AST, ...]) -> bool:
    """Whether a node is without behaviour, or cannot be replaced alone."""
    if isinstance(item, ast.Assert | ast.Import | ast.ImportFrom):
        return True
    if isinstance(item, ast.Expr):
        return isinstance(item.value, ast.Constant)
    if isinstance(item, ast.FunctionDef):
        return any(isinstance(decorator, ast.Name) and decorator.id == "overload" for decorator in item.decorator_list)
    if _in_function(owner) or not isinstance(item, ast.stmt) or isinstance(item, ast.ClassDef):
        return False
    return not isinstance(item, ast.Assign | ast.AnnAssign) or "__" in ast.unparse(item).partition("=")[0]


def _by_place(item: ast.AST, holder: ast.AST, field: str) -> Iterator[ast.AST | None]:
    """Yield what the place allows; None leaves the node out."""
    if field == "test":
        yield from (ast.Constant(truth) for truth in (True, False) if ast.unparse(item) != str(truth))
    elif isinstance(holder, ast.Return) and not isinstance(item, ast.Constant):
        yield ast.Constant(None)
    elif isinstance(holder, ast.BoolOp) and field == "values":
        yield ast.Constant(isinstance(holder.op, ast.And))
    elif (type(holder), field) in OPTIONAL:
        yield None
    elif isinstance(item, ast.AugAssign | ast.Raise | ast.Break | ast.Continue | ast.Expr | ast.Delete):
        yield ast.Pass()


def _by_kind(item: ast.AST, holder: ast.AST) -> Iterator[ast.AST]:
    """Yield what a node could be instead."""
    yield from (other() for other in SWAPS.get(type(item), ()))
    if isinstance(item, ast.Name) and item.id in CALLS:
        yield ast.Name(CALLS[item.id], ast.Load())
    elif isinstance(item, ast.UnaryOp) and isinstance(item.op, ast.Not):
        yield item.operand
    elif isinstance(item, ast.Constant):
        steps = NEIGHBOURS.get(type(holder.ops[0]), (1, -1)) if isinstance(holder, ast.Compare) else (1, -1)
        yield from map(ast.Constant, _values(item.value, steps))


def _values(value: object, steps: tuple[int, ...]) -> Iterator[bool | int | str]:
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield from (value + step for step in steps)
    elif isinstance(value, str) and "[" in value and len(value) > 2:  # a regular expression
        for at, sign in enumerate(value):
            if sign in QUANTIFIERS and at and value[at - 1] not in "\\([-|":
                yield value[:at] + QUANTIFIERS[sign] + value[at + 1 :]
    elif isinstance(value, str):
        yield value + "x"


def _install(tree: ast.Module, mutant: Mutant, module: Any) -> None:
    """Put a changed definition in the place of the loaded one."""
    mutant.apply()
    ast.fix_missing_locations(tree)
    target: Any = module
    for node in mutant.owner:
        target = vars(target)[node.name]  # type: ignore[attr-defined]
    if isinstance(mutant.owner[-1] if mutant.owner else None, ast.FunctionDef):
        function = getattr(target, "fget", None) or getattr(target, "__func__", target)
        function.__code__ = _code(compile(tree, module.__file__, "exec"), function.__qualname__)
        definition = mutant.owner[-1]
        if mutant.statement is definition:
            definition.decorator_list = []  # type: ignore[attr-defined]
            scope = dict(vars(module))
            exec(compile(ast.Module([definition], []), module.__file__, "exec"), scope)  # type: ignore[list-item]
            function.__defaults__ = scope[definition.name].__defaults__  # type: ignore[attr-defined]
            function.__kwdefaults__ = scope[definition.name].__kwdefaults__  # type: ignore[attr-defined]
        return
    changed: dict[str, Any] = {}
    exec(compile(ast.Module([mutant.statement], []), module.__file__, "exec"), dict(vars(module)), changed)
    changed.pop("__annotations__", None)
    for name, value in changed.items():
        old = vars(target)[name]
        setattr(target, name, value)
        for other in list(sys.modules.values()) if target is module else ():
            if getattr(other, "__dict__", {}).get(name) is old:
                setattr(other, name, value)


def _code(code: CodeType, qualname: str) -> CodeType:
    """Return the code of the last definition of that name."""
    found = [constant for constant in code.co_consts if hasattr(constant, "co_code")]
    for inner in reversed(found):
        if inner.co_qualname == qualname:
            return inner
        if qualname.startswith(f"{inner.co_qualname}."):
            return _code(inner, qualname)
    raise LookupError(qualname)


class Mutations:
    """The pytest plugin that runs the collected tests once for coverage and then once for each mutant."""

    def __init__(self, paths: list[Path], shown: Callable[[Mutant], bool]) -> None:
        self.paths = paths
        self.modules = {
            str(path.resolve()): importlib.import_module(".".join(path.with_suffix("").parts)) for path in paths
        }
        self.shown = shown
        self.lines: set[Line] = set()
        self.calls: Counter[CodeType] = Counter()
        self.collected: dict[Line, set[str]] = defaultdict(set)  # files whose collection executes a line
        self.executed: dict[Line, set[int]] = defaultdict(set)  # tests that execute a line, by number
        self.durations: list[float] = []

    def trace(self, frame: FrameType, event: str, _: object) -> Any:
        """Record the executed lines of the file."""
        if event == "call":
            code = frame.f_code
            self.calls[code] += 1
            return self.trace if code.co_filename in self.modules and self.calls[code] <= TRACED else None
        if event == "line":
            self.lines.add((frame.f_code.co_filename, frame.f_lineno))
        return self.trace

    def record(self, action: Callable[[], Any]) -> set[Line]:
        """Return the lines that an action executes."""
        self.lines, self.calls = set(), Counter()
        sys.settrace(self.trace)
        try:
            action()
        finally:
            sys.settrace(None)
        return self.lines

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(self, collector: pytest.Collector) -> Iterator[None]:
        """Record what is executed while a file is collected."""
        self.lines, self.calls = set(), Counter()
        sys.settrace(self.trace)
        try:
            return (yield)
        finally:
            sys.settrace(None)
            for line in self.lines:
                self.collected[line].add(str(collector.path))

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self) -> None:
        """Find failures without shrinking them."""
        from hypothesis import Phase, settings  # pytest rewrites its assertions, which an earlier import would prevent

        settings.register_profile("mutate", settings.get_profile("ci"), phases=(Phase.explicit, Phase.generate))
        settings.load_profile("mutate")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run everything."""
        self.globals = [dict(item.dtest.globs) if isinstance(item, DoctestItem) else {} for item in session.items]
        for number, item in enumerate(session.items):
            started = time.process_time()
            reports: list[pytest.TestReport] = []
            after = session.items[number + 1] if number + 1 < len(session.items) else None
            lines = self.record(lambda: reports.extend(runtestprotocol(item, log=False, nextitem=after)))  # noqa: B023
            self.durations.append(time.process_time() - started)
            if any(report.failed for report in reports):
                raise pytest.UsageError(f"{item.nodeid} fails without a mutant")
            for line in lines:
                self.executed[line].add(number)
        print(f"{len(session.items)} tests take {sum(self.durations):.1f} s", flush=True)
        if not session.items or self.result(None, session.items) != SURVIVED:
            raise pytest.UsageError("a test fails when it runs again without a mutant")
        for path in self.paths:
            self.file = str(path.resolve())
            self.tree = ast.parse(path.read_text("utf-8"))
            results: Counter[int] = Counter()
            for mutant in filter(self.shown, mutants(self.tree)):
                result = self.result(mutant, session.items)
                results[result] += 1
                if result == SURVIVED:
                    tests = self.tests(mutant, self.executed) or self.tests(mutant, self.collected)
                    print(f"{path}:{mutant}{'' if tests else '  (no test)'}", flush=True)
            tested = results.total() - results[INAPPLICABLE]
            ends = f"{results[TIMED_OUT]} do not end, {results[INAPPLICABLE]} more cannot be loaded"
            print(f"{path}: {tested} mutants, {results[SURVIVED]} survive, {ends}", flush=True)
        return True

    def tests(self, mutant: Mutant, by_line: dict[Line, set[T]]) -> set[T]:
        """Return what executes a line of a mutant; of a constant, any line of the file."""
        if not any(isinstance(node, ast.FunctionDef) for node in mutant.owner):
            return set().union(*(found for (file, _), found in by_line.items() if file == self.file))
        return set().union(*(by_line.get((self.file, line), ()) for line in mutant.lines))

    def result(self, mutant: Mutant | None, items: list[pytest.Item]) -> int:
        """Return what becomes of a mutant, or of the unchanged file, in a child process."""
        child = os.fork()
        if child:
            status = os.waitpid(child, 0)[1]
            return TIMED_OUT if os.WIFSIGNALED(status) else os.waitstatus_to_exitcode(status)
        code = KILLED
        try:
            signal.signal(signal.SIGPROF, signal.SIG_DFL)
            if mutant is None:
                code = self.run(range(len(items)), set().union(*self.collected.values()), items)
            else:
                silent = os.open(os.devnull, os.O_WRONLY)
                os.dup2(silent, 1)
                os.dup2(silent, 2)
                resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
                code = self.survives(mutant, items)
        finally:
            os._exit(code)

    def survives(self, mutant: Mutant, items: list[pytest.Item]) -> int:
        """Run the tests of a mutant, the fastest first and no more than time allows."""
        try:
            _install(self.tree, mutant, self.modules[self.file])
        except Exception:  # noqa: BLE001 - a change that cannot be loaded alone
            return INAPPLICABLE
        constant = not _in_function(mutant.owner)  # which a test may read without executing the file
        numbers = range(len(items)) if constant else self.tests(mutant, self.executed)
        return self.run(self.timely(numbers), self.tests(mutant, self.collected), items)

    def timely(self, numbers: Iterable[int]) -> list[int]:
        """Return the fastest tests, as many as time allows."""
        fastest = sorted(numbers, key=self.durations.__getitem__)
        totals = accumulate(self.durations[number] for number in fastest)
        return [number for number, total in zip(fastest, totals, strict=True) if total < SECONDS]

    def run(self, numbers: Sequence[int], again: set[str], items: list[pytest.Item]) -> int:
        """Run collected tests, and files anew, until one fails."""
        for number in numbers:
            item = items[number]
            signal.setitimer(signal.ITIMER_PROF, 1 + 3 * self.durations[number])  # which ends the process
            if isinstance(item, DoctestItem):  # a run clears its names
                item.dtest.globs.update(self.globals[number])
            failed = [report for report in runtestprotocol(item, log=False, nextitem=None) if report.failed]
            if failed:
                print(item.nodeid, failed[0].longreprtext, sep="\n", flush=True)
                return KILLED
        if again:
            signal.setitimer(signal.ITIMER_PROF, 2 + 2 * SECONDS)
            for name in [name for name in sys.modules if name.startswith("tests.") and name != __name__]:
                del sys.modules[name]
            files = [
                items[number].nodeid for number in self.timely(range(len(items))) if str(items[number].path) in again
            ]
            return SURVIVED if pytest.main([*OPTIONS, "--exitfirst", "-W", "ignore", *files]) == 0 else KILLED
        return SURVIVED


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE")
    parser.add_argument("--tests", nargs="+", help="files, folders and options of pytest")
    parser.add_argument("--lines", help="only mutants of these lines, such as 12 or 12-40")
    given = parser.parse_args()
    first, _, last = (given.lines or "1-1000000").partition("-")

    def shown(mutant: Mutant) -> bool:
        return int(first) <= mutant.statement.lineno <= int(last or first)

    tests = given.tests or sorted(
        {str("tests" / Path(*path.parts[1:-1])) for path in given.files} | {*map(str, given.files)}
    )
    sys.exit(pytest.main([*OPTIONS, *tests], plugins=[Mutations(given.files, shown)]))


if __name__ == "__main__":
    main()
