"""Sitemaps (sitemaps.org, with the news extension, plain or gzip), read as a stream and without DTD.

A tree of a sitemap of 50 MB would take ten times that; the stream keeps one ``<url>`` at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

from canbang.fetch.decode import SITEMAP_MAX, gunzip
from canbang.fetch.listing import Listed, Listing, sitemap_reach
from canbang.fetch.trouble import FetchError, Trouble
from canbang.fetch.xml import Stop, XmlRefused, walk
from canbang.item import VIETNAM, Confidence, DateSource
from canbang.text.dates import parse_date
from canbang.text.normalise import plain

MAX_ENTRIES = 50_000
"""What the protocol allows in one file; what stands beyond is left out, and said."""
_TEXT_MAX = 4096
_KEPT_MAX = 16 << 20
"""Characters of all entries together: 50,000 of 300 each, which only addresses made to fill the memory go beyond."""
_LEAVES = frozenset({"loc", "lastmod", "title", "publication_date"})


class _Target:
    """What the parser calls: keeps the texts of one ``<url>`` or ``<sitemap>``, with the place they stood in."""

    def __init__(self) -> None:
        self.root = ""
        self.entries: list[Listed] = []
        self.cut = False
        self._path: list[str] = []
        self._said: dict[str, str] = {}
        self._text: list[str] = []
        self._length = self._kept = 0

    def start(self, name: str) -> None:
        if not self._path:
            self.root = name
            if name not in ("urlset", "sitemapindex"):
                raise _NoSitemap
        self._path.append(name)
        self._text, self._length = [], 0

    def data(self, text: str) -> None:
        if self._length < _TEXT_MAX:
            self._text.append(text)
            self._length += len(text)

    def end(self, _: str) -> None:
        name = self._path.pop()
        if len(self._path) == 1:
            self._close()
        elif name in _LEAVES:
            # <loc> right below <url>; <news:title> below <news:news>; those of image and video extensions are not ours
            place = self._path[2:]
            if (place == [] and name in ("loc", "lastmod")) or (place == ["news"] and name not in ("loc", "lastmod")):
                self._said.setdefault(name, "".join(self._text)[:_TEXT_MAX].strip())
        self._text, self._length = [], 0

    def _close(self) -> None:
        said, self._said = self._said, {}
        if not said.get("loc"):
            return
        self._kept += sum(map(len, said.values()))
        if len(self.entries) >= MAX_ENTRIES or self._kept > _KEPT_MAX:
            self.cut = True
            raise Stop
        self.entries.append(_listed(said, len(self.entries) + 1))


def _listed(said: dict[str, str], number: int) -> Listed:
    """Dates of the news extension are dates of publishing; ``lastmod`` says when the page changed and never is."""
    written = said.get("publication_date", "")
    dated = parse_date(written) if written else None
    return Listed(
        key=said["loc"], url=said["loc"], title=plain(said.get("title", "")),
        when=dated.when.astimezone(VIETNAM) if dated else None, date_source=DateSource.SITEMAP,
        date_confidence=Confidence.SURE, written=written, modified=said.get("lastmod", ""), place=f"địa chỉ {number}",
    )  # fmt: skip


class _NoSitemap(Exception):
    """The root element is another one."""


def _unpacked(pieces: Iterable[bytes], url: str) -> Iterator[bytes]:
    rest = iter(pieces)
    first = next(rest, b"")
    whole = chain((first,), rest)
    return gunzip(whole, url, SITEMAP_MAX) if first.startswith(b"\x1f\x8b") else whole


def read_listing(pieces: Iterable[bytes], url: str) -> Listing:
    """What a sitemap lists, from its bytes step by step; the sitemaps of an index stand in ``further``.

    Raises :class:`FetchError` for broken XML, a document type declaration, or something that is no sitemap.
    """
    target = _Target()
    try:
        walk(_unpacked(pieces, url), start=target.start, end=target.end, text=target.data)
    except _NoSitemap as error:
        raise FetchError(
            f"{url}: không phải sitemap. Kiểm tra địa chỉ, hoặc dùng tệp xuất.", Trouble.UNREADABLE
        ) from error
    except XmlRefused as error:
        raise FetchError(f"{url}: sitemap hỏng hoặc không an toàn, không đọc được.", Trouble.UNREADABLE) from error
    found = tuple(target.entries)
    entries, further = ((), found) if target.root == "sitemapindex" else (found, ())
    changed = (dated.when for entry in entries if (dated := parse_date(entry.modified)))
    reach = sitemap_reach(
        [entry.when for entry in entries if entry.when] or [day.astimezone(VIETNAM) for day in changed]
    )
    notes = (f"{url}: sitemap có hơn {len(entries)} địa chỉ, phần sau không đọc: thiếu dữ liệu",) if target.cut else ()
    kind = "index" if further else "sitemap"
    return Listing(url, kind, entries, further, None if target.cut else reach, notes)
