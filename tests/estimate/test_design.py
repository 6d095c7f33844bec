"""Bands keep equal scores together, and an audit tells whether they separate."""

from __future__ import annotations

import numpy as np
import pytest

from canbang.estimate.design import band_count, bands, separate
from canbang.estimate.share import Cell


@pytest.mark.parametrize("budget", [30, 100, 400])
def test_a_yes_or_no_labeller_keeps_its_two_classes(budget: int) -> None:
    scores = np.where(np.arange(500) % 7 == 0, 0.49, 0.06)
    assert np.array_equal(bands(scores, budget), (scores > 0.1).astype(np.int8))


def test_equal_scores_are_one_band_and_order_does_not_matter() -> None:
    assert set(bands(np.full(50, 0.2), 400).tolist()) == {0}
    scores = np.random.default_rng(1).beta(0.5, 3.0, 300).round(2)
    mixed = np.random.default_rng(2).permutation(300)
    assert np.array_equal(bands(scores, 200)[mixed], bands(scores[mixed], 200))
    assert len(bands(np.empty(0), 30)) == 0
    assert [band_count(n) for n in (49, 50, 149, 150)] == [2, 3, 3, 4]


def test_bands_that_rise_separate_and_flat_or_falling_ones_do_not() -> None:
    def cells(*found: int) -> list[Cell]:
        return [Cell(str(h), 200, 30, x) for h, x in enumerate(found)]

    assert separate(cells(1, 3, 9, 20))
    assert not separate(cells(6, 6, 6, 6))
    assert not separate(cells(12, 8, 4, 1))
    assert not separate(cells(0, 0, 0, 0))
