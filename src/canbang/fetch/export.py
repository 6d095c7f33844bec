"""An export file as a source of items: cells become fields, a file's date order is decided once."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from canbang.errors import InputError
from canbang.fetch.columns import METRICS
from canbang.fetch.not_item import why_not_item
from canbang.fetch.source import Reject, Source
from canbang.fetch.table import Table, open_table
from canbang.item import VIETNAM, Item, Kind
from canbang.text.dates import DateOrder, order_evidence, parse_date
from canbang.text.normalise import heading_key, match_key, plain

_SAMPLE = 1000
_START = 80
_TOTALS = ("tong", "tong cong", "tong so", "cong", "total", "grand total", "sum")
_KINDS = {
    Kind.SHARE: ("chia se", "share", "shared"),
    Kind.LIVESTREAM: ("truc tiep", "livestream", "live"),
    Kind.CLIP: ("video", "clip", "reel", "reels", "thuoc phim", "phong su"),
    Kind.PHOTO: ("anh", "photo", "photos", "album", "infographic"),
    Kind.POST: ("post", "bai dang", "trang thai", "status", "lien ket", "link", "text", "van ban"),
}
CELL_MAX = 1 << 20
"""Characters of one cell that are read; no act of publishing is longer."""


def _text(value: Any) -> str:
    """A cell as text. A whole number read as a float ("1234.0") loses its point again."""
    if value is None:
        return ""
    if isinstance(value, float):
        # NaN is how data frames write an empty cell
        return "" if math.isnan(value) else str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, bytes):
        return ""
    return plain(str(value)[:CELL_MAX])


def _number(value: Any) -> int | None:
    digits = _text(value).replace(".", "").replace(",", "").replace(" ", "")
    return int(digits) if digits.isdigit() and len(digits) <= 15 else None


def _kind(value: str, share_of: str, default: Kind) -> Kind:
    key = f" {heading_key(value)} "
    for kind, words in _KINDS.items():
        if key.strip() == kind.value or any(f" {word} " in key for word in words):
            return kind
    return Kind.SHARE if share_of else default


class _Reader:
    """Rows of one table to items; keeps what is decided once for the file."""

    def __init__(self, table: Table, channel: str, order: DateOrder | None) -> None:
        self.table = table
        self.channel = channel
        self.index = table.columns.index
        self.order = order
        self.undated: str | None = None

    def cell(self, row: Sequence[Any], field: str) -> Any:
        position = self.index.get(field)
        return row[position] if position is not None and position < len(row) else None

    def decide_order(self) -> None:
        """Read the date column ahead: is there a readable date, and which number is the day?"""
        name = self.table.path
        if "published_at" not in self.index:
            raise InputError(
                f"{name}: không thấy cột ngày đăng. Đặt tên một cột là “Ngày đăng”, “Thời gian đăng” hoặc “published_at”."
            )
        heading = self.table.headings[self.index["published_at"]]
        readable, filled, first = 0, 0, ""
        open_question = rows = 0
        evidence: dict[DateOrder, int] = {}
        numeric = False
        for number, row in self.table.rows(lambda _: None):
            rows += 1
            if isinstance(row, str) or (value := self.cell(row, "published_at")) in (None, ""):
                continue
            filled += 1
            if filled > _SAMPLE and not numeric and readable:
                return  # no day/month question in the first thousand dates: nothing to settle by reading on
            if isinstance(value, datetime):
                readable += 1
                continue
            text = _text(value)
            first = first or text
            readable += parse_date(text, order=DateOrder.DMY) is not None or (
                parse_date(text, order=DateOrder.MDY) is not None
            )
            found = order_evidence(text)
            numeric = numeric or found is not False
            if isinstance(found, DateOrder):
                evidence.setdefault(found, number)
            elif found is None:
                open_question += 1
        if not rows:
            raise InputError(f"{name}: tệp chỉ có dòng tên cột, không có dòng dữ liệu nào. Xuất lại tệp.")
        if not readable:
            shown = f", ví dụ “{first[:30]}”" if first else " (cột trống)"
            raise InputError(
                f"{name}: cột “{heading}” không có ngày nào đọc được{shown}. Viết ngày dạng 29/3/2024 hoặc 2024-03-29."
            )
        self._settle(heading, evidence, open_question)

    def _settle(self, heading: str, evidence: dict[DateOrder, int], open_question: int) -> None:
        if self.order is not None:
            return
        if len(evidence) == 2:
            rows = f"dòng {evidence[DateOrder.DMY]} và dòng {evidence[DateOrder.MDY]}"
            raise InputError(
                f"{self.table.path}: cột “{heading}” lẫn hai kiểu ngày ({rows} trái nhau: ngày/tháng và tháng/ngày). "
                "Sửa cột này, hoặc thêm --date-order dmy (hoặc mdy) để chọn một kiểu; dòng trái kiểu sẽ bị loại."
            )
        if evidence:
            self.order = next(iter(evidence))
        elif open_question:
            raise InputError(
                f"{self.table.path}: cột “{heading}” không cho biết số nào là ngày, số nào là tháng "
                "(mọi số đều không quá 12). Thêm --date-order dmy nếu viết ngày/tháng/năm, --date-order mdy nếu tháng/ngày/năm."
            )

    def _when(self, value: Any) -> datetime | str:
        """The moment, or why there is none."""
        if isinstance(value, datetime):
            return value if value.tzinfo else value.replace(tzinfo=VIETNAM)
        text = _text(value)
        if not text:
            return "thiếu ngày đăng"
        if self.order is None and order_evidence(text) is None:
            return f"ngày “{text[:30]}” không rõ ngày hay tháng đứng trước (thêm --date-order)"
        dated = parse_date(text, order=self.order or DateOrder.DMY)
        return dated.when if dated else f"ngày đăng không đọc được: “{text[:40]}”"

    def _is_total(self, row: Sequence[Any]) -> bool:
        first = next((_text(cell) for cell in row if _text(cell)), "")
        key = heading_key(first)
        return key in _TOTALS or (
            key.startswith(("tong cong", "tong so")) and not _text(self.cell(row, "published_at"))
        )

    def item(self, number: int, row: Sequence[Any]) -> Item | Reject:
        """One row as an item, or the reason why it is none."""
        title, lead, text = (_text(self.cell(row, field)) for field in ("title", "lead", "text"))
        where, start = f"dòng {number}", (title or lead or text)[:_START]

        def reject(reason: str) -> Reject:
            return Reject(self.table.path.name, where, reason, start)

        if self._is_total(row):
            return reject("dòng tổng, không phải tin bài")
        reason = why_not_item(title, lead, text)
        if reason:
            return reject(reason)
        when = self._when(self.cell(row, "published_at"))
        if isinstance(when, str):
            return reject(when)
        try:
            when = when.astimezone(VIETNAM)
        except OverflowError:
            return reject("ngày đăng ngoài lịch")
        url, share_of = _text(self.cell(row, "url")), _text(self.cell(row, "share_of"))
        channel = _text(self.cell(row, "channel")) or self.channel
        kind = _kind(_text(self.cell(row, "kind")), share_of, Kind.ARTICLE if title else Kind.POST)
        platform_id = _text(self.cell(row, "platform_id")) or url or _made_id(title, lead, text, when)
        metrics = {m: n for m in METRICS if (n := _number(self.cell(row, m))) is not None}
        return Item(
            channel=channel, platform_id=platform_id, title=title, published_at=when, lead=lead, text=text,
            url=url, kind=kind, share_of=share_of, section=_text(self.cell(row, "section")), metrics=metrics,
        )  # fmt: skip


def _made_id(title: str, lead: str, text: str, when: datetime) -> str:
    """An id for a row without id and address: what it says and when."""
    said = f"{match_key(title)}|{match_key(lead)}|{match_key(text)}|{when.isoformat()}"
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def file_source(path: Path, *, channel: str = "", order: DateOrder | None = None) -> Source:
    """A source that streams ``path``. ``channel`` names items without a channel column (default: the file's name).

    Raises :class:`InputError` at once for a file that cannot be read as a table of dated items.
    """
    table = open_table(path)
    reader = _Reader(table, channel or path.stem, order)
    reader.decide_order()
    notes = list(table.notes)
    if reader.order is DateOrder.MDY and order is None:
        notes.append(f"{path.name}: đọc ngày theo thứ tự tháng/ngày/năm, vì có ngày chỉ đọc được như thế")
    if "platform_id" not in reader.index:
        notes.append(
            f"{path.name}: không có cột mã bài, dùng {'đường dẫn' if 'url' in reader.index else 'nội dung'} làm mã"
        )
    if "channel" not in reader.index and not channel:
        notes.append(f"{path.name}: không có cột kênh, lấy tên tệp làm tên kênh “{path.stem}”")

    def read(source: Source) -> Iterator[Item | Reject]:
        def progress(units: int) -> None:
            source.done += units

        for number, row in table.rows(progress):
            if isinstance(row, str):
                yield Reject(path.name, f"dòng {number}", row)
            elif any(_text(cell) for cell in row):
                yield reader.item(number, row)

    return Source(path.name, read, notes, size=path.stat().st_size)
