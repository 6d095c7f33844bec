"""How the audit is laid out: score bands, hedged Neyman allocation, and how many labels a purpose needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from canbang.estimate.share import CONFIDENCE, Cell, Share, ShareError, estimate_share
from canbang.estimate.verdict import Verdict, decide

FLOOR = 0.05
"""Band means are clipped to [FLOOR, 1 - FLOOR]: a labeller sure of itself must not starve a band."""
MINIMUM = 4
SMALLEST_AUDIT = 30


def band_count(budget: int) -> int:
    """Two bands for small audits, then three, then four: sparse bands widen the interval."""
    return 2 if budget < 50 else 3 if budget < 150 else 4


def bands(scores: NDArray[np.float64], budget: int) -> NDArray[np.int8]:
    """Band of each item, 0 for the lowest scores; ``shape (len(scores),)``.

    Cut so that the sum of sqrt(s (1 - s)) is equal per band, but never between equal scores: a labeller that knows few
    values (yes or no) keeps its classes whole. A band that nothing falls into is left out.
    """
    if not len(scores):
        return np.empty(0, np.int8)
    values, place, times = np.unique(np.clip(scores, 0.0, 1.0), return_inverse=True, return_counts=True)
    weight = np.sqrt(np.maximum(values * (1 - values), 1e-6)) * times
    # where the middle of a value's weight falls, all of its items fall
    middle = (np.cumsum(weight) - weight / 2) / weight.sum()
    count = min(band_count(budget), len(scores))
    cut = np.minimum((middle * count).astype(np.int8), count - 1)
    return np.unique(cut[place], return_inverse=True)[1].astype(np.int8)


def allocate(
    items: Sequence[int],
    expected: Sequence[float],
    budget: int,
    *,
    floor: float = FLOOR,
    minimum: int = MINIMUM,
) -> list[int]:
    """Labels per band: n_h ~ N_h sqrt(q (1 - q)), q the band's mean score clipped to [floor, 1 - floor].

    Every band gets ``minimum`` or is read whole. Raises :class:`ShareError` where the budget cannot cover that.
    """
    least = [min(minimum, size) for size in items]
    budget = min(budget, sum(items))
    if budget < sum(least):
        raise ShareError(f"a budget of {budget} cannot give every band {minimum} labels")
    rate = [min(max(q, floor), 1 - floor) for q in expected]
    weight = [size * (q * (1 - q)) ** 0.5 for size, q in zip(items, rate, strict=True)]
    result = list(least)
    while (left := budget - sum(result)) > 0:
        open_bands = [h for h, size in enumerate(items) if result[h] < size]
        total = sum(weight[h] for h in open_bands)
        # largest gap to the ideal first; one label at a time only for the last few
        ideal = {h: budget * weight[h] / total for h in open_bands}
        h = max(open_bands, key=lambda h: (ideal[h] - result[h], -h))
        step = max(1, min(left // (2 * len(items)), int(ideal[h] - result[h])))
        result[h] += min(step, items[h] - result[h])
    return result


def separate(cells: Sequence[Cell], *, significance: float = 0.2) -> bool:
    """Whether the audit bears out the bands: found rates rise from band to band (cells in the order of their bands).

    The Cochran-Armitage trend test, one-sided, without unsure items. ``significance`` is mild because an allocation is at
    stake, not a claim: wrongly "no" costs labels, and so does wrongly "yes".
    """
    settled = np.array([cell.audited - cell.unsure for cell in cells], np.float64)
    found = np.array([cell.positive for cell in cells], np.float64)
    labels = settled.sum()
    if not 0 < found.sum() < labels:
        return False
    band = np.arange(len(cells)) - (np.arange(len(cells)) * settled).sum() / labels
    rate = found.sum() / labels
    spread = rate * (1 - rate) * (settled * band**2).sum()
    return bool(spread > 0 and (found * band).sum() > NormalDist().inv_cdf(1 - significance) * spread**0.5)


def expected_share(scores: NDArray[np.float64], budget: int, *, confidence: float = CONFIDENCE) -> Share:
    """The interval that an audit of ``budget`` labels would show if the band means were the truth."""
    band = bands(scores, budget)
    sizes = np.bincount(band)
    means = np.bincount(band, weights=scores) / sizes
    counts = allocate(sizes.tolist(), means.tolist(), budget)
    cells = [
        Cell(str(h), int(size), n, round(mean * n))
        for h, (size, n, mean) in enumerate(zip(sizes.tolist(), counts, means.tolist(), strict=True))
    ]
    return estimate_share(cells, confidence=confidence)


def grown(cells: Sequence[Cell], budget: int) -> list[Cell]:
    """The cells as they would look if the audit went on to ``budget`` labels at the rates found so far."""
    audited = sum(cell.audited for cell in cells)
    result = []
    for cell in cells:
        n = min(cell.items, max(cell.audited, round(cell.audited * budget / audited)))
        scale = n / cell.audited if cell.audited else 0.0
        result.append(Cell(cell.name, cell.items, n, round(cell.positive * scale), int(cell.unsure * scale)))
    return result


def _smallest(good: Callable[[int], bool], low: int, high: int) -> int:
    """Smallest budget that is good, by bisection; ``high`` where only a full reading is."""
    while low < high:
        middle = (low + high) // 2
        if good(middle):
            high = middle
        else:
            low = middle + 1
    return low


@dataclass(frozen=True, slots=True)
class Plan:
    """Rough numbers of labels in all: for a verdict, and for plus or minus ``half_width`` (a share)."""

    for_verdict: int
    for_half_width: int
    half_width: float


def plan(
    scores: NDArray[np.float64],
    cells: Sequence[Cell],
    limit: Fraction,
    half_width: float,
    *,
    confidence: float = CONFIDENCE,
) -> Plan:
    """Labels needed, from the audit so far where ``cells`` were audited, else from the scores.

    ``confidence`` is that of the interval that will be shown: 98.75 % where the month is looked at until settled.

    Where the estimate lies too near the limit, the number for a verdict is all items.
    """
    audited = sum(cell.audited for cell in cells)

    @cache  # the two searches meet at the same budgets
    def look(budget: int) -> Share:
        if audited:
            return estimate_share(grown(cells, budget), confidence=confidence)
        return expected_share(scores, budget, confidence=confidence)

    def narrow(budget: int) -> bool:
        share = look(budget)
        return share.high_share - share.low_share <= 2 * half_width

    low, high = min(SMALLEST_AUDIT, len(scores)), len(scores)
    return Plan(
        _smallest(lambda budget: decide(look(budget), limit) is not Verdict.NOT_YET_KNOWN, low, high),
        _smallest(narrow, low, high),
        half_width,
    )
