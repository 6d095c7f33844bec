"""Synthetic windows for benchmarks: labels at a known share, and scores of labellers good, poor, broken and shuffled."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from canbang.estimate.design import allocate, bands
from canbang.estimate.share import Cell, Share, estimate_share
from canbang.estimate.wilson import stratified_wilson

BINARY = {"60/90": (0.6, 0.9), "80/95": (0.8, 0.95), "90/98": (0.9, 0.98)}
"""Labellers that say yes or no: sensitivity and specificity in percent; the score is the share at that answer."""
SEPARATION = {"AUC .90": 1.812, "AUC .96": 2.476, "AUC .80 overconfident": 1.19, "shuffled": 2.476}
FACTS_KINDS = ("60/90", "80/95", "90/98", "broken", "AUC .90", "AUC .96", "AUC .80 overconfident")
KINDS = (*FACTS_KINDS, "shuffled")

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def window(rng: np.random.Generator, items: int, share: float, kind: str) -> tuple[Floats, NDArray[np.bool_]]:
    """Scores and truth of ``items``; the share is exact, the scores are one draw. "broken": 30/90, believed 90/98."""
    truth = rng.permutation(np.arange(items) < round(items * share))
    if kind in BINARY or kind == "broken":
        sens, spec = (0.3, 0.9) if kind == "broken" else BINARY[kind]
        yes = np.where(truth, rng.random(items) < sens, rng.random(items) > spec)
        sens, spec = (0.9, 0.98) if kind == "broken" else BINARY[kind]
        if_yes = share * sens / (share * sens + (1 - share) * (1 - spec))
        if_no = share * (1 - sens) / (share * (1 - sens) + (1 - share) * spec)
        return np.where(yes, if_yes, if_no), truth
    apart = SEPARATION[kind]
    logit = np.log(share / (1 - share)) + apart * rng.normal(apart * truth, 1.0) - apart**2 / 2
    scores = 1 / (1 + np.exp(-logit * (2.5 if "overconfident" in kind else 1.0)))
    return (rng.permutation(scores) if kind == "shuffled" else scores), truth


@dataclass(frozen=True)
class Design:
    """Cells of a fixed population: items, labels and true positives of each."""

    items: Ints
    audited: Ints
    positive: Ints

    @property
    def true(self) -> int:
        return int(self.positive.sum())

    @property
    def size(self) -> int:
        return int(self.items.sum())

    def draws(self, rng: np.random.Generator, times: int) -> Ints:
        """Findings of ``times`` audits; ``shape (times, cells)``."""
        return rng.hypergeometric(self.positive, self.items - self.positive, self.audited, (times, len(self.items)))

    def share(self, found: tuple[int, ...], confidence: float = 0.95) -> Share:
        rows = zip(self.items.tolist(), self.audited.tolist(), found, strict=True)
        return estimate_share([Cell("", n, k, x) for n, k, x in rows], confidence=confidence)


def design(scores: Floats, truth: NDArray[np.bool_], budget: int) -> Design:
    """The product's own bands and allocation."""
    band = bands(scores, budget)
    sizes = np.bincount(band)
    means = np.bincount(band, weights=scores) / sizes
    return Design(
        sizes.astype(np.int64),
        np.array(allocate(sizes.tolist(), means.tolist(), budget), np.int64),
        np.bincount(band, weights=truth).astype(np.int64),
    )


def joined(parts: list[Design]) -> Design:
    """A roll-up: all cells of several windows."""
    return Design(*(np.concatenate([getattr(p, name) for p in parts]) for name in ("items", "audited", "positive")))


def rolled_up(rng: np.random.Generator, cells: int, items: int, share: float, kind: str, n: int) -> Design:
    """Windows of ``items`` each, ``n`` labels each, their shares varying by a fifth, until there are ``cells`` cells."""
    parts: list[Design] = []
    while sum(len(p.items) for p in parts) < cells:
        here = min(0.6, share * float(rng.lognormal(-0.02, 0.2)))
        parts.append(design(*window(rng, items, here, kind), n))
    whole = joined(parts)
    return Design(whole.items[:cells], whole.audited[:cells], whole.positive[:cells])


def sparse(rng: np.random.Generator, cells: int, labels: int, share: float, kind: str) -> Design:
    """Channels of very different size, four bands each, ``labels`` per cell on average, at least one."""
    sizes = np.maximum(rng.lognormal(0.0, 0.5, max(1, cells // 4)) * labels * 20, 8 * labels).astype(int)
    parts = []
    for size in sizes:
        scores, truth = window(rng, int(size), min(0.6, share * float(rng.lognormal(-0.04, 0.3))), kind)
        order = np.argsort(scores, kind="stable")
        for band in np.array_split(order, min(4, cells)):
            n = max(1, min(len(band) - 1, int(rng.poisson(labels))))
            parts.append(Design(np.array([len(band)]), np.array([n]), np.array([int(truth[band].sum())])))
    return joined(parts)


def intervals(of: Design, found: Ints) -> tuple[Ints, Ints]:
    """Low and high counts by the product's entry point; equal findings are computed once."""
    distinct, place = np.unique(found, axis=0, return_inverse=True)
    shares = [of.share(tuple(row)) for row in distinct.tolist()]
    low, high = np.array([s.low for s in shares]), np.array([s.high for s in shares])
    return low[place.ravel()], high[place.ravel()]


def wilson_intervals(of: Design, found: Ints) -> tuple[Ints, Ints]:
    """The same for designs of many cells, all audits at once (``main`` checks that it equals the entry point)."""
    part = of.audited < of.items
    items, audited = of.items[part].astype(np.float64), of.audited[part].astype(np.float64)
    seen, x = found[:, ~part].sum(1), found[:, part].astype(np.float64)
    low = np.ceil(stratified_wilson(items, audited, x, 0.025) - 1e-9)
    high = np.floor(stratified_wilson(items, audited, x, 0.975) + 1e-9)
    return seen + low.astype(np.int64), seen + np.maximum(low, high).astype(np.int64)


@lru_cache(maxsize=64)
def log_factorials(n: int) -> Floats:
    return np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, n + 1)))])


def hypergeometric(items: int, positive: int, audited: int) -> Floats:
    """Probabilities of 0..audited findings in a simple random sample; ``shape (audited + 1,)``."""
    f = log_factorials(items)
    x = np.arange(max(0, audited - (items - positive)), min(audited, positive) + 1)
    logs = f[positive] - f[x] - f[positive - x] + f[items - positive] - f[audited - x]
    logs = logs - f[items - positive - audited + x] - f[items] + f[audited] + f[items - audited]
    law = np.zeros(audited + 1)
    law[x] = np.exp(logs)
    return law
