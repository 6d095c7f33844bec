"""Places of marks on the desk's charts, as text for templates: the share against its limit, by group, and by week.

As in ``report.chart``: an audited share is a bar with a dot, a machine's estimate a hollow diamond without a bar. Colours are the
style sheet's. An estimate stands beside no limit: nothing of it may look like a verdict.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from canbang.report.balance import Balance, Part, ShareValue
from canbang.text.numbers import decimal, percent

ROW_WIDTH, ROW_PAD = 220, 14
DIAL_WIDTH, DIAL_PAD = 360, 14
WEEKS_WIDTH, WEEKS_HEIGHT = 360, 190
_LEFT, _RIGHT, _TOP, _BOTTOM = 40, 8, 12, 30


def _px(value: float) -> str:
    return f"{value:.1f}"


def _end(shares: Sequence[tuple[ShareValue, bool]], limit: float) -> float:
    """Where the scale ends, a multiple of five points: the limit, the points and what of the intervals is not absurdly far."""
    reach = [limit * 1.4]
    for share, audited in shares:
        reach.append(min(share.high, 2.5 * max(limit, share.point)) if audited else share.point)
    return min(1.0, -(-max(reach) * 100 // 5) * 5 / 100)


def _ticks(end: float) -> list[float]:
    step = 0.05 if end <= 0.3 else 0.1 if end <= 0.6 else 0.2
    return [step * n for n in range(int(end / step + 1e-9) + 1)]


@dataclass(frozen=True, slots=True)
class Bar:
    """One share on a scale. ``limit`` is "" where it is not drawn, ``low`` where there is no interval, ``x`` where no point."""

    x: str
    low: str
    width: str
    limit: str


@dataclass(frozen=True, slots=True)
class Scale:
    """A scale from nothing to ``end``, over ``width`` units with ``pad`` at either side."""

    end: float
    width: int
    pad: int
    limit: float

    def at(self, share: float) -> float:
        """Where a share stands."""
        return self.pad + (self.width - 2 * self.pad) * min(share, self.end) / self.end

    def bar(self, part: Part) -> Bar:
        """The counted-negative share of a part."""
        share = part.shares["counted_negative"]
        if part.basis != "audit":
            return Bar(_px(self.at(share.point)), "", "", "")
        low, high = self.at(share.low), self.at(share.high)
        point = _px(self.at(share.point)) if part.audited else ""
        return Bar(point, _px(low), _px(max(high - low, 1.5)), _px(self.at(self.limit)))

    @property
    def ticks(self) -> list[tuple[str, str]]:
        """Where ticks stand, and their words."""
        return [(_px(self.at(tick)), f"{decimal(100 * tick, 0)}") for tick in _ticks(self.end)]


def _of(parts: Sequence[Part]) -> list[tuple[ShareValue, bool]]:
    return [(part.shares["counted_negative"], part.basis == "audit") for part in parts]


def dial(report: Balance, part: Part) -> tuple[Scale, Bar]:
    """One figure, large."""
    limit = float(report.limit.value)
    scale = Scale(_end(_of([part]), limit), DIAL_WIDTH, DIAL_PAD, limit)
    return scale, scale.bar(part)


def forest(report: Balance, parts: Sequence[Part]) -> tuple[Scale, list[Bar]]:
    """Many parts on one scale, a bar in each row of their table."""
    limit = float(report.limit.value)
    scale = Scale(_end(_of(parts), limit), ROW_WIDTH, ROW_PAD, limit)
    return scale, [scale.bar(part) for part in parts]


@dataclass(frozen=True, slots=True)
class Mark:
    """A week: its place, and the words beneath it; ``y`` is "" where nobody read an item of it."""

    x: str
    y: str
    words: str
    diamond: str


@dataclass(frozen=True, slots=True)
class Weeks:
    """The share week by week. ``band`` and ``line`` are paths, "" where there is nothing to draw."""

    marks: list[Mark]
    line: str
    band: str
    limit: str
    ticks: list[tuple[str, str]]
    audited: bool


def weeks(report: Balance) -> Weeks | None:
    """The line by week with the band of its intervals; ``None`` where there is one week or none."""
    parts = report.by.get("week", ())
    if len(parts) < 2:
        return None
    limit, audited = float(report.limit.value), report.whole.basis == "audit"
    end = _end(_of(parts), limit)

    def y(share: float) -> float:
        return _TOP + (WEEKS_HEIGHT - _TOP - _BOTTOM) * (1 - min(share, end) / end)

    step = (WEEKS_WIDTH - _LEFT - _RIGHT) / len(parts)
    across = [_LEFT + step * (number + 0.5) for number in range(len(parts))]
    marks, line, runs = [], [], False
    for x, part in zip(across, parts, strict=True):
        known = not audited or part.audited > 0
        at = y(part.shares["counted_negative"].point)
        if known:
            line.append(f"{'L' if runs else 'M'}{_px(x)} {_px(at)}")
        runs = known
        diamond = f"M{_px(x)} {_px(at - 5)}l5 5l-5 5l-5 -5z"
        marks.append(Mark(_px(x), _px(at) if known else "", _short(part.key), diamond))
    band = ""
    if audited:
        high = [f"{_px(x)} {_px(y(p.shares['counted_negative'].high))}" for x, p in zip(across, parts, strict=True)]
        low = [f"{_px(x)} {_px(y(p.shares['counted_negative'].low))}" for x, p in zip(across, parts, strict=True)]
        band = f"M{'L'.join(high)}L{'L'.join(reversed(low))}z"
    ticks = [(_px(y(tick)), percent(tick, 0)) for tick in _ticks(end)]
    return Weeks(marks, "".join(line), band, _px(y(limit)) if audited else "", ticks, audited)


def _short(key: str) -> str:
    """A week by its Monday: "7/9"."""
    year, week = key.split("-W")
    monday = date.fromisocalendar(int(year), int(week), 1)
    return f"{monday.day}/{monday.month}"
