"""Logs: one JSON object a line on standard error, without personal data: a person is their opaque id."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve

log = structlog.get_logger("canbang.desk")


def configuration() -> None:
    """Send Django's own and our lines through one JSON renderer, which escapes whatever people typed."""
    shared: list[Any] = [
        structlog.stdlib.add_log_level, structlog.stdlib.add_logger_name, structlog.processors.TimeStamper(fmt="iso")
    ]  # fmt: skip
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger("canbang.desk")
    root.handlers, root.propagate = [handler], False
    root.setLevel(logging.INFO)
    django = logging.getLogger("django")
    django.handlers, django.propagate = [handler], False
    # 4xx answers stand in our own request line; Django's would repeat the whole address with what was typed into it
    django.setLevel(logging.ERROR)


class RequestLog:
    """One line for each request: the screen's name, never the address with what was typed into it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        begun = time.perf_counter()
        response = self.get_response(request)
        try:
            screen = resolve(request.path_info).view_name
        except Resolver404:
            screen = "?"
        user = getattr(request, "user", None)
        log.info(
            "request", screen=screen, method=request.method, status=response.status_code,
            person=str(user.person) if user is not None and user.is_authenticated else None,
            milliseconds=round((time.perf_counter() - begun) * 1000),
        )  # fmt: skip
        return response
