"""What one cell of an export says: text, a count, a moment, a kind; and the marks that a spreadsheet leaves on them."""

from __future__ import annotations

import math
import re
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from canbang.item import VIETNAM, Kind
from canbang.text.dates import DateOrder, order_evidence, parse_date
from canbang.text.normalise import heading_key, plain

CELL_MAX = 1 << 20
"""Characters of one cell that are read; no act of publishing is longer."""
_KINDS = {
    Kind.SHARE: ("chia se", "share", "shared"),
    Kind.LIVESTREAM: ("truc tiep", "livestream", "live"),
    Kind.CLIP: ("video", "clip", "reel", "reels", "thuoc phim", "phong su"),
    Kind.PHOTO: ("anh", "photo", "photos", "album", "infographic"),
    Kind.POST: ("post", "bai dang", "trang thai", "status", "lien ket", "link", "text", "van ban"),
}
_TRUE = frozenset({"1", "true", "co", "yes", "x", "dung"})
_NEVER_OUT = frozenset({
    "nhap", "ban nhap", "draft", "cho duyet", "cho phe duyet", "pending", "pending review", "hen gio", "da len lich",
    "len lich", "scheduled", "chua dang", "chua xuat ban", "unpublished", "khong duyet", "tra lai", "tra ve", "rejected",
})  # fmt: skip
# Days since 30 December 1899, from 1990 to 2100: how a spreadsheet stores a day whose format got lost.
_SERIAL = re.compile(r"^\d{5}(?:[.,]\d{1,12})?$")
_SERIAL_FIRST, _SERIAL_LAST = 32_874, 73_415
_EPOCH = datetime(1899, 12, 30, tzinfo=VIETNAM)
_COMPACT = re.compile(r"^((?:19|20|21)\d\d)(\d\d)(\d\d)(?:[T ]?(\d\d):?(\d\d)(?::?(\d\d))?)?$")
_MONTHS = {name: number for number, name in enumerate(
    ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1)}  # fmt: skip
_MONTH_FIRST = re.compile(r"^([A-Za-z]{3})[a-z]*\.?\s+(\d{1,2}),?\s+(\d{4})\b,?")
_DAY_FIRST = re.compile(r"^(\d{1,2})\s+([A-Za-z]{3})[a-z]*\.?,?\s+(\d{4})\b,?")
_THG = re.compile(r"^(\d{1,2})\s+thg\.?\s*(\d{1,2}),?\s+(\d{4})\b,?", re.IGNORECASE)
_SCIENCE = re.compile(r"^\d[.,]\d+[eE]\+?\d{2}$")
SCIENCE = 99
EXACT = 2.0**53
"""From here on a float no longer holds every whole number."""
ROUNDED_FROM = 16
"""Digits from which a spreadsheet cannot hold a number: it keeps 15 and writes noughts for the rest."""


def text_of(value: Any) -> str:
    """A cell as text. A whole number read as a float ("1234.0") loses its point again."""
    if value is None:
        return ""
    if isinstance(value, float):
        # NaN is how data frames write an empty cell
        return (
            "" if math.isnan(value) else str(int(value)) if value.is_integer() and abs(value) < EXACT else repr(value)
        )
    if isinstance(value, bytes):
        return ""
    return plain(str(value)[:CELL_MAX])


def count_of(value: Any) -> int | None:
    """A count, however its thousands are parted; ``None`` where the cell is none."""
    digits = text_of(value).replace(".", "").replace(",", "").replace(" ", "")
    return int(digits) if digits.isdecimal() and len(digits) <= 15 else None


def hours_of(value: Any) -> int | None:
    """Seconds of a cell in hours ("12.5", "12,5"); ``None`` where the cell is no number."""
    try:
        hours = float(text_of(value).replace(",", "."))
    except ValueError:
        return None
    return round(hours * 3600) if 0 <= hours < 1e9 else None


def flag_of(value: Any) -> bool:
    """Whether a cell says yes."""
    return heading_key(text_of(value)) in _TRUE


def never_out(value: Any) -> bool:
    """Whether a status says that this was never published (a draft, a date in the plan)."""
    return heading_key(text_of(value)) in _NEVER_OUT


def kind_of_cell(value: str, share_of: str, default: Kind) -> Kind:
    """The kind of an act by what an export calls it."""
    key = f" {heading_key(value)} "
    for kind, words in _KINDS.items():
        if key.strip() == kind.value or any(f" {word} " in key for word in words):
            return kind
    return Kind.SHARE if share_of else default


def is_serial(value: Any) -> bool:
    """Whether a cell of a date column holds a spreadsheet's day number."""
    if isinstance(value, bool):
        return False
    if isinstance(value, int | float):
        return _SERIAL_FIRST <= value < _SERIAL_LAST
    # most cells are no number: those are told without cleaning their text
    written = value.strip() if isinstance(value, str) and len(value) < 40 and "/" not in value else ""
    return bool(_SERIAL.match(written)) and _SERIAL_FIRST <= int(written[:5]) < _SERIAL_LAST


def _serial(value: Any) -> datetime:
    days = float(value) if isinstance(value, int | float) else float(str(value).strip().replace(",", "."))
    found = _EPOCH + timedelta(seconds=round(days * 86_400))
    return found.replace(microsecond=0)


def _spelled(text: str) -> str:
    """A date with its month in letters or packed into eight digits, as the grammar of dates reads it."""
    if "/" in text:
        return text  # the usual form
    compact = _COMPACT.match(text)
    if compact:
        year, month, day, hour, minute, second = compact.groups()
        return f"{year}-{month}-{day}" + (f" {hour}:{minute}:{second or '00'}" if hour else "")
    for pattern, month_at, day_at in ((_MONTH_FIRST, 1, 2), (_DAY_FIRST, 2, 1)):
        match = pattern.match(text)
        number = _MONTHS.get(match[month_at].lower()) if match else None
        if match and number:
            return f"{match[3]}-{number:02d}-{int(match[day_at]):02d}{text[match.end() :]}"
    match = _THG.match(text)
    if match:
        return f"{match[3]}-{int(match[2]):02d}-{int(match[1]):02d}{text[match.end() :]}"
    return text


def _date_text(value: Any) -> str:
    """A date cell as the grammar of dates reads it; what one cell is asked several times over is worked out once."""
    return _date_text_of(value) if isinstance(value, str) else _spelled(text_of(value))


@lru_cache(maxsize=256)
def _date_text_of(value: str) -> str:
    return _spelled(text_of(value))


def evidence_of(value: Any) -> DateOrder | bool | None:
    """What one cell says of the order of its column, as :func:`~canbang.text.dates.order_evidence`."""
    return False if isinstance(value, date) or is_serial(value) else order_evidence(_date_text(value))


def moment_of(value: Any, order: DateOrder | None) -> datetime | str:
    """The moment of a cell in a date column, or why there is none. ``order`` is ``None`` where nothing decided it."""
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=VIETNAM)
    if is_serial(value):
        return _serial(value)
    text = _date_text(value)
    if not text:
        return "thiếu ngày đăng"
    if order is None and order_evidence(text) is None:
        return f"ngày “{text[:30]}” không rõ ngày hay tháng đứng trước (thêm --date-order)"
    dated = parse_date(text, order=order or DateOrder.DMY)
    return dated.when if dated else f"ngày đăng không đọc được: “{text[:40]}”"


def rounding_of(value: Any) -> int:
    """How a spreadsheet treated an id: 0 too short to be touched, -1 whole, otherwise how many noughts took the place of
    its digits; :data:`SCIENCE` where the form alone tells it ("1.22158E+17", or a float too large to be exact).
    """
    if isinstance(value, bool) or value is None:
        return 0
    if isinstance(value, float):
        return SCIENCE if abs(value) >= EXACT else 0 if math.isnan(value) else rounding_of(int(value))
    if isinstance(value, str) and len(value) < ROUNDED_FROM and "E" not in value and "e" not in value:
        return 0  # the usual id, told without cleaning it
    text = str(value) if isinstance(value, int) else text_of(value)
    if _SCIENCE.match(text):
        return SCIENCE
    if not text.isdecimal() or len(text) < ROUNDED_FROM:
        return 0
    return len(text) - 15 if not text[15:].strip("0") else -1
