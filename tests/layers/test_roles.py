"""Roles of axes: what layers that rearrange axes do to them, compared with arrays that hold their own indices."""

from __future__ import annotations

import numpy as np

import shapecalc
from shapecalc.layers.roles import Role, filled, joined_role, map_roles, reshaped_roles, sequence_roles
from shapecalc.shape_inference.engine import inspect
from tests.support.rows import for_each

B, C, S, T, F, U = Role.BATCH, Role.CHANNELS, Role.SPACE, Role.TIME, Role.FEATURES, Role.UNKNOWN
DISTINCT = (B, C, S, T, F)


def test_a_layer_fills_in_what_is_not_known() -> None:
    assert filled((B, U), (B, C)) == (B, C)
    assert filled((U, U), (T, B)) == (T, B)


def test_a_layer_that_reads_axes_in_another_order_shows_nothing() -> None:
    assert filled((B, U), (T, B)) == (B, U)


def test_a_map_is_batch_channels_and_space() -> None:
    assert map_roles((U, U, U, U)) == (B, C, S, S)
    assert map_roles((B, U, U)) == (B, C, T)


def test_a_spatial_axis_that_holds_features_still_does() -> None:
    assert map_roles((B, U, T, F)) == (B, C, T, F)


def test_features_may_be_channels() -> None:
    assert map_roles((U, F, U)) == (B, F, T)


def test_a_sequence_is_batch_first_or_time_first() -> None:
    assert sequence_roles((U, U, U), batch_first=True) == (B, T, F)
    assert sequence_roles((U, U, U), batch_first=False) == (T, B, F)
    assert sequence_roles((B, U, U), batch_first=False) == (B, U, F)


def test_rows_and_columns_together_are_positions_in_space() -> None:
    assert joined_role((S, S), (7, 5)) is S
    assert joined_role((B, B), (7, 5)) is U


def test_an_axis_joined_with_axes_of_one_position_has_its_role() -> None:
    assert joined_role((C, S, S), (64, 1, 1)) is C
    assert joined_role((C, S, S), (64, 2, 1)) is U
    assert joined_role((C, S), (1, 1)) is U


def test_heads_are_split_off_features_and_the_rest_remains() -> None:
    assert reshaped_roles((B, T, F), (5, 7, 12), (5, 7, 3, 4)) == (B, T, U, U)
    assert reshaped_roles((B, U, T, U), (5, 3, 7, 4), (5, 3, 28)) == (B, U, U)


@for_each(
    "shape, step",
    [
        ((2, 3, 5), "permute: [2, 0, 1]"),
        ((2, 3, 5, 7), "permute: [0, -1, 1, 2]"),
        ((2, 3, 5, 7), "flatten"),
        ((2, 3, 5, 7), "flatten: 2"),
        ((2, 3, 5, 7), "flatten: {start_dim: 0, end_dim: 1}"),
        ((2, 3, 1, 1), "flatten"),
        ((2, 1, 5, 1, 11), "flatten: {start_dim: 1, end_dim: 3}"),
        ((2, 3, 5), "unsqueeze: -1"),
        ((2, 3, 5), "unsqueeze: 1"),
        ((2, 3, 1, 7, 1), "squeeze: [2, -1]"),
        ((2, 1, 5), "squeeze: 1"),
        ((2, 3, 5), "select: {dim: 1, index: -1}"),
        ((2, 3, 5), "select: {dim: -1, index: 2}"),
        ((2, 3, 5, 7), "mean: {dim: 2, keepdim: false}"),
        ((2, 3, 5, 7), "mean: {dim: 2, keepdim: true}"),
        ((2, 3, 4, 7), "reshape: [2, 3, 28]"),
        ((2, 3, 4, 7), "reshape: [6, 4, 7]"),
        ((2, 3, 4, 7), "reshape: [0, -1, 2, 7]"),
        ((4, 3, 5), "reshape: [-1, 5]"),
        ((4, 3, 5), "reshape: [4, 5, 3]"),
        ((4, 6, 5), "reshape: [2, 12, 5]"),
        ((4, 6, 5), "reshape: [8, 3, 5]"),
        ((4, 6, 4), "reshape: [4, 4, 6]"),
        ((2, 6, 5), "split: {split_size: 2, dim: 1}"),
        ((2, 6, 5), "chunk: {chunks: 3, dim: 1}"),
        ((2, 6, 5, 7), "channel_shuffle: 3"),
        ((2, 6, 5, 7), "select_channels: [4]"),
        ((2, 3, 5), "identity"),
        ((2, 3, 5, 7), "pad: [1, 2]"),
    ],
)
def test_the_index_along_an_axis_changes_along_the_axis_of_its_role_alone(shape: tuple[int, ...], step: str) -> None:
    architecture = shapecalc.loads(f"input: {list(shape)}\nlayers:\n  - {{{step}, name: only}}\n")
    (row,) = inspect(architecture).layers
    (roles, *_) = row.step.layer.output_roles((DISTINCT[: len(shape)],), row.inputs, row.outputs).values()
    assert len(roles) == len(row.output)
    for axis, role in enumerate(roles):
        if role is U:
            continue
        # Powers of 2, so that no sum or mean of an index is another index.
        index = np.indices(shape)[DISTINCT.index(role)] + 1
        (result,) = shapecalc.run(architecture, {"input": (2.0**index).astype("float32")}).values()
        others = tuple(other for other in range(result.ndim) if other != axis)
        if "pad" not in step:
            assert np.ptp(result, axis=others).max() == 0, role
        assert result.shape[axis] == 1 or len(np.unique(result.max(axis=others))) > 1, role
