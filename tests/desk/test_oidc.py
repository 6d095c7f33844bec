"""An organisation's own login (OpenID Connect) opens accounts that exist, by a verified address, and makes none."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from canbang.desk.models import User
from canbang.desk.views.account import SocialAdapter
from desk.test_account import is_in, with_password, words

ISSUER = "https://dang-nhap.example.vn"


class Answer:
    def __init__(self, value: dict[str, Any]) -> None:
        self.value, self.status_code, self.headers, self.content = value, 200, {"content-type": "application/json"}, b""

    def json(self) -> dict[str, Any]:
        return self.value

    def raise_for_status(self) -> None:
        pass


class Provider:
    """The organisation's login: knows one person, and answers like a server would."""

    def __init__(self) -> None:
        self.person: dict[str, Any] = {"sub": "7", "email": "", "email_verified": True, "name": "Minh"}
        self.asked: list[str] = []

    def __enter__(self) -> Provider:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def get(self, url: str, **_: object) -> Answer:
        self.asked.append(url)
        if url.endswith("/.well-known/openid-configuration"):
            names = {"authorization": "authorize", "token": "token", "userinfo": "me"}
            return Answer(
                {"issuer": ISSUER, **{f"{name}_endpoint": f"{ISSUER}/{path}" for name, path in names.items()}}
            )
        return Answer(self.person)

    def request(self, method: str, url: str, **_: object) -> Answer:
        self.asked.append(url)
        return Answer({"access_token": "t", "token_type": "bearer"})

    post = get


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Provider:
    made = Provider()
    monkeypatch.setattr(SocialAdapter, "get_requests_session", lambda self: made)
    app = {"provider_id": "co-quan", "name": "Tài khoản cơ quan", "client_id": "canbang", "secret": "s"}
    settings.SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [{**app, "settings": {"server_url": ISSUER}}]}
    }
    return made


def come(client: Client, query: str = "") -> Any:
    """Press the button, come back from the provider with a code."""
    sent = client.post(reverse("openid_connect_login", args=["co-quan"]) + query)
    where = urlsplit(sent["Location"])
    assert f"{where.scheme}://{where.netloc}{where.path}" == f"{ISSUER}/authorize"
    asked = parse_qs(where.query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["redirect_uri"] == ["http://testserver/tai-khoan/co-quan/co-quan/ve/"]
    return client.get(reverse("openid_connect_callback", args=["co-quan"]), {"code": "c", "state": asked["state"][0]})


def test_a_verified_address_opens_the_account_that_stands_here(provider: Provider, minh: User) -> None:
    provider.person["email"] = minh.email.upper()
    client = Client()
    assert "Tài khoản cơ quan" in words(client.get(reverse("account_login")).content)
    response = come(client)
    assert (response.status_code, response["Location"], is_in(client)) == (302, "/", True)
    assert SocialAccount.objects.get().user == minh
    provider.person["email"] = "doi-dia-chi@example.vn"
    again = Client()
    come(again)
    assert again.session["_auth_user_id"] == str(minh.pk)


@pytest.mark.parametrize(
    "claims",
    [
        {"email_verified": False},
        {"email_verified": None},
        {"email_verified": "false"},
        {"email": "khong-ai@example.vn"},
        {"email": ""},
    ],
)
def test_nothing_else_opens_or_makes_one(provider: Provider, minh: User, claims: dict[str, object]) -> None:
    provider.person |= {"email": minh.email, **claims}
    client = Client()
    response = come(client)
    assert "Chưa có tài khoản" in words(response.content)
    assert (is_in(client), User.objects.count(), SocialAccount.objects.count()) == (False, 1, 0)


def test_who_was_sent_away_does_not_come_back_this_way(provider: Provider, minh: User) -> None:
    provider.person["email"] = minh.email
    come(Client())
    User.objects.filter(pk=minh.pk).update(is_active=False)
    client = Client()
    assert come(client)["Location"] == reverse("account_inactive")
    assert not is_in(client)


def test_a_second_factor_is_still_asked_for(provider: Provider, minh: User) -> None:
    from allauth.mfa.models import Authenticator

    Authenticator.objects.create(user=minh, type="totp", data={"secret": "JBSWY3DPEHPK3PXP"})
    provider.person["email"] = minh.email
    client = Client()
    assert (come(client)["Location"], is_in(client)) == (reverse("mfa_authenticate"), False)


def test_nobody_connects_another_login_to_an_account_by_hand(provider: Provider, minh: User) -> None:
    provider.person["email"] = "nguoi-khac@example.vn"
    client = Client()
    with_password(minh)
    client.post(reverse("account_login"), {"login": minh.email, "password": "mot cau dai de nho"})
    come(client, "?process=connect")
    assert SocialAccount.objects.count() == 0


def test_an_answer_nobody_asked_for_is_refused(provider: Provider, minh: User) -> None:
    provider.person["email"] = minh.email
    client = Client()
    response = client.get(reverse("openid_connect_callback", args=["co-quan"]), {"code": "c", "state": "x"})
    assert (response.status_code, "Không đăng nhập được" in words(response.content)) == (401, True)
    assert (is_in(client), provider.asked) == (False, [])


def test_without_a_provider_there_is_no_such_login(db: None) -> None:
    assert Client().post(reverse("openid_connect_login", args=["co-quan"])).status_code == 404
    assert "Tài khoản cơ quan" not in words(Client().get(reverse("account_login")).content)
