"""A platform that plays back a recording: each exchange once, in order, and what was asked is kept for the test."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from canbang.fetch.enrolment import Enrolment
from canbang.fetch.guard import Guard
from canbang.fetch.platforms import platform_source
from canbang.fetch.platforms.accounts import Account, proven_by_token
from canbang.fetch.platforms.common import PlatformSource
from canbang.fetch.source import Reject
from canbang.item import Item

RECORDED = Path(__file__).parent / "recorded"
TOKEN = "owner-token-0123456789"


@dataclass
class Asked:
    """One request as the platform saw it."""

    ask: str
    query: dict[str, str]
    headers: dict[str, str]
    body: str


@dataclass
class Platform:
    """A server on loopback; ``exchanges`` are {ask, query?, header?, body?, status?, headers?, answer} and used up."""

    exchanges: list[dict[str, Any]] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    url: str = ""

    def load(self, name: str) -> None:
        self.exchanges += json.loads((RECORDED / f"{name}.json").read_text("utf-8"))["exchanges"]

    def answer(self, asked: Asked) -> dict[str, Any]:
        for place, exchange in enumerate(self.exchanges):
            same = exchange["ask"] == asked.ask
            same = same and all(asked.query.get(k) == v for k, v in exchange.get("query", {}).items())
            same = same and all(asked.headers.get(k) == v for k, v in exchange.get("header", {}).items())
            if same and all(part in asked.body for part in exchange.get("body", [])):
                return self.exchanges.pop(place)
        return {"status": 404, "answer": {"error": {"message": f"not recorded: {asked.ask}"}}}


def proven(account: Account, code: str = "canbang-ma") -> Enrolment:
    """An enrolment on record for this account."""
    record = Enrolment(account.url, "", "UBND xã Thượng Trà", "Chánh Văn phòng", code, "2026-09-01")
    return replace(proven_by_token(account, record, by="token"), proved_at="2026-09-01")


def read(
    platform: Platform, account: Account, enrolments: list[Enrolment] | None = None, **options: Any
) -> tuple[list[Item], list[Reject], PlatformSource]:
    """Items, rejects, and the source with what it noted."""
    known = [proven(account)] if enrolments is None else enrolments
    bases = {"api": platform.url, "oauth": platform.url}
    guard = Guard(allow_loopback=True, gap=0.0, deadline=3.0)
    source = platform_source(account, known, guard, bases=bases, **options)
    things = list(source)
    return (
        [t for t in things if isinstance(t, Item)],
        [t for t in things if isinstance(t, Reject)],
        source,
    )
