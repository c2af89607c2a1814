"""Runs of the reference kernels in NumPy: the forward pass, its comparison with the prediction, training, decoding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, overload

from shapecalc.api.load import bound, count, load, one_of
from shapecalc.execution.budget import BUDGET, memory_errors_as_diagnostics

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from numpy.typing import ArrayLike

    from shapecalc.api.load import Network, Setting
    from shapecalc.api.results import Decoding
    from shapecalc.execution.bptt import Propagated
    from shapecalc.execution.budget import Budget
    from shapecalc.execution.gradient_check import BackwardProof
    from shapecalc.execution.training import Trained
    from shapecalc.execution.values.records import NetworkValues
    from shapecalc.execution.verify import Proof
    from shapecalc.reference.base import Array

    Progress = Callable[[str, int, int], None]
    """`progress(what, done, total)` is called before each step of a run, and at its end."""

DATASETS = ("digits", "digits8", "text")


def run(
    architecture: Network,
    inputs: Mapping[str, ArrayLike] | ArrayLike,
    params: Mapping[str, ArrayLike] | str | None = None,
    *,
    seed: int = 0,
    settings: Mapping[str, Setting] | None = None,
    **parameters: Setting,
) -> dict[str, Array]:
    """Run the forward pass and return the outputs by name.

    `inputs` is one array for the only input, or arrays by the names of the inputs, each an array or a list in the shape
    that `inspect` shows. Symbols take the sizes of the arrays. An input of floats takes float32, float64 and integers
    (as float32), one of int64 takes integers. `params` has weights and buffers by path (`c1.weight`), or is the name of
    a file of them, `.npz` or `.safetensors`; the others are random, the same for the same `seed`. `parameters` set
    parameters of the file.
    Raises `ShapecalcError` SC702 if an array is missing, unknown, or of another shape or type than the architecture's;
    SC701 if the run needs more memory than this process can have, before anything is allocated, or is refused memory.

    >>> adding = "{input: [N, 2], layers: [{linear: {out_features: 1, bias: false}}, relu]}"
    >>> from shapecalc.api.load import loads
    >>> run(loads(adding), [[1, 2], [3, 4]], {"linear_0.weight": [[10, 1]]})
    {'output': array([[12.],
           [34.]], dtype=float32)}
    """
    from shapecalc.execution.run import run as run_network

    return run_network(load(architecture, None, settings, **parameters), inputs, params, seed=seed)


def values(
    architecture: Network,
    inputs: Mapping[str, ArrayLike] | ArrayLike = "random",
    params: Mapping[str, ArrayLike] | str = "random",
    *,
    backward: bool = False,
    loss: str | None = None,
    target: Mapping[str, ArrayLike] | ArrayLike | None = None,
    reduction: Literal["mean", "sum"] | None = None,
    options: Mapping[str, float] | None = None,
    optimizer: Literal["sgd", "momentum", "adam"] | None = None,
    lr: float | None = None,
    steps: int = 1,
    freeze: Iterable[str] = (),
    truncate: int | None = None,
    intermediates: bool = False,
    seed: int = 0,
    dtype: Literal["float64", "float32"] = "float64",
    scale: float = 1,
    budget: Budget | None = None,
    progress: Progress | None = None,
    settings: Mapping[str, Setting] | None = None,
    **sizes: Setting,
) -> NetworkValues:
    """Run a network in evaluation mode and return every value, its gradient, and the weights after an update.

    Inputs and `params` are as those of `run`, or `"random"`, `"ones"` or `"zeros"`, for all or for some of them; one
    sample may be without the axis of samples. The result has every array by name, `result["c1"]` and
    `result["c1.weight"]`, and figures and labels in `result.steps`;
    with `intermediates` also what a kernel computes on the way, such as the weights of an attention.
    With `backward`, `result["c1.weight.grad"]` is the gradient of the loss: `cross_entropy`, `mse` and others of
    `shapecalc run --help`, with its `target` and its `options`, such as `{"delta": 1}` of `hinge`; without a loss that
    of the sum of the outputs. `result.totals[0]` is the loss. An `optimizer` takes `steps`:
    `result["c1.weight.updated"]` is a weight after the last, as before if a pattern of `freeze` matches it, and
    `result.totals` has the loss before each step and after the last. Symbols and parameters of the file are given as in
    `inspect`, `scale` as in `verify`.
    Raises `ShapecalcError` SC702 if an array or a target does not fit, SC106 for an argument without the one that it
    belongs to, SC701 or SC705 before anything is allocated if the run would exceed `budget`.

    >>> adding = "{input: [N, 2], layers: [{linear: {out_features: 1, bias: false}, name: y}]}"
    >>> from shapecalc.api.load import loads
    >>> found = values(loads(adding), [1, 2], {"y.weight": [[10, 1]]}, loss="mse", target=[10], backward=True)
    >>> found["y"], found.totals, found["y.weight.grad"]
    (array([[12.]]), (4.0,), array([[4., 8.]]))
    """
    from shapecalc.diagnostics.errors import misuse
    from shapecalc.execution.values.arguments import DTYPES
    from shapecalc.execution.values.compute import values as compute
    from shapecalc.execution.values.objective import Objective
    from shapecalc.execution.values.updates import Update
    from shapecalc.reference.losses import LOSSES, REDUCTIONS

    one_of("dtype", dtype, DTYPES)
    if reduction is not None:
        one_of("reduction", reduction, REDUCTIONS[:-1])
    if loss is not None:
        one_of("loss", loss, tuple(LOSSES))
    frozen, updates = tuple(freeze), optimizer is not None
    for name, is_given, needed, is_there in (
        ("target", target is not None, "loss", loss is not None),
        ("reduction", reduction is not None, "loss", loss is not None),
        ("options", options, "loss", loss is not None),
        ("lr", lr is not None, "optimizer", updates),
        ("steps", steps != 1, "optimizer", updates),
        ("freeze", frozen, "optimizer", updates),
        ("truncate", truncate is not None, "backward", backward or updates),
    ):
        if is_given and not is_there:
            raise misuse("SC106", f"`{name}` requires `{needed}`")
    update = None
    if optimizer is not None:
        from shapecalc.costs.training_step import OPTIMIZERS

        one_of("optimizer", optimizer, tuple(OPTIMIZERS))
        update = Update(optimizer, lr, count("steps", steps) or 1, frozen)
    differentiated = loss is not None or backward or update is not None
    loaded, given = bound(architecture, settings, sizes, scale=scale)
    return compute(
        loaded,
        inputs,
        params,
        sizes=given,
        seed=seed,
        dtype=dtype,
        objective=Objective(loss, target, reduction, options or {}) if differentiated else None,
        backward=backward,
        update=update,
        truncate=count("truncate", truncate),
        detailed=lambda _path: intermediates,
        budget=budget or BUDGET,
        progress=progress,
    )


def bptt(
    architecture: Network,
    inputs: Mapping[str, ArrayLike] | ArrayLike = "random",
    params: Mapping[str, ArrayLike] | str = "random",
    *,
    target: ArrayLike | None = None,
    loss: str | None = None,
    reduction: Literal["sum", "mean"] = "sum",
    truncate: int | None = None,
    seed: int = 0,
    scale: float = 1,
    budget: Budget | None = None,
    settings: Mapping[str, Setting] | None = None,
    **sizes: Setting,
) -> Propagated:
    """Back-propagate a recurrent network through time, and return the gradients of every step.

    `inputs`, `params`, `scale`, symbols and parameters are as those of `values`. The `target` is a class or values of
    each step, or of the last one alone; by default random. The default `loss` fits it: cross-entropy for classes, else
    half the sum of squares. Cross-entropy reads the input of a last softmax. With `truncate` of k no gradient passes
    every k steps, counted from the last. In `result.layers` each recurrent layer has what arrives at the state of each
    step and its contribution to the gradient of each weight; `result.gradients` has the gradients of all parameters.
    Raises `ShapecalcError` SC702 for a network without a recurrent layer, or if an array does not fit; SC301, SC201 or
    SC203 for a target or a loss that does not fit; SC701 or SC705 if it would exceed `budget`.

    >>> linear = "{input: [T, N, 1], layers: [{rnn: {hidden_size: 1, nonlinearity: relu, bias: false}, name: h}]}"
    >>> from shapecalc.api.load import loads
    >>> weights = {"h.weight_ih_l0": [[1]], "h.weight_hh_l0": [[0.5]]}
    >>> found = bptt(loads(linear), [[[1]], [[2]], [[3]]], weights, target=[0], loss="sum_of_squares")
    >>> [step.contributions["weight_hh_l0"].item() for step in found.layers[0].passes[0].steps]
    [0.0, 2.125, 10.625]
    >>> found.gradients["h.weight_hh_l0"]
    array([[12.75]])
    """
    from shapecalc.diagnostics.errors import LayerError, misuse
    from shapecalc.execution.bptt_network import bptt as compute

    one_of("reduction", reduction, ("sum", "mean"))
    loaded, given = bound(architecture, settings, sizes, scale=scale)
    try:
        return compute(
            loaded,
            inputs,
            params,
            target=target,
            loss=loss,
            reduction=reduction,
            truncate=count("truncate", truncate),
            sizes=given,
            seed=seed,
            budget=budget or BUDGET,
        )
    except LayerError as error:
        raise misuse(error.code, f"`{error.field}` {error.message}", error.help) from None


@overload
def verify(
    architecture: Network,
    params: Mapping[str, ArrayLike] | str | None = None,
    *,
    seed: int = 0,
    budget: Budget | None = None,
    progress: Progress | None = None,
    backward: Literal[False] = False,
    truncate: int | None = None,
    scale: float = 1,
    settings: Mapping[str, Setting] | None = None,
    **sizes: Setting,
) -> Proof: ...


@overload
def verify(
    architecture: Network,
    params: Mapping[str, ArrayLike] | str | None = None,
    *,
    seed: int = 0,
    budget: Budget | None = None,
    progress: Progress | None = None,
    backward: Literal[True],
    truncate: int | None = None,
    scale: float = 1,
    settings: Mapping[str, Setting] | None = None,
    **sizes: Setting,
) -> BackwardProof: ...


def verify(
    architecture: Network,
    params: Mapping[str, ArrayLike] | str | None = None,
    *,
    seed: int = 0,
    budget: Budget | None = None,
    progress: Progress | None = None,
    backward: bool = False,
    truncate: int | None = None,
    scale: float = 1,
    settings: Mapping[str, Setting] | None = None,
    **sizes: Setting,
) -> Proof | BackwardProof:
    """Run a network and compare each layer's shape, params and multiply-accumulates with the prediction.

    `backward` compares every gradient as well, in float64, with its predicted shape and with central differences;
    recurrent layers propagate over `truncate` time steps. `scale=1/8` divides the parameters of the file's `widths:`.
    Symbols and parameters are given as in `inspect`; each unbound symbol is tried at two sizes. `params` are all
    weights and buffers of the network by path, or a file of them, `.npz` or `.safetensors`; by default they are random.
    Raises `ShapecalcError` for mistakes in the file, SC702 for each tensor of `params` that is missing or does not fit,
    SC701 or SC705 before anything is allocated if the runs would exceed `budget`, in bytes and operations, and SC701 if
    the system refuses memory.

    >>> verify("mlp").ok, verify("mlp", backward=True, N=3).ok
    (True, True)
    """
    loaded, given = bound(architecture, settings, sizes, scale=scale)
    steps = count("truncate", truncate)
    with memory_errors_as_diagnostics(loaded):
        from shapecalc.execution.run import as_params

        weights = as_params(params)
        if backward:
            from shapecalc.execution.gradient_check import verify_backward

            return verify_backward(
                loaded, given, params=weights, truncate=steps, seed=seed, budget=budget or BUDGET, progress=progress
            )
        from shapecalc.execution.verify import verify_at
        from shapecalc.shape_inference.engine import Reports

        return verify_at(Reports(loaded), given, params=weights, seed=seed, budget=budget or BUDGET, progress=progress)


def train(
    architecture: Network,
    data: Literal["digits", "digits8", "text"],
    *,
    epochs: int | None = None,
    batch: int | None = None,
    optimizer: Literal["sgd", "momentum", "adam"] = "adam",
    lr: float | None = None,
    seed: int = 0,
    truncate: int | None = None,
    scale: float = 1,
    budget: Budget | None = None,
    progress: Progress | None = None,
    settings: Mapping[str, Setting] | None = None,
    **sizes: Setting,
) -> Trained:
    """Train a small network from random weights, and test it after each epoch.

    `data` is `digits` (drawn in the size of the input), `digits8` (8 × 8) or `text` (verses). By default, `epochs` is
    3, 5 or 12 and `batch` 32, 32 or 16 for these; `lr` is 0.1 for `sgd`, 0.02 for `momentum` and 0.003 for `adam`.
    Back-propagation through time is cut every `truncate` steps. The result has the loss of every step, and the weights
    by PyTorch's names. Symbols and parameters are given as in `inspect`, `scale` as in `verify`.
    Raises `ShapecalcError` SC701 if a step and the samples would exceed the memory of `budget`, SC703 if the dataset
    does not fit the network, SC704 if the loss is not finite.

    >>> from shapecalc.api.load import loads
    >>> trained = train(loads("{input: [N, 1, 8, 8], layers: [flatten, linear: 10]}"), "digits8", epochs=1)
    >>> trained.epochs[-1].accuracy > trained.before.accuracy
    True
    """
    from shapecalc.execution.training import train as train_network

    one_of("data", data, DATASETS)
    from shapecalc.costs.training_step import OPTIMIZERS

    one_of("optimizer", optimizer, tuple(OPTIMIZERS))
    loaded, given = bound(architecture, settings, sizes, scale=scale)
    return train_network(
        loaded,
        data,
        sizes=given,
        epochs=count("epochs", epochs),
        batch=count("batch", batch),
        optimizer=optimizer,
        lr=lr,
        seed=seed,
        truncate=count("truncate", truncate),
        budget=budget or BUDGET,
        progress=progress,
    )


def decode(
    architecture: Network,
    *,
    beam: int | None = None,
    length: int | None = None,
    dtype: str = "float32",
    run: bool = False,
    params: Mapping[str, ArrayLike] | str | None = None,
    seed: int = 0,
    budget: Budget | None = None,
    settings: Mapping[str, Setting] | None = None,
    **sizes: Setting,
) -> Decoding:
    """Unroll the loop of a file's `decode:` section: a beam search, compared with greedy and exhaustive search.

    `beam` is the number of hypotheses kept at each step, `length` that of the symbols of a sequence, by default the
    file's; `dtype` the type of the elements for memory, as in `inspect`. `run` decodes as well, with the weights
    `params` as in `verify`, and compares the counts with the prediction. Symbols and parameters are given as in
    `inspect`.
    Raises `ShapecalcError` if the file has no `decode:` section or one that its network cannot run, and SC701 or SC705
    if a run would exceed `budget`.

    >>> decoding = decode("char-rnn", beam=2, length=4)
    >>> [step.macs for step in decoding.loop.steps]
    [3312128, 6624256, 6624256, 6624256]
    """
    from shapecalc.api.results import Decoding
    from shapecalc.calculators.beam_search import LONGEST
    from shapecalc.costs.decoding import unroll
    from shapecalc.shape_inference.dtypes import BITS

    loaded, given = bound(architecture, settings, sizes)
    one_of("dtype", dtype, tuple(BITS))
    loop = unroll(loaded, given, beam=count("beam", beam), length=count("length", length, LONGEST), dtype=dtype)
    if not run:
        return Decoding(loop)
    from shapecalc.execution.decode import decode as run_loop
    from shapecalc.execution.run import as_params

    return Decoding(loop, run_loop(loop, params=as_params(params, loaded), seed=seed, budget=budget or BUDGET))
