"""*Bàn làm việc*: what waits today, and the month's figure."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from canbang.desk.domain import alarm, area, judgement, measurement, sheet
from canbang.desk.domain import draw as draws
from canbang.desk.models import Alarm, Channel, Organisation, User
from canbang.desk.roles import May
from canbang.desk.views import reading
from canbang.desk.views.access import Desk, screen
from canbang.errors import InputError

_ALARMS = 5


@login_not_required
def alive(request: HttpRequest) -> HttpResponse:
    """For a watchdog: the process answers and reaches its database."""
    Organisation.objects.exists()
    return HttpResponse("ok", content_type="text/plain")


def front(request: HttpRequest) -> HttpResponse:
    """To the person's organisation; to a page that says so where they have none."""
    assert isinstance(request.user, User)
    mine = request.user.memberships.filter(organisation__enrolled=True).order_by("organisation__code").first()
    if mine is not None:
        return redirect("home", mine.organisation.code)
    text = "Tài khoản chưa thuộc cơ quan nào. Nhờ người quản trị của cơ quan thêm bạn vào."
    return render(request, "desk/error.html", {"title": "Chưa có cơ quan", "text": text})


@screen(May.HOME)
@require_safe
def home(request: HttpRequest, desk: Desk) -> HttpResponse:
    """What waits for this person, and the latest month's figure where they may see it."""
    organisation = desk.organisation
    context: dict[str, Any] = {"today": timezone.localdate()}
    if May.AUDIT in desk.may:
        context["cards"] = judgement.waiting(organisation, desk.person)
    if May.ADJUDICATE in desk.may:
        context["disputed"] = len(judgement.for_third(organisation, desk.person))
    if desk.may & {May.READ, May.DRAW, May.SIGN}:
        months = draws.months(organisation)
        if May.DRAW in desk.may:
            context["to_draw"] = [
                one for one in months if one.may_draw or (one.items and not one.signed and not one.draw)
            ]
        if May.SIGN in desk.may:
            running = measurement.month_of(timezone.localdate())
            context["to_sign"] = [one for one in months if one.state == "judged" and one.month < running]
        if May.READ in desk.may:
            context |= _figure(organisation, months)
    if May.AREA in desk.may:
        context["area"] = area.counts(organisation)
    return render(request, "desk/home.html", context)


def _figure(organisation: Organisation, months: list[draws.Month]) -> dict[str, Any]:
    """The newest month that was judged to the end, or the newest one; what is judged now; gaps and alarms; or what comes first."""
    held = [one for one in months if one.items]
    channels = Channel.objects.filter(organisation=organisation, active=True).count()
    if not held:
        return {"nothing": True, "channels": channels}
    shown = next((one for one in held if one.state in ("judged", "signed")), held[0])
    found: dict[str, Any] = {
        "month": shown.month, "shown": shown, "judging": [one for one in held if one.state == "judging"],
    } | _reading(organisation, shown.month)  # fmt: skip
    if held[0] is not shown:
        found["newest"] = {"month": held[0].month} | _reading(organisation, held[0].month)
    alarm.review(organisation)
    found["alarms"] = Alarm.objects.filter(organisation=organisation, ended_at=None, muted_at=None)[:_ALARMS]
    return found


def _reading(organisation: Organisation, month: date) -> dict[str, Any]:
    try:
        report = sheet.report_of(sheet.refresh(organisation, month))
    except InputError as error:
        return {"problem": str(error)}
    return {
        "r": report, "figure": reading.figure(report), "sentence": reading.sentence(report), "gaps": reading.gaps(report),
    }  # fmt: skip
