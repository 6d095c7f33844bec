"""Chưa viết."""

from __future__ import annotations

from datetime import date

from django.http import HttpRequest, HttpResponse

from canbang.desk.roles import May
from canbang.desk.views.access import Desk, screen


@screen(May.DRAW)
def draws(request: HttpRequest, desk: Desk) -> HttpResponse:
    """TODO."""
    raise NotImplementedError


@screen(May.DRAW)
def open_month(request: HttpRequest, desk: Desk, month: date) -> HttpResponse:
    """TODO."""
    raise NotImplementedError


@screen(May.DRAW)
def draw(request: HttpRequest, desk: Desk, month: date) -> HttpResponse:
    """TODO."""
    raise NotImplementedError


@screen(May.DRAW)
def download(request: HttpRequest, desk: Desk, month: date) -> HttpResponse:
    """TODO."""
    raise NotImplementedError


@screen(May.DRAW)
def sheet(request: HttpRequest, desk: Desk, month: date) -> HttpResponse:
    """TODO."""
    raise NotImplementedError
