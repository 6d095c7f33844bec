"""The machine's own estimate follows the prevalence and signals where it leaves the audited interval."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from canbang.estimate.drift import drifted, emq
from canbang.estimate.share import Cell, ShareError, estimate_share


def scores(share: float, prior: float, items: int, seed: int) -> NDArray[np.float64]:
    """Scores calibrated at ``prior`` of a window whose share is another one."""
    rng = np.random.default_rng(seed)
    truth = np.arange(items) < round(share * items)
    return 1 / (1 + np.exp(-(np.log(prior / (1 - prior)) + 2.5 * rng.normal(2.5 * truth, 1) - 2.5**2 / 2)))


@pytest.mark.parametrize("share", [0.02, 0.10, 0.30])
def test_emq_finds_a_share_that_the_mean_score_misses(share: float) -> None:
    """Within three points where the labeller was trained at 15 %, and nearer than the mean of the scores."""
    found = scores(share, 0.15, 3000, 1)
    assert abs(emq(found, 0.15) - share) < 0.03
    assert abs(emq(found, 0.15) - share) < abs(found.mean() - share)


def test_emq_of_scores_at_their_own_prevalence_is_their_mean() -> None:
    even = np.full(10, 0.2)
    assert emq(even, 0.2) == pytest.approx(0.2, abs=1e-4)


def test_hard_scores_and_senseless_input() -> None:
    assert emq(np.array([0.0, 0.0, 0.0, 1.0]), 0.3) == pytest.approx(0.25, abs=1e-3)
    for given, prior in (([], 0.2), ([0.3], 0.0), ([0.3], 1.0)):
        with pytest.raises(ShareError):
            emq(np.array(given, np.float64), prior)


def test_drift_is_an_estimate_outside_the_audited_interval() -> None:
    share = estimate_share([Cell("a", 1000, 200, 28)])
    assert [drifted(value, share) for value in (0.05, 0.14, 0.25)] == [True, False, True]
    assert not drifted(0.9, estimate_share([Cell("a", 100, 0, 0)]))
