"""Coming in and staying in: login, lockout, sessions, second factors, confirming again, one's own data."""

from __future__ import annotations

import gettext
import os
import re
import subprocess
import sys
import time
from html import unescape
from pathlib import Path

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.core import mail
from django.test import Client
from django.urls import NoReverseMatch, get_resolver, reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from canbang.desk import account_urls
from canbang.desk.domain import member
from canbang.desk.models import Organisation, User
from canbang.desk.roles import Role
from desk.conftest import client_of, confirmed, person

PASSWORD = "mot cau dai de nho"
LOGIN = "/tai-khoan/dang-nhap/"


def with_password(user: User) -> User:
    user.set_password(PASSWORD)
    user.last_login = timezone.now()
    user.save()
    return user


@pytest.fixture
def owner(minh: User) -> User:
    """Minh, who has set a password and logged in before."""
    return with_password(minh)


def log_in(user: User, password: str = PASSWORD, client: Client | None = None) -> Client:
    client = client or Client()
    client.post(LOGIN, {"login": user.email, "password": password})
    return client


def is_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def words(content: bytes) -> str:
    text = re.sub(r"<(script|style|title).*?</\1>|<[^>]*>", " ", content.decode(), flags=re.DOTALL)
    return " ".join(unescape(text).split())


def test_the_right_password_opens_the_desk(owner: User) -> None:
    client = Client()
    response = client.post(LOGIN, {"login": owner.email.upper(), "password": PASSWORD})
    assert (response.status_code, response["Location"], is_in(client)) == (302, "/", True)


def test_a_refused_login_does_not_tell_whether_the_address_exists(owner: User) -> None:
    known = Client().post(LOGIN, {"login": owner.email, "password": "sai"})
    unknown = Client().post(LOGIN, {"login": "khong-ai@example.vn", "password": "sai"})
    assert "Địa chỉ thư hoặc mật khẩu không đúng." in words(known.content)
    token = re.compile(rb'name="csrfmiddlewaretoken" value="\w+"|X-CSRFToken": "\w+"')
    bodies = [token.sub(b"", response.content) for response in (known, unknown)]
    assert bodies[0].replace(owner.email.encode(), b"?") == bodies[1].replace(b"khong-ai@example.vn", b"?")


def test_after_five_failures_the_right_password_is_refused_too(owner: User) -> None:
    client = Client()
    for _ in range(5):
        log_in(owner, "sai", client)
    response = client.post(LOGIN, {"login": owner.email, "password": PASSWORD})
    assert "Sai quá nhiều lần. Đợi năm phút rồi thử lại." in words(response.content)
    assert not is_in(client)
    other = with_password(person(Organisation.objects.get(code="thuong-tra"), "Thu", Role.CODER))
    assert is_in(log_in(other))


_PROCESS = """
import sys, django
django.setup()
from django.core.management import call_command
from django.test import Client
from canbang.desk.models import User
if sys.argv[1] == "first":
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    for name in ("khoa@example.vn", "khac@example.vn"):
        User.objects.create_user(name, "mot cau dai de nho", name="Ai")
    for _ in range(5):
        Client().post("/tai-khoan/dang-nhap/", {"login": "khoa@example.vn", "password": "sai"})
for name in ("khoa@example.vn", "khac@example.vn"):
    client = Client()
    client.post("/tai-khoan/dang-nhap/", {"login": name, "password": "mot cau dai de nho"})
    print("_auth_user_id" in client.session)
"""


def test_a_lockout_holds_in_every_process(tmp_path: Path) -> None:
    env = {**os.environ, "CANBANG_HOME": str(tmp_path), "DJANGO_SETTINGS_MODULE": "desk_settings", "DATABASE_URL": ""}
    env["DATABASE_URL"] = f"sqlite:///{tmp_path}/db.sqlite3"
    env["PYTHONPATH"] = str(Path(__file__).parents[1])
    seen = [
        subprocess.run(
            [sys.executable, "-c", _PROCESS, turn], env=env, capture_output=True, text=True, check=True
        ).stdout
        for turn in ("first", "second")
    ]
    assert [one.split() for one in seen] == [["False", "True"], ["False", "True"]]


def test_every_account_page_is_in_vietnamese(owner: User) -> None:
    client = confirmed(client_of(owner), owner)
    english = re.compile(r"\b(Sign|Password|Email|Code|Security|Authenticator|Recovery|Session|Current|New|This)\b")
    asked = 0
    for pattern in account_urls.urlpatterns:
        try:
            address = reverse(pattern.name or "")
        except NoReverseMatch:  # wants an object: its own test has one
            continue
        for browser in (client, Client()):
            response = browser.get(address)
            if response.status_code == 200 and response["Content-Type"].startswith("text/html"):
                asked += 1
                assert '<html lang="vi">' in response.content.decode(), address
                assert english.findall(words(response.content)) == [], address
    assert asked >= 20


def test_the_catalogue_is_compiled_from_what_stands_beside_it() -> None:
    folder = Path(account_urls.__file__).parent / "locale/vi/LC_MESSAGES"
    source = (folder / "django.po").read_text("utf-8")
    pairs = re.findall(r'^msgid "(.+)"\n(?:msgid_plural .*\n)?msgstr(?:\[0\])? "(.*)"$', source, re.MULTILINE)
    with (folder / "django.mo").open("rb") as stream:
        compiled = gettext.GNUTranslations(stream)._catalog  # type: ignore[attr-defined]
    found = {(key[0] if isinstance(key, tuple) else key): text for key, text in compiled.items() if key}
    assert found == {key.replace('\\"', '"'): text for key, text in pairs}


@pytest.mark.parametrize(
    "gone", ["account_email", "account_confirm_email", "socialaccount_connections", "socialaccount_signup"]
)
def test_nobody_changes_their_own_address_or_connects_a_login(gone: str) -> None:
    assert gone not in {name for name in get_resolver().reverse_dict if isinstance(name, str)}


def test_nobody_signs_up(db: None) -> None:
    form = {"email": "moi@example.vn", "password1": PASSWORD, "password2": PASSWORD}
    response = Client().post(reverse("account_signup"), form)
    assert "không nhận tự đăng ký" in words(response.content)
    assert not User.objects.exists()


def test_without_mail_a_forgotten_password_is_the_administrators_to_renew(owner: User) -> None:
    for response in (
        Client().get(reverse("account_reset_password")),
        Client().post(reverse("account_reset_password"), {"email": owner.email}),
    ):
        assert "không gửi thư. Nhờ người quản trị" in words(response.content)
    assert mail.outbox == []


def test_with_mail_a_forgotten_password_is_set_by_a_link(owner: User, settings: Settings) -> None:
    settings.EMAIL_HOST = "smtp.example.vn"
    seen = [
        Client().post(reverse("account_reset_password"), {"email": one}) for one in (owner.email, "khong-ai@example.vn")
    ]
    assert {response["Location"] for response in seen} == {reverse("account_reset_password_done")}
    assert [(one.to, one.subject) for one in mail.outbox] == [([owner.email], "Đặt lại mật khẩu bàn làm việc Cân bằng")]
    link = re.search(r"http://testserver(\S+)", str(mail.outbox[0].body))
    assert link is not None
    client = Client()
    step = client.get(link[1])
    client.post(step["Location"], {"password1": "mot cau khac dai hon", "password2": "mot cau khac dai hon"})
    assert is_in(log_in(owner, "mot cau khac dai hon"))
    assert "đã dùng rồi hoặc quá hạn" in words(Client().get(link[1], follow=True).content)


def test_a_first_login_link_works_once(commune: Organisation) -> None:
    thu = person(commune, "Thu", Role.CODER)
    address = reverse("first_login", args=[member.login_token(thu)])
    client = Client()
    assert thu.email in words(client.get(address).content)
    short = client.post(address, {"new_password1": "ngan", "new_password2": "ngan"})
    assert "Mật khẩu quá ngắn: cần ít nhất 10 ký tự." in words(short.content)
    done = client.post(address, {"new_password1": PASSWORD, "new_password2": PASSWORD})
    assert (done["Location"], is_in(client)) == ("/", True)
    again = Client().get(address)
    assert (again.status_code, "đã dùng hoặc quá hạn" in words(again.content)) == (422, True)
    assert Client().get(reverse("first_login", args=["x.y"])).status_code == 422


def test_a_login_ends_after_twelve_hours_and_after_two_without_use(owner: User) -> None:
    for key, seconds, lives in (
        ("seen", 2 * 3600 - 30, True), ("seen", 2 * 3600, False), ("begun", 12 * 3600 - 30, True), ("begun", 12 * 3600, False)
    ):  # fmt: skip
        client = log_in(owner)
        client.get("/tai-khoan/phien/")
        session = client.session
        session[key] = int(time.time()) - seconds
        session.save()
        assert (client.get("/tai-khoan/phien/").status_code == 200, is_in(client)) == (lives, lives), (key, seconds)


def test_the_last_use_is_written_once_a_minute(owner: User, django_assert_num_queries: object) -> None:
    client = log_in(owner)
    client.get("/tai-khoan/phien/")
    seen = client.session["seen"]
    client.get("/tai-khoan/phien/")
    assert client.session["seen"] == seen
    session = client.session
    session["seen"] = seen - 61
    session.save()
    client.get("/tai-khoan/phien/")
    assert client.session["seen"] >= seen


def test_a_part_of_a_page_asks_for_the_whole_login_page(db: None) -> None:
    part = {"HX-Request": "true", "HX-Current-URL": "http://testserver/thuong-tra/kho-tin/"}
    response = Client().get("/thuong-tra/kho-tin/", headers=part)
    assert (response.status_code, response["HX-Redirect"]) == (200, f"{LOGIN}?next=%2Fthuong-tra%2Fkho-tin%2F")


def test_other_sessions_are_listed_and_ended(owner: User) -> None:
    here, there = Client(headers={"User-Agent": "Trình duyệt A"}), Client(headers={"User-Agent": "Trình duyệt B"})
    for client in (here, there):
        log_in(owner, client=client)
    text = words(here.get("/tai-khoan/phien/").content)
    assert ("Trình duyệt A máy này" in text, "Trình duyệt B" in text) == (True, True)
    here.post("/tai-khoan/phien/")
    assert (here.get("/tai-khoan/phien/").status_code, there.get("/tai-khoan/phien/").status_code) == (200, 302)


def test_a_dangerous_act_waits_for_the_password_and_then_goes_on(owner: User, commune: Organisation) -> None:
    client = log_in(owner)
    form = {"email": "thu@example.vn", "name": "Lê Thị Thu", "position": "", "roles": ["coder"]}
    asked = client.post(reverse("members", args=[commune.code]), form)
    assert asked["Location"].startswith(reverse("account_reauthenticate"))
    assert not User.objects.filter(email="thu@example.vn").exists()
    wrong = client.post(asked["Location"], {"password": "sai"})
    assert "Mật khẩu không đúng." in words(wrong.content)
    assert not User.objects.filter(email="thu@example.vn").exists()
    query = {"password": PASSWORD, "next": reverse("members", args=[commune.code])}
    client.post(reverse("account_reauthenticate"), query)
    assert User.objects.get(email="thu@example.vn").name == "Lê Thị Thu"


def test_who_has_only_the_organisations_login_confirms_by_logging_in_again(minh: User, commune: Organisation) -> None:
    client = client_of(minh)
    form = {"email": "thu@example.vn", "name": "Thu", "position": "", "roles": ["coder"]}
    back = {"Referer": f"http://testserver{reverse('members', args=[commune.code])}"}
    response = client.post(reverse("members", args=[commune.code]), form, headers=back)
    assert (response["Location"], is_in(client)) == (f"{LOGIN}?next=/thuong-tra/quan-tri/thanh-vien/", False)
    client = confirmed(client_of(minh), minh)
    assert client.post(reverse("members", args=[commune.code]), form).status_code == 302
    assert User.objects.filter(email="thu@example.vn").exists()


def totp_code(secret: str) -> str:
    counter = next(iter(yield_hotp_counters_from_time()))
    return str(format_hotp_value(hotp_value(secret, counter)))


def test_a_code_from_the_phone_is_asked_for_once_it_is_switched_on(owner: User) -> None:
    client = confirmed(client_of(owner), owner)
    client.get(reverse("mfa_activate_totp"))
    secret = client.session["mfa.totp.secret"]
    wrong = client.post(reverse("mfa_activate_totp"), {"code": "000000"})
    assert "Mã không đúng." in words(wrong.content)
    done = client.post(reverse("mfa_activate_totp"), {"code": totp_code(secret)})
    assert done["Location"] == reverse("mfa_view_recovery_codes")
    codes = re.findall(r"<code>(\w+)</code>", client.get(done["Location"]).content.decode())
    assert len(codes) == 10
    client = Client()
    response = client.post(LOGIN, {"login": owner.email, "password": PASSWORD})
    assert (response["Location"], is_in(client)) == (reverse("mfa_authenticate"), False)
    assert "ứng dụng tạo mã" in words(client.get(response["Location"]).content)
    client.post(reverse("mfa_authenticate"), {"code": codes[0]})
    assert is_in(client)
    again = log_in(owner)
    again.post(reverse("mfa_authenticate"), {"code": codes[0]})
    assert not is_in(again)


def test_recovery_codes_show_only_after_confirming(owner: User) -> None:
    client = confirmed(client_of(owner), owner)
    client.get(reverse("mfa_activate_totp"))
    client.post(reverse("mfa_activate_totp"), {"code": totp_code(client.session["mfa.totp.secret"])})
    other = client_of(owner)
    response = other.get(reverse("mfa_view_recovery_codes"))
    assert "<code>" not in response.content.decode().replace("<code>****</code>", "")


def test_a_new_link_does_not_go_around_a_second_factor(owner: User) -> None:
    Authenticator.objects.create(user=owner, type="totp", data={"secret": "JBSWY3DPEHPK3PXP"})
    client = Client()
    address = reverse("first_login", args=[member.login_token(owner)])
    response = client.post(address, {"new_password1": "mot cau khac dai hon", "new_password2": "mot cau khac dai hon"})
    assert (response["Location"], is_in(client)) == (reverse("mfa_authenticate"), False)


def test_pages_of_a_logged_in_person_are_not_cached(owner: User) -> None:
    assert "no-store" in client_of(owner).get(reverse("own_data"))["Cache-Control"]


def test_too_many_tries_get_a_page_in_vietnamese(owner: User) -> None:
    client = client_of(owner)
    for _ in range(12):
        response = client.post(reverse("account_reauthenticate"), {"password": "sai"})
    assert (response.status_code, "Thao tác quá nhiều" in words(response.content)) == (429, True)
