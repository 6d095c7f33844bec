"""Three people and their desks: Lan of the province, Minh of the commune Thượng Trà under it, Hoa of another province's commune."""

from __future__ import annotations

import time
from datetime import date, datetime, timedelta

import pytest
from django.test import Client

from canbang.desk.domain import intake, prediction
from canbang.desk.domain.member import set_roles
from canbang.desk.models import IntakeKind, Level, Organisation, OrganisationName, Placement, User
from canbang.desk.roles import Role
from canbang.item import VIETNAM, Item

MONTH = date(2026, 9, 1)
BAD = "Cháy xưởng gỗ, một người tử vong"
GOOD = ("Khánh thành cầu dân sinh xã {}", "Đoàn viên thanh niên trao 20 suất quà lần {}", "Lịch tiếp công dân tháng {}")


def make_organisation(code: str, name: str, level: Level, parent: Organisation | None = None) -> Organisation:
    made = Organisation.objects.create(code=code, level=level)
    OrganisationName.objects.create(organisation=made, name=name)
    if parent is not None:
        Placement.objects.create(organisation=made, parent=parent, valid_from=date(2025, 7, 1))
    return made


def make_acts(count: int, channel: str = "Cổng thông tin", month: date = MONTH, first: int = 0) -> list[Item]:
    start = datetime(month.year, month.month, 1, 7, tzinfo=VIETNAM)
    return [
        Item(
            channel=channel, platform_id=f"a{number}", url=f"https://thuongtra.gov.vn/tin-{100000 + number}.html",
            title=f"{BAD} ở tổ {number}" if number % 9 == 0 else GOOD[number % 3].format(number),
            lead=f"Tin số {number} của xã Thượng Trà.", published_at=start + timedelta(hours=number % 600),
        )
        for number in range(first, first + count)
    ]  # fmt: skip


@pytest.fixture
def province(db: None) -> Organisation:
    return make_organisation("tra-giang", "Tỉnh Trà Giang", Level.PROVINCE)


@pytest.fixture
def commune(province: Organisation) -> Organisation:
    return make_organisation("thuong-tra", "Xã Thượng Trà", Level.COMMUNE, province)


@pytest.fixture
def foreign(db: None) -> Organisation:
    """A commune of another province."""
    other = make_organisation("son-hai", "Tỉnh Sơn Hải", Level.PROVINCE)
    return make_organisation("dong-hai", "Xã Đông Hải", Level.COMMUNE, other)


def person(organisation: Organisation, name: str, *roles: Role) -> User:
    return set_roles(
        organisation, None, f"{name.lower()}-{organisation.code}@example.vn", name, "", roles or list(Role)
    )


@pytest.fixture
def lan(province: Organisation) -> User:
    return person(province, "Lan", Role.OVERSEER, Role.HEAD)


@pytest.fixture
def minh(commune: Organisation) -> User:
    """Minh holds every role of his commune."""
    return person(commune, "Minh")


@pytest.fixture
def hoa(foreign: Organisation) -> User:
    return person(foreign, "Hoa")


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.fixture
def minhs(minh: User) -> Client:
    """Minh's browser."""
    return client_of(minh)


@pytest.fixture
def stocked(commune: Organisation, minh: User) -> Organisation:
    """The commune with 120 labelled items of September 2026."""
    intake.take(commune, IntakeKind.FILE, "thang9.jsonl", make_acts(120), user=minh)
    prediction.label(commune)
    return commune


def confirmed(client: Client, user: User) -> Client:
    """The same browser, as if the person had given their password again a moment ago (``views.account.reauthenticated``)."""
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time(), "reauthenticated": True}]
    session["account_authentication_methods_user"] = str(user.pk)
    session.save()
    return client
