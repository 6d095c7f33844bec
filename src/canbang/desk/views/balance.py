"""*Cân bằng nội dung*: a month's figure with everything that it was computed from."""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from canbang.desk.domain import measurement
from canbang.desk.domain import sheet as sheets
from canbang.desk.models import Sheet
from canbang.desk.roles import May
from canbang.desk.views import charts, reading
from canbang.desk.views.access import Desk, screen
from canbang.errors import InputError
from canbang.report import sentences, words
from canbang.report.balance import Balance, Part


@screen(May.READ)
@require_safe
def balance(request: HttpRequest, desk: Desk) -> HttpResponse:
    """To the month that was chosen, else to the newest one; a desk without items says what comes first."""
    months = sheets.months(desk.organisation)
    if not months:
        return render(request, "desk/balance.html", {"months": []})
    asked = {f"{month:%Y-%m}": month for month in months}.get(request.GET.get("thang", ""), months[0])
    channel = request.GET.get("kenh", "")
    query = f"?{urlencode({'kenh': channel})}" if channel else ""
    return redirect(reverse("balance_month", args=[desk.organisation.code, asked]) + query)


@screen(May.READ)
@require_safe
def month(request: HttpRequest, desk: Desk, month: date) -> HttpResponse:
    """One month, or one channel of it."""
    months = sheets.months(desk.organisation)
    if month not in months:
        raise Http404
    context: dict[str, Any] = {"months": months, "month": month}
    try:
        sheet = sheets.refresh(desk.organisation, month)
        report, refused = sheets.with_changes(sheet, sheets.report_of(sheet))
    except InputError as error:
        return render(request, "desk/balance.html", context | {"problem": str(error)})
    context |= _month(desk, sheet, sheets.with_lamps(sheet, report)) | {"not_compared": refused}
    asked = request.GET.get("kenh", "")
    if asked:
        context |= _channel(report, context["channels"][1], asked)
    return render(request, "desk/balance.html", context)


def _month(desk: Desk, sheet: Sheet, report: Balance) -> dict[str, Any]:
    draw = measurement.draw_of(desk.organisation, sheet.month)
    drawn = draw is not None and draw.drawn_at is not None
    return {
        "sheet": sheet, "r": report, "figure": reading.figure(report), "sentence": reading.sentence(report),
        "tones": reading.tones(report.whole), "shares": reading.shares(report), "weeks": charts.weeks(report),
        "week_rows": reading.rows(report, "week", desk.organisation), "channels": reading.rows(report, "channel", desk.organisation),
        "themes": reading.rows(report, "theme", desk.organisation), "beside": reading.beside(report),
        "changes": reading.changes(report), "change_lines": sentences.delta_lines(report), "gaps": reading.gaps(report),
        "progress": measurement.progress(draw) if draw and drawn and report.whole.basis != "audit" else None,
        "counts": words.counts_words(report), "heading": words.interval_heading(report.whole.shares["counted_negative"].confidence),
    }  # fmt: skip


def _channel(report: Balance, rows: list[reading.Row], asked: str) -> dict[str, Any]:
    """The figure of one channel in place of the month's; 404 for one that has no item in it."""
    chosen = {row.channel: row.name for row in rows}
    part: Part | None = next((one for one in report.by["channel"] if one.key == chosen.get(asked)), None)
    if part is None:
        raise Http404
    return {
        "channel": part.key, "asked": asked, "figure": reading.figure(report, part), "tones": reading.tones(part),
        "shares": reading.shares(report, part),
    }  # fmt: skip
