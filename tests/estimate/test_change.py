"""The change between two windows."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from canbang.estimate.change import share_change
from canbang.estimate.share import Cell, ShareError, estimate_share


def test_two_windows_read_whole_give_an_exact_change() -> None:
    change = share_change(estimate_share([Cell("a", 20, 20, 4)]), estimate_share([Cell("b", 40, 40, 6)]))
    assert change.point == Fraction(-1, 20)
    assert (change.low, change.high, change.settled) == (pytest.approx(-0.05), pytest.approx(-0.05), True)


def test_the_interval_turns_with_the_order_and_is_wider_than_either_part() -> None:
    first = estimate_share([Cell("a", 600, 60, 6), Cell("b", 100, 40, 20)])
    second = estimate_share([Cell("c", 900, 90, 20)])
    there, back = share_change(first, second), share_change(second, first)
    assert (there.low, there.high, there.point) == (pytest.approx(-back.high), pytest.approx(-back.low), -back.point)
    assert there.high - there.low > max(s.high_share - s.low_share for s in (first, second))


def test_two_confidences_are_refused() -> None:
    cells = [Cell("a", 600, 60, 6)]
    with pytest.raises(ShareError):
        share_change(estimate_share(cells), estimate_share(cells, confidence=0.99))


@pytest.mark.parametrize(("n", "before", "after"), [(60, 0.14, 0.14), (200, 0.10, 0.18), (30, 0.05, 0.08)])
def test_coverage_of_the_change(n: int, before: float, after: float) -> None:
    """At least 93 % of 1500 pairs of audits, less three binomial standard errors."""
    rng = np.random.default_rng(n)
    sizes, rates = np.array([700, 200, 100]), np.array([0.3, 1.5, 4.9])
    audited = np.array([n // 2, n // 4, n // 4])
    truth = [np.rint(sizes * rates * share).astype(int) for share in (before, after)]
    gap = (truth[1].sum() - truth[0].sum()) / 1000
    known = {}

    def share(row: tuple[int, ...]) -> object:
        if row not in known:
            known[row] = estimate_share(
                [Cell("", *cell) for cell in zip(sizes.tolist(), audited.tolist(), row, strict=True)]
            )
        return known[row]

    draws = [rng.hypergeometric(t, sizes - t, audited, (1500, 3)).tolist() for t in truth]
    changes = [share_change(share(tuple(a)), share(tuple(b))) for a, b in zip(*draws, strict=True)]  # type: ignore[arg-type]
    assert sum(c.low <= gap <= c.high for c in changes) >= 1500 * 0.93 - 3 * (1500 * 0.93 * 0.07) ** 0.5
