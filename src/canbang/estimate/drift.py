"""The machine's own estimate of the share, and whether it has left the audited interval: a drift signal, no verdict."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from canbang.estimate.share import Share, ShareError

ROUNDS = 1000
CLOSE = 1e-7
EDGE = 1e-6
"""Scores are kept within [EDGE, 1 - EDGE]: a score of exactly 0 or 1 could never be moved by any prevalence."""


def emq(scores: NDArray[np.float64], prior: float) -> float:
    """Machine estimate of the share in 0..1 by expectation maximisation (EMQ).

    ``scores`` (``shape (n,)``) are calibrated probabilities at prevalence ``prior``, that of the labeller's training. Only
    the prevalence is taken to have changed, not what negative items look like. Raises :class:`ShareError` for no scores
    or a prior outside (0, 1). M. Saerens, P. Latinne, C. Decaestecker, Neural Computation 14 (2002) 21-41.
    """
    if not len(scores) or not 0 < prior < 1:
        raise ShareError("emq: needs scores and a prior in (0, 1)")
    kept = np.clip(np.asarray(scores, np.float64), EDGE, 1 - EDGE)
    odds = kept / (1 - kept) * ((1 - prior) / prior)
    share = float(kept.mean())
    for _ in range(ROUNDS):
        weighted = odds * share
        after = float((weighted / (weighted + 1 - share)).mean())
        if abs(after - share) < CLOSE:
            return after
        share = after
    return share


def drifted(estimate: float, share: Share) -> bool:
    """Whether a machine estimate lies outside the audited interval; False where nothing was audited."""
    return not share.low_share <= estimate <= share.high_share
