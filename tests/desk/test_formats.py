"""Dates and numbers as Vietnam writes them, on every machine."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django import forms
from django.template import Context, Template
from django.utils import formats, timezone


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("05/03/2026", date(2026, 3, 5)),
        ("31/12/2026", date(2026, 12, 31)),
        ("05-03-2026", date(2026, 3, 5)),
        ("2026-03-05", date(2026, 3, 5)),
    ],
)
def test_a_typed_day_is_day_month_year(typed: str, meant: date) -> None:
    assert forms.DateField().clean(typed) == meant


@pytest.mark.parametrize("typed", ["12/31/2026", "31/02/2026", "5 tháng 3"])
def test_what_is_no_day_is_refused(typed: str) -> None:
    with pytest.raises(forms.ValidationError):
        forms.DateField().clean(typed)


def test_days_and_numbers_are_printed_as_vietnam_writes_them() -> None:
    assert formats.date_format(date(2026, 3, 5), "SHORT_DATE_FORMAT") == "05/03/2026"
    assert formats.localize(Decimal("1234567.89")) == "1.234.567,89"
    assert forms.DecimalField(localize=True).clean("1.234.567,89") == Decimal("1234567.89")


def test_a_moment_is_shown_in_vietnam() -> None:
    assert str(timezone.get_default_timezone()) == "Asia/Ho_Chi_Minh"
    text = Template("{{ moment|clock }} {{ share|percent }} {{ count|integer }}").render(
        Context({"moment": datetime(2026, 3, 4, 18, 30, tzinfo=UTC), "share": 0.1494, "count": 1234567})
    )
    assert text == "01:30 ngày 5/3/2026 14,9\u00a0% 1.234.567"
