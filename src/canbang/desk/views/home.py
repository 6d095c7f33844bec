"""*Bàn làm việc*: what waits today, and the month's figure."""

from __future__ import annotations

from datetime import date

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from canbang.desk.domain import judgement, measurement, sheet
from canbang.desk.models import Alarm, Channel, Draw, Organisation, Sheet, User
from canbang.desk.roles import May
from canbang.desk.views.access import Desk, screen
from canbang.errors import InputError


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
def home(request: HttpRequest, desk: Desk) -> HttpResponse:
    """What waits for this person, and the latest month's figure where they may see it."""
    organisation = desk.organisation
    context: dict[str, object] = {"today": timezone.localdate()}
    if May.AUDIT in desk.may:
        context["cards"] = judgement.waiting(organisation, desk.person)
    if May.ADJUDICATE in desk.may:
        context["disputed"] = len(judgement.disputed(organisation))
    if May.READ in desk.may:
        context |= _figure(organisation)
        context["alarms"] = Alarm.objects.filter(organisation=organisation, ended_at=None, muted_at=None)[:5]
        context["channels"] = Channel.objects.filter(organisation=organisation, active=True).count()
    if May.DRAW in desk.may:
        context["undrawn"] = list(Draw.objects.filter(organisation=organisation, value=None))
    if May.SIGN in desk.may:
        unsigned = Sheet.objects.filter(organisation=organisation, signed_at=None)
        context["to_sign"] = [one for one in unsigned if not sheet.why_not_signed(one)]
    return render(request, "desk/home.html", context)


def _figure(organisation: Organisation) -> dict[str, object]:
    """The latest month's sheet and how far its audit is, or why there is none."""
    months = sheet.months(organisation)
    if not months:
        return {"nothing": True}
    month: date = months[0]
    draw = measurement.draw_of(organisation, month)
    found: dict[str, object] = {"month": month, "draw": draw}
    if draw is not None and draw.value is not None:
        found["progress"] = measurement.progress(draw)
    try:
        found["sheet"] = sheet.refresh(organisation, month)
    except InputError as error:
        found["problem"] = str(error)
    return found
