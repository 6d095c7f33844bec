"""Appending to an organisation's log, inside the transaction of what is logged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from canbang.desk.models import Entry, Organisation, Verb
from canbang.item import VIETNAM
from canbang.ledger import START, digest


@dataclass(frozen=True, slots=True)
class Line:
    """What one entry tells. ``detail`` holds plain JSON values and no names of persons."""

    person: UUID | None
    verb: Verb
    thing: str
    detail: Mapping[str, Any] = field(default_factory=dict)


def record(
    organisation: Organisation, person: UUID | None, verb: Verb, thing: str, detail: Mapping[str, Any] | None = None
) -> Entry:
    """Append one entry. ``detail`` holds plain JSON values and no names of persons."""
    return record_all(organisation, [Line(person, verb, thing, detail or {})])[0]


def record_all(organisation: Organisation, lines: Sequence[Line]) -> list[Entry]:
    """Append entries in their order, all of one moment."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("an entry is written in the transaction of what it tells")
    # the row's lock puts the entries of one organisation in line (SQLite: the write transaction does)
    held = Organisation.objects.select_for_update().get(pk=organisation.pk)
    at = datetime.now(VIETNAM).isoformat(timespec="microseconds")
    entries: list[Entry] = []
    for number, line in enumerate(lines, held.entries + 1):
        entry = Entry(
            organisation=held, number=number, at=at, person=line.person, verb=line.verb, object=line.thing[:300],
            detail=dict(line.detail),
        )  # fmt: skip
        entry.digest = digest(held.head or START, number, entry.content)
        held.entries, held.head = number, entry.digest
        entries.append(entry)
    Entry.objects.bulk_create(entries)
    held.save(update_fields=["entries", "head"])
    organisation.entries, organisation.head = held.entries, held.head
    return entries
