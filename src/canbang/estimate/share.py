"""The share of a finite population from a stratified audit, with a hedged beta-binomial interval.

In each cell ``audited`` items were drawn without replacement out of ``items``. The number among the unseen ones is
beta-binomial; the cells are convolved. The lower limit is a quantile under the prior Beta(h, 1-h), the upper under
Beta(1-h, h), so neither prior flatters its own side (facts and simulations: docs/method.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

HEDGE = 0.25
CONFIDENCE = 0.95


class ShareError(ValueError):
    """The counts cannot come from an audit, or there is nothing to estimate."""


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


@dataclass(frozen=True, slots=True)
class Share:
    """A share of ``items``; ``low`` and ``high`` are counts of items, both ends included."""

    items: int
    audited: int
    point: Fraction
    low: int
    high: int
    confidence: float

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


def _limit(cells: Sequence[Cell], hedge: float, probability: float, *, upper: bool) -> int:
    """A quantile of the count in the whole population under one of the two priors."""
    seen = sum(cell.positive + (cell.unsure if upper else 0) for cell in cells)
    a0, b0 = (1 - hedge, hedge) if upper else (hedge, 1 - hedge)
    parts = []
    for cell in cells:
        unseen = cell.items - cell.audited
        if not unseen:
            continue
        if not cell.audited:
            # nobody looked: anything is possible, whatever a prior would say
            seen += unseen if upper else 0
            continue
        found = cell.positive + (cell.unsure if upper else 0)
        parts.append(beta_binomial(unseen, a0 + found, b0 + cell.audited - found))
    if not parts:
        return seen
    cumulative = np.cumsum(_convolve(parts))
    # the last entry may be 1 - 1e-16 by rounding; a quantile never lies beyond the support
    place = int(np.searchsorted(cumulative, probability, side="left" if upper else "right"))
    return seen + min(place, len(cumulative) - 1)


def estimate_share(cells: Sequence[Cell], *, confidence: float = CONFIDENCE, hedge: float = HEDGE) -> Share:
    """The share of the union of ``cells``.

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
    return Share(
        items=items,
        audited=sum(cell.audited for cell in cells),
        point=total / items,
        low=_limit(cells, hedge, tail, upper=False),
        high=_limit(cells, hedge, 1 - tail, upper=True),
        confidence=confidence,
    )
