"""The units below an organisation in one month: what they signed, and who has not sent anything yet.

Totals only. Nothing of a unit but its signed sheet is read here, and units stand by verdict and by name, never by share.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from canbang.desk.domain import measurement
from canbang.desk.models import Organisation, Placement, Sheet, valid_on
from canbang.errors import InputError
from canbang.estimate.verdict import Verdict
from canbang.report.rollup import Rollup, rollup
from canbang.report.saved import Saved, saved_of
from canbang.text.collation import vietnamese_key

_LEAST = 2


@dataclass(frozen=True, slots=True)
class Sent:
    """A unit's signed month: its share with the interval, and what it was computed from."""

    name: str
    verdict: Verdict
    point: float
    low: float
    high: float
    confidence: float
    items: int
    audited: int
    public: float
    rest: float
    missing: tuple[date, ...]


@dataclass(frozen=True, slots=True)
class Area:
    """One month of all units below. ``joined`` is the figure of all that was sent, ``refused`` says why there is none."""

    sent: dict[Verdict, list[Sent]]
    waiting: list[str]
    joined: Rollup | None
    refused: str

    @property
    def count(self) -> int:
        """Units that sent a sheet."""
        return sum(map(len, self.sent.values()))

    @property
    def units(self) -> int:
        """Units in all."""
        return self.count + len(self.waiting)


def _below(organisation: Organisation, placements: Iterable[tuple[int, int]]) -> set[int]:
    """Everybody under an organisation, at any depth, by placements (unit, parent)."""
    children: dict[int, list[int]] = {}
    for unit, parent in placements:
        children.setdefault(parent, []).append(unit)
    found: set[int] = set()
    ahead = [organisation.pk]
    while ahead:
        new = set(children.get(ahead.pop(), ())) - found - {organisation.pk}
        found |= new
        ahead += new
    return found


def units(organisation: Organisation, month: date) -> list[Organisation]:
    """The enrolled units that stood under an organisation at the end of a month, by name.

    Where districts stood between, until 30/6/2025, their communes are among them.
    """
    last = _end(month)
    found = _below(organisation, Placement.objects.filter(valid_on(last)).values_list("organisation", "parent"))
    rows = Organisation.objects.filter(valid_on(last), pk__in=found, enrolled=True).prefetch_related("names")
    return sorted(rows, key=lambda unit: vietnamese_key(unit.name(last)))


def _end(month: date) -> date:
    last = measurement.window_of(month).last
    assert last is not None
    return last


def months(organisation: Organisation) -> list[date]:
    """The last month that is over, and those in which somebody who ever stood below signed a sheet; newest first."""
    ever = _below(organisation, Placement.objects.values_list("organisation", "parent"))
    signed = Sheet.objects.filter(organisation__in=ever, signed_at__isnull=False).values_list("month", flat=True)
    return sorted({*signed.order_by("month").distinct(), last_closed()}, reverse=True)


def last_closed() -> date:
    """The last month that is over."""
    return measurement.month_of(measurement.month_of(timezone.localdate()) - timedelta(days=1))


def area(organisation: Organisation, month: date) -> Area:
    """What the units below sent for a month."""
    below = units(organisation, month)
    signed = Sheet.objects.filter(organisation__in=below, month=month, signed_at__isnull=False)
    values = {sheet.organisation_id: json.loads(sheet.text) for sheet in signed.only("organisation", "text")}
    names = {unit.pk: unit.name(_end(month)) for unit in below}
    sent: dict[Verdict, list[Sent]] = {verdict: [] for verdict in (Verdict.UNDER, Verdict.OVER, Verdict.NOT_YET_KNOWN)}
    for unit in below:
        if unit.pk in values:
            one = _sent(names[unit.pk], values[unit.pk])
            sent[one.verdict].append(one)
    waiting = [names[unit.pk] for unit in below if unit.pk not in values]
    joined, refused = _joined([(names[pk], value) for pk, value in values.items()])
    return Area(sent, waiting, joined, refused)


def counts(organisation: Organisation) -> tuple[date, int, int]:
    """The last month that is over, how many units below signed its sheet, and how many there are."""
    closed = last_closed()
    below = units(organisation, closed)
    signed = Sheet.objects.filter(organisation__in=below, month=closed, signed_at__isnull=False).count()
    return closed, signed, len(below)


def _sent(name: str, value: dict[str, Any]) -> Sent:
    share, shares = value["shares"]["counted_negative"], value["shares"]
    return Sent(
        name, Verdict(value["verdict"]), share["point"], share["low"], share["high"], share["confidence"], value["items"],
        value["audited"], shares["counted_negative_public_interest"]["point"],
        shares["counted_negative_without_public_interest"]["point"],
        tuple(map(date.fromisoformat, value["coverage"]["missing_days"])),
    )  # fmt: skip


def _joined(sent: Sequence[tuple[str, dict[str, Any]]]) -> tuple[Rollup | None, str]:
    """All sheets as one figure, or why there is none."""
    if len(sent) < _LEAST:
        return None, f"Gộp được khi có ít nhất {_LEAST} đơn vị đã gửi phiếu."
    try:
        return rollup([_saved(name, value) for name, value in sent]), ""
    except InputError as error:
        return None, str(error)


def _saved(name: str, value: dict[str, Any]) -> Saved:
    """A unit's sheet, of which the joined figure needs one share; two units may both call a channel "Facebook"."""
    told = value | {"cells": {"counted_negative": value["cells"]["counted_negative"]}}
    found = saved_of(told, name)
    gaps = replace(
        found.gaps, channels=tuple(replace(one, channel=f"{name}: {one.channel}") for one in found.gaps.channels)
    )
    return replace(found, channels=tuple(f"{name}: {channel}" for channel in found.channels), gaps=gaps)
