"""Chưa viết."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from canbang.desk.roles import May
from canbang.desk.views.access import Desk, screen


@screen(May.READ)
def alarms(request: HttpRequest, desk: Desk) -> HttpResponse:
    """TODO."""
    raise NotImplementedError


@screen(May.MUTE)
def mute(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """TODO."""
    raise NotImplementedError
