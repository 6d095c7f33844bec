"""*Kênh*: what the organisation publishes on, whose word stands for it, and what is known of its days."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Count, IntegerField, Max, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from canbang.desk.domain import channel as verbs
from canbang.desk.domain import collect as collecting
from canbang.desk.forms.channel import AddForm, EnrolForm
from canbang.desk.models import Channel, CoverageAttempt, Intake, Item, Platform
from canbang.desk.roles import May
from canbang.desk.views.access import Desk, screen
from canbang.desk.views.strip import strip
from canbang.errors import InputError
from canbang.fetch.coverage import Outcome

LATEST = 10


def _channels(desk: Desk) -> QuerySet[Channel]:
    return Channel.objects.filter(organisation=desk.organisation).select_related("enrolment", "organisation")


@screen(May.READ)
def channels(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Every channel with its proof, its items and when something last came in."""
    items = Item.objects.filter(channel=OuterRef("pk")).order_by().values("channel").annotate(n=Count("pk")).values("n")
    tried = CoverageAttempt.objects.filter(channel=OuterRef("pk")).order_by().values("channel")
    rows = _channels(desk).annotate(
        count=Subquery(items, output_field=IntegerField()),
        came=Max("intakes__at"),
        read=Subquery(tried.annotate(last=Max("ended_at")).values("last")),
    )
    return render(request, "desk/channels.html", {"rows": rows.order_by("-active", "name")})


@screen(May.ENROL)
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Add a channel."""
    form = AddForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            made = verbs.add(desk.organisation, desk.user, given["name"], Platform(given["platform"]), given["url"])
        except InputError as error:
            form.add_error(None, str(error))
        else:
            return redirect("channel", desk.organisation.code, made.pk)
    return render(request, "desk/channel_add.html", {"form": form}, status=422 if form.errors else 200)


@screen(May.READ)
def channel(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """One channel: its enrolment and proof, the last days, the last readings and intakes."""
    one = get_object_or_404(_channels(desk), pk=pk)
    enrolment = getattr(one, "enrolment", None)
    context = {
        "channel": one, "enrolment": enrolment, "items": Item.objects.filter(channel=one).count(),
        "ways": verbs.ways_to_prove(enrolment) if enrolment and not enrolment.proof else "",
        "refused": collecting.why_not(one), "strip": strip(collecting.last_days(one, timezone.localdate())),
        "attempts": collecting.latest(one, LATEST), "outcomes": OUTCOMES, "pages": collecting.PAGES,
        "intakes": Intake.objects.filter(channel=one).order_by("-pk")[:LATEST],
    }  # fmt: skip
    return render(request, "desk/channel.html", context)


OUTCOMES = {
    Outcome.WHOLE.value: "đọc đủ", Outcome.PART.value: "đọc một phần", Outcome.FAILED.value: "không đọc được",
    Outcome.INTERRUPTED.value: "dừng giữa chừng",
}  # fmt: skip


@screen(May.ENROL)
@require_http_methods(["GET", "POST"])
def enrol(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """The owner's signed word that the channel is theirs."""
    one = get_object_or_404(_channels(desk), pk=pk)
    if request.method == "POST":
        form = EnrolForm(request.POST)
        if form.is_valid():
            given = form.cleaned_data
            by = f"{given['by']}, {given['position']}"
            try:
                verbs.enrol(one, desk.user, url=given["url"], owner=given["owner"], by=by, consent=given["consent"])
            except InputError as error:
                form.add_error("url", str(error))
            else:
                messages.success(request, "Đã ký ghi danh. Đặt mã lên kênh rồi kiểm tra bằng chứng.")
                return redirect("channel", desk.organisation.code, pk)
    else:
        form = EnrolForm(initial=_initial(desk, one))
    return render(
        request, "desk/channel_enrol.html", {"channel": one, "form": form}, status=422 if form.errors else 200
    )


def _initial(desk: Desk, one: Channel) -> dict[str, str]:
    enrolment = getattr(one, "enrolment", None)
    if enrolment is None:
        return {
            "url": one.url, "owner": desk.organisation.name(), "by": desk.user.name, "position": desk.user.position,
        }  # fmt: skip
    by, _, position = enrolment.by.rpartition(", ")
    return {
        "url": enrolment.url, "owner": enrolment.owner, "by": by, "position": position, "consent": enrolment.consent,
    }  # fmt: skip


@screen(May.ENROL)
@require_POST
def prove(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """Look for the proof now."""
    one = get_object_or_404(_channels(desk), pk=pk)
    try:
        if verbs.look_for_proof(one, desk.user):
            messages.success(request, "Đã thấy bằng chứng. Kênh thu thập được từ bây giờ.")
        else:
            messages.error(request, "Chưa thấy mã ghi danh. Đặt mã theo một trong các cách dưới đây rồi kiểm tra lại.")
    except InputError as error:
        messages.error(request, str(error))
    return redirect("channel", desk.organisation.code, pk)


@screen(May.IMPORT)
@require_POST
def collect(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """Read the channel now; refused, with the reason, where its proof was not seen."""
    one = get_object_or_404(_channels(desk), pk=pk)
    try:
        done = collecting.collect(one, desk.user)
    except InputError as error:
        messages.error(request, str(error))
        return redirect("channel", desk.organisation.code, pk)
    failed = all(attempt.outcome is Outcome.FAILED for attempt in done.attempts)
    for line in collecting.spoken(done):
        (messages.error if failed else messages.success)(request, line)
    return redirect("channel", desk.organisation.code, pk)


@screen(May.ENROL)
@require_POST
def withdraw(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """Stop the channel."""
    one = get_object_or_404(_channels(desk), pk=pk)
    try:
        verbs.withdraw(one, desk.user)
        messages.success(request, "Đã dừng kênh. Tin đã nạp vẫn được đếm.")
    except InputError as error:
        messages.error(request, str(error))
    return redirect("channel", desk.organisation.code, pk)
