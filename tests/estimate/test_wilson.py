"""Many cells: the stratified Wilson interval, and the switch between the two intervals."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import numpy as np
import pytest

from canbang.estimate.share import Cell, Method, _hedged, estimate_share, hedge_load, method_for, prior_weights
from canbang.estimate.wilson import effective_labels, stratified_wilson, t_quantile


def test_quantiles_of_student_agree_with_published_tables() -> None:
    found = [t_quantile(0.975, v) for v in (1, 2, 5, 30, 120, 5000)]
    assert np.allclose(found, [12.706, 4.303, 2.571, 2.042, 1.980, 1.960], atol=6e-4)
    assert t_quantile(0.025, 7.5) == -t_quantile(0.975, 7.5)


def test_quantiles_of_student_agree_with_scipy() -> None:
    stats = pytest.importorskip("scipy.stats")
    for v in (1.3, 4.0, 17.2, 400.0, 1999.0):
        assert np.allclose(
            [t_quantile(p, v) for p in (0.6, 0.975, 0.9975)], stats.t.ppf([0.6, 0.975, 0.9975], v), rtol=2e-4
        )


def test_alike_cells_are_worth_all_their_labels_and_a_heavy_one_few() -> None:
    assert effective_labels(np.full(10, 100.0), np.full(10, 5.0)) == pytest.approx(50)
    heavy = effective_labels(np.array([10_000.0, *[100.0] * 9]), np.full(10, 5.0))
    assert 5 < heavy < 5.1


def test_limits_solve_wilsons_equation() -> None:
    """At the limit the distance from the unbiased total is t standard errors taken at the limit."""
    items, audited, found = np.array([400.0, 300, 200]), np.array([10.0, 10, 10]), np.array([1.0, 2, 6])
    weight = items * (items - audited) / audited
    labels = effective_labels(items, audited)
    pooled = ((weight * found / audited).sum() / weight.sum() * labels + 0.5) / (labels + 1)
    rate = (found + 4 * pooled) / (audited + 4)
    total, everything = (items * found / audited).sum(), items.sum()
    high = float(stratified_wilson(items, audited, found, 0.975))
    part = (high - total) / (everything - total)
    moved = rate + (1 - rate) * part
    variance = (weight / (1 - audited / (audited + 4) ** 2) * moved * (1 - moved)).sum()
    assert high - total == pytest.approx(t_quantile(0.975, labels) * variance**0.5)


def test_the_limit_near_an_end_takes_the_variance_half_way() -> None:
    """A rare count of 4: Wilson's own lower limit would be 1.56, the exact one is 1.09."""
    items, audited, found = np.array([1e8]), np.array([1e5]), np.array([4.0])
    low, high = (float(stratified_wilson(items, audited, found, p)) / 1000 for p in (0.025, 0.975))
    assert low == pytest.approx(0.92, abs=0.02)
    assert high == pytest.approx(10.3, abs=0.1)


def test_an_audit_and_its_complement_give_mirrored_limits() -> None:
    cells = [Cell(str(h), 50 + h, 3, h % 3) for h in range(20)]
    mirror = [Cell(c.name, c.items, c.audited, c.audited - c.positive) for c in cells]
    share, other = estimate_share(cells), estimate_share(mirror)
    assert share.method is Method.WILSON
    # the pooled rate is smoothed by one half of one label: symmetric
    assert (share.low, share.high) == (other.items - other.high, other.items - other.low)


def test_the_method_follows_the_design_and_never_the_findings() -> None:
    def month(n: int, cells: int, found: int = 0) -> list[Cell]:
        return [Cell(str(h), 250, n, found) for h in range(cells)]

    assert method_for([Cell("a", 5, 5, 1)]) is Method.CENSUS
    assert {method_for(month(20, 4, x)) for x in range(21)} == {Method.HEDGED}
    assert {method_for(month(2, 4, x)) for x in range(3)} == {Method.WILSON}
    assert method_for(month(1, 1)) is Method.HEDGED
    assert method_for(month(50, 5)) is Method.WILSON
    # a cell read whole, or not at all, is no open cell
    assert method_for([*month(30, 4), Cell("all", 9, 9, 1), Cell("none", 9, 0, 0)]) is Method.HEDGED


def test_the_load_of_equal_cells_is_their_number_over_the_root_of_the_labels() -> None:
    cells = [Cell(str(h), 10**6, 24, 0) for h in range(4)]
    assert hedge_load(cells) == pytest.approx(4 / 96**0.5 * 24 / 25, rel=1e-4)


def test_unaudited_cells_span_all_their_items_and_read_ones_none_among_many() -> None:
    cells = [Cell(str(h), 40, 5, 1) for h in range(12)]
    plain = estimate_share(cells)
    more = estimate_share([*cells, Cell("none", 30, 0, 0), Cell("whole", 20, 20, 7)])
    assert more.method is Method.WILSON
    assert (more.low, more.high) == (plain.low + 7, plain.high + 37)


def test_unsure_widens_both_ways_among_many_cells() -> None:
    sure = estimate_share([Cell(str(h), 40, 5, 1) for h in range(12)])
    unsure = estimate_share([Cell(str(h), 40, 5, 1, 1) for h in range(12)])
    assert unsure.low == sure.low and unsure.high > sure.high


@pytest.mark.parametrize(("cells", "labels"), [(16, 1), (16, 4), (48, 1), (48, 2), (240, 1), (240, 8)])
@pytest.mark.parametrize("share", [0.05, 0.14, 0.25])
def test_many_cells_keep_the_promise_where_the_hedge_loses_it(cells: int, labels: int, share: float) -> None:
    """Coverage over 1000 audits is not rejected at 93 %, one-sided binomial at 1 in 1000."""
    rng = np.random.default_rng([cells, labels, round(share * 100)])
    items = rng.integers(20, 200, cells)
    positive = rng.binomial(items, np.clip(share * rng.lognormal(-0.3, 0.8, cells), 0.002, 0.7))
    audited = np.minimum(items - 1, 1 + rng.poisson(labels - 1, cells))
    found = rng.hypergeometric(positive, items - positive, audited, (1000, cells))
    low, high = (
        stratified_wilson(items.astype(float), audited.astype(float), found.astype(float), p) for p in (0.025, 0.975)
    )
    covered = int(((np.ceil(low) <= positive.sum()) & (positive.sum() <= np.floor(high))).sum())
    chance = sum(Fraction(comb(1000, k) * 93**k * 7 ** (1000 - k), 100**1000) for k in range(covered + 1))
    assert chance > Fraction(1, 1000)


def test_a_prior_in_each_of_many_cells_carries_the_interval_away() -> None:
    """What the switch is for: 48 cells of 4 labels at 5 %, where convolved hedges miss and the Wilson interval holds."""
    rng = np.random.default_rng(48)
    items, audited = np.full(48, 100), np.full(48, 4)
    positive = rng.binomial(items, 0.05)
    hedged = held = 0
    for row in rng.hypergeometric(positive, items - positive, audited, (150, 48)).tolist():
        opened = [(100, 4, x) for x in row]
        low, high = (
            _hedged(opened, prior_weights(opened, upper=p > 0.5, shared=False), [p], upper=p > 0.5)[0]
            for p in (0.025, 0.975)
        )
        hedged += low <= positive.sum() <= high
        share = estimate_share([Cell("", 100, 4, x) for x in row])
        held += share.low <= positive.sum() <= share.high
    assert hedged < 0.3 * 150
    assert held >= 0.93 * 150 - 3 * (150 * 0.93 * 0.07) ** 0.5
