"""Chưa viết."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from canbang.desk.roles import May
from canbang.desk.views.access import Desk, screen


@screen(May.READ)
def items(request: HttpRequest, desk: Desk) -> HttpResponse:
    """TODO."""
    raise NotImplementedError


@screen(May.READ)
def export(request: HttpRequest, desk: Desk) -> HttpResponse:
    """TODO."""
    raise NotImplementedError


@screen(May.READ)
def item(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """TODO."""
    raise NotImplementedError


@screen(May.RELABEL)
def correct(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """TODO."""
    raise NotImplementedError
