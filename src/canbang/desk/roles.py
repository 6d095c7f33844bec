"""Who may do what. A person may hold several roles in one organisation; rights add up."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Role(StrEnum):
    """The roles of an organisation."""

    ADMIN = "admin"
    STAFF = "staff"
    CODER = "coder"
    ADJUDICATOR = "adjudicator"
    SECRETARY = "secretary"
    HEAD = "head"
    OVERSEER = "overseer"


NAMES = {
    Role.ADMIN: "Quản trị", Role.STAFF: "Cán bộ", Role.CODER: "Người chấm", Role.ADJUDICATOR: "Người phân xử",
    Role.SECRETARY: "Thư ký", Role.HEAD: "Lãnh đạo (ký)", Role.OVERSEER: "Cấp trên (chỉ xem tổng hợp)",
}  # fmt: skip


class May(StrEnum):
    """What a screen or a verb asks for."""

    HOME = "home"
    READ = "read"
    """Items with their machine labels, shares, reports."""
    IMPORT = "import"
    ENROL = "enrol"
    DRAW = "draw"
    AUDIT = "audit"
    ADJUDICATE = "adjudicate"
    AGREEMENT = "agreement"
    CODEBOOK = "codebook"
    RELABEL = "relabel"
    SIGN = "sign"
    MUTE = "mute"
    MANAGE = "manage"
    LOG = "log"
    AREA = "area"
    """Totals of the units below, nothing else of them."""


_INSIDE = {May.HOME, May.READ, May.CODEBOOK, May.AGREEMENT}

GRANTS: dict[Role, frozenset[May]] = {
    Role.ADMIN: frozenset(_INSIDE | {May.IMPORT, May.ENROL, May.DRAW, May.MANAGE, May.LOG, May.MUTE, May.AREA}),
    Role.STAFF: frozenset(_INSIDE | {May.IMPORT, May.RELABEL}),
    # an auditor sees no machine label: neither the store nor the shares
    Role.CODER: frozenset({May.HOME, May.AUDIT, May.CODEBOOK}),
    Role.ADJUDICATOR: frozenset({May.HOME, May.ADJUDICATE, May.AGREEMENT, May.CODEBOOK}),
    Role.SECRETARY: frozenset(_INSIDE | {May.IMPORT, May.DRAW, May.RELABEL, May.MUTE}),
    Role.HEAD: frozenset(_INSIDE | {May.SIGN, May.LOG, May.MUTE, May.AREA}),
    Role.OVERSEER: frozenset({May.HOME, May.AREA, May.CODEBOOK}),
}


def rights(roles: Iterable[str]) -> frozenset[May]:
    """Everything that these roles allow."""
    return frozenset().union(*(GRANTS[Role(role)] for role in roles))
