"""`shapecalc explain`, and `shapecalc inspect --explain`, as their readers see them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from shapecalc.costs.explanation import ROW_KEYS

if TYPE_CHECKING:
    from tests.cli.conftest import Run


def test_the_rule_and_the_numbers_put_in_are_shown(run: Run) -> None:
    ended = run("explain", "lenet5", "c1", "--key", "macs")
    assert ended.code == 0
    assert ended.out.startswith("c1: conv 6 kernel_size=5, line 5\ninput [N, 1, 32, 32]\noutput [N, 6, 28, 28]\n")
    rule = "  MACs = N·out_channels·H_out·W_out·C_in/groups·kernel_size·kernel_size\n"
    assert f"{rule}       = 1·6·28·28·1/1·5·5\n       = 117,600\n" in ended.out


def test_a_layer_has_all_its_numbers_and_the_network_their_sums(run: Run) -> None:
    layer = json.loads(run("explain", "lenet5", "c3", "--format", "json").out)
    (step,) = layer["steps"]
    assert (layer["name"], step["path"], step["line"]) == ("LeNet-5", "c3", 10)
    assert tuple(step["keys"]) == ROW_KEYS
    assert [step["keys"][key]["result"] for key in ROW_KEYS] == [None, 2416, 0, 240_000, 481_600, 6400]
    (total,) = json.loads(run("explain", "lenet5", "--format", "json").out)["steps"]
    assert total["keys"]["params"]["result"] == 61_706
    assert total["keys"]["params"]["parts"][0] == {"path": "c1", "value": 156, "times": 1}


def test_sizes_that_are_set_are_put_in(run: Run) -> None:
    out = run("explain", "lenet5", "c1", "--key", "macs", "--batch", "8").out
    assert "       = 8·6·28·28·1/1·5·5\n" in out
    assert "  N = 8 ← input [N, 1, 32, 32], as it is set, line 3\n" in out
    assert "= 2·1·6·28·28\n" in run("explain", "lenet5", "c1", "--key", "memory", "--dtype", "bfloat16").out


def test_levels_limit_how_far_numbers_are_followed(run: Run) -> None:
    whole, brief = (run("explain", "lenet5", "c5", "--key", "macs", *more).out for more in ((), ("--levels", "0")))
    assert "H_in = 32 ← input [N, 1, 32, 32], line 3" in whole
    assert "  in_features = 400 ← flatten_6 (flatten, line 15)\n" in brief
    assert "H_in" not in brief


def test_a_block_is_the_sum_of_its_layers(run: Run) -> None:
    out = run("explain", "gpt2-small", "h", "--key", "params").out
    assert out == "h, the sum of its layers\n\nparams = 85,054,464\n  12 × 7,087,872  h.0 … h.11\n"


def test_a_wrong_step_or_number_is_told_with_the_likely_one(run: Run) -> None:
    for arguments, message in (
        (("lenet5", "c33"), "error[SC104]: `LeNet-5` has no step `c33`: did you mean `c3`?"),
        (("gpt2-small", "attn7"), "error[SC104]: `GPT-2 small` has no step `attn7`"),
        (("lenet5", "c3", "--key", "mac"), "error: `--key` has no number `mac` here; did you mean `macs`?"),
        (("lenet5", "--key", "output"), "error: `--key` has no number `output` here; it has params, buffers, macs"),
        (("lenet5", "c3", "--levels", "-1"), "error: "),
    ):
        ended = run("explain", *arguments)
        assert (ended.code, ended.out) == (2, ""), arguments
        assert ended.err.startswith(message), ended.err


def test_inspect_explains_every_layer_below_the_table(run: Run) -> None:
    table = run("inspect", "lenet5").out
    ended = run("inspect", "lenet5", "--explain")
    assert ended.code == 0
    assert ended.out.startswith(f"{table}\nc1: conv 6 kernel_size=5, line 5\n")
    assert ended.out.count("\nwhere\n") == 13, "a block for each layer"
    assert "\ntanh_4: as tanh_1\n" not in ended.out, "of another shape"
    assert "LeNet-5, the sum of its layers\n\nparams = 61,706\n" in ended.out


def test_inspect_has_the_derivations_in_json(run: Run) -> None:
    plain, explained = (
        json.loads(run("inspect", "lenet5", "--format", "json", *more).out) for more in ((), ("--explain",))
    )
    assert explained["explained"]["params"]["result"] == 61_706
    (macs,) = explained["layers"][0]["explained"]["keys"]["macs"]["formulas"]
    assert (macs["numbers"], macs["result"]) == ("1·6·28·28·1/1·5·5", 117_600)
    without = [{key: value for key, value in layer.items() if key != "explained"} for layer in explained["layers"]]
    assert {**explained, "layers": without} == {**plain, "explained": explained["explained"]}


def test_inspect_derives_every_layer_or_none(run: Run) -> None:
    for more in (("--top", "2"), ("--format", "csv"), ("--latex",), ("--graph", "dot"), ("--output", "x.csv")):
        ended = run("inspect", "lenet5", "--explain", *more)
        assert (ended.code, ended.out) == (2, ""), more
        assert "expl" in ended.err or ".json" in ended.err, ended.err


def test_an_optimizer_is_for_the_numbers_that_depend_on_it(run: Run) -> None:
    refused = run("explain", "lenet5", "c3", "--optimizer", "adam")
    assert (refused.code, refused.out) == (2, "")
    assert "`--optimizer` is for `--key state`, `training-peak`" in refused.err
    sgd, adam = (run("explain", "lenet5", "--key", "state", "--optimizer", name).out for name in ("sgd", "adam"))
    assert "state = 0 bytes" in sgd
    assert "state = 493,648 bytes" in adam  # two float32 numbers of each of 61,706 weights
    assert run("explain", "lenet5", "--key", "state").out == sgd
