"""Numbers in templates, written by the same functions as in every report."""

from __future__ import annotations

from datetime import date, datetime

from django import template

from canbang.item import VIETNAM
from canbang.text import numbers

register = template.Library()


@register.filter
def percent(value: float) -> str:
    """A share in 0..1 as "14,9 %"."""
    return numbers.percent(value)


@register.filter
def integer(value: int) -> str:
    """A count as "1.234"."""
    return numbers.integer(value)


@register.filter
def day(value: date) -> str:
    """A day as "29/3/2024"; a moment is cut in Vietnam."""
    return numbers.day(value.astimezone(VIETNAM).date() if isinstance(value, datetime) else value)


@register.filter
def clock(value: datetime) -> str:
    """A moment as "08:15 ngày 29/3/2024"."""
    local = value.astimezone(VIETNAM)
    return f"{local:%H:%M} ngày {numbers.day(local.date())}"


@register.filter
def month(value: date) -> str:
    """A month as "tháng 9/2026"."""
    return f"tháng {value.month}/{value.year}"


@register.filter
def get(value: dict[str, object], key: str) -> object:
    """One value of a mapping, "" where there is none."""
    return value.get(key, "")
