"""Chưa viết."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from canbang.desk.roles import May
from canbang.desk.views.access import Desk, screen


@screen(May.AUDIT)
def card(request: HttpRequest, desk: Desk) -> HttpResponse:
    """TODO."""
    raise NotImplementedError


@screen(May.AUDIT)
def save(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """TODO."""
    raise NotImplementedError


@screen(May.AUDIT)
def undo(request: HttpRequest, desk: Desk) -> HttpResponse:
    """TODO."""
    raise NotImplementedError
