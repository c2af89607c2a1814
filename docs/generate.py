"""Write the reference pages that follow from the code: `python docs/generate.py`."""

from __future__ import annotations

import inspect
import re
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

import shapecalc
from shapecalc.cli import COMMANDS, app
from shapecalc.cli.groups import GROUPS
from shapecalc.diagnostics.rules import rules
from shapecalc.execution.words.table import FEATURES, small_table
from shapecalc.layers import layer_types
from shapecalc.layers.documentation import documentation, layers as layers_of
from shapecalc.parser.fields import example
from shapecalc.render.layers import default_of
from shapecalc.render.rule import diagnostics_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shapecalc.diagnostics.rules import Rule
    from shapecalc.layers.documentation import Documentation

FOLDER = Path(__file__).parent / "reference"
NOTE = "<!-- Written by docs/generate.py from the code: change it there. -->"
FAMILIES_OF_CODES = {
    "0": "Reading the file",
    "1": "Names and structure",
    "2": "Values of fields",
    "3": "Shapes and sizes",
    "4": "Warnings",
    "5": "Expectations and the lock file",
    "6": "Verification",
    "7": "Running a network",
    "8": "Sweeps",
    "9": "Word vectors",
}
PYTHON = """\
`import shapecalc` imports neither NumPy nor YAML; each is imported by the functions that need it. Every function takes
a `shapecalc.Network`: an `Architecture`, the path of a file, or the name of one that ships, such as `"lenet5"`.

Sizes of symbols and values of the file's `parameters:` are keyword arguments, as `--set` gives them on the command
line. If the name of one is an argument of the function already, such as `seed`, it is given in `settings`:

```python
import shapecalc

report = shapecalc.inspect("resnet50", N=8, H=256, W=256)
assert report.outputs["output"] == (8, 1000)
assert shapecalc.inspect("resnet50", settings={"N": 8}, H=256, W=256).totals == report.totals
```

A mistake raises `ShapecalcError`, whose `str` has the place, the cause and the help of each mistake, and whose
`diagnostics` have them as attributes. The memory and the arithmetic of a run are bounded by
`budget=shapecalc.Budget(memory=…, flops=…)`, what a file may hold by `limits=shapecalc.Limits(…)`.

## Results

A result is one line in a session, and a table with blocks that fold in a notebook.

| Method | Returns |
| --- | --- |
| `str(result)` | the text that the command prints, without colour; tables are at most 100 columns wide |
| `to_rows()` | a list of flat mappings of plain values |
| `to_csv()` | the same as comma-separated values |
| `to_markdown()` | Markdown with names as code |
| `to_dict()` | the values of `--format json` |

Rows become a frame of pandas with `pandas.DataFrame(result.to_rows())`:

```python
rows = shapecalc.inspect("lenet5").to_rows()
assert rows[0]["path"] == "c1"
assert sum(row["params"] for row in rows) == 61706
```"""


def pages() -> dict[Path, str]:
    """Return the text of each generated page."""
    parts = {
        "layers": layers(),
        "commands": commands(),
        "options": options(),
        "diagnostics": diagnostics(),
        "python": python(),
        "words": words(),
    }
    return {FOLDER / f"{name}.md": "\n\n".join((NOTE, *part)) + "\n" for name, part in parts.items()}


def layers() -> Iterator[str]:
    """Yield the paragraphs of the page of layer types, by family."""
    yield "# Layers"
    yield (
        "Every layer type, grouped by the file that defines it. Field names are those of PyTorch's constructors. "
        "`shapecalc layers TYPE` prints one of these entries."
    )
    for module, classes in groupby(layer_types().values(), lambda cls: cls.__module__):
        yield f"## {module.rpartition('.')[2].capitalize()}"
        for cls in classes:
            yield from _layer(documentation(cls))
            yield f"```yaml\n- {example(cls)}\n```"


def _layer(layer: Documentation) -> Iterator[str]:
    yield f"### `{layer.type}`"
    yield escaped(layer.summary)
    if layer.fields:
        rows = [
            (
                f"`{field.name}`" + (" (main field)" if field.name == layer.main else ""),
                escaped(field.kind.describe()),
                "required" if field.required else escaped(default_of(field)),
                escaped(field.description),
            )
            for field in layer.fields
        ]
        yield table(("field", "value", "default", "meaning"), rows)
    yield "\n".join(f"- **{name}:** {escaped(text)}" for name, text in layer.sections.items())


def commands() -> Iterator[str]:
    """Yield the paragraphs of the page of commands."""
    yield "# Commands"
    yield (
        "`shapecalc help COMMAND` prints the same. Exit codes: 0 success, 1 findings or a failed proof, 2 wrong "
        "usage or an unreadable file, 130 after Ctrl-C, 141 if the reader of the output has closed it."
    )
    group: Any = typer.main.get_command(app)
    with group.make_context("shapecalc", [COMMANDS[0]]) as parent:
        for title, names in GROUPS.items():
            yield f"## {title}"
            for name in names:
                yield from _command(group.get_command(parent, name), name, parent)


def _command(command: Any, name: str, parent: typer.Context) -> Iterator[str]:
    context = typer.Context(command, info_name=name, parent=parent)
    yield f"### `{name}`"
    yield f"```text\n{command.get_usage(context).removeprefix('Usage: ')}\n```"
    yield from (escaped(" ".join(part.split())) for part in command.help.split("\n\n"))
    records = [*filter(None, (parameter.get_help_record(context) for parameter in command.params))]
    if records:
        yield "\n".join(f"- `{options}`: {escaped(' '.join(text.split()))}" for options, text in records)
    yield f"```sh\n{command.epilog}\n```"


def options_by_name() -> dict[str, dict[tuple[str, str], list[str]]]:
    """Return the commands of each placeholder and help text of each option, by its long names."""
    meanings: dict[str, dict[tuple[str, str], list[str]]] = {}
    group: Any = typer.main.get_command(app)
    with group.make_context("shapecalc", [COMMANDS[0]]) as parent:
        for command in COMMANDS:
            for parameter in group.get_command(parent, command).params:
                if parameter.param_type_name != "option" or parameter.hidden:
                    continue
                name = ", ".join(sorted(parameter.opts, key=lambda option: (len(option), option)))
                of_name = meanings.setdefault(name, {})
                of_name.setdefault((parameter.metavar or "", parameter.help), []).append(command)
    return dict(sorted(meanings.items(), key=lambda each: each[0].lstrip("-").lower()))


def options() -> Iterator[str]:
    """Yield the paragraphs of the page of options."""
    yield "# Options"
    yield (
        "An option name means the same in every command that has it. The few that mean another thing elsewhere "
        "have a row for each meaning. Older spellings are still read, and are listed in the changelog only."
    )
    rows = [
        (
            f"`{name}`",
            f"`{metavar}`" if metavar else "",
            escaped(help_text),
            ", ".join(f"`{each}`" for each in commands),
        )
        for name, meanings in options_by_name().items()
        for (metavar, help_text), commands in meanings.items()
    ]
    yield table(("option", "value", "meaning", "commands"), rows)


def diagnostics() -> Iterator[str]:
    """Yield the paragraphs of the page of diagnostics, by the first digit of their codes."""
    yield "# Diagnostics"
    yield (
        "Every diagnostic has a code. `shapecalc rule CODE` prints one of these entries, `shapecalc rule` the list. "
        "Codes that begin with SC4 are warnings, the others are errors."
    )
    for digit, group in groupby(rules(), lambda rule: rule.code[2]):
        yield f"## {FAMILIES_OF_CODES[digit]}"
        for rule in group:
            yield from _rule(rule)


def _rule(rule: Rule) -> Iterator[str]:
    yield f"### {rule.code}: {rule.title}"
    yield rule.text
    language = "yaml" if rule.language == "yaml" else "text"
    yield f'```{language} title="Broken"\n{rule.broken}\n```'
    if rule.language == "yaml":
        yield f"```text\n{diagnostics_text(rule)}\n```"
    yield f'```{language} title="Fixed"\n{rule.mended}\n```'


def python() -> Iterator[str]:
    """Yield the paragraphs of the page of public functions and classes, from their signatures and docstrings."""
    yield "# Python"
    yield PYTHON
    public = {name: getattr(shapecalc, name) for name in shapecalc.__all__ if name not in ("__version__", "layers")}
    yield "## Functions"
    yield "The examples follow `from shapecalc import *`."
    functions = {name: each for name, each in public.items() if inspect.isfunction(each)} | {"layers": layers_of}
    for name, function in sorted(functions.items()):
        yield f"### {name}"
        yield f"```text\n{_signature(name, function)}\n```"
        yield from _docstring(function)
    yield "## Classes"
    yield "Results have the methods of the table above; each class has these attributes and methods too."
    for name, cls in public.items():
        if inspect.isclass(cls):
            yield f"### {name}"
            yield from _docstring(cls)
            rows = [*_members(cls)]
            if rows:
                yield table(("Attribute", "Meaning"), rows)


def words() -> Iterator[str]:
    """Yield the paragraphs of the page of the small table of word vectors."""
    vectors = small_table()
    half = len(vectors.words) // 2
    yield "# The small table of word vectors"
    yield (
        "`shapecalc similar` and `shapecalc analogy` use this table unless `--vectors` names a file. It is made by "
        "hand, to show the arithmetic with numbers that can be checked in the head, and not trained on texts: each "
        "value is a judgement, in steps of 0.1 between −1 and 1, and 0 if a feature does not apply. A word and its "
        "translation differ in `chinese` only, which is smaller than other features, so that they are near each other."
    )
    yield table(("feature", "value"), [(f"`{name}`", text) for name, text in FEATURES.items()])
    yield "## Words"
    yield "Features that are 0 are left out, and `chinese`, which is 0 for the first word and 0.5 for the second."
    rows = []
    for english, chinese in zip(vectors.words[:half], vectors.words[half:], strict=True):
        vector = vectors.vectors[vectors.rows[english]]
        values = (f"{name} {value:g}" for name, value in zip(vectors.features, vector, strict=True) if value)
        rows.append((english, chinese, ", ".join(values).replace("-", "−")))
    yield table(("English", "Chinese", "features"), rows)


def _signature(name: str, function: Any) -> str:
    """Return a signature with a parameter per line, each with its type."""
    signature = inspect.signature(function)
    lines, keywords = [], False
    for parameter in signature.parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY and not keywords:
            keywords = True
            if not any(each.kind is each.VAR_POSITIONAL for each in signature.parameters.values()):
                lines.append("    *,")
        star = {parameter.VAR_POSITIONAL: "*", parameter.VAR_KEYWORD: "**"}.get(parameter.kind, "")
        default = "" if parameter.default is parameter.empty else f" = {parameter.default!r}"
        lines.append(f"    {star}{parameter.name}: {parameter.annotation}{default},")
    return "\n".join([f"shapecalc.{name}(", *lines, f") -> {signature.return_annotation}"])


def _docstring(documented: Any) -> Iterator[str]:
    """Yield the paragraphs of a docstring; its example is run by the tests of the code."""
    for paragraph in inspect.cleandoc(documented.__doc__ or "").replace("\nRaises ", "\n\nRaises ").split("\n\n"):
        yield f"```pycon\n{paragraph}\n```" if paragraph.startswith(">>>") else escaped(paragraph)


def _members(cls: type) -> Iterator[tuple[str, str]]:
    """Yield the public attributes: fields with their types, properties and methods with a sentence."""
    for base in reversed(cls.__mro__):
        for name, kind in getattr(base, "__annotations__", {}).items():
            if not name.startswith("_") and "ClassVar" not in str(kind):
                written = getattr(kind, "__forward_arg__", kind)  # as a NamedTuple has it
                yield f"`{name}`", f"`{written}`".replace("|", "\\|")
    for name, member in vars(cls).items():
        text = inspect.getdoc(member.fget if isinstance(member, property) else getattr(member, "func", member))
        if not name.startswith("_") and text and (callable(member) or isinstance(member, property | cached_property)):
            called = "()" if callable(member) else ""
            yield f"`{name}{called}`", escaped(" ".join(text.split("\n\n")[0].split())).replace("|", "\\|")


def table(heading: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Return a Markdown table."""
    return "\n".join(f"| {' | '.join(line)} |" for line in (heading, ("---",) * len(heading), *rows))


def escaped(text: str) -> str:
    """Return Markdown that shows a text as it is, with its code spans as code."""
    spans = re.split("(`[^`]*`)", text)
    return "".join(span if span.startswith("`") else re.sub(r"([\\*\[\]])", r"\\\1", span) for span in spans)


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
