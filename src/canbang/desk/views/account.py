"""Accounts: how allauth behaves here, the first login, and what a person may do with their own data."""

from __future__ import annotations

import json
import time
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from allauth.account import views as allauth_views
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.account.decorators import reauthentication_required
from allauth.account.utils import perform_login
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from canbang.desk.domain import member, personal
from canbang.desk.logs import log
from canbang.desk.models import User
from canbang.desk.views.access import Screen
from canbang.desk.views.errors import unusable
from canbang.errors import InputError


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Nobody signs up: an administrator enters people. Logins, refused ones too, go into the log lines without an address."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never."""
        return False

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """To the desk: the change ended the login, so by way of the login page."""
        return reverse("front")

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            log.warning("login_locked")
            raise

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        log.warning("login_failed")

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        log.info("login", person=str(user.person))
        response: HttpResponse = super().post_login(request, user, **kwargs)
        return response

    def logout(self, request: HttpRequest) -> None:
        assert isinstance(request.user, User)
        log.info("logout", person=str(request.user.person))
        super().logout(request)


class SocialAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """An organisation's own login opens accounts that stand here already, known by a verified address, and makes none."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """Never."""
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Connect by address where the provider says that it is verified; nobody connects another login by hand."""
        if sociallogin.state.get("process") == "connect":
            raise ImmediateHttpResponse(redirect("front"))
        if sociallogin.is_existing:
            return
        verified = [address.email.lower() for address in sociallogin.email_addresses if address.verified]
        user = User.objects.filter(email__in=verified, is_active=True).first()
        if user is not None:
            sociallogin.connect(request, user)

    def on_authentication_error(self, request: HttpRequest, provider: Any, **kwargs: Any) -> None:
        log.warning("oidc_failed", error=str(kwargs.get("error")), exception=type(kwargs.get("exception")).__name__)


def reauthenticated(view: Screen) -> Screen:
    """A view that asks for the password or a second factor where neither was given in the last five minutes.

    Stands inside ``@screen``. What was posted is kept and goes on afterwards. Who has only the organisation's login has to
    have come in by it in that time.
    """
    guarded: Screen = reauthentication_required(view)

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if Adapter(request).get_reauthentication_methods(request.user):
            return guarded(request, *args, **kwargs)
        records = get_authentication_records(request, request.user)
        if records and time.time() - records[-1]["at"] < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT:
            return view(request, *args, **kwargs)
        back = request.get_full_path() if request.method == "GET" else urlsplit(request.headers.get("Referer", "")).path
        logout(request)
        messages.info(request, "Việc này cần xác nhận lại: đăng nhập lại rồi làm tiếp.")
        return redirect_to_login(back or reverse("front"))

    return inner


@login_not_required
@sensitive_post_parameters()
def first_login(request: HttpRequest, token: str) -> HttpResponse:
    """Set the first password by a one-time link."""
    user = member.user_of_token(token)
    if user is None:
        return unusable(request, InputError("Đường dẫn đã dùng hoặc quá hạn. Nhờ người quản trị tạo đường dẫn mới."))
    form = SetPasswordForm(user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        form.save()
        response: HttpResponse = perform_login(request, user)
        return response
    response = render(request, "desk/first_login.html", {"form": form, "who": user})
    response["Cache-Control"] = "no-store"
    return response


@login_not_required
def forgotten_password(request: HttpRequest) -> HttpResponse:
    """Ask for a mail with a link; where this desk sends no mail, say whom to ask."""
    if not settings.EMAIL_HOST:
        return render(request, "account/password_reset.html", {"no_mail": True})
    response: HttpResponse = allauth_views.password_reset(request)
    return response


def own_data(request: HttpRequest) -> HttpResponse:
    """What is kept of the person."""
    assert isinstance(request.user, User)
    return render(request, "desk/own_data.html", {"data": personal.own_data(request.user)})


def own_data_file(request: HttpRequest) -> HttpResponse:
    """The same as a file."""
    assert isinstance(request.user, User)
    text = json.dumps(personal.own_data(request.user), ensure_ascii=False, indent=2)
    response = HttpResponse(text, content_type="application/json")
    response["Content-Disposition"] = 'attachment; filename="du-lieu-cua-toi.json"'
    return response


@require_POST
@reauthenticated
def erase(request: HttpRequest) -> HttpResponse:
    """Erase the person's own data and log out."""
    assert isinstance(request.user, User)
    try:
        personal.erase(request.user)
    except InputError as error:
        messages.error(request, str(error))
        return redirect("own_data")
    request.session.flush()
    return render(request, "desk/error.html", {"title": "Đã xóa", "text": "Dữ liệu cá nhân của bạn đã được xóa."})
