"""The main job: collect, label, find stories, take the audit back, report. Nothing here knows a command line."""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from canbang.audit.draw import Draw
from canbang.audit.judge import Audit
from canbang.codebook import load_codebook
from canbang.errors import InputError
from canbang.fetch.collected import CollectedSource
from canbang.fetch.coverage import Coverage
from canbang.fetch.source import Reject, Source
from canbang.item import VIETNAM, Confidence, Item
from canbang.label.labeller import COLUMN, COLUMNS, Labeller
from canbang.report.balance import Balance, balance
from canbang.report.frame import Frame, Spool, Window, day_number
from canbang.report.gap_words import nothing_words
from canbang.report.gaps import covered
from canbang.report.saved import Saved
from canbang.stories import StoryIndex
from canbang.text.normalise import match_key

BATCH = 512
PRIOR = 0.22
"""Share of counted-negative items at which scores are taken to be calibrated, where a labeller does not say (``prior``):
that of the labelled news stream on which the embedded labeller was checked."""
_CONFLICT_RATE = 0.2
_CONFLICT_LEAST = 3
_HOST_LEAST = 20
_HOST_WITH_NUMBERS = 0.6
_SLUG_WORDS = 6
_SECTION_WORDS = 9
_SLOGAN = re.compile(r"tin tức|tin nhanh|tin nóng|tin mới|cẩm nang|đọc báo|báo [A-ZĐ]|online| \| ", re.IGNORECASE)

OnReject = Callable[[Reject], None]
OnDoubt = Callable[[Item, bool], None]
"""Takes an item whose date is for a person to look at, and whether it was counted (else it lies outside the window)."""
Progress = Callable[[Source], None]


class _Collector:
    """Takes items one by one into columns; what does not count goes to ``on_reject`` with its reason."""

    def __init__(self, labeller: Labeller, window: Window, on_reject: OnReject, on_doubt: OnDoubt) -> None:
        self.labeller = labeller
        self.window = window
        self.on_reject = on_reject
        self.on_doubt = on_doubt
        self.ids: list[str] = []
        self.channels: dict[str, int] = {}
        self.channel = array("i")
        self.day = array("i")
        self.address = array("b")  # -1 no address, 0 numbered, 1 short slug without a number, 2 long slug
        self.host = array("q")
        self.views = array("d")
        self.likely = array("b")
        self.scores: list[NDArray[np.float32]] = []
        self.spool = Spool()
        self.stories = StoryIndex()
        self.read = self.rejected = self.outside = self.likely_outside = self.by_address = 0
        self._content: dict[int, int] = {}
        self._batch: list[Item] = []

    def reject(self, reject: Reject) -> None:
        self.rejected += 1
        self.on_reject(reject)

    def take(self, source: Source, conflicts: Counter[str], item: Item) -> None:
        """Count one item, or say why not."""
        key, content = hash(item.id), hash((match_key(item.title), match_key(item.lead), item.text))
        known = self._content.get(key)
        if known is not None:
            if known != content and item.url and item.platform_id != item.url:
                # two acts with two addresses under one id: Excel rounds long ids
                self.by_address += 1
                self.take(source, conflicts, replace(item, platform_id=item.url))
                return
            if known != content:
                conflicts[item.id] += 1
            reason = (
                "trùng: mã và nội dung đã đọc" if known == content else "trùng mã với một tin khác, giữ tin đọc trước"
            )
            self.reject(Reject(source.name, f"mã {item.platform_id}", reason, (item.title or item.text)[:80]))
            return
        self._content[key] = content
        likely = item.date_confidence is not Confidence.SURE
        if not self.window.holds(item.published_at):
            self.outside += 1
            if likely:
                self.likely_outside += 1
                self.on_doubt(item, False)
            return
        self.ids.append(item.id)
        self.channel.append(self.channels.setdefault(item.channel, len(self.channels)))
        self.day.append(day_number(item.published_at))
        host, kind = _address(item.url, item.title)
        self.host.append(host)
        self.address.append(kind)
        self.views.append(item.metrics.get("views", float("nan")))
        self.likely.append(likely)
        self.spool.append(item)
        self.stories.add(item)
        self._batch.append(item)
        if len(self._batch) >= BATCH:
            self.label()

    def label(self) -> None:
        """Label what waits."""
        if self._batch:
            self.scores.append(self.labeller.predict(self._batch))
            self._batch = []


def _address(url: str, title: str) -> tuple[int, int]:
    """Hash of the host, and whether the last part of the path carries a number, as addresses of articles do."""
    if not url:
        return 0, -1
    try:
        parts = urlsplit(url)
    except ValueError:
        return 0, -1
    # "/special/a-long-story/index.html" is the story's address, not a page called index
    path = parts.path.rstrip("/")
    last = (path.rsplit("/", 1)[0] if path.rsplit("/", 1)[-1].startswith("index.") else path).rsplit("/", 1)[-1]
    digits = max(
        (len(run) for run in "".join(c if c.isdigit() else " " for c in last + " " + parts.query).split()),
        default=0,
    )
    short = len(last.split("-")) <= _SLUG_WORDS
    # a headline is longer than the name of a section, unless that carries the site's slogan
    named = len(title.split()) <= _SECTION_WORDS or _SLOGAN.search(title) is not None
    kind = 0 if digits >= 4 else 1 if short and named else 2
    return hash(parts.netloc), kind


def _section_pages(host: NDArray[np.int64], address: NDArray[np.int8]) -> NDArray[np.bool_]:
    """Pages of a section: a short address without a number on a host whose articles all carry one."""
    found = np.zeros(len(host), np.bool_)
    for value in np.unique(host[address >= 0]):
        here = (host == value) & (address >= 0)
        if here.sum() >= _HOST_LEAST and (address[here] == 0).mean() >= _HOST_WITH_NUMBERS:
            found |= here & (address == 1)
    return found


@dataclass(slots=True)
class _Origins:
    """Where the items came from, in the order read."""

    names: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    enrolments: dict[str, None] = field(default_factory=dict)
    ledgers: list[Coverage] = field(default_factory=list)
    notes: dict[str, None] = field(default_factory=dict)

    def add(self, source: Source) -> None:
        """Note a source that was read to its end; what several channels of one folder say alike is said once."""
        self.names.append(source.name)
        self.notes.update(dict.fromkeys(source.notes))
        if source.enrolment:
            self.enrolments[source.enrolment] = None
        if isinstance(source, CollectedSource):
            self.ledgers.append(source.coverage)
            if not source.enrolment:
                self.notes[f"{source.name}: thư mục thu thập không ghi dòng ghi danh nào của kênh này"] = None
        elif not source.enrolment:
            self.files.append(source.name)


def read_frame(
    sources: Iterable[Source],
    labeller: Labeller,
    *,
    window: Window | None = None,
    on_reject: OnReject = lambda _: None,
    on_doubt: OnDoubt = lambda _, __: None,
    progress: Progress = lambda _: None,
    today: date | None = None,
) -> Frame:
    """Read all sources into a frame; days from ``today`` on (in Vietnam) are no gap yet.

    Raises :class:`InputError` where a source cannot be read, one id stands for many texts, or nothing is left.
    """
    window = window or Window()
    collector = _Collector(labeller, window, on_reject, on_doubt)
    origins = _Origins()
    for source in sources:
        conflicts: Counter[str] = Counter()
        before = collector.read
        for number, thing in enumerate(source):
            collector.read += 1
            if isinstance(thing, Reject):
                collector.reject(thing)
            else:
                collector.take(source, conflicts, thing)
            if number % BATCH == 0:
                progress(source)
        check_conflicts(source.name, conflicts, collector.read - before)
        progress(source)
        origins.add(source)
    collector.label()
    if collector.by_address:
        said = f"{collector.by_address} tin trùng mã với tin khác nhưng khác đường dẫn: lấy đường dẫn làm mã"
        origins.notes[said] = None
    return _frame(collector, origins, today or datetime.now(VIETNAM).date())


def check_conflicts(name: str, conflicts: Counter[str], read: int) -> None:
    """Raise :class:`InputError` where a source's ids do not tell its items apart: ``conflicts`` counts other texts by id."""
    total = sum(conflicts.values())
    if total >= max(_CONFLICT_LEAST, _CONFLICT_RATE * read):
        example = conflicts.most_common(1)[0][0].split("/", 1)[-1]
        raise InputError(
            f"{name}: cột mã bài không phân biệt được tin: {total}/{read} dòng trùng mã mà khác nội dung (ví dụ mã “{example[:40]}”). "
            "Xuất lại với cột mã ở dạng văn bản (Excel làm tròn số dài), hoặc bỏ cột mã để dùng đường dẫn."
        )


def _nothing(collector: _Collector, origins: _Origins, today: date) -> InputError:
    """Why there is nothing to measure: nothing published, or nothing collected."""
    first, last = collector.window.first, collector.window.last
    bounds = [day for ledger in origins.ledgers if ledger.spans for day in ledger.bounds]
    channels = covered(
        origins.ledgers, first or min(bounds, default=today), last or max(bounds, default=today), today, {}, ()
    )
    missing = "".join(f" Kênh {line}." for line in nothing_words(channels))
    return InputError(
        f"Không có tin bài nào để đo: đã đọc {collector.read} dòng, loại {collector.rejected}, ngoài kỳ {collector.outside}.{missing} "
        "Xem lý do trong tệp dòng bị loại, hoặc đổi kỳ (--month, --from, --to)."
    )


def _frame(collector: _Collector, origins: _Origins, today: date) -> Frame:
    sections = _section_pages(np.asarray(collector.host, np.int64), np.asarray(collector.address, np.int8))
    story = collector.stories.cluster()
    for position in np.flatnonzero(sections):
        item = collector.spool.read([int(position)])[0]
        collector.reject(Reject(
            item.channel, item.url, "không phải tin bài: trang chuyên mục (đường dẫn không có số như các bài khác)", item.title
        ))  # fmt: skip
    kept = np.flatnonzero(~sections)
    if not len(kept):
        raise _nothing(collector, origins, today)
    scores = np.concatenate(collector.scores) if collector.scores else np.empty((0, len(COLUMNS)), np.float32)
    needed = [COLUMN[name] for name in COLUMNS if name != "clickbait"]
    missing = int(np.count_nonzero(np.isnan(scores[:, needed]).any(axis=1)))
    if missing:
        raise InputError(
            f"{collector.labeller.name} {collector.labeller.version}: {missing} trong {len(scores)} tin chưa có đủ năm nhãn. "
            "Chạy lại nếu máy chủ vừa trục trặc (phần đã xong được giữ), hoặc dùng mô hình cho đủ năm nhãn."
        )
    likely = kept[np.asarray(collector.likely, np.bool_)[kept]]
    for position in likely.tolist():
        collector.on_doubt(collector.spool.read([position])[0], True)
    channel = np.asarray(collector.channel, np.int32)[kept]
    used = np.unique(channel)
    names_of = list(collector.channels)
    return Frame(
        ids=[collector.ids[i] for i in kept],
        channels=[names_of[c] for c in used],
        channel=np.searchsorted(used, channel).astype(np.int32),
        day=np.asarray(collector.day, np.int32)[kept],
        probability=scores[kept],
        story=np.unique(story[kept], return_inverse=True)[1].astype(np.int32),
        views=np.asarray(collector.views, np.float64)[kept],
        spool=collector.spool.keep(kept.tolist()),
        window=collector.window,
        labeller=(collector.labeller.name, collector.labeller.version),
        prior=getattr(collector.labeller, "prior", PRIOR), read=collector.read, rejected=collector.rejected, outside=collector.outside,
        likely=len(likely), likely_outside=collector.likely_outside, sources=origins.names, files=origins.files, enrolments=list(origins.enrolments),
        ledgers=origins.ledgers, today=today, notes=list(origins.notes),
    )  # fmt: skip


def check_draw(frame: Frame, draw: Draw, path: Path) -> list[str]:
    """Notes on how draw and frame fit; raises :class:`InputError` where the draw is of another frame or codebook."""
    book = load_codebook()
    if draw.codebook[1] != book.digest:
        raise InputError(
            f"{path}: mẫu được rút theo bộ tiêu chí khác (bản {draw.codebook[0]}, mã {draw.codebook[1][:12]}; "
            f"đang dùng bản {book.version}, mã {book.digest[:12]}). Không gộp hai bộ tiêu chí; rút mẫu và chấm lại."
        )
    now, then = set(frame.ids), set(draw.frame_ids)
    if now != then:
        gone, new = sorted(then - now), sorted(now - then)
        said = [f"mất {len(gone)} tin (ví dụ “{gone[0][:50]}”)"] if gone else []
        said += [f"thêm {len(new)} tin (ví dụ “{new[0][:50]}”)"] if new else []
        raise InputError(
            f"{path}: danh sách tin đã khác lúc rút mẫu: {', '.join(said)}. "
            "Đo đúng các tệp và đúng kỳ của lần rút mẫu, hoặc rút mẫu mới."
        )
    notes = []
    if frame.labeller != draw.labeller:
        notes.append(f"điểm máy dùng để chia nhóm là điểm lúc rút mẫu ({' '.join(draw.labeller)}), không tính lại")
    if not draw.secret:
        notes.append("mã rút mẫu chưa công bố; khi khép kỳ hãy công bố rồi kiểm tra bằng canbang draw verify")
    return notes


def measure(
    frame: Frame,
    *,
    by: Sequence[str] = (),
    audit: Audit | None = None,
    draw_path: Path = Path("draw.json"),
    earlier: Sequence[Saved] = (),
    with_lamps: bool = False,
) -> Balance:
    """The balance of a frame, by the audit where one is given, else by the machine alone.

    ``earlier`` reports are compared with, and lamps are lit, where there is an audit.
    """
    notes = check_draw(frame, audit.draw, draw_path) if audit is not None else []
    return balance(frame, by=by, audit=audit, notes=notes, earlier=earlier, with_lamps=with_lamps)
