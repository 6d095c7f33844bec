"""Change on an earlier report, so that a figure can be laid beside published ones: on the month, on the year."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

from canbang.errors import InputError
from canbang.estimate.change import Change, share_change
from canbang.estimate.share import estimate_share
from canbang.report.gaps import Gaps
from canbang.report.saved import Saved, check_apart, check_same_rules


class Span(StrEnum):
    """What the earlier window is to this one."""

    MONTH = "previous_month"
    YEAR = "year_before"
    EARLIER = "earlier"


@dataclass(frozen=True, slots=True)
class Delta:
    """The change of each share since an earlier window, whether the two windows hold the same channels, and what is missing
    of the earlier one."""

    span: Span
    source: str
    first: date
    last: date
    shares: Mapping[str, Change]
    same_channels: bool
    gaps: Gaps = field(default_factory=Gaps)


def _month_end(day: date) -> bool:
    return day.day == calendar.monthrange(day.year, day.month)[1]


def _span(first: date, last: date, before: Saved) -> Span:
    whole = first.day == before.first.day == 1 and _month_end(last) and _month_end(before.last)
    one = (first.year, first.month) == (last.year, last.month)
    if whole and one and before.first == before.last.replace(day=1) and before.last == first - timedelta(days=1):
        return Span.MONTH
    months = (before.first.month, before.last.month) == (first.month, last.month)
    days = whole or (before.first.day, before.last.day) == (first.day, last.day)
    years = (before.first.year, before.last.year) == (first.year - 1, last.year - 1)
    return Span.YEAR if months and days and years else Span.EARLIER


def delta(now: Saved, before: Saved) -> Delta:
    """The change from ``before`` to ``now``, each interval at the confidence of ``now``.

    Raises :class:`InputError` where the earlier report is not earlier, was judged by other rules, or holds the same items.
    """
    check_same_rules(now, before)
    check_apart(now, before)
    if before.last >= now.first:
        raise InputError(f"{before.source}: kỳ đem so phải khép trước khi kỳ đang đo bắt đầu.")
    shares = {
        name: share_change(
            estimate_share(before.cells[name], confidence=now.confidence),
            estimate_share(cells, confidence=now.confidence),
        )
        for name, cells in now.cells.items()
        if name in before.cells
    }
    same = set(now.channels) == set(before.channels)
    return Delta(
        _span(now.first, now.last, before), before.source, before.first, before.last, shares, same, before.gaps
    )
