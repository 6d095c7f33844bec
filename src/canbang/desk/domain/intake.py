"""Taking items in: each act once, edits as revisions, rejects kept with their reasons."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.db import transaction

from canbang.desk.domain.entry import record
from canbang.desk.models import Channel, Intake, IntakeKind, Item, Organisation, RejectedRow, Revision, User, Verb
from canbang.errors import InputError
from canbang.fetch.source import Reject
from canbang.item import VIETNAM
from canbang.item import Item as Act
from canbang.text.normalise import nfc, strip_accents

BATCH = 500
_TEXTS = ("title", "lead", "text")


@dataclass(slots=True)
class Tally:
    """What became of what was read."""

    read: int = 0
    taken: int = 0
    doubled: int = 0
    rejected: int = 0
    revised: int = 0


def channel_named(organisation: Organisation, name: str) -> Channel:
    """The organisation's channel of this name, made where it is absent: an own export needs no enrolment."""
    name = name.strip()[:120]
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
    tally = Tally()
    with transaction.atomic():
        intake = Intake.objects.create(
            organisation=organisation, channel=channel, kind=kind, source=source[:500],
            person=user.person if user else None,
        )  # fmt: skip
        names: dict[str, Channel] = {}
        for batch in _batches(things):
            _store(intake, channel, names, batch, tally)
        for field_name in ("read", "taken", "doubled", "rejected"):
            setattr(intake, field_name, getattr(tally, field_name))
        intake.notes = [*(notes or []), *([f"{tally.revised} tin được sửa"] if tally.revised else [])]
        intake.save()
        record(
            organisation, user.person if user else None, Verb.IMPORT, intake.source,
            {"intake": intake.pk, "kind": str(kind), "read": tally.read, "taken": tally.taken, "doubled": tally.doubled,
             "rejected": tally.rejected, "revised": tally.revised},
        )  # fmt: skip
    return intake


def _batches(things: Iterable[Act | Reject]) -> Iterator[list[Act | Reject]]:
    stream = iter(things)
    while batch := list(islice(stream, BATCH)):
        yield batch


def _store(
    intake: Intake, channel: Channel | None, names: dict[str, Channel], batch: list[Act | Reject], tally: Tally
) -> None:
    wanted: dict[tuple[int, str], Act] = {}
    rejects: list[Reject] = []
    for thing in batch:
        tally.read += 1
        if isinstance(thing, Reject):
            rejects.append(thing)
            tally.rejected += 1
            continue
        place = channel or names.get(thing.channel)
        if place is None:
            place = names[thing.channel] = channel_named(intake.organisation, thing.channel)
        key = (place.pk, thing.platform_id)
        if key in wanted:
            rejects.append(
                Reject(intake.source, f"mã {thing.platform_id}", "trùng: mã đã đọc trong lần nạp này", thing.title)
            )
            tally.doubled += 1
            continue
        wanted[key] = thing
    known = {
        (row.channel_id, row.platform_id): row
        for row in Item.objects.filter(
            channel__in={pk for pk, _ in wanted}, platform_id__in={name for _, name in wanted}
        )
    }
    fresh = [_row(intake, pk, act) for (pk, name), act in wanted.items() if (pk, name) not in known]
    Item.objects.bulk_create(fresh)
    tally.taken += len(fresh)
    for key, row in known.items():
        act = wanted.get(key)
        if act is None:
            continue
        tally.doubled += 1
        if _revise(row, act):
            tally.revised += 1
        else:
            rejects.append(Reject(intake.source, f"mã {act.platform_id}", "trùng: đã có trong kho", act.title))
    RejectedRow.objects.bulk_create(
        RejectedRow(intake=intake, place=r.place[:200], reason=r.reason[:300], start=r.start[:120]) for r in rejects
    )


def _row(intake: Intake, channel: int, act: Act) -> Item:
    local = act.published_at.astimezone(VIETNAM)
    return Item(
        organisation=intake.organisation, channel_id=channel, intake=intake, platform_id=act.platform_id[:600],
        title=_text(act.title), lead=_text(act.lead), text=_text(act.text), url=act.url[:2000], published_at=act.published_at,
        day=local.date(), date_source=act.date_source.value, date_confidence=act.date_confidence.value,
        kind=act.kind.value, share_of=act.share_of[:2000], section=act.section[:200], metrics=dict(act.metrics),
        folded=folded(act.title, act.lead),
    )  # fmt: skip


def _text(value: str) -> str:
    """PostgreSQL stores no NUL."""
    return value.replace("\0", "")


def folded(title: str, lead: str) -> str:
    """Title and lead without diacritics and in lower case, for search."""
    return strip_accents(nfc(f"{title} {lead}").lower())


def _revise(row: Item, act: Act) -> bool:
    """Keep what an edited item read before, and show what it reads now. The day it counts on does not move."""
    before: dict[str, Any] = {name: getattr(row, name) for name in _TEXTS}
    after = {name: _text(getattr(act, name)) or before[name] for name in _TEXTS}
    if after == before:
        if act.metrics and dict(act.metrics) != row.metrics:
            row.metrics = {**row.metrics, **act.metrics}
            row.save(update_fields=["metrics"])
        return False
    Revision.objects.create(item=row, **before)
    for name, value in after.items():
        setattr(row, name, value)
    row.folded = folded(row.title, row.lead)
    row.save(update_fields=[*_TEXTS, "folded"])
    return True
