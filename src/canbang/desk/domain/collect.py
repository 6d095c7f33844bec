"""Collecting a channel now, and taking what its folder holds into rows: acts, edits, removals, and what was tried.

The folder (``canbang.fetch.collected``) is the record; rows follow it. A process killed between the two leaves lines that the
next collecting takes in: how far each file was taken stands in the row of the channel, written with the rows themselves.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Count

from canbang.desk.domain import prediction
from canbang.desk.domain.channel import account_for
from canbang.desk.domain.intake import stored_id, take
from canbang.desk.domain.wording import on_screen
from canbang.desk.models import Channel, CoverageAttempt, Intake, IntakeKind, Item, User
from canbang.errors import InputError
from canbang.fetch.account_visit import collect_accounts
from canbang.fetch.collected import COVERAGE, as_item, lines, newest
from canbang.fetch.coverage import Attempt, Day, counted_words, coverage, moment
from canbang.fetch.folder import Folder
from canbang.fetch.guard import open_guard
from canbang.fetch.source import Reject
from canbang.fetch.visit import collect as collect_site
from canbang.item import VIETNAM
from canbang.item import Item as Act

DAYS = 31
"""Days of the strip on a channel's page."""
_SHOWN = 3
PAGES = 40
"""Pages that are read for one press of a button; what is left is read the next time."""


@dataclass(frozen=True, slots=True)
class Collected:
    """What one collecting brought: how the readings went, and the intake where anything was new."""

    attempts: tuple[Attempt, ...]
    intake: Intake | None


def why_not(channel: Channel) -> str:
    """Why a channel is not collected, as a Vietnamese line; "" where it may be."""
    if not channel.active:
        return "Kênh đã dừng, không thu thập. Muốn thu thập lại thì ký ghi danh lại."
    if getattr(channel, "enrolment", None) is None:
        return (
            "Kênh chưa ghi danh, không thu thập. Chủ quản ký ghi danh rồi đặt mã lên kênh, hoặc nạp tệp xuất của kênh."
        )
    if not channel.collected:
        return "Kênh chưa có bằng chứng, không thu thập. Đặt mã ghi danh lên kênh rồi bấm “Kiểm tra bằng chứng”."
    return ""


def collect(channel: Channel, user: User | None = None) -> Collected:
    """Read what is new of a channel and take it in. Raises :class:`InputError` where it may not, or could not, be read."""
    if why := why_not(channel):
        raise InputError(why)
    place = folder_of(channel)
    try:
        with Folder(place) as folder:
            attempts = _read(channel, folder)
    except InputError as error:
        raise InputError(on_screen(str(error).replace(str(place), channel.name))) from error
    intake = take_folder(channel, user)
    return Collected(attempts, intake)


def folder_of(channel: Channel) -> Path:
    """Where a channel is collected into."""
    return Path(settings.HOME) / "collect" / str(channel.pk)


def _read(channel: Channel, folder: Folder) -> tuple[Attempt, ...]:
    record = channel.enrolment.record
    account = account_for(channel, record.url)
    if account:
        return collect_accounts(folder, [account], [record], open_guard())[0].attempts
    read = collect_site(folder, [(record.url, record)], open_guard(), limit=PAGES)
    return tuple(asyncio.run(read))


def take_folder(channel: Channel, user: User | None = None) -> Intake | None:
    """Take the lines of a channel's folder that are not in rows yet; the intake where there were acts or rejects."""
    with transaction.atomic():
        held = Channel.objects.select_for_update(of=("self",)).select_related("organisation").get(pk=channel.pk)
        news = _News(dict(held.read_to))
        news.read(folder_of(held))
        intake = None
        things: list[Act | Reject] = [*news.rejects, *news.acts.values()]
        if things:
            intake = take(
                held.organisation, IntakeKind.COLLECT, held.name, things, channel=held, user=user, notes=news.notes
            )
        items = Item.objects.filter(channel=held)
        for key, seen in news.removed.items():
            items.filter(platform_id=stored_id(key)).update(removed_at=seen)
        items.filter(platform_id__in=map(stored_id, news.back)).update(removed_at=None)
        CoverageAttempt.objects.bulk_create(_row(held, place, said) for place, said in news.attempts)
        held.read_to = news.read_to
        held.save(update_fields=["read_to"])
    prediction.label(held.organisation)
    return intake


def _row(channel: Channel, place: int, said: dict[str, Any]) -> CoverageAttempt:
    attempt = Attempt.of(said)
    # of what waits only the day is counted here; the folder keeps the rest until it is read
    said = {**said, "waiting": [{"day": one.get("day", "")} for one in attempt.waiting]}
    return CoverageAttempt(
        channel=channel, place=place, started_at=attempt.started, ended_at=attempt.finished, outcome=attempt.outcome.value,
        said=said,
    )  # fmt: skip


@dataclass(slots=True)
class _News:
    """What stands behind the lines that were taken before; ``read_to`` is where the last one taken begins, by file."""

    read_to: dict[str, int]
    acts: dict[str, Act] = field(default_factory=dict)
    rejects: list[Reject] = field(default_factory=list)
    removed: dict[str, datetime] = field(default_factory=dict)
    back: set[str] = field(default_factory=set)
    attempts: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def read(self, folder: Path) -> None:
        """Every new line, the acts before the ledger that vouches for them."""
        for path in (*sorted(folder.glob("items-????-??.jsonl")), folder / COVERAGE):
            last = self.read_to.get(path.name, -1)
            for _, offset, said in lines(path, max(last, 0)) if path.exists() else ():
                if offset <= last:
                    continue
                self.read_to[path.name] = offset
                try:
                    self._line(offset, said or {})
                except (KeyError, TypeError, ValueError):
                    self.notes.append(f"{path.name}: một dòng bị hỏng, không đọc được")

    def _line(self, offset: int, said: dict[str, Any]) -> None:
        kind = said["record"]
        if kind == "attempt":
            attempt = Attempt.of(said)
            self.attempts.append((offset, said))
            self.notes += [note for note in attempt.notes if note not in self.notes]
        elif kind == "reject":
            key = str(said["platform_id"])
            self.rejects.append(Reject(str(said["channel"]), key, str(said["reason"]), str(said.get("start", ""))))
        elif kind == "deleted":
            key = str(said["platform_id"])
            self.removed[key] = moment(said["seen_at"])
            self.back.discard(key)
        elif kind in ("act", "revision"):
            self._act(as_item(said), came_back=kind == "revision")

    def _act(self, act: Act, *, came_back: bool) -> None:
        first = self.acts.get(act.platform_id)
        self.acts[act.platform_id] = newest(first, act) if first else act
        self.rejects = [reject for reject in self.rejects if reject.place != act.platform_id]
        self.removed.pop(act.platform_id, None)
        if came_back:
            self.back.add(act.platform_id)


def latest(channel: Channel, most: int) -> list[Attempt]:
    """The last readings, newest first, their troubles in the words of the screen."""
    rows = [row.attempt for row in CoverageAttempt.objects.filter(channel=channel).order_by("-place")[:most]]
    return [replace(one, errors=tuple((trouble, on_screen(said)) for trouble, said in one.errors)) for one in rows]


def last_days(channel: Channel, today: date) -> list[Day]:
    """The 31 days before ``today``, oldest first; none where the channel was never collected."""
    first, last = today - timedelta(days=DAYS), today - timedelta(days=1)
    tried = CoverageAttempt.objects.filter(channel=channel)
    if not tried.exists():
        return []
    # a reading vouches for no day after it
    attempts = [row.attempt for row in tried.filter(ended_at__gte=datetime.combine(first, time(), VIETNAM))]
    items = Item.objects.filter(channel=channel, day__gte=first, day__lte=last)
    days = items.values_list("day").annotate(n=Count("pk")).order_by("day")
    return coverage(channel.name, attempts, (day for day, n in days for _ in range(n))).days(first, last)


def spoken(done: Collected) -> list[str]:
    """How one collecting went, as a newsroom would say it."""
    first = done.attempts[0]
    errors = list(dict.fromkeys(said for attempt in done.attempts for _, said in attempt.errors))
    return [counted_words(first).capitalize(), *(on_screen(said) for said in errors[:_SHOWN])]
