"""Chưa viết."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse

from canbang.desk.roles import May
from canbang.desk.views.access import Desk, screen


@screen(May.IMPORT)
def intakes(request: HttpRequest, desk: Desk) -> HttpResponse:
    """TODO."""
    raise NotImplementedError


@screen(May.IMPORT)
def upload(request: HttpRequest, desk: Desk) -> HttpResponse:
    """TODO."""
    raise NotImplementedError


@screen(May.IMPORT)
def preview(request: HttpRequest, desk: Desk, key: UUID) -> HttpResponse:
    """TODO."""
    raise NotImplementedError


@screen(May.IMPORT)
def paste(request: HttpRequest, desk: Desk) -> HttpResponse:
    """TODO."""
    raise NotImplementedError


@screen(May.IMPORT)
def intake(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """TODO."""
    raise NotImplementedError


@screen(May.IMPORT)
def rejects(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """TODO."""
    raise NotImplementedError
