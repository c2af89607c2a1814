"""Mutation testing: which small changes of a module does no test notice?

`python -m tests.support.mutate FILE ... [--tests TEST ...]` prints the survivors among the mutants of files. TESTS are arguments
of pytest, by default the folders of `tests/` that mirror those of the files. Tests are imported and collected once and run once, to
record which lines each one executes. Then each mutant runs in a forked child, with the tests of its line only, the fastest
first, until one fails. Tests whose values are computed when they are collected are collected again.
"""

from __future__ import annotations

import argparse
import ast
import copy
import importlib
import os
import resource
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
"""Measured time of the tests that run for one mutant at most; one that takes four times as long is killed."""
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

COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
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
}
NEIGHBOURS: dict[type[ast.cmpop], tuple[int, ...]] = {ast.Lt: (-1,), ast.LtE: (1,), ast.Gt: (1,), ast.GtE: (-1,)}
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
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


class Mutant(NamedTuple):
    """One change of a syntax tree: `holder.field`, or its element `index`, becomes `replacement`."""

    owner: tuple[ast.AST, ...]
    statement: ast.stmt
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
        last = self.holder if self.holder is not self.statement else self.original
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
        start = max(len(os.path.commonprefix([before, after])) - 40, 0)
        return f"{self.statement.lineno}: {before[start : start + 100]}  ->  {after[start : start + 100]}"


def _source(node: ast.AST) -> str:
    try:
        return ast.unparse(node).split("\n")[0]
    except (ValueError, AttributeError):
        return ast.dump(node)


def mutants(tree: ast.Module) -> Iterator[Mutant]:
    """Yield the mutants of a module, in the order of its lines."""
    yield from _of_body(tree, ())


def _of_body(node: ast.AST, owner: tuple[ast.AST, ...]) -> Iterator[Mutant]:
    """Yield the mutants of a definition; `owner` holds the classes and the outermost function around it."""
    for statement in node.body:  # type: ignore[attr-defined]
        if isinstance(statement, ast.ClassDef):
            yield from _of_body(statement, (*owner, statement))
        elif isinstance(statement, ast.FunctionDef):
            if not any(
                isinstance(decorator, ast.Name) and decorator.id == "overload" for decorator in statement.decorator_list
            ):
                yield from _of_statement(statement, (*owner, statement))
        elif isinstance(statement, ast.Assign | ast.AnnAssign):
            yield from _of_statement(statement, owner)


def _of_statement(statement: ast.stmt, owner: tuple[ast.AST, ...]) -> Iterator[Mutant]:
    if isinstance(statement, ast.Assert | ast.Import | ast.ImportFrom):
        return
    for field, value in ast.iter_fields(statement):
        if field in ("annotation", "returns", "decorator_list", "targets", "target", "type_comment"):
            continue
        for index, item in enumerate(value) if isinstance(value, list) else ((None, value),):
            place = (owner, statement, statement, field, index)
            if isinstance(item, ast.stmt):
                if isinstance(item, ast.AugAssign | ast.Raise | ast.Break | ast.Continue) or (
                    isinstance(item, ast.Expr) and isinstance(item.value, ast.Call)
                ):
                    yield Mutant(owner, item, statement, field, index, ast.copy_location(ast.Pass(), item))
                yield from _of_statement(item, owner)
            elif isinstance(item, ast.ExceptHandler):
                for inner in item.body:
                    yield from _of_statement(inner, owner)
            elif isinstance(item, ast.expr) and not (
                isinstance(statement, ast.Expr) and isinstance(item, ast.Constant)
            ):
                if field == "test":
                    yield from (Mutant(*place, _constant(item, truth)) for truth in (True, False))
                if isinstance(statement, ast.Return) and not isinstance(item, ast.Constant):
                    yield Mutant(*place, _constant(item, None))
                yield from _of_expression(item, place)
            elif isinstance(item, ast.operator):  # of an augmented assignment
                yield from (Mutant(*place, other()) for kind, other in ARITHMETIC.items() if isinstance(item, kind))
            elif isinstance(item, ast.arguments):
                for name in ("defaults", "kw_defaults"):
                    for at, default in enumerate(getattr(item, name)):
                        if default is not None:
                            yield from _of_expression(default, (owner, statement, item, name, at))


def _constant(node: ast.AST, value: object) -> ast.expr:
    return ast.copy_location(ast.Constant(value), node)


def _of_expression(node: ast.AST, place: tuple[Any, ...]) -> Iterator[Mutant]:
    """Yield the mutants of an expression, which is at a place: owner, statement, holder, field and index."""
    owner, statement = place[:2]
    yield from (Mutant(*place, ast.copy_location(other, node)) for other in _replacements(node))
    for field, value in ast.iter_fields(node):
        inner = [(index, item) for index, item in enumerate(value)] if isinstance(value, list) else [(None, value)]
        for index, item in inner:
            at = (owner, statement, node, field, index)
            if isinstance(item, ast.cmpop):
                yield from (Mutant(*at, other()) for other in COMPARISONS[type(item)])
            elif isinstance(item, ast.operator) and type(item) in ARITHMETIC:
                yield Mutant(*at, ARITHMETIC[type(item)]())
            elif (
                isinstance(node, ast.Compare)
                and index is not None
                and isinstance(item, ast.Constant)
                and type(item.value) is int
            ):
                # With an order, one neighbour of the constant is the other operator again.
                steps = NEIGHBOURS.get(type(node.ops[index]), (1, -1))
                yield from (Mutant(*at, _constant(item, item.value + step)) for step in steps)
            elif isinstance(item, ast.keyword):
                yield Mutant(*at, None)
                yield from _of_expression(item.value, (owner, statement, item, "value", None))
            elif isinstance(item, ast.comprehension):
                yield from _of_expression(item.iter, (owner, statement, item, "iter", None))
                for number, condition in enumerate(item.ifs):
                    yield Mutant(owner, statement, item, "ifs", number, None)
                    yield from _of_expression(condition, (owner, statement, item, "ifs", number))
            elif isinstance(item, ast.expr):
                if isinstance(node, ast.Slice):
                    yield Mutant(*at, None)
                if isinstance(node, ast.BoolOp):
                    yield Mutant(*at, None)
                yield from _of_expression(item, at)


def _replacements(node: ast.AST) -> Iterator[ast.expr]:
    match node:
        case ast.Constant(value=bool(value)):
            yield ast.Constant(not value)
        case ast.Constant(value=int(value)):
            yield ast.Constant(value + 1)
            yield ast.Constant(value - 1)
        case ast.Constant(value=str(value)):
            if "[" in value and len(value) > 2:
                for at, sign in enumerate(value):
                    if sign in QUANTIFIERS and value[at - 1 : at] not in ("\\", "(", "[", "-", "|") and at:
                        yield ast.Constant(value[:at] + QUANTIFIERS[sign] + value[at + 1 :])
            else:
                yield ast.Constant(value + "x")
        case ast.UnaryOp(op=ast.USub() | ast.Not(), operand=operand):
            yield operand
        case ast.BoolOp(op=op, values=values):
            yield ast.BoolOp(ast.Or() if isinstance(op, ast.And) else ast.And(), values)
        case ast.IfExp(body=body, orelse=orelse):
            yield body
            yield orelse
        case ast.Call(func=ast.Name(id=name), args=args, keywords=keywords) if name in CALLS:
            yield ast.Call(ast.Name(CALLS[name], ast.Load()), args, keywords)


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
            counts = results[KILLED] + results[TIMED_OUT] + results[SURVIVED], results[TIMED_OUT], results[SURVIVED]
            print("{}: {} mutants, {} do not end, {} survive".format(path, *counts), flush=True)
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
            if mutant is None:
                code = self.run(range(len(items)), set().union(*self.collected.values()), items)
            else:
                silent = os.open(os.devnull, os.O_WRONLY)
                os.dup2(silent, 1)
                os.dup2(silent, 2)
                resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
                resource.setrlimit(resource.RLIMIT_CPU, (int(4 * SECONDS), int(4 * SECONDS)))
                code = self.survives(mutant, items)
        finally:
            os._exit(code)

    def survives(self, mutant: Mutant, items: list[pytest.Item]) -> int:
        """Run the tests of a mutant, the fastest first and no more than time allows."""
        try:
            _install(self.tree, mutant, self.modules[self.file])
        except Exception:  # noqa: BLE001 - a change that cannot be loaded alone
            return INAPPLICABLE
        numbers = self.timely(self.tests(mutant, self.executed))
        return self.run(numbers, self.tests(mutant, self.collected), items)

    def timely(self, numbers: Iterable[int]) -> list[int]:
        """Return the fastest tests, as many as time allows."""
        fastest = sorted(numbers, key=self.durations.__getitem__)
        totals = accumulate(self.durations[number] for number in fastest)
        return [number for number, total in zip(fastest, totals, strict=True) if total < SECONDS]

    def run(self, numbers: Sequence[int], again: set[str], items: list[pytest.Item]) -> int:
        """Run collected tests, and files anew, until one fails."""
        for number in numbers:
            item = items[number]
            if isinstance(item, DoctestItem):  # a run clears its names
                item.dtest.globs.update(self.globals[number])
            failed = [report for report in runtestprotocol(item, log=False, nextitem=None) if report.failed]
            if failed:
                print(item.nodeid, failed[0].longreprtext, sep="\n", flush=True)
                return KILLED
        if again:
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
