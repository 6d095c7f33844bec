"""Agreement against worked examples and, where it is installed, statsmodels."""

from __future__ import annotations

import numpy as np
import pytest

from canbang.audit.agreement import agreement
from canbang.estimate.share import ShareError

# Krippendorff's own example: four observers, twelve units, values missing
OBSERVERS = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
    [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
]


def test_alpha_of_the_published_example_with_missing_values() -> None:
    found = agreement(list(zip(*OBSERVERS, strict=True)))
    assert found.alpha is not None
    assert found.alpha.point == pytest.approx(0.743, abs=5e-4)
    assert (found.units, found.kappa, found.double_all) == (11, None, False)


def test_kappa_of_a_worked_table() -> None:
    """20 both yes, 5 and 10 differing, 15 both no: kappa is 0.4."""
    ratings = [("y", "y")] * 20 + [("y", "n")] * 5 + [("n", "y")] * 10 + [("n", "n")] * 15
    found = agreement(ratings)
    assert found.kappa is not None and found.alpha is not None
    assert (found.raw.point, found.kappa.point) == (pytest.approx(0.7), pytest.approx(0.4))
    assert found.kappa.low < 0.4 < found.kappa.high
    assert found.double_all


def test_kappa_agrees_with_statsmodels() -> None:
    oracle = pytest.importorskip("statsmodels.stats.inter_rater")
    rng = np.random.default_rng(5)
    first = rng.integers(0, 3, 200)
    second = np.where(rng.random(200) < 0.8, first, rng.integers(0, 3, 200))
    table = np.zeros((3, 3))
    np.add.at(table, (first, second), 1)
    expected = oracle.cohens_kappa(table)
    found = agreement(list(zip(first.tolist(), second.tolist(), strict=True)))
    assert found.kappa is not None
    assert found.kappa.point == pytest.approx(expected.kappa)
    assert (found.kappa.low, found.kappa.high) == (
        pytest.approx(expected.kappa_low, abs=0.04),
        pytest.approx(expected.kappa_upp, abs=0.04),
    )


def test_full_agreement_on_few_items_is_not_certainty() -> None:
    found = agreement([(True, True)] * 5 + [(False, False)] * 25)
    assert found.alpha is not None
    assert (found.alpha.point, found.alpha.high) == (1.0, 1.0)
    assert 0.3 < found.alpha.low < 0.7 < found.raw.low < 1


def test_one_value_only_has_no_alpha_and_proposes_nothing() -> None:
    found = agreement([(False, False)] * 30)
    assert (found.raw.point, found.alpha, found.kappa, found.double_all) == (1.0, None, None, False)


def test_items_judged_once_do_not_count_and_nothing_else_is_refused() -> None:
    assert agreement([(1, None), (1, 1), (0, 0), (1, 0)]).units == 3
    with pytest.raises(ShareError):
        agreement([(1, None), (None, 0)])


def test_equal_ratings_give_equal_intervals() -> None:
    ratings = [("a", "a")] * 12 + [("b", "a")] * 3 + [("b", "b")] * 9
    assert agreement(ratings) == agreement(list(reversed(ratings)))


def test_coverage_of_alpha() -> None:
    """At least 93 % of 300 samples of 60 doubles at 5 % errors each, less two binomial standard errors."""
    rng = np.random.default_rng(3)
    agreeing = 0.95**2 + 0.05**2
    positive = 0.15 * 0.95 + 0.85 * 0.05
    true = 1 - (1 - agreeing) / (2 * positive * (1 - positive))
    held = 0
    for _ in range(300):
        truth = rng.random(60) < 0.15
        found = agreement(list(zip(*((truth ^ (rng.random(60) < 0.05)).tolist() for _ in range(2)), strict=True)))
        held += found.alpha is not None and found.alpha.low <= true <= found.alpha.high
    assert held >= 300 * 0.93 - 2 * (300 * 0.93 * 0.07) ** 0.5


def test_equal_ratings_give_equal_intervals_in_every_process() -> None:
    """Strings hash differently in every process; the resampling must not follow their order."""
    import os
    import subprocess
    import sys

    code = (
        "from canbang.audit.agreement import agreement\n"
        "print(agreement([('a', 'a')] * 9 + [('b', 'c'), ('c', 'c'), ('b', 'b'), ('c', 'a')] * 3))"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env=os.environ | {"PYTHONHASHSEED": str(seed)},
        ).stdout
        for seed in range(4)
    }
    assert len(said) == 1
