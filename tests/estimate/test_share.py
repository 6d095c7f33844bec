"""The interval against exact enumeration, scipy-free: coverage is computed, not simulated, where it can be."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from canbang.estimate.design import Plan, allocate, bands, grown, plan
from canbang.estimate.share import Cell, Share, ShareError, beta_binomial, estimate_share, prior_weights
from canbang.estimate.verdict import Verdict, decide

LIMIT = Fraction(15, 100)


def test_the_worked_example() -> None:
    share = estimate_share([Cell("a", 450, 60, 2), Cell("b", 110, 30, 9), Cell("c", 40, 20, 15)])
    assert share.point == Fraction(13, 100)
    assert (share.low, share.high, share.items, share.audited) == (57, 112, 600, 110)
    assert decide(share, LIMIT) is Verdict.NOT_YET_KNOWN


def test_a_census_has_no_width() -> None:
    share = estimate_share([Cell("all", 30, 30, 4)])
    assert (share.low, share.high, share.point) == (4, 4, Fraction(4, 30))


def test_nobody_looked_means_anything_is_possible() -> None:
    share = estimate_share([Cell("a", 30, 0, 0), Cell("b", 10, 10, 2)])
    assert (share.low, share.high) == (2, 32)


def test_unsure_counts_as_nothing_below_and_as_found_above() -> None:
    plain = estimate_share([Cell("a", 20, 20, 4)])
    unsure = estimate_share([Cell("a", 20, 20, 4, 3)])
    assert (plain.low, plain.high) == (4, 4)
    assert (unsure.low, unsure.high, unsure.point) == (4, 7, Fraction(4, 17))


@pytest.mark.parametrize("counts", [(5, 6, 0, 0), (5, 3, 4, 0), (5, 3, 2, 2), (-1, 0, 0, 0)])
def test_impossible_counts_are_refused(counts: tuple[int, int, int, int]) -> None:
    with pytest.raises(ShareError):
        Cell("x", *counts)


def test_an_empty_window_and_a_senseless_confidence_are_refused() -> None:
    with pytest.raises(ShareError):
        estimate_share([])
    with pytest.raises(ShareError):
        estimate_share([Cell("x", 5, 1, 0)], confidence=0.2)


def test_beta_binomial_agrees_with_its_definition() -> None:
    found = beta_binomial(6, 1.0, 1.0)
    assert np.allclose(found, 1 / 7)
    # a = b = 2: P(k) is proportional to (k + 1)(n - k + 1)
    weights = [Fraction((k + 1) * (7 - k)) for k in range(7)]
    assert np.allclose(beta_binomial(6, 2.0, 2.0), [float(w / sum(weights)) for w in weights])


@given(
    st.lists(
        st.tuples(st.integers(1, 400), st.integers(0, 60), st.floats(0, 1), st.integers(0, 3)), min_size=1, max_size=5
    )
)
def test_the_interval_holds_what_was_seen_and_the_point_lies_inside(rows: list[tuple[int, int, float, int]]) -> None:
    cells = []
    for number, (items, audited, rate, unsure) in enumerate(rows):
        n = min(items, audited)
        x = int(rate * n)
        cells.append(Cell(str(number), items, n, x, min(unsure, n - x)))
    share = estimate_share(cells)
    seen = sum(cell.positive for cell in cells)
    unseen_negative = sum(cell.audited - cell.positive - cell.unsure for cell in cells)
    assert seen <= share.low <= share.high <= share.items - unseen_negative
    if all(cell.audited for cell in cells):
        assert share.low <= share.point * share.items <= share.high


def test_large_windows_agree_with_direct_convolution() -> None:
    """The transform used for large windows gives the same limits as the sum of products."""
    cells = [Cell("a", 1400, 40, 2), Cell("b", 700, 30, 12)]
    share = estimate_share(cells)
    opened = [(1400, 40, 2), (700, 30, 12)]
    low, high = (
        np.convolve(
            *(beta_binomial(m - n, x + a, n - x + b) for (m, n, x), (a, b) in zip(opened, weights, strict=True))
        )
        for weights in (prior_weights(opened, upper=False), prior_weights(opened, upper=True))
    )
    low, high = low.cumsum(), high.cumsum()
    assert share.low == 14 + int(np.searchsorted(low, 0.025, side="right"))
    assert share.high == 14 + int(np.searchsorted(high, 0.975, side="left"))


def test_one_cell_has_the_hedge_to_itself_and_several_share_it() -> None:
    assert prior_weights([(500, 60, 5)], upper=False) == [(0.25, 0.75)]
    assert prior_weights([(500, 60, 5)], upper=True) == [(0.75, 0.25)]
    equal = [(200, 40, 10)] * 4
    assert prior_weights(equal, upper=False) == [(0.0625, 0.1875)] * 4
    assert prior_weights(equal, upper=True) == [(0.1875, 0.0625)] * 4
    assert prior_weights(equal, upper=True, shared=False) == [(0.75, 0.25)] * 4


def test_the_prior_of_a_limit_turns_with_the_question() -> None:
    """Counting the others gives the mirrored interval."""
    cells = [(450, 60, 2), (110, 30, 9), (40, 20, 15)]
    there = estimate_share([Cell("", *row) for row in cells])
    back = estimate_share([Cell("", m, n, n - x) for m, n, x in cells])
    assert (back.low, back.high) == (600 - there.high, 600 - there.low)


@given(
    st.lists(st.tuples(st.integers(30, 500), st.integers(16, 29), st.floats(0, 1)), min_size=1, max_size=4),
    st.integers(0, 3),
)
def test_one_more_finding_never_lowers_a_limit(rows: list[tuple[int, int, float]], place: int) -> None:
    found = [int(rate * n) for _, n, rate in rows]
    h = place % len(rows)
    before = estimate_share([Cell("", m, n, x) for (m, n, _), x in zip(rows, found, strict=True)])
    found[h] = min(found[h] + 1, rows[h][1])
    after = estimate_share([Cell("", m, n, x) for (m, n, _), x in zip(rows, found, strict=True)])
    assert before.low <= after.low and before.high <= after.high


def exact_coverage(items: int, audited: int, negative: int) -> float:
    """Probability, over all samples of one cell, that the interval holds the true count."""
    total = 0.0
    for x in range(max(0, audited - (items - negative)), min(audited, negative) + 1):
        share = estimate_share([Cell("x", items, audited, x)])
        if share.low <= negative <= share.high:
            total += comb(negative, x) * comb(items - negative, audited - x) / comb(items, audited)
    return total


@pytest.mark.parametrize(("items", "audited"), [(150, 30), (200, 60), (300, 100), (1000, 60), (1000, 200)])
def test_one_cell_covers_at_least_93_percent_by_exact_enumeration(items: int, audited: int) -> None:
    worst = min(exact_coverage(items, audited, round(items * share / 100)) for share in range(5, 26))
    assert worst >= 0.93


def of(low: int, high: int, items: int = 100) -> Share:
    return Share(items, 10, Fraction(low + high, 2 * items), low, high, 0.95)


def test_exactly_the_limit_is_not_under() -> None:
    assert decide(of(2, 14), LIMIT) is Verdict.UNDER
    assert decide(of(2, 15), LIMIT) is Verdict.NOT_YET_KNOWN
    assert decide(of(15, 15), LIMIT) is Verdict.OVER
    assert decide(of(14, 15), LIMIT) is Verdict.NOT_YET_KNOWN
    assert decide(of(15, 15), LIMIT, strict=False) is Verdict.UNDER


def test_bands_are_ordered_by_score_and_hold_equal_weight() -> None:
    scores = np.random.default_rng(1).beta(0.4, 2.0, 2000)
    band = bands(scores, 200)
    assert sorted(set(band.tolist())) == [0, 1, 2, 3]
    assert all(scores[band == h].max() <= scores[band == h + 1].min() for h in range(3))
    weight = [np.sqrt(scores * (1 - scores))[band == h].sum() for h in range(4)]
    assert max(weight) < 1.05 * min(weight)


@given(st.lists(st.tuples(st.integers(1, 500), st.floats(0, 1)), min_size=1, max_size=6), st.integers(24, 600))
def test_the_allocation_spends_the_budget_and_starves_no_band(rows: list[tuple[int, float]], budget: int) -> None:
    sizes, means = [size for size, _ in rows], [mean for _, mean in rows]
    counts = allocate(sizes, means, budget)
    assert sum(counts) == min(budget, sum(sizes))
    assert all(min(4, size) <= n <= size for n, size in zip(counts, sizes, strict=True))


def test_a_budget_below_the_minimum_is_refused() -> None:
    with pytest.raises(ShareError):
        allocate([50, 50, 50], [0.1, 0.2, 0.3], 11)


def test_the_plan_starts_from_the_audit_so_far() -> None:
    scores = np.random.default_rng(2).beta(0.4, 3.0, 600)
    first = plan(scores, [], LIMIT, 0.025)
    cells = [Cell("a", 450, 60, 2), Cell("b", 110, 30, 9), Cell("c", 40, 20, 15)]
    later = plan(scores, cells, LIMIT, 0.025)
    assert isinstance(first, Plan) and 30 <= first.for_half_width <= 600
    assert 110 < later.for_verdict < 600
    share = estimate_share(grown(cells, later.for_verdict))
    assert decide(share, LIMIT) is Verdict.UNDER


def test_a_share_on_the_limit_needs_a_full_reading() -> None:
    assert plan(np.full(100, 0.15), [Cell("a", 100, 20, 3)], LIMIT, 0.025).for_verdict >= 95
