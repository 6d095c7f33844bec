"""RSS and Atom feeds: bytes in, items out. The parser gets bytes only; given text it would open paths and addresses."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import feedparser

from canbang.errors import InputError
from canbang.fetch.not_item import why_not_item
from canbang.fetch.source import Reject
from canbang.item import VIETNAM, DateSource, Item
from canbang.text.dates import parse_date
from canbang.text.normalise import plain

_HEAD = 2048


def kind_of(body: bytes) -> str:
    """What a document is by its beginning: "feed", "sitemap", "html" or "other"."""
    head = body.lstrip()[:_HEAD].lower()
    for marks, kind in (
        ((b"<urlset", b"<sitemapindex"), "sitemap"),
        ((b"<rss", b"<feed", b"<rdf:rdf"), "feed"),
        ((b"<!doctype html", b"<html", b"<head", b"<body"), "html"),
    ):
        if any(mark in head for mark in marks):
            return kind
    return "other"


def read_feed(body: bytes, url: str, channel: str = "") -> Iterator[Item | Reject]:
    """Items of a feed. Raises :class:`InputError` for a page where a feed was expected, or an unreadable feed."""
    if kind_of(body) == "html":
        raise InputError(
            f"{url}: đây là trang web (HTML), không phải bảng tin RSS. Đưa địa chỉ trang chủ để tự tìm RSS."
        )
    if b"<!ENTITY" in body.replace(b"\0", b""):  # zero bytes: the same word in UTF-16
        raise InputError(f"{url}: bảng tin có khai báo thực thể XML, không an toàn, không đọc.")
    parsed = feedparser.parse(body)
    if not parsed.entries and (parsed.bozo or not parsed.get("version")):
        raise InputError(f"{url}: không đọc được như bảng tin RSS/Atom. Kiểm tra địa chỉ, hoặc dùng tệp xuất.")
    name = channel or plain(str(parsed.feed.get("title", ""))) or url
    for number, entry in enumerate(parsed.entries, 1):
        yield _item(entry, number, url, name)


def _item(entry: Any, number: int, url: str, channel: str) -> Item | Reject:
    title, lead = plain(str(entry.get("title", ""))), plain(str(entry.get("summary", "")))
    content = " ".join(plain(str(part.get("value", ""))) for part in entry.get("content", []))
    text = "" if content == lead else content
    link = str(entry.get("link", ""))
    place, start = f"mục {number}", (title or lead)[:80]
    reason = why_not_item(title, lead, text)
    if reason:
        return Reject(url, place, reason, start)
    when = _when(entry)
    if when is None:
        written = str(entry.get("published", entry.get("updated", "")))[:40]
        return Reject(url, place, f"ngày đăng không đọc được: “{written}”" if written else "thiếu ngày đăng", start)
    return Item(
        channel=channel, platform_id=str(entry.get("id", "")) or link or title, title=title, published_at=when,
        lead=lead, text=text, url=link, date_source=DateSource.FEED,
        section=plain(str(entry.tags[0].get("term") or "")) if entry.get("tags") else "",
    )  # fmt: skip


def _when(entry: Any) -> datetime | None:
    for field in ("published", "updated"):
        written = str(entry.get(field, ""))
        dated = parse_date(written) if written else None
        if dated:
            return dated.when.astimezone(VIETNAM)
        parsed = entry.get(f"{field}_parsed")
        if isinstance(parsed, time.struct_time):
            try:
                return datetime(*parsed[:6], tzinfo=UTC).astimezone(VIETNAM)
            except (ValueError, OverflowError):
                continue
    return None
