"""Shares in which items do not weigh alike: by views, or by distinct stories (a story counts once). Never a verdict.

Both are one ratio: sum of weights of the items with the property / sum of weights. For stories an act weighs
1 / (acts that tell its story in the window).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from canbang.estimate.share import CONFIDENCE, ShareError
from canbang.estimate.wilson import t_quantile

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class WeightedCell:
    """A stratum of ``items``; of the drawn ones ``weight`` (>= 0) and ``found``: 1, 0, or NaN for unsure; ``shape (n,)``."""

    items: int
    weight: Floats
    found: Floats

    def __post_init__(self) -> None:
        if self.weight.shape != self.found.shape or len(self.weight) > self.items:
            raise ShareError("weighted cell: one weight and one finding for each drawn item, no more than items")
        if not (np.isfinite(self.weight).all() and (self.weight >= 0).all()):
            raise ShareError("weighted cell: weights are finite and not negative")


@dataclass(frozen=True, slots=True)
class WeightedShare:
    """A weighted share in 0..1; deliberately no :class:`Share`, so that no verdict can be taken on it."""

    point: float
    low: float
    high: float
    confidence: float


def _settled(cell: WeightedCell) -> float:
    """The ratio among the settled items of a cell, which the point takes its unsure items to be like."""
    settled = ~np.isnan(cell.found)
    weight = float(cell.weight[settled].sum())
    return float((cell.weight * cell.found)[settled].sum()) / weight if weight else 0.5


def _linearised(cells: Sequence[WeightedCell], unsure: float | None) -> tuple[float, float, float, float]:
    """The ratio, its linearised variance, its effective labels, its degrees of freedom.

    Unsure items count as ``unsure``; ``None``: like the settled ones of their cell. Variance: sum N^2 (1-f) s_e^2 / n over (sum of weights)^2, e = w (y - R). A cell with one drawn item has no variance
    of its own and borrows the pooled one (collapsed strata).
    """
    found = [np.where(np.isnan(c.found), _settled(c) if unsure is None else unsure, c.found) for c in cells]
    scale = [cell.items / max(1, len(cell.weight)) for cell in cells]
    total = sum(float(k * cell.weight.sum()) for k, cell in zip(scale, cells, strict=True))
    if total <= 0:
        raise ShareError("weighted share: nothing drawn has a weight")
    ratio = sum(float(k * (c.weight * y).sum()) for k, c, y in zip(scale, cells, found, strict=True)) / total
    residual = [c.weight * (y - ratio) for c, y in zip(cells, found, strict=True)]
    everybody = np.concatenate(residual)
    pooled = float(everybody.var(ddof=1)) if len(everybody) > 1 else 0.0
    variance = squares = freedom = 0.0
    for k, cell, e in zip(scale, cells, residual, strict=True):
        n = len(e)
        if not n:
            continue
        variance += k * (cell.items - n) * (float(e.var(ddof=1)) if n > 1 else pooled)
        squares += k * max(k - 1, 0.0) * float(np.sum(cell.weight**2))
        freedom += n - 1 if n < cell.items else 0
    return ratio, variance / total**2, total**2 / squares if squares else np.inf, max(1.0, freedom)


def _limit(ratio: float, variance: float, labels: float, t: float) -> float:
    """Wilson's limit ``t`` standard errors away, with as many labels as the variance is worth."""
    if labels == np.inf:
        return ratio
    # no finding, or nothing but findings: the linearised variance is zero, the weights alone tell how little is known
    worth = min(ratio * (1 - ratio) / variance, 4 * labels) if variance > 0 else labels
    square = t * t / worth
    reach = sqrt(square * (max(0.0, ratio * (1 - ratio)) + square / 4))
    return (ratio + square / 2 + (reach if t > 0 else -reach)) / (1 + square)


def weighted_share(cells: Sequence[WeightedCell], *, confidence: float = CONFIDENCE) -> WeightedShare:
    """The ratio share with a linearised interval, stratified, with finite population correction.

    Unsure items count 0 in the low limit, 1 in the high one. Where a cell with items has none drawn the
    limits are 0 and 1: nothing is known of its weights. Raises :class:`ShareError` where nothing drawn has a weight. Source:
    W. G. Cochran, Sampling Techniques (1977), 6.11; the limits are put on Wilson's scale, which keeps them in 0..1.
    """
    cells = [cell for cell in cells if cell.items]
    if not 0.5 <= confidence < 1:
        raise ShareError("confidence must lie in [0.5, 1)")
    point = _linearised(cells, None)[0]
    if any(not len(cell.weight) for cell in cells):
        return WeightedShare(point, 0.0, 1.0, confidence)
    limits = []
    for unsure, probability in ((0.0, (1 - confidence) / 2), (1.0, (1 + confidence) / 2)):
        ratio, variance, labels, freedom = _linearised(cells, unsure)
        limits.append(float(_limit(ratio, variance, labels, t_quantile(probability, freedom))))
    return WeightedShare(point, max(0.0, min(limits[0], point)), min(1.0, max(limits[1], point)), confidence)
