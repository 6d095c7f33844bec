"""*Rút mẫu*: months and where they stand; opening one, drawing, drawing on, and the files that let anybody repeat it."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from canbang.desk.domain import draw as verbs
from canbang.desk.domain import drawfiles
from canbang.desk.forms.draw import BudgetForm, ModeForm
from canbang.desk.models import Draw, Turn
from canbang.desk.roles import May
from canbang.desk.views.access import Desk, screen
from canbang.desk.views.errors import unusable
from canbang.errors import InputError
from canbang.estimate.design import SMALLEST_AUDIT
from canbang.estimate.looks import Looks, Mode
from canbang.report.words import MODES, confidence_words

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TURNS = {"1": Turn.FIRST, "2": Turn.SECOND, "3": Turn.FINAL}


@screen(May.DRAW)
@require_safe
def draws(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Every month with items or a draw, and what can be done with it."""
    return render(request, "desk/draws.html", {"months": verbs.months(desk.organisation)})


def _month(desk: Desk, month: date) -> verbs.Month:
    """The month as the list shows it; 404 where it has neither items nor a draw and is not the running one."""
    for one in verbs.months(desk.organisation):
        if one.month == month:
            return one
    raise Http404


@screen(May.DRAW)
@require_http_methods(["GET", "HEAD", "POST"])
def open_month(request: HttpRequest, desk: Desk, month: date) -> HttpResponse:
    """Choose how the month's result is looked at, and make its secret; both stand for good."""
    one = _month(desk, month)
    form = ModeForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            made = verbs.open_month(desk.organisation, month, Mode(form.cleaned_data["mode"]), desk.user)
        except InputError as error:
            messages.error(request, str(error))
            return redirect("draw", desk.organisation.code)
        messages.success(request, f"Đã mở kỳ. Cam kết để công bố: {made.commitment}")
        return redirect("draw_make", desk.organisation.code, month)
    looks = [(mode, Looks(mode)) for mode in Mode]
    context = {
        "one": one, "form": form,
        "choices": [(mode.value, MODES[mode.value], confidence_words(look.confidence), look) for mode, look in looks],
    }  # fmt: skip
    return render(request, "desk/draw_open.html", context, status=422 if form.errors else 200)


@screen(May.DRAW)
@require_http_methods(["GET", "HEAD", "POST"])
def draw(request: HttpRequest, desk: Desk, month: date) -> HttpResponse:
    """What a draw would need, and the draw itself: the first look or a further one."""
    one = _month(desk, month)
    if one.draw is None:
        return redirect("draw_open", desk.organisation.code, month)
    context, least, most, wanted = _plan(one)
    form = BudgetForm(
        request.POST if request.method == "POST" else None, least=least, most=most, initial={"budget": wanted}
    )
    if request.method == "POST" and form.is_valid():
        try:
            return _draw(request, desk, one.draw, form.cleaned_data["budget"])
        except InputError as error:
            form.add_error(None, str(error))
    context |= {"one": one, "form": form, "mode": MODES[one.draw.mode], "wanted": wanted}
    return render(request, "desk/draw.html", context, status=422 if form.errors else 200)


def _draw(request: HttpRequest, desk: Desk, held: Draw, budget: int) -> HttpResponse:
    verb = verbs.draw_first if held.value is None else verbs.draw_more
    made = verb(held, budget, desk.user)
    messages.success(request, f"Đã rút mẫu: {made.cards.count()} tin chờ người chấm.")
    return redirect("draw_make", desk.organisation.code, held.month)


def _plan(one: verbs.Month) -> tuple[dict[str, Any], int, int, int]:
    """What the page says of the labels needed; the least and the most items to ask for, and how many to propose."""
    assert one.draw is not None
    look = Looks(Mode(one.draw.mode), one.looks)
    context: dict[str, Any] = {"look": look, "confidence": confidence_words(look.confidence)}
    drawn = one.draw.cards.count()
    if not one.may_draw:
        return context | {"problem": verbs.why_not_drawn(one.draw) if not one.looks else ""}, 1, 1, 1
    try:
        items, plan = verbs.planned(one.draw)
    except InputError as error:
        return context | {"problem": str(error)}, 1, 1, 1
    wanted = min(max(plan.for_half_width, drawn + SMALLEST_AUDIT), items)
    return context | {"plan": plan, "items": items, "drawn": drawn}, min(drawn + 1, items), items, wanted


def _drawn(desk: Desk, month: date) -> Draw:
    return get_object_or_404(Draw, organisation=desk.organisation, month=month, value__isnull=False)


def _file(content: str | bytes, kind: str, name: str) -> HttpResponse:
    return HttpResponse(content, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


@screen(May.DRAW)
@require_safe
def download(request: HttpRequest, desk: Desk, month: date) -> HttpResponse:
    """``draw.json``."""
    return _file(drawfiles.draw_file(_drawn(desk, month), desk.user), "application/json", "draw.json")


@screen(May.DRAW)
@require_safe
def log(request: HttpRequest, desk: Desk, month: date) -> HttpResponse:
    """``draw.log``."""
    return _file(drawfiles.log_file(_drawn(desk, month), desk.user), "text/plain; charset=utf-8", "draw.log")


@screen(May.DRAW)
@require_safe
def sheet(request: HttpRequest, desk: Desk, month: date) -> HttpResponse:
    """The sheet: blank, or filled in with what was said at turn ``?luot=`` 1, 2 or 3."""
    held, asked = _drawn(desk, month), request.GET.get("luot", "")
    if asked and asked not in TURNS:
        raise Http404
    try:
        content = drawfiles.sheet_file(held, desk.user, TURNS.get(asked))
    except InputError as error:
        return unusable(request, error)
    return _file(content, XLSX, f"phieu-cham-{month:%Y-%m}{'-luot-' + asked if asked else ''}.xlsx")
