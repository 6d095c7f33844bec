"""How long a login lasts: 12 hours in all, 2 hours in which nothing is asked for."""

from __future__ import annotations

import time
from collections.abc import Callable

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.utils import timezone
from django.utils.http import urlencode
from django_htmx.http import HttpResponseClientRedirect

STEP = 60
"""How exactly the last use is known, in seconds: writing it down for every request would cost a commit each."""


class SessionLife:
    """End logins that lasted too long or lay idle; keep no page of a logged-in person in a cache. Stands behind the middleware of messages."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            _live(request)
        response = self.get_response(request)
        if request.user.is_authenticated:
            response.setdefault("Cache-Control", "no-store")
        return _whole_page(request, response)


def _live(request: HttpRequest) -> None:
    now = int(time.time())
    begun = request.session.setdefault("begun", now)
    seen = request.session.get("seen", now - STEP)
    if now - begun >= settings.SESSION_COOKIE_AGE or now - seen >= settings.SESSION_IDLE_AGE:
        logout(request)
        messages.info(request, "Phiên đăng nhập đã hết hạn. Đăng nhập lại để làm tiếp.")
    elif now - seen >= STEP:
        request.session["seen"] = now
        UserSession.objects.filter(session_key=request.session.session_key).update(last_seen_at=timezone.now())


def _whole_page(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """A part of a page whose login has ended asks for the login page as a whole, and comes back to where the person was."""
    login = resolve_url(settings.LOGIN_URL)
    htmx = getattr(request, "htmx", None)
    if not htmx or response.status_code != 302 or not response["Location"].startswith(login):
        return response
    back = htmx.current_url_abs_path
    return HttpResponseClientRedirect(f"{login}?{urlencode({'next': back})}" if back else login)
