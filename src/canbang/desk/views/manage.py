"""Chưa viết."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from canbang.desk.roles import May
from canbang.desk.views.access import Desk, screen


@screen(May.MANAGE)
def manage(request: HttpRequest, desk: Desk) -> HttpResponse:
    """TODO."""
    raise NotImplementedError


@screen(May.MANAGE)
def members(request: HttpRequest, desk: Desk) -> HttpResponse:
    """TODO."""
    raise NotImplementedError


@screen(May.MANAGE)
def member(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """TODO."""
    raise NotImplementedError


@screen(May.MANAGE)
def settings(request: HttpRequest, desk: Desk) -> HttpResponse:
    """TODO."""
    raise NotImplementedError
