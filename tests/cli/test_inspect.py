"""`shapecalc inspect`: what a user reads, and what programs read."""

from __future__ import annotations

import json
import re

import pytest

import shapecalc
from shapecalc.dims import show
from tests.support.terminals import ESCAPE, on_a_terminal

HOSTILE = """\
name: "[bold]net[/x] :smile: @team <b> | `a`"
input: [N, 3, 8, 8]
layers:
  - conv: {out_channels: 4, kernel_size: 3}
    name: conv-1/a.b
  - relu
"""


LENET = """\
LeNet-5  [N, 1, 32, 32]
path        layer                  output           params     MACs   share
──────────────────────────────────────────────────────────────────────────────
c1          conv 6 kernel_size=5   [N, 6, 28, 28]      156  117,600  28.2 %
tanh_1      tanh                   [N, 6, 28, 28]        0        0
s2          avg_pool 2             [N, 6, 14, 14]        0        0
c3          conv 16 kernel_size=5  [N, 16, 10, 10]   2,416  240,000  57.6 %  ◀
tanh_4      tanh                   [N, 16, 10, 10]       0        0
s4          avg_pool 2             [N, 16, 5, 5]         0        0
flatten_6   flatten                [N, 400]              0        0
c5          linear 120             [N, 120]         48,120   48,000  11.5 %
tanh_8      tanh                   [N, 120]              0        0
f6          linear 84              [N, 84]          10,164   10,080   2.4 %
tanh_10     tanh                   [N, 84]               0        0
output      linear 10              [N, 10]             850      840   0.2 %
softmax_12  softmax                [N, 10]               0        0
params   61,706     MACs   416,520     param size   241.0 KiB
buffers       0     FLOPs  852,418     activations   58.6 KiB
MACs, FLOPs and activations are those at N = 1; memory at float32
"""


def test_the_table_is_what_the_readme_shows(run) -> None:
    ended = run("inspect", "lenet5")
    assert (ended.code, ended.out, ended.err) == (0, LENET, "")


@pytest.mark.parametrize("name", ["lenet5", "vgg16"])
def test_eighty_columns_hold_a_layer_in_a_line(name: str) -> None:
    shown = ESCAPE.sub("", on_a_terminal(["inspect", name], 80))
    layers = shapecalc.inspect(shapecalc.load(name)).layers
    for row in layers:
        (line,) = [line for line in shown.splitlines() if line.startswith(f"{row.path} ")]
        assert row.type in line
        assert show(row.output) in line


def test_what_a_narrow_table_shortens_is_explained() -> None:
    shown = ESCAPE.sub("", on_a_terminal(["inspect", "vgg16"], 80))
    assert "conv 512 k3 p1" in shown
    assert "(k kernel_size, p padding; a million and more rounded; no room for share)" in shown
    assert "138,357,544" in shown, "totals are never rounded"


def test_a_wide_terminal_shortens_nothing() -> None:
    shown = ESCAPE.sub("", on_a_terminal(["inspect", "vgg16"], 120))
    assert "conv 512 kernel_size=3 padding=1" in shown
    assert "1,849,688,064" in shown


def test_names_are_text_and_never_markup(run, tmp_path) -> None:
    (tmp_path / "net.yaml").write_text(HOSTILE)
    ended = run("inspect", "net.yaml")
    assert ended.out.splitlines()[0] == "[bold]net[/x] :smile: @team <b> | `a`  [N, 3, 8, 8]"
    assert "conv-1/a.b" in ended.out


@pytest.mark.parametrize("name", [r"\u001b[31m", r"\u202e", r"\u0007"])
def test_a_name_cannot_speak_to_the_terminal(run, tmp_path, name: str) -> None:
    (tmp_path / "net.yaml").write_text(f'name: "{name}"\ninput: [N, 3]\nlayers: [relu]\n')
    ended = run("inspect", "net.yaml")
    assert not re.search("[\x00-\x08\x0b-\x1f\u202e]", ended.out + ended.err)


def test_json_is_the_documented_contract(run) -> None:
    found = json.loads(run("inspect", "lenet5", "--format", "json").out)
    assert found["schema_version"] == 1
    assert found["name"] == "LeNet-5"
    assert found["costs_at"] == {"N": 1}
    assert found["inputs"] == {"input": {"shape": ["N", 1, 32, 32], "dtype": "float32"}}
    assert found["layers"][0]["outputs"] == {"output": ["N", 6, 28, 28]}
    assert found["totals"]["params"] == 61706
    assert found["totals"]["macs"] == 416520


def test_json_holds_whole_numbers_or_expressions_and_no_floats(run) -> None:
    def refuse(text: str) -> float:
        pytest.fail(f"{text} is a float")

    json.loads(run("inspect", "vgg16", "--format", "json").out, parse_float=refuse, parse_constant=refuse)
    symbolic = json.loads(run("inspect", "vgg16", "--symbolic", "--format", "json").out, parse_float=refuse)
    assert symbolic["layers"][4]["outputs"]["output"] == ["N", 64, "H//2", "W//2"]
    assert isinstance(symbolic["totals"]["macs"], str)


def test_json_says_what_was_bound(run) -> None:
    found = json.loads(run("inspect", "vgg16", "--set", "H=96", "--set", "N=2", "--format", "json").out)
    assert (found["bindings"], found["costs_at"]) == ({"H": 96, "W": 224, "N": 2}, {})


def test_json_keeps_names_that_are_not_ascii(run, tmp_path) -> None:
    (tmp_path / "net.yaml").write_text("name: Café 畳 😀\ninput: [N, 3]\nlayers: [relu]\n", encoding="utf-8")
    for env in ({}, {"PYTHONIOENCODING": "ascii"}):
        assert json.loads(run("inspect", "net.yaml", "--format", "json", env=env).out)["name"] == "Café 畳 😀"


def test_every_format_tells_the_same_numbers(run) -> None:
    table, markdown = (run("inspect", "lenet5", "--format", word).out for word in ("table", "markdown"))
    for row in shapecalc.inspect(shapecalc.load("lenet5")).layers:
        assert f"{row.params:,}" in table
        assert f"| {row.params:,} | {row.macs:,} |" in markdown


def test_columns_come_in_the_order_asked_for(run) -> None:
    ended = run("inspect", "lenet5", "--columns", "macs, Path ,line")
    assert ended.out.splitlines()[1].split() == ["MACs", "path", "line"]


def test_every_column_has_something_to_say(run) -> None:
    columns = "path,line,type,layer,input,output,params,buffers,macs,flops,memory,share"
    (c1,) = [line for line in run("inspect", "lenet5", "--columns", columns).out.splitlines() if line.startswith("c1")]
    assert re.split(r"  +", c1) == [
        "c1", "5", "conv", "conv 6 kernel_size=5", "[N, 1, 32, 32]", "[N, 6, 28, 28]",
        "156", "0", "117,600", "239,904", "18.4 KiB", "28.2 %",
    ]  # fmt: skip


def test_depth_folds_what_shares_a_name(run) -> None:
    ended = run("inspect", "vgg16", "--depth", "1", "--columns", "path,layer,output,params")
    assert [line.split("  ")[0] for line in ended.out.splitlines()[3:7]] == [
        "features",
        "avgpool",
        "flatten_32",
        "classifier",
    ]
    assert "(31 layers)" in ended.out
    assert "14,714,688" in ended.out


def test_a_batch_of_eight_costs_eight_times_one(run) -> None:
    one = json.loads(run("inspect", "lenet5", "--format", "json").out)
    eight = json.loads(run("inspect", "lenet5", "--set", "N=8", "--format", "json").out)
    assert eight["totals"]["macs"] == 8 * one["totals"]["macs"]
    assert eight["totals"]["params"] == one["totals"]["params"]


def test_symbols_left_free_print_one_floor_for_each_axis(run) -> None:
    ended = run("inspect", "vgg16", "--symbolic")
    assert "[N, 512, ⌊H/32⌋, ⌊W/32⌋]" in ended.out
    assert "share" not in ended.out.splitlines()[1]


def test_findings_come_after_the_table_they_are_about(run, tmp_path) -> None:
    (tmp_path / "net.yaml").write_text("input: [N, 3]\nlayers: [relu]\nexpect: {params: 1}\n")
    ended = run("inspect", "net.yaml")
    assert ended.code == 1
    assert "relu_0" in ended.out
    assert "`net.yaml` expects params 1, has 0" in ended.err


def test_expectations_are_for_the_usual_sizes_and_not_for_others(run, tmp_path) -> None:
    text = "input: [N, H]\nsizes: {H: 3}\nlayers: [relu]\nexpect: {output: [N, 3]}\n"
    (tmp_path / "net.yaml").write_text(text)
    assert run("inspect", "net.yaml").code == 0
    assert run("inspect", "net.yaml", "--set", "H=5").code == 0


def test_shapes_start_no_numpy(run) -> None:
    ended = run(shell='--version; exec "$0" -X importtime -m shapecalc inspect lenet5')
    assert "shapecalc.render.inspect.table" in ended.err
    assert "numpy" not in ended.err


@pytest.mark.parametrize("command", ["inspect", "memory", "verify", "train-cost"])
def test_every_command_names_the_sizes_that_fit(run, command: str) -> None:
    ended = run(command, "vgg16", "--set", "H=16")
    assert ended.code == 1
    assert "help: H must be at least 32\n" in ended.err


def test_rows_are_filtered_sorted_and_cut_alike_in_every_format(run) -> None:
    chosen = ("resnet18", "--filter", "type=conv", "--sort", "macs", "--top", "3")
    rows = sorted(
        (row for row in shapecalc.inspect("resnet18").layers if row.type == "conv"), key=lambda row: -row.macs
    )
    first = [row.path for row in rows[:3]]
    assert [line.split()[0] for line in run("inspect", *chosen).out.splitlines()[3:6]] == first
    written = json.loads(run("inspect", *chosen, "--format", "json").out)
    assert [layer["path"] for layer in written["layers"]] == first
    assert [line.split(",")[0] for line in run("inspect", *chosen, "--format", "csv").out.splitlines()[1:]] == first


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--filter", "weather=rain"), "`--filter` expects a column and a value"),
        (("--sort", "mac"), "`--sort` has no column `mac`; did you mean `macs`?"),
        (("--columns", "kernelsize"), "did you mean `kernel_size`?"),
        (("--top", "3", "--graph", "dot"), "`--graph` draws every layer"),
        (("--dtype", "float31"), "did you mean `float32`?"),
    ],
)
def test_a_choice_that_there_is_not_is_a_usage_error(run, options: tuple[str, ...], message: str) -> None:
    ended = run("inspect", "lenet5", *options)
    assert (ended.code, ended.out) == (2, "")
    assert message in ended.err


def test_memory_is_of_elements_of_the_type(run) -> None:
    usual, quarter = (
        json.loads(run("inspect", "llama3-8b", "--dtype", dtype, "--format", "json").out)
        for dtype in ("float32", "int8")
    )
    assert usual["totals"]["parameter_bytes"] == 4 * quarter["totals"]["parameter_bytes"] == 4 * 8_030_261_248
    assert usual["totals"]["activation_bytes"] == 4 * quarter["totals"]["activation_bytes"]
    assert "memory at int4" in run("inspect", "llama3-8b", "--dtype", "int4").out
