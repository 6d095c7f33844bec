"""Coming in with a real browser: links, security keys and the organisation's login under the strict content policy; no barrier."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from allauth.mfa.models import Authenticator
from django.urls import reverse
from pytest_django.live_server_helper import LiveServer

from canbang.desk import account_urls
from canbang.desk.domain import member
from canbang.desk.models import User
from canbang.desk.roles import Role
from desk.conftest import person
from desk.test_account import PASSWORD, with_password

playwright_api = pytest.importorskip("playwright.sync_api")
pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

CHROMIUM = "/usr/bin/chromium"
SIZES = {"phone": ({"width": 360, "height": 640}, "dark"), "desk": ({"width": 1366, "height": 768}, "light")}


@pytest.fixture(scope="module")
def browser() -> Iterator[playwright_api.Browser]:
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # playwright's loop runs in this thread; the server has its own
    with playwright_api.sync_playwright() as driver:
        made = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield made
        made.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


class Visitor:
    """A browser that writes down what it was refused."""

    def __init__(
        self, browser: playwright_api.Browser, server: LiveServer, size: str = "desk", script: bool = True
    ) -> None:
        viewport, scheme = SIZES[size]
        self.context = browser.new_context(
            viewport=viewport, color_scheme=scheme, java_script_enabled=script, locale="en-US"
        )
        self.page, self.base, self.refused = self.context.new_page(), server.url, []
        self.page.on("console", lambda said: self.refused.append(said.text) if said.type == "error" else None)

    def go(self, name: str, **kwargs: object) -> None:
        self.page.goto(self.base + reverse(name, kwargs=kwargs))

    def log_in(self, user: User) -> None:
        self.go("account_login")
        self.page.fill("[name=login]", user.email)
        self.page.fill("[name=password]", PASSWORD)
        self.page.click("form.card button")

    def confirm(self) -> None:
        """Give the password again where it is asked for."""
        if "/xac-nhan/" in self.page.url:
            self.page.fill("[name=password]", PASSWORD)
            self.page.click("form.card button")


@pytest.fixture
def owner(minh: User) -> User:
    return with_password(minh)


@pytest.mark.parametrize("script", [True, False])
def test_a_first_login_link_works_in_a_browser(
    browser: playwright_api.Browser, live_server: LiveServer, minh: User, script: bool
) -> None:
    visitor = Visitor(browser, live_server, script=script)
    visitor.go("first_login", token=member.login_token(minh))
    for field in ("new_password1", "new_password2"):
        visitor.page.fill(f"[name={field}]", PASSWORD)
    visitor.page.click("main button")
    assert visitor.page.url == f"{live_server.url}/thuong-tra/"
    assert visitor.refused == []


@pytest.mark.parametrize("script", [True, False])
def test_a_person_is_added_after_confirming(
    browser: playwright_api.Browser, live_server: LiveServer, owner: User, script: bool
) -> None:
    visitor = Visitor(browser, live_server, "phone", script)
    visitor.log_in(owner)
    visitor.go("members", org="thuong-tra")
    page = visitor.page
    page.fill("[name=email]", "thu@example.vn")
    page.fill("[name=name]", "Lê Thị Thu")
    page.check("[value=coder]")
    page.click("form.card button")
    visitor.confirm()
    assert page.inner_text("h1") == "Lê Thị Thu"
    assert "/tai-khoan/vao-lan-dau/" in page.input_value("#link")
    assert page.is_visible("[data-copy]") == script
    assert visitor.refused == []


def test_a_security_key_opens_the_desk_without_a_password(
    browser: playwright_api.Browser, live_server: LiveServer, owner: User
) -> None:
    visitor = Visitor(browser, live_server)
    page = visitor.page
    device = visitor.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    device.send(
        "WebAuthn.addVirtualAuthenticator",
        {"options": {**options, "isUserVerified": True, "automaticPresenceSimulation": True}},
    )
    visitor.log_in(owner)
    visitor.go("mfa_add_webauthn")
    visitor.confirm()
    page.check("[name=passwordless]")
    page.click("#mfa_webauthn_add")
    page.wait_for_url(f"**{reverse('mfa_view_recovery_codes')}")
    assert Authenticator.objects.filter(user=owner, type="webauthn").count() == 1
    page.click("text=Đăng xuất")
    page.click("#passkey_login")
    page.wait_for_url(f"{live_server.url}/thuong-tra/")
    page.click(".me summary")
    page.click(".me button")
    visitor.log_in(owner)
    page.click("#mfa_webauthn_authenticate")
    page.wait_for_url(f"{live_server.url}/thuong-tra/")
    assert visitor.refused == []


def test_a_key_that_does_not_answer_is_said_so(
    browser: playwright_api.Browser, live_server: LiveServer, owner: User
) -> None:
    visitor = Visitor(browser, live_server)
    device = visitor.context.new_cdp_session(visitor.page)
    device.send("WebAuthn.enable")
    visitor.go("account_login")
    device.send("WebAuthn.addVirtualAuthenticator", {"options": {"protocol": "u2f", "transport": "usb"}})
    visitor.page.click("#passkey_login")
    visitor.page.wait_for_function("document.getElementById('key_error').textContent != ''")
    assert "Khóa bảo mật không trả lời" in visitor.page.inner_text("#key_error")


@pytest.mark.parametrize("size", SIZES)
def test_no_page_puts_up_a_barrier(
    browser: playwright_api.Browser, live_server: LiveServer, owner: User, size: str
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    owner.refresh_from_db()
    thu = person(owner.memberships.first().organisation, "Thu", Role.CODER)  # type: ignore[union-attr]
    visitor = Visitor(browser, live_server, size)
    own = [
        pattern.name
        for pattern in account_urls.urlpatterns
        if "<" not in str(pattern.pattern) and "(" not in str(pattern.pattern)
    ]
    skipped = {"account_logout", "own_data_file", "erase", "mfa_download_recovery_codes"}
    names = [(name, {}) for name in own if name not in skipped]
    names.append(("first_login", {"token": member.login_token(thu)}))
    names += [
        (name, {"org": "thuong-tra"}) for name in ("manage", "members", "organisation_settings", "log", "log_verify")
    ]
    names.append(("member", {"org": "thuong-tra", "pk": thu.pk}))
    seen = set()

    def look() -> None:
        here = visitor.page.url
        if here in seen:
            return
        seen.add(here)
        found = [(one["id"], one["nodes"][0]["html"]) for one in axe.run(visitor.page).response["violations"]]
        wide = visitor.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert (here, found, wide) == (here, [], 0)

    for name, kwargs in names:
        visitor.go(name, **kwargs)
        look()
    visitor.log_in(owner)
    for name, kwargs in names:
        visitor.go(name, **kwargs)
        look()
        visitor.confirm()
        look()
    assert len(seen) >= 25
    assert [said for said in visitor.refused if "Failed to load resource" not in said] == []  # pages that answer 404
