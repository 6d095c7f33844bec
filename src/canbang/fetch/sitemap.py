"""Sitemaps (sitemaps.org, with the news extension, plain or gzip), read as a stream and without DTD.

A tree of a sitemap of 50 MB would take ten times that; the stream keeps one ``<url>`` at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from canbang.fetch.decode import SITEMAP_MAX, STEP, gunzip
from canbang.fetch.trouble import FetchError, Trouble
from canbang.fetch.xml import Stop, XmlRefused, walk

MAX_ENTRIES = 50_000
"""What the protocol allows in one file; what stands beyond is left out, and said."""
_TEXT_MAX = 4096
_LEAVES = frozenset({"loc", "lastmod", "title", "publication_date"})


@dataclass(frozen=True, slots=True)
class Entry:
    """One address of a sitemap; ``title`` and ``published`` are there where the news extension gives them.

    ``modified`` is its ``lastmod`` as written: when the page changed, never when it was published.
    """

    url: str
    title: str = ""
    published: str = ""
    modified: str = ""


@dataclass(frozen=True, slots=True)
class Sitemap:
    """What one file says: entries, or further sitemaps (``modified`` tells how old their newest address may be)."""

    entries: tuple[Entry, ...]
    further: tuple[Entry, ...]
    cut: bool = False


class _Target:
    """What the parser calls: keeps the texts of one ``<url>`` or ``<sitemap>``, with the place they stood in."""

    def __init__(self) -> None:
        self.root = ""
        self.entries: list[Entry] = []
        self.cut = False
        self._path: list[str] = []
        self._said: dict[str, str] = {}
        self._text: list[str] = []
        self._length = 0

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
        if len(self.entries) >= MAX_ENTRIES:
            self.cut = True
            raise Stop
        self.entries.append(
            Entry(said["loc"], said.get("title", ""), said.get("publication_date", ""), said.get("lastmod", ""))
        )


class _NoSitemap(Exception):
    """The root element is another one."""


def _pieces(body: bytes, url: str) -> Iterator[bytes]:
    if body.startswith(b"\x1f\x8b"):
        yield from gunzip(body, url, SITEMAP_MAX)
    else:
        for at in range(0, len(body), STEP):
            yield body[at : at + STEP]


def parse_sitemap(body: bytes, url: str) -> Sitemap:
    """Everything one file says.

    Raises :class:`FetchError` for broken XML, a document type declaration, or something that is no sitemap.
    """
    target = _Target()
    try:
        walk(_pieces(body, url), start=target.start, end=target.end, text=target.data)
    except _NoSitemap as error:
        raise FetchError(
            f"{url}: không phải sitemap. Kiểm tra địa chỉ, hoặc dùng tệp xuất.", Trouble.UNREADABLE
        ) from error
    except XmlRefused as error:
        raise FetchError(f"{url}: sitemap hỏng hoặc không an toàn, không đọc được.", Trouble.UNREADABLE) from error
    found = tuple(target.entries)
    return Sitemap((), found, target.cut) if target.root == "sitemapindex" else Sitemap(found, (), target.cut)


def read_sitemap(body: bytes, url: str) -> tuple[list[Entry], list[str]]:
    """Entries, and addresses of further sitemaps; as :func:`parse_sitemap`."""
    read = parse_sitemap(body, url)
    return list(read.entries), [entry.url for entry in read.further]
