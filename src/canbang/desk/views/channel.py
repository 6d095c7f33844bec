"""Chưa viết."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from canbang.desk.roles import May
from canbang.desk.views.access import Desk, screen


@screen(May.READ)
def channels(request: HttpRequest, desk: Desk) -> HttpResponse:
    """TODO."""
    raise NotImplementedError


@screen(May.ENROL)
def add(request: HttpRequest, desk: Desk) -> HttpResponse:
    """TODO."""
    raise NotImplementedError


@screen(May.READ)
def channel(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """TODO."""
    raise NotImplementedError


@screen(May.ENROL)
def enrol(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """TODO."""
    raise NotImplementedError


@screen(May.ENROL)
def prove(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """TODO."""
    raise NotImplementedError


@screen(May.IMPORT)
def collect(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """TODO."""
    raise NotImplementedError


@screen(May.ENROL)
def withdraw(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """TODO."""
    raise NotImplementedError
