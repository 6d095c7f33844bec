"""RSS and Atom feeds: bytes in, entries out. The parser gets bytes only; given text it would open paths and addresses."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin

import feedparser

from canbang.fetch.decode import STEP, kind_of
from canbang.fetch.listing import Listed, Listing, feed_reach
from canbang.fetch.source import Reject
from canbang.fetch.trouble import FetchError, Trouble
from canbang.fetch.xml import XmlRefused, walk
from canbang.item import VIETNAM, Confidence, DateSource, Item
from canbang.text.dates import parse_date
from canbang.text.encodings import decode_page
from canbang.text.normalise import plain

__all__ = ["kind_of", "parse_feed", "read_feed"]
MAX_ENTRIES = 2000
_TEXT_MAX = 1 << 19
_BROKEN_MAX = 2 << 20
"""Bytes of a feed that is no well-formed XML: reading those tolerantly takes seconds per megabyte."""
_ENCODING = re.compile(rb"<\?xml[^>]*?encoding\s*=\s*[\"']([^\"']*)", re.IGNORECASE)
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>", re.IGNORECASE)
_WIDE = re.compile(rb"\xff\xfe|\xfe\xff|\x00|.\x00|\x4c\x6f\xa7\x94", re.DOTALL)
_ENTRY = re.compile(rb"<(?:[a-z][\w.-]{0,20}:)?(?:item|entry)[\s>]", re.IGNORECASE)


def parse_feed(body: bytes, url: str) -> tuple[str, Listing]:
    """Title of a feed, and what it lists. Entries without date or title are there too: their page may say.

    Raises :class:`FetchError` for a page where a feed was expected, declared entities, or an unreadable feed.
    """
    if kind_of(body) == "html":
        raise FetchError(
            f"{url}: đây là trang web (HTML), không phải bảng tin RSS. Đưa địa chỉ trang chủ để tự tìm RSS.",
            Trouble.UNREADABLE,
        )
    body, cut = _newest(body)
    body = _as_utf8(body)
    _check(body, url)
    notes = (f"{url}: bảng tin có hơn {MAX_ENTRIES} mục, chỉ đọc {MAX_ENTRIES} mục đầu",) if cut else ()
    parsed = _parse(body, url)
    ids = Counter(str(entry.get("id", "")) for entry in parsed.entries)
    entries = tuple(_listed(entry, number, url, ids) for number, entry in enumerate(parsed.entries, 1))
    reach = feed_reach([entry.when for entry in entries if entry.when])
    return plain(str(parsed.feed.get("title", ""))), Listing(url, "feed", entries, reach=reach, notes=notes)


def _newest(body: bytes) -> tuple[bytes, bool]:
    """The body up to the first ``MAX_ENTRIES`` entries: the parser holds everything it reads many times over."""
    for number, match in enumerate(_ENTRY.finditer(body)):
        if number == MAX_ENTRIES:
            head = body[: match.start()]
            return head + (b"</channel></rss>" if b"<rss" in head[:4096].lower() else b"</feed>"), True
    return body, False


def _as_utf8(body: bytes) -> bytes:
    """The body in UTF-8, decoded by the rule of the house: the parser would follow a declaration into UTF-7 and beyond."""
    declared = _ENCODING.search(body[:300])
    if (declared is None or declared.group(1).lower() in (b"utf-8", b"utf8")) and not _WIDE.match(body):
        try:
            body.decode()
            return body
        except UnicodeDecodeError:
            pass
    return _DECLARATION.sub("", decode_page(body).text, count=1).encode("utf-8", "replace")


def _check(body: bytes, url: str) -> None:
    """Refuse declared entities, endless nesting, and broken XML too large to be read tolerantly."""
    entities = FetchError(
        f"{url}: bảng tin có khai báo thực thể XML hoặc lồng quá sâu, không an toàn, không đọc.", Trouble.UNREADABLE
    )
    if b"<!ENTITY" in body.replace(b"\0", b""):  # also where broken XML stops the walk before it is seen
        raise entities
    try:
        walk((body[at : at + STEP] for at in range(0, len(body), STEP)), any_doctype=True)
    except XmlRefused as error:
        if error.unsafe:
            raise entities from error
        if len(body) > _BROKEN_MAX:
            raise _unreadable(url) from error


def _parse(body: bytes, url: str) -> Any:
    try:
        # Cleaning is ours (plain text only) and links are resolved here: neither needs the parser's slow HTML pass.
        parsed = feedparser.parse(body, sanitize_html=False, resolve_relative_uris=False)
    except Exception as error:
        raise _unreadable(url) from error
    if not parsed.entries and (parsed.bozo or not parsed.get("version")):
        raise _unreadable(url)
    return parsed


def _unreadable(url: str) -> FetchError:
    return FetchError(
        f"{url}: không đọc được như bảng tin RSS/Atom. Kiểm tra địa chỉ, hoặc dùng tệp xuất.", Trouble.UNREADABLE
    )


def read_feed(body: bytes, url: str, channel: str = "") -> Iterator[Item | Reject]:
    """Items of a feed, from what the feed alone says; raises as :func:`parse_feed`."""
    title, listing = parse_feed(body, url)
    for entry in listing.entries:
        yield entry.item(channel or title or url, url)


def _text(value: Any) -> str:
    return plain(str(value or "")[:_TEXT_MAX])


def _listed(entry: Any, number: int, url: str, ids: Counter[str]) -> Listed:
    title, lead = _text(entry.get("title")), _text(entry.get("summary"))
    content = " ".join(_text(part.get("value")) for part in entry.get("content") or [])
    link = _link(str(entry.get("link") or ""), url)
    own = str(entry.get("id") or "")
    tags = entry.get("tags") or []
    when, field = _when(entry)
    return Listed(
        # one id on several entries names none of them
        key=(own if ids[own] == 1 else "") or link or own or title,
        url=link, title=title, lead=lead, text="" if content == lead else content,
        section=_text(tags[0].get("term")) if tags else "",
        when=when, date_source=DateSource.FEED,
        # "updated" alone is when the entry was last touched: a person looks at it
        date_confidence=Confidence.SURE if field == "published" else Confidence.LIKELY,
        written=str(dict.get(entry, "published") or dict.get(entry, "updated") or "")[:80], place=f"mục {number}",
    )  # fmt: skip


def _link(link: str, url: str) -> str:
    try:
        return urljoin(url, link.strip()) if link.strip() else ""
    except ValueError:
        return ""


def _when(entry: Any) -> tuple[datetime | None, str]:
    for field in ("published", "updated"):
        # feedparser answers "published" for a missing "updated"; what is really there is asked for
        written = str(dict.get(entry, field) or "")
        dated = parse_date(written) if written else None
        if dated:
            return dated.when.astimezone(VIETNAM), field
        parsed = dict.get(entry, f"{field}_parsed")
        if isinstance(parsed, time.struct_time):
            try:
                return datetime(*parsed[:6], tzinfo=UTC).astimezone(VIETNAM), field
            except (ValueError, OverflowError):
                continue
    return None, ""
