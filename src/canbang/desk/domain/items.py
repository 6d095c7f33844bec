"""The store of items as a list: filters, pages that stay put while items come in, a total that does not count for ever."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from canbang.desk.domain.entry import record
from canbang.desk.domain.measurement import window_of
from canbang.desk.domain.search import search
from canbang.desk.models import Channel, Drawn, Item, Organisation, Sheet, User, Verb
from canbang.item import Confidence, Kind

PAGE = 50
TOTAL_MAX = 1000
CHUNK = 1000
_CURSOR = re.compile(r"^(-?\d{1,17})-(\d{1,18})$")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


Items = QuerySet[Item]


@dataclass(frozen=True, slots=True)
class Filters:
    """What of the store is asked for; what is empty filters nothing. ``tone`` and ``theme`` are the machine's."""

    words: str = ""
    channel: Channel | None = None
    month: date | None = None
    first: date | None = None
    last: date | None = None
    kind: str = ""
    theme: str = ""
    tone: str = ""
    own: str = ""
    unsure: bool = False
    removed: bool = False


def being_audited(organisation: Organisation) -> Exists:
    """Whether an item was drawn in a month whose sheet is not signed yet: who audits must not see the machine's word on it."""
    signed = Sheet.objects.filter(organisation=organisation, month=OuterRef("draw__month"), signed_at__isnull=False)
    return Exists(Drawn.objects.filter(item=OuterRef("pk"), draw__organisation=organisation).exclude(Exists(signed)))


def select(organisation: Organisation, filters: Filters, *, blind: bool) -> QuerySet[Item]:
    """Items by their filters, newest first. ``blind``: a filter by the machine's word leaves out what is being audited."""
    items = Item.objects.filter(organisation=organisation)
    if filters.channel:
        items = items.filter(channel=filters.channel)
    if filters.month:
        window = window_of(filters.month)
        items = items.filter(day__gte=window.first, day__lte=window.last)
    if filters.first:
        items = items.filter(day__gte=filters.first)
    if filters.last:
        items = items.filter(day__lte=filters.last)
    if filters.kind:
        items = items.filter(kind=filters.kind)
    if filters.own:
        shared = Q(kind=Kind.SHARE.value) | ~Q(share_of="")
        items = items.filter(shared if filters.own == "shared" else ~shared)
    if filters.unsure:
        items = items.exclude(date_confidence=Confidence.SURE.value)
    if filters.removed:
        items = items.filter(removed_at__isnull=False)
    if filters.tone:
        items = items.filter(prediction__tone=filters.tone)
    if filters.theme:
        items = items.filter(prediction__theme=filters.theme)
    if blind and (filters.tone or filters.theme):
        items = items.exclude(being_audited(organisation))
    return search(items, filters.words).order_by("-published_at", "-pk")


def total(items: QuerySet[Item]) -> tuple[int, bool]:
    """How many there are, and whether there are more than that."""
    count = items.order_by()[: TOTAL_MAX + 1].count()
    return min(count, TOTAL_MAX), count > TOTAL_MAX


@dataclass(frozen=True, slots=True)
class Page:
    """One page, newest first. ``newer`` and ``older`` are cursors of the pages beside it, "" where there is none."""

    items: list[Item]
    newer: str = ""
    older: str = ""


def page(items: QuerySet[Item], *, after: str = "", before: str = "", size: int = PAGE) -> Page:
    """The page behind ``after``, or the one in front of ``before``; the first one for cursors that are none.

    Pages are cut at an item, not at a number: what comes in meanwhile moves nothing.
    """
    if (cut := _cut(before)) is not None:
        when, pk = cut
        newer = items.filter(published_at__gte=when).filter(Q(published_at__gt=when) | Q(pk__gt=pk))
        found = list(newer.order_by("published_at", "pk")[: size + 1])
        if len(found) > size:
            found = found[:size][::-1]
            return Page(found, cursor(found[0]), cursor(found[-1]))
        # fewer than a page are in front of it: the first page, whole
    elif (cut := _cut(after)) is not None:
        when, pk = cut
        older = items.filter(published_at__lte=when).filter(Q(published_at__lt=when) | Q(pk__lt=pk))
        found = list(older[: size + 1])
        shown = found[:size]
        if shown:
            return Page(shown, cursor(shown[0]), cursor(shown[-1]) if len(found) > size else "")
    found = list(items[: size + 1])
    return Page(found[:size], "", cursor(found[size - 1]) if len(found) > size else "")


def cursor(item: Item) -> str:
    """Where an item stands in the order."""
    return f"{(item.published_at - _EPOCH) // _MICROSECOND}-{item.pk}"


def _cut(text: str) -> tuple[datetime, int] | None:
    match = _CURSOR.match(text)
    if match is None:
        return None
    try:
        return _EPOCH + int(match[1]) * _MICROSECOND, int(match[2])
    except OverflowError:
        return None


def chunks(items: QuerySet[Item], most: int) -> Iterator[list[Item]]:
    """At most ``most`` items in chunks, each read at once: no reading stays open while somebody downloads slowly."""
    after, left = "", most
    while left > 0:
        part = page(items, after=after, size=min(CHUNK, left))
        if part.items:
            yield part.items
        left -= len(part.items)
        if not part.older:
            return
        after = part.older


def note_export(organisation: Organisation, user: User, query: str) -> None:
    """Put on record that somebody took the list away, and by which filters."""
    with transaction.atomic():
        record(organisation, user.person, Verb.EXPORT, "kho tin bài", {"query": query[:300]})
