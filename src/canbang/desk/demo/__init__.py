"""The fictional province of `canbang desk --demo`: a year of invented items, audited and signed."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from canbang.desk.demo.acts import Newsroom
from canbang.desk.demo.wording import read
from canbang.desk.demo.year import People, live, weight
from canbang.desk.domain import channel, member
from canbang.desk.domain.organisation import Named, Placed, establish
from canbang.desk.models import Level, Organisation, Platform, User
from canbang.desk.roles import NAMES, Role
from canbang.errors import InputError
from canbang.fetch.enrolment import WELL_KNOWN

FIRST = "lam-van"
"""The unit whose desk has a person for every role."""

_HOST = "lamvan.example"
_STAFF = (
    ("bien-tap", "Người biên tập", "Biên tập viên", (Role.ADMIN, Role.STAFF, Role.SECRETARY)),
    ("cham-1", "Người chấm một", "Cộng tác viên", (Role.CODER,)),
    ("cham-2", "Người chấm hai", "Cộng tác viên", (Role.CODER,)),
    ("phan-xu", "Người phân xử", "Trưởng bộ phận", (Role.ADJUDICATOR,)),
    ("lanh-dao", "Lãnh đạo đơn vị", "Người đứng đầu", (Role.HEAD,)),
)


def load() -> list[str]:
    """Make the province once, all of it or nothing; how to log in as its people.

    Raises :class:`InputError` on a desk that real organisations use.
    """
    place = read("place.toml")
    if not Organisation.objects.filter(code=FIRST).exists():
        if Organisation.objects.exists():
            raise InputError("Thư mục này đã có cơ quan thật. Chạy bản thử ở thư mục khác: --home canbang-demo.")
        # left by a load that was stopped: its rows are gone, its folders would be taken for somebody else's
        shutil.rmtree(Path(settings.HOME) / "collect", ignore_errors=True)
        with transaction.atomic():
            build(place)
    return _how_to_log_in(place)


def password(email: str) -> str:
    """A demo person's password: the same at every start, another one on every desk."""
    digits = int(salted_hmac("canbang.demo", email, algorithm="sha256").hexdigest(), 16)
    return f"lamvan-{digits % 10000:04d}-{digits // 10000 % 10000:04d}"


def _email(login: str) -> str:
    return f"{login}@{_HOST}"


def build(place: Mapping[str, Any]) -> None:
    """Everything that the data file tells of: bodies, people, channels, and the units' months up to today."""
    bodies: dict[str, Organisation] = {}
    for body in place["body"]:
        bodies[body["code"]] = establish(
            body["code"], Level(body["level"]),
            [Named(n["name"], n.get("valid_from"), n.get("valid_to"), n.get("alias", False)) for n in body["names"]],
            [Placed(bodies[u["code"]], u.get("valid_from"), u.get("valid_to")) for u in body.get("under", ())],
            enrolled=body.get("enrolled", False), valid_to=body.get("valid_to"),
        )  # fmt: skip
    today = timezone.localdate()
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("Dựng tỉnh Lam Vân (hư cấu)", total=sum(weight(unit) for unit in place["unit"]))
        for number, unit in enumerate(place["unit"]):
            organisation = bodies[unit["code"]]
            people = _people(organisation, place)
            home = organisation.name() if organisation.level == Level.COMMUNE else ""
            room = Newsroom(number, unit, home[:1].lower() + home[1:])
            _enrol(organisation, unit, people)
            if unit["months"]:
                live(organisation, room, unit, people, today, lambda done: progress.advance(task, done))


def _people(organisation: Organisation, place: Mapping[str, Any]) -> People:
    """The unit's people: those of the demo's own list, and for roles that they leave open people without a password."""
    holders: dict[Role, list[User]] = {role: [] for role in Role}
    for one in place["person"]:
        if one["unit"] == organisation.code:
            named = [Role(role) for role in one["roles"]]
            user = member.set_roles(organisation, None, _email(one["login"]), one["name"], one["position"], named)
            user.set_password(password(user.email))
            user.save()
            for role in named:
                holders[role].append(user)
    for login, name, position, roles in _STAFF:
        missing = [role for role in roles if len(holders[role]) < (2 if role is Role.CODER else 1)]
        if not missing:
            continue
        email = _email(f"{login}.{organisation.code}")
        user = member.set_roles(organisation, None, email, name, position, missing)
        for role in missing:
            holders[role].append(user)
    first, second = holders[Role.CODER][:2]
    return People(
        clerk=holders[Role.SECRETARY][0], coders=(first, second), third=holders[Role.ADJUDICATOR][0],
        head=holders[Role.HEAD][0],
    )  # fmt: skip


def _enrol(organisation: Organisation, unit: Mapping[str, Any], people: People) -> None:
    """The unit's channels: a site is enrolled, signed and proven (one excepted); accounts hand in their own export files."""
    now = timezone.localtime()
    for one in unit["channels"]:
        made = channel.add(organisation, people.clerk, one["name"], Platform(one["platform"]), one["url"])
        if one["platform"] != Platform.WEB:
            continue
        signed = channel.enrol(
            made,
            people.clerk,
            url=one["url"],
            owner=organisation.name(),
            by=f"{people.head.name}, {people.head.position}",
            consent="",
        )
        if proof := one.get("proof"):
            where = one["url"].rstrip("/") + WELL_KNOWN if proof == "well-known" else one["url"]
            seen = replace(signed.record, proof=proof, proof_at=where, proved_at=now.isoformat(timespec="seconds"))
            channel.note_proof(signed, people.clerk, seen)


def _how_to_log_in(place: Mapping[str, Any]) -> list[str]:
    names = {one.code: one.name() for one in Organisation.objects.prefetch_related("names")}
    lines = ["Bản thử: tỉnh Lam Vân hư cấu, một năm tin. Đăng nhập bằng một trong các tài khoản:"]
    width = max(len(_email(one["login"])) for one in place["person"])
    for one in place["person"]:
        roles = ", ".join(NAMES[Role(role)] for role in one["roles"])
        email = _email(one["login"])
        lines.append(f"  {email:<{width}}  {password(email)}  {roles} ({names[one['unit']]})")
    return lines
