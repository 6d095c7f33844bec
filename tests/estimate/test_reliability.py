"""The interval that carries auditors' errors, at error rates that the test knows."""

from __future__ import annotations

import numpy as np
import pytest

from canbang.estimate.reliability import Reference, rogan_gladen
from canbang.estimate.share import Cell, ShareError, estimate_share

CELLS = [Cell("a", 700, 100, 9), Cell("b", 300, 100, 40)]


def test_the_point_is_rogan_and_gladens() -> None:
    found = rogan_gladen(CELLS, Reference(45, 3, 5, 147))
    apparent = (700 * 0.09 + 300 * 0.4) / 1000
    assert found.point == pytest.approx((apparent - 0.02) / (0.9 + 0.98 - 1))
    assert (found.sensitivity, found.specificity) == (0.9, 0.98)


def test_it_is_wider_than_the_plain_interval_and_the_same_every_time() -> None:
    plain, found = estimate_share(CELLS), rogan_gladen(CELLS, Reference(20, 1, 1, 60))
    assert found == rogan_gladen(CELLS, Reference(20, 1, 1, 60))
    assert found.high - found.low > plain.high_share - plain.low_share
    assert 0 <= found.low <= found.point <= found.high <= 1


def test_very_many_faultless_doubles_leave_the_plain_interval() -> None:
    plain, found = estimate_share(CELLS), rogan_gladen(CELLS, Reference(10**7, 0, 0, 10**7))
    assert (found.low, found.high) == (
        pytest.approx(plain.low_share, abs=2e-3),
        pytest.approx(plain.high_share, abs=2e-3),
    )


def test_an_auditor_who_guesses_leaves_everything_open() -> None:
    found = rogan_gladen(CELLS, Reference(5, 5, 5, 5))
    assert (found.low, found.high) == (0.0, 1.0)


def test_a_reference_without_both_kinds_is_refused() -> None:
    for counts in ((0, 0, 0, 9), (9, 0, 0, 0), (-1, 2, 2, 2)):
        with pytest.raises(ShareError):
            Reference(*counts)


def simulate(share: float, sens: float, spec: float, n: int, doubles: int, runs: int) -> tuple[float, float]:
    """Coverage of the true share by the corrected and by the plain interval; doubles are a random part of the audit."""
    rng = np.random.default_rng([round(1000 * share), n])
    items, audited = np.array([800, 200]), np.array([n // 2, n // 2])
    truth = np.arange(1000) >= 1000 - round(1000 * share)
    held = plain_held = 0
    for _ in range(runs):
        said = np.where(truth, rng.random(1000) < sens, rng.random(1000) > spec)
        drawn = [rng.permutation(800)[: audited[0]], 800 + rng.permutation(200)[: audited[1]]]
        cells = [Cell("", int(size), len(ids), int(said[ids].sum())) for size, ids in zip(items, drawn, strict=True)]
        again = rng.permutation(np.concatenate(drawn))[:doubles]
        a, b = said[again], truth[again]
        found = rogan_gladen(cells, Reference(*(int(k.sum()) for k in (a & b, a & ~b, ~a & b, ~a & ~b))))
        plain = estimate_share(cells)
        held += found.low <= truth.mean() <= found.high
        plain_held += plain.low_share <= truth.mean() <= plain.high_share
    return held / runs, plain_held / runs


def test_coverage_at_two_percent_false_positives_where_the_plain_interval_fails() -> None:
    corrected, plain = simulate(0.14, 0.97, 0.97, 400, 120, 200)
    assert corrected >= 0.93
    assert plain < 0.85


@pytest.mark.slow
@pytest.mark.parametrize(
    ("share", "sens", "spec", "n", "doubles"),
    [(0.14, 1.0, 0.98, 200, 40), (0.14, 0.9, 0.98, 200, 60), (0.22, 0.85, 0.95, 400, 400), (0.1, 0.95, 0.99, 100, 40)],
)
def test_coverage_over_error_rates(share: float, sens: float, spec: float, n: int, doubles: int) -> None:
    assert simulate(share, sens, spec, n, doubles, 600)[0] >= 0.93
