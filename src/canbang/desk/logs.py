"""Logs: one JSON object a line on standard error, without personal data: a person is their opaque id.

What people typed is in no line, nor an address of a page (it may hold a one-time link), nor the message of an exception (a
database puts the refused value into it): a failure keeps its kind and where in the code it came from.
"""

from __future__ import annotations

import logging
import sys
import time
import traceback
from collections.abc import Callable, Iterator, MutableMapping
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse

log = structlog.get_logger("canbang.desk")


def configuration() -> None:
    """Send Django's own lines and ours through one JSON renderer, which escapes whatever a line holds."""
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
            foreign_pre_chain=[_failed_request, *shared],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _failure,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    own = logging.getLogger("canbang.desk")
    own.handlers, own.propagate = [handler], False
    own.setLevel(logging.INFO)
    django = logging.getLogger("django")
    django.handlers, django.propagate = [handler], False
    # 4xx answers stand in our own request line; Django's would repeat the whole address with what was typed into it
    django.setLevel(logging.ERROR)
    # other libraries' lines: their words are not ours to vouch for, so that they failed is all that is kept
    logging.basicConfig(handlers=[handler], level=logging.ERROR)


def screen_of(request: HttpRequest) -> str:
    """The name of the screen that a request went to, "?" where there is none."""
    match = request.resolver_match
    return match.view_name if match is not None else "?"


def _failed_request(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """In place of a library's own sentence: which logger, and the screen where it is known."""
    record = event["_record"]
    request = getattr(record, "request", None)
    event["event"] = "failure"
    if isinstance(request, HttpRequest):
        event["screen"] = screen_of(request)
    return event


def _failure(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """An exception as its kinds, the outermost first, and the places in the code it passed; without its words."""
    raised = event.pop("exc_info", None)
    if raised is True:
        raised = sys.exc_info()
    error = raised[1] if isinstance(raised, tuple) else raised
    if isinstance(error, BaseException):
        event["exception"] = [f"{type(one).__module__}.{type(one).__qualname__}" for one in _chain(error)]
        event["at"] = [
            f"{frame.f_code.co_filename}:{line} {frame.f_code.co_name}"
            for frame, line in traceback.walk_tb(error.__traceback__)
        ]
    return event


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


class RequestLog:
    """One line for each request: the screen's name, never the address with what was typed into it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        begun = time.perf_counter()
        response = self.get_response(request)
        user = getattr(request, "user", None)
        log.info(
            "request", screen=screen_of(request), method=request.method, status=response.status_code,
            person=str(user.person) if user is not None and user.is_authenticated else None,
            milliseconds=round((time.perf_counter() - begun) * 1000),
        )  # fmt: skip
        return response
