"""Log lines: what happened and who did it by an opaque id, never what a person is called or typed."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from io import StringIO

import pytest
from django.db import DatabaseError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from canbang.desk.domain import chain
from canbang.desk.models import Organisation, User
from canbang.desk.roles import Role
from desk.conftest import client_of, confirmed, person
from desk.test_account import LOGIN, PASSWORD, with_password

ADDRESS, TYPED, NEW = "minh-thuong-tra@example.vn", "cháy xưởng gỗ", "Nguyễn Thị Riêng Tư"


@pytest.fixture
def lines() -> Iterator[StringIO]:
    """What the desk writes to standard error."""
    handler = logging.getLogger("canbang.desk").handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    caught = StringIO()
    before = handler.setStream(caught)
    yield caught
    handler.setStream(before)


def read(lines: StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in lines.getvalue().splitlines()]


def test_no_line_holds_a_name_an_address_or_what_was_typed(lines: StringIO, minh: User, stocked: Organisation) -> None:
    with_password(minh)
    client = Client()
    client.post(LOGIN, {"login": ADDRESS, "password": "sai-mat-khau"})
    client.post(LOGIN, {"login": ADDRESS, "password": PASSWORD})
    client.get(reverse("items", args=[stocked.code]), {"q": TYPED})
    confirmed(client, minh)
    form = {"email": "rieng.tu@example.vn", "name": NEW, "position": "", "roles": ["coder"]}
    client.post(reverse("members", args=[stocked.code]), form)
    client.get(f"/{stocked.code}/{TYPED}/")
    client.post(reverse("account_logout"))
    text = lines.getvalue()
    for private in (ADDRESS, "minh", TYPED, "ch%C3%A1y", NEW, "rieng.tu", "sai-mat-khau", PASSWORD, "127.0.0.1"):
        assert private not in text, private
    seen = read(lines)
    assert [line["event"] for line in seen if line["event"] != "request"] == ["login_failed", "login", "logout"]
    person_id = str(minh.person)
    asked = [(line["screen"], line["status"], line["person"]) for line in seen if line["event"] == "request"]
    assert asked[2:4] == [("items", 200, person_id), ("members", 302, person_id)]
    assert asked[4] == ("?", 404, person_id)


def test_a_failure_keeps_its_kind_and_place_but_not_its_words(
    lines: StringIO, minh: User, commune: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        try:
            raise ValueError(f"{ADDRESS} trùng")
        except ValueError as error:
            raise DatabaseError(f"Key (email)=({ADDRESS}) already exists") from error

    monkeypatch.setattr(chain, "walk", fail)
    client = client_of(minh)
    client.raise_request_exception = False
    response = client.get(reverse("log_verify", args=[commune.code]))
    assert (response.status_code, "Máy chủ gặp lỗi" in response.content.decode()) == (500, True)
    assert ADDRESS not in lines.getvalue()
    [failure] = [line for line in read(lines) if line["event"] == "failure"]
    assert (failure["screen"], failure["level"]) == ("log_verify", "error")
    assert failure["exception"] == ["django.db.utils.DatabaseError", "builtins.ValueError"]
    assert any("views/log.py" in place for place in failure["at"])  # type: ignore[attr-defined]


def test_a_lockout_and_a_refused_screen_leave_a_line(lines: StringIO, minh: User, commune: Organisation) -> None:
    with_password(minh)
    for _ in range(6):
        Client().post(LOGIN, {"login": ADDRESS, "password": "sai"})
    thu = person(commune, "Thu", Role.CODER)
    User.objects.filter(pk=thu.pk).update(last_login=timezone.now())
    client_of(thu).get(reverse("members", args=[commune.code]))
    seen = read(lines)
    assert [line["event"] for line in seen if line["event"] != "request"] == ["login_failed"] * 5 + ["login_locked"]
    assert (seen[-1]["screen"], seen[-1]["status"], seen[-1]["person"]) == ("members", 403, str(thu.person))


def test_other_libraries_words_are_not_passed_on(lines: StringIO, db: None) -> None:
    logging.getLogger("django.request").error("Internal Server Error: /tai-khoan/vao-lan-dau/bí-mật/")
    [line] = read(lines)
    assert (line["event"], line["logger"]) == ("failure", "django.request")
