"""`shapecalc layers`: every layer type, or one in full."""

from __future__ import annotations

import json
import re

from shapecalc.layers import layer_types
from shapecalc.layers.base import fields_of
from shapecalc.layers.documentation import documentation


def test_layers_lists_every_type_in_whole_sentences(run) -> None:
    out = run("layers").out
    for word in layer_types():
        assert re.search(rf"^{word}\s+\S", out, re.MULTILINE)
    assert not re.search(" …$", out, re.MULTILINE), "a pipe is not cut"


def test_layers_shows_a_type_in_full(run) -> None:
    for word in ("conv", "batch_norm", "relu"):
        out = run("layers", word).out
        for section in ("Input:", "Output:", "Parameters:", "Costs:", "Source:", "In a file:"):
            assert section in out
        for name, field in fields_of(layer_types()[word]).items():
            assert re.search(rf"^  {name} ", out, re.MULTILINE)
            assert field.description in " ".join(out.split())


def test_words_show_each_type_in_full_and_list_the_types_with_a_word(run) -> None:
    assert run("layers", "conv", "relu").out == run("layers", "conv").out + "\n" + run("layers", "relu").out
    listed = [line.split()[0] for line in run("layers", "NORM").out.splitlines()[:-3]]
    named = {word: f"{word} {documentation(cls).summary}".lower() for word, cls in layer_types().items()}
    assert listed == [word for word, text in named.items() if "norm" in text]
    by_summary = [line.split()[0] for line in run("layers", "trainable").out.splitlines()[:-3]]
    assert "scale" in by_summary  # in its summary alone
    assert run("layers", "relu", "norm").out == run("layers", "relu").out + "\n" + run("layers", "norm").out


def test_a_layer_shows_how_it_is_written(run) -> None:
    assert run("layers", "conv").out.endswith("In a file:  - conv: {out_channels: …, kernel_size: …}\n")
    assert run("layers", "max_pool").out.endswith("In a file:  - max_pool: …\n")
    assert run("layers", "relu").out.endswith("In a file:  - relu\n")


def test_another_tools_name_says_what_it_is_here(run) -> None:
    for name, hint in (
        ("Conv2D", "did you mean `conv`?"),
        ("lienar", "did you mean `linear`?"),
        ("Pooling", "use `max_pool` or `avg_pool`, whichever it computes"),
        ("maxout", "`shapecalc layers` lists every type"),
        ("banana", "`shapecalc layers` lists every type"),
    ):
        ended = run("layers", name)
        assert ended.code == 2
        assert ended.err.startswith(f"error: no layer type `{name}`; {hint}\n")


def test_json_has_every_layer_and_field_and_one_layer_is_one_of_them(run) -> None:
    listed = json.loads(run("layers", "--format", "json").out)["layers"]
    assert [each["type"] for each in listed] == [*layer_types()]
    for each in listed:
        assert [field["name"] for field in each["fields"]] == [*fields_of(layer_types()[each["type"]])], each["type"]
    (conv,) = json.loads(run("layers", "conv", "--format", "json").out)["layers"]
    assert conv in listed
