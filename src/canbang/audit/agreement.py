"""How far auditors agree on items that more than one of them judged blind: raw, Krippendorff's alpha, Cohen's kappa.

Reported beside the verdict. Nothing here says who is right; that is the adjudicator's word.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from canbang.estimate.share import CONFIDENCE, ShareError
from canbang.estimate.wilson import t_quantile

ALPHA_LEAST = 0.667
"""Below it everything is to be judged twice: Krippendorff's usual limit for tentative conclusions."""
RESAMPLES = 2000
SEED = 20_261_121

Rating = Hashable | None
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Coefficient:
    """A coefficient with its interval; 1 is full agreement, 0 that of chance (for alpha and kappa)."""

    point: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement on ``units`` items with at least two labels. ``kappa`` is None unless there are exactly two auditors.

    ``alpha`` and ``kappa`` are None where everybody always gave the same one label: chance explains that as well.
    """

    units: int
    raw: Coefficient
    alpha: Coefficient | None
    kappa: Coefficient | None
    confidence: float

    @property
    def double_all(self) -> bool:
        """Whether to propose that every item be judged twice: alpha below ``ALPHA_LEAST``."""
        return self.alpha is not None and self.alpha.point < ALPHA_LEAST


def _counts(ratings: Sequence[Sequence[Rating]]) -> Floats:
    """Labels given by unit and value, units with at least two labels only; ``shape (units, values)``."""
    values: dict[Hashable, int] = {}
    rows = [[values.setdefault(r, len(values)) for r in unit if r is not None] for unit in ratings]
    table = np.zeros((len(rows), len(values)))
    for row, unit in zip(table, rows, strict=True):
        np.add.at(row, unit, 1)
    return np.asarray(table[table.sum(1) >= 2], np.float64)


def _resampled(rows: Floats) -> tuple[Floats, Floats, Floats]:
    """Distinct rows, how often each occurs, and how often in each of RESAMPLES bootstrap samples of the units."""
    patterns, times = np.unique(rows, axis=0, return_counts=True)
    rng = np.random.default_rng(SEED)
    again = rng.multinomial(len(rows), times / len(rows), RESAMPLES)
    return patterns, times.astype(np.float64), again.astype(np.float64)


def _alpha(counts: Floats, times: Floats) -> tuple[Floats, Floats]:
    """Nominal alpha of the units taken ``times`` (``shape (..., units)``), and the disagreement that chance would give.

    alpha = 1 - observed / by chance; NaN where only one value occurs. K. Krippendorff, Content Analysis (2004), 11.
    """
    size = counts.sum(1)
    differing = (size**2 - (counts**2).sum(1)) / (size - 1)
    values = times @ counts
    n = values.sum(-1)
    by_chance = (n**2 - (values**2).sum(-1)) / (n * (n - 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(1 - (times @ differing) / n / by_chance, np.float64), by_chance


def _kappa(codes: NDArray[np.int64], times: Floats) -> tuple[Floats, Floats]:
    """As :func:`_alpha`: Cohen's kappa of two auditors, ``codes`` of ``shape (units, 2)``.

    J. Cohen, Educational and Psychological Measurement 20 (1960) 37-46.
    """
    values = np.eye(int(codes.max()) + 1)
    n = times.sum(-1)
    differing = times @ (codes[:, 0] != codes[:, 1]).astype(np.float64) / n
    by_chance = 1 - ((times @ values[codes[:, 0]]) * (times @ values[codes[:, 1]])).sum(-1) / n**2
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(1 - differing / by_chance, np.float64), by_chance


def _wilson(successes: float, trials: float, confidence: float) -> Coefficient:
    """Wilson's interval of a proportion, with Student's t for small numbers of units."""
    p, square = successes / trials, t_quantile((1 + confidence) / 2, trials) ** 2 / trials
    reach = (square * (p * (1 - p) + square / 4)) ** 0.5
    return Coefficient(p, (p + square / 2 - reach) / (1 + square), min(1.0, (p + square / 2 + reach) / (1 + square)))


def _interval(
    found: tuple[Floats, Floats], resampled: Floats, raw: Coefficient, confidence: float
) -> Coefficient | None:
    """Bootstrap percentiles, widened to what the raw agreement's own interval implies at this disagreement by chance.

    Where few or no units differ the bootstrap alone sees too little doubt (none at all at full agreement).
    """
    point, by_chance = float(found[0]), float(found[1])
    if not np.isfinite(point):
        return None
    tail = (1 - confidence) / 2
    low, high = (float(v) for v in np.quantile(resampled[np.isfinite(resampled)], [tail, 1 - tail]))
    low, high = min(low, 1 - (1 - raw.low) / by_chance), max(high, 1 - (1 - raw.high) / by_chance)
    return Coefficient(point, max(-1.0, min(low, point)), min(1.0, max(high, point)))


def agreement(ratings: Sequence[Sequence[Rating]], *, confidence: float = CONFIDENCE) -> Agreement:
    """Agreement over ``ratings``: a row for each item, a place for each auditor, ``None`` where one did not judge.

    Raw agreement is the mean over items of the part of agreeing pairs. The intervals treat items as drawn independently;
    the resampling is seeded, so equal ratings give equal intervals. Raises :class:`ShareError` where no item has two labels.
    """
    counts = _counts(ratings)
    units = len(counts)
    if not units:
        raise ShareError("agreement: no item has two labels")
    size = counts.sum(1)
    pairs = ((counts**2).sum(1) - size) / (size * (size - 1))
    raw = _wilson(float(pairs.sum()), units, confidence)
    patterns, once, times = _resampled(counts)
    alpha = _interval(_alpha(patterns, once), _alpha(patterns, times)[0], raw, confidence)
    kappa = None
    if {len(unit) for unit in ratings} == {2}:
        both = [unit for unit in ratings if None not in unit]
        # in order of appearance: a set's order, and with it the bootstrap, would change from run to run
        values = {value: code for code, value in enumerate(dict.fromkeys(value for unit in both for value in unit))}
        codes, once, times = _resampled(np.array([[values[value] for value in unit] for unit in both], np.float64))
        pairs_of = codes.astype(np.int64)
        kappa = _interval(_kappa(pairs_of, once), _kappa(pairs_of, times)[0], raw, confidence)
    return Agreement(units, raw, alpha, kappa, confidence)
