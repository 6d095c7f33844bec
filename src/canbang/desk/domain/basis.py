"""What a month's sheet rests on, as a digest: cheap to take, and another one whenever the sheet's JSON could be another one."""

from __future__ import annotations

import hashlib
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, FloatField, Max, QuerySet, Sum
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast

from canbang import __version__
from canbang.codebook import load_codebook
from canbang.desk.domain import measurement
from canbang.desk.models import (
    Channel,
    CoverageAttempt,
    Draw,
    Intake,
    Item,
    Judgement,
    Organisation,
    Prediction,
    Revision,
)
from canbang.item import VIETNAM
from canbang.limits import load_limits


def basis_of(organisation: Organisation, month: date) -> str:
    """The digest for a month. No text is read: counts, last keys and sums are enough, since rows are only ever added.

    A part of an audit changes nothing: until it is whole the sheet is the machine's.
    """
    items = measurement.items_of(organisation, month).order_by()
    parts = [_rows(items), _audit(organisation, month), _collecting(organisation, month), _rules()]
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def _rows(items: QuerySet[Item]) -> list[Any]:
    views = Cast(KeyTextTransform("views", "metrics"), FloatField())
    return [
        items.aggregate(
            n=Count("pk"), last=Max("pk"), seen=Count(views), views=Sum(views), removed=Count("removed_at")
        ),
        Prediction.objects.filter(item__in=items).aggregate(n=Count("pk"), last=Max("pk")),
        Revision.objects.filter(item__in=items).aggregate(n=Count("pk"), last=Max("pk")),
        Intake.objects.filter(pk__in=items.values("intake")).aggregate(n=Count("pk"), last=Max("pk"), read=Sum("read")),
        sorted(items.values_list("channel", "channel__name").distinct()),
    ]


def _audit(organisation: Organisation, month: date) -> list[Any]:
    draw = Draw.objects.filter(organisation=organisation, month=month, drawn_at__isnull=False).defer("value").first()
    if draw is None:
        return []
    done = measurement.progress(draw).done
    said = Judgement.objects.filter(drawn__draw=draw).aggregate(
        n=Count("pk"), last=Max("pk"), undone=Count("undone_at")
    )
    return [draw.drawn_at, said if done else None]


def _collecting(organisation: Organisation, month: date) -> list[Any]:
    """What is known of collected channels; while the month runs, every day that ends may be one more gap."""
    collected = Channel.objects.filter(organisation=organisation, attempts__isnull=False).distinct()
    if not collected:
        return []
    attempts = CoverageAttempt.objects.filter(channel__organisation=organisation)
    enrolments = [c.enrolment.record.line for c in collected.order_by("pk") if hasattr(c, "enrolment")]
    last = measurement.window_of(month).last
    assert last is not None
    today = min(datetime.now(VIETNAM).date(), last + timedelta(days=1))
    return [attempts.aggregate(n=Count("pk"), last=Max("pk")), enrolments, today]


def _rules() -> list[str]:
    return [__version__, load_codebook().digest, load_limits()["negative_share"].version]
