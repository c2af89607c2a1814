"""Hostile names go through every renderer: none is markup, a command or a formula, and no byte of control."""

from __future__ import annotations

import csv as standard_csv
import json as standard_json
import math
import random
import re
import sys
from dataclasses import replace
from io import StringIO
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from markdown_it import MarkdownIt
from rich.console import Console

from shapecalc.api.presenter import Tables
from shapecalc.cli import progress
from shapecalc.costs.decoding import unroll
from shapecalc.costs.liveness import live_memory
from shapecalc.costs.scheduling import reordering
from shapecalc.costs.training import training_cost
from shapecalc.diagnostics import Source
from shapecalc.diffing.diff import diff as compare
from shapecalc.diffing.lock import Lock, drift, entry_of, to_json
from shapecalc.execution.decode import decode
from shapecalc.execution.gradient_check import verify_backward
from shapecalc.execution.training import train
from shapecalc.execution.training.exporting import safetensors
from shapecalc.execution.verify import verify_at
from shapecalc.files.load import loads_source
from shapecalc.parser.schema import schema_text
from shapecalc.render import (
    decode as unrolling,
    diff,
    list as zoo,
    memory,
    plot,
    solve_architecture,
    sweep,
    train as rendered_training,
    train_cost,
    verify,
    verify_backward as backward_proof,
)
from shapecalc.render.check import text
from shapecalc.render.inspect import dot, mermaid
from shapecalc.render.inspect.columns import COLUMNS
from shapecalc.render.inspect.table import inspection, listing
from shapecalc.render.json import document
from shapecalc.render.tables import csv, html, latex, markdown, text as tables_text
from shapecalc.render.terminal.escaping import terminal
from shapecalc.render.terminal.grid import Cells, Grid, Heading, Page, display_width, draw, escaped
from shapecalc.shape_inference.engine import Reports, inspect_at
from shapecalc.solving.input_sizes import solve
from tests.render.inspect.test_graph import read_dot, read_mermaid
from tests.support.ci_logs import commands
from tests.support.renaming import drawn, renamed, seed
from tests.support.rows import for_each
from tests.support.volume import NIGHTLY, volume

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


pytestmark = volume

NAMES = 10_000 if NIGHTLY else 2_000
PLACES = [f"zz{number:02}" for number in range(40)]
"""What stands in the texts below for names, which are put in where a result is made."""

BLOCKS = """\
blocks:
  zz04:
    parameters: [width: 4]
    layers:
      - {conv: {out_channels: $width, kernel_size: 3, padding: 1}, name: zz05}
      - {batch_norm: , name: zz06}
"""
NET = """\
name: zz00
source: zz01
inputs:
  zz02: [N, 4, _h_, 8]
  zz03: [N, 4, _h_, 8]
include: zz18.yaml
layers:
  - {add: , from: [zz02, zz03], name: zz07}
  - {zz04: {width: 4}, name: zz08}
  - {zz04: {width: 4}, name: zz09, repeat: 2}
  - {zz04: , name: zz10, share: zz08}
  - add: {zz11: [{relu: , name: zz12}], zz13: [{conv: {out_channels: 4, kernel_size: 1}, name: zz14}]}
    name: zz15
  - {max_pool: {kernel_size: 2}, name: zz19}
"""
for _place in PLACES[20:]:
    NET += f"  - {{relu: , name: {_place}}}\n"
NET += "outputs: {zz16: zz39, zz17: zz20}\n"
CHANGED = (
    NET.replace("name: zz02", "name: zz02")
    .replace("{relu: , name: zz30}", "{tanh: , name: zz30}")
    .replace("kernel_size: 1}", "kernel_size: 1, bias: false}")
    .replace("zz16: zz39", "zz16: zz38")
)
LOOP = """\
name: zz00
inputs: {zz01: {shape: [N, T], dtype: int64}}
layers:
  - {embedding: {num_embeddings: 5, embedding_dim: 3}, name: zz02}
  - {lstm: {hidden_size: 4, batch_first: true}, name: zz03}
  - {linear: 5, name: zz04}
  - log_softmax
decode: {token: zz01, states: [zz03], max_length: 6, beam: 2}
"""
DIGITS = "{name: zz00, input: [N, 1, 8, 8], layers: [flatten, {linear: 10, name: zz01}]}"

INVISIBLE = re.compile(
    # Unicode's default-ignorable characters, control characters, line ends, halves of pairs, marks of direction.
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\ud800-\udfff"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
PLAIN = {"width": None, "color": False, "unicode": True}


class Results(NamedTuple):
    """What renderers are given."""

    report: Any
    symbolic: Any
    comparison: Any
    proof: Any
    backward: Any
    live: Any
    order: Any
    cost: Any
    solution: Any
    drifts: Any
    loop: Any
    decoded: Any
    trained: Any
    texts: tuple[str, ...]
    """The names by themselves, in the order of `PLACES`."""


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    folder = tmp_path_factory.mktemp("sinks")
    (folder / "zz18.yaml").write_text(BLOCKS)
    network, changed = (loads_source(Source("zz05.yaml", text), folder=folder) for text in (NET, CHANGED))
    report, later = inspect_at(network, {}), inspect_at(changed, {})
    symbolic = inspect_at(network, {}, symbolic=True)
    loop = unroll(loads_source(Source("zz05.yaml", LOOP)), {})
    return Results(
        report=report,
        symbolic=symbolic,
        comparison=compare(report, later),
        proof=verify_at(Reports(network), {}),
        backward=verify_backward(network, {"N": 1, "_h_": 4}),
        live=live_memory(inspect_at(network, {"N": 2, "_h_": 4})),
        order=reordering(live_memory(inspect_at(network, {"N": 2, "_h_": 4}))),
        cost=training_cost(network, {"_h_": 4}, batch=8, memory=2**20, checkpoint=4),
        solution=solve(symbolic),
        drifts=drift(later, entry_of(report)),
        loop=loop,
        decoded=decode(loop),
        trained=train(loads_source(Source("zz05.yaml", DIGITS)), "digits8", epochs=1, batch=512),
        texts=tuple(PLACES),
    )


@pytest.fixture(scope="module")
def variants(results: Results) -> list[Results]:
    chance = random.Random(seed())
    names = drawn(chance, NAMES)
    batches = [names[start : start + len(PLACES)] for start in range(0, NAMES, len(PLACES))]
    return [renamed(results, dict(zip(PLACES, batch, strict=True))) for batch in batches]


def swept(found: Results) -> dict[str, Any]:
    """Return the columns of a sweep over words, as `--set` may give them."""
    words = np.array(found.texts, dtype=object)
    return {"H": np.arange(len(words)), "word": words}


def shown_of(found: Results) -> set[str]:
    return set(map(terminal, found.texts))


class Sink(NamedTuple):
    """A renderer: what it writes, and which of the names (by their places) must be in it as they can be shown."""

    write: Callable[[Results], str]
    names: tuple[int, ...] = (0,)


LAYERS = (7, 8, *range(19, 40))
EVERY = tuple(COLUMNS.values())


def as_text(result: Any) -> str:
    return tables_text.document(result, Page(**PLAIN))  # type: ignore[arg-type]


TEXTS = {
    "table": Sink(lambda found: as_text(inspection(found.report, EVERY)), (0, *LAYERS)),
    "table, symbolic": Sink(lambda found: as_text(inspection(found.symbolic, expand=True)), (0, *LAYERS)),
    "diff": Sink(lambda found: as_text(diff.comparison(found.comparison)), (0, 30)),
    "verify": Sink(lambda found: as_text(verify.verification(found.proof)), (0, *LAYERS)),
    "verify --backward": Sink(lambda found: as_text(backward_proof.verification(found.backward)), (0, *LAYERS)),
    "memory": Sink(lambda found: as_text(memory.live_tensors(found.live, found.order)), (0, *LAYERS)),
    "train-cost": Sink(lambda found: as_text(train_cost.training(found.cost)), (0, *LAYERS)),
    "solve": Sink(lambda found: solve_architecture.solution(found.solution, {}, **PLAIN), (0, 19)),
    "decode": Sink(lambda found: unrolling.unrolled(found.loop, found.decoded, **PLAIN)),
    "train": Sink(lambda found: as_text(rendered_training.run(found.trained, found.texts[3])), (0, 3)),
    "sweep": Sink(lambda found: as_text(sweep.points(swept(found), ())), tuple(range(40))),
    "list": Sink(lambda found: as_text(zoo.architectures([(found.texts[3], found.report)])), (3,)),
    "diagnostics": Sink(lambda found: text.render_diagnostics(found.drifts, found.report.architecture.file), (5,)),
    "diagnostics, narrow": Sink(
        lambda found: text.render_diagnostics(found.drifts, found.report.architecture.file, width=40), ()
    ),
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_terminal_and_a_log_obey_nothing(name: str, variants: list[Results]) -> None:
    sink = TEXTS[name]
    for found in variants:
        written = sink.write(found)
        assert not INVISIBLE.search(written)
        assert not commands(written)
        for place in sink.names:
            assert terminal(found.texts[place]) in written


@for_each("name", TEXTS)
def test_a_terminal_of_ascii_alone_gets_it_alone(name: str, variants: list[Results], monkeypatch: Any) -> None:
    monkeypatch.setitem(PLAIN, "unicode", False)
    if name.startswith("diagnostics"):
        return  # which `check` translates as a whole
    for found in variants[::10]:
        assert TEXTS[name].write(found).isascii()


def test_a_table_stays_aligned_whatever_stands_in_it(variants: list[Results]) -> None:
    for found in variants:
        cells = [Cells((escaped(name, unicode=True), "|")) for name in found.texts]
        grid = Grid((Heading("name"), Heading("")), cells)
        _, rule, *rows = draw(grid, width=None, color=False, unicode=True).split("\n")
        assert {display_width(row) for row in rows} == {len(rule)}
        assert all(row.endswith("|") for row in rows)


def refused(name: str) -> NoReturn:
    raise ValueError(name)


def through_json(values: Any) -> Any:
    """Join the halves of characters that happen to stand side by side: JSON cannot tell them from the whole."""
    return standard_json.loads(standard_json.dumps(values))


def texts_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for part in [*value, *value.values()] if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from texts_in(part)


DOCUMENTS = {
    "inspect": Sink(lambda found: document(found.report.to_dict()), (0, 2, 7, *LAYERS[2:])),
    "diff": Sink(lambda found: document(found.comparison.to_dict()), (30,)),
    "verify": Sink(lambda found: document(found.proof.to_dict()), (0, *LAYERS[2:])),
    "verify --backward": Sink(lambda found: document(found.backward.to_dict()), (0, *LAYERS[2:])),
    "memory": Sink(lambda found: document(memory.document(found.live, found.order)), (0, *LAYERS[2:])),
    "train-cost": Sink(lambda found: document(found.cost.to_dict()), (0,)),
    "solve": Sink(lambda found: document(solve_architecture.solution_dict(found.solution, {})), (19,)),
    "decode": Sink(lambda found: document(unrolling.unrolled_dict(found.loop, found.decoded)), (0, 1, 3)),
    "train": Sink(lambda found: document(found.trained.to_dict()), (0,)),
    "sweep, columns": Sink(lambda found: "".join(sweep.json_columns(swept(found), unicode=True)), tuple(range(40))),
    "sweep, lines": Sink(
        lambda found: "[" + sweep.json_lines(swept(found), unicode=True).rstrip("\n").replace("\n", ",\n") + "]",
        tuple(range(40)),
    ),
    "lock": Sink(lambda found: to_json(Lock({found.texts[3]: entry_of(found.report)}, "1")), (2, 3, *LAYERS[2:])),
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_json_has_every_text_as_it_was(name: str, variants: list[Results]) -> None:
    sink = DOCUMENTS[name]
    for found in variants:
        written = sink.write(found)
        assert not INVISIBLE.search(written)
        assert not commands(written)
        held = set(texts_in(standard_json.loads(written, parse_constant=refused)))
        assert not set(through_json([found.texts[place] for place in sink.names])) - held


SHEETS = {
    "inspect": Sink(lambda found: csv.table(listing(found.report, EVERY)), LAYERS[2:]),
    "diff": Sink(lambda found: csv.table(diff.listing(found.comparison)), (30,)),
    "list": Sink(lambda found: csv.table(zoo.architectures([(found.texts[3], found.report)]).main), (3,)),
    "sweep": Sink(lambda found: sweep.csv_header(("H", "word")) + sweep.csv_lines(swept(found)), tuple(range(40))),
}


@pytest.mark.parametrize("name", SHEETS)
def test_a_sheet_holds_no_formula(name: str, variants: list[Results]) -> None:
    sink = SHEETS[name]
    for found in variants:
        written = sink.write(found)
        assert not INVISIBLE.search(written)
        assert not commands(written)
        heads, *rows = standard_csv.reader(StringIO(written), strict=True)
        assert {len(row) for row in rows} == {len(heads)}
        cells = [cell for row in rows for cell in row]
        assert not [cell for cell in cells if cell.startswith(tuple("=+-@＝＋－＠\t\r"))]
        held = {cell.removeprefix("'") for cell in cells} | set(cells)
        assert not {terminal(found.texts[place]) for place in sink.names} - held


WRITER = Tables()
RESULTS = {
    "report": (lambda found: found.symbolic, LAYERS),
    "proof": (lambda found: found.proof, LAYERS),
    "backward proof": (lambda found: found.backward, LAYERS),
    "comparison": (lambda found: found.comparison, (30,)),
    "memory": (lambda found: found.live, LAYERS[2:]),
    "training cost": (lambda found: found.cost, LAYERS[2:]),
    "trained": (lambda found: found.trained, ()),
    "solution": (lambda found: found.solution, ()),
}
"""Results of Python, with the names in their tables."""
SHEETS |= {f"{name}.to_csv": Sink(lambda found, of=of: WRITER.csv(of(found)), ()) for name, (of, _) in RESULTS.items()}
OWN_TAGS = {"div", "style", "p", "b", "pre", "table", "colgroup", "col", "thead", "tbody", "tfoot", "tr", "th", "td"}
OWN_TAGS |= {"details", "summary", "span"}
OWN_STYLE = re.compile(r"[a-z-]+:[\w. %(),#-]+", re.ASCII)


@pytest.mark.parametrize("name", RESULTS)
def test_a_notebook_shows_names_as_text_alone(name: str, variants: list[Results]) -> None:
    of, places = RESULTS[name]
    for found in variants:
        written = WRITER.html(of(found))
        assert not INVISIBLE.search(written)
        assert not commands(written)
        page = ET.fromstring(written)
        parts = list(page.iter())
        assert {part.tag for part in parts} <= OWN_TAGS
        assert {name for part in parts for name in part.attrib} <= {"class", "style", "open"}
        assert {part.get("class", "") for part in parts} <= {"", "shapecalc", "n", "d", "b", "n d"}
        assert all(OWN_STYLE.fullmatch(part.get("style", "a:b")) for part in parts)
        (style,) = page.iter("style")
        assert style.text == html.STYLE.removeprefix("<style>").removesuffix("</style>")
        held = {part.text.strip() for part in parts if part.text and part.tag in {"td", "span"}}
        assert not [place for place in places if terminal(found.texts[place]).strip() not in "\n".join(held)]


PAGES = {
    **{
        f"{name}.to_markdown": Sink(lambda found, of=of: WRITER.markdown(of(found)), ())
        for name, (of, _) in RESULTS.items()
    },
    "inspect": Sink(lambda found: markdown.document(inspection(found.symbolic, EVERY)), LAYERS[2:]),
    "sweep": Sink(lambda found: markdown.document(sweep.points(swept(found), ())), tuple(range(40))),
    "list": Sink(lambda found: markdown.document(zoo.architectures([(found.texts[3], found.report)])), (3,)),
    "diff": Sink(lambda found: diff.markdown(found.comparison), (0, 30)),
}
OWN_WORDS = re.compile(r"[\w ,.;:%<→…−+()=-]*", re.ASCII)
"""Text of ours outside code: no sign of a mention, an issue, a link, an entity or a tag."""


@pytest.mark.parametrize("name", PAGES)
def test_a_page_holds_names_as_code_alone(name: str, variants: list[Results]) -> None:
    sink, page = PAGES[name], MarkdownIt("gfm-like", {"linkify": False})
    for found in variants:
        written = sink.write(found)
        assert not INVISIBLE.search(written)
        assert not commands(written)
        tokens = page.parse(written)
        blocks = [token.content.strip().split("\n")[0] for token in tokens if token.type == "html_block"]
        assert blocks in ([], ["<!-- shapecalc diff -->", "<details>", "</details>"])
        assert not {"fence", "code_block", "blockquote_open", "hr"} & {token.type for token in tokens}
        inner = [child for token in tokens for child in token.children or ()]
        assert {child.type for child in inner} <= {"text", "code_inline", "strong_open", "strong_close", "softbreak"}
        assert all(OWN_WORDS.fullmatch(child.content) for child in inner if child.type == "text")
        codes = {child.content.strip() for child in inner if child.type == "code_inline"}
        assert not {terminal(found.texts[place]).strip() for place in sink.names} - codes


def cells_of(row: str) -> int:
    """Count the cells of a row as GitHub does: a bar parts cells wherever no backslash stands before it."""
    return len(re.findall(r"(?<!\\)\|", row)) - 1


@pytest.mark.parametrize("name", PAGES)
def test_a_row_has_as_many_cells_as_there_are_columns(name: str, variants: list[Results]) -> None:
    for found in variants:
        runs = re.findall(r"(?:^\|.*\n?)+", PAGES[name].write(found), re.MULTILINE)
        assert runs
        assert all(len(set(map(cells_of, run.splitlines()))) == 1 for run in runs)


WORDS_OF_LATEX = {
    *(
        "begin",
        "end",
        "toprule",
        "midrule",
        "bottomrule",
        "left",
        "right",
        "lfloor",
        "rfloor",
        "frac",
        "mathit",
        "times",
    ),
    *("cdot", "text", "textbackslash", "textasciitilde", "textasciicircum", "textless", "textgreater", "textquotedbl"),
    *("textasciigrave", "textquotesingle", "textbar"),
}
TOKEN_OF_LATEX = re.compile(r"\\(?P<word>[A-Za-z]+)|\\(?P<sign>[^A-Za-z])|(?P<special>[#%~^_&${}])|[^\\]", re.DOTALL)


def test_latex_reads_no_command_out_of_a_name(variants: list[Results]) -> None:
    for found in variants:
        written = latex.table(inspection(found.symbolic, EVERY).main)
        assert not INVISIBLE.search(written)
        assert not commands(written)
        first, *rows, last = [row for row in written.split("\n") if not row.endswith("rule")]
        assert (first, last) == (r"\begin{tabular}{lrllllrrrrrrr}", r"\end{tabular}")
        for row in rows:
            check_row_of_latex(row)


def check_row_of_latex(row: str) -> None:
    tokens = list(TOKEN_OF_LATEX.finditer(row))
    assert "".join(token[0] for token in tokens) == row
    assert {token["word"] for token in tokens} - {None} <= WORDS_OF_LATEX
    assert {token["sign"] for token in tokens} - {None} <= set("\\&%$#_{}, ")
    special = [token["special"] for token in tokens if token["special"]]
    assert not set(special) & set("#%~_^")
    assert special.count("&") == len(COLUMNS) - 4  # all but the share
    assert special.count("$") % 2 == 0
    depth = 0
    for sign in special:
        depth += {"{": 1, "}": -1}.get(sign, 0)
        assert depth >= 0
    assert depth == 0
    assert not row.startswith(("[", "*"))
    assert "--" not in row


DRAWINGS = {"mermaid": (mermaid.inspection, read_mermaid), "dot": (dot.inspection, read_dot)}


@pytest.mark.parametrize("unicode", [True, False])
@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_has_every_name_in_one_label(name: str, unicode: bool, variants: list[Results]) -> None:
    write, read = DRAWINGS[name]
    for found in variants:
        written = write(found.report, expand=True, unicode=unicode)
        assert not INVISIBLE.search(written)
        assert not commands(written)
        assert unicode or written.isascii()
        graph = read(written)
        assert len(graph.nodes) == 37
        labels = {*graph.nodes.values(), *(label for around in graph.within.values() for label in around)}
        if unicode:
            names = [found.texts[place] for place in LAYERS[3:] if place != 30]
            # A dot at the front stands for a block around, of which a label has no need.
            assert not {terminal(f"{name}: relu") for name in names if not name.startswith(".")} - labels


WORDS = ("$\\frac$", "<b>\x1b]]>--</svg>", "\u202ea", "&amp;", "_hidden")


@pytest.mark.parametrize("ending", ["svg", "png", "pdf"])
def test_a_plot_shows_words_as_words(ending: str, tmp_path: Path) -> None:
    several = np.repeat(np.array(WORDS, dtype=object), 2)
    columns = {"_w": several, "_": np.array([1, 2] * len(WORDS)), "macs": np.arange(2 * len(WORDS))}
    plot.draw(columns, ["_w", "_"], tmp_path / f"sweep.{ending}")
    if ending == "svg":
        written = (tmp_path / "sweep.svg").read_text("utf-8")
        ET.fromstring(written)
        assert not INVISIBLE.search(written)
        assert "_w = _hidden" in written
        assert r"_w = $\frac$" in written


def test_no_number_of_json_is_infinite(results: Results) -> None:
    first, *rest = results.backward.rows
    lost = replace(first, checked=first.checked._replace(error=math.inf))
    document(replace(results.backward, rows=(lost, *rest), directional_error=math.nan).to_dict())
    epochs = (results.trained.epochs[0]._replace(test_loss=math.inf),)
    document(results.trained._replace(epochs=epochs).to_dict())
    document(unrolling.unrolled_dict(results.loop, results.decoded._replace(reread=-math.inf)))


def test_a_progress_bar_shows_names_and_obeys_none(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(progress, "PATIENCE", -1.0)
    monkeypatch.setattr(Console, "is_terminal", True)
    bar = progress.ProgressBar()
    for name in ("[/x]", "[bold]b[/]", ":warning:", "\x1b]0;t\x07", "\x9b1m", "\u202ea"):
        bar(name, 1, 2)
        assert bar._bar is not None
        (task,) = bar._bar.tasks
        assert terminal(name) in bar._bar.columns[-1](task).plain
        bar._bar.refresh()
    bar.clear()
    written = stream.getvalue()
    assert "[/x]" in written
    assert ":warning:" in written
    assert not re.search("\x07|\x9b|\u202e|\x1b]", written)


def test_the_schema_is_ascii_without_controls() -> None:
    assert not INVISIBLE.search(schema_text())
    assert not commands(schema_text())


def test_weights_keep_every_name(variants: list[Results]) -> None:
    for found in variants[:20]:
        named = {f"{name}.weight": np.zeros(1, np.float32) for name in through_json(list(found.texts))}
        data = safetensors(named)
        header = standard_json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
        assert header.keys() == {"__metadata__", *named}
        assert data[8 : 8 + int.from_bytes(data[:8], "little")].isascii()
