"""What collected channels have of a window: days without data, acts taken down, acts edited.

Only folders of ``canbang collect`` know what was tried and failed; an export file cannot say what it leaves out, so its
channels do not stand here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

import numpy as np

from canbang.fetch.coverage import Coverage
from canbang.report.frame import Frame, key_of

_DAY = timedelta(days=1)
_PERIODS = ("week", "month")


class Standing(StrEnum):
    """What may be said of a channel in a window."""

    WHOLE = "whole"
    GAPS = "gaps"
    NO_DATA = "no_data"


@dataclass(frozen=True, slots=True)
class Covered:
    """A collected channel in a window.

    ``items`` of it were counted. Of the ``days`` that are over, those ``missing`` are not known whole, though some acts of
    them may be there. ``unread`` pages were listed and could not be read, their day unknown. ``deleted`` and ``revised``
    count acts among ``items``.
    """

    channel: str
    items: int
    days: int
    missing: tuple[date, ...] = ()
    unread: int = 0
    deleted: int = 0
    revised: int = 0

    @property
    def standing(self) -> Standing:
        """Without an act and without one whole day there is no data: nobody can say that nothing was published."""
        if not self.items and len(self.missing) == self.days:
            return Standing.NO_DATA
        return Standing.GAPS if self.missing or self.unread else Standing.WHOLE


@dataclass(frozen=True, slots=True)
class Gaps:
    """All collected channels of a report, by name; none where nothing was collected.

    ``until`` is the last day that was over, where the window asked for goes on beyond it. ``no_data`` holds, by dimension,
    the groups of which there is neither an act nor a whole day.
    """

    channels: tuple[Covered, ...] = ()
    until: date | None = None
    no_data: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def missing(self) -> tuple[date, ...]:
        """Days that are not known whole for some channel of which there are data."""
        return tuple(sorted({day for one in self.channels if one.standing is Standing.GAPS for day in one.missing}))

    def of(self, dimension: str, key: str) -> tuple[date, ...]:
        """The days missing of one group; none for themes, which have no days of their own."""
        if dimension == "channel":
            return next((one.missing for one in self.channels if one.channel == key), ())
        return tuple(day for day in self.missing if key_of(dimension, day) == key) if dimension in _PERIODS else ()


def covered(
    ledgers: Sequence[Coverage], first: date, last: date, today: date, items: Mapping[str, int], ids: Collection[str]
) -> tuple[Covered, ...]:
    """Each channel of ``ledgers`` from ``first`` to ``last``; ``items`` counts by channel, ``ids`` are the counted acts.

    Two folders may hold one channel: a day is missing where both lack it.
    """
    over = min(last, today - _DAY)
    found = []
    for channel in sorted({ledger.channel for ledger in ledgers}):
        own = [ledger for ledger in ledgers if ledger.channel == channel]
        missing = set.intersection(*(set(ledger.gaps(first, last, today)) for ledger in own))
        deleted = {i for ledger in own for i in ledger.deleted if i in ids}
        revised = {i for ledger in own for i in ledger.revised if i in ids}
        found.append(Covered(
            channel, items.get(channel, 0), max((over - first).days + 1, 0), tuple(sorted(missing)),
            min(ledger.waiting.get("", 0) for ledger in own), len(deleted), len(revised),
        ))  # fmt: skip
    return tuple(found)


def gaps_of(frame: Frame) -> Gaps:
    """What is missing of a frame's window."""
    if not frame.ledgers:
        return Gaps()
    first, last = frame.span()
    counts = dict(zip(frame.channels, np.bincount(frame.channel, minlength=len(frame.channels)).tolist(), strict=True))
    changed = {i for ledger in frame.ledgers for i in (*ledger.deleted, *ledger.revised)}
    ids = {i for i in frame.ids if i in changed} if changed else set()
    channels = covered(frame.ledgers, first, last, frame.today, counts, ids)
    until = frame.today - _DAY if frame.window.last and frame.today <= frame.window.last else None
    return Gaps(channels, until, _no_data(frame, channels, first, min(last, frame.today - _DAY)))


def _no_data(frame: Frame, channels: Sequence[Covered], first: date, over: date) -> dict[str, tuple[str, ...]]:
    """Groups without an act and without a whole day, by dimension; periods only where every channel has a ledger."""
    found = {"channel": tuple(one.channel for one in channels if one.standing is Standing.NO_DATA)}
    if set(frame.channels) <= {one.channel for one in channels}:
        nowhere = set.intersection(*(set(one.missing) for one in channels))
        for dimension in _PERIODS:
            days = [first + _DAY * n for n in range((over - first).days + 1)]
            known = {key_of(dimension, day) for day in days if day not in nowhere} | set(frame.groups(dimension)[0])
            found[dimension] = tuple(dict.fromkeys(key for day in days if (key := key_of(dimension, day)) not in known))
    return {dimension: keys for dimension, keys in found.items() if keys}


def as_dict(gaps: Gaps) -> dict[str, Any]:
    """As a report's JSON says it (docs/report-json.md)."""
    return {
        "until": gaps.until.isoformat() if gaps.until else None,
        "missing_days": [day.isoformat() for day in gaps.missing],
        "channels": [
            {
                "channel": one.channel, "standing": one.standing.value, "items": one.items, "days": one.days,
                "missing_days": [day.isoformat() for day in one.missing], "unread": one.unread, "deleted": one.deleted,
                "revised": one.revised,
            }
            for one in gaps.channels
        ],
        "no_data": {dimension: list(keys) for dimension, keys in gaps.no_data.items()},
    }  # fmt: skip


def from_dict(said: Mapping[str, Any]) -> Gaps:
    """Read back. Raises ``KeyError``, ``TypeError``, ``ValueError`` for what is damaged."""
    return Gaps(
        tuple(
            Covered(
                str(one["channel"]), int(one["items"]), int(one["days"]),
                tuple(map(date.fromisoformat, one["missing_days"])), int(one["unread"]), int(one["deleted"]),
                int(one["revised"]),
            )
            for one in said["channels"]
        ),
        date.fromisoformat(said["until"]) if said["until"] else None,
        {str(dimension): tuple(map(str, keys)) for dimension, keys in said["no_data"].items()},
    )  # fmt: skip


def joined(gaps: Sequence[Gaps]) -> Gaps:
    """The gaps of windows that do not overlap, as one: days and counts of a channel are added up.

    A page of an unknown day waits in each of the windows and is one page.
    """
    channels: dict[str, Covered] = {}
    for one in (one for part in gaps for one in part.channels):
        had = channels.get(one.channel, Covered(one.channel, 0, 0))
        channels[one.channel] = Covered(
            one.channel, had.items + one.items, had.days + one.days, tuple(sorted({*had.missing, *one.missing})),
            max(had.unread, one.unread), had.deleted + one.deleted, had.revised + one.revised,
        )  # fmt: skip
    names = sorted(channels)
    nothing = tuple(name for name in names if channels[name].standing is Standing.NO_DATA)
    return Gaps(tuple(channels[name] for name in names), None, {"channel": nothing} if nothing else {})
