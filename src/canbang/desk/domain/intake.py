"""Taking items in: each act once, edits as revisions, rejects kept with their reasons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from hashlib import sha256
from itertools import islice
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from canbang.desk.domain.entry import record
from canbang.desk.domain.measurement import month_of
from canbang.desk.domain.retention import first_kept
from canbang.desk.domain.search import folded
from canbang.desk.models import (
    Channel,
    Draw,
    Intake,
    IntakeKind,
    Item,
    Organisation,
    Prediction,
    RejectedRow,
    Revision,
    User,
    Verb,
)
from canbang.errors import InputError
from canbang.fetch.source import Reject
from canbang.item import VIETNAM, Confidence
from canbang.item import Item as Act
from canbang.pipeline import check_conflicts
from canbang.text.normalise import match_key, nfc

BATCH = 500
ID_MAX, URL_MAX, CHANNEL_MAX = 600, 2000, 120
TITLE_MAX, LEAD_MAX = 5_000, 50_000
"""Characters of a title and a lead that are kept: beyond them no search index takes them, and no newsroom writes them."""
YEARS = range(2000, 2100)
"""Years whose months have a sheet. What is dated outside them was read from a broken cell."""
_TEXTS = ("title", "lead", "text")


@dataclass(slots=True)
class Tally:
    """What became of what was read: ``read = taken + doubled + rejected``; ``revised`` are among the doubled."""

    read: int = 0
    taken: int = 0
    doubled: int = 0
    rejected: int = 0
    revised: int = 0


@dataclass(slots=True)
class Sorted:
    """Part of what a source gives: acts that are new, acts that the store has, and what does not count.

    A known act comes with its row and the texts that read otherwise now.
    """

    fresh: list[Act] = field(default_factory=list)
    known: list[tuple[Item, Act, dict[str, str]]] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)


class Sorting:
    """Tells apart what a source gives, without storing anything. With ``channel`` every act counts under it."""

    def __init__(self, organisation: Organisation, source: str, channel: Channel | None = None) -> None:
        self.organisation, self.source, self.channel = organisation, source, channel
        self.kept_from = first_kept(organisation, timezone.localdate())
        self.tally = Tally()
        self.by_address = 0
        self._said: dict[tuple[str, str], int] = {}
        self._conflicts: Counter[str] = Counter()

    def batches(self, things: Iterable[Act | Reject]) -> Iterator[Sorted]:
        """Everything in order; raises :class:`InputError` at the end where ids do not tell items apart."""
        stream = iter(things)
        while batch := list(islice(stream, BATCH)):
            part = Sorted()
            wanted: dict[tuple[str, str], Act] = {}
            for thing in batch:
                self.tally.read += 1
                act = self._counts(thing)
                if isinstance(act, Reject):
                    part.rejects.append(act)
                else:
                    wanted[act.channel, act.platform_id] = act
            self._look_up(wanted, part)
            yield part
        check_conflicts(self.source, self._conflicts, self.tally.read)

    def _counts(self, thing: Act | Reject) -> Act | Reject:
        """The act as it can be stored, once; or why it does not count."""
        if isinstance(thing, Reject):
            self.tally.rejected += 1
            return thing
        act = _storable(thing, self.channel.name if self.channel else thing.channel)
        if isinstance(act, str):
            self.tally.rejected += 1
            return self._reject(thing, act)
        said = hash((match_key(act.title), match_key(act.lead), act.text))
        before = self._said.get((act.channel, act.platform_id))
        if before is not None and before != said and act.url and act.platform_id != act.url:
            # two acts with two addresses under one id: Excel rounds long ids
            self.by_address += 1
            act = replace(act, platform_id=stored_id(act.url))
            before = self._said.get((act.channel, act.platform_id))
        if before is None:
            self._said[act.channel, act.platform_id] = said
            return act
        if before == said:
            self.tally.doubled += 1
            return self._reject(act, "trùng: mã và nội dung đã đọc")
        self._conflicts[act.id] += 1
        self.tally.rejected += 1
        return self._reject(act, "trùng mã với một tin khác, giữ tin đọc trước")

    def _reject(self, act: Act, why: str) -> Reject:
        return Reject(self.source, f"mã {act.platform_id}", why, act.title or act.text)

    def _look_up(self, wanted: dict[tuple[str, str], Act], part: Sorted) -> None:
        # by the channels' keys: that is how the index of acts is ordered
        channels = Channel.objects.filter(organisation=self.organisation, name__in={name for name, _ in wanted})
        places = dict(channels.values_list("pk", "name"))
        rows = Item.objects.filter(channel__in=places, platform_id__in={platform_id for _, platform_id in wanted})
        known = {(places[row.channel_id], row.platform_id): row for row in rows}
        for key, act in wanted.items():
            row = known.get(key)
            if row is None:
                part.fresh.append(act)
                self.tally.taken += 1
                continue
            now = {name: text for name, text in _now(row, act, self.kept_from).items() if text != getattr(row, name)}
            part.known.append((row, act, now))
            self.tally.doubled += 1
            if now:
                self.tally.revised += 1
            else:
                part.rejects.append(self._reject(act, "trùng: đã có trong kho"))


def channel_named(organisation: Organisation, name: str) -> Channel:
    """The organisation's channel of this name, made where it is absent: an own export needs no enrolment."""
    name = _clean(nfc(name))[:CHANNEL_MAX].strip()
    if not name:
        raise InputError("Tin không có tên kênh. Chọn kênh khi nạp, hoặc thêm cột kênh vào tệp.")
    return Channel.objects.get_or_create(organisation=organisation, name=name)[0]


def take(
    organisation: Organisation, kind: IntakeKind, source: str, things: Iterable[Act | Reject], *,
    channel: Channel | None = None, user: User | None = None, notes: list[str] | None = None,
) -> Intake:  # fmt: skip
    """Store what a source gives, all of it or nothing: items that are new, edits of known ones, rejects.

    With ``channel`` every item counts under it; else under the name it carries. ``notes`` is read after the last thing, so
    that a source's own list can be handed in. Raises :class:`InputError` as the source does; then nothing is stored.
    """
    try:
        with transaction.atomic():
            return _take(organisation, kind, source, things, channel, user, notes)
    except IntegrityError:
        raise InputError("Một lần nạp khác vừa nạp cùng các tin này. Xem danh sách lần nạp rồi thử lại.") from None


def _take(
    organisation: Organisation, kind: IntakeKind, source: str, things: Iterable[Act | Reject], channel: Channel | None,
    user: User | None, notes: list[str] | None,
) -> Intake:  # fmt: skip
    person = user.person if user else None
    intake = Intake.objects.create(
        organisation=organisation, channel=channel, kind=kind, source=_clean(source)[:500], person=person
    )
    sorting = Sorting(organisation, intake.source, channel)
    places = {channel.name: channel} if channel else {}
    drawn = months_drawn(organisation)
    for part in sorting.batches(things):
        for name in {act.channel for act in part.fresh} - set(places):
            places[name] = channel_named(organisation, name)
        Item.objects.bulk_create(_row(intake, places[act.channel], act) for act in part.fresh)
        for row, act, now in part.known:
            _revise(row, act, now, drawn)
        RejectedRow.objects.bulk_create(_rejected(intake, reject) for reject in part.rejects)
    tally = sorting.tally
    for name in ("read", "taken", "doubled", "rejected"):
        setattr(intake, name, getattr(tally, name))
    intake.notes = [*(notes or []), *notes_of(sorting)]
    intake.save()
    record(
        organisation, person, Verb.IMPORT, intake.source,
        {"intake": intake.pk, "kind": str(kind), "read": tally.read, "taken": tally.taken, "doubled": tally.doubled,
         "rejected": tally.rejected, "revised": tally.revised},
    )  # fmt: skip
    return intake


def notes_of(sorting: Sorting) -> list[str]:
    """What a person must know of how acts were told apart."""
    said = (
        (sorting.tally.revised, "tin được sửa, bản trước được giữ lại"),
        (sorting.by_address, "tin trùng mã với tin khác nhưng khác đường dẫn: lấy đường dẫn làm mã"),
    )
    return [f"{count} {words}" for count, words in said if count]


def months_drawn(organisation: Organisation) -> set[date]:
    """Months whose items were drawn from: their frame stands, their labels and days do not change any more."""
    return set(Draw.objects.filter(organisation=organisation, value__isnull=False).values_list("month", flat=True))


def _row(intake: Intake, channel: Channel, act: Act) -> Item:
    return Item(
        organisation=intake.organisation, channel=channel, intake=intake, platform_id=act.platform_id, title=act.title,
        lead=act.lead, text=act.text, url=act.url, published_at=act.published_at,
        day=act.published_at.astimezone(VIETNAM).date(), date_source=act.date_source.value,
        date_confidence=act.date_confidence.value, kind=act.kind.value, share_of=act.share_of, section=act.section,
        metrics=dict(act.metrics), folded=folded(act.title, act.lead),
    )  # fmt: skip


def _rejected(intake: Intake, reject: Reject) -> RejectedRow:
    return RejectedRow(
        intake=intake, place=_clean(reject.place)[:200], reason=_clean(reject.reason)[:300],
        start=_clean(reject.start)[:120],
    )  # fmt: skip


def _clean(text: str) -> str:
    """Text that every database stores: no NUL (PostgreSQL), no half of a surrogate pair (no UTF-8)."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def stored_id(text: str) -> str:
    """An id as its column holds it; what is too long for it is told apart by its hash."""
    text = _clean(text)
    return text if len(text) <= ID_MAX else sha256(text.encode()).hexdigest()


def _storable(act: Act, channel: str) -> Act | str:
    """The act in what the tables hold, under the name of its channel; or why they cannot."""
    try:
        year = act.published_at.astimezone(VIETNAM).year
    except OverflowError:
        year = act.published_at.year
    if year not in YEARS:
        return f"ngày đăng rơi vào năm {year}: kiểm tra cột ngày"
    url = _clean(act.url)
    return replace(
        act, channel=_clean(nfc(channel))[:CHANNEL_MAX].strip(), platform_id=stored_id(act.platform_id),
        title=_clean(act.title)[:TITLE_MAX], lead=_clean(act.lead)[:LEAD_MAX], text=_clean(act.text), url=url if len(url) <= URL_MAX else "",
        share_of=_clean(act.share_of)[:URL_MAX], section=_clean(act.section)[:200],
    )  # fmt: skip


def _now(row: Item, act: Act, kept_from: date) -> dict[str, str]:
    """What a known act reads now; what a source leaves out stays, and what was deleted when its time was over stays away."""
    names = _TEXTS if row.day >= kept_from else _TEXTS[:1]
    return {name: getattr(act, name) or getattr(row, name) for name in names}


def _revise(row: Item, act: Act, now: dict[str, str], drawn: set[date]) -> None:
    """Keep what an edited act read before and show what it reads ``now``; a month that was drawn from keeps labels and days."""
    fixed = month_of(row.day) in drawn
    changed: dict[str, Any] = {}
    if now:
        Revision.objects.create(item=row, **{name: getattr(row, name) for name in _TEXTS})
        changed |= now
        changed["folded"] = folded(now.get("title", row.title), now.get("lead", row.lead))
        if not fixed:
            Prediction.objects.filter(item=row).delete()  # the machine reads it anew
    if act.metrics and {**row.metrics, **act.metrics} != row.metrics:
        changed["metrics"] = {**row.metrics, **act.metrics}
    sure = Confidence.SURE.value
    if not fixed and row.date_confidence != sure and act.date_confidence is Confidence.SURE:
        changed |= {
            "published_at": act.published_at, "day": act.published_at.astimezone(VIETNAM).date(), "date_confidence": sure,
            "date_source": act.date_source.value,
        }  # fmt: skip
    if changed:
        for name, value in changed.items():
            setattr(row, name, value)
        row.save(update_fields=list(changed))
