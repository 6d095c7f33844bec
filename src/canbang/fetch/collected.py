"""The folder that ``canbang collect`` fills and everything else reads.

``items-YYYY-MM.jsonl``   acts, revisions and removals of acts published in that month; rejects under the month they were seen
``coverage.jsonl``        what was tried, got and failed (:mod:`canbang.fetch.coverage`)
``cursor.json``           validators and what was listed last time; it can be lost without losing anything but requests
``.lock``                 held while somebody collects

The two kinds of lines are only ever added to: items first, then the line of coverage that vouches for them, then the
cursor, each on disk before the next is begun. So a process killed at any moment leaves acts nobody vouches for yet,
never a day vouched for whose acts are missing. A last line without its end was never finished, and is taken off.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from hashlib import blake2b
from pathlib import Path
from typing import IO, Any

from canbang.errors import InputError, reason
from canbang.fetch.coverage import Attempt, Coverage, coverage, moment
from canbang.fetch.source import Reject, Source, converted_words
from canbang.item import Confidence, DateSource, Item, Kind
from canbang.text.urls import canonical_url

COVERAGE, CURSOR, LOCK = "coverage.jsonl", "cursor.json", ".lock"
VERSION = 1


def is_collected(path: Path) -> bool:
    """Whether a folder was filled by ``canbang collect``."""
    return path.is_dir() and ((path / COVERAGE).exists() or any(path.glob("items-????-??.jsonl")))


def digest(item: Item) -> str:
    """Changes when what an act says changes; its figures (views) may change freely."""
    said = "\0".join((item.title, item.lead, item.text, item.url, item.published_at.isoformat()))
    return blake2b(said.encode("utf-8", "replace"), digest_size=8).hexdigest()


def as_dict(item: Item) -> dict[str, Any]:
    """An act as its line says it."""
    return {
        "channel": item.channel, "platform_id": item.platform_id, "title": item.title,
        "published_at": item.published_at.isoformat(), "lead": item.lead, "text": item.text, "url": item.url,
        "date_source": item.date_source.value, "date_confidence": item.date_confidence.value, "kind": item.kind.value,
        "share_of": item.share_of, "section": item.section, "metrics": dict(item.metrics),
    }  # fmt: skip


def as_item(said: Mapping[str, Any]) -> Item:
    """The act of a line. Raises ``KeyError``, ``TypeError``, ``ValueError`` for a damaged one."""
    return Item(
        channel=str(said["channel"]), platform_id=str(said["platform_id"]), title=str(said["title"]),
        published_at=moment(said["published_at"]), lead=str(said.get("lead", "")), text=str(said.get("text", "")),
        url=str(said.get("url", "")), date_source=DateSource(said.get("date_source", "feed")),
        date_confidence=Confidence(said.get("date_confidence", "sure")), kind=Kind(said.get("kind", "article")),
        share_of=str(said.get("share_of", "")), section=str(said.get("section", "")),
        metrics={str(name): int(count) for name, count in dict(said.get("metrics", {})).items()},
    )  # fmt: skip


def lines(path: Path, start: int = 0) -> Iterator[tuple[int, int, dict[str, Any] | None]]:
    """``(number, offset, record)`` of every finished line; ``None`` for a damaged one. A torn last line is no line.

    ``start`` is the offset of a line to begin at; numbers count from there.
    """
    with path.open("rb") as stream:
        offset = stream.seek(start)
        for number, line in enumerate(stream, 1):
            if not line.endswith(b"\n"):
                return
            try:
                said = json.loads(line)
            except ValueError:
                said = None
            yield number, offset, said if isinstance(said, dict) else None
            offset += len(line)


@dataclass(slots=True)
class Act:
    """What is known of one act: where its newest and its first line stand, and what became of it.

    ``converted`` is the font encoding ("tcvn3", "vni") that was undone in its text, "" for none.
    """

    month: str
    digest: str
    file: int
    newest: int
    first: int
    day: date
    deleted: bool = False
    revisions: int = 0
    converted: str = ""


@dataclass(slots=True)
class Known:
    """What the files of a folder hold, by channel; ``by_url`` finds an act whose address is known under another id."""

    files: list[Path] = field(default_factory=list)
    acts: dict[str, dict[str, Act]] = field(default_factory=dict)
    by_url: dict[str, dict[str, str]] = field(default_factory=dict)
    rejects: dict[str, dict[str, Reject]] = field(default_factory=dict)
    attempts: dict[str, list[Attempt]] = field(default_factory=dict)
    enrolments: dict[str, str] = field(default_factory=dict)
    open: dict[str, dict[str, Any]] = field(default_factory=dict)
    damaged: list[str] = field(default_factory=list)

    def take(self, file: int, month: str, offset: int, said: Mapping[str, Any]) -> None:
        """Note one line of an items file."""
        channel, key = str(said["channel"]), str(said["platform_id"])
        acts = self.acts.setdefault(channel, {})
        kind, known = said["record"], acts.get(key)
        if kind == "reject":
            self.rejects.setdefault(channel, {})[key] = Reject(
                channel, key, str(said["reason"]), str(said.get("start", ""))
            )
        elif kind == "deleted" and known:
            known.deleted = True
        elif kind in ("act", "revision"):
            item = as_item(said)
            self.rejects.get(channel, {}).pop(key, None)
            if known:
                known.digest, known.newest, known.deleted = digest(item), offset, False
                known.revisions += 1
            else:
                acts[key] = Act(month, digest(item), file, offset, offset, item.published_at.date())
            acts[key].converted = str(said.get("converted", ""))
            if url := address_key(item.url):
                self.by_url.setdefault(channel, {}).setdefault(url, key)

    def take_coverage(self, said: Mapping[str, Any]) -> None:
        """Note one line of the ledger."""
        channel = str(said["channel"])
        if said["record"] == "begin":
            self.open[str(said["address"])] = dict(said)
            self.enrolments[channel] = str(said.get("enrolment", ""))
        else:
            attempt = Attempt.of(said)
            self.open.pop(attempt.address, None)
            self.attempts.setdefault(channel, []).append(attempt)


def address_key(url: str) -> str:
    """The address under which two entries are one act; "" for one that names no page."""
    key = canonical_url(url)
    return key if "/" in key or "?" in key else ""


def scan(folder: Path) -> Known:
    """Everything the folder's files say. Damaged lines are named in ``damaged``, never passed over in silence."""
    known = Known()
    try:
        for path in sorted(folder.glob("items-????-??.jsonl")):
            known.files.append(path)
            for number, offset, said in lines(path):
                try:
                    known.take(len(known.files) - 1, path.stem.removeprefix("items-"), offset, said or {})
                except (KeyError, TypeError, ValueError):
                    known.damaged.append(f"{path.name} dòng {number}")
        if (folder / COVERAGE).exists():
            for number, _, said in lines(folder / COVERAGE):
                try:
                    known.take_coverage(said or {})
                except (KeyError, TypeError, ValueError):
                    known.damaged.append(f"{COVERAGE} dòng {number}")
    except OSError as error:
        raise InputError(f"{folder}: không đọc được thư mục thu thập ({reason(error)}).") from error
    return known


@dataclass(slots=True)
class CollectedSource(Source):
    """A channel of a folder as a :class:`Source`; ``coverage`` is what a report prints beside its share."""

    coverage: Coverage = field(default_factory=lambda: Coverage(""))


def folder_sources(folder: Path) -> list[CollectedSource]:
    """One source for each channel of a folder: each act once, by its newest revision, removed ones kept.

    Raises :class:`InputError` for a folder that holds nothing.
    """
    known = scan(folder)
    names = sorted({*known.acts, *known.attempts, *known.enrolments})
    if not names:
        raise InputError(f"{folder}: thư mục thu thập chưa có gì. Chạy canbang collect trước.")
    return [_source(folder, known, name) for name in names]


def _source(folder: Path, known: Known, channel: str) -> CollectedSource:
    acts = known.acts.get(channel, {})
    covered = coverage(
        channel, known.attempts.get(channel, []), (act.day for act in acts.values()),
        [f"{channel}/{key}" for key, act in acts.items() if act.deleted],
        [f"{channel}/{key}" for key, act in acts.items() if act.revisions],
    )  # fmt: skip
    notes = [f"{folder.name}: {line} bị hỏng, không đọc được" for line in known.damaged]
    if converted := converted_words(Counter(act.converted for act in acts.values() if act.converted)):
        notes.append(f"{channel}: {converted}")

    def read(source: Source) -> Iterator[Item | Reject]:
        yield from known.rejects.get(channel, {}).values()
        ordered = sorted(acts.items(), key=lambda pair: (pair[1].file, pair[1].newest))
        streams: dict[int, IO[bytes]] = {}
        try:
            for _, act in ordered:
                if act.file not in streams:
                    streams[act.file] = known.files[act.file].open("rb")
                source.done += 1
                yield _folded(streams[act.file], act)
        finally:
            for stream in streams.values():
                stream.close()

    return CollectedSource(
        f"{folder.name}/{channel}", read, notes, known.enrolments.get(channel, ""), len(acts), 0, covered
    )


def _folded(stream: IO[bytes], act: Act) -> Item:
    """The act as last revised."""
    stream.seek(act.newest)
    item = as_item(json.loads(stream.readline()))
    if act.newest == act.first:
        return item
    stream.seek(act.first)
    return newest(as_item(json.loads(stream.readline())), item)


def newest(first: Item, last: Item) -> Item:
    """An act that was edited: what it says last, on the day it had first unless only the last one is sure."""
    if first.date_confidence is Confidence.SURE or last.date_confidence is not Confidence.SURE:
        return replace(
            last, published_at=first.published_at, date_source=first.date_source, date_confidence=first.date_confidence
        )
    return last
