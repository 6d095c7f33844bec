"""*Toàn tỉnh*: the units below in one month, by verdict and by name; their signed totals and nothing else of them."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from canbang.desk.domain import area as domain
from canbang.desk.roles import May
from canbang.desk.views.access import Desk, screen
from canbang.report import gap_words, words
from canbang.report.rollup import Rollup
from canbang.report.sentences import rollup_lines
from canbang.text.numbers import percent_range


@screen(May.AREA)
@require_safe
def area(request: HttpRequest, desk: Desk) -> HttpResponse:
    """To the month that was chosen, else to the newest one."""
    months = domain.months(desk.organisation)
    asked = {f"{month:%Y-%m}": month for month in months}.get(request.GET.get("thang", ""), months[0])
    return redirect("area_month", desk.organisation.code, asked)


@screen(May.AREA)
@require_safe
def month(request: HttpRequest, desk: Desk, month: date) -> HttpResponse:
    """One month of all units below."""
    found = domain.area(desk.organisation, month)
    groups = [
        (verdict.value, words.VERDICTS[verdict], [_line(one) for one in sent]) for verdict, sent in found.sent.items()
    ]
    context = {
        "month": month, "months": sorted({*domain.months(desk.organisation), month}, reverse=True), "area": found,
        "groups": groups, "joined": _joined(found.joined) if found.joined else None,
    }  # fmt: skip
    return render(request, "desk/area.html", context)


def _line(one: domain.Sent) -> dict[str, Any]:
    return {
        "one": one, "interval": percent_range(one.low, one.high), "level": words.level(one.confidence),
        "missing": gap_words.days_words(one.missing),
    }  # fmt: skip


def _joined(joined: Rollup) -> dict[str, Any]:
    share = joined.main
    return {
        "point": words.near_limit(float(share.point), float(joined.limit.value)), "verdict": joined.verdict.value,
        "word": words.VERDICTS[joined.verdict], "interval": percent_range(share.low_share, share.high_share),
        "confidence": words.confidence_words(share.confidence), "limit": words.limit_words(joined.limit),
        "mark": words.behind(gap_words.mark(joined.collected)), "items": joined.items, "audited": share.audited,
        "lines": rollup_lines(joined),
    }  # fmt: skip
