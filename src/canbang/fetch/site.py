"""A network address as a source: a feed, a sitemap, or a site whose feeds or sitemaps are found."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlsplit

from canbang.errors import InputError
from canbang.fetch.article import OnPage, enough
from canbang.fetch.decode import kind_of
from canbang.fetch.discover import linked_feeds, ways
from canbang.fetch.enrolment import Enrolment, covering, prove
from canbang.fetch.feed import parse_feed, read_feed
from canbang.fetch.guard import FetchError, Guard, Known, Response, Trouble
from canbang.fetch.listing import Listed, Listing
from canbang.fetch.reader import Reader, how_read
from canbang.fetch.recipe import Verdict
from canbang.fetch.sitemap import read_listing
from canbang.fetch.source import Reject, Source, converted_words
from canbang.item import VIETNAM, Item

MAX_SITEMAPS = 50
MAX_PAGES = 5000
_FEED_WORDS = ("rss", "feed", "atom", ".xml")


def enrolled(url: str, enrolments: Sequence[Enrolment]) -> Enrolment:
    """The proven enrolment that covers ``url``. Raises :class:`InputError` with the way out where there is none."""
    enrolment = covering(url, enrolments)
    if enrolment is None:
        raise InputError(
            f'{url}: kênh chưa ghi danh, không thu thập. Chủ quản ghi danh bằng: canbang enrol {url} --owner "…" --by "…"; '
            "hoặc dùng tệp xuất của chính kênh (CSV, XLSX, JSONL, Parquet)."
        )
    return enrolment


def network_source(url: str, enrolments: Sequence[Enrolment], guard: Guard) -> Source:
    """A source for an enrolled address; nothing is fetched before it is read.

    Raises :class:`InputError` where no proven enrolment covers the address.
    """
    guard.check_address(url)
    enrolment = enrolled(url, enrolments)
    return Source(url, _Reading(url, Site(enrolment, guard)).read, enrolment=enrolment.line)


@dataclass(frozen=True, slots=True)
class Found:
    """What stands at an address: documents that list items, and how they were found."""

    how: str
    replies: tuple[Response, ...]
    failures: tuple[FetchError, ...] = ()


class Site:
    """An enrolled channel as the guard lets it be seen; nothing outside its scope is read.

    ``reader`` learns of its pages for this run alone, unless one with a memory is put in its place.
    """

    def __init__(self, enrolment: Enrolment, guard: Guard) -> None:
        self.enrolment = enrolment
        self.guard = guard
        self.reader = Reader(self.channel)

    @property
    def channel(self) -> str:
        """The name under which its items count."""
        return self.enrolment.scope.rstrip("/")

    async def check_proof(self, url: str) -> None:
        """Look at the proof again. Raises :class:`FetchError` where it is gone or cannot be looked at."""
        record = self.enrolment
        proven = await prove(replace(record, proof="", proof_at="", proved_at=""), self.guard)
        if not proven.proof:
            raise FetchError(
                f"{url}: không còn thấy mã ghi danh ở {record.proof_at}. Đặt lại mã, hoặc ghi danh lại bằng canbang enrol.",
                Trouble.ENROLMENT,
            )

    def covers(self, url: str) -> bool:
        """Whether an address lies in the enrolled channel."""
        try:
            return covering(url, [self.enrolment]) is not None
        except (InputError, ValueError):
            return False

    async def get(self, url: str, known: Known | None = None) -> Response:
        """A document of the channel: status 200, or 304 where ``known`` still holds. Raises :class:`FetchError`."""
        if not self.covers(url):
            raise FetchError(f"{url}: nằm ngoài kênh đã ghi danh, không đọc.", Trouble.OUTSIDE)
        reply = await self.guard.get(url, robots=not self.enrolment.consent, known=known)
        if not self.covers(reply.url):
            raise FetchError(
                f"{url}: bị chuyển sang {reply.url}, nằm ngoài kênh đã ghi danh, không đọc.", Trouble.OUTSIDE
            )
        if reply.status == 200 or (reply.status == 304 and known and known.headers):
            return reply
        raise FetchError(
            f"{url}: máy chủ trả lời mã {reply.status}. Kiểm tra địa chỉ, hoặc dùng tệp xuất.",
            Trouble.GONE if reply.status in (404, 410) else Trouble.STATUS,
        )

    async def find(self, url: str) -> Found:
        """The feeds or sitemaps of an address. Raises :class:`FetchError` where there are none."""
        first = await self.get(url)
        kind = kind_of(first.body)
        if kind != "html" and not (kind == "other" and "html" in first.content_type):
            return Found("địa chỉ này tự nó là danh sách tin", (first,))
        if any(word in urlsplit(url).path.lower() for word in _FEED_WORDS):
            named = linked_feeds(first.body, first.url)
            if not named:
                list(read_feed(first.body, url))  # a page where a feed was expected: says so
            found = await self._try(named, all_of_them=True)
            if found.replies:
                return replace(found, how="trang danh sách RSS")
        for way in ways(first.body, first.url, self.guard.sitemaps(first.url)):
            found = await self._try(way.urls, all_of_them=way.all)
            if found.replies:
                return replace(found, how=way.why)
        raise FetchError(
            f"{url}: không tìm thấy RSS hay sitemap của trang. Đưa thẳng địa chỉ RSS, hoặc dùng tệp xuất từ hệ quản trị nội dung.",
            Trouble.NOTHING_FOUND,
        )

    async def _try(self, urls: Sequence[str], *, all_of_them: bool) -> Found:
        replies: dict[str, Response] = {}
        failures: list[FetchError] = []
        waiting, seen = list(urls), set(urls)
        while waiting and (all_of_them or not replies):
            url = waiting.pop(0)
            try:
                reply = await self.get(url)
            except FetchError as error:
                # a dead link among the named ones is no channel; one that fails today is
                if error.trouble not in (Trouble.GONE, Trouble.OUTSIDE):
                    failures.append(error)
                continue
            kind = kind_of(reply.body)
            if kind in ("feed", "sitemap", "gzip"):
                replies.setdefault(reply.url, reply)
            elif kind == "html":  # a page of feeds: what it names stands in its place
                fresh = [link for link in linked_feeds(reply.body, reply.url) if link not in seen]
                if fresh:
                    all_of_them = True
                    seen.update(fresh)
                    waiting += fresh
        return Found("", tuple(replies.values()), tuple(failures))

    def parse(self, reply: Response) -> Listing:
        """What a document lists; its file is closed. Raises :class:`FetchError` where it is no feed and no sitemap."""
        try:
            if kind_of(reply.body) in ("sitemap", "gzip"):
                return read_listing(reply.pieces(), reply.url)
            return parse_feed(reply.body, reply.url)[1]
        finally:
            reply.close()

    async def page(self, entry: Listed) -> OnPage:
        """The entry with its page. Raises :class:`FetchError`."""
        fetched = datetime.now(VIETNAM)
        return self.reader.read(entry, await self.get(entry.url), fetched)


class _Reading:
    """One reading of one address, on an event loop of its own."""

    def __init__(self, url: str, site: Site) -> None:
        self.url = url
        self.site = site
        self.verdicts: Counter[Verdict | None] = Counter()
        self.converted: Counter[str] = Counter()

    def read(self, source: Source) -> Iterator[Item | Reject]:
        """Items and rejects; the proof is looked at again first."""
        with asyncio.Runner() as runner:
            runner.run(self.site.guard.__aenter__())
            try:
                runner.run(self.site.check_proof(self.url))
                found = runner.run(self.site.find(self.url))
                if found.replies[0].url != self.url:
                    source.notes.append(f"{self.url}: tìm thấy {', '.join(reply.url for reply in found.replies[:3])}")
                source.notes += [f"thiếu dữ liệu: {error}" for error in found.failures]
                yield from self._entries(source, runner, runner.run(self._listings(source, found)))
            finally:
                runner.run(self.site.guard.__aexit__(None, None, None))

    async def _listings(self, source: Source, found: Found) -> list[Listing]:
        waiting, seen = list(found.replies), {reply.url for reply in found.replies}
        listings = []
        while waiting:
            listing = self.site.parse(waiting.pop(0))
            source.notes += listing.notes
            listings.append(listing)
            for entry in listing.further:
                if entry.url in seen or len(seen) >= MAX_SITEMAPS:
                    continue
                seen.add(entry.url)
                try:
                    waiting.append(await self.site.get(entry.url))
                except FetchError as error:
                    source.notes.append(f"thiếu dữ liệu: {error}")
        return listings

    def _entries(self, source: Source, runner: asyncio.Runner, listings: list[Listing]) -> Iterator[Item | Reject]:
        entries: dict[str, Listed] = {}
        for listing in listings:
            if listing.kind == "feed":
                source.notes.append(
                    f"{self.url}: bảng tin RSS chỉ mang {len(listing.entries)} mục mới nhất; bài cũ hơn không có trong đó"
                )
            for entry in listing.entries:
                entries.setdefault(entry.key, entry)
        kept = list(entries.values())
        if len(kept) > MAX_PAGES:
            source.notes.append(
                f"{self.url}: sitemap có {len(kept)} địa chỉ, chỉ đọc {MAX_PAGES} địa chỉ đầu: thiếu dữ liệu"
            )
        source.size = min(len(kept), MAX_PAGES)
        waiting: list[OnPage | Listed | Reject] = []
        for number, entry in enumerate(kept[:MAX_PAGES], 1):
            source.done += 1
            waiting.append(self._page(runner, entry))
            if number == source.size or enough(waiting):
                yield from map(self._thing, waiting)
                waiting.clear()
        source.notes += self._notes()

    def _thing(self, read: OnPage | Listed | Reject) -> Item | Reject:
        if isinstance(read, OnPage):
            self.verdicts[read.draft.verdict] += 1
            whole = read.whole()
            read = read.entry.reject(self.url, whole) if isinstance(whole, str) else whole
        if isinstance(read, Reject):
            return read
        self.converted.update([read.converted] if read.converted else [])
        return read.item(self.site.channel, self.url)

    def _notes(self) -> list[str]:
        said = [how_read(self.verdicts), converted_words(self.converted)]
        return [f"{self.url}: {note}" for note in said if note]

    def _page(self, runner: asyncio.Runner, entry: Listed) -> OnPage | Listed | Reject:
        """The entry, with its page where it is no item without."""
        if entry.complete or not self.site.covers(entry.url):
            return entry
        try:
            return runner.run(self.site.page(entry))
        except FetchError as error:
            return entry.reject(self.url, f"không tải được trang: {error}")
