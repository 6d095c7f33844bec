"""What the readers of platforms share: days tried, the walk through pages, values read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from canbang.errors import InputError
from canbang.fetch.platforms.api import Quota
from canbang.fetch.source import Reject, Source
from canbang.fetch.trouble import FetchError, Trouble
from canbang.item import VIETNAM
from canbang.text.normalise import plain
from canbang.text.numbers import day as day_words

DEFAULT_DAYS = 31
"""Days back from today where no first day is asked for."""


@dataclass(frozen=True, slots=True)
class Tried:
    """One attempt at a stretch of days: what was asked, which days its answer speaks for, what came, why it failed.

    ``failed`` is "" where the answer came; otherwise these days are a gap, never days without publishing, and ``trouble``
    is the gap's name (:class:`~canbang.fetch.trouble.Trouble`).
    """

    what: str
    first: date
    last: date
    got: int = 0
    failed: str = ""
    trouble: str = ""

    @property
    def line(self) -> str:
        """The gap in words: "thiếu dữ liệu từ 1/9/2026 đến 20/9/2026 (bài đăng, trang 2): hết hạn mức…"."""
        return f"thiếu dữ liệu {_days(self.first, self.last)} ({self.what}): {self.failed}"


@dataclass(frozen=True, slots=True)
class Span:
    """Days to read, both ends included, cut in Vietnam."""

    first: date
    last: date

    @staticmethod
    def of(first: date | None, last: date | None) -> Span:
        """The days asked for; a month back from today by default. Raises :class:`InputError` for an empty span."""
        end = last or datetime.now(VIETNAM).date()
        start = first or end - timedelta(days=DEFAULT_DAYS)
        if start > end:
            raise InputError(f"ngày đầu {start} sau ngày cuối {end}: kỳ rỗng. Đổi lại thứ tự.")
        return Span(start, end)

    @property
    def start(self) -> int:
        """Unix time of its first second."""
        return int(datetime(self.first.year, self.first.month, self.first.day, tzinfo=VIETNAM).timestamp())

    @property
    def end(self) -> int:
        """Unix time of the first second after it."""
        return int(datetime(self.last.year, self.last.month, self.last.day, tzinfo=VIETNAM).timestamp()) + 86_400

    def holds(self, when: datetime) -> bool:
        """Whether a moment lies in it."""
        return self.first <= when.astimezone(VIETNAM).date() <= self.last

    def months(self) -> Iterator[Span]:
        """The span cut at ends of months, newest first."""
        last = self.last
        while last >= self.first:
            first = max(self.first, last.replace(day=1))
            yield Span(first, last)
            last = first - timedelta(days=1)


@dataclass(slots=True)
class PlatformSource(Source):
    """A :class:`Source` that also says what was tried (``tried``), which days that was about, and what it cost.

    ``finished`` once it was read to the end; before that no day is vouched for. ``until`` is the last second it can speak
    for: what is published while it is read may be missing. ``listed`` counts rows that any list gave, of whatever day.
    """

    tried: list[Tried] = field(default_factory=list)
    quota: Quota = field(default_factory=Quota)
    span: Span | None = None
    until: datetime | None = None
    listed: int = 0
    finished: bool = False

    @property
    def covers(self) -> list[tuple[datetime, datetime]]:
        """Stretches for which everything was listed, by every list of the channel: the span without its gaps.

        A day at the edge of a gap is left out. The last stretch ends at ``until`` where the span ends today or later.
        """
        if self.span is None or not self.finished:
            return []
        gaps = [(tried.first, tried.last) for tried in self.tried if tried.failed]
        until, found = self.until or datetime.now(VIETNAM), list[tuple[datetime, datetime]]()
        day = self.span.first
        while day <= self.span.last:
            start = datetime(day.year, day.month, day.day, tzinfo=VIETNAM)
            end = min(start + timedelta(days=1), until)
            if end > start and not any(first <= day <= last for first, last in gaps):
                joined = found and found[-1][1] == start
                found[-1:] = [(found[-1][0], end)] if joined else [*found[-1:], (start, end)]
            day += timedelta(days=1)
        return found

    def gap(self, what: str, first: date, last: date, why: InputError | str) -> None:
        """Record days that could not be read; the note stands in the report beside the share."""
        trouble = why.trouble if isinstance(why, FetchError) else Trouble.UNREADABLE
        tried = Tried(what, first, last, failed=str(why), trouble=trouble.value)
        self.tried.append(tried)
        self.notes.append(f"{self.name}: {tried.line}")


class Walk:
    """A walk backwards through pages of a list that has the newest first: which days are settled, which are open."""

    def __init__(self, source: PlatformSource, what: str, span: Span) -> None:
        self.source, self.what, self.span = source, what, span
        self._open = span.last
        self._page = 0

    def page(self, days: Sequence[date]) -> bool:
        """A page came, with items of these ``days`` in its own order; whether it lies wholly before the span."""
        self._page += 1
        self.source.listed += len(days)
        inside = [day for day in days if self.span.first <= day <= self.span.last]
        # the last one in the list's own order: a pinned old item on top says nothing of what follows
        reached = max(self.span.first, min(self._open, days[-1] if days else self._open))
        self.source.tried.append(Tried(f"{self.what}, trang {self._page}", reached, self._open, len(inside)))
        self._open = reached  # the oldest day itself may go on upon the next page
        return bool(days) and max(days) < self.span.first

    def end(self) -> None:
        """The list has ended, or its first day is passed: all days are settled."""
        self.source.tried.append(Tried(f"{self.what}, hết", self.span.first, self._open))

    def failed(self, why: InputError | str) -> None:
        """A page did not come: what lies before it is a gap."""
        self.source.gap(f"{self.what}, trang {self._page + 1}", self.span.first, self._open, why)


@dataclass(frozen=True, slots=True)
class Hidden(Reject):
    """Something that the platform still names and no longer shows to everybody: an act of ours was taken down."""


def key_of(reject: Reject) -> str:
    """The platform's id in the place of a reject ("clip v2"), so that the act it may become takes its place."""
    return reject.place.rpartition(" ")[2] or reject.place


def at(value: Any, *path: str | int) -> Any:
    """A value inside an answer, ``None`` where the answer has another shape."""
    for step in path:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value


def rows(value: Any, *path: str | int) -> list[dict[str, Any]]:
    """The objects of a list inside an answer."""
    found = at(value, *path)
    return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []


def text(value: Any) -> str:
    """A value as plain text; numbers keep all their digits."""
    return plain(str(value)) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def count(value: Any) -> int | None:
    """A count, given as number or as text."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value if value >= 0 else None
    return int(value) if isinstance(value, str) and value.isdecimal() and len(value) <= 15 else None


def metrics(found: Mapping[str, Any]) -> dict[str, int]:
    """Counts by name; what is no count is left out."""
    return {name: number for name, value in found.items() if (number := count(value)) is not None}


def moment(value: Any) -> datetime | None:
    """Unix time in seconds or milliseconds, as a moment in Vietnam."""
    number = count(value)
    if number is None:
        return None
    seconds = number / 1000 if number >= 100_000_000_000 else float(number)
    try:
        found = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return None
    return found.astimezone(VIETNAM) if 1990 <= found.year <= 2100 else None


def _days(first: date, last: date) -> str:
    return f"ngày {day_words(first)}" if first == last else f"từ {day_words(first)} đến {day_words(last)}"
