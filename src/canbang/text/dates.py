"""Dates as Vietnamese sites and exports write them.

The order is day/month/year unless a caller names another; a file's order is decided once for the file
(:func:`order_evidence`), never row by row. Nothing is guessed: text outside the grammar gives ``None``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from enum import StrEnum

from canbang.item import VIETNAM
from canbang.text.normalise import nfc


class DateOrder(StrEnum):
    """Which of the first two numbers of 05/09/2026 is the day."""

    DMY = "dmy"
    MDY = "mdy"


@dataclass(frozen=True, slots=True)
class Dated:
    """A moment read from text; ``has_time`` is false where only the day was given (midnight then)."""

    when: datetime
    has_time: bool


_NUMERIC = re.compile(r"(?<![\d/.\-])(\d{1,2})([/.\-])(\d{1,2})\2(\d{4}|\d{2})(?![\d/.\-]\d|\d)")
_YEAR_FIRST = re.compile(r"(?<!\d)(\d{4})([/.\-])(\d{1,2})\2(\d{1,2})(?!\d)")
_WORDS = re.compile(r"(?:ngày\s+)?(\d{1,2})\s+tháng\s+(\d{1,2})\s*(?:năm|,|-)?\s*(\d{4})", re.IGNORECASE)
_CLOCK = re.compile(
    r"(?<![\d/.\-])(\d{1,2})(?::|\s?h|\s?giờ\s?)(\d{2})?(?:\s?phút|:(\d{2})(?:\.\d+)?)?"
    r"\s*(sa|ch|am|pm|sáng|chiều|tối)?(?![\w])",
    re.IGNORECASE,
)
_ISO = re.compile(r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\s*(?:Z|[+-]\d{2}:?\d{2})?$")
_ISO_OFFSET = re.compile(r"\s*([+-]\d{2}):?(\d{2})$")
_OFFSET = re.compile(r"(?:GMT|UTC)\s*([+-])\s*(\d{1,2})(?::?(\d{2}))?", re.IGNORECASE)
_RFC822 = re.compile(r"^(?:[A-Za-z]{3},\s*)?\d{1,2}\s+[A-Za-z]{3}\s+\d{4}\s+\d{1,2}:\d{2}")
_EPOCH = re.compile(r"^1\d{9}(?:\d{3})?$")
_RELATIVE = re.compile(r"^(\d{1,3})\s+(phút|giờ|tiếng|ngày|tuần)\s+trước$", re.IGNORECASE)
_UNIT = {"phút": "minutes", "giờ": "hours", "tiếng": "hours", "ngày": "days", "tuần": "weeks"}
_AFTERNOON = {"ch", "pm", "chiều", "tối"}
_FIRST_YEAR, _LAST_YEAR = 1990, 2100


def order_evidence(text: str) -> DateOrder | bool | None:
    """What one value says of its file's order.

    A :class:`DateOrder` where only one reading is a date, ``None`` where both are (05/09/2026), ``False`` where
    the question does not arise (ISO, words, epoch, unreadable).
    """
    match = _NUMERIC.search(nfc(text))
    if match is None:
        return False
    first, second = int(match.group(1)), int(match.group(3))
    if first > 12 and second <= 12:
        return DateOrder.DMY
    if second > 12 and first <= 12:
        return DateOrder.MDY
    # 05/05/2026 is the same day in both readings: no question either.
    return None if first != second and first <= 12 else False


def _day(year: int, month: int, day: int) -> date | None:
    if year < 100:
        year += 2000
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _find_day(text: str, order: DateOrder) -> tuple[date, str] | None:
    """The day and what is left of the text around it."""
    numeric = (4, 3, 1) if order is DateOrder.DMY else (4, 1, 3)
    for pattern, (year, month, day) in ((_WORDS, (3, 2, 1)), (_YEAR_FIRST, (1, 3, 4)), (_NUMERIC, numeric)):
        match = pattern.search(text)
        if match:
            found = _day(int(match[year]), int(match[month]), int(match[day]))
            return (found, text[: match.start()] + " " + text[match.end() :]) if found else None
    return None


def _find_clock(text: str) -> tuple[int, int, int] | None:
    match = _CLOCK.search(text)
    if match is None or (match.group(2) is None and match.group(4) is None and "h" not in match.group(0)):
        return None
    hour, minute, second = int(match.group(1)), int(match.group(2) or 0), int(match.group(3) or 0)
    half = (match.group(4) or "").lower()
    if half in _AFTERNOON and hour < 12:
        hour += 12
    if half in ("sa", "am") and hour == 12:
        hour = 0
    return (hour, minute, second) if hour < 24 and minute < 60 and second < 60 else None


def _zone(text: str, default: timezone) -> tuple[timezone, str]:
    match = _OFFSET.search(text)
    if match is None:
        return default, text
    minutes = int(match.group(2)) * 60 + int(match.group(3) or 0)
    if minutes > 14 * 60:
        return default, text
    sign = -1 if match.group(1) == "-" else 1
    return timezone(sign * timedelta(minutes=minutes)), text[: match.start()] + text[match.end() :]


def _machine_form(text: str, zone: timezone) -> Dated | None:
    """ISO 8601, RFC 822 and Unix time: what programs write."""
    if _ISO.match(text):
        iso = _ISO_OFFSET.sub(r"\1:\2", text.replace(",", "."))
        try:
            when = datetime.fromisoformat(iso)
        except ValueError:
            return None
        return Dated(when if when.tzinfo else when.replace(tzinfo=zone), True)
    if _EPOCH.match(text):
        return Dated(datetime.fromtimestamp(int(text[:10]), UTC), True)
    if _RFC822.match(text):
        try:
            when = parsedate_to_datetime(text)
        except (ValueError, TypeError, IndexError):
            return None
        return Dated(when if when.tzinfo else when.replace(tzinfo=zone), True)
    return None


def _relative(text: str, now: datetime | None) -> Dated | None:
    match = _RELATIVE.match(text)
    if match is None or now is None:
        return None
    unit = _UNIT[match.group(2).lower()]
    return Dated(now - timedelta(**{unit: int(match.group(1))}), unit in ("minutes", "hours"))


def parse_date(
    text: str,
    *,
    order: DateOrder = DateOrder.DMY,
    now: datetime | None = None,
    zone: timezone = VIETNAM,
) -> Dated | None:
    """The moment that ``text`` names, or ``None``. ``now`` is needed for "3 giờ trước"; ``zone`` is the default."""
    text = nfc(text)
    if not text or len(text) > 200:
        return None
    try:
        found = _machine_form(text, zone) or _relative(text, now)
        if found:
            return found
        offset, text = _zone(text, zone)
        day = _find_day(text, order)
        if day is None:
            return None
        clock = _find_clock(day[1])
        hour, minute, second = clock or (0, 0, 0)
        when = datetime(day[0].year, day[0].month, day[0].day, hour, minute, second, tzinfo=offset)
        when.astimezone(UTC)  # years at the edge of the calendar overflow here, not later
    except OverflowError:
        return None
    return Dated(when, clock is not None)
