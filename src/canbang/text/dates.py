"""Dates as Vietnamese sites and exports write them.

The order is day/month/year unless a caller names another; a file's order is decided once for the file
(:func:`order_evidence`), never row by row. Nothing is guessed: text outside the grammar gives ``None``, and what can be read
but not relied on carries its :class:`Doubt`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from email.utils import parsedate_to_datetime
from enum import StrEnum

from canbang.item import VIETNAM
from canbang.text.normalise import nfc


class DateOrder(StrEnum):
    """Which of the first two numbers of 05/09/2026 is the day."""

    DMY = "dmy"
    MDY = "mdy"


class Doubt(StrEnum):
    """Why a date that was read may still be another day."""

    NONE = ""
    ROUNDED = "rounded"
    """"2 ngày trước": true to a day or a week."""
    AMERICAN = "american"
    """"5/9/2026 8:15 AM": an English clock beside numbers that are a date in both orders."""
    WEEKDAY = "weekday"
    """The day name beside it belongs to another day."""


@dataclass(frozen=True, slots=True)
class Dated:
    """A moment read from text; ``has_time`` is false where only the day was given (midnight then)."""

    when: datetime
    has_time: bool
    doubt: Doubt = Doubt.NONE


_SEP = r"(\s?[/.\-]\s?)"
# A clock may be glued on ("08:15-29/03/2024", "29-03-2024-08:15"); a third number may not ("1.234.567", "15-29/03/2024").
_NUMERIC = re.compile(
    rf"(?:(?<![\d/.\-])|(?<=[:hHgG]\d\d-)|(?<=\s-))(\d{{1,2}}){_SEP}(\d{{1,2}})\2(\d{{4}}|(?<!\s)\d{{2}})"
    r"(?!\d|[/.]\d|-\d(?!\d?[:hHgG]\d))"
)
_YEAR_FIRST = re.compile(r"(?<!\d)(\d{4})([/.\-])(\d{1,2})\2(\d{1,2})(?!\d)")
_MONTHS = (
    ("một", "giêng"), ("hai",), ("ba",), ("tư",), ("năm",), ("sáu",), ("bảy", "bẩy"), ("tám",), ("chín",), ("mười",),
    ("mười một",), ("mười hai",),
)  # fmt: skip
_MONTH_NUMBER = {name: number for number, names in enumerate(_MONTHS, 1) for name in names}
_MONTH = rf"(\d{{1,2}}(?!\d)|{'|'.join(sorted(_MONTH_NUMBER, key=len, reverse=True))})"
_WORDS = re.compile(
    rf"(?:ngày\s+)?(?:mùng\s+|mồng\s+)?(?<!\d)(\d{{1,2}})\s+(?:tháng\s+|th)()"
    rf"{_MONTH}\s*(?:năm|,|-|/)?\s*(\d{{4}})(?!\d)",
    re.IGNORECASE,
)
_MONTH_FIRST = re.compile(rf"(?<!\w)(?:tháng\s+|th){_MONTH}()\s+(\d{{1,2}}),?\s+(\d{{4}})(?!\d)", re.IGNORECASE)
_HALF_WORDS = re.compile(
    r"(?:ngày\s+)?(?<![\d/.\-])(\d{1,2})(\s?[/.\-]\s?)(\d{1,2})\s+năm\s+(\d{4})(?!\d)", re.IGNORECASE
)
_CLOCK = re.compile(
    r"(?<![\d/.\-:])(\d{1,2})(?:(:)|\s?(?:h|giờ|g(?=\d|\s|$))\s?)(\d{2}|\d(?=\s?phút))?(?:\s?phút|['’′]|:(\d{2})(?:\.\d+)?)?"
    r"\s*(sa|ch|am|pm|a\.m\.|p\.m\.|sáng|trưa|chiều|tối|đêm)?(?!\w)",
    re.IGNORECASE,
)
_ISO = re.compile(r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\s*(?:Z|[+-]\d{2}:?\d{2})?$")
_ISO_OFFSET = re.compile(r"\s*([+-]\d{2}):?(\d{2})$")
_OFFSET = re.compile(r"\(?\b(?:GMT|UTC)\s*(?:([+-])\s*(\d{1,2})(?::?(\d{2}))?)?\s*\)?", re.IGNORECASE)
_RFC822 = re.compile(r"^(?:[A-Za-z]{3},\s*)?\d{1,2}\s+[A-Za-z]{3}\s+\d{4}\s+\d{1,2}:\d{2}")
_EPOCH = re.compile(r"^1\d{9}(?:\d{3})?$")
_AGO = re.compile(
    r"(?<!\w)(?:cách đây\s+|khoảng\s+)?(\d{1,3}|một|an?)\s+"
    r"(giây|phút|giờ|tiếng|ngày|tuần|seconds?|minutes?|hours?|days?|weeks?)\s+(?:trước(?: đây)?|ago)(?!\w)",
    re.IGNORECASE,
)
_UNITS = {
    "giây": "seconds", "phút": "minutes", "giờ": "hours", "tiếng": "hours", "ngày": "days", "tuần": "weeks", "second": "seconds",
    "minute": "minutes", "hour": "hours", "day": "days", "week": "weeks",
}  # fmt: skip
_NAMED_DAY = re.compile(r"(?<!\w)(hôm nay|hôm qua|hôm kia|today|yesterday)(?!\w)", re.IGNORECASE)
_DAYS_BACK = {"hôm nay": 0, "today": 0, "hôm qua": 1, "yesterday": 1, "hôm kia": 2}
_JUST = re.compile(r"(?<!\w)(?:vừa xong|vừa đăng|mới đây|vài giây trước|just now)(?!\w)", re.IGNORECASE)
_WEEKDAYS = (
    r"thứ\s*(?:hai|2)|monday|mon", r"thứ\s*(?:ba|3)|tuesday|tue", r"thứ\s*(?:tư|4)|wednesday|wed", r"thứ\s*(?:năm|5)|thursday|thu",
    r"thứ\s*(?:sáu|6)|friday|fri", r"thứ\s*(?:bảy|bẩy|7)|saturday|sat", r"chủ\s*nhật|sunday|sun",
)  # fmt: skip
_WEEKDAY = re.compile(rf"(?<!\w)(?:{'|'.join(f'({names})' for names in _WEEKDAYS)})(?!\w)", re.IGNORECASE)
_AFTERNOON = {"ch", "pm", "p.m.", "chiều", "tối"}
_MORNING = {"sa", "am", "a.m."}
_ENGLISH = {"am", "pm", "a.m.", "p.m."}
_FIRST_YEAR, _LAST_YEAR = 1990, 2100
_MAX = 200


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
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _number(text: str) -> int:
    return _MONTH_NUMBER.get(text.lower()) or int(text)


def _find_day(text: str, order: DateOrder) -> tuple[date, str, bool] | None:
    """The day, what is left of the text around it, and whether another order would give another day."""
    numeric = (4, 3, 1) if order is DateOrder.DMY else (4, 1, 3)
    forms = (
        (_WORDS, (4, 3, 1)), (_MONTH_FIRST, (4, 1, 3)), (_HALF_WORDS, (4, 3, 1)), (_YEAR_FIRST, (1, 3, 4)), (_NUMERIC, numeric),
    )  # fmt: skip
    for pattern, (year, month, day) in forms:
        match = pattern.search(text)
        if match:
            century = 2000 if len(match[year]) == 2 else 0
            found = _day(century + int(match[year]), _number(match[month]), int(match[day]))
            if found is None:
                return None
            is_open = pattern is _NUMERIC and found.day <= 12 and found.day != found.month
            # A blank, not nothing: "-08:15" after a date is a clock, no offset.
            before, after = text[: match.start()].rstrip(" -–|,"), text[match.end() :].lstrip(" -–|,")
            if pattern is _YEAR_FIRST:
                after = after.removeprefix("T")
            return found, f"{before} {after}".strip(), is_open
    return None


def _find_clock(text: str) -> tuple[tuple[int, int, int] | None, str, str]:
    """The clock, its half of the day as written, and the text without it."""
    for match in _CLOCK.finditer(text):
        if match.group(2) and match.group(3) is None:
            continue
        hour, minute, second = int(match.group(1)), int(match.group(3) or 0), int(match.group(4) or 0)
        half = (match.group(5) or "").lower()
        if half == "đêm" and hour == 12:
            return None, half, text  # midnight before or after that day: not said
        if hour < 12 and (half in _AFTERNOON or (half == "đêm" and hour >= 6) or (half == "trưa" and hour <= 3)):
            hour += 12
        if half in _MORNING and hour == 12:
            hour = 0
        clock = (hour, minute, second) if hour < 24 and minute < 60 and second < 60 else None
        return clock, half, text[: match.start()] + " " + text[match.end() :]
    return None, "", text


def _zone(text: str, default: tzinfo) -> tuple[tzinfo, str]:
    match = _OFFSET.search(text)
    if match is None:
        return default, text
    rest = text[: match.start()] + " " + text[match.end() :]
    minutes = int(match.group(2) or 0) * 60 + int(match.group(3) or 0)
    if minutes > 14 * 60:
        return default, text
    sign = -1 if match.group(1) == "-" else 1
    return timezone(sign * timedelta(minutes=minutes)), rest


def _machine_form(text: str, zone: tzinfo) -> Dated | None:
    """ISO 8601, RFC 822 and Unix time: what programs write. "0001-01-01T00:00:00" is how .NET writes no date."""
    found = _written_by_machine(text, zone)
    return found if found and _FIRST_YEAR <= found.when.year <= _LAST_YEAR else None


def _written_by_machine(text: str, zone: tzinfo) -> Dated | None:
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


def _relative(text: str, now: datetime, zone: tzinfo) -> tuple[Dated, str] | None:
    """A time told from ``now``; days and weeks are rounded, hours and named days are not."""
    match = _AGO.search(text)
    if match:
        unit = _UNITS[match.group(2).lower().rstrip("s")]
        number = int(match.group(1)) if match.group(1).isdigit() else 1
        exact = unit not in ("days", "weeks")
        rest = text[: match.start()] + " " + text[match.end() :]
        return Dated(now - timedelta(**{unit: number}), exact, Doubt.NONE if exact else Doubt.ROUNDED), rest
    match = _JUST.search(text)
    if match:
        return Dated(now, True), text[: match.start()] + " " + text[match.end() :]
    match = _NAMED_DAY.search(text)
    if match is None:
        return None
    day = now.astimezone(zone).date() - timedelta(days=_DAYS_BACK[match.group(1).lower()])
    clock, _, rest = _find_clock(text[: match.start()] + " " + text[match.end() :])
    hour, minute, second = clock or (0, 0, 0)
    return Dated(datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=zone), clock is not None), rest


def _doubt(day: date, weekday: int | None, is_open: bool, half: str) -> Doubt:
    if weekday is not None:
        return Doubt.NONE if weekday == day.weekday() else Doubt.WEEKDAY
    return Doubt.AMERICAN if is_open and half in _ENGLISH else Doubt.NONE


def split_date(
    text: str, *, order: DateOrder = DateOrder.DMY, now: datetime | None = None, zone: tzinfo = VIETNAM
) -> tuple[Dated, str] | None:
    """The moment that ``text`` names and the words beside it (day name, clock and zone taken out), or ``None``."""
    text = nfc(text[: _MAX * 4])
    if not text or len(text) > _MAX:
        return None
    try:
        machine = _machine_form(text, zone)
        if machine:
            return machine, ""
        offset, rest = _zone(text, zone)
        found = _find_day(rest, order)
        if found is None:
            told = _relative(text, now, zone) if now else None
            if told:
                told[0].when.astimezone(UTC)
            return told
        day, rest, is_open = found
        named = _WEEKDAY.search(rest)
        weekday = next((at for at, name in enumerate(named.groups()) if name), None) if named else None
        if named:
            rest = rest[: named.start()] + " " + rest[named.end() :]
        clock, half, rest = _find_clock(rest)
        hour, minute, second = clock or (0, 0, 0)
        when = datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=offset)
        when.astimezone(UTC)  # years at the edge of the calendar overflow here, not later
    except (OverflowError, ValueError):
        return None
    return Dated(when, clock is not None, _doubt(day, weekday, is_open and order is DateOrder.DMY, half)), rest


def parse_date(
    text: str,
    *,
    order: DateOrder = DateOrder.DMY,
    now: datetime | None = None,
    zone: tzinfo = VIETNAM,
) -> Dated | None:
    """The moment that ``text`` names, or ``None``. ``now`` is needed for "3 giờ trước"; ``zone`` is the default."""
    found = split_date(text, order=order, now=now, zone=zone)
    return found[0] if found else None
