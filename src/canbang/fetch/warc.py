"""A channel's own archive: WARC files, folders and zips of saved pages, read within bounds.

Only pages of the enrolled channel count; what an archive holds of other hosts is left out with a count. Nothing is fetched.
Bounds: 5 MB a page, 200,000 pages, and 400 times an archive's own size once unpacked, so that a bomb ends early.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from canbang.errors import InputError, reason
from canbang.fetch.enrolment import Enrolment, covering
from canbang.fetch.guard import PAGE_MAX
from canbang.fetch.page import parse, read_article
from canbang.fetch.source import Reject, Source
from canbang.item import VIETNAM, Confidence, Item
from canbang.text.dates import parse_date
from canbang.text.normalise import plain
from canbang.text.urls import canonical_url

PAGES_MAX = 200_000
RATIO = 400
ROOM = 64 << 20
_HTML = (".html", ".htm", ".xhtml", ".shtml", ".aspx", ".php")
_KINDS = ("text/html", "application/xhtml+xml")


@dataclass(frozen=True, slots=True)
class Page:
    """One saved page: where it stood, its address ("" where the archive does not say), and when it was saved."""

    place: str
    url: str
    body: bytes
    content_type: str = ""
    saved: datetime | None = None


def is_archive(path: Path) -> bool:
    """Whether this is a WARC file, a zip or a folder."""
    return path.is_dir() or path.name.lower().endswith((".warc", ".warc.gz", ".arc", ".arc.gz", ".zip"))


def archive_source(path: Path, address: str, enrolments: Sequence[Enrolment]) -> Source:
    """A source over the pages of ``path`` that belong to the enrolled channel at ``address``.

    Raises :class:`InputError` where no proven enrolment covers the address, or the archive cannot be opened.
    """
    enrolment = covering(address, enrolments)
    if enrolment is None:
        raise InputError(
            f"{address}: kênh chưa ghi danh, không đọc kho lưu. Chủ quản ghi danh bằng: canbang enrol {address} "
            '--owner "…" --by "…".'
        )
    if not path.exists():
        raise InputError(f"{path}: không có tệp hoặc thư mục này. Kiểm tra lại tên.")
    pages: Callable[[Path], Iterator[Page | Reject]]
    pages = _folder if path.is_dir() else _zip if path.suffix.lower() == ".zip" else _warc
    reader = _Reader(path, enrolment)
    size = 0 if path.is_dir() else path.stat().st_size
    return Source(path.name, lambda source: reader.read(source, pages(path)), enrolment=enrolment.line, size=size)


class _Reader:
    """Pages to items of one channel, each address once."""

    def __init__(self, path: Path, enrolment: Enrolment) -> None:
        self.path, self.enrolment = path, enrolment
        self.seen: dict[str, str] = {}
        self.outside = self.unsure = self.nameless = 0

    def read(self, source: Source, pages: Iterator[Page | Reject]) -> Iterator[Item | Reject]:
        for page in pages:
            if isinstance(page, Reject):
                if page.start == _LOST:
                    source.notes.append(f"thiếu dữ liệu: {self.path.name}: {page.reason}")
                yield page
                continue
            source.done += len(page.body)
            yield self._item(page)
        if self.outside:
            source.notes.append(f"{self.path.name}: {self.outside} trang ngoài kênh đã ghi danh, không đọc")
        if self.nameless:
            source.notes.append(f"{self.path.name}: {self.nameless} trang không tự ghi địa chỉ, lấy tên tệp làm mã")
        if self.unsure:
            source.notes.append(f"{self.path.name}: {self.unsure} tin có ngày đăng chưa chắc, cần người xem lại")

    def _item(self, page: Page) -> Item | Reject:
        url = page.url or _own_address(page.body)

        def reject(why: str, start: str = "") -> Reject:
            return Reject(self.path.name, page.place, why, start or url[:80])

        if len(page.body) > PAGE_MAX:
            return reject(f"trang lớn hơn {PAGE_MAX >> 20} MB, không đọc")
        if url and not _covered(url, self.enrolment):
            self.outside += 1
            return reject("ngoài kênh đã ghi danh")
        article = read_article(page.body, url=url, content_type=page.content_type, fetched=page.saved)
        named = article.url if article.url and _covered(article.url, self.enrolment) else url
        key = canonical_url(named) or page.place
        if key in self.seen:
            return reject(f"trùng: đã đọc địa chỉ này ở {self.seen[key]}", article.title[:80])
        if article.reason:
            return reject(article.reason, article.title[:80])
        if article.published is None:
            return reject("trang không ghi ngày đăng đọc được", article.title[:80])
        self.seen[key] = page.place
        self.nameless += not named
        self.unsure += article.published.confidence is Confidence.LIKELY
        return Item(
            channel=self.enrolment.scope.rstrip("/"), platform_id=key, title=article.title,
            published_at=article.published.when.astimezone(VIETNAM), lead=article.lead, text=article.text, url=named,
            date_source=article.published.source, date_confidence=article.published.confidence, section=article.section,
        )  # fmt: skip


def _covered(url: str, enrolment: Enrolment) -> bool:
    try:
        return covering(url, [enrolment]) is not None
    except InputError:
        return False


def _own_address(body: bytes) -> str:
    """The address that a saved page gives itself."""
    tree = parse(body[:PAGE_MAX])
    for selector, name in (('link[rel="canonical"]', "href"), ('meta[property="og:url"]', "content")):
        node = tree.css_first(selector)
        found = plain((node.attributes.get(name) or "") if node else "")
        if found.startswith(("http://", "https://")):
            return urljoin(found, "")
    return ""


_LOST = "phần sau của kho"
"""Mark of a reject that stands for everything behind it."""


def _lost(path: Path, place: str, why: str) -> Reject:
    return Reject(path.name, place, why, _LOST)


def _folder(path: Path) -> Iterator[Page | Reject]:
    count = 0
    for folder, folders, files in os.walk(path, followlinks=False):
        folders.sort()
        for name in sorted(files):
            file = Path(folder) / name
            place = str(file.relative_to(path))
            if file.suffix.lower() not in _HTML or file.is_symlink():
                continue
            count += 1
            if count > PAGES_MAX:
                yield _lost(path, place, f"thư mục có hơn {PAGES_MAX} trang: phần còn lại không đọc. Chia nhỏ thư mục")
                return
            try:
                with file.open("rb") as stream:
                    yield Page(place, "", stream.read(PAGE_MAX + 1))
            except OSError as error:
                yield Reject(path.name, place, f"không đọc được tệp ({reason(error)})")
    if not count:
        raise InputError(f"{path}: thư mục không có tệp HTML nào ({', '.join(_HTML)}).")


def _zip(path: Path) -> Iterator[Page | Reject]:
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise InputError(f"{path}: không phải tệp ZIP hợp lệ hoặc tệp bị hỏng.") from error
    with archive:
        entries = [e for e in archive.infolist() if Path(e.filename).suffix.lower() in _HTML and not e.is_dir()]
        if sum(entry.file_size for entry in archive.infolist()) > RATIO * path.stat().st_size + ROOM:
            raise InputError(f"{path}: tệp ZIP nén bất thường, không mở.")
        if not entries:
            raise InputError(f"{path}: trong tệp ZIP không có tệp HTML nào.")
        room = RATIO * path.stat().st_size + ROOM
        for number, entry in enumerate(entries, 1):
            if number > PAGES_MAX:
                yield _lost(path, entry.filename, f"tệp ZIP có hơn {PAGES_MAX} trang: phần còn lại không đọc")
                return
            try:
                with archive.open(entry) as stream:
                    body = stream.read(PAGE_MAX + 1)
            except (zipfile.BadZipFile, zlib.error, OSError, RuntimeError, NotImplementedError, EOFError, ValueError):
                yield Reject(path.name, entry.filename, "tệp bên trong ZIP hỏng hoặc có mật khẩu")
                continue
            room -= len(body)  # the list of contents may lie about sizes
            if room < 0:
                raise InputError(f"{path}: tệp ZIP nén bất thường, không đọc tiếp.")
            yield Page(entry.filename, "", body)


class _Bounded(io.RawIOBase):
    """A stream that ends with :class:`InputError` once more came out of it than an honest archive holds.

    ``torn``: the packed file broke off. The reader of records takes that for a plain end, so it is kept here.
    """

    def __init__(self, inner: gzip.GzipFile | io.BufferedReader, path: Path) -> None:
        self._inner, self._path = inner, path
        self._room = RATIO * path.stat().st_size + ROOM
        self.torn = False
        self.tail = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        try:
            # read1 gives what is whole before it meets the break
            data = self._inner.read1(min(size, 1 << 16) if size and size > 0 else 1 << 16)
        except (EOFError, zlib.error, OSError):
            self.torn = True
            return b""
        self._room -= len(data)
        if self._room < 0:
            raise InputError(f"{self._path}: tệp WARC nén bất thường, không đọc tiếp.")
        self.tail = (self.tail + data[-4:])[-4:]
        return data


def _warc(path: Path) -> Iterator[Page | Reject]:
    with path.open("rb") as stream:
        packed = stream.read(2) == b"\x1f\x8b"
        stream.seek(0)
        bounded = _Bounded(gzip.GzipFile(fileobj=stream) if packed else stream, path)
        count, whole = 0, True
        for number, record in _records(bounded, path):
            if record is None:
                whole = False
                break
            count = number
            page = _page(record, number)
            if page is not None:
                yield page
            if number > 10 * PAGES_MAX:
                yield _lost(
                    path, f"sau bản ghi {number}", "tệp WARC quá nhiều bản ghi: phần sau không đọc. Chia nhỏ tệp"
                )
                return
        if not count:
            raise InputError(f"{path}: không phải tệp WARC hợp lệ, hoặc tệp bị hỏng từ đầu.")
        # records end in two line ends: a file cut among the headers of its last record shows by that alone
        if (
            bounded.torn
            or not whole
            or not bounded.tail.endswith(b"\r\n\r\n" if ".warc" in path.name.lower() else b"\n")
        ):
            yield _lost(path, f"sau bản ghi {count}", "tệp WARC hỏng hoặc bị cắt: phần sau không đọc được")


def _records(stream: _Bounded, path: Path) -> Iterator[tuple[int, Any]]:
    """Records with their numbers; ``None`` in place of one where the file turned out broken or cut."""
    from warcio.archiveiterator import ArchiveIterator  # type: ignore[import-untyped]
    from warcio.exceptions import ArchiveLoadFailed  # type: ignore[import-untyped]

    broken = (ArchiveLoadFailed, EOFError, OSError, ValueError, IndexError, KeyError, AttributeError, TypeError)
    records = iter(ArchiveIterator(stream, arc2warc=True))
    number, last = 0, None
    while True:
        try:
            with contextlib.redirect_stderr(io.StringIO()):  # its warnings are in English and name no file
                record = next(records, None)
        except InputError:
            raise
        except broken:
            yield number, None
            return
        if record is None:
            # a record that is shorter than it says is where the file was cut
            if last is not None and getattr(last.raw_stream, "limit", 0) > 0:
                yield number, None
            return
        number, last = number + 1, record
        yield number, record


def _page(record: Any, number: int) -> Page | None:
    """The page of a record that holds one whole; ``None`` for requests, pictures, failures, and one that was cut."""
    if record.rec_type not in ("response", "resource"):
        return None
    url = str(record.rec_headers.get_header("WARC-Target-URI") or "").strip("<> ")
    if record.rec_type == "response" and record.http_headers is not None:
        if record.http_headers.get_statuscode() != "200":
            return None
        kind = str(record.http_headers.get_header("Content-Type") or "")
    else:
        kind = str(record.rec_headers.get_header("Content-Type") or "")
    if not kind.lower().startswith(_KINDS):
        return None
    stream, parts, size = record.content_stream(), [], 0
    try:
        while size <= PAGE_MAX and (block := stream.read(1 << 16)):
            parts.append(block)
            size += len(block)
        if size <= PAGE_MAX and record.raw_stream.limit > 0 and not record.raw_stream.read(1):
            return None
    except InputError:
        raise
    except (EOFError, OSError, zlib.error, ValueError, AttributeError):
        return None
    dated = parse_date(str(record.rec_headers.get_header("WARC-Date") or ""))
    return Page(f"bản ghi {number}", url, b"".join(parts)[: PAGE_MAX + 1], kind, dated.when if dated else None)
