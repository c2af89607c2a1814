"""The architectures that ship: each held row by row against figures from elsewhere, and proved by running it."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import shapecalc
from shapecalc import verify
from shapecalc.checking.expect import unmet
from shapecalc.dims import symbol
from shapecalc.execution.verify import trial_sizes
from shapecalc.files import zoo
from shapecalc.shape_inference import walker
from shapecalc.shape_inference.engine import Reports, inspect_at
from shapecalc.shape_inference.rows import leaves
from tests.oracle.test_zoo_attention import NAMES as OF_ATTENTION
from tests.oracle.test_zoo_convolutional import NAMES as CONVOLUTIONAL
from tests.oracle.test_zoo_graphs import NAMES as GRAPHS_OF_BRANCHES
from tests.oracle.test_zoo_windows import NAMES as OF_WINDOWS
from tests.support.rows import for_each

if TYPE_CHECKING:
    from shapecalc.shape_inference.report import Report
    from shapecalc.shape_inference.rows import LayerReport

ORACLE = Path(__file__).parent
CLASSICS: dict[str, Any] = json.loads((ORACLE / "oracle.json").read_text(encoding="utf-8"))["classics"]
TORCHVISION: dict[str, Any] = {
    **json.loads((ORACLE / "torchvision.json").read_text(encoding="utf-8"))["models"],
    **json.loads((ORACLE / "torchvision_more.json").read_text(encoding="utf-8"))["models"],
}

VGG = ("vgg11", "vgg11_bn", "vgg13", "vgg13_bn", "vgg16", "vgg16_bn", "vgg19", "vgg19_bn")
SEQUENCES = ("char-rnn", "gru-tagger", "lstm-classifier")
RESNETS = ("resnet18", "resnet34", "resnet50", "resnet101", "resnet152")
GRAPHS = (*RESNETS, "resnext50_32x4d", "wide_resnet50_2", "densenet121", "squeezenet1_1", "mobilenet_v2")
IMAGES = ("alexnet", "alexnet-torchvision", "lenet5", "mlp", *VGG, *GRAPHS)
NAMES = (*IMAGES, *SEQUENCES)
BY_PYTORCH = (
    *("clip-vit-b-32", "deeplabv3_resnet50", "fcn_resnet50", "gcn", "pointnet", "qwen3-0.6b", "ssd300_vgg16", "swin_t"),
    *("t5-small", "whisper-tiny"),
)
"""Those that have a test of their own beside the figures that PyTorch gave."""
IN_CLASSICS = {
    "alexnet": "alexnet_paper_227",
    "alexnet-torchvision": "alexnet",
    "lenet5": "lenet5_tanh_avg",
    **{name: name for name in (*VGG, *RESNETS)},
}
IN_TORCHVISION = {
    "alexnet-torchvision": "alexnet",
    **{name: name for name in VGG if name in TORCHVISION},
    **{name: name for name in GRAPHS},
}

# PyTorch's class, or the function that stands in a row, and the word of the format.
WORDS = {
    "AdaptiveAvgPool2d": "adaptive_avg_pool",
    "AvgPool2d": "avg_pool",
    "BatchNorm2d": "batch_norm",
    "Conv2d": "conv",
    "Dropout": "dropout",
    "Flatten": "flatten",
    "Linear": "linear",
    "LocalResponseNorm": "local_response_norm",
    "MaxPool2d": "max_pool",
    "ReLU": "relu",
    "ReLU6": "relu6",
    "Softmax": "softmax",
    "Tanh": "tanh",
    "add": "add",
    "flatten": "flatten",
}

# What torchvision computes by a function, which is no leaf: everywhere by these words, and in some models these steps.
FUNCTIONS = {"add", "concat", "flatten"}
STEPS_BY_FUNCTION = {"densenet121": {"relu", "avgpool"}, "mobilenet_v2": {"avgpool"}}

QUICK = (
    "lenet5",
    "mlp",
    *SEQUENCES,
    "resnet18",
    "resnet34",
    "resnet50",
    "resnext50_32x4d",
    "squeezenet1_1",
    "mobilenet_v2",
)

each = pytest.mark.parametrize("name", NAMES)


def report_of(name: str) -> Report:
    return shapecalc.inspect(shapecalc.load(name), N=1)


def leaves_of(name: str) -> list[tuple[str, LayerReport]]:
    """The rows that are leaves in torchvision, each with the path of the step at the top that it lies in."""
    return [
        (top.path, row)
        for top in report_of(name).tree
        for row in leaves((top,))
        if row.type not in FUNCTIONS and top.path not in STEPS_BY_FUNCTION.get(name, ())
    ]


def figures(row: LayerReport) -> tuple[str, list[Any], Any, Any]:
    return row.type, list(row.output), row.params, row.macs


def test_these_are_the_architectures_that_ship() -> None:
    others = (*GRAPHS_OF_BRANCHES, *OF_ATTENTION, *BY_PYTORCH, *OF_WINDOWS, *CONVOLUTIONAL)
    assert zoo.names() == tuple(sorted((*NAMES, *others)))


@each
def test_it_names_its_source_and_what_it_expects(name: str) -> None:
    architecture = shapecalc.load(name)
    assert architecture.cites
    wanted = {"output", "params"} if name in SEQUENCES else {"output", "params", "macs"}
    assert wanted <= {line.key for line in architecture.expect}


@each
def test_what_it_expects_is_met(name: str) -> None:
    assert unmet(shapecalc.inspect(shapecalc.load(name))) == ()


@for_each("name, model", IN_CLASSICS.items())
def test_every_row_is_pytorchs(name: str, model: str) -> None:
    rows = [(WORDS[module], shape, params, macs) for _, module, shape, params, macs in CLASSICS[model]["rows"]]
    assert [figures(row) for row in report_of(name).layers] == rows


@for_each("name, model", IN_CLASSICS.items())
def test_the_totals_are_pytorchs(name: str, model: str) -> None:
    report, theirs = report_of(name), CLASSICS[model]
    assert [list(shape) for shape in report.outputs.values()] == [theirs["output"]]
    assert (report.totals.params, report.totals.macs) == (theirs["params"], theirs["macs"])
    # PyTorch has one integer per batch norm, a counter of batches, which is not counted here.
    assert report.totals.buffers == theirs["buffers"] - theirs["bn_counters"]


@for_each("name, model", IN_TORCHVISION.items())
def test_every_leaf_is_torchvisions(name: str, model: str) -> None:
    theirs = [(WORDS[module], shape, params) for _, module, shape, params in TORCHVISION[model]["leaves"]]
    assert [(row.type, list(row.output), row.params) for _, row in leaves_of(name)] == theirs


@for_each("name, model", IN_TORCHVISION.items())
def test_the_totals_are_torchvisions(name: str, model: str) -> None:
    report, theirs = report_of(name), TORCHVISION[model]
    assert [list(shape) for shape in report.outputs.values()] == [theirs["output"]]
    assert (report.totals.params, report.totals.macs) == (theirs["params"], theirs["macs"])
    # Of each batch norm PyTorch keeps a counter of batches too.
    norms = sum(1 for row in report.layers if row.type == "batch_norm")
    assert report.totals.buffers == theirs["buffers"] - norms


@for_each("name, model", IN_TORCHVISION.items())
def test_every_step_at_the_top_is_called_as_torchvision_calls_it(name: str, model: str) -> None:
    paths = [path for path, *_ in TORCHVISION[model]["leaves"]]
    strays = [
        (top, path)
        for (top, _), path in zip(leaves_of(name), paths, strict=True)
        if path != top and not path.startswith(f"{top}.")
    ]
    assert strays == []


@pytest.mark.parametrize("name", ["alexnet-torchvision", *VGG])
def test_tensors_have_the_names_that_torchvisions_state_dict_gives_them(name: str) -> None:
    rows = CLASSICS[IN_CLASSICS[name]]["rows"]
    theirs = [path for path, _, _, params, _ in rows if params]
    assert [row.path for row in report_of(name).layers if row.params] == theirs


def test_the_mlp_is_two_matrices_and_their_biases() -> None:
    hidden, output = (row for row in report_of("mlp").layers if row.params)
    assert (hidden.params, output.params) == (28 * 28 * 300 + 300, 300 * 10 + 10)
    assert (hidden.macs, output.macs) == (28 * 28 * 300, 300 * 10)


@pytest.mark.parametrize("name", [name for name in IMAGES if name not in ("alexnet", "lenet5", "mlp")])
def test_height_and_width_are_symbols_with_their_usual_sizes(name: str) -> None:
    architecture = shapecalc.load(name)
    assert architecture.sizes == {"H": 224, "W": 224}
    first, *_ = inspect_at(architecture, {}, symbolic=True).layers
    assert "H" in str(first.output[2])
    assert "W" in str(first.output[3])


@pytest.mark.parametrize(
    "name",
    [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in NAMES],
)
def test_running_it_proves_every_row(name: str) -> None:
    architecture = shapecalc.load(name)
    proof = verify(architecture)
    assert proof.ok, [row.layer.path for trial in proof.trials for row in trial.rows if not row.ok]
    assert proof.unproved == ()
    sizes = [trial.sizes for trial in proof.trials]
    assert len(sizes) == 2
    assert all(sizes[0][symbol] != sizes[1][symbol] for symbol in sizes[0]), "each symbol is tried at two sizes"


@pytest.mark.parametrize(
    ("name", "per_step", "once"),
    [
        # Matrices of each layer and direction, features in + state, then the classes.
        ("char-rnn", 4 * 512 * (65 + 512) + 4 * 512 * (512 + 512) + 512 * 65, 0),
        ("lstm-classifier", 2 * 4 * 128 * (100 + 128) + 2 * 4 * 128 * (2 * 128 + 128), 2 * 128 * 2),
        ("gru-tagger", 2 * 3 * 150 * (100 + 150) + 2 * 150 * 17, 0),
    ],
)
def test_a_sequence_costs_its_steps(name: str, per_step: int, once: int) -> None:
    architecture = shapecalc.load(name)
    macs = shapecalc.inspect(architecture).totals.macs
    assert macs == per_step * symbol("T") + once, "of one sample, N being free"
    for steps in (1, 7, 128):
        assert shapecalc.inspect(architecture, N=3, T=steps).totals.macs == 3 * (per_step * steps + once)


@pytest.mark.parametrize("name", SEQUENCES)
def test_the_weights_of_a_sequence_do_not_depend_on_its_length(name: str) -> None:
    architecture = shapecalc.load(name)
    (params,) = {line.value for line in architecture.expect if line.key == "params"}
    assert {shapecalc.inspect(architecture, N=2, T=steps).totals.params for steps in (1, 5)} == {params}


@pytest.mark.parametrize("steps", [1, 2, 13])
@pytest.mark.parametrize("name", SEQUENCES)
def test_running_a_sequence_proves_it_at_any_length(name: str, steps: int) -> None:
    proof = verify(shapecalc.load(name), N=2, T=steps)
    assert proof.ok
    for trial in proof.trials:
        assert trial.sizes["T"] == steps
        assert sum(row.executed_macs for row in trial.rows) == sum(row.predicted_macs for row in trial.rows) > 0


def test_no_file_is_longer_than_a_page() -> None:
    lengths = {name: len(Path(str(zoo.path(name))).read_text(encoding="utf-8").splitlines()) for name in GRAPHS}
    assert {name: lines for name, lines in lengths.items() if lines > 60} == {}


def test_a_deeper_resnet_takes_no_more_derivations(monkeypatch: pytest.MonkeyPatch) -> None:
    """ResNet-152 has three times ResNet-50's layers, but the same blocks at the same shapes."""
    counted = {name: derivations(name, monkeypatch) for name in ("resnet18", "resnet50", "resnet152")}
    layers = {name: len(report_of(name).layers) for name in counted}
    assert layers["resnet152"] > 2.9 * layers["resnet50"]
    assert counted["resnet152"] == counted["resnet50"]
    # The counter can tell: another network comes to other numbers.
    assert counted["resnet18"] != counted["resnet50"]


def derivations(name: str, monkeypatch: pytest.MonkeyPatch) -> tuple[int, int]:
    """How often one inference derives a layer, and how often it walks steps: the network's and each body's."""
    architecture = shapecalc.load(name)
    derived, walked = [], []

    def facts(*arguments: Any) -> Any:
        derived.append(arguments)
        return derive(*arguments)

    def walk(*arguments: Any) -> Any:
        walked.append(arguments)
        return go(*arguments)

    with monkeypatch.context() as patched:
        derive, go = walker.derive_facts, walker.Walker.walk
        patched.setattr(walker, "derive_facts", facts)
        patched.setattr(walker.Walker, "walk", walk)
        shapecalc.inspect(architecture)
    return len(derived), len(walked)


@pytest.mark.parametrize("name", [*VGG, *GRAPHS])
def test_the_second_trial_is_small(name: str) -> None:
    (_, second), _ = trial_sizes(Reports(shapecalc.load(name)), {})
    assert second["H"] * second["W"] < 224 * 224 / 16


def test_the_weights_of_one_layer_at_a_time_are_alive() -> None:
    """At 32 x 32 VGG-11's weights are all that counts: 507 MiB together, 392 MiB those of the largest layer."""
    architecture = shapecalc.load("vgg11")
    report = inspect_at(architecture, {"N": 1, "H": 32, "W": 32})
    together = 4 * sum(row.params for row in report.layers)  # type: ignore[misc]
    largest = 4 * max(row.params for row in report.layers)  # type: ignore[type-var, operator]
    tracemalloc.start()
    try:
        assert verify(architecture, N=1, H=32, W=32).ok
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert largest <= peak < 1.1 * largest < together
