"""Bounded reading: gzip undone in small steps, and a size for each kind of document."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator
from io import BytesIO
from tempfile import TemporaryFile
from typing import IO

from canbang.fetch.trouble import FetchError, Trouble

STEP = 1 << 16
PAGE_MAX, FEED_MAX, SITEMAP_MAX = 5 << 20, 10 << 20, 50 << 20
MEMBERS_MAX = 1000
"""Members of one gzip stream: a million empty ones cost time and never reach the limit of size."""
_HEAD = 2048
_GZIP = b"\x1f\x8b"
_COMMENT = re.compile(rb"<!--.*?-->", re.DOTALL)
_ROOT = re.compile(rb"<(?:[a-z][\w.-]*:)?([a-z]\w*)")
_KINDS = {
    b"urlset": "sitemap", b"sitemapindex": "sitemap", b"rss": "feed", b"feed": "feed", b"rdf": "feed",
    b"html": "html", b"head": "html", b"body": "html",
}  # fmt: skip


def kind_of(body: bytes) -> str:
    """What a document is by its root element: "feed", "sitemap", "html", "gzip" or "other"."""
    if body.startswith(_GZIP):
        return "gzip"
    # zero bytes: the same letters in UTF-16
    head = _COMMENT.sub(b"", body[: 2 * _HEAD].replace(b"\0", b"")[:_HEAD].lower())
    if b"<!doctype html" in head:
        return "html"
    root = _ROOT.search(head)
    return _KINDS.get(root.group(1), "other") if root else "other"


def limit_of(head: bytes) -> int:
    """Bytes that a document may have, by its beginning. A compressed one is bounded again when it is opened."""
    return {"sitemap": SITEMAP_MAX, "feed": FEED_MAX, "gzip": FEED_MAX}.get(kind_of(head), PAGE_MAX)


class Gunzip:
    """Undoes gzip block by block, at most ``STEP`` bytes at a time: a bomb is stopped, not defused after it went off."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._stream = zlib.decompressobj(31)
        self._fed = False
        self._members = 1

    def feed(self, block: bytes) -> Iterator[bytes]:
        """Pieces of what ``block`` holds. Raises :class:`FetchError` for what is no gzip."""
        pending = block
        while pending:
            if self._stream.eof:  # further members may follow one another
                self._members += 1
                if self._members > MEMBERS_MAX:
                    raise self._broken()
                self._stream = zlib.decompressobj(31)
            try:
                out = self._stream.decompress(pending, STEP)
            except zlib.error as error:
                raise self._broken() from error
            self._fed = True
            pending = self._stream.unused_data if self._stream.eof else self._stream.unconsumed_tail
            if self._stream.eof and not pending.startswith(_GZIP[: len(pending)]):
                pending = b""  # padding after the last member
            yield out

    def finish(self) -> None:
        """Raise :class:`FetchError` where the stream stops in the middle."""
        if self._fed and not self._stream.eof:
            raise self._broken()

    def _broken(self) -> FetchError:
        return FetchError(f"{self._url}: nội dung nén bị hỏng hoặc bị cắt ngang.", Trouble.ENCODING, passing=True)


def too_big(url: str, limit: int) -> FetchError:
    """What is said of a document beyond its limit."""
    return FetchError(f"{url}: nội dung lớn hơn {max(limit >> 20, 1)} MB, không đọc tiếp.", Trouble.TOO_BIG)


class Buffer:
    """Takes in a document: in memory while that is small, on disk beyond ``FEED_MAX``, where only sitemaps reach."""

    def __init__(self) -> None:
        self._memory = BytesIO()
        self._disk: IO[bytes] | None = None
        self.size = 0

    def write(self, block: bytes) -> None:
        """Take in one more piece."""
        self.size += len(block)
        if self._disk is None and self.size > FEED_MAX:
            self._disk = TemporaryFile()  # noqa: SIM115  (closed by who reads it)
            self._disk.write(self._memory.getbuffer())
            self._memory = BytesIO(self._memory.getvalue()[:STEP])
        (self._disk or self._memory).write(block)

    def finish(self) -> tuple[bytes, IO[bytes] | None]:
        """The document, or its beginning and the file that holds all of it."""
        return self._memory.getvalue(), self._disk


def gunzip(pieces: Iterable[bytes], url: str, limit: int) -> Iterator[bytes]:
    """What a gzip file holds, piece by piece. Raises :class:`FetchError` beyond ``limit`` bytes or for a broken file."""
    stream, size = Gunzip(url), 0
    for piece in pieces:
        for out in stream.feed(piece):
            size += len(out)
            if size > limit:
                raise too_big(url, limit)
            yield out
    stream.finish()
