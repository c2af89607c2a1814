"""Blocks of a sweep on a Dask cluster."""

from __future__ import annotations

import pytest

import shapecalc
from shapecalc import ShapecalcError
from shapecalc.solving.sweep import Query, Run
from tests.support.swept_networks import NET, OPEN


@pytest.mark.slow
def test_a_real_cluster_finds_what_one_process_finds() -> None:
    from distributed import LocalCluster

    net, axes = shapecalc.loads(NET), {"width": (8, 4, 0), "H": range(5, 40), "W": range(5, 40)}
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
    ) as cluster:
        for options in ({}, {"by": "-macs", "top": 4}, {"pareto": ("params", "-macs"), "where": "H != W"}):
            run = Run(net, axes, Query(**options), dask=cluster.scheduler_address, chunk=100)
            spread = list(run.chunks())
            alone = shapecalc.sweep(net, axes, **options)
            for name, values in alone.columns.items():
                assert [value for piece in spread for value in piece.columns[name].tolist()] == values.tolist()
            assert run.invalid == alone.illegal > 0
        found = shapecalc.sweep(shapecalc.loads(OPEN), {"H": range(1, 9)}, dask=cluster.scheduler_address)
        assert found.columns["H"].tolist() == [3, 4, 5, 6, 7, 8]


def test_an_address_where_no_scheduler_answers_is_said(monkeypatch) -> None:
    monkeypatch.setattr("shapecalc.solving.sweep.dask.SECONDS", 1)
    with pytest.raises(ShapecalcError, match=r"no Dask scheduler answers at `127\.0\.0\.1:1`"):
        shapecalc.sweep(shapecalc.loads(NET), {"H": [16]}, dask="127.0.0.1:1")
