"""The way into every screen: whose organisation, which roles. Foreign things do not exist (404); forbidden ones are 403."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse

from canbang.desk.models import Membership, Organisation, Placement, User
from canbang.desk.roles import May, Role, rights

Screen = Callable[..., HttpResponse]
Response = TypeVar("Response", bound=HttpResponseBase)


@dataclass(frozen=True, slots=True)
class Desk:
    """One person at work in one organisation."""

    organisation: Organisation
    user: User
    roles: tuple[Role, ...]
    may: frozenset[May]

    @property
    def person(self) -> UUID:
        """What the log keeps of them."""
        return self.user.person


def enter(user: User, code: str) -> Desk:
    """The desk of this organisation for this person; 404 where they have no role in it."""
    rows = list(
        Membership.objects.filter(user=user, organisation__code=code, organisation__enrolled=True)
        .select_related("organisation")
        .prefetch_related("organisation__names")
    )
    if not rows:
        raise Http404
    roles = tuple(Role(row.role) for row in rows)
    return Desk(rows[0].organisation, user, roles, rights(roles))


def screen(may: May) -> Callable[[Callable[..., Response]], Callable[..., Response]]:
    """A view of one organisation: ``view(request, desk, ...)`` in place of the code in the address."""

    def wrap(view: Callable[..., Response]) -> Callable[..., Response]:
        @wraps(view)
        def inner(request: HttpRequest, org: str, *args: Any, **kwargs: Any) -> Response:
            assert isinstance(request.user, User)
            desk = enter(request.user, org)
            request.desk = desk  # type: ignore[attr-defined]
            if may not in desk.may:
                raise PermissionDenied
            response = view(request, desk, *args, **kwargs)
            response.setdefault("Cache-Control", "no-store")
            return response

        return inner

    return wrap


MENU: tuple[tuple[str, str, May], ...] = (
    ("home", "Bàn làm việc", May.HOME),
    ("balance", "Cân bằng nội dung", May.READ),
    ("items", "Kho tin bài", May.READ),
    ("intake", "Nạp dữ liệu", May.IMPORT),
    ("channels", "Kênh", May.READ),
    ("audit", "Chấm mẫu", May.AUDIT),
    ("draw", "Rút mẫu", May.DRAW),
    ("adjudication", "Cần phân xử", May.ADJUDICATE),
    ("agreement", "Độ thống nhất", May.AGREEMENT),
    ("codebook", "Bộ tiêu chí", May.CODEBOOK),
    ("sheets", "Báo cáo", May.READ),
    ("alarms", "Cảnh báo", May.READ),
    ("area", "Toàn tỉnh", May.AREA),
    ("manage", "Quản trị", May.MANAGE),
    ("log", "Nhật ký", May.LOG),
)
"""Screens in the menu: URL name, words, what they ask for."""


def navigation(request: HttpRequest) -> dict[str, Any]:
    """The menu and the person's other organisations, for the frame of every page."""
    desk = getattr(request, "desk", None)
    if desk is None:
        return {}
    others = (
        Organisation.objects.filter(memberships__user=desk.user, enrolled=True)
        .exclude(pk=desk.organisation.pk)
        .prefetch_related("names")
        .distinct()
    )
    return {
        "desk": desk,
        "menu": _menu(desk, request.path),
        "others": list(others),
        "may": {may.value: True for may in desk.may},
    }


def _menu(desk: Desk, path: str) -> list[tuple[str, str, bool]]:
    """Address, words, and whether the page is this screen or one below it; units below only where there are any."""
    code = desk.organisation.code
    rows = [(reverse(name, args=[code]), words, may) for name, words, may in MENU if may in desk.may]
    if not Placement.objects.filter(parent=desk.organisation).exists():
        rows = [row for row in rows if row[2] is not May.AREA]
    home = reverse("home", args=[code])
    return [(url, words, path == url or (url != home and path.startswith(url))) for url, words, _ in rows]
