"""An interval that also carries the auditors' own errors, measured against adjudicated labels.

The plain interval is about what these auditors would find. Where part of the items was judged twice and adjudicated,
the single auditor's sensitivity and specificity are known with an error of their own; the Rogan-Gladen estimate corrects
for them and Monte Carlo carries all three doubts. It is shown beside the plain interval and never gives the verdict.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from canbang.estimate.share import CONFIDENCE, Cell, ShareError, estimate_share, share_quantiles

DRAWS = 20_000
LEVELS = 400
JEFFREYS = 0.5
"""Both priors of the error rates: hedging these as well gave 100 % coverage at 1.2 times the width (docs/method.md)."""
SEED = 20_261_121
"""Fixed: the same counts give the same interval on every machine."""
LEAST_YOUDEN = 0.1
"""Below this sensitivity + specificity - 1 an auditor tells next to nothing; the draw then allows anything."""


@dataclass(frozen=True, slots=True)
class Reference:
    """Items with a single auditor's label and an adjudicated one, counted: true and false, positive and negative.

    ``false_positive``: the auditor said positive, adjudication says negative. They must be a random part of the audited
    items, judged blind; pooled over cells, as the error rates are taken to be the same in all cells.
    """

    true_positive: int
    false_positive: int
    false_negative: int
    true_negative: int

    def __post_init__(self) -> None:
        if min(self.true_positive, self.false_positive, self.false_negative, self.true_negative) < 0:
            raise ShareError("reference: a count is negative")
        if not self.true_positive + self.false_negative or not self.true_negative + self.false_positive:
            raise ShareError("reference: needs adjudicated items of both kinds")

    @property
    def sensitivity(self) -> float:
        """Part of the truly positive items that the auditor found."""
        return self.true_positive / (self.true_positive + self.false_negative)

    @property
    def specificity(self) -> float:
        """Part of the truly negative items that the auditor cleared."""
        return self.true_negative / (self.true_negative + self.false_positive)


@dataclass(frozen=True, slots=True)
class Corrected:
    """A share in 0..1 corrected for auditors' errors; deliberately no :class:`Share`: no verdict is taken on it."""

    point: float
    low: float
    high: float
    sensitivity: float
    specificity: float
    confidence: float


def _drawn(
    cells: Sequence[Cell], reference: Reference, rng: np.random.Generator, *, upper: bool
) -> NDArray[np.float64]:
    """Draws of the true share, the sampling hedged towards the side asked for; ``shape (DRAWS,)``."""
    items = sum(cell.items for cell in cells)
    # the law of the auditors' share in equal steps and random order: less noise than drawing from it
    levels = (np.arange(LEVELS) + 0.5) / LEVELS
    steps = np.array(share_quantiles(cells, levels.tolist(), upper=upper), np.float64) / items
    apparent = rng.permutation(np.repeat(steps, DRAWS // LEVELS))
    found = rng.beta(reference.true_positive + JEFFREYS, reference.false_negative + JEFFREYS, DRAWS)
    wrong = rng.beta(reference.false_positive + JEFFREYS, reference.true_negative + JEFFREYS, DRAWS)
    youden = found - wrong
    share = np.clip((apparent - wrong) / np.maximum(youden, LEAST_YOUDEN), 0.0, 1.0)
    return np.where(youden < LEAST_YOUDEN, 1.0 if upper else 0.0, share)


def rogan_gladen(cells: Sequence[Cell], reference: Reference, *, confidence: float = CONFIDENCE) -> Corrected:
    """The share that adjudicators would find, from single auditors' labels in ``cells``.

    ``cells`` hold the first auditors' labels throughout, the adjudicated items too. W. J. Rogan and B. Gladen, American
    Journal of Epidemiology 107 (1978) 71-76, with Jeffreys laws for the error rates. Raises :class:`ShareError` for
    an empty population or a confidence outside [0.5, 1).
    """
    items = sum(cell.items for cell in cells)
    if not items or not 0.5 <= confidence < 1:
        raise ShareError("rogan_gladen: needs items, and a confidence in [0.5, 1)")
    tail = (1 - confidence) / 2
    apparent = float(estimate_share(cells).point)
    wrong, youden = 1 - reference.specificity, reference.sensitivity + reference.specificity - 1
    point = min(1.0, max(0.0, (apparent - wrong) / max(youden, LEAST_YOUDEN)))
    low = float(np.quantile(_drawn(cells, reference, np.random.default_rng(SEED), upper=False), tail))
    high = float(np.quantile(_drawn(cells, reference, np.random.default_rng(SEED), upper=True), 1 - tail))
    return Corrected(point, min(low, point), max(high, point), reference.sensitivity, reference.specificity, confidence)
