"""A network address as a source: a feed, a sitemap, or a site whose feed or sitemap is found."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from urllib.parse import urljoin, urlsplit

from canbang.errors import InputError
from canbang.fetch.enrolment import Enrolment, covering, prove
from canbang.fetch.feed import kind_of, read_feed
from canbang.fetch.guard import FEED_MAX, SITEMAP_MAX, FetchError, Guard, Response
from canbang.fetch.not_item import why_not_item
from canbang.fetch.page import feed_links, read_page
from canbang.fetch.sitemap import Entry, read_sitemap
from canbang.fetch.source import Reject, Source
from canbang.item import VIETNAM, DateSource, Item
from canbang.text.dates import parse_date
from canbang.text.normalise import plain

_GUESSES = ("/rss", "/rss.xml", "/feed", "/sitemap.xml")
_MAX_SITEMAPS = 50
_MAX_PAGES = 5000
_FEED_WORDS = ("rss", "feed", "atom", ".xml")


def network_source(url: str, enrolments: Sequence[Enrolment], guard: Guard) -> Source:
    """A source for an enrolled address; nothing is fetched before it is read.

    Raises :class:`InputError` where no proven enrolment covers the address.
    """
    guard.check_address(url)
    enrolment = covering(url, enrolments)
    if enrolment is None:
        raise InputError(
            f'{url}: kênh chưa ghi danh, không thu thập. Chủ quản ghi danh bằng: canbang enrol {url} --owner "…" --by "…"; '
            "hoặc dùng tệp xuất của chính kênh (CSV, XLSX, JSONL, Parquet)."
        )
    return Source(url, _Crawl(url, enrolment, guard).read, enrolment=enrolment.line)


class _Crawl:
    """One reading of one address, on an event loop of its own."""

    def __init__(self, url: str, enrolment: Enrolment, guard: Guard) -> None:
        self.url = url
        self.enrolment = enrolment
        self.guard = guard

    def read(self, source: Source) -> Iterator[Item | Reject]:
        """Items and rejects; the proof is looked at again first."""
        with asyncio.Runner() as runner:
            runner.run(self.guard.__aenter__())
            try:
                proven = runner.run(prove(self._unproven(), self.guard))
                if not proven.proof:
                    raise InputError(
                        f"{self.url}: không còn thấy mã ghi danh ở {self.enrolment.proof_at}. "
                        "Đặt lại mã, hoặc ghi danh lại bằng canbang enrol."
                    )
                yield from self._document(source, runner, runner.run(self._get(self.url, SITEMAP_MAX)))
            finally:
                runner.run(self.guard.__aexit__(None, None, None))

    def _unproven(self) -> Enrolment:
        record = self.enrolment
        return Enrolment(record.url, record.scope, record.owner, record.by, record.code, record.enrolled_at)

    async def _get(self, url: str, limit: int) -> Response:
        reply = await self.guard.get(url, limit=limit)
        if covering(reply.url, [self.enrolment]) is None:
            raise InputError(f"{url}: bị chuyển sang {reply.url}, nằm ngoài kênh đã ghi danh, không đọc.")
        if reply.status != 200:
            raise FetchError(f"{url}: máy chủ trả lời mã {reply.status}. Kiểm tra địa chỉ, hoặc dùng tệp xuất.")
        return reply

    def _document(self, source: Source, runner: asyncio.Runner, reply: Response) -> Iterator[Item | Reject]:
        kind = kind_of(reply.body)
        if kind == "sitemap":
            yield from self._sitemap(source, runner, reply)
        elif kind == "html":
            path = urlsplit(self.url).path.lower()
            if any(word in path for word in _FEED_WORDS):
                list(read_feed(reply.body, self.url))  # a page where a feed was expected: says so
            yield from self._document(source, runner, runner.run(self._discover(source, reply)))
        else:
            items = list(read_feed(reply.body, reply.url, self._channel()))
            source.size = len(items)
            source.notes.append(
                f"{self.url}: bảng tin RSS chỉ mang {len(items)} mục mới nhất; bài cũ hơn không có trong đó"
            )
            for item in items:
                source.done += 1
                yield item

    def _channel(self) -> str:
        return self.enrolment.scope.rstrip("/")

    async def _discover(self, source: Source, home: Response) -> Response:
        """The first feed or sitemap of a site that can be read."""
        named = feed_links(home.body, home.url)
        candidates = [
            *named,
            *self.guard.sitemaps(home.url),
            *(urljoin(home.url, guess) for guess in _GUESSES),
        ]
        for candidate in dict.fromkeys(candidates):
            try:
                reply = await self._get(candidate, SITEMAP_MAX)
            except InputError:
                continue
            if kind_of(reply.body) in ("feed", "sitemap"):
                source.notes.append(f"{self.url}: tìm thấy {candidate}")
                return reply
        raise InputError(
            f"{self.url}: không tìm thấy RSS hay sitemap của trang. Đưa thẳng địa chỉ RSS, hoặc dùng tệp xuất từ hệ quản trị nội dung."
        )

    def _sitemap(self, source: Source, runner: asyncio.Runner, first: Response) -> Iterator[Item | Reject]:
        waiting, seen = [first], {first.url}
        entries: list[Entry] = []
        while waiting:
            reply = waiting.pop(0)
            found, further = read_sitemap(reply.body, reply.url)
            entries += found
            for url in further:
                if url in seen or len(seen) >= _MAX_SITEMAPS:
                    continue
                seen.add(url)
                try:
                    waiting.append(runner.run(self._get(url, SITEMAP_MAX)))
                except InputError as error:
                    source.notes.append(f"thiếu dữ liệu: {error}")
        if len(entries) > _MAX_PAGES:
            source.notes.append(
                f"{self.url}: sitemap có {len(entries)} địa chỉ, chỉ đọc {_MAX_PAGES} địa chỉ đầu: thiếu dữ liệu"
            )
        source.size = min(len(entries), _MAX_PAGES)
        for number, entry in enumerate(entries[:_MAX_PAGES], 1):
            source.done += 1
            yield self._entry(runner, entry, number)

    def _entry(self, runner: asyncio.Runner, entry: Entry, number: int) -> Item | Reject:
        place = f"địa chỉ {number}"
        title, lead, section = plain(entry.title), "", ""
        dated = parse_date(entry.published) if entry.published else None
        when, source = (dated.when.astimezone(VIETNAM) if dated else None), DateSource.SITEMAP
        if not title or when is None:
            try:
                meta = read_page(runner.run(self._get(entry.url, FEED_MAX)).body)
            except InputError as error:
                return Reject(self.url, place, f"không tải được trang: {error}", entry.url)
            title, lead, section = title or meta.title, meta.lead, meta.section
            if when is None:
                when, source = meta.published_at, meta.date_source
        reason = why_not_item(title, lead, "")
        if reason or when is None:
            return Reject(
                self.url,
                place,
                reason or "không phải tin bài, hoặc trang không ghi ngày đăng",
                title or entry.url,
            )
        return Item(
            channel=self._channel(), platform_id=entry.url, title=title, published_at=when, lead=lead, url=entry.url,
            date_source=source, section=section,
        )  # fmt: skip
