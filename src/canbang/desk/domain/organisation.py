"""Bodies: entered with their dated names and their dated places in the cascade."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from canbang.desk.domain.entry import record
from canbang.desk.models import Level, Organisation, OrganisationName, Placement, User, Verb, valid_on
from canbang.errors import InputError
from canbang.text.normalise import nfc

KEEP = (1, 600)
"""The fewest and most months for which texts are kept."""


@dataclass(frozen=True, slots=True)
class Named:
    """A name and when it held; an ``alias`` is what letters and people say beside the official one."""

    name: str
    valid_from: date | None = None
    valid_to: date | None = None
    alias: bool = False


@dataclass(frozen=True, slots=True)
class Placed:
    """Under whom a body stood, and when."""

    parent: Organisation
    valid_from: date | None = None
    valid_to: date | None = None


def establish(
    code: str, level: Level, names: Iterable[Named], places: Iterable[Placed] = (), *,
    enrolled: bool = False, valid_from: date | None = None, valid_to: date | None = None,
) -> Organisation:  # fmt: skip
    """A body with its names and places; an ``enrolled`` one works on this desk."""
    with transaction.atomic():
        made = Organisation.objects.create(
            code=code, level=level, enrolled=enrolled, valid_from=valid_from, valid_to=valid_to
        )
        OrganisationName.objects.bulk_create(
            OrganisationName(
                organisation=made,
                name=one.name,
                official=not one.alias,
                valid_from=one.valid_from,
                valid_to=one.valid_to,
            )
            for one in names
        )
        Placement.objects.bulk_create(
            Placement(organisation=made, parent=one.parent, valid_from=one.valid_from, valid_to=one.valid_to)
            for one in places
        )
    return made


def configure(organisation: Organisation, by: User, name: str, keep_months: int) -> bool:
    """Give the organisation a name from today on, and say how long texts are kept; returns whether anything changed.

    The name before stays with the day on which it ended. Raises :class:`InputError` where a value cannot be used.
    """
    name = nfc(name)
    if not 0 < len(name) <= 200:
        raise InputError("Tên cơ quan: viết từ 1 đến 200 ký tự.")
    if not KEEP[0] <= keep_months <= KEEP[1]:
        raise InputError(f"Giữ nội dung tin: chọn từ {KEEP[0]} đến {KEEP[1]} tháng.")
    changed: dict[str, str | int] = {}
    with transaction.atomic():
        held = Organisation.objects.select_for_update().get(pk=organisation.pk)
        if held.keep_months != keep_months:
            held.keep_months = changed["keep_months"] = keep_months
            held.save(update_fields=["keep_months"])
        if held.name() != name:
            _rename(held, name, timezone.localdate())
            changed["name"] = name
        if changed:
            record(held, by.person, Verb.SETTING, "thiết lập cơ quan", changed)
    return bool(changed)


def in_time(names: QuerySet[OrganisationName]) -> QuerySet[OrganisationName]:
    """Names in the order in which they held; one without a first day held from the beginning, on every database."""
    return names.order_by(F("valid_from").asc(nulls_first=True), "pk")


def _rename(organisation: Organisation, name: str, today: date) -> None:
    current = in_time(organisation.names.filter(valid_on(today), official=True)).last()
    if current is not None and current.valid_from == today:  # two changes on one day are one
        current.name = name
        current.save(update_fields=["name"])
        return
    if current is not None:
        current.valid_to = today - timedelta(days=1)
        current.save(update_fields=["valid_to"])
    OrganisationName.objects.create(organisation=organisation, name=name, valid_from=today)
