"""Every address of the desk in every role: made from the resolver, so that an address nobody listed here fails."""

from __future__ import annotations

import copy
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from canbang.desk.domain import draw, intake, judgement, prediction, sheet
from canbang.desk.models import (
    Alarm,
    AlarmKind,
    Channel,
    Enrolment,
    IntakeKind,
    Item,
    Level,
    Organisation,
    RejectedRow,
    Upload,
    User,
)  # fmt: skip
from canbang.desk.roles import Role
from canbang.estimate.looks import Mode
from canbang.fetch.guard import Guard
from canbang.fetch.trouble import FetchError, Trouble
from conftest import WordLabeller
from desk.conftest import MONTH, client_of, confirmed, make_acts, make_organisation, person

A, S, C, J, T, H, O = Role  # noqa: E741  (the roles in their order: admin, staff, coder, adjudicator, secretary, head, overseer)
EVERYBODY = {A, S, C, J, T, H, O}
READERS = {A, S, T, H}

# Name of the address: who may ask it, and how. "GP" is a page with a form of its own.
EXPECTED: dict[str, tuple[set[Role], str]] = {
    "home": (EVERYBODY, "G"),
    "balance": (READERS, "G"),
    "balance_month": (READERS, "G"),
    "items": (READERS, "G"),
    "items_export": (READERS, "G"),
    "item": (READERS, "G"),
    "item_correct": ({S, T}, "P"),
    "intake": ({A, S, T}, "G"),
    "intake_upload": ({A, S, T}, "P"),
    "intake_preview": ({A, S, T}, "GP"),
    "intake_paste": ({A, S, T}, "P"),
    "intake_one": ({A, S, T}, "G"),
    "intake_rejects": ({A, S, T}, "G"),
    "channels": (READERS, "G"),
    "channel_add": ({A}, "GP"),
    "channel": (READERS, "G"),
    "channel_enrol": ({A}, "GP"),
    "channel_prove": ({A}, "P"),
    "channel_collect": ({A, S, T}, "P"),
    "channel_withdraw": ({A}, "P"),
    "draw": ({A, T}, "G"),
    "draw_open": ({A, T}, "GP"),
    "draw_make": ({A, T}, "GP"),
    "draw_file": ({A, T}, "G"),
    "draw_log": ({A, T}, "G"),
    "draw_sheet": ({A, T}, "G"),
    "audit": ({C}, "G"),
    "audit_save": ({C}, "P"),
    "audit_undo": ({C}, "P"),
    "agreement": ({A, S, J, T, H}, "G"),
    "adjudication": ({J}, "G"),
    "adjudicate": ({J}, "GP"),
    "codebook": (EVERYBODY, "G"),
    "sheets": (READERS, "G"),
    "sheet": (READERS, "G"),
    "sheet_sign": ({H}, "GP"),
    "sheet_json": (READERS, "G"),
    "sheet_xlsx": (READERS, "G"),
    "sheet_html": (READERS, "G"),
    "alarms": (READERS, "G"),
    "alarm_mute": ({A, T, H}, "P"),
    "area": ({A, H, O}, "G"),
    "area_month": ({A, H, O}, "G"),
    "manage": ({A}, "G"),
    "members": ({A}, "GP"),
    "member": ({A}, "GP"),
    "organisation_settings": ({A}, "GP"),
    "log": ({A, H}, "G"),
    "log_verify": ({A, H}, "G"),
    "log_anchor": ({A, H}, "G"),
}

# Addresses of no organisation: "open" ones answer anybody, the others send who is not logged in to the login.
OPEN = {
    "alive", "first_login", "account_login", "account_logout", "account_inactive", "account_signup", "account_reset_password",
    "account_reset_password_done", "account_reset_password_from_key", "account_reset_password_from_key_done",
    "mfa_authenticate", "mfa_login_webauthn", "socialaccount_login_cancelled", "openid_connect_login",
    "openid_connect_callback",
}  # fmt: skip
OWN = {
    "front", "own_data", "own_data_file", "erase", "account_reauthenticate", "account_change_password", "account_set_password",
    "mfa_index", "mfa_reauthenticate", "mfa_activate_totp", "mfa_deactivate_totp", "mfa_view_recovery_codes",
    "mfa_generate_recovery_codes", "mfa_download_recovery_codes", "mfa_list_webauthn", "mfa_add_webauthn",
    "mfa_reauthenticate_webauthn", "mfa_edit_webauthn", "mfa_remove_webauthn", "usersessions_list",
}  # fmt: skip
WORDS = {"token": "x", "uidb36": "x", "key": "x-y", "pk": "1", "provider_id": "co-quan"}

LOGIN = "/tai-khoan/dang-nhap/"
pytestmark = pytest.mark.django_db


def addresses(patterns: list[Any], inside: tuple[str, ...] = ()) -> Iterator[tuple[str, set[str]]]:
    """Names of all addresses with the parameters that they take."""
    for one in patterns:
        takes = (*inside, *one.pattern.regex.groupindex, *getattr(one.pattern, "converters", {}))
        if isinstance(one, URLResolver):
            yield from addresses(one.url_patterns, takes)
        elif isinstance(one, URLPattern):
            assert one.name, f"{one.pattern} has no name"
            yield one.name, set(takes)


RESOLVED = dict(addresses(get_resolver().url_patterns))
BY_ORGANISATION = {name: takes for name, takes in RESOLVED.items() if "org" in takes}
FOREIGN_OBJECTS = sorted(name for name, takes in BY_ORGANISATION.items() if takes & {"pk", "key"})


@dataclass
class Desk:
    """An organisation with one of everything, and what its addresses name."""

    organisation: Organisation
    objects: dict[str, object]
    """Parameters by the beginning of an address's name."""

    def kwargs(self, name: str, code: str = "") -> dict[str, object]:
        found: dict[str, object] = {"org": code or self.organisation.code}
        for parameter in BY_ORGANISATION[name] - {"org"}:
            found[parameter] = MONTH if parameter == "month" else self.objects[name]
        return found


@dataclass
class World:
    """Two organisations that do not know each other, and everybody who may come."""

    own: Desk
    foreign: Desk
    clients: dict[Role, Client]
    stranger: Client
    """Logged in, of no organisation."""
    anonymous: Client = field(default_factory=Client)


def furnish(organisation: Organisation) -> Desk:
    """One of everything that an address can name."""
    admin = person(organisation, "Anh", Role.ADMIN)
    one, two = person(organisation, "Ba", Role.CODER), person(organisation, "Bốn", Role.CODER)
    taken = intake.take(organisation, IntakeKind.FILE, "thang9.jsonl", make_acts(30), user=admin)
    RejectedRow.objects.create(intake=taken, place="dòng 3", reason="thiếu ngày đăng", start="Tin không ngày")
    prediction.label(organisation, WordLabeller())
    channel = Channel.objects.get(organisation=organisation)
    Channel.objects.filter(pk=channel.pk).update(url="https://thuongtra.example/")
    Enrolment.objects.create(
        channel=channel, url="https://thuongtra.example/", scope="thuongtra.example/", owner="UBND xã", by="Anh", code="canbang-1",
        enrolled_at="2026-08-01T08:00:00+07:00", proof="well-known", proof_at="https://thuongtra.example/.well-known/canbang.txt",
        proved_at="2026-08-01T09:00:00+07:00", signed_by=admin.person,
    )  # fmt: skip
    drawn = draw.draw_first(draw.open_month(organisation, MONTH, Mode.ONE_LOOK, admin), 20, admin)
    doubled = drawn.cards.filter(doubled=True).order_by("place").first()
    assert doubled is not None
    tones = ("positive", "neutral")
    for user, tone in zip((one, two), tones, strict=True):
        judgement.judge(organisation, user, doubled.pk, judgement.Answer(tone=tone, dark_side=False), uuid.uuid4())
    open_card = drawn.cards.exclude(pk=doubled.pk).order_by("place").first()
    assert open_card is not None
    sheet.refresh(organisation, MONTH)
    upload = Upload.objects.create(
        organisation=organisation, name="a.jsonl", suffix=".jsonl", person=admin.person, choices={}
    )
    upload.path.parent.mkdir(parents=True, exist_ok=True)
    acts = [{"platform_id": "x1", "title": "Tin", "published_at": "2026-09-02T08:00:00+07:00"}]
    upload.path.write_text("\n".join(json.dumps(act) for act in acts), "utf-8")
    alarm = Alarm.objects.create(organisation=organisation, kind=AlarmKind.GAP, key="k", text="Thiếu dữ liệu 2 ngày")
    item = Item.objects.filter(organisation=organisation).order_by("pk").first()
    assert item is not None
    named: dict[str, object] = {name: channel.pk for name in BY_ORGANISATION if name.startswith("channel")}
    named |= {
        "item": item.pk, "item_correct": item.pk, "intake_preview": upload.key, "intake_one": taken.pk,
        "intake_rejects": taken.pk, "audit_save": open_card.pk, "adjudicate": doubled.pk, "alarm_mute": alarm.pk,
        "member": admin.pk,
    }  # fmt: skip
    return Desk(organisation, named)


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """Made once for all addresses; every request is undone after it was answered."""
    with django_db_blocker.unblock(), transaction.atomic():
        home = make_organisation("tra-giang", "Tỉnh Trà Giang", Level.PROVINCE)
        own = furnish(make_organisation("thuong-tra", "Xã Thượng Trà", Level.COMMUNE, home))
        foreign = furnish(make_organisation("dong-hai", "Xã Đông Hải", Level.COMMUNE))
        people = {role: person(own.organisation, f"v-{role}", role) for role in Role}
        clients = {role: confirmed(client_of(user), user) for role, user in people.items()}
        nobody = User.objects.create_user("nobody@example.vn", name="Không")
        stranger = confirmed(client_of(nobody), nobody)
        yield World(own, foreign, clients, stranger)
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the matrix may ask the network."""

    async def refuse(*_: object, **__: object) -> None:
        raise FetchError("https://thuongtra.example/: không kết nối được.", Trouble.CONNECT)

    monkeypatch.setattr(Guard, "get", refuse)


def ask(client: Client, method: str, address: str) -> int:
    """The status that this request is answered with; what it did is undone."""
    client.raise_request_exception = False
    cookies = copy.deepcopy(client.cookies)
    with transaction.atomic():
        response = client.get(address) if method == "G" else client.post(address)
        if getattr(response, "streaming", False):
            b"".join(response.streaming_content)  # type: ignore[attr-defined]
        transaction.set_rollback(True)
    client.cookies = cookies
    if response.status_code == 302 and response.headers["Location"].startswith(LOGIN):
        return 401
    return int(response.status_code)


def test_every_address_is_listed_here_and_every_listed_one_exists() -> None:
    assert set(BY_ORGANISATION) == set(EXPECTED)
    assert set(RESOLVED) - set(BY_ORGANISATION) == OPEN | OWN


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_an_address_answers_its_roles_and_no_other(world: World, name: str) -> None:
    may, methods = EXPECTED[name]
    address = reverse(name, kwargs=world.own.kwargs(name))
    for method in "GP":
        for role, client in world.clients.items():
            status = ask(client, method, address)
            if role not in may:
                assert status == 403, (role, method, status)
            elif method in methods:
                assert status in (200, 302, 422), (role, method, status)
            elif method == "G":
                assert status == 405, (role, method, status)
            else:
                assert status in (200, 302, 405, 422), (role, method, status)
        assert ask(world.stranger, method, address) == 404
        assert ask(world.anonymous, method, address) == 401


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_another_organisations_address_does_not_exist(world: World, name: str) -> None:
    address = reverse(name, kwargs=world.foreign.kwargs(name))
    for method in "GP":
        assert {ask(client, method, address) for client in world.clients.values()} == {404}
        assert ask(world.anonymous, method, address) == 401


@pytest.mark.parametrize("name", FOREIGN_OBJECTS)
def test_another_organisations_thing_does_not_exist_under_the_own_address(world: World, name: str) -> None:
    may, methods = EXPECTED[name]
    address = reverse(name, kwargs=world.foreign.kwargs(name, world.own.organisation.code))
    for method in methods:
        assert {ask(world.clients[role], method, address) for role in may} == {404}


@pytest.mark.parametrize("name", sorted(OPEN | OWN))
def test_addresses_of_no_organisation_never_fail_and_ask_for_a_login_where_they_are_somebodys_own(
    world: World, name: str
) -> None:
    address = reverse(name, kwargs={one: WORDS[one] for one in RESOLVED[name]})
    for method in "GP":
        assert ask(world.stranger, method, address) in (200, 302, 400, 403, 404, 405, 422)
        anonymous = ask(world.anonymous, method, address)
        assert anonymous in ((200, 302, 400, 401, 403, 404, 405, 422) if name in OPEN else (401,))
