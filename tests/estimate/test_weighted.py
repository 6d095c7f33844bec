"""Weighted shares: by views, and by stories, which are the same ratio."""

from __future__ import annotations

import numpy as np
import pytest

from canbang.estimate.share import Cell, ShareError, estimate_share
from canbang.estimate.verdict import decide
from canbang.estimate.weighted import WeightedCell, WeightedShare, weighted_share


def cell(items: int, weight: list[float], found: list[float]) -> WeightedCell:
    return WeightedCell(items, np.array(weight, np.float64), np.array(found, np.float64))


def test_a_census_has_no_width_and_weighs_by_views() -> None:
    found = weighted_share([cell(3, [100, 10, 90], [1, 0, 0])])
    assert (found.point, found.low, found.high) == (0.5, 0.5, 0.5)


def test_a_story_told_three_times_counts_once() -> None:
    third = 1 / 3
    found = weighted_share([cell(4, [third, third, third, 1], [1, 1, 1, 0])])
    assert found.point == pytest.approx(0.5)


def test_equal_weights_give_the_stratified_point_and_nearly_its_interval() -> None:
    rows = [(450, 60, 6), (150, 40, 16)]
    found = weighted_share([cell(n, [2.0] * k, [1.0] * x + [0.0] * (k - x)) for n, k, x in rows])
    plain = estimate_share([Cell("", n, k, x) for n, k, x in rows])
    assert found.point == pytest.approx(float(plain.point))
    assert (found.low, found.high) == (
        pytest.approx(plain.low_share, abs=0.02),
        pytest.approx(plain.high_share, abs=0.02),
    )


def test_unsure_counts_as_nothing_below_and_as_found_above() -> None:
    found = weighted_share([cell(4, [1, 1, 1, 1], [1, 0, 0, float("nan")])])
    assert (found.low, found.high, found.point) == (0.25, 0.5, pytest.approx(1 / 3))


def test_a_cell_that_nobody_looked_into_leaves_everything_open() -> None:
    found = weighted_share([cell(50, [1.0] * 20, [1.0] * 5 + [0.0] * 15), cell(9, [], [])])
    assert (found.low, found.high) == (0.0, 1.0)


def test_nothing_found_is_not_certainty() -> None:
    found = weighted_share([cell(1000, [1.0] * 50, [0.0] * 50)])
    assert found.low == 0 and 0.05 < found.high < 0.09


def test_senseless_weights_are_refused() -> None:
    for items, weight, found in (
        (1, [1.0, 1.0], [0.0, 0.0]),
        (5, [-1.0], [0.0]),
        (5, [float("inf")], [0.0]),
        (5, [1.0], []),
    ):
        with pytest.raises(ShareError):
            cell(items, weight, found)
    with pytest.raises(ShareError):
        weighted_share([cell(5, [0.0], [1.0])])


def test_no_verdict_can_be_taken_on_it() -> None:
    assert not {"low_share", "high_share", "items"} & set(WeightedShare.__slots__)
    with pytest.raises(AttributeError):
        decide(weighted_share([cell(3, [1, 1, 1], [1, 0, 0])]), 1)  # type: ignore[arg-type]


@pytest.mark.parametrize(("n", "spread"), [(60, 0.5), (200, 1.0)])
def test_coverage_by_views(n: int, spread: float) -> None:
    """At least 88 % of 800 audits: heavy views leave few effective labels, which is why no verdict rests on this."""
    rng = np.random.default_rng(n)
    weight = rng.lognormal(0, spread, 1000)
    truth = np.concatenate([rng.random(700) < 0.05, rng.random(300) < 0.4]).astype(float)
    true = float((weight * truth).sum() / weight.sum())
    held = 0
    for _ in range(800):
        low, high = rng.permutation(700)[: n // 2], 700 + rng.permutation(300)[: n // 2]
        found = weighted_share([WeightedCell(size, weight[i], truth[i]) for size, i in ((700, low), (300, high))])
        held += found.low <= true <= found.high
    assert held >= 800 * 0.88
