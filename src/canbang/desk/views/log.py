"""*Nhật ký*: every decision, newest first; the chain walked again; an anchor to keep elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterable
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from canbang.desk.domain import chain
from canbang.desk.domain.personal import ERASED
from canbang.desk.forms.entry import AnchorForm, FilterForm
from canbang.desk.models import Entry, Organisation, User
from canbang.desk.roles import May
from canbang.desk.views.access import Desk, screen
from canbang.errors import InputError

PAGE = 50
LEFT = "(đã rời cơ quan)"
NOBODY = "hệ thống"


@screen(May.LOG)
def log(request: HttpRequest, desk: Desk) -> HttpResponse:
    """A page of entries, newest first; ``truoc`` is the number that the page before ended with."""
    form = FilterForm(request.GET)
    rows = Entry.objects.filter(organisation=desk.organisation)
    if form.is_valid():
        if verb := form.cleaned_data["verb"]:
            rows = rows.filter(verb=verb)
        if day := form.cleaned_data["day"]:
            rows = rows.filter(at__startswith=day.isoformat())  # ``at`` is written in Vietnam time
    before = request.GET.get("truoc", "")
    if before.isdecimal():
        rows = rows.filter(number__lt=min(int(before), 2**62))
    entries = list(rows.order_by("-number")[: PAGE + 1])
    page = entries[:PAGE]
    names = _names(desk.organisation, page)
    query = request.GET.copy()
    query["truoc"] = str(page[-1].number) if page else ""
    context = {
        "form": form, "before": before, "older": query.urlencode() if len(entries) > PAGE else "",
        "lines": [
            {"entry": one, "who": names[one.person], "what": _what(one, names), "detail": list(one.detail.items())}
            for one in page
        ],
    }  # fmt: skip
    return render(request, "desk/log.html", context, status=200 if form.is_valid() else 422)


def _names(organisation: Organisation, entries: Iterable[Entry]) -> dict[UUID | None, str]:
    """Who the persons of some entries are: a name for members, else that they left or were erased, with a short id."""
    persons = {one.person for one in entries if one.person}
    persons |= {found for one in entries if (found := _person(one)) is not None}
    users = User.objects.filter(person__in=persons)
    here = set(users.filter(memberships__organisation=organisation).values_list("pk", flat=True))
    known = {user.person: user for user in users}
    names: dict[UUID | None, str] = {None: NOBODY}
    for person in persons:
        user = known.get(person)
        if user is not None and user.pk in here:
            names[person] = user.name
        else:
            names[person] = f"{LEFT if user is not None and user.erased_at is None else ERASED} {str(person)[:8]}"
    return names


def _person(entry: Entry) -> UUID | None:
    """The member that an entry is about."""
    try:
        return UUID(entry.detail["member"])
    except (KeyError, TypeError, ValueError):
        return None


def _what(entry: Entry, names: dict[UUID | None, str]) -> str:
    person = _person(entry)
    return names[person] if person is not None else entry.object


@screen(May.LOG)
@require_http_methods(["GET", "POST"])
def verify(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Walk the chain again; with an anchor file, against that too."""
    form = AnchorForm(request.POST or None, request.FILES or None)
    against = None
    status = 200
    if request.method == "POST":
        try:
            if form.is_valid():
                against = chain.read_anchor(desk.organisation, form.read())
        except InputError as error:
            form.add_error("anchor", str(error))
        status = 200 if form.is_valid() else 422
    context = {"walk": chain.walk(desk.organisation, against), "form": form}
    return render(request, "desk/log_verify.html", context, status=status)


@screen(May.LOG)
def anchor(request: HttpRequest, desk: Desk) -> HttpResponse:
    """The log's end as a file, to keep where this desk cannot write."""
    value = chain.anchor_file(desk.organisation)
    response = HttpResponse(json.dumps(value, indent=2), content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="moc-nhat-ky-{value["count"]}.json"'
    return response
