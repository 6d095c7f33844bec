"""The stratified Wilson interval: for many cells, where convolving one prior per cell would shift the centre.

A year of months, the epochs of a month, a province's channels: up to hundreds of cells with few labels each. The centre
is the unbiased total sum N x/n. A limit is the total T that lies ``t`` standard errors from it, the standard error
being taken *at T* (half-way where that is more), as in E. B. Wilson (1927) and, for strata, X. Yan and X. G. Su,
"Stratified Wilson and Newcombe Confidence Intervals for Multiple Binomial Proportions" (2010). Finite populations,
sparse cells and the small effective number of labels are our additions; docs/method.md gives the reasons and the
measured coverage.
"""

from __future__ import annotations

from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

SHRINK = 4.0
"""Pseudo-labels by which a cell's rate is drawn to the pooled rate, for the variance only, never for the centre."""
NORMAL_FROM = 2000.0
"""Degrees of freedom from which Student's t is taken as normal (a difference below one in two thousand)."""

Floats = NDArray[np.float64]


@lru_cache(maxsize=1024)
def t_quantile(probability: float, freedom: float) -> float:
    """Quantile of Student's t with ``freedom`` > 0 (a real number) degrees; ``probability`` in (0, 1).

    With t = sqrt(v) tan(angle) the density is cos(angle)^(v - 1): one sum on a fine grid, good to four digits.
    """
    if probability < 0.5:
        return -t_quantile(1 - probability, freedom)
    if freedom >= NORMAL_FROM:
        return NormalDist().inv_cdf(probability)
    # all the mass lies within about 40 / sqrt(v) of zero; a grid over all of it would be too coarse for large v
    reach = min(np.pi / 2, 40 / np.sqrt(freedom))
    angle = np.linspace(0.0, reach, 20_001)
    middle = (angle[1:] + angle[:-1]) / 2
    area = np.concatenate([[0.0], np.cumsum(np.cos(middle) ** (freedom - 1))])
    found = float(np.interp(2 * probability - 1, area / area[-1], angle))
    return float(np.sqrt(freedom) * np.tan(found))


def effective_labels(items: Floats, audited: Floats) -> float:
    """Kish's effective number of labels behind the variance, ``(sum W)^2 / sum W^2/n`` with W = N^2 (1 - n/N) / n.

    One cell gives its own n; a few heavy cells among many light ones give little more than their own labels.
    """
    weight = items * (items - audited) / audited
    return float(weight.sum() ** 2 / (weight**2 / audited).sum())


def _root(span: Floats, at_centre: Floats, at_edge: Floats, t: float) -> Floats:
    """The part of ``span`` at which the distance from the centre is ``t`` standard errors; in [0, 1].

    Moving the rates q towards the edge by a part k makes the variance (1 - k)(A + k C): a quadratic equation in k. Where
    the variance falls on the way (towards no findings at all), Wilson's limit comes too near the centre: for a Poisson
    count of 4 it is 1.56 where the exact one is 1.09. The variance half-way gives 0.92; the farther limit is taken.
    """
    parts = []
    for way in (1.0, 0.5):
        # (1 - wk)(A + wkC) t^2 = (k span)^2
        a = span**2 + (t * way) ** 2 * at_edge
        b = t**2 * way * (at_centre - at_edge)
        c = -(t**2) * at_centre
        with np.errstate(invalid="ignore", divide="ignore"):
            part = (-b + np.sqrt(b * b - 4 * a * c)) / (2 * a)
        parts.append(np.where(a > 0, np.minimum(part, 1.0), 0.0))
    return np.asarray(np.maximum(*parts), np.float64)


def stratified_wilson(items: Floats, audited: Floats, found: Floats, probability: float) -> Floats:
    """The total number with the property at one ``probability``: below 0.5 a lower limit, above it an upper one.

    ``items`` and ``audited`` have ``shape (cells,)`` with 0 < audited < items; ``found`` has ``shape (..., cells)``.
    The result has ``shape (...)``, a real number in [found, items - not found].

    The variance is sum W v with v = q (1 - q) / (1 - n / (n + m)^2), q = (x + m p) / (n + m), m = ``SHRINK``, p the
    W-weighted pooled rate. The divisor undoes what estimating q from the same labels takes away; so the expected
    variance is right where all cells are alike and too large where they differ, never too small (equal n, given p).
    """
    weight = items * (items - audited) / audited
    total = (items * found / audited).sum(-1)
    labels = effective_labels(items, audited)
    pooled = ((weight * found / audited).sum(-1) / weight.sum() * labels + 0.5) / (labels + 1)
    rate = (found + SHRINK * pooled[..., None]) / (audited + SHRINK)
    scale = weight / (1 - audited / (audited + SHRINK) ** 2)
    t = t_quantile(probability, max(1.0, labels))
    centre = (scale * rate * (1 - rate)).sum(-1)
    everything = items.sum()
    if t > 0:
        limit = total + (everything - total) * _root(everything - total, centre, (scale * (1 - rate) ** 2).sum(-1), t)
    else:
        limit = total - total * _root(total, centre, (scale * rate**2).sum(-1), t)
    seen = found.sum(-1)
    return np.asarray(np.clip(limit, seen, everything - (audited.sum() - seen)), np.float64)
