"""Accounts: how allauth behaves here, the first login, and what a person may do with their own data."""

from __future__ import annotations

import json
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.decorators import reauthentication_required
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import SetPasswordForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from canbang.desk.domain import member
from canbang.desk.models import User
from canbang.desk.views.errors import unusable
from canbang.errors import InputError

_BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Nobody signs up: an administrator enters people."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never."""
        return False


class SocialAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """An organisation's own login opens accounts that stand here already, known by a verified address, and makes none."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """Never."""
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Connect by address where the provider says that it is verified."""
        if sociallogin.is_existing:
            return
        verified = [address.email.lower() for address in sociallogin.email_addresses if address.verified]
        user = User.objects.filter(email__in=verified, is_active=True).first()
        if user is not None:
            sociallogin.connect(request, user)


@login_not_required
def first_login(request: HttpRequest, token: str) -> HttpResponse:
    """Set the first password by a one-time link."""
    user = member.user_of_token(token)
    if user is None:
        return unusable(request, InputError("Đường dẫn đã dùng hoặc quá hạn. Nhờ người quản trị tạo đường dẫn mới."))
    form = SetPasswordForm(user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        form.save()
        login(request, user, _BACKEND)
        return redirect("front")
    response = render(request, "desk/first_login.html", {"form": form, "who": user})
    response["Referrer-Policy"] = "no-referrer"
    return response


def own_data(request: HttpRequest) -> HttpResponse:
    """What is kept of the person."""
    assert isinstance(request.user, User)
    return render(request, "desk/own_data.html", {"data": member.own_data(request.user)})


def own_data_file(request: HttpRequest) -> HttpResponse:
    """The same as a file."""
    assert isinstance(request.user, User)
    text = json.dumps(member.own_data(request.user), ensure_ascii=False, indent=2)
    response = HttpResponse(text, content_type="application/json")
    response["Content-Disposition"] = 'attachment; filename="du-lieu-cua-toi.json"'
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@reauthentication_required  # type: ignore[untyped-decorator]
def erase(request: HttpRequest) -> HttpResponse:
    """Erase the person's own data and log out."""
    assert isinstance(request.user, User)
    try:
        member.erase(request.user)
    except InputError as error:
        messages.error(request, str(error))
        return redirect("own_data")
    request.session.flush()
    return redirect("account_login")
