"""*Quản trị*: people and their roles, the organisation's name, how long texts are kept."""

from __future__ import annotations

from collections.abc import Callable

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from canbang.desk.domain import member as verbs
from canbang.desk.domain import organisation as organisations
from canbang.desk.domain import personal, retention
from canbang.desk.forms.member import DescriptionForm, MemberForm, RolesForm
from canbang.desk.forms.organisation import SettingsForm
from canbang.desk.models import Membership, Organisation, User
from canbang.desk.roles import NAMES, May, Role
from canbang.desk.views.access import Desk, screen
from canbang.desk.views.account import reauthenticated
from canbang.errors import InputError

LINK = "first_login_link"
"""Where the session keeps a new link until it is shown, once."""


@screen(May.MANAGE)
def manage(request: HttpRequest, desk: Desk) -> HttpResponse:
    """What an administrator looks after, and how it stands."""
    context = {
        "people": _people(desk.organisation),
        "overdue": retention.overdue(desk.organisation, timezone.localdate()),
        "first_kept": retention.first_kept(desk.organisation, timezone.localdate()),
    }
    return render(request, "desk/manage.html", context)


@screen(May.MANAGE)
@require_http_methods(["GET", "POST"])
def members(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Everybody with a role here; adding a person."""
    return _add(request, desk) if request.method == "POST" else _members(request, desk, MemberForm())


def _members(request: HttpRequest, desk: Desk, form: MemberForm, status: int = 200) -> HttpResponse:
    context = {"people": _people(desk.organisation), "form": form}
    return render(request, "desk/members.html", context, status=status)


@reauthenticated
def _add(request: HttpRequest, desk: Desk) -> HttpResponse:
    form = MemberForm(request.POST)
    if not form.is_valid():
        return _members(request, desk, form, 422)
    given = form.cleaned_data
    try:
        user, token = verbs.invite(
            desk.organisation, desk.user, given["email"], given["name"], given["position"], form.chosen()
        )
    except InputError as error:
        form.add_error(None, str(error))
        return _members(request, desk, form, 422)
    if token:
        _keep_link(request, user, token)
    else:
        messages.success(request, "Đã thêm. Người này đăng nhập bằng tài khoản đang có.")
    return redirect("member", desk.organisation.code, user.pk)


def _people(organisation: Organisation) -> list[dict[str, object]]:
    """Members in the order of their names, each with the words of their roles."""
    rows = Membership.objects.filter(organisation=organisation).select_related("user").order_by("user__name", "user_id")
    roles: dict[User, set[str]] = {}
    for row in rows:
        roles.setdefault(row.user, set()).add(row.role)
    return [
        {"user": user, "roles": [words for role, words in NAMES.items() if role in held], "admin": Role.ADMIN in held}
        for user, held in roles.items()
    ]


@screen(May.MANAGE)
@require_http_methods(["GET", "POST"])
def member(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """One person: roles, what they are called, a new link, leaving, erasure. ``act`` says which of them was sent."""
    user = get_object_or_404(User.objects.filter(memberships__organisation=desk.organisation).distinct(), pk=pk)
    if request.method == "GET":
        return _member(request, desk, user)
    return _ACTS.get(request.POST.get("act", ""), _set_roles)(request, desk, user)


def _member(
    request: HttpRequest, desk: Desk, user: User, roles: RolesForm | None = None, description: DescriptionForm | None = None,
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    held = list(user.memberships.filter(organisation=desk.organisation).order_by("pk").values_list("role", flat=True))
    kept = request.session.get(LINK)
    link = request.session.pop(LINK)["link"] if kept and kept["user"] == user.pk else ""
    context = {
        "member": user, "link": link, "own": verbs.belongs_only(user, desk.organisation), "self": user == desk.user,
        "roles": roles or RolesForm(initial={"roles": held}),
        "description": description or DescriptionForm(
            initial={"email": user.email, "name": user.name, "position": user.position}
        ),
    }  # fmt: skip
    response = render(request, "desk/member.html", context, status=status)
    response["Cache-Control"] = "no-store"
    return response


def _keep_link(request: HttpRequest, user: User, token: str) -> None:
    request.session[LINK] = {"user": user.pk, "link": request.build_absolute_uri(reverse("first_login", args=[token]))}


def _saved(request: HttpRequest, desk: Desk, user: User, form: forms.Form, work: Callable[[], object]) -> bool:
    """Do what a valid form asks for; an :class:`InputError` goes beside it."""
    if not form.is_valid():
        return False
    try:
        work()
    except InputError as error:
        form.add_error(None, str(error))
        return False
    messages.success(request, "Đã lưu.")
    return True


@reauthenticated
def _set_roles(request: HttpRequest, desk: Desk, user: User) -> HttpResponse:
    form = RolesForm(request.POST)
    here, by = desk.organisation, desk.user
    if not _saved(request, desk, user, form, lambda: verbs.set_roles(here, by, user.email, "", "", form.chosen())):
        return _member(request, desk, user, roles=form, status=422)
    stays = user != by or Role.ADMIN in form.chosen()
    return redirect("member", here.code, user.pk) if stays else redirect("home", here.code)


@reauthenticated
def _describe(request: HttpRequest, desk: Desk, user: User) -> HttpResponse:
    form = DescriptionForm(request.POST)
    here, by = desk.organisation, desk.user
    if not _saved(request, desk, user, form, lambda: verbs.describe(here, by, user, **form.cleaned_data)):
        return _member(request, desk, user, description=form, status=422)
    return redirect("member", here.code, user.pk)


@reauthenticated
def _renew(request: HttpRequest, desk: Desk, user: User) -> HttpResponse:
    try:
        _keep_link(request, user, verbs.renew(desk.organisation, desk.user, user))
    except InputError as error:
        messages.error(request, str(error))
    return redirect("member", desk.organisation.code, user.pk)


@reauthenticated
def _remove(request: HttpRequest, desk: Desk, user: User) -> HttpResponse:
    return _leave(
        request, desk, user, lambda: verbs.remove(desk.organisation, desk.user, user), "Đã cho ra khỏi cơ quan."
    )


@reauthenticated
def _erase(request: HttpRequest, desk: Desk, user: User) -> HttpResponse:
    if not verbs.belongs_only(user, desk.organisation):
        messages.error(request, "Người này còn thuộc cơ quan khác: chỉ chính họ xóa được dữ liệu của mình.")
        return redirect("member", desk.organisation.code, user.pk)
    return _leave(request, desk, user, lambda: personal.erase(user, desk.user), "Đã xóa dữ liệu cá nhân.")


def _leave(request: HttpRequest, desk: Desk, user: User, work: Callable[[], None], done: str) -> HttpResponse:
    try:
        work()
    except InputError as error:
        messages.error(request, str(error))
        return redirect("member", desk.organisation.code, user.pk)
    if user == desk.user:
        return redirect("front")
    messages.success(request, done)
    return redirect("members", desk.organisation.code)


_ACTS: dict[str, Callable[..., HttpResponse]] = {
    "roles": _set_roles, "description": _describe, "link": _renew, "remove": _remove, "erase": _erase,
}  # fmt: skip


@screen(May.MANAGE)
@require_http_methods(["GET", "POST"])
def settings(request: HttpRequest, desk: Desk) -> HttpResponse:
    """The organisation's name and how long texts are kept."""
    here = desk.organisation
    form = SettingsForm(request.POST or None, initial={"name": here.name(), "keep_months": here.keep_months})
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                changed = organisations.configure(here, desk.user, **form.cleaned_data)
            except InputError as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, "Đã lưu." if changed else "Không có gì thay đổi.")
                return redirect("organisation_settings", here.code)
    today = timezone.localdate()
    context = {
        "form": form, "names": organisations.in_time(here.names.all()), "first_kept": retention.first_kept(here, today),
        "overdue": retention.overdue(here, today),
    }  # fmt: skip
    return render(request, "desk/settings.html", context, status=status)
