"""Gates and states of recurrent layers: what they are put together to is the output."""

from __future__ import annotations

import tracemalloc
from functools import partial

import numpy as np

import shapecalc
from shapecalc.execution.values.compute import values
from shapecalc.execution.values.gates import gates_workspace
from shapecalc.execution.values.prices import values_price


def found(fields: str) -> dict[str, np.ndarray]:
    net = shapecalc.loads(f"{{input: [N, 5, 3], layers: [{{{fields}, name: r}}]}}")
    return values(net, sizes={"N": 2}, detailed=lambda _path: True).arrays


def test_the_states_of_an_lstm_are_made_of_its_gates() -> None:
    """Hochreiter and Schmidhuber 1997, as PyTorch has it: c′ = f⊙c + i⊙g, h′ = o⊙tanh c′."""
    arrays = found("lstm: {hidden_size: 4, num_layers: 2, bidirectional: true, batch_first: true}")
    for suffix in ("l0", "l0_reverse", "l1", "l1_reverse"):
        i, f, g, o, h, c = (arrays[f"r.{name}_{suffix}"] for name in "ifgohc")
        back = suffix.endswith("reverse")
        i, f, g, o, h, c = (array[::-1] if back else array for array in (i, f, g, o, h, c))
        before = np.concatenate([np.zeros_like(c[:1]), c[:-1]])
        np.testing.assert_allclose(c, f * before + i * g, rtol=1e-12, err_msg=suffix)
        np.testing.assert_allclose(h, o * np.tanh(c), rtol=1e-12, err_msg=suffix)
    joined = np.concatenate([arrays["r.h_l1"], arrays["r.h_l1_reverse"]], axis=2)
    np.testing.assert_allclose(joined.swapaxes(0, 1), arrays["r"], rtol=1e-12)
    np.testing.assert_allclose(arrays["r.c_l0"][-1], arrays["r.c_n"][0], rtol=1e-12)


def test_the_state_of_a_gru_is_made_of_its_gates_and_that_of_an_rnn_has_none() -> None:
    """Cho et al. 2014, as PyTorch has it: h′ = (1 − z)⊙n + z⊙h."""
    arrays = found("gru: {hidden_size: 4, batch_first: true}")
    z, n, h = (arrays[f"r.{name}_l0"] for name in "znh")
    before = np.concatenate([np.zeros_like(h[:1]), h[:-1]])
    np.testing.assert_allclose(h, (1 - z) * n + z * before, rtol=1e-12)
    plain = found("rnn: {hidden_size: 4, batch_first: true}")
    np.testing.assert_allclose(plain["r.h_l0"].swapaxes(0, 1), plain["r"], rtol=1e-12)


def test_a_layer_that_is_not_recurrent_has_no_gates() -> None:
    net = shapecalc.loads("{input: [N, 3], layers: [{linear: 4, name: r}]}")
    assert set(values(net, detailed=lambda _path: True).arrays) == {"input", "r.weight", "r.bias", "r"}


def test_gates_are_in_the_price() -> None:
    net = shapecalc.loads("{input: [N, 40, 8], layers: [{lstm: {hidden_size: 64, batch_first: true}, name: r}]}")
    every, none = (lambda *_: True), (lambda *_: False)
    values(net, detailed=every)
    for sizes in ({"N": 3}, {"N": 20}):
        report = values(net, sizes=sizes).report
        assert gates_workspace(report.layers[0], 8) > 0
        price = values_price(report, 8, every, every, backward=False, update=None).peak
        tracemalloc.start()
        partial(values, net, sizes=sizes, detailed=every)()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak <= price + 2**20, f"{sizes}: {peak} of {price}"
        assert values_price(report, 8, every, none, backward=False, update=None).peak < price
