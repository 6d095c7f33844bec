"""*Cảnh báo*: what the desk wants somebody to look at, by which rule, and what came of earlier ones."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from canbang.desk.domain import alarm as verbs
from canbang.desk.models import Alarm, AlarmKind
from canbang.desk.roles import May
from canbang.desk.views.access import Desk, screen
from canbang.errors import InputError

_HISTORY = 50


@screen(May.READ)
@require_safe
def alarms(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Alarms that last, those muted, and the last ones that ended."""
    verbs.review(desk.organisation)
    return _page(request, desk)


def _page(request: HttpRequest, desk: Desk, failed: Alarm | None = None, problem: str = "") -> HttpResponse:
    found = Alarm.objects.filter(organisation=desk.organisation)
    lasting = found.filter(ended_at=None)
    context = {
        "lasting": list(lasting.filter(muted_at=None)), "muted": list(lasting.filter(muted_at__isnull=False)),
        "history": list(found.filter(ended_at__isnull=False)[:_HISTORY]), "failed": failed, "problem": problem,
        "rules": [(kind.label, verbs.RULES[kind]) for kind in AlarmKind], "reason_max": verbs.REASON_MAX,
    }  # fmt: skip
    return render(request, "desk/alarms.html", context, status=422 if problem else 200)


@screen(May.MUTE)
@require_POST
def mute(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """Take an alarm off the desk, with the reason why."""
    alarm = get_object_or_404(Alarm, pk=pk, organisation=desk.organisation)
    try:
        verbs.mute(alarm, desk.user, request.POST.get("reason", ""))
    except InputError as error:
        if May.READ not in desk.may:
            messages.error(request, str(error))
            return redirect("home", desk.organisation.code)
        return _page(request, desk, alarm, str(error))
    messages.success(request, "Đã tắt cảnh báo; lý do ghi trong nhật ký.")
    return redirect("alarms", desk.organisation.code)
