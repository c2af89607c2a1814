"""Random graphs as files: branches in branches, blocks that call blocks, repeats, shared weights; all of them fit.

A value is known by what decides its shape: its width, written as a file writes it, and the halvings behind it. What is
merged has the same of both, so that a graph fits whatever its blocks are called with, and for every height and width.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import permutations
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml
from hypothesis import strategies as st

import shapecalc

if TYPE_CHECKING:
    from shapecalc import Architecture

Document = dict[str, Any]

MOST_HALVINGS = 2
SMALLEST = 2**MOST_HALVINGS
"""Cells of an axis that can be halved so often with no window left over."""
WIDEST = 9
"""Channels after which a layer brings them down again."""
LONGEST_WIDTH = 24
"""Characters of a width in a block, for the same reason."""
MOST_CHOICES = 600
"""Bytes that decide on a graph."""
BRANCHES = ("main", "side", "left", "right")
MAP, VECTOR = "map", "vector"


@dataclass(frozen=True)
class Graph:
    """A file as plain values, with sizes for its symbols."""

    document: Document
    sizes: dict[str, int]

    def text(self) -> str:
        """The file."""
        return written(self.document)

    def load(self) -> Architecture:
        """What the parser makes of it."""
        return shapecalc.loads(self.text())

    def __repr__(self) -> str:
        return f"{self.sizes}\n{self.text()}"


class _Plain(yaml.SafeDumper):
    """Writes no anchors: what stands twice is written twice."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True


def written(document: Document) -> str:
    return str(yaml.dump(document, Dumper=_Plain, sort_keys=False, width=1000))


class Flow(NamedTuple):
    """What is known of a value: a map of `[N, width, H, W]` or a vector of `[N, width]`.

    `width` is a number, or arithmetic over a block's parameters; `halved` the halvings behind it, in order.
    """

    domain: str
    width: str
    halved: str = ""


class Known(NamedTuple):
    """A step that can be named: what it gives, and what it reads and is where its weights can be used again.

    Of the branches beside it a branch shares weights and is `readable` nothing, or their order would matter.
    """

    name: str
    gives: Flow
    reads: Flow | None = None
    step: Document | None = None
    readable: bool = True


class Template(NamedTuple):
    """A block as its callers see it; where it `keeps`, what enters must be as wide as its first parameter says."""

    name: str
    domain: str
    keeps: bool
    halving: str
    reads: int
    parameters: tuple[str, ...]


@dataclass
class Body:
    """What is being written: how wide things may be there, which names can be seen, how deep it stands."""

    widths: tuple[str, ...]
    flag: str | None = None
    word: str | None = None
    known: list[Known] = field(default_factory=list)
    shareable: bool = True
    depth: int = 0
    names: list[int] = field(default_factory=lambda: [0])
    """Counts the names of the whole body: branches share it."""

    def within(self, *, shareable: bool) -> Body:
        """A branch: it sees what stands around it."""
        known = self.known if shareable else [entry._replace(step=None) for entry in self.known]
        return replace(self, known=list(known), depth=self.depth + 1)


def write(width: str) -> int | str:
    """A width as a file has it: a number, `$channels`, or arithmetic."""
    if width.isdigit():
        return int(width)
    return f"${width}" if width.isidentifier() else f"${{{width}}}"


def added(widths: list[str]) -> str:
    return str(sum(map(int, widths))) if all(width.isdigit() for width in widths) else f"({' + '.join(widths)})"


class Writer:
    """Writes steps; every choice is a byte of what is drawn, and the first choice where there are no more.

    To draw each choice from a strategy of its own takes ten times as long.
    """

    def __init__(self, choices: bytes) -> None:
        self.choices = iter(choices)
        self.templates: list[Template] = []

    def any(self, *choices: Any) -> Any:
        return choices[next(self.choices, 0) % len(choices)]

    def often(self, of: int = 2) -> bool:
        """One time in `of`."""
        return next(self.choices, 0) % of == of - 1

    # Lists of steps.

    def chain(self, flow: Flow, body: Body, length: int) -> tuple[list[Any], Flow]:
        """Steps that lead from one value to another."""
        steps: list[Any] = []
        for _ in range(self.any(*range(length + 1))):
            step, flow = self.step(flow, body)
            steps.append(step)
        return steps, flow

    def path(self, flow: Flow, target: Flow, body: Body, length: int = 2) -> list[Any]:
        """Steps that lead from one value to another of a given shape: none where they are the same."""
        steps, at = self.chain(flow, body, length)
        missing = target.halved.removeprefix(at.halved)
        for halving in missing:
            step, at = self.halve(at, halving)
            steps.append(step)
        if at != target:
            steps.append(self.resize(at, target.width))
        known = list(body.known)
        more, end = self.chain(target, replace(body, widths=(target.width,)), 1)
        if end == target:
            return [*steps, *more]
        body.known[:] = known
        return steps

    def step(self, flow: Flow, body: Body) -> tuple[Any, Flow]:  # noqa: PLR0911 - one for each kind of step
        """One step, with the name that it may have."""
        if len(flow.width) > LONGEST_WIDTH or (flow.width.isdigit() and int(flow.width) > WIDEST):
            width = self.any(*body.widths)
            return self.resize(flow, width), flow._replace(width=width)
        kinds = ["plain", "plain", "repeat", "resize", "jump", "share"]
        kinds += ["merge", "merge", "call", "call", "gate", "plain merge"] if body.depth < 2 else ["plain merge"]
        kind = self.any(*kinds)
        if kind in ("jump", "share"):
            there = [entry for entry in body.known if entry.readable and entry.gives._replace(width=flow.width) == flow]
            shared = [entry for entry in body.known if entry.step is not None and entry.reads == flow]
            if kind == "jump" and there:
                known = self.any(*there)
                step, after = self.halved_or_plain(known.gives, body, "plain")
                return self.named({**as_mapping(step), "from": known.name}, known.gives, after, body)
            if kind == "share" and shared:
                return self.again(self.any(*shared), flow, body)
            kind = "plain"
        if kind == "merge":
            return self.merge(flow, body)
        if kind == "plain merge":
            return self.plain_merge(flow, body)
        if kind == "call":
            return self.call(flow, body)
        if kind == "gate":
            return self.named(self.gate(flow), flow, flow, body, shareable=False)
        step, after = self.halved_or_plain(flow, body, kind)
        return self.named(step, flow, after, body)

    def halved_or_plain(self, flow: Flow, body: Body, kind: str) -> tuple[Any, Flow]:
        if kind == "resize":
            width = self.any(*body.widths)
            return self.resize(flow, width), flow._replace(width=width)
        step = self.plain(flow, body)
        if kind == "repeat":
            step = {**as_mapping(step), "repeat": self.any(1, 2, 3)}
        return step, flow

    def named(self, step: Any, reads: Flow, gives: Flow, body: Body, *, shareable: bool = True) -> tuple[Any, Flow]:
        """Name a step now and then; what has a name can be read, and shared unless it has no weights of its own."""
        if self.often():
            return step, gives
        body.names[0] += 1
        name = self.any("s{}", "s{}", "stage.s{}").format(body.names[0])
        step = {**as_mapping(step), "name": name}
        body.known.append(Known(name, gives, reads, step if shareable else None))
        return step, gives

    # Layers.

    def plain(self, flow: Flow, body: Body) -> Any:
        """A layer that changes no shape."""
        if self.often(3):
            return self.resize(flow, flow.width, body)
        words = ["relu", "tanh", "sigmoid", "identity", "dropout", "batch_norm"]
        if body.word is not None:
            words.append(body.word)
        if flow.domain == MAP:
            words += ["batch_norm", {"max_pool": {"kernel_size": 3, "stride": 1, "padding": 1}}]
        return self.any(*words)

    def resize(self, flow: Flow, width: str, body: Body | None = None) -> Document:
        """A layer with weights that gives `width` channels or features."""
        bias: Any = self.any({}, {}, {"bias": False}, {"bias": body.flag} if body is not None and body.flag else {})
        if flow.domain == VECTOR:
            return {"linear": {"out_features": write(width), **bias}}
        window = self.any({"kernel_size": 1}, {"kernel_size": 3, "padding": 1}, {"kernel_size": 2, "padding": "same"})
        return {"conv": {"out_channels": write(width), **window, **bias}}

    def halve(self, flow: Flow, halving: str) -> tuple[Any, Flow]:
        """`f` halves and rounds down, `c` rounds up."""
        after = flow._replace(halved=flow.halved + halving)
        width = write(flow.width)
        if halving == "f":
            conv = {"conv": {"out_channels": width, "kernel_size": 2, "stride": 2}}
            return self.any({"max_pool": 2}, {"avg_pool": 2}, conv), after
        conv = {"conv": {"out_channels": width, "kernel_size": 3, "stride": 2, "padding": 1}}
        return self.any({"max_pool": {"kernel_size": 3, "stride": 2, "padding": 1}}, conv), after

    # Merges.

    def halving(self, flow: Flow, body: Body) -> str:
        if flow.domain == VECTOR or body.depth or len(flow.halved) >= MOST_HALVINGS:
            return ""
        return str(self.any("", "", "f", "c"))

    def merge(self, flow: Flow, body: Body) -> tuple[Any, Flow]:
        """`add`, `multiply` or `concat` with branches of its own, perhaps repeated."""
        word = self.any("add", "add", "multiply", "concat")
        repeated = word != "concat" and self.often(3)
        width = flow.width if repeated or self.often() else self.any(*body.widths)
        target = flow._replace(width=width, halved=flow.halved + ("" if repeated else self.halving(flow, body)))
        names = self.any(*permutations(BRANCHES, self.any(2, 3)))
        branches: Document = {}
        widths: list[str] = []
        inner: list[Known] = []
        for name in names:
            inside = body.within(shareable=not repeated)
            inside.known += [entry._replace(readable=False) for entry in inner]
            seen = len(inside.known)
            to = target._replace(width=self.any(*body.widths)) if word == "concat" else target
            branches[name] = self.path(flow, to, inside)
            widths.append(to.width)
            inner += [entry._replace(name=f"{name}.{entry.name}") for entry in inside.known[seen:]]
        step: Document = {word: branches}
        if word == "concat":
            target = target._replace(width=added(widths))
            if self.often():
                step = {word: {"dim": self.any(1, -3 if flow.domain == MAP else -1), **branches}}
        if repeated:
            return self.named({**step, "repeat": self.any(1, 2, 3)}, flow, target, body)
        step, target = self.named(step, flow, target, body, shareable=False)
        if "name" in step:
            body.known += [entry._replace(name=f"{step['name']}.{entry.name}") for entry in inner]
        return step, target

    def plain_merge(self, flow: Flow, body: Body) -> tuple[Any, Flow]:
        """A merge of values by name."""
        same = self.alike(flow, body)
        if not same:
            return self.named(self.plain(flow, body), flow, flow, body)
        word = self.any("add", "multiply", "concat")
        read = [self.any(*same) for _ in range(self.any(2, 3))]
        step = {word: {}, "from": read}
        gives = flow._replace(width=added([flow.width] * len(read))) if word == "concat" else flow
        return self.named(step, flow, gives, body, shareable=False)

    def alike(self, flow: Flow, body: Body) -> list[str]:
        """The names of values of a shape."""
        return [entry.name for entry in body.known if entry.readable and entry.gives == flow]

    def gate(self, flow: Flow) -> Any:
        """A factor for each channel: one number for the whole map."""
        if flow.domain == VECTOR:
            return {"multiply": {"through": [], "gate": ["sigmoid"]}}
        conv = {"conv": {"out_channels": write(flow.width), "kernel_size": 1}}
        return {"multiply": {"through": [], "gate": ["global_avg_pool", conv, "sigmoid"]}}

    # Blocks and shared weights.

    def call(self, flow: Flow, body: Body) -> tuple[Any, Flow]:
        """A block, perhaps repeated."""
        fits = [
            block
            for block in self.templates
            if block.domain == flow.domain
            and (not block.halving or (not body.depth and len(flow.halved) < MOST_HALVINGS))
        ]
        if not fits:
            return self.merge(flow, body)
        block = self.any(*fits)
        width = flow.width if block.keeps else self.any(*body.widths)
        after = flow._replace(width=width, halved=flow.halved + block.halving)
        arguments = {"channels": write(width)}
        if "mid" in block.parameters and self.often():
            arguments["mid"] = write(self.any(*body.widths))
        if "flag" in block.parameters and self.often():
            arguments["flag"] = self.any(True, False)
        if "word" in block.parameters and self.often():
            arguments["word"] = self.any("relu", "tanh")
        lone = len(arguments) == 1 and self.often()
        step: Document = {block.name: arguments["channels"] if lone else arguments}
        if block.reads > 1:
            same = self.alike(flow, body)
            if not same:
                return self.named(self.plain(flow, body), flow, flow, body)
            step["from"] = [self.any(*same) for _ in range(block.reads)]
        if after == flow and self.often(3):
            step["repeat"] = self.any(1, 2, 3)
        return self.named(step, flow, after, body)

    def again(self, known: Known, flow: Flow, body: Body) -> tuple[Any, Flow]:
        """A step with the weights of another: by that alone, or as the same layer or call beside it."""
        assert known.step is not None
        kept = {key: value for key, value in known.step.items() if key not in ("name", "from", "share")}
        blocks = {block.name for block in self.templates}
        # What only shares is what it shares; a repeated layer can be shared by its name alone, a repeated block as well
        # by a call like it.
        alone = self.often() or not kept or ("repeat" in kept and blocks.isdisjoint(kept))
        step: Document = {"share": known.name} if alone else {**kept, "share": known.name}
        same = self.alike(flow, body)
        if isinstance(known.step.get("from"), list):
            if not same:
                return self.named(self.plain(flow, body), flow, flow, body)
            step["from"] = [self.any(*same) for _ in known.step["from"]]
        return self.named(step, flow, known.gives, body)

    def block(self, name: str, domain: str) -> Document:
        """A block: its steps may call those that stand before it."""
        keeps = self.often()
        halving = "" if keeps or domain == VECTOR else self.any("", "f", "c")
        reads = self.any(1, 1, 2) if keeps else 1
        widths = ["channels", "channels", "(channels + 1)", "2"]
        parameters: list[Any] = ["channels"]
        body = Body(())
        if self.often():
            parameters.append({"mid": self.any(3, "$channels", "${channels + 2}", "${2 * channels // 2 % 7 + 1}")})
            widths.append("mid")
        if self.often():
            parameters.append({"flag": self.any(True, False)})
            body.flag = "$flag"
        if self.often():
            parameters.append({"word": self.any("relu", "tanh")})
            body.word = "$word"
        body.widths = tuple(widths)
        body.depth = 1
        entering = Flow(domain, "channels" if keeps else "entering")
        names = ("input",) if reads == 1 else ("x", "skip")
        if keeps:
            body.known = [Known(known, entering) for known in names]
            layers, flow = self.chain(entering, body, 3)
        else:
            layers, flow = [self.resize(entering, "channels")], entering._replace(width="channels")
        layers += self.path(flow, Flow(domain, "channels", halving), body)
        if reads == 2 and self.often():
            layers.append({"add": {"through": [], "past": [{self.any("relu", "identity"): {}, "from": "skip"}]}})
        layers = layers or ["relu"]
        keys = [name if isinstance(name, str) else next(iter(name)) for name in parameters]
        self.templates.append(Template(name, domain, keeps, halving, reads, tuple(keys)))
        return {"parameters": parameters, **({"inputs": list(names)} if reads > 1 else {}), "layers": layers}


def as_mapping(step: Any) -> Document:
    return dict(step) if isinstance(step, dict) else {step: {}}


# Whole files.


def graphs(*, batch: str = "N", smallest: int = SMALLEST) -> st.SearchStrategy[Graph]:
    """Files of one or more inputs and outputs, with blocks, on maps, then on vectors and states of sequences."""
    return st.binary(min_size=MOST_CHOICES // 4, max_size=MOST_CHOICES).map(
        lambda choices: graph(choices, batch, smallest)
    )


def graph(choices: bytes, batch: str = "N", smallest: int = SMALLEST) -> Graph:
    """The file that choices decide on."""
    writer = Writer(choices)
    blocks: Document = {}
    for position in range(writer.any(0, 1, 2, 3)):
        blocks[f"block{position}"] = writer.block(f"block{position}", writer.any(MAP, MAP, VECTOR))
    sizes = {batch: writer.any(1, 2, 3), **{axis: smallest + writer.any(0, 1, 2, 3) for axis in "HW"}}
    channels = writer.any(1, 2, 3)
    inputs: Document = {"input": [batch, channels, "H", "W"]}
    if writer.often():
        inputs = {"image": inputs["input"]}
        inputs |= {"tokens": [batch, "T", 3]} if writer.often() else {}
        inputs |= {"spare": [batch, 2]} if writer.often(3) else {}
    sizes |= {"T": writer.any(1, 2, 3)} if "tokens" in inputs else {}
    image = next(iter(inputs))
    flow = Flow(MAP, str(channels))
    body = Body(("1", "2", "3"), known=[Known(image, flow)])
    steps: list[Any] = []
    if len(inputs) > 1:
        steps.append({"identity": {}, "from": image})
    more, flow = writer.chain(flow, body, 5)
    steps += [*more, {"identity": {}, "name": "map"}]
    body.known.append(Known("map", flow))
    vector = Body(body.widths, known=[], names=body.names)
    if "tokens" in inputs:
        steps += sequence(writer, vector)
        more, _ = writer.chain(vector.known[-1].gives, vector, 2)
        steps += more
    if writer.often():
        pooled = {"global_avg_pool": {}, "from": writer.any(*(entry.name for entry in body.known[-2:]))}
        steps += [pooled, "flatten", {"linear": 2, "name": "features"}]
        vector.known.append(Known("features", Flow(VECTOR, "2")))
        more, _ = writer.chain(Flow(VECTOR, "2"), vector, 3)
        steps += more
    known = [*body.known[1:], *vector.known]
    document: Document = {"name": "graph"}
    document |= {"input": inputs["input"]} if "input" in inputs else {"inputs": inputs}
    document |= {"sizes": {axis: size for axis, size in sizes.items() if axis != batch}} if writer.often() else {}
    document |= {"blocks": blocks} if blocks else {}
    document["layers"] = steps
    if known and writer.often():
        names = [writer.any(*known).name for _ in range(writer.any(1, 2, 3))]
        leaving: Any = {f"out{position}": name for position, name in enumerate(names)}
        document["outputs"] = writer.any(leaving, list(dict.fromkeys(names)))
    return Graph(document, sizes)


def sequence(writer: Writer, body: Body) -> list[Any]:
    """A recurrent layer whose last states are vectors to go on with."""
    word, hidden = writer.any("lstm", "gru", "rnn"), writer.any(1, 2, 3)
    fields = {"hidden_size": hidden, "batch_first": True, **writer.any({}, {"num_layers": 2}, {"bidirectional": True})}
    steps = [{word: fields, "name": "seq", "from": "tokens"}]
    for state in ("h_n", "c_n") if word == "lstm" else ("h_n",):
        steps.append({"select": {"dim": 0, "index": -1}, "from": f"seq.{state}", "name": f"last_{state}"})
        body.known.append(Known(f"last_{state}", Flow(VECTOR, str(hidden))))
    return steps
