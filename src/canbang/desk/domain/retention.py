"""What is deleted when it has been kept long enough: texts, never counts, labels or judgements."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from django.db import transaction
from django.db.models import Q, QuerySet

from canbang.desk.domain.entry import record
from canbang.desk.domain.measurement import window_of
from canbang.desk.domain.search import folded
from canbang.desk.models import Item, Organisation, Revision, Sheet, User, Verb

BATCH = 500
_WRITTEN = ~Q(lead="") | ~Q(text="")
_WRITTEN_BEFORE = ~Q(title="") | ~Q(lead="") | ~Q(text="")


def first_kept(organisation: Organisation, today: date) -> date:
    """The first month whose texts are kept: ``keep_months`` whole months back from this one."""
    months = today.year * 12 + today.month - 1 - organisation.keep_months
    return date(months // 12, months % 12 + 1, 1)


def overdue(organisation: Organisation, today: date) -> int:
    """How many items still hold texts that are due."""
    return sum(_items(organisation, month).count() for month in _months(organisation, today))


def blank(organisation: Organisation, today: date, by: User | None = None) -> int:
    """Blank lead, text and earlier versions of items that are due; returns how many. Titles, labels and figures stay.

    Only months with a signed sheet: an open month may still be computed anew. One entry for each month.
    """
    done = 0
    for month in _months(organisation, today):
        with transaction.atomic():
            count = sum(_blank(batch) for batch in _batches(_items(organisation, month)))
            if count:
                record(
                    organisation, by.person if by else None, Verb.BLANK, f"tháng {month.month}/{month.year}",
                    {"month": month.isoformat(), "items": count, "keep_months": organisation.keep_months},
                )  # fmt: skip
            done += count
    return done


def _months(organisation: Organisation, today: date) -> list[date]:
    signed = Sheet.objects.filter(
        organisation=organisation, signed_at__isnull=False, month__lt=first_kept(organisation, today)
    )
    return list(signed.order_by("month").values_list("month", flat=True))


def _items(organisation: Organisation, month: date) -> QuerySet[Item]:
    window = window_of(month)
    rows = Item.objects.filter(organisation=organisation, day__gte=window.first, day__lte=window.last)
    before = Revision.objects.filter(_WRITTEN_BEFORE, item__organisation=organisation).values("item")
    return rows.filter(_WRITTEN | Q(pk__in=before))


def _batches(rows: QuerySet[Item]) -> Iterator[list[Item]]:
    """Rows in batches; what was blanked is no longer among them."""
    while batch := list(rows.order_by("pk")[:BATCH]):
        yield batch


def _blank(batch: list[Item]) -> int:
    for row in batch:
        row.lead, row.text, row.folded = "", "", folded(row.title, "")
    Item.objects.bulk_update(batch, ["lead", "text", "folded"])
    Revision.objects.filter(item__in=batch).update(title="", lead="", text="")
    return len(batch)
