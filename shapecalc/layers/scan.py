"""Scans: recurrences that are linear in their state, of which every coefficient is an input."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from shapecalc.diagnostics.errors import LayerError
from shapecalc.dims import Dim, Relation, Shape, pretty, product, show
from shapecalc.layers.axes import axis_index
from shapecalc.layers.base import Layer, layer
from shapecalc.layers.constraints import REFUSING, Constraints
from shapecalc.layers.fields import Axis
from shapecalc.layers.roles import Role, Roles, sequence_roles, unknown
from shapecalc.layers.saved import Saved, saved_input

FAMILY = "recurrent"


@dataclass(frozen=True, slots=True)
class StateSpace(Layer):
    """Base class of scans with a state for each channel, [N, L, …] in order of time."""

    looks_back = True
    extra_outputs = ("last_state",)
    input_names: ClassVar[tuple[str, ...]]
    input_forms: ClassVar[tuple[str, ...]]
    """The axes of each input, by one letter each."""

    def _sizes(self, inputs: tuple[Shape, ...], constraints: Constraints) -> dict[str, Dim]:
        """Return the size of each letter; raise `LayerError` SC305 or SC314 for inputs that do not fit."""
        sizes: dict[str, Dim] = {}
        for name, form, shape in zip(self.input_names, self.input_forms, inputs, strict=False):
            axes = f"[{', '.join(form)}] as {name}"
            if len(shape) != len(form):
                raise LayerError("SC305", expects=axes, receives=show(shape), label=f"receives rank {len(shape)}")
            for letter, size in zip(form, shape, strict=True):
                first = sizes.setdefault(letter, size)
                wanted = f"{axes} with {letter} = {pretty(first)}"
                constraints.require_equal((first,), (size,), LayerError("SC314", expects=wanted, receives=show(shape)))
        return sizes

    def output_shape(self, *inputs: Shape, constraints: Constraints = REFUSING) -> Shape:
        """Return the shape of the first input."""
        self._sizes(inputs, constraints)
        return inputs[0]

    def _saved_inputs(self, inputs: tuple[Shape, ...]) -> list[Saved]:
        return [saved_input(inputs, index, name) for index, name in enumerate(self.input_names[: len(inputs)])]

    def output_roles(
        self, roles: tuple[Roles, ...], inputs: tuple[Shape, ...], outputs: Mapping[str, Shape]
    ) -> dict[str, Roles]:
        """Return those of a sequence for the output; those of the state are unknown after the batch."""
        y, state = outputs
        sequence = (*sequence_roles(roles[0][:3], batch_first=True), *unknown(len(inputs[0]) - 3))
        return {y: sequence, state: (Role.BATCH, *unknown(len(outputs[state]) - 1))}


@layer("selective_scan")
class SelectiveScan(StateSpace):
    """Selective scan of Mamba: a state of S numbers for each channel, with coefficients that follow from the sequence.

    h_t = exp(delta_t · A) · h_{t−1} + delta_t · u_t · B_t from h_0 = 0, and y_t = C_t · h_t; with D, u_t · D is added,
    and with z the sum is multiplied by silu(z_t). A is negative; in Mamba it is −exp of a trainable tensor. Write that,
    and the trainable D, as `parameter` steps.

    Input: u and delta [N, L, D], A [D, S], B and C [N, L, S], and optionally D [D] and z [N, L, D]; mamba_ssm has the
        time last
    Output: output [N, L, D]; last_state [N, D, S]
    Parameters: none
    Costs: MACs = N·L·D·S, those of C_t · h_t; FLOPs = 2 × MACs + N·L·D·(3S + 1) for the coefficients +
        2·N·(L − 1)·D·S for the state, + 2·N·L·D with D, + 6·N·L·D with z
    Source: Gu and Dao 2023, section 3.2; mamba_ssm's selective_scan_ref and transformers' mamba_selective_scan
    """

    __slots__ = ()
    foreign_names = "~selectivescan ~selectivescanfn ~selectivescanref ~mambainnerfn"
    foreign_notes = (
        "selectivescanfn selectivescanref mambainnerfn | use `selective_scan`, which reads sequences as [N, L, D]",
    )
    takes: ClassVar[tuple[int, int]] = (5, 7)
    letters = ("u", "delta", "A", "B", "C", "D", "z")
    input_names = letters
    input_forms = ("NLD", "NLD", "DS", "NLS", "NLS", "D", "NLD")

    def outputs(self, *inputs: Shape, constraints: Constraints = REFUSING) -> dict[str, Shape]:
        """Return the shape of u, and that of the last state.

        >>> SelectiveScan().outputs((1, 9, 1536), (1, 9, 1536), (1536, 16), (1, 9, 16), (1, 9, 16))["last_state"]
        (1, 1536, 16)
        """
        sizes = self._sizes(inputs, constraints)
        return {"output": inputs[0], "last_state": (sizes["N"], sizes["D"], sizes["S"])}

    def macs(self, *shapes: Shape) -> Dim:
        """Return those of the products of states and C."""
        return product(shapes[0]) * shapes[2][1]

    def operations(self, *shapes: Shape) -> Dim:
        """Return those of the coefficients, of the states after the first, of D and of z."""
        *inputs, y = shapes
        (samples, _, channels), state = y, inputs[2][1]
        total = product(y) * (3 * state + 1 + 2 * state) - 2 * samples * channels * state
        return total + product(y) * (2 * (len(inputs) > 5) + 6 * (len(inputs) > 6))

    def saved(self, *shapes: Shape) -> tuple[Saved, ...]:
        """Return what a loop over time steps saves; a fused kernel saves the inputs and computes states again."""
        *inputs, y = shapes
        state = inputs[2][1]
        every = product(y) * state
        records = self._saved_inputs(tuple(inputs))
        records += [Saved("decays", every), Saved("delta · u", product(y)), Saved("inputs of states", every)]
        records.append(Saved("states", every - y[0] * y[2] * state))
        return (*records, *((Saved("ungated output", product(y)), Saved("silu(z)", product(y))) * (len(inputs) > 6)))


@layer("ssd")
class Ssd(StateSpace):
    """Scan of Mamba 2 (state space duality): a state of P × S numbers for each head, with one decay for all of them.

    h_t = exp(dt_t · A) · h_{t−1} + (dt_t · x_t) ⊗ B_t from h_0 = 0, and y_t = h_t · C_t; with D, x_t · D is added.
    Heads in a group share B and C. Kernels that work on chunks of the sequence compute the same, with other arithmetic.

    Input: x [N, L, H, P], dt [N, L, H], A [H], B and C [N, L, G, S], G a divisor of H, and optionally D [H]
    Output: output [N, L, H, P]; last_state [N, H, P, S]
    Parameters: none
    Costs: MACs = N·L·H·P·S, those of h_t · C_t; FLOPs = 2 × MACs + N·L·H·(2 + P + P·S) for the coefficients +
        2·N·(L − 1)·H·P·S for the state, + 2·N·L·H·P with D
    Source: Dao and Gu 2024, section 3; mamba_ssm's ssd_minimal_discrete
    """

    __slots__ = ()
    foreign_names = "~mamba2scan ~mambachunkscancombined ~mambachunkscan ~ssdminimaldiscrete"
    foreign_notes = (
        "mambachunkscancombined mambachunkscan mamba2scan ssdminimaldiscrete | use `ssd`, the same scan without chunks",
    )
    takes: ClassVar[tuple[int, int]] = (5, 6)
    letters = ("x", "dt", "A", "B", "C", "D")
    input_names = letters
    input_forms = ("NLHP", "NLH", "H", "NLGS", "NLGS", "H")

    def outputs(self, *inputs: Shape, constraints: Constraints = REFUSING) -> dict[str, Shape]:
        """Return the shape of x, and that of the last state.

        >>> Ssd().outputs((1, 9, 24, 64), (1, 9, 24), (24,), (1, 9, 1, 128), (1, 9, 1, 128))["last_state"]
        (1, 24, 64, 128)
        """
        sizes = self._sizes(inputs, constraints)
        heads, groups = sizes["H"], sizes["G"]
        expects = f"heads that {pretty(groups)} groups divide"
        error = LayerError("SC314", expects=expects, receives=show(inputs[0]))
        if isinstance(groups, int):
            constraints.require(heads % groups, Relation.ZERO, error)
        else:
            constraints.require_equal((heads,), (groups,), error)
        return {"output": inputs[0], "last_state": (sizes["N"], heads, sizes["P"], sizes["S"])}

    def macs(self, *shapes: Shape) -> Dim:
        """Return those of the products of states and C."""
        return product(shapes[0]) * shapes[3][3]

    def operations(self, *shapes: Shape) -> Dim:
        """Return those of the coefficients, of the states after the first, and of D."""
        *inputs, y = shapes
        samples, steps, heads, features = y
        state = inputs[3][3]
        rows = samples * steps * heads
        total = rows * (2 + features + 3 * features * state) - 2 * samples * heads * features * state
        return total + 2 * product(y) * (len(inputs) > 5)

    def saved(self, *shapes: Shape) -> tuple[Saved, ...]:
        """Return what a loop over time steps saves; a fused kernel saves the inputs and computes states again.

        A product of matrices copies C at each step, for each head; B is copied if heads share it.
        """
        *inputs, y = shapes
        state, (samples, steps, heads, _) = inputs[3][3], y
        every = product(y) * state
        of_heads = samples * steps * heads * state
        shared = inputs[3][2] != heads
        copied = ("B", "C") if shared else ("C",)
        records = [each for each in self._saved_inputs(tuple(inputs)) if each.name not in copied]
        records += [Saved("B of heads", of_heads)] if shared else []
        records += [
            Saved("decays", samples * steps * heads),
            Saved("dt · x", product(y)),
            Saved("C of heads", of_heads),
        ]
        return (*records, Saved("inputs of states", every), Saved("states", every))


@layer("linear_recurrence", main="dim")
@dataclass(frozen=True, slots=True, kw_only=True)
class LinearRecurrence(Layer):
    """Linear recurrence y_t = a_t · y_{t−1} + b_t from y_0 = 0, of each element, along an axis.

    The recurrent part of RG-LRU (Griffin), of RWKV and of minimal gated units.

    Fields:
        dim: Axis of time; a negative index counts from the last axis.

    Input: a and b [*], of one shape
    Output: [*]
    Parameters: none
    Costs: MACs 0; FLOPs = 2 per element after the first along `dim`: multiply, add
    Source: De et al. 2024 (Griffin), equation 4; Martin and Cundy 2018
    """

    foreign_names = "~linearscan ~associativescan ~rglru ~pscan"
    foreign_notes = (
        (
            "rglru pscan associativescan linearscan | use `linear_recurrence` from the decay and the input of each "
            "step, which other layers compute"
        ),
    )
    foreign_fields = ("dim: axis dimension",)
    takes: ClassVar[tuple[int, int]] = (2, 2)
    letters = ("a", "b")
    looks_back = True
    keeps_axes = True
    dim: Axis = 1

    def output_shape(self, a: Shape, b: Shape, *, constraints: Constraints = REFUSING) -> Shape:
        """Return the shape of b.

        >>> LinearRecurrence().output_shape((2, 9, 64), (2, 9, 64))
        (2, 9, 64)
        """
        axis_index(self.dim, len(b), "dim", b)
        error = LayerError("SC314", expects="a and b of one shape", receives=f"{show(a)} and {show(b)}")
        constraints.require_equal(a, b, error)
        return b

    def operations(self, a: Shape, b: Shape, y: Shape) -> Dim:
        """Return two operations for each element after the first of its row."""
        axis = self.dim % len(y)
        first: Dim = product((*y[:axis], *y[axis + 1 :]))
        return 2 * (product(y) - first)

    def saved(self, a: Shape, b: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return what a loop over time steps saves: decays, and all states but the last; the first is in b."""
        axis = self.dim % len(y)
        if y[axis] == 1:
            return ()
        states = (y[axis] - 2) * product((*y[:axis], *y[axis + 1 :]))
        return (saved_input((a, b), 0, "a"), saved_input((a, b), 1, "b"), Saved("states", states))
