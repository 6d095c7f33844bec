"""An export file as a source of items: cells become fields, a file's date order is decided once."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from canbang.errors import InputError
from canbang.fetch.cells import (
    CELL_MAX,
    SCIENCE,
    count_of,
    evidence_of,
    flag_of,
    hours_of,
    is_serial,
    kind_of_cell,
    moment_of,
    never_out,
    rounding_of,
    text_of,
)  # fmt: skip
from canbang.fetch.columns import METRICS
from canbang.fetch.not_item import why_not_item
from canbang.fetch.source import Reject, Source, converted_words
from canbang.fetch.table import Table, open_table
from canbang.item import VIETNAM, Confidence, DateSource, Item, Kind
from canbang.text.dates import DateOrder
from canbang.text.legacy import unlegacy
from canbang.text.normalise import heading_key, match_key

_SOURCES = {source.value: source for source in DateSource}
_CONFIDENCES = {confidence.value: confidence for confidence in Confidence}
_SAMPLE = 1000
_START = 80
_BETWEEN = "\x1f"
_TOTALS = ("tong", "tong cong", "tong so", "cong", "total", "grand total", "sum")
_NOT_QUITE = frozenset({"ngay tao", "thoi gian tao", "ngay gui"})
_ROUNDED_SURE = 3
"""Noughts that all long ids of a file must share before their rounding is taken for a fact: by chance once in a thousand."""


class _Reader:
    """Rows of one table to items; keeps what is decided once for the file."""

    def __init__(self, table: Table, channel: str, order: DateOrder | None) -> None:
        self.table = table
        self.channel = channel
        self.index = table.columns.index
        self.order = order
        self.noughts = 0  # that all long ids end in; -1 once one of them is whole
        self.rounded = self.serials = 0
        self.converted: Counter[str] = Counter()

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
        evidence: dict[DateOrder, int | str] = {}
        numeric = False
        for number, row in self.table.rows(lambda _: None):
            rows += 1
            if not isinstance(row, str):
                self._look_at_id(row)
            if isinstance(row, str) or (value := self.cell(row, "published_at")) in (None, ""):
                continue
            filled += 1
            if filled > _SAMPLE and not numeric and readable:
                return  # no day/month question in the first thousand dates: nothing to settle by reading on
            first = first or text_of(value)
            readable += not isinstance(moment_of(value, DateOrder.DMY), str) or (
                not isinstance(moment_of(value, DateOrder.MDY), str)
            )
            found = evidence_of(value)
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

    def _settle(self, heading: str, evidence: dict[DateOrder, int | str], open_question: int) -> None:
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

    def _look_at_id(self, row: Sequence[Any]) -> None:
        """Gather how the ids of the file end: one that is whole clears them all."""
        noughts = rounding_of(self.cell(row, "platform_id"))
        if noughts not in (0, SCIENCE) and self.noughts >= 0:
            self.noughts = self.noughts + noughts if noughts > 0 else -1

    def _id(self, row: Sequence[Any]) -> str:
        """The id of a row; "" where a spreadsheet rounded it, since two acts may share what is left of it."""
        value = self.cell(row, "platform_id")
        lost = rounding_of(value)
        if lost == SCIENCE or (lost > 0 and self.noughts >= _ROUNDED_SURE):
            self.rounded += 1
            return ""
        return text_of(value)

    def _is_total(self, row: Sequence[Any]) -> bool:
        first = next((text_of(cell) for cell in row if text_of(cell)), "")
        key = heading_key(first)
        # "Cổng" reads like "cộng" without its tone, and may name the channel of an item: a total has no day
        said = key in _TOTALS or key.startswith(("tong cong", "tong so"))
        return said and not text_of(self.cell(row, "published_at"))

    def _words(self, row: Sequence[Any]) -> list[str]:
        """Title, lead and text, a font of the 1990s undone before cleaning: that drops what TCVN3 writes for "ư"."""
        cells = [self.cell(row, field) for field in ("title", "lead", "text")]
        written, table = unlegacy(_BETWEEN.join(cell[:CELL_MAX] for cell in cells if isinstance(cell, str)))
        if table:
            fresh = iter(written.split(_BETWEEN))
            cells = [next(fresh, "") if isinstance(cell, str) else cell for cell in cells]
            self.converted[table] += 1
        return [text_of(cell) for cell in cells]

    def item(self, number: int | str, row: Sequence[Any]) -> Item | Reject:
        """One row as an item, or the reason why it is none."""
        title, lead, text = self._words(row)
        where, start = f"dòng {number}", (title or lead or text)[:_START]

        def reject(reason: str) -> Reject:
            return Reject(self.table.path.name, where, reason, start)

        if self._is_total(row):
            return reject("dòng tổng, không phải tin bài")
        reason = why_not_item(title, lead, text)
        if reason:
            return reject(reason)
        written = self.cell(row, "published_at")
        when = moment_of(written, self.order)
        self.serials += is_serial(written)
        if isinstance(when, str):
            return reject(when)
        try:
            when = when.astimezone(VIETNAM)
        except OverflowError:
            return reject("ngày đăng ngoài lịch")
        if never_out(self.cell(row, "status")):
            return reject(f"chưa đăng (trạng thái “{text_of(self.cell(row, 'status'))[:30]}”)")
        url, share_of = text_of(self.cell(row, "url")), text_of(self.cell(row, "share_of"))
        channel = text_of(self.cell(row, "channel")) or self.channel
        kind = kind_of_cell(text_of(self.cell(row, "kind")), share_of, Kind.ARTICLE if title else Kind.POST)
        if flag_of(self.cell(row, "is_share")):
            kind = Kind.SHARE
        platform_id = self._id(row) or url or _made_id(title, lead, text, when)
        metrics = {m: n for m in METRICS if (n := count_of(self.cell(row, m))) is not None}
        hours = hours_of(self.cell(row, "watch_hours")) if "watch_hours" in self.index else None
        if hours is not None:
            metrics.setdefault("watch_seconds", hours)
        return Item(
            channel=channel, platform_id=platform_id, title=title, published_at=when, lead=lead, text=text,
            url=url, kind=kind, share_of=share_of, section=text_of(self.cell(row, "section")), metrics=metrics,
            date_source=_SOURCES.get(text_of(self.cell(row, "date_source")), DateSource.COLUMN),
            date_confidence=_CONFIDENCES.get(text_of(self.cell(row, "date_confidence")), Confidence.SURE),
        )  # fmt: skip


def _made_id(title: str, lead: str, text: str, when: datetime) -> str:
    """An id for a row without id and address: what it says and when."""
    said = f"{match_key(title)}|{match_key(lead)}|{match_key(text)}|{when.isoformat()}"
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def file_source(
    path: Path, *, channel: str = "", order: DateOrder | None = None, names: Mapping[str, str] | None = None
) -> Source:
    """A source that streams ``path``. ``channel`` names items without a channel column (default: the file's name).

    ``names`` are fields by the headings that a person named for them (:func:`~canbang.fetch.columns.parse_names`).
    Raises :class:`InputError` at once for a file that cannot be read as a table of dated items.
    """
    table = open_table(path, names)
    reader = _Reader(table, channel or path.stem, order)
    reader.decide_order()
    notes = [*table.notes, *_platform_notes(table)]
    if reader.order is DateOrder.MDY and order is None:
        notes.append(f"{path.name}: đọc ngày theo thứ tự tháng/ngày/năm, vì có ngày chỉ đọc được như thế")
    if "platform_id" not in reader.index:
        notes.append(
            f"{path.name}: không có cột mã bài, dùng {'đường dẫn' if 'url' in reader.index else 'nội dung'} làm mã"
        )
    dated_by = heading_key(table.headings[reader.index["published_at"]])
    if dated_by in _NOT_QUITE:
        heading = table.headings[reader.index["published_at"]]
        notes.append(f"{path.name}: không có cột ngày đăng, lấy cột “{heading}” làm ngày đăng: kiểm tra có đúng không")
    if "channel" not in reader.index and not channel:
        notes.append(f"{path.name}: không có cột kênh, lấy tên tệp làm tên kênh “{path.stem}”")

    def read(source: Source) -> Iterator[Item | Reject]:
        def progress(units: int) -> None:
            source.done += units

        for number, row in table.rows(progress):
            if isinstance(row, str):
                yield Reject(path.name, f"dòng {number}", row)
            elif any(text_of(cell) for cell in row):
                yield reader.item(number, row)
        if reader.rounded:
            source.notes.append(
                f"{path.name}: {reader.rounded} mã bài đã bị Excel làm tròn (chỉ giữ 15 chữ số), không dùng được: lấy "
                f"{'đường dẫn' if 'url' in reader.index else 'nội dung'} làm mã. Xuất lại và không mở bằng Excel trước khi đưa vào"
            )
        if reader.converted:
            source.notes.append(f"{path.name}: {converted_words(reader.converted)}")
        if reader.serials:
            source.notes.append(
                f"{path.name}: {reader.serials} ngày ghi bằng số thứ tự ngày của Excel (45917 là 16/9/2025), đã đổi ra ngày"
            )

    return Source(path.name, read, notes, size=path.stat().st_size)


def _platform_notes(table: Table) -> list[str]:
    """What an export of a platform does not say of itself."""
    keys = {heading_key(name) for name in table.headings}
    name = table.path.name
    if {"post id", "publish time"} <= keys:
        return [
            f"{name}: tệp của Meta không ghi múi giờ, đọc là giờ Việt Nam; bài sát nửa đêm cuối kỳ nên đối chiếu trên trang"
        ]
    if keys & {"video publish time", "thoi gian xuat ban video"}:
        return [f"{name}: tệp của YouTube Studio chỉ ghi ngày, không ghi giờ"]
    return []
