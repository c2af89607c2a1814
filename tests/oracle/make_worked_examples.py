"""Write worked_examples_more.json: small examples of textbooks and courses, with the exact values by PyTorch 2.13.0.

Run it as make_torch_layers.py, in the same environment. It stops if a published value is right to its digits and is
said to be wrong here, or the other way about.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Callable

TORCH = "2.13.0"
HERE = Path(__file__).parent
ABOUT = (
    "Small worked examples of textbooks and courses. `setup` has the numbers of the source, `published` what it "
    "prints, to within `published_rounding`, and `right` the exact values to 12 digits, by PyTorch 2.13.0 in float64. "
    "`published_is_right` false marks published values that are wrong: the note says which. "
    "Written by make_worked_examples.py."
)
EXACT = 5e-12


class Example(NamedTuple):
    """An example: where it is from, its numbers, what its source prints, and how it is computed."""

    id: str
    topic: str
    title: str
    source: str
    setup: dict[str, Any]
    compute: Callable[..., dict[str, Any]]
    published: dict[str, Any] | None = None
    rounding: float = EXACT
    is_right: bool = True
    note: str = ""


def number(value: Any) -> torch.Tensor:
    """Numbers in float64."""
    return torch.tensor(value, dtype=torch.float64)


def conv(x: Any, w: Any, **options: Any) -> torch.Tensor:
    """A convolution of one plane with one kernel."""
    return functional.conv2d(number(x)[None, None], number(w)[None, None], **options)[0, 0]


def pooled(x: Any, f: int, s: int) -> dict[str, Any]:
    """Maxima and means of the windows of one plane."""
    plane = number(x)[None]
    return {"max": functional.max_pool2d(plane, f, s)[0], "mean": functional.avg_pool2d(plane, f, s)[0]}


def padded_means(x: Any, f: int, p: int) -> dict[str, Any]:
    """Means of windows that do not count the padding, and those that do."""
    plane = number(x)[None]
    counted = (functional.avg_pool2d(plane, f, 1, p, count_include_pad=flag)[0] for flag in (False, True))
    return dict(zip(("y", "with_padding"), counted, strict=True))


def neurons(x: Any, w: list[Any], b: list[Any], last: str = "sigmoid") -> dict[str, Any]:
    """Pre-activations and activations of a stack of fully connected layers."""
    a, z, every = number(x), [], []
    for place, (weight, bias) in enumerate(zip(w, b, strict=True)):
        z.append(functional.linear(a, number(weight), number(bias)))
        is_last = place == len(w) - 1
        a = z[-1] if is_last and last == "identity" else torch.sigmoid(z[-1])
        every.append(a)
    return {"z": [each.tolist() for each in z], "a": [each.tolist() for each in every]}


def xor(x: Any, w1: Any, b1: Any, w2: Any) -> dict[str, Any]:
    """The hidden units and the output of the network that computes XOR."""
    hidden = torch.relu(functional.linear(number(x), number(w1), number(b1)))
    return {"hidden": hidden, "y": functional.linear(hidden, number(w2))}


def tanh_neuron(x: Any, w: Any, b: float) -> dict[str, Any]:
    """A neuron with tanh, and the gradients of its output."""
    inputs, weights, bias = (number(each).requires_grad_() for each in (x, w, b))
    output = torch.tanh(inputs @ weights + bias)
    dx, dw, db = torch.autograd.grad(output, [inputs, weights, bias])
    return {"y": output, "dx": dx, "dw": dw, "db": db}


def scores(x: Any, w: Any, b: Any, target: int) -> dict[str, Any]:
    """The scores of a linear classifier with its losses."""
    found = functional.linear(number(x), number(w), number(b))
    return {"scores": found, **losses(found.tolist(), target)}


def losses(scores: Any, target: int) -> dict[str, Any]:
    """Hinge loss with margin 1, probabilities, and cross-entropy of scores."""
    given, targets = number(scores)[None], torch.tensor([target])
    hinge = functional.multi_margin_loss(given, targets) * given.shape[1]
    return {"p": given.softmax(1)[0], "hinge": hinge, "cross_entropy": functional.cross_entropy(given, targets)}


def negative_logs(p: Any, target: Any) -> dict[str, Any]:
    """The cross-entropy of each row of probabilities."""
    logs = number(p).log()
    return {"loss": functional.nll_loss(logs, torch.tensor(target), reduction="none")}


def activations(x: Any) -> dict[str, Any]:
    """Activations at the numbers of ONNX's examples."""
    given = number(x)
    return {
        "sigmoid": given.sigmoid(),
        "tanh": given.tanh(),
        "elu_2": functional.elu(given, 2.0),
        "leaky_relu_0.1": functional.leaky_relu(given, 0.1),
        "softplus": functional.softplus(given),
        "gelu": functional.gelu(given),
        "softmax": given.softmax(0),
        "log_softmax": given.log_softmax(0),
    }


def recurrent(x: Any, w_ih: Any, w_hh: Any, w_out: Any) -> dict[str, Any]:
    """States and outputs of a network whose activations are the identity (all numbers are positive)."""
    state, states = torch.zeros(len(w_hh), dtype=torch.float64), []
    for step in number(x):
        state = number(w_ih) @ step + number(w_hh) @ state
        states.append(state)
    return {"h": torch.stack(states), "y": torch.stack(states) @ number(w_out).T}


def through_time(x: Any, h0: Any, w_ih: Any, w_hh: Any, w_out: Any, target: Any) -> dict[str, Any]:
    """States, losses and gradients of a tanh network with a softmax at each step, whose losses are summed."""
    w, u, v = (number(each).requires_grad_() for each in (w_ih, w_hh, w_out))
    state, states = number(h0), []
    for step in number(x):
        state = torch.tanh(w @ step + u @ state)
        states.append(state)
    logits = torch.stack(states) @ v.T
    terms = functional.cross_entropy(logits, torch.tensor(target), reduction="none")
    dw, du, dv = torch.autograd.grad(terms.sum(), [w, u, v])
    return {"h": torch.stack(states), "losses": terms, "loss": terms.sum(), "dw_ih": dw, "dw_hh": du, "dw_out": dv}


def cosines(**words: list[float]) -> dict[str, Any]:
    """The cosine of `information` with each other word."""
    other = number(words.pop("information"))
    return {word: functional.cosine_similarity(number(vector), other, 0) for word, vector in words.items()}


def attended(x: Any, query: int) -> dict[str, Any]:
    """Scores, weights and the context vector of one query without a scale."""
    rows = number(x)
    products = rows @ rows[query]
    return {"scores": products, "weights": products.softmax(0), "context": products.softmax(0) @ rows}


def normalized(x: Any, eps: float) -> dict[str, Any]:
    """Layer norm of each row, batch norm of each column, and the root mean square of each row."""
    given = number(x)
    return {
        "layer_norm": functional.layer_norm(given, given.shape[1:], eps=eps),
        "batch_norm": functional.batch_norm(given, None, None, training=True, eps=eps),
        "rms_norm": functional.rms_norm(given, given.shape[1:], eps=eps),
    }


DUMOULIN = [[3, 3, 2, 1, 0], [0, 0, 1, 3, 1], [3, 1, 2, 2, 3], [2, 0, 0, 2, 2], [2, 0, 0, 0, 1]]
NG = [
    [3, 0, 1, 2, 7, 4],
    [1, 5, 8, 9, 3, 1],
    [2, 7, 2, 5, 1, 3],
    [0, 1, 3, 1, 7, 8],
    [4, 2, 1, 6, 2, 8],
    [2, 4, 5, 2, 3, 9],
]
SAITO = "Saito, Deep Learning from Scratch (O'Reilly Japan, 2016)"
EMBEDDED = [
    [0.43, 0.15, 0.89],
    [0.55, 0.87, 0.66],
    [0.57, 0.85, 0.64],
    [0.22, 0.58, 0.33],
    [0.77, 0.25, 0.1],
    [0.05, 0.8, 0.55],
]

EXAMPLES = [
    Example(
        "W01",
        "conv values",
        "Dumoulin & Visin: 5x5 with a 3x3 kernel, then padding 1 and stride 2",
        "A guide to convolution arithmetic for deep learning, figures 1.1 and 1.2",
        {"x": DUMOULIN, "w": [[0, 1, 2], [2, 2, 0], [0, 1, 2]]},
        lambda x, w: {"y": conv(x, w), "s2p1": conv(x, w, stride=2, padding=1)},
        {"y": [[12, 12, 17], [10, 17, 19], [9, 6, 14]], "s2p1": [[6, 17, 3], [8, 17, 13], [6, 4, 4]]},
    ),
    Example(
        "W02",
        "pool values",
        "Dumoulin & Visin: mean and maximum of 3x3",
        "A guide to convolution arithmetic for deep learning, figures 1.5 and 1.6",
        {"x": DUMOULIN, "f": 3, "s": 1},
        pooled,
        {
            "max": [[3, 3, 3], [3, 3, 3], [3, 2, 3]],
            "mean": [[1.7, 1.7, 1.7], [1.0, 1.2, 1.8], [1.1, 0.8, 1.3]],
        },
        rounding=0.051,
    ),
    Example(
        "W03",
        "conv values",
        "Ng: vertical edges of a 6x6 image",
        "deeplearning.ai, Convolutional Neural Networks, week 1, 'Edge detection example'",
        {"x": NG, "w": [[1, 0, -1], [1, 0, -1], [1, 0, -1]]},
        lambda x, w: {"y": conv(x, w)},
        {"y": [[-5, -4, 0, 8], [-10, -2, 2, 3], [0, -2, -4, -7], [-3, -2, -3, -16]]},
    ),
    Example(
        "W04",
        "pool values",
        "Ng: maximum and mean of 2x2",
        "deeplearning.ai, Convolutional Neural Networks, week 1, 'Pooling layers'",
        {"x": [[1, 3, 2, 1], [2, 9, 1, 1], [1, 3, 2, 3], [5, 6, 1, 2]], "f": 2, "s": 2},
        pooled,
        {"max": [[9, 2], [6, 3]], "mean": [[3.75, 1.25], [3.75, 2]]},
    ),
    Example(
        "W05",
        "conv values",
        "Saito: 4x4 with a 3x3 filter, with padding 1, and with a bias of 3",
        f"{SAITO}, chapter 7, figures 7-3 to 7-6",
        {"x": [[1, 2, 3, 0], [0, 1, 2, 3], [3, 0, 1, 2], [2, 3, 0, 1]], "w": [[2, 0, 1], [0, 1, 2], [1, 0, 2]], "b": 3},
        lambda x, w, b: {"y": conv(x, w), "p1": conv(x, w, padding=1), "biased": conv(x, w, bias=number([b]))},
        {
            "y": [[15, 16], [6, 15]],
            "p1": [[7, 12, 10, 2], [4, 15, 16, 10], [10, 6, 15, 6], [8, 10, 4, 3]],
            "biased": [[18, 19], [9, 18]],
        },
    ),
    Example(
        "W06",
        "conv values",
        "Qiu: a true convolution flips the filter, a layer does not",
        "Qiu Xipeng, 神经网络与深度学习 (nndl.github.io), figure 5.2",
        {
            "x": [[1, 1, 1, 1, 1], [-1, 0, -3, 0, 1], [2, 1, 1, -1, 0], [0, -1, 1, 2, 1], [1, 2, 1, 1, 1]],
            "w": [[1, 0, 0], [0, 0, 0], [0, 0, -1]],
            "flipped": [[-1, 0, 0], [0, 0, 0], [0, 0, 1]],
        },
        lambda x, w, flipped: {"y": conv(x, w), "true": conv(x, flipped)},
        {"true": [[0, -2, -1], [2, 2, 4], [-1, 0, 0]]},
    ),
    Example(
        "W07",
        "transposed values",
        "ONNX ConvTranspose with dilation 2",
        "onnx/onnx docs/Operators.md, ConvTranspose (test_convtranspose_dilations)",
        {"x": [[3, 8, 1], [9, 5, 7], [3, 2, 6]], "w": [[7, 2], [1, 9]], "d": 2},
        lambda x, w, d: {
            "y": functional.conv_transpose2d(number(x)[None, None], number(w)[None, None], dilation=d)[0, 0]
        },
        {
            "y": [
                [21, 56, 13, 16, 2],
                [63, 35, 67, 10, 14],
                [24, 22, 76, 76, 21],
                [9, 5, 88, 45, 63],
                [3, 2, 33, 18, 54],
            ]
        },
    ),
    Example(
        "W08",
        "pool values",
        "ONNX AveragePool: 5x5 with padding 2 that is not counted",
        "onnx/onnx docs/Operators.md, AveragePool (test_averagepool_2d_precomputed_pads)",
        {"x": [[5 * row + column + 1 for column in range(5)] for row in range(5)], "f": 5, "p": 2},
        padded_means,
        {
            "y": [
                [7, 7.5, 8, 8.5, 9],
                [9.5, 10, 10.5, 11, 11.5],
                [12, 12.5, 13, 13.5, 14],
                [14.5, 15, 15.5, 16, 16.5],
                [17, 17.5, 18, 18.5, 19],
            ]
        },
    ),
    Example(
        "W09",
        "pool values",
        "PyTorch's AvgPool1d(3, stride=2)",
        "torch.nn.AvgPool1d, Examples",
        {"x": [1, 2, 3, 4, 5, 6, 7], "f": 3, "s": 2},
        lambda x, f, s: {"mean": functional.avg_pool1d(number(x)[None, None], f, s)[0, 0]},
        {"mean": [2, 4, 6]},
    ),
    Example(
        "W10",
        "forward",
        "Nielsen: a perceptron that is a NAND gate",
        "Nielsen, Neural Networks and Deep Learning, chapter 1, 'Perceptrons'",
        {"x": [[0, 0], [0, 1], [1, 0], [1, 1]], "w": [[-2, -2]], "b": [3]},
        lambda x, w, b: {"z": functional.linear(number(x), number(w), number(b))},
        {"z": [[3], [1], [1], [-1]]},
    ),
    Example(
        "W11",
        "forward",
        "Nielsen: two saturated starts of one neuron",
        "Nielsen, Neural Networks and Deep Learning, chapter 3, 'The cross-entropy cost function'",
        {"z": [1.5, 4]},
        lambda z: {"a": number(z).sigmoid()},
        {"a": [0.82, 0.98]},
        rounding=0.005,
        note="weights and biases 0.6, 0.9 and 2, 2 at input 1",
    ),
    Example(
        "W12",
        "forward",
        "Saito: three layers",
        f"{SAITO}, chapter 3.4",
        {
            "x": [1.0, 0.5],
            "w": [[[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]], [[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]], [[0.1, 0.2], [0.3, 0.4]]],
            "b": [[0.1, 0.2, 0.3], [0.1, 0.2], [0.1, 0.2]],
        },
        lambda x, w, b: neurons(x, w, b, "identity"),
        {
            "z": [[0.3, 0.7, 1.1], [0.51615984, 1.21402696], [0.31682708, 0.69627909]],
            "a": [[0.57444252, 0.66818777, 0.75026011], [0.62624937, 0.7710107], [0.31682708, 0.69627909]],
        },
        rounding=6e-9,
        note="the book stores a weight as [in, out]; here it is transposed, [out, in], as in PyTorch",
    ),
    Example(
        "W13",
        "forward",
        "Lee: a network of three layers of two neurons",
        "Hung-yi Lee, Machine Learning 2016, 'Brief Introduction of Deep Learning', 'Fully Connect Network'",
        {
            "x": [1, -1],
            "w": [[[1, -2], [-1, 1]], [[2, -1], [-2, -1]], [[3, -1], [-1, 4]]],
            "b": [[1, 0], [0, 0], [-2, 2]],
        },
        neurons,
        {"a": [[0.98, 0.12], [0.86, 0.11], [0.62, 0.83]]},
        rounding=0.005,
    ),
    Example(
        "W14",
        "forward",
        "Goodfellow: XOR with two rectified units",
        "Goodfellow, Bengio, Courville, Deep Learning, section 6.1, equations 6.4 to 6.11",
        {"x": [[0, 0], [0, 1], [1, 0], [1, 1]], "w1": [[1, 1], [1, 1]], "b1": [0, -1], "w2": [[1, -2]]},
        xor,
        {"hidden": [[0, 0], [1, 0], [1, 0], [2, 1]], "y": [[0], [1], [1], [0]]},
    ),
    Example(
        "W15",
        "forward",
        "Jurafsky & Martin: one unit",
        "Speech and Language Processing, 3rd edition draft, chapter 'Neural Networks', 'Units'",
        {"x": [0.5, 0.6, 0.1], "w": [[[0.2, 0.3, 0.9]]], "b": [[0.5]]},
        neurons,
        {"a": [[0.7]]},
        rounding=0.006,
    ),
    Example(
        "W16",
        "backprop",
        "Karpathy: one tanh neuron",
        "karpathy/micrograd, lecture 'The spelled-out intro to neural networks and backpropagation'",
        {"x": [2.0, 0.0], "w": [-3.0, 1.0], "b": 6.8813735870195432},
        tanh_neuron,
        {"y": 0.7071067811865476, "dx": [-1.5, 0.5], "dw": [1.0, 0.0], "db": 0.5},
    ),
    Example(
        "W17",
        "loss",
        "CS231n: one sample, two losses",
        "cs231n/cs231n.github.io linear-classify.md, figure svmvssoftmax.png",
        {
            "x": [-15, 22, -44, 56],
            "w": [[0.01, -0.05, 0.1, 0.05], [0.7, 0.2, 0.05, 0.16], [0.0, -0.45, -0.2, 0.03]],
            "b": [0.0, 0.2, -0.3],
            "target": 2,
        },
        scores,
        {"scores": [-2.85, 0.86, 0.28], "hinge": 1.58, "cross_entropy": 1.04},
        rounding=0.005,
    ),
    Example(
        "W18",
        "forward",
        "CS231n: the scores of a cat",
        "cs231n/cs231n.github.io linear-classify.md, figure imagemap.jpg",
        {
            "x": [56, 231, 24, 2],
            "w": [[0.2, -0.5, 0.1, 2.0], [1.5, 1.3, 2.1, 0.0], [0.0, 0.25, 0.2, -0.3]],
            "b": [1.1, 3.2, -1.2],
        },
        lambda x, w, b: {"scores": functional.linear(number(x), number(w), number(b))},
        {"scores": [-96.8, 437.9, 61.95]},
        is_right=False,
        note="the third score lacks its bias: 61.95 - 1.2 = 60.75",
    ),
    Example(
        "W19",
        "loss",
        "CS231n: softmax of cat, car, frog",
        "CS231n 2017, lecture 3, slides on the softmax classifier and on the multiclass SVM loss",
        {"scores": [3.2, 5.1, -1.7], "target": 0},
        losses,
        {"p": [0.13, 0.87, 0.0], "hinge": 2.9, "cross_entropy": 0.89},
        rounding=0.006,
        is_right=False,
        note="0.89 is the decimal logarithm; the cross-entropy is 2.04",
    ),
    Example(
        "W20",
        "loss",
        "Saito: half the sum of squares",
        f"{SAITO}, chapter 4.2.1",
        {"y": [0.1, 0.05, 0.6, 0.0, 0.05, 0.1, 0.0, 0.1, 0.0, 0.0], "t": [0, 0, 1, 0, 0, 0, 0, 0, 0, 0]},
        lambda y, t: {"loss": functional.mse_loss(number(y), number(t), reduction="sum") / 2},
        {"loss": 0.0975},
    ),
    Example(
        "W21",
        "loss",
        "Saito: cross-entropy with 1e-7 in the logarithm",
        f"{SAITO}, chapter 4.2.2",
        {"p": [[0.1, 0.05, 0.6, 1e-9, 0.05, 0.1, 1e-9, 0.1, 1e-9, 1e-9]], "target": [2]},
        negative_logs,
        {"loss": [0.510825457099338]},
        is_right=False,
        note="the book adds 1e-7 to the probability, so that a zero has a logarithm; -log 0.6 = 0.510825623766",
    ),
    Example(
        "W22",
        "loss",
        "Dive into Deep Learning: cross-entropy of two samples",
        "d2l-ai/d2l-en chapter_linear-classification/softmax-regression-scratch.md, 'The Cross-Entropy Loss'",
        {"p": [[0.1, 0.3, 0.6], [0.3, 0.2, 0.5]], "target": [0, 2]},
        negative_logs,
        {"loss": [2.3026, 0.6931]},
        rounding=6e-5,
    ),
    Example(
        "W23",
        "activation",
        "Saito: softmax of three numbers",
        f"{SAITO}, chapter 3.5",
        {"x": [0.3, 2.9, 4.0]},
        lambda x: {"y": number(x).softmax(0)},
        {"y": [0.01821127, 0.24519181, 0.73659691]},
        rounding=6e-9,
    ),
    Example(
        "W24",
        "activation",
        "Ng: softmax of four numbers",
        "deeplearning.ai, Improving Deep Neural Networks, week 3, 'Softmax regression'",
        {"x": [5, 2, -1, 3]},
        lambda x: {"y": number(x).softmax(0)},
        {"y": [0.842, 0.042, 0.002, 0.114]},
        rounding=6e-4,
    ),
    Example(
        "W25",
        "activation",
        "Jurafsky & Martin: softmax of six numbers",
        "Speech and Language Processing, 3rd edition draft, chapter 'Logistic Regression', 'Softmax'",
        {"x": [0.6, 1.1, -1.5, 1.2, 3.2, -1.1]},
        lambda x: {"y": number(x).softmax(0)},
        {"y": [0.05, 0.09, 0.01, 0.1, 0.74, 0.01]},
        rounding=0.005,
    ),
    Example(
        "W26",
        "activation",
        "ONNX's examples at -1, 0, 1",
        "onnx/onnx docs/Operators.md, Sigmoid, Tanh, Elu, LeakyRelu, Softplus, Gelu, Softmax, LogSoftmax",
        {"x": [-1, 0, 1]},
        activations,
        {
            "sigmoid": [0.26894143, 0.5, 0.7310586],
            "tanh": [-0.76159418, 0.0, 0.76159418],
            "elu_2": [-1.2642411, 0.0, 1.0],
            "leaky_relu_0.1": [-0.1, 0.0, 1.0],
            "softplus": [0.31326166, 0.69314718, 1.3132617],
            "gelu": [-0.15865526, 0.0, 0.84134474],
            "softmax": [0.09003058, 0.24472848, 0.66524094],
            "log_softmax": [-2.4076061, -1.407606, -0.407606],
        },
        rounding=2e-7,
    ),
    Example(
        "W27",
        "recurrent values",
        "Lee: a recurrent network whose weights are all 1",
        "Hung-yi Lee, Machine Learning 2016, 'Recurrent Neural Network (Part I)', 'Example'",
        {"x": [[1, 1], [1, 1], [2, 2]], "w_ih": [[1, 1], [1, 1]], "w_hh": [[1, 1], [1, 1]], "w_out": [[1, 1], [1, 1]]},
        recurrent,
        {"y": [[4, 4], [12, 12], [32, 32]]},
        note="activations are the identity; the states are positive, so ReLU gives the same",
    ),
    Example(
        "W28",
        "bptt",
        "two steps of a tanh network with cross-entropy",
        "own numbers",
        {
            "x": [[1.0, 0.0], [0.0, 1.0]],
            "h0": [0.0, 0.0],
            "w_ih": [[0.5, -0.25], [0.25, 0.75]],
            "w_hh": [[0.5, 0.25], [-0.5, 0.75]],
            "w_out": [[1.0, -0.5], [0.25, 0.5]],
            "target": [0, 1],
        },
        through_time,
    ),
    Example(
        "W29",
        "similarity",
        "Jurafsky & Martin: cherry, digital and information",
        "Speech and Language Processing, 3rd edition draft, chapter 'Vector Semantics', 'Cosine'",
        {"cherry": [442, 8, 2], "digital": [5, 1683, 1670], "information": [5, 3982, 3325]},
        cosines,
        {"cherry": 0.018, "digital": 0.996},
        rounding=6e-4,
    ),
    Example(
        "W30",
        "attention values",
        "Raschka: attention of one word without weights",
        "Build a Large Language Model (From Scratch), chapter 3.3.1 (rasbt/LLMs-from-scratch, ch03.ipynb)",
        {"x": EMBEDDED, "query": 1},
        attended,
        {
            "scores": [0.9544, 1.495, 1.4754, 0.8434, 0.707, 1.0865],
            "weights": [0.1385, 0.2379, 0.2333, 0.124, 0.1082, 0.1581],
            "context": [0.4419, 0.6515, 0.5683],
        },
        rounding=6e-5,
    ),
    Example(
        "W31",
        "normalization values",
        "one table normalized by rows and by columns",
        "own numbers",
        {"x": [[1.0, 2.0, 3.0], [4.0, 5.0, 9.0]], "eps": 1e-5},
        normalized,
    ),
    Example(
        "W32",
        "normalization values",
        "local response normalization with AlexNet's constants",
        "own numbers; n, k, α and β of Krizhevsky et al. 2012, section 3.3; α is divided by n, as in PyTorch",
        {"x": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0], "size": 5, "alpha": 5e-4, "beta": 0.75, "k": 2.0},
        lambda x, **constants: {"y": functional.local_response_norm(number(x)[None, :, None], **constants)[0, :, 0]},
    ),
]


def plain(value: Any) -> Any:
    """Nested lists with numbers of 12 significant digits."""
    if isinstance(value, torch.Tensor):
        value = value.tolist()
    if isinstance(value, list):
        return [plain(each) for each in value]
    return float(f"{value:.12g}") + 0.0


def flat(value: Any) -> list[float]:
    """The numbers of nested lists."""
    return [number for each in value for number in flat(each)] if isinstance(value, list) else [value]


def agrees(published: Any, right: Any, rounding: float) -> bool:
    """Whether every published number is right to its digits."""
    pairs = zip(flat(published), flat(right), strict=True)
    return all(abs(said - exact) <= rounding for said, exact in pairs)


def row(example: Example) -> dict[str, Any]:
    """An example as JSON's values, with the right numbers."""
    right = {name: plain(value) for name, value in example.compute(**example.setup).items()}
    published = example.published
    is_right = published and all(agrees(value, right[name], example.rounding) for name, value in published.items())
    if published is not None and is_right != example.is_right:
        message = f"{example.id}: published {published}, right {right}"
        raise SystemExit(message)
    values = {name: getattr(example, name) for name in ("id", "topic", "title", "source", "setup")}
    values |= {"published": published, "right": right, "published_is_right": is_right}
    if published is not None:
        values["published_rounding"] = example.rounding
    return values | ({"note": example.note} if example.note else {})


def main() -> None:
    """Write the file."""
    if torch.__version__.split("+")[0] != TORCH:
        sys.exit(f"needs PyTorch {TORCH}, has {torch.__version__}")
    lines = ",\n".join(json.dumps(row(example), ensure_ascii=False) for example in EXAMPLES)
    text = f'{{"about": {json.dumps(ABOUT)}, "examples": [\n{lines}\n]}}\n'
    (HERE / "worked_examples_more.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
