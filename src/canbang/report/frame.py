"""The frame: every item of the window as columns, small enough for a million items, with the texts on disk."""

from __future__ import annotations

import json
import tempfile
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import IO

import numpy as np
from numpy.typing import NDArray

from canbang.fetch.coverage import Coverage
from canbang.item import VIETNAM, Confidence, DateSource, Item, Kind
from canbang.label.labeller import COLUMN, THEMES

TEXT_KEPT = 600
DIMENSIONS = ("channel", "week", "month", "theme")


class Spool:
    """Items in a temporary file, read back by position; the start of the text is kept, the rest is not needed."""

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  (lives as long as the frame, and vanishes with it)
        self._offsets = array("q")

    def append(self, item: Item) -> None:
        """Add one item at the end."""
        fields = (
            item.channel, item.platform_id, item.title, item.published_at.isoformat(), item.lead,
            item.text[:TEXT_KEPT], item.url, item.kind.value, item.share_of, item.section, item.date_source.value,
            item.date_confidence.value,
        )  # fmt: skip
        self._offsets.append(self._file.tell())
        self._file.write(json.dumps(fields, ensure_ascii=False).encode() + b"\n")

    def keep(self, positions: Sequence[int]) -> Spool:
        """The same file seen through fewer positions; this spool must not be appended to any more."""
        fewer = Spool.__new__(Spool)
        fewer._file, fewer._offsets = self._file, array("q", (self._offsets[i] for i in positions))
        return fewer

    def read(self, positions: Sequence[int]) -> list[Item]:
        """Items at these positions."""
        items = []
        for position in positions:
            self._file.seek(self._offsets[position])
            channel, platform_id, title, when, lead, text, url, kind, share_of, section, dated_by, trust = json.loads(
                self._file.readline()
            )
            items.append(Item(
                channel=channel, platform_id=platform_id, title=title, published_at=datetime.fromisoformat(when),
                lead=lead, text=text, url=url, kind=Kind(kind), share_of=share_of, section=section,
                date_source=DateSource(dated_by), date_confidence=Confidence(trust),
            ))  # fmt: skip
        self._file.seek(0, 2)
        return items


@dataclass(frozen=True, slots=True)
class Window:
    """A span of days in Vietnam, both ends included; ``None`` leaves an end open."""

    first: date | None = None
    last: date | None = None

    def holds(self, when: datetime) -> bool:
        """Whether a moment lies in the window."""
        day = when.astimezone(VIETNAM).date()
        return (self.first is None or day >= self.first) and (self.last is None or day <= self.last)


@dataclass(slots=True)
class Frame:
    """All counted items of a window, by position 0..n-1.

    ``probability`` is ``shape (n, len(COLUMNS))``; ``day`` counts days since 1970 in Vietnam; ``story`` numbers
    stories from 0; ``views`` has NaN where an export holds none. ``prior`` is the share at which the labeller's
    scores are calibrated. ``read = len(ids) + rejected + outside``. ``likely`` counts items whose date is for a person to
    look at, ``likely_outside`` such items outside the window. ``files`` are the sources that are export files; ``ledgers`` those of collected channels, read on ``today``.
    """

    ids: list[str]
    channels: list[str]
    channel: NDArray[np.int32]
    day: NDArray[np.int32]
    probability: NDArray[np.float32]
    story: NDArray[np.int32]
    views: NDArray[np.float64]
    spool: Spool
    window: Window
    labeller: tuple[str, str]
    prior: float
    read: int = 0
    rejected: int = 0
    outside: int = 0
    likely: int = 0
    likely_outside: int = 0
    sources: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    enrolments: list[str] = field(default_factory=list)
    ledgers: list[Coverage] = field(default_factory=list)
    today: date = date.max
    notes: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.ids)

    def items(self, ids: Sequence[str]) -> list[Item]:
        """The items with these ids, in this order; KeyError for an id that is not in the frame."""
        place = {item_id: position for position, item_id in enumerate(self.ids)}
        return self.spool.read([place[item_id] for item_id in ids])

    def span(self) -> tuple[date, date]:
        """First and last day: the window's where it has ends, else those of the items."""
        first, last = day_of(int(self.day.min())), day_of(int(self.day.max()))
        return self.window.first or first, self.window.last or last

    def groups(self, dimension: str) -> tuple[list[str], NDArray[np.int32]]:
        """Keys of a dimension and the key's number for each item."""
        if dimension == "channel":
            keys, codes = self.channels, self.channel
        elif dimension == "theme":
            codes = np.argmax(self.probability[:, COLUMN[f"theme:{THEMES[0]}"] :], axis=1).astype(np.int32)
            keys = list(THEMES)
        else:
            days, back = np.unique(self.day, return_inverse=True)
            named = [key_of(dimension, day_of(int(d))) for d in days]
            keys = sorted(set(named))
            place = {key: number for number, key in enumerate(keys)}
            codes = np.array([place[key] for key in named], np.int32)[back]
        return keys, codes


_EPOCH = date(1970, 1, 1).toordinal()


def day_number(when: datetime) -> int:
    """Days since 1970 of a moment, in Vietnam."""
    return when.astimezone(VIETNAM).date().toordinal() - _EPOCH


def day_of(number: int) -> date:
    """The day with this number."""
    return date.fromordinal(_EPOCH + number)


def key_of(dimension: str, day: date) -> str:
    """The week ("2026-W36") or month ("2026-09") that a day lies in."""
    if dimension == "month":
        return f"{day:%Y-%m}"
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"
