"""*Báo cáo*: the months and where they stand, one month's sheet as a document, its files, and signing it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from canbang.desk.domain import draw as draws
from canbang.desk.domain import measurement, sheetfiles
from canbang.desk.domain import sheet as verbs
from canbang.desk.models import Draw, Sheet, User
from canbang.desk.roles import May
from canbang.desk.views import reading
from canbang.desk.views.access import Desk, screen
from canbang.desk.views.account import reauthenticated
from canbang.desk.views.draw import XLSX
from canbang.desk.views.errors import unusable
from canbang.errors import InputError
from canbang.report import sentences, words
from canbang.report.balance import Balance


@screen(May.READ)
@require_safe
def sheets(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Every month that has items, and where its sheet stands; a figure only where it was signed."""
    signed = {one.month: one for one in Sheet.objects.filter(organisation=desk.organisation, signed_at__isnull=False)}
    rows = []
    for one in draws.months(desk.organisation):
        if not one.items:
            continue
        found = signed.get(one.month)
        try:
            figure = reading.figure(verbs.report_of(found)) if found else None
        except InputError as error:
            messages.error(request, str(error))
            figure = None
        rows.append((one, found, figure))
    return render(request, "desk/sheets.html", {"rows": rows})


def _sheet(desk: Desk, month: date) -> Sheet:
    """The month's sheet as it stands now; 404 for a month without items. Raises :class:`InputError`."""
    found = Sheet.objects.filter(organisation=desk.organisation, month=month, signed_at__isnull=False).first()
    if found is not None:
        return found
    if not measurement.items_of(desk.organisation, month).exists():
        raise Http404
    return verbs.refresh(desk.organisation, month)


@screen(May.READ)
@require_safe
def sheet(request: HttpRequest, desk: Desk, month: date) -> HttpResponse:
    """The sheet as a document that prints on A4."""
    try:
        found = _sheet(desk, month)
        report, refused = verbs.with_changes(found, verbs.report_of(found))
    except InputError as error:
        return unusable(request, error)
    context = _document(desk, found, report) | {"not_compared": refused, "why": verbs.why_not_signed(found)}
    return render(request, "desk/sheet.html", context)


def _document(desk: Desk, found: Sheet, report: Balance) -> dict[str, Any]:
    items = measurement.items_of(desk.organisation, found.month)
    draw = Draw.objects.filter(organisation=desk.organisation, month=found.month).defer("value").first()
    return {
        "sheet": found, "month": found.month, "r": report, "figure": reading.figure(report), "sentence": reading.sentence(report),
        "shares": reading.shares(report), "week_rows": reading.rows(report, "week", desk.organisation),
        "channels": reading.rows(report, "channel", desk.organisation), "themes": reading.rows(report, "theme", desk.organisation),
        "beside": reading.beside(report), "changes": reading.changes(report), "change_lines": sentences.delta_lines(report),
        "gaps": reading.gaps(report), "sources": words.source_lines(report),
        "notes": [line for line in (words.date_line(report), *report.notes) if line], "window": words.window_words(report),
        "counts": words.counts_words(report), "heading": words.interval_heading(report.whole.shares["counted_negative"].confidence),
        "digest": verbs.digest_of(found), "draw": draw, "mode": words.MODES[draw.mode] if draw else "",
        "name": desk.organisation.name(report.last),
        "late": items.filter(intake__at__gt=found.signed_at).count() if found.signed_at else 0,
    }  # fmt: skip


@screen(May.SIGN)
@require_http_methods(["GET", "HEAD", "POST"])
@reauthenticated
def sign(request: HttpRequest, desk: Desk, month: date) -> HttpResponse:
    """What would be signed and its digest, and the signing: the head's approval over exactly this text."""
    try:
        found = _sheet(desk, month)
        report = verbs.report_of(found)
        if request.method == "POST":
            verbs.sign(found, desk.user, request.POST.get("digest", ""))
            messages.success(request, "Đã phê duyệt. Phiếu không đổi được nữa; mã rút mẫu của tháng đã công bố.")
            return redirect("sheet", desk.organisation.code, month)
    except InputError as error:
        if request.method != "POST":
            return unusable(request, error)
        messages.error(request, str(error))
        return redirect("sheet_sign", desk.organisation.code, month)
    context = _document(desk, found, report) | {"why": verbs.why_not_signed(found)}
    return render(request, "desk/sheet_sign.html", context)


def _file(
    request: HttpRequest, desk: Desk, month: date, make: Callable[[Sheet, User], str | bytes], kind: str, suffix: str
) -> HttpResponse:
    try:
        content = make(_sheet(desk, month), desk.user)
    except InputError as error:
        return unusable(request, error)
    name = f"phieu-can-bang-{desk.organisation.code}-{month:%Y-%m}.{suffix}"
    return HttpResponse(content, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


@screen(May.READ)
@require_safe
def as_json(request: HttpRequest, desk: Desk, month: date) -> HttpResponse:
    """The JSON, byte for byte as it was computed, or signed."""
    return _file(request, desk, month, sheetfiles.json_file, "application/json", "json")


@screen(May.READ)
@require_safe
def as_xlsx(request: HttpRequest, desk: Desk, month: date) -> HttpResponse:
    """The report as a workbook."""
    return _file(request, desk, month, sheetfiles.xlsx_file, XLSX, "xlsx")


@screen(May.READ)
@require_safe
def as_html(request: HttpRequest, desk: Desk, month: date) -> HttpResponse:
    """The report as a page that stands alone."""
    return _file(request, desk, month, sheetfiles.html_file, "text/html; charset=utf-8", "html")
