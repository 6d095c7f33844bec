"""The hash chain: every entry holds the hash of the one before it, so that an edit, a deletion or a reorder shows.

A cut tail shows only against an *anchor*, the count and head that were written down elsewhere (printed on a signed report,
kept in a file). Nothing here knows a database.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

START = "0" * 64
"""What the first entry names as its forerunner."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """How many entries there were, and the hash of the last one."""

    count: int
    head: str


@dataclass(frozen=True, slots=True)
class Link:
    """An entry as it was stored: its number from 1, what it says, and its hash."""

    number: int
    content: Mapping[str, Any]
    digest: str


def digest(previous: str, number: int, content: Mapping[str, Any]) -> str:
    """The hash of an entry: SHA-256 over its forerunner's hash, its number and its content as sorted JSON."""
    said = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(f"{previous}\n{number}\n{said}".encode()).hexdigest()


def faults(links: Iterable[Link], anchor: Anchor | None = None) -> list[str]:
    """What is wrong with a chain, in Vietnamese, naming the entry; empty where it is whole.

    Stops at the first break: behind it every hash differs.
    """
    previous, count, at_anchor = START, 0, ""
    for link in links:
        count += 1
        if link.number != count:
            return [f"mục {count}: thiếu hoặc bị đổi chỗ (gặp mục số {link.number})"]
        if digest(previous, count, link.content) != link.digest:
            return [f"mục {count}: nội dung không khớp mã băm, đã bị sửa hoặc đổi chỗ"]
        previous = link.digest
        if anchor and count == anchor.count:
            at_anchor = previous
    if anchor and count < anchor.count:
        return [f"mục {count + 1}: nhật ký bị cắt đuôi, mốc ghi {anchor.count} mục mà chỉ còn {count}"]
    if anchor and anchor.count and at_anchor != anchor.head:
        return [f"mục {anchor.count}: mã băm khác mốc đã ghi, nhật ký đã bị viết lại"]
    return []
