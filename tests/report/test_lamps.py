"""Lamps equal counting their windows one by one, and never use the words of a verdict."""

from __future__ import annotations

from datetime import date

import numpy as np

from canbang.estimate.looks import LAMP_DAYS, lamp
from canbang.estimate.share import Cell
from canbang.estimate.verdict import Verdict
from canbang.limits import load_limits
from canbang.report.frame import day_of
from canbang.report.lamps import lamps

LIMIT = load_limits()["negative_share"]


def test_each_lamp_is_the_estimate_of_its_own_days() -> None:
    rng = np.random.default_rng(3)
    day = (20_000 + rng.integers(0, 40, 800)).astype(np.int32)
    band = rng.integers(0, 3, 800).astype(np.int8)
    judged = rng.permutation(800)[:300]
    found = rng.choice([0.0, 1.0, np.nan], 300, p=[0.8, 0.15, 0.05])
    shown = lamps(day, band, judged, found, LIMIT)
    assert [sum(one.days == days for one in shown) for days in LAMP_DAYS] == [34, 11]
    for one in (shown[0], shown[20], shown[-1]):
        inside = np.array(
            [one.last.toordinal() - one.days < day_of(int(d)).toordinal() <= one.last.toordinal() for d in day]
        )
        cells = []
        for h in range(3):
            at = inside[judged] & (band[judged] == h)
            said = found[at]
            cells.append(
                Cell(
                    str(h),
                    int((inside & (band == h)).sum()),
                    int(at.sum()),
                    int((said == 1).sum()),
                    int(np.isnan(said).sum()),
                )
            )
        share = lamp(cells)
        assert (one.items, one.audited, one.low, one.high) == (
            share.items,
            share.audited,
            share.low_share,
            share.high_share,
        )


def test_a_window_shorter_than_a_week_has_no_lamp_and_a_bad_week_shows() -> None:
    day, band = np.repeat(np.arange(8), 30).astype(np.int32), np.zeros(240, np.int8)
    everything = np.arange(240)
    assert lamps(day[:180], band[:180], everything[:180], np.ones(180), LIMIT) == ()
    shown = lamps(day, band, everything, (day > 3).astype(float), LIMIT)
    assert [(one.last, one.sign) for one in shown] == [
        (date(1970, 1, 7), Verdict.OVER),
        (date(1970, 1, 8), Verdict.OVER),
    ]
