"""Sitemaps (sitemaps.org, with the news extension, plain or gzip), read without DTD."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from canbang.errors import InputError
from canbang.fetch.guard import SITEMAP_MAX


@dataclass(frozen=True, slots=True)
class Entry:
    """One address of a sitemap; ``title`` and ``published`` are there where the news extension gives them."""

    url: str
    title: str = ""
    published: str = ""


def _local(element: Element) -> str:
    return str(element.tag).rsplit("}", 1)[-1]


def _child(element: Element, name: str) -> str:
    for child in element.iter():
        if _local(child) == name and child.text:
            return child.text.strip()
    return ""


def _unzipped(body: bytes, url: str) -> bytes:
    if not body.startswith(b"\x1f\x8b"):
        return body
    unzip = zlib.decompressobj(31)
    try:
        out = unzip.decompress(body, SITEMAP_MAX)
    except zlib.error as error:
        raise InputError(f"{url}: tệp sitemap nén bị hỏng.") from error
    if unzip.unconsumed_tail:
        raise InputError(f"{url}: sitemap lớn hơn {SITEMAP_MAX >> 20} MB sau khi giải nén.")
    return out


def read_sitemap(body: bytes, url: str) -> tuple[list[Entry], list[str]]:
    """Entries, and addresses of further sitemaps (of a sitemap index).

    Raises :class:`InputError` for broken XML, a document type declaration, or something that is no sitemap.
    """
    try:
        root = fromstring(_unzipped(body, url), forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{url}: sitemap hỏng hoặc không an toàn, không đọc được.") from error
    if _local(root) == "sitemapindex":
        return [], [loc for child in root if (loc := _child(child, "loc"))]
    if _local(root) != "urlset":
        raise InputError(f"{url}: không phải sitemap. Kiểm tra địa chỉ, hoặc dùng tệp xuất.")
    entries = []
    for child in root:
        loc = _child(child, "loc")
        if loc:
            news = next((part for part in child if _local(part) == "news"), None)
            title = _child(news, "title") if news is not None else ""
            published = _child(news, "publication_date") if news is not None else ""
            entries.append(Entry(loc, title, published))
    return entries, []
