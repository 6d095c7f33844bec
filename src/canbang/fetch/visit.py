"""One reading of one enrolled channel into a folder: what is new, what was edited, what was taken down, what is missing."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

from canbang.fetch.article import OnPage, enough
from canbang.fetch.collected import Act, address_key
from canbang.fetch.coverage import Attempt, Outcome, Span, moment
from canbang.fetch.enrolment import Enrolment
from canbang.fetch.folder import Folder
from canbang.fetch.guard import FetchError, Guard, Known, Response, Trouble
from canbang.fetch.listing import Listed
from canbang.fetch.reader import Reader, how_read
from canbang.fetch.recipe import Verdict
from canbang.fetch.site import MAX_PAGES, MAX_SITEMAPS, Site
from canbang.fetch.source import converted_words
from canbang.fetch.trouble import host_of
from canbang.item import VIETNAM, Confidence, DateSource, Item
from canbang.text.dates import parse_date
from canbang.text.numbers import integer

TOGETHER = 4
TRIES = 3
"""After so many failed tries to read its page, an act counts by what the feed alone says of it."""
_CHECKS = 30
_WAITING_MAX = 2000
_REDISCOVER = timedelta(days=7)
_LASTING = frozenset({Trouble.ROBOTS, Trouble.OUTSIDE, Trouble.TOO_BIG, Trouble.GONE, Trouble.ADDRESS, Trouble.PRIVATE})
_SECOND = timedelta(seconds=1)


def now() -> datetime:
    """This moment in Vietnam, to the second."""
    return datetime.now(VIETNAM).replace(microsecond=0)


async def collect(
    folder: Folder, channels: Sequence[tuple[str, Enrolment]], guard: Guard, *, pages: bool = True,
    limit: int = MAX_PAGES, done: Callable[[Attempt], None] = lambda _: None,
) -> list[Attempt]:  # fmt: skip
    """Read every channel, several hosts at a time; a channel that fails never stops another.

    At most ``limit`` pages of each are read, the rest next time.

    Raises :class:`InputError` only where the folder itself cannot be written.
    """
    turns = asyncio.Semaphore(TOGETHER)
    readers: dict[str, Reader] = {}

    async def one(address: str, enrolment: Enrolment) -> Attempt:
        async with turns:
            site = Site(enrolment, guard)
            if site.channel not in readers:  # several addresses of one channel teach one reader
                readers[site.channel] = Reader(site.channel, folder.path)
            site.reader = readers[site.channel]
            attempt = await Visit(folder, site, address, pages=pages, limit=limit).run()
            done(attempt)
            return attempt

    async with guard:
        return list(await asyncio.gather(*(one(address, enrolment) for address, enrolment in channels)))


class Visit:
    """One reading. ``pages``: fetch the page of each new act for its text."""

    def __init__(self, folder: Folder, site: Site, address: str, *, pages: bool = True, limit: int = MAX_PAGES) -> None:
        self.folder, self.site, self.address = folder, site, address
        self.pages, self.limit = pages, limit
        self.channel = site.channel
        self.started = now()
        self.count = {"got": 0, "known": 0, "revised": 0, "deleted": 0, "rejected": 0}
        self.errors: list[FetchError] = []
        self.complete = True
        self.reaches: list[datetime] = []
        self.read_any = False
        memory = folder.cursor.get(address) or {}
        self.old: dict[str, Any] = dict(memory.get("documents") or {})
        self.roots: list[str] = list(memory.get("roots") or [])
        self.found_at: str = str(memory.get("found_at") or "")
        self.documents: dict[str, Any] = {}
        self.waiting: dict[str, dict[str, Any]] = {}
        self.verdicts: Counter[Verdict | None] = Counter()
        self.doubtful = 0
        self.converted: Counter[str] = Counter()
        self._unjudged: list[OnPage | Listed] = []

    async def run(self) -> Attempt:
        """The reading, on record from before its first request to behind its last."""
        asked = self._asked
        last = self.folder.last(self.channel, self.address)
        earlier = [dict(one) for one in last.waiting] if last else []
        self.folder.begin(self.channel, self.address, self.started, self.site.enrolment.line)
        try:
            await self.site.check_proof(self.address)
            await self._read(earlier)
        except FetchError as error:
            self._failed(error)
        for one in earlier:
            if not self.read_any:
                self.waiting.setdefault(str(one["key"]), one)
        attempt = self._attempt(self._asked - asked)
        self.folder.end(attempt)
        self.folder.commit(self.address, self._memory())
        return attempt

    @property
    def _asked(self) -> int:  # requests to this host so far
        return self.site.guard.requests[host_of(self.address)]

    def _failed(self, error: FetchError) -> None:
        self.errors.append(error)
        self.complete = False

    def _attempt(self, tried: int) -> Attempt:
        until = self.started - _SECOND  # dates of feeds have whole seconds: this one is not over yet
        covers: Span | None = None
        if self.complete and self.reaches and max(self.reaches) < until:
            covers = (max(self.reaches), until)
        outcome = (
            Outcome.FAILED if not self.read_any else Outcome.PART if self.errors or self.waiting else Outcome.WHOLE
        )
        return Attempt(
            self.channel, self.address, self.started, now(), outcome, tried, covers=covers,
            waiting=tuple(self.waiting.values())[:_WAITING_MAX],
            errors=tuple((error.trouble.value, str(error)) for error in self.errors[:20]), notes=tuple(self._notes()),
            **self.count,
        )  # fmt: skip

    def _notes(self) -> list[str]:
        doubt = f"{integer(self.doubtful)} tin có ngày đăng chưa chắc, cần người xem" if self.doubtful else ""
        said = (self.site.reader.trouble, how_read(self.verdicts), converted_words(self.converted), doubt)
        return [note for note in said if note]

    def _memory(self) -> dict[str, Any]:
        return {"roots": self.roots, "found_at": self.found_at, "documents": self.documents or self.old}

    async def _read(self, earlier: list[dict[str, Any]]) -> None:
        ready = await self._roots()
        changed: list[tuple[str, dict[str, Any], list[Listed]]] = []
        queue = [(url, "") for url in self.roots]
        seen = set(self.roots)
        while queue:
            url, modified = queue.pop(0)
            fresh = await self._document(url, modified, ready.get(url))
            if fresh is not None:
                changed.append((url, *fresh))
            for further, changed_at in self.documents.get(url, {}).get("further", ()):
                if further in seen:
                    continue
                if len(seen) >= MAX_SITEMAPS:
                    self._failed(
                        FetchError(f"{url}: hơn {MAX_SITEMAPS} sitemap con, phần sau chưa đọc.", Trouble.TOO_BIG)
                    )
                    break
                seen.add(further)
                queue.append((further, changed_at))
        todo = {str(one["key"]): _restored(one) for one in earlier}
        tries = {str(one["key"]): int(one.get("tries", 1)) for one in earlier}
        for url, _, entries in changed:
            before = self.old.get(url, {}).get("seen", {})
            for entry in entries:
                if before.get(entry.key, [""])[0] == entry.digest and entry.key not in todo and self._settled(entry):
                    self.count["known"] += 1
                else:
                    todo[entry.key] = entry
        await self._entries(todo, tries, changed)
        for url, document, _ in changed:
            await self._removed(url, document)

    async def _roots(self) -> dict[str, Response]:
        """The documents to start from, found anew once a week; those just fetched come with it."""
        if self.roots and self.found_at and self.started - moment(self.found_at) < _REDISCOVER:
            return {}
        found = await self.site.find(self.address)
        for error in found.failures:
            self._failed(error)
        self.roots = [reply.url for reply in found.replies]
        # where something named could not be read, look again next time
        self.found_at = "" if found.failures else self.started.isoformat()
        return {reply.url: reply for reply in found.replies}

    async def _document(
        self, url: str, modified: str, ready: Response | None
    ) -> tuple[dict[str, Any], list[Listed]] | None:
        """Read one feed or sitemap; its entries where it changed since last time."""
        old = self.old.get(url, {})
        try:
            reply = ready or await self.site.get(url, Known(old.get("etag", ""), old.get("last_modified", "")))
            mark = reply.digest()
            if old and (reply.status == 304 or mark == old.get("digest")):
                reply.close()
                self.documents[url] = old
                self._vouch(old.get("reach"), old.get("kind"))
                self.count["known"] += len(old.get("seen", {}))
                return None
            listing = self.site.parse(reply)
            if not listing.entries and not listing.further:
                raise FetchError(f"{url}: danh sách tin rỗng, không tính là “không đăng tin nào”.", Trouble.EMPTY)
        except FetchError as error:
            self._no_document(url, modified, error)
            return None
        document: dict[str, Any] = {
            "kind": listing.kind, "etag": reply.known.etag, "last_modified": reply.known.last_modified, "digest": mark,
            "reach": listing.reach.isoformat() if listing.reach else None, "seen": {},
            "further": [[entry.url, entry.modified] for entry in listing.further],
        }  # fmt: skip
        self.documents[url] = document
        self._vouch(document["reach"], listing.kind)
        return document, list(listing.entries)

    def _vouch(self, reach: str | None, kind: str | None) -> None:
        self.read_any = True
        if reach:
            self.reaches.append(moment(reach))
        elif kind != "index":
            self.complete = False

    def _no_document(self, url: str, modified: str, error: FetchError) -> None:
        """A document that could not be read: nothing is vouched for, unless it is a part that says how old it is."""
        changed = parse_date(modified) if modified else None
        complete = self.complete
        self._failed(error)
        if changed:
            self.complete = complete
            self.reaches.append(changed.when.astimezone(VIETNAM) + timedelta(days=1))
        if error.trouble in (Trouble.GONE, Trouble.UNREADABLE) and url in self.roots:
            self.found_at = ""  # the site moved its feed: look for it next time
        if url in self.old:
            self.documents[url] = self.old[url]

    def _settled(self, entry: Listed) -> bool:
        """Whether the files hold an answer about it."""
        known = self.folder.known
        return (
            entry.key in self._acts
            or entry.key in known.rejects.get(self.channel, {})
            or address_key(entry.url) in known.by_url.get(self.channel, {})
        )

    @property
    def _acts(self) -> dict[str, Act]:
        return self.folder.known.acts.get(self.channel, {})

    async def _entries(
        self,
        todo: Mapping[str, Listed],
        tries: Mapping[str, int],
        changed: Sequence[tuple[str, dict[str, Any], list[Listed]]],
    ) -> None:
        shared = _shared_addresses(todo.values())
        done: dict[str, Listed] = {}
        for number, (key, entry) in enumerate(todo.items(), 1):
            if number > self.limit:
                break
            await self._entry(entry, tries.get(key, 0), shared)
            done[key] = entry
            if enough(self._unjudged):
                self._settle(shared)
        self._settle(shared)
        crowded = len(self.waiting) > _WAITING_MAX
        for url, document, entries in changed:
            left = {entry.key for entry in entries if entry.key in todo and entry.key not in done}
            document["seen"] = {
                entry.key: [entry.digest, entry.url]
                for entry in entries
                if entry.key not in self.waiting and entry.key not in left
            }
            if left or crowded:  # the rest is read next time: the document must come whole again
                document |= {"etag": "", "last_modified": "", "digest": ""}
            if left:
                self._failed(FetchError(f"{url}: còn {len(left)} địa chỉ chưa đọc, đọc tiếp lần sau.", Trouble.TOO_BIG))

    async def _entry(self, entry: Listed, tries: int, shared: set[str]) -> None:
        page: OnPage | Listed = entry
        if (self.pages or not entry.complete) and self.site.covers(entry.url):
            try:
                page = await self.site.page(entry)
                self.verdicts[page.draft.verdict] += 1
            except FetchError as error:
                if not self._without_page(entry, tries, error, shared):
                    return
        self._unjudged.append(page)

    def _settle(self, shared: set[str]) -> None:
        """Judge the pages that were read and put everything on disk: the acts, then what their pages taught."""
        for page in self._unjudged:
            entry, whole = (page.entry, page.whole()) if isinstance(page, OnPage) else (page, page)
            if isinstance(whole, str) and entry.complete and entry.date_source is not DateSource.SITEMAP:
                whole = entry  # a feed names acts, a sitemap names pages: only there the page's word decides what it is
            self._record(entry, whole, shared)
        self._unjudged.clear()
        self.folder.flush()
        self.site.reader.save()

    def _without_page(self, entry: Listed, tries: int, error: FetchError, shared: set[str]) -> bool:
        """A page that could not be read: whether the entry is settled by what the list says of it."""
        key = self._key(entry, shared)
        if error.trouble is Trouble.GONE and key in self._acts:
            self._mark_deleted(key)
            return False
        if entry.complete and (error.trouble in _LASTING or tries + 1 >= TRIES):
            return True
        if error.trouble is Trouble.GONE:
            self._reject(entry, f"trang không còn (địa chỉ trong sitemap, {error})")
            return False
        if len(self.waiting) >= _WAITING_MAX:
            self.complete = False
        if len(self.errors) < _CHECKS:
            self.errors.append(error)
        dated = entry.when or (parsed.when if (parsed := parse_date(entry.modified)) and entry.modified else None)
        day = dated.astimezone(VIETNAM).date().isoformat() if dated else ""
        self.waiting[entry.key] = {**_stored(entry), "day": day, "tries": tries + 1, "trouble": error.trouble.value}
        return False

    def _key(self, entry: Listed, shared: set[str]) -> str:
        """The id under which an entry is known: its own, or that of an act at the same address (feed and sitemap differ)."""
        url = address_key(entry.url)
        if entry.key in self._acts or not url or url in shared:
            return entry.key
        return self.folder.known.by_url.get(self.channel, {}).get(url, entry.key)

    def _record(self, entry: Listed, whole: Listed | str, shared: set[str]) -> None:
        if isinstance(whole, str):
            self._reject(entry, whole)
            return
        if whole.when and whole.when > self.started + timedelta(hours=1):
            whole = replace(whole, date_confidence=Confidence.LIKELY)  # nothing is published tomorrow
        thing = replace(whole, key=self._key(entry, shared)).item(self.channel, self.address)
        if not isinstance(thing, Item):
            self._reject(entry, thing.reason)
            return
        what = self.folder.act(thing, self.started, whole.converted)
        self.count[{"new": "got", "revised": "revised"}.get(what, "known")] += 1
        if what != "known":
            self.doubtful += thing.date_confidence is not Confidence.SURE
            self.converted.update([whole.converted] if whole.converted else [])

    def _reject(self, entry: Listed, why: str) -> None:
        self.count["rejected"] += self.folder.reject(
            self.channel, entry.key, entry.reject(self.address, why), self.started
        )

    def _mark_deleted(self, key: str) -> None:
        if not self._acts[key].deleted:
            self.folder.deleted(self.channel, key, self.started, "404")
            self.count["deleted"] += 1

    async def _removed(self, url: str, document: dict[str, Any]) -> None:
        """Acts that the document listed last time and should still list: is their page still there?"""
        before, reach = self.old.get(url, {}).get("seen", {}), document["reach"]
        if not reach:
            return
        checks = 0
        for key, (digest, address) in before.items():
            act = self._acts.get(key)
            if key in document["seen"] or act is None or act.deleted or act.day <= moment(reach).date():
                continue
            checks += 1
            try:
                if checks <= _CHECKS and self.site.covers(address):
                    await self.site.get(address)
                    continue
            except FetchError as error:
                if error.trouble is Trouble.GONE:
                    self._mark_deleted(key)
                    continue
            document["seen"][key] = [digest, address]  # not answered today: asked again next time


def _shared_addresses(entries: Any) -> set[str]:
    """Addresses that stand on several entries: they name no act."""
    seen: dict[int, str] = {}  # by hash: a large sitemap's addresses stand in memory once
    shared: set[str] = set()
    for entry in entries:
        url = address_key(entry.url)
        if url and seen.setdefault(hash(url), entry.key) != entry.key:
            shared.add(url)
    return shared


def _stored(entry: Listed) -> dict[str, Any]:
    """An entry as the ledger keeps it while it waits: enough to count it, should its list forget it."""
    said = {name: value for name, value in asdict(entry).items() if value}
    return said | ({"when": entry.when.isoformat()} if entry.when else {})


def _restored(said: Mapping[str, Any]) -> Listed:
    fields = {name: str(said[name]) for name in ("url", "title", "lead", "text", "section", "written", "modified", "place") if name in said}  # fmt: skip
    return Listed(
        key=str(said["key"]), when=moment(said["when"]) if said.get("when") else None,
        date_source=DateSource(said.get("date_source", "feed")),
        date_confidence=Confidence(said.get("date_confidence", "sure")), **fields,
    )  # fmt: skip
