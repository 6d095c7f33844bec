"""Chưa viết."""

from __future__ import annotations

from datetime import date

from django.http import HttpRequest, HttpResponse

from canbang.desk.roles import May
from canbang.desk.views.access import Desk, screen


@screen(May.READ)
def balance(request: HttpRequest, desk: Desk) -> HttpResponse:
    """TODO."""
    raise NotImplementedError


@screen(May.READ)
def month(request: HttpRequest, desk: Desk, month: date) -> HttpResponse:
    """TODO."""
    raise NotImplementedError
