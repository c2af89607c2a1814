"""The page of a loss."""

from __future__ import annotations

import numpy as np

from shapecalc.execution.values.loss import loss_by_hand
from shapecalc.reference.losses import LOSSES, Targets
from shapecalc.render.terminal.grid import display_width
from shapecalc.render.values.loss import loss_values


def test_every_page_fits_its_columns_and_is_ascii_where_it_must_be() -> None:
    x = np.linspace(0.01, 0.97, 40).reshape(8, 5)
    for name, entry in LOSSES.items():
        target = np.arange(8.0) % 5 if entry.targets is Targets.CLASSES else x[::-1]
        values = loss_by_hand(name, x, target, backward=True)
        for width in (40, 80):
            for unicode in (True, False):
                page = loss_values(values, width=width, color=False, unicode=unicode)
                assert max(map(display_width, page.splitlines())) <= width, (name, width)
                assert unicode or page.isascii(), name


def test_of_many_terms_the_first_are_worked_out_unless_all_are() -> None:
    values = loss_by_hand("mse", np.arange(20.0), np.zeros(20))
    page = loss_values(values, width=80, color=False, unicode=True)
    assert "ℓ[15] = (15 − 0)^2 = 225\n… 4 more (--all)\n" in page
    assert "ℓ[19] = " not in page
    assert "ℓ[19] = (19 − 0)^2 = 361\n" in loss_values(values, width=80, color=False, unicode=True, everything=True)
