"""The main job: collect, label, find stories, take the audit back, report. Nothing here knows a command line."""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from canbang.audit.draw import Draw
from canbang.audit.judge import Audit
from canbang.codebook import load_codebook
from canbang.errors import InputError
from canbang.fetch.source import Reject, Source
from canbang.item import Item
from canbang.label.labeller import COLUMN, COLUMNS, Labeller
from canbang.report.balance import Balance, balance
from canbang.report.frame import Frame, Spool, Window, day_number
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
Progress = Callable[[Source], None]


class _Collector:
    """Takes items one by one into columns; what does not count goes to ``on_reject`` with its reason."""

    def __init__(self, labeller: Labeller, window: Window, on_reject: OnReject) -> None:
        self.labeller = labeller
        self.window = window
        self.on_reject = on_reject
        self.ids: list[str] = []
        self.channels: dict[str, int] = {}
        self.channel = array("i")
        self.day = array("i")
        self.address = array("b")  # -1 no address, 0 numbered, 1 short slug without a number, 2 long slug
        self.host = array("q")
        self.views = array("d")
        self.scores: list[NDArray[np.float32]] = []
        self.spool = Spool()
        self.stories = StoryIndex()
        self.read = self.rejected = self.outside = self.by_address = 0
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
        if not self.window.holds(item.published_at):
            self.outside += 1
            return
        self.ids.append(item.id)
        self.channel.append(self.channels.setdefault(item.channel, len(self.channels)))
        self.day.append(day_number(item.published_at))
        host, kind = _address(item.url, item.title)
        self.host.append(host)
        self.address.append(kind)
        self.views.append(item.metrics.get("views", float("nan")))
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


def read_frame(
    sources: Iterable[Source],
    labeller: Labeller,
    *,
    window: Window | None = None,
    on_reject: OnReject = lambda _: None,
    progress: Progress = lambda _: None,
) -> Frame:
    """Read all sources into a frame.

    Raises :class:`InputError` where a source cannot be read, one id stands for many texts, or nothing is left.
    """
    window = window or Window()
    collector = _Collector(labeller, window, on_reject)
    names, notes, enrolments = [], [], []
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
        _check_conflicts(source, conflicts, collector.read - before)
        progress(source)
        names.append(source.name)
        notes += source.notes
        if source.enrolment:
            enrolments.append(source.enrolment)
    collector.label()
    if collector.by_address:
        notes.append(f"{collector.by_address} tin trùng mã với tin khác nhưng khác đường dẫn: lấy đường dẫn làm mã")
    return _frame(collector, names, notes, enrolments)


def _check_conflicts(source: Source, conflicts: Counter[str], read: int) -> None:
    total = sum(conflicts.values())
    if total >= max(_CONFLICT_LEAST, _CONFLICT_RATE * read):
        example = conflicts.most_common(1)[0][0].split("/", 1)[-1]
        raise InputError(
            f"{source.name}: cột mã bài không phân biệt được tin: {total}/{read} dòng trùng mã mà khác nội dung (ví dụ mã “{example[:40]}”). "
            "Xuất lại với cột mã ở dạng văn bản (Excel làm tròn số dài), hoặc bỏ cột mã để dùng đường dẫn."
        )


def _frame(collector: _Collector, names: list[str], notes: list[str], enrolments: list[str]) -> Frame:
    sections = _section_pages(np.asarray(collector.host, np.int64), np.asarray(collector.address, np.int8))
    story = collector.stories.cluster()
    for position in np.flatnonzero(sections):
        item = collector.spool.read([int(position)])[0]
        collector.reject(Reject(
            item.channel, item.url, "không phải tin bài: trang chuyên mục (đường dẫn không có số như các bài khác)", item.title
        ))  # fmt: skip
    kept = np.flatnonzero(~sections)
    if not len(kept):
        raise InputError(
            f"Không có tin bài nào để đo: đã đọc {collector.read} dòng, loại {collector.rejected}, ngoài kỳ {collector.outside}. "
            "Xem lý do trong tệp dòng bị loại, hoặc đổi kỳ (--month, --from, --to)."
        )
    scores = np.concatenate(collector.scores) if collector.scores else np.empty((0, len(COLUMNS)), np.float32)
    needed = [COLUMN[name] for name in COLUMNS if name != "clickbait"]
    missing = int(np.count_nonzero(np.isnan(scores[:, needed]).any(axis=1)))
    if missing:
        raise InputError(
            f"{collector.labeller.name} {collector.labeller.version}: {missing} trong {len(scores)} tin chưa có đủ năm nhãn. "
            "Chạy lại nếu máy chủ vừa trục trặc (phần đã xong được giữ), hoặc dùng mô hình cho đủ năm nhãn."
        )
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
        sources=names, enrolments=enrolments, notes=notes,
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
