"""Early-warning lamps: rolling windows of 7 and 30 days inside an audited window. Mostly unlit, never a verdict."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from canbang.estimate.looks import LAMP_DAYS, lamp
from canbang.estimate.share import Cell
from canbang.estimate.verdict import Verdict, decide
from canbang.limits import Limit
from canbang.report.frame import day_of


@dataclass(frozen=True, slots=True)
class Lamp:
    """The lamp of the ``days`` days that end with ``last``; ``sign`` is an early warning, no verdict."""

    last: date
    days: int
    items: int
    audited: int
    low: float
    high: float
    confidence: float
    sign: Verdict


def lamps(
    day: NDArray[np.int32], band: NDArray[np.int8], judged: NDArray[np.int64], found: NDArray[np.float64], limit: Limit
) -> tuple[Lamp, ...]:
    """All lamps of an audited frame, by length and day; none for a length that the frame does not hold.

    ``day`` and ``band`` run over the frame, ``found`` (1, 0, NaN for undecided) beside the positions ``judged``. The items
    of some days are, in each band, drawn as randomly as the band: their audit is one of its own.
    """
    first, days = int(day.min()), int(day.max() - day.min()) + 1
    table = np.zeros((4, days, int(band.max()) + 1), np.int64)
    at, h = day - first, band
    for row, (when, where) in enumerate((
        (at, h), (at[judged], h[judged]), (at[judged[found == 1]], h[judged[found == 1]]),
        (at[judged[np.isnan(found)]], h[judged[np.isnan(found)]]),
    )):  # fmt: skip
        np.add.at(table[row], (when, where), 1)
    so_far = np.concatenate([np.zeros_like(table[:, :1]), table.cumsum(1)], axis=1)
    result = []
    for length in LAMP_DAYS:
        for end in range(length, days + 1):
            rows = (so_far[:, end] - so_far[:, end - length]).T.tolist()
            cells = [Cell(str(number), *row) for number, row in enumerate(rows) if row[0]]
            if not cells:
                continue
            share = lamp(cells)
            sign = decide(share, limit.value, strict=limit.strict)
            result.append(Lamp(
                day_of(first + end - 1), length, share.items, share.audited, share.low_share, share.high_share,
                share.confidence, sign,
            ))  # fmt: skip
    return tuple(result)
