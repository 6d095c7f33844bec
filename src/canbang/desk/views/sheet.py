"""Chưa viết."""

from __future__ import annotations

from datetime import date

from django.http import HttpRequest, HttpResponse

from canbang.desk.roles import May
from canbang.desk.views.access import Desk, screen


@screen(May.READ)
def sheets(request: HttpRequest, desk: Desk) -> HttpResponse:
    """TODO."""
    raise NotImplementedError


@screen(May.READ)
def sheet(request: HttpRequest, desk: Desk, month: date) -> HttpResponse:
    """TODO."""
    raise NotImplementedError


@screen(May.SIGN)
def sign(request: HttpRequest, desk: Desk, month: date) -> HttpResponse:
    """TODO."""
    raise NotImplementedError


@screen(May.READ)
def as_json(request: HttpRequest, desk: Desk, month: date) -> HttpResponse:
    """TODO."""
    raise NotImplementedError


@screen(May.READ)
def as_xlsx(request: HttpRequest, desk: Desk, month: date) -> HttpResponse:
    """TODO."""
    raise NotImplementedError


@screen(May.READ)
def as_html(request: HttpRequest, desk: Desk, month: date) -> HttpResponse:
    """TODO."""
    raise NotImplementedError
