"""The share of a finite population from a stratified audit, with an interval that suits the number of cells.

In each cell ``audited`` items were drawn without replacement out of ``items``. With few cells the number among the
unseen ones is beta-binomial and the cells are convolved; each limit is a quantile under a prior of its own that pulls
it outwards (:func:`prior_weights`). With many cells one prior for each would add up and carry the interval away; there
the limits are stratified Wilson's (``wilson``). ``estimate_share`` chooses between the two by the design alone, never
by what was found (facts and simulations: docs/method.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from canbang.estimate.wilson import stratified_wilson

HEDGE = 0.25
"""Prior weight of the findings that would move a limit inwards, in a single cell; Jeffreys' prior has 1/2."""
EDGE_LABELS = 2
"""Labels by which a cell's rate is moved outwards before its part of the variance is taken (see :func:`prior_weights`)."""
LEAST_PART = 0.01
"""Least part of the variance that a cell is taken to have."""
CONFIDENCE = 0.95
FEW_CELLS = 4
"""Most cells that are convolved; a month's window has no more bands than that."""
HEDGE_LOAD = 0.5
"""How far the priors of several cells may carry the centre together, in standard errors (see :func:`hedge_load`)."""
NEGLIGIBLE = 1e-12
"""Probability cut from either end of a cell's law before convolving: far below any quantile asked for."""


class ShareError(ValueError):
    """The counts cannot come from an audit, or there is nothing to estimate."""


class Method(StrEnum):
    """How an interval was made."""

    CENSUS = "census"
    HEDGED = "hedged_beta_binomial"
    WILSON = "stratified_wilson"


@dataclass(frozen=True, slots=True)
class Cell:
    """A stratum: ``positive`` of ``audited`` drawn items have the property, ``unsure`` could not be settled."""

    name: str
    items: int
    audited: int
    positive: int
    unsure: int = 0

    def __post_init__(self) -> None:
        if min(self.items, self.audited, self.positive, self.unsure) < 0:
            raise ShareError(f"cell {self.name!r}: a count is negative")
        if self.audited > self.items or self.positive + self.unsure > self.audited:
            raise ShareError(f"cell {self.name!r}: more audited than items, or more found than audited")

    @property
    def open(self) -> bool:
        """Whether it was read in part: neither whole nor not at all."""
        return 0 < self.audited < self.items


@dataclass(frozen=True, slots=True)
class Share:
    """A share of ``items``; ``low`` and ``high`` are counts of items, both ends included."""

    items: int
    audited: int
    point: Fraction
    low: int
    high: int
    confidence: float
    method: Method = Method.HEDGED

    @property
    def low_share(self) -> float:
        """Lower limit in 0..1."""
        return self.low / self.items

    @property
    def high_share(self) -> float:
        """Upper limit in 0..1."""
        return self.high / self.items


def beta_binomial(trials: int, a: float, b: float) -> NDArray[np.float64]:
    """Probabilities of 0..trials successes; ``shape (trials + 1,)``."""
    k = np.arange(trials, dtype=np.float64)
    steps = np.log((trials - k) * (a + k)) - np.log((k + 1) * (b + trials - k - 1))
    logs = np.concatenate([[0.0], np.cumsum(steps)])
    weights = np.exp(logs - logs.max())
    return np.asarray(weights / weights.sum(), np.float64)


@lru_cache(maxsize=512)
def _unseen(trials: int, a: float, b: float) -> tuple[int, NDArray[np.float64]]:
    """The beta-binomial law without its negligible ends: the count where it starts, and the probabilities."""
    law = beta_binomial(trials, a, b)
    below = np.cumsum(law)
    first, last = np.searchsorted(below, [NEGLIGIBLE, 1 - NEGLIGIBLE])
    return int(first), law[first : last + 1].copy()


def _convolve(parts: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Distribution of the sum of independent counts."""
    size = sum(len(part) - 1 for part in parts) + 1
    if size <= 2048:
        total = np.ones(1)
        for part in parts:
            total = np.convolve(total, part)
        return total
    width = 1 << (size - 1).bit_length()
    product = np.ones(width // 2 + 1, np.complex128)
    for part in parts:
        product *= np.fft.rfft(part, width)
    return np.asarray(np.clip(np.fft.irfft(product, width)[:size], 0.0, None), np.float64)


def hedge_load(cells: Sequence[Cell]) -> float:
    """Sum of N (1-f) / (n+1) over the root of the sum of N^2 (1-f) / n: cells / sqrt(labels) where cells are equal.

    The prior of a cell weighs one label, so it moves the cell's mean by up to 1/(n+1). All cells are moved the same way,
    while their sampling errors partly cancel: the load says how the two compare. 0 where no cell is open.
    """
    opened = [cell for cell in cells if cell.open]
    if not opened:
        return 0.0
    moved = sum((cell.items - cell.audited) / (cell.audited + 1) for cell in opened)
    spread = sum(cell.items * (cell.items - cell.audited) / cell.audited for cell in opened)
    return float(moved / spread**0.5)


def method_for(cells: Sequence[Cell]) -> Method:
    """The interval that the design asks for: the number of open cells and their labels, never the findings.

    One cell, or at most ``FEW_CELLS`` with a load within ``HEDGE_LOAD`` (4 cells: about 16 labels each), is convolved.
    """
    opened = sum(cell.open for cell in cells)
    if not opened and all(cell.audited == cell.items for cell in cells):
        return Method.CENSUS
    few = opened <= 1 or (opened <= FEW_CELLS and hedge_load(cells) <= HEDGE_LOAD)
    return Method.HEDGED if few else Method.WILSON


def prior_weights(
    opened: Sequence[tuple[int, int, int]], *, upper: bool, hedge: float = HEDGE, shared: bool = True
) -> list[tuple[float, float]]:
    """Prior weights (found, not found) of each open cell (items, audited, found), for one limit.

    One cell: Beta(1/4, 3/4) for the low limit, Beta(3/4, 1/4) for the high one. Several cells share that one label
    in proportion to their parts of the variance: a prior of its own in each cell would move every cell the same way,
    while their errors partly cancel, and a total needs its half label (Jeffreys) once. The variance is taken at the
    limit's side, the rate moved there by ``EDGE_LABELS``, so that a cell where all or nothing was found keeps its doubt;
    and on the outer side no cell gets less than an equal part. Where it is not ``shared``, each cell has a label of its
    own: for limits beyond 95 %, where the skewness of sparse cells counts for more than this balance. Derivation and
    coverage: docs/method.md, 6.
    """
    if not shared:
        return [(1 - hedge, hedge) if upper else (hedge, 1 - hedge)] * len(opened)
    parts = []
    for items, audited, found in opened:
        rate = (found + EDGE_LABELS * upper) / (audited + EDGE_LABELS)
        parts.append(items * (items - audited) / audited * rate * (1 - rate))
    total = sum(parts)
    # a weight of zero would be no law at all
    shares = [max(part / total, LEAST_PART) if total else 1 / len(parts) for part in parts]
    weights = [(hedge * share, (1 - hedge) * max(share, 1 / len(parts))) for share in shares]
    return [(outer, inner) for inner, outer in weights] if upper else weights


def _hedged(
    opened: Sequence[tuple[int, int, int]], weights: Sequence[tuple[float, float]], probabilities: Sequence[float], *, upper: bool
) -> list[int]:  # fmt: skip
    """Quantiles of the total in open cells (items, audited, found) under their prior ``weights``."""
    start, parts = 0, []
    for (items, audited, found), (a, b) in zip(opened, weights, strict=True):
        first, law = _unseen(items - audited, a + found, b + audited - found)
        start += found + first
        parts.append(law)
    cumulative = np.cumsum(_convolve(parts))
    # the last entry may be 1 - 1e-16 by rounding; a quantile never lies beyond the support
    places = np.searchsorted(cumulative, probabilities, side="left" if upper else "right")
    return [start + min(int(place), len(cumulative) - 1) for place in places]


def share_quantiles(
    cells: Sequence[Cell], probabilities: Sequence[float], *, upper: bool, hedge: float = HEDGE, shared: bool = True
) -> list[int]:
    """What is known of the count in the whole population, as quantiles at ``probabilities`` in (0, 1).

    ``upper`` asks for the law that the high limit comes from (unsure counted as found), else that of the low limit;
    ``hedge`` and ``shared`` are those of :func:`prior_weights`.
    """
    method = method_for(cells)
    seen, opened = 0, []
    for cell in cells:
        found = cell.positive + (cell.unsure if upper else 0)
        if cell.open:
            opened.append((cell.items, cell.audited, found))
        elif cell.audited:
            seen += found
        else:
            # nobody looked: anything is possible, whatever a prior would say
            seen += cell.items if upper else 0
    if not opened:
        return [seen] * len(probabilities)
    if method is Method.HEDGED:
        weights = prior_weights(opened, upper=upper, hedge=hedge, shared=shared)
        return [seen + place for place in _hedged(opened, weights, probabilities, upper=upper)]
    table = np.array(opened, np.float64).T
    limits = [float(stratified_wilson(table[0], table[1], table[2], p)) for p in probabilities]
    # inwards to whole items: a count that the real interval does not hold is not in it
    return [
        seen + int(np.ceil(limit - 1e-9) if p < 0.5 else np.floor(limit + 1e-9))
        for limit, p in zip(limits, probabilities, strict=True)
    ]


def estimate_share(cells: Sequence[Cell], *, confidence: float = CONFIDENCE, hedge: float = HEDGE) -> Share:
    """The share of the union of ``cells``, by the method that :func:`method_for` names.

    Raises :class:`ShareError` for an empty population or a confidence outside [0.5, 1). A cell without audited items
    (or without a settled one) contributes half of its items to the point; without audited items it contributes 0 to the
    low limit and all its items to the high one.
    """
    items = sum(cell.items for cell in cells)
    if not items:
        raise ShareError("nothing to estimate: no items")
    if not 0.5 <= confidence < 1:
        raise ShareError("confidence must lie in [0.5, 1)")
    tail = (1 - confidence) / 2
    total = Fraction(0)
    for cell in cells:
        # the point takes unsure items to be like the settled ones of their cell, so that parts of a share add up
        settled = cell.audited - cell.unsure
        rate = Fraction(cell.positive, settled) if settled else Fraction(1, 2)
        total += cell.items * rate
    shared = confidence <= CONFIDENCE
    low = share_quantiles(cells, [tail], upper=False, hedge=hedge, shared=shared)[0]
    return Share(
        items=items,
        audited=sum(cell.audited for cell in cells),
        point=total / items,
        low=low,
        # two limits rounded inwards may cross by one where the interval is narrower than an item
        high=max(low, share_quantiles(cells, [1 - tail], upper=True, hedge=hedge, shared=shared)[0]),
        confidence=confidence,
        method=method_for(cells),
    )
