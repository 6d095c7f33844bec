"""*Nạp dữ liệu*: a file that is looked at before it is taken, pasted lines, what came in, and what was rejected."""

from __future__ import annotations

from datetime import datetime, time
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from canbang.desk.domain import paste as pasting
from canbang.desk.domain import upload as uploads
from canbang.desk.domain.intake import channel_named
from canbang.desk.forms.intake import PasteForm, ReadingForm, UploadForm
from canbang.desk.models import Channel, Intake, RejectedRow, Upload
from canbang.desk.roles import May
from canbang.desk.views.access import Desk, screen
from canbang.desk.views.spreadsheet import csv_response
from canbang.errors import InputError
from canbang.item import VIETNAM

PAGE = 50


@screen(May.IMPORT)
def intakes(request: HttpRequest, desk: Desk) -> HttpResponse:
    """What came in, newest first, and the two ways to bring more."""
    return _intakes(request, desk, UploadForm(), PasteForm(desk.organisation))


def _intakes(
    request: HttpRequest, desk: Desk, upload_form: UploadForm, paste_form: PasteForm, status: int = 200
) -> HttpResponse:
    uploads.sweep()
    rows = Intake.objects.filter(organisation=desk.organisation).select_related("channel").order_by("-pk")
    waiting = Upload.objects.filter(organisation=desk.organisation, intake=None).order_by("-at")
    context = {
        "page": Paginator(rows, PAGE).get_page(request.GET.get("trang")), "upload_form": upload_form,
        "paste_form": paste_form, "waiting": waiting,
    }  # fmt: skip
    return render(request, "desk/intakes.html", context, status=status)


@screen(May.IMPORT)
@require_POST
def upload(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Keep a file and go on to its preview."""
    form = UploadForm(request.POST, request.FILES)
    if form.is_valid():
        sent = form.cleaned_data["file"]
        try:
            if sent.size > settings.UPLOAD_MAX:
                raise InputError(
                    f"{sent.name}: lớn hơn {settings.UPLOAD_MAX >> 20} MB. Xuất theo từng tháng rồi nạp từng tệp."
                )
            kept = uploads.keep(desk.organisation, desk.user, sent.name, sent.chunks())
        except InputError as error:
            form.add_error("file", str(error))
        else:
            return redirect("intake_preview", desk.organisation.code, kept.key)
    return _intakes(request, desk, form, PasteForm(desk.organisation), 422)


@screen(May.IMPORT)
@require_http_methods(["GET", "POST"])
def preview(request: HttpRequest, desk: Desk, key: UUID) -> HttpResponse:
    """The file as it would be read; sent with "confirm" it is taken as it was last shown."""
    kept = get_object_or_404(Upload, key=key, organisation=desk.organisation)
    if kept.intake is not None:
        return redirect("intake_one", desk.organisation.code, kept.intake.pk)
    chosen = uploads.Choices.of(kept.choices)
    if request.method != "POST":
        seen = uploads.preview(kept)
        return _preview(request, kept, seen, ReadingForm(desk.organisation, seen, chosen))
    form = ReadingForm(desk.organisation, uploads.look(kept), chosen, request.POST)
    if not form.is_valid():
        return _preview(request, kept, uploads.preview(kept), form, 422)
    changed = uploads.choose(kept, form.choices())
    if "confirm" not in request.POST or changed:
        if "confirm" in request.POST:
            messages.warning(request, "Cách đọc vừa đổi. Xem lại bản đọc thử dưới đây rồi bấm “Nạp”.")
        return redirect("intake_preview", desk.organisation.code, key)
    try:
        taken = uploads.confirm(kept, desk.user)
    except InputError as error:
        messages.error(request, str(error))
        return redirect("intake_preview", desk.organisation.code, key)
    return redirect("intake_one", desk.organisation.code, taken.pk)


def _preview(
    request: HttpRequest, kept: Upload, seen: uploads.Preview, form: ReadingForm, status: int = 200
) -> HttpResponse:
    channels = sorted(seen.channels.items(), key=lambda pair: -pair[1])
    context = {"upload": kept, "seen": seen, "form": form, "channels": channels}
    return render(request, "desk/intake_preview.html", context, status=status)


@screen(May.IMPORT)
@require_POST
def paste(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Take pasted lines in; where they cannot be, they stay in the box."""
    form = PasteForm(desk.organisation, request.POST)
    if form.is_valid():
        given = form.cleaned_data
        when = datetime.combine(given["day"], time(), VIETNAM) if given["day"] else None
        try:
            channel = _channel(desk, form)
            taken = pasting.paste(channel, desk.user, given["text"], when=when, order=given["order"])
        except InputError as error:
            form.add_error("text", str(error))
        else:
            return redirect("intake_one", desk.organisation.code, taken.pk)
    return _intakes(request, desk, UploadForm(), form, 422)


def _channel(desk: Desk, form: PasteForm) -> Channel:
    if form.cleaned_data["channel"] == uploads.NEW:
        return channel_named(desk.organisation, form.cleaned_data["name"])
    return get_object_or_404(Channel, organisation=desk.organisation, pk=int(form.cleaned_data["channel"]))


@screen(May.IMPORT)
def intake(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """What became of one intake, and a page of its rejected rows."""
    one = get_object_or_404(Intake.objects.select_related("channel"), pk=pk, organisation=desk.organisation)
    context = {"intake": one, "page": Paginator(_rejects(one), PAGE).get_page(request.GET.get("trang"))}
    return render(request, "desk/intake.html", context)


@screen(May.IMPORT)
def rejects(request: HttpRequest, desk: Desk, pk: int) -> StreamingHttpResponse:
    """All rejected rows of one intake, for a spreadsheet."""
    one = get_object_or_404(Intake, pk=pk, organisation=desk.organisation)
    head = ["Nguồn", "Vị trí", "Lý do", "Trích đầu tin"]
    rows = ([one.source, row.place, row.reason, row.start] for row in _rejects(one).iterator(chunk_size=2000))
    return csv_response(f"dong-bi-loai-{one.pk}.csv", iter([head, *rows]))


def _rejects(one: Intake) -> QuerySet[RejectedRow]:
    return RejectedRow.objects.filter(intake=one).order_by("pk")
