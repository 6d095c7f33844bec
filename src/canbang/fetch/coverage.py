"""The coverage ledger: what was tried, got and failed, and which days of a channel are known whole.

A day is whole only where spans that successful readings vouch for cover all of it. A failed or missing reading vouches for
nothing, so it can never look like "nothing published".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from canbang.item import VIETNAM
from canbang.text.numbers import integer

Span = tuple[datetime, datetime]
_SHOWN_DAYS = 10
_DAY = timedelta(days=1)


class State(StrEnum):
    """How a day stands."""

    WHOLE = "whole"
    PART = "part"
    MISSING = "missing"


class Outcome(StrEnum):
    """How one reading of a channel went."""

    WHOLE = "whole"  # everything listed was read
    PART = "part"  # something listed could not be read, or not yet
    FAILED = "failed"  # nothing could be read
    INTERRUPTED = "interrupted"  # the process ended before it could say


@dataclass(frozen=True, slots=True)
class Attempt:
    """One reading of one address. ``covers``: everything published after its start up to its end was listed.

    ``waiting`` are entries that were listed and could not be read yet, with the day where it is known ("" where not).
    ``tried`` counts requests; ``got`` new acts, ``known`` ones that were there, ``revised`` edits, ``deleted`` removals.
    ``notes`` are lines for a person: how pages were read, dates to look at.
    """

    channel: str
    address: str
    started: datetime
    finished: datetime
    outcome: Outcome
    tried: int = 0
    got: int = 0
    known: int = 0
    revised: int = 0
    deleted: int = 0
    rejected: int = 0
    covers: Span | None = None
    waiting: tuple[Mapping[str, Any], ...] = ()
    errors: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """As it stands in ``coverage.jsonl``."""
        return {
            "record": "attempt", "channel": self.channel, "address": self.address, "started": self.started.isoformat(),
            "finished": self.finished.isoformat(), "outcome": self.outcome.value, "tried": self.tried, "got": self.got,
            "known": self.known, "revised": self.revised, "deleted": self.deleted, "rejected": self.rejected,
            "covers": [moment.isoformat() for moment in self.covers] if self.covers else None,
            "waiting": [dict(one) for one in self.waiting],
            "errors": [{"trouble": trouble, "said": said} for trouble, said in self.errors], "notes": list(self.notes),
        }  # fmt: skip

    @staticmethod
    def of(said: Mapping[str, Any]) -> Attempt:
        """From a line of ``coverage.jsonl``. Raises ``KeyError``, ``TypeError``, ``ValueError`` for a damaged one."""
        covers = said.get("covers")
        counts = {name: int(said.get(name, 0)) for name in ("tried", "got", "known", "revised", "deleted", "rejected")}
        return Attempt(
            str(said["channel"]), str(said["address"]), moment(said["started"]), moment(said["finished"]),
            Outcome(said["outcome"]), covers=(moment(covers[0]), moment(covers[1])) if covers else None,
            waiting=tuple(dict(one) for one in said.get("waiting", ())),
            errors=tuple((str(one["trouble"]), str(one["said"])) for one in said.get("errors", ())),
            notes=tuple(map(str, said.get("notes", ()))), **counts,
        )  # fmt: skip


def moment(text: str) -> datetime:
    """A moment as written in the ledger, in Vietnam's time."""
    when = datetime.fromisoformat(text)
    return (when if when.tzinfo else when.replace(tzinfo=VIETNAM)).astimezone(VIETNAM)


def merge(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Spans in order, those that touch made one."""
    out: list[Span] = []
    for first, last in sorted(spans):
        if out and first <= out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], last))
        elif first < last:
            out.append((first, last))
    return tuple(out)


@dataclass(frozen=True, slots=True)
class Day:
    """One day of one channel. ``tried`` and ``failed`` count readings begun that day; ``got`` acts published that day,
    ``waiting`` entries of that day that could not be read yet."""

    day: date
    state: State
    tried: int = 0
    failed: int = 0
    got: int = 0
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a report prints beside the share of one channel.

    ``spans`` are known whole; ``waiting`` counts entries listed and not read, by day ("" where the day is unknown);
    ``tried``, ``failed`` count readings by the day they began, ``got`` acts by the day they were published. ``deleted``
    are ids of acts whose page was later taken down (still counted), ``revised`` those that were edited.
    """

    channel: str
    spans: tuple[Span, ...] = ()
    waiting: Mapping[str, int] = field(default_factory=dict)
    tried: Mapping[date, int] = field(default_factory=dict)
    failed: Mapping[date, int] = field(default_factory=dict)
    got: Mapping[date, int] = field(default_factory=dict)
    deleted: tuple[str, ...] = ()
    revised: tuple[str, ...] = ()
    last: datetime | None = None
    errors: tuple[tuple[str, str], ...] = ()

    @property
    def bounds(self) -> tuple[date, date]:
        """First and last day that anything is known of; needs spans."""
        return self.spans[0][0].date(), self.spans[-1][1].date()

    def state(self, day: date) -> State:
        """Whole where one span holds all of the day and nothing of it waits."""
        start = datetime.combine(day, time(), VIETNAM)
        end = start + _DAY
        if any(first < start and last >= end for first, last in self.spans):
            return State.PART if self.waiting.get(day.isoformat()) else State.WHOLE
        touched = any(first < end and last > start for first, last in self.spans) or self.got.get(day)
        return State.PART if touched else State.MISSING

    def days(self, first: date, last: date) -> list[Day]:
        """Each day of a window, both ends included."""
        return [
            Day(
                day, self.state(day), self.tried.get(day, 0), self.failed.get(day, 0), self.got.get(day, 0),
                self.waiting.get(day.isoformat(), 0),
            )
            for day in _days(first, last)
        ]  # fmt: skip

    def gaps(self, first: date, last: date, today: date | None = None) -> list[date]:
        """Days of a window that are not known whole. Today and what lies after it is no gap yet."""
        over = (today or datetime.now(VIETNAM).date()) - _DAY
        return [day for day in _days(first, min(last, over)) if self.state(day) is not State.WHOLE]

    def line(self, first: date, last: date, today: date | None = None) -> str:
        """The gaps of a window in words: "thiếu dữ liệu 2 ngày (10/9, 12/9/2026)"; "" where there is nothing to say."""
        return missing_words(self.gaps(first, last, today), self.waiting.get("", 0))

    def summary(self) -> list[str]:
        """What is known of the channel, whatever the window: from when to when, acts taken down, acts edited."""
        whole = [day.day for day in self.days(*self.bounds) if day.state is State.WHOLE] if self.spans else []
        ends = (whole[0], whole[-1]) if whole else (date.max, date.min)
        said = (
            f"dữ liệu đủ từ ngày {day_only(ends[0])} đến hết ngày {day_only(ends[1])}"
            if whole
            else "thiếu dữ liệu: chưa ngày nào thu thập đủ"
        )
        lines = [", ".join(part for part in (said, self.line(*ends)) if part)]
        lines += [changed_words(len(self.deleted), len(self.revised))] if self.deleted or self.revised else []
        return [f"{self.channel}: {line}" for line in lines]


def missing_words(days: Sequence[date], unread: int = 0) -> str:
    """Days without data and listed pages of an unknown day that could not be read, in words; "" for none."""
    said = [f"thiếu dữ liệu {integer(len(days))} ngày ({spoken(days)})"] if days else []
    said += [f"{integer(unread)} địa chỉ chưa tải được, chưa rõ ngày đăng"] if unread else []
    return "; ".join(said)


def changed_words(deleted: int, revised: int) -> str:
    """Acts that were taken down or edited after they were published, in words; "" for none."""
    said = [f"{integer(deleted)} tin bị gỡ, vẫn được đếm"] if deleted else []
    said += [f"{integer(revised)} tin được sửa, đếm một lần"] if revised else []
    return "; ".join(said)


def counted_words(attempt: Attempt) -> str:
    """What one reading brought, as a newsroom would say it."""
    if attempt.outcome is Outcome.FAILED:
        return "KHÔNG đọc được; thời gian này tính là thiếu dữ liệu"
    counted = [f"{integer(attempt.got)} tin mới"]
    counted += [
        f"{integer(count)} {word}"
        for count, word in (
            (attempt.revised, "tin được sửa"), (attempt.deleted, "tin bị gỡ (vẫn đếm)"), (attempt.known, "tin đã có"),
            (attempt.rejected, "mục không phải tin"), (len(attempt.waiting), "tin chưa tải được, lần sau thử lại"),
        )
        if count
    ]  # fmt: skip
    return ", ".join(counted)


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def spoken(days: Sequence[date]) -> str:
    """Days as runs, the year once: "3/9–5/9, 9/9/2026"; what stands beyond ten runs is counted."""
    runs: list[tuple[date, date]] = []
    for day in days:
        if runs and day - runs[-1][1] == _DAY:
            runs[-1] = (runs[-1][0], day)
        else:
            runs.append((day, day))
    shown, said = runs[:_SHOWN_DAYS], []
    for number, (first, last) in enumerate(shown):
        year = f"/{last.year}" if number + 1 == len(shown) or shown[number + 1][0].year != last.year else ""
        start = f"{first.day}/{first.month}" if first.year == last.year else day_only(first)
        said.append((f"{start}–" if first != last else "") + f"{last.day}/{last.month}{year}")
    more = len(runs) - len(shown)
    return ", ".join(said) + (f" và {integer(more)} khoảng khác" if more > 0 else "")


def day_words(when: datetime) -> str:
    """A moment as it is read out: "08:15 5/9/2026"."""
    return f"{when:%H:%M} {day_only(when.date())}"


def day_only(day: date) -> str:
    """A day as it is read out: "5/9/2026"."""
    return f"{day.day}/{day.month}/{day.year}"


def coverage(
    channel: str, attempts: Sequence[Attempt], published: Iterable[date] = (), deleted: Sequence[str] = (),
    revised: Sequence[str] = (),
) -> Coverage:  # fmt: skip
    """The coverage of one channel from its attempts, in the order in which they were made.

    A reading of the front page finds everything the site lists and vouches for the channel alone. Other addresses (feeds
    of sections) vouch together: the channel is known whole where each of them is.
    """
    by_address: dict[str, list[Attempt]] = {}
    for attempt in attempts:
        by_address.setdefault(attempt.address, []).append(attempt)
    front: list[Span] = []
    parts: tuple[Span, ...] | None = None
    waiting: Counter[str] = Counter()
    for address, own in by_address.items():
        vouched = merge(attempt.covers for attempt in own if attempt.covers)
        if urlsplit(address).path in ("", "/"):
            front += vouched
        else:
            parts = vouched if parts is None else _both(parts, vouched)
        latest = next((attempt for attempt in reversed(own) if attempt.outcome is not Outcome.INTERRUPTED), None)
        waiting.update(str(one.get("day", "")) for one in (latest.waiting if latest else ()))
    spans = merge([*front, *(parts or ())])
    bad = (Outcome.FAILED, Outcome.INTERRUPTED)
    begun = {(a.address, a.started) for a in attempts}  # an account's reading has a line for each stretch of days
    return Coverage(
        channel, spans, dict(waiting), Counter(started.date() for _, started in begun),
        Counter(a.started.date() for a in attempts if a.outcome in bad), Counter(published), tuple(deleted), tuple(revised),
        max((a.finished for a in attempts), default=None), attempts[-1].errors if attempts else (),
    )  # fmt: skip


def _both(left: Sequence[Span], right: Sequence[Span]) -> tuple[Span, ...]:
    """What both sets of spans hold."""
    return merge((max(a[0], b[0]), min(a[1], b[1])) for a in left for b in right if max(a[0], b[0]) < min(a[1], b[1]))
