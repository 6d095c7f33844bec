"""Appending to an organisation's log, inside the transaction of what is logged."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from canbang.desk.models import Entry, Organisation, Verb
from canbang.item import VIETNAM
from canbang.ledger import START, digest


def record(
    organisation: Organisation, person: UUID | None, verb: Verb, thing: str, detail: Mapping[str, Any] | None = None
) -> Entry:
    """Append one entry. ``detail`` holds plain JSON values and no names of persons."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("an entry is written in the transaction of what it tells")
    # the row's lock puts the entries of one organisation in line (SQLite: the write transaction does)
    held = Organisation.objects.select_for_update().get(pk=organisation.pk)
    entry = Entry(
        organisation=held, number=held.entries + 1, at=datetime.now(VIETNAM).isoformat(timespec="microseconds"),
        person=person, verb=verb, object=thing[:300], detail=dict(detail or {}),
    )  # fmt: skip
    entry.digest = digest(held.head or START, entry.number, entry.content)
    entry.save(force_insert=True)
    held.entries, held.head = entry.number, entry.digest
    held.save(update_fields=["entries", "head"])
    organisation.entries, organisation.head = held.entries, held.head
    return entry
