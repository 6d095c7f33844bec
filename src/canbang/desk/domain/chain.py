"""Walking an organisation's log again, from its first entry, against what was written down of it elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from canbang.desk.models import Entry, Organisation, Sheet
from canbang.errors import InputError
from canbang.item import VIETNAM
from canbang.ledger import Anchor, Link, faults
from canbang.text import numbers


@dataclass(frozen=True, slots=True)
class Walk:
    """What a walk found: entries, the last one's hash, faults in Vietnamese, signed sheets whose anchors were compared."""

    count: int
    head: str
    faults: tuple[str, ...]
    sheets: int
    against: Anchor | None = None


def walk(organisation: Organisation, against: Anchor | None = None) -> Walk:
    """Compute every hash anew and compare: with the organisation's end of chain, signed sheets, and an anchor handed in."""
    held = Organisation.objects.get(pk=organisation.pk)
    sheets = Sheet.objects.filter(organisation=held, signed_at__isnull=False).order_by("month")
    found = faults(_links(held), Anchor(held.entries, held.head))
    if not found and against is not None:
        found = faults(_links(held), against)
    if not found:
        found = [fault for sheet in sheets if (fault := _against_sheet(held, sheet))]
    return Walk(held.entries, held.head, tuple(found), len(sheets), against)


def _links(organisation: Organisation) -> Iterator[Link]:
    rows = Entry.objects.filter(organisation=organisation).order_by("number")
    return (row.link for row in rows.iterator(chunk_size=2000))


def _against_sheet(organisation: Organisation, sheet: Sheet) -> str:
    """A signed sheet keeps the log's end from before its signing. The chain is whole: one look-up tells."""
    if not sheet.anchor_count:
        return ""
    entry = Entry.objects.filter(organisation=organisation, number=sheet.anchor_count).first()
    if entry is not None and entry.digest == sheet.anchor_head:
        return ""
    month = f"phiếu tháng {sheet.month.month}/{sheet.month.year}"
    return f"mục {numbers.integer(sheet.anchor_count)}: khác mốc in trên {month}, nhật ký đã bị cắt đuôi hoặc viết lại"


def anchor_file(organisation: Organisation) -> dict[str, Any]:
    """The log's end as it is kept elsewhere: organisation, count, head, at."""
    held = Organisation.objects.get(pk=organisation.pk)
    at = datetime.now(VIETNAM).isoformat(timespec="seconds")
    return {"organisation": held.code, "count": held.entries, "head": held.head, "at": at}


def read_anchor(organisation: Organisation, content: bytes) -> Anchor:
    """The anchor in a file of :func:`anchor_file`. Raises :class:`InputError`."""
    try:
        value = json.loads(content)
        anchor = Anchor(value["count"], value["head"])
        code = value["organisation"]
    except (ValueError, TypeError, KeyError):
        raise InputError("Tệp mốc không đọc được. Chọn tệp JSON đã tải về từ màn hình này.") from None
    if code != organisation.code:
        raise InputError("Tệp mốc là của cơ quan khác. Chọn tệp của cơ quan này.")
    if type(anchor.count) is not int or anchor.count < 0 or not isinstance(anchor.head, str):
        raise InputError("Tệp mốc thiếu số mục hoặc mã băm. Chọn tệp JSON đã tải về từ màn hình này.")
    return anchor
