"""People of an organisation: added, given roles, sent away; nobody takes over an account that others share."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from canbang.desk.domain import chain, member, personal
from canbang.desk.models import Entry, Membership, Organisation, User
from canbang.desk.roles import Role
from canbang.errors import InputError
from desk.conftest import client_of, confirmed, person
from desk.test_account import words

NEW = {"email": "Thu@Example.VN", "name": " Lê  Thị Thu ", "position": "Cán bộ", "roles": ["coder", "staff"]}


@pytest.fixture
def admin(minh: User, commune: Organisation) -> Client:
    """Minh's browser, confirmed a moment ago; another administrator has logged in before."""
    other = person(commune, "Đức", Role.ADMIN)
    User.objects.filter(pk__in=[minh.pk, other.pk]).update(last_login=timezone.now())
    return confirmed(client_of(minh), minh)


def roles_of(user: User, organisation: Organisation) -> list[str]:
    return sorted(Membership.objects.filter(user=user, organisation=organisation).values_list("role", flat=True))


def members(organisation: Organisation) -> str:
    return reverse("members", args=[organisation.code])


def page_of(organisation: Organisation, user: User) -> str:
    return reverse("member", args=[organisation.code, user.pk])


def test_a_person_is_added_with_a_link_that_is_shown_once(admin: Client, commune: Organisation) -> None:
    response = admin.post(members(commune), NEW)
    thu = User.objects.get(email="thu@example.vn")
    assert (thu.name, thu.position, roles_of(thu, commune)) == ("Lê Thị Thu", "Cán bộ", ["coder", "staff"])
    shown = admin.get(response["Location"])
    link = re.search(r'value="(http://testserver/tai-khoan/vao-lan-dau/[^"]+)"', shown.content.decode())
    assert link is not None
    assert "vao-lan-dau" not in admin.get(response["Location"]).content.decode()
    assert Client().get(urlsplit(link[1]).path).status_code == 200


def test_only_the_fields_of_the_form_are_taken(admin: Client, commune: Organisation, foreign: Organisation) -> None:
    more = {"is_superuser": "on", "is_staff": "on", "person": "0" * 32, "password": "x", "organisation": foreign.code}
    admin.post(members(commune), {**NEW, **more})
    thu = User.objects.get(email="thu@example.vn")
    assert (thu.is_superuser, thu.is_staff, thu.has_usable_password()) == (False, False, False)
    assert (str(thu.person) != "0" * 32, roles_of(thu, foreign)) == (True, [])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"email": "khong phai thu"}, "Địa chỉ thư không đúng"),
        ({"name": ""}, "Ghi họ tên."),
        ({"roles": []}, "Chọn ít nhất một vai trò"),
        ({"roles": ["root"]}, "Vai trò không có trong danh sách"),
        ({"email": "minh-thuong-tra@example.vn"}, "đã là thành viên"),
    ],
)
def test_a_form_that_cannot_be_used_says_why(
    admin: Client, commune: Organisation, change: dict[str, object], said: str
) -> None:
    response = admin.post(members(commune), {**NEW, **change})
    assert (response.status_code, said in words(response.content)) == (422, True)
    assert not User.objects.filter(email="thu@example.vn").exists()


def test_roles_are_exactly_those_that_were_ticked(admin: Client, commune: Organisation) -> None:
    thu = person(commune, "Thu", Role.CODER)
    admin.post(page_of(commune, thu), {"act": "roles", "roles": ["secretary", "staff"]})
    assert roles_of(thu, commune) == ["secretary", "staff"]
    last = Entry.objects.filter(organisation=commune).first()
    assert last is not None
    assert last.detail == {"member": str(thu.person), "roles": ["secretary", "staff"]}
    none = admin.post(page_of(commune, thu), {"act": "roles"})
    assert (none.status_code, roles_of(thu, commune)) == (422, ["secretary", "staff"])


def test_the_last_administrator_who_can_log_in_stays(commune: Organisation, minh: User) -> None:
    waiting = person(commune, "Đức", Role.ADMIN)
    client = confirmed(client_of(minh), minh)
    said = "phải còn ít nhất một người quản trị khác đã từng đăng nhập"
    demoted = client.post(page_of(commune, minh), {"act": "roles", "roles": ["coder"]})
    assert (demoted.status_code, said in words(demoted.content)) == (422, True)
    removed = client.post(page_of(commune, minh), {"act": "remove"}, follow=True)
    assert said in words(removed.content)
    erased = client.post(reverse("erase"), follow=True)
    assert said in words(erased.content)
    assert "admin" in roles_of(minh, commune)
    User.objects.filter(pk=waiting.pk).update(last_login=timezone.now())
    client.post(page_of(commune, minh), {"act": "roles", "roles": ["coder"]})
    assert roles_of(minh, commune) == ["coder"]


def test_who_is_sent_away_is_out_at_once_and_can_come_back(admin: Client, commune: Organisation) -> None:
    thu = person(commune, "Thu", Role.STAFF)
    theirs = client_of(thu)
    assert theirs.get(reverse("home", args=[commune.code])).status_code == 200
    admin.post(page_of(commune, thu), {"act": "remove"})
    assert theirs.get(reverse("home", args=[commune.code])).status_code == 302
    thu.refresh_from_db()
    assert (thu.is_active, roles_of(thu, commune)) == (False, [])
    assert admin.get(page_of(commune, thu)).status_code == 404
    member.set_roles(commune, None, thu.email, "", "", [Role.STAFF])
    thu.refresh_from_db()
    assert (thu.is_active, thu.name) == (True, "Thu")


def test_who_works_elsewhere_too_keeps_their_account(
    admin: Client, commune: Organisation, foreign: Organisation
) -> None:
    thu = person(commune, "Thu", Role.STAFF)
    User.objects.filter(pk=thu.pk).update(last_login=timezone.now())
    member.set_roles(foreign, None, thu.email, "Tên Khác", "Chức khác", [Role.STAFF])
    thu.refresh_from_db()
    assert (thu.name, thu.position) == ("Thu", "")
    old = member.login_token(thu)
    for act, more in (("link", {}), ("description", {"email": "moi@example.vn", "name": "Khác"}), ("erase", {})):
        text = words(admin.post(page_of(commune, thu), {"act": act, **more}, follow=True).content)
        assert "thuộc cơ quan khác" in text, act
    thu.refresh_from_db()
    assert (thu.email, member.user_of_token(old)) == ("thu-thuong-tra@example.vn", thu)
    admin.post(page_of(commune, thu), {"act": "remove"})
    thu.refresh_from_db()
    assert (thu.is_active, roles_of(thu, foreign)) == (True, ["staff"])


def test_a_waiting_link_of_one_organisation_does_not_open_another(
    commune: Organisation, foreign: Organisation, hoa: User
) -> None:
    thu, token = member.invite(foreign, hoa, "thu@example.vn", "Thu", "", [Role.CODER])
    assert member.user_of_token(token) == thu
    _, second = member.invite(commune, hoa, "thu@example.vn", "Thu", "", [Role.HEAD])
    assert (second, member.user_of_token(token)) == ("", None)


def test_a_new_link_closes_every_old_way_in(admin: Client, commune: Organisation) -> None:
    thu = person(commune, "Thu", Role.STAFF)
    thu.set_password("mot cau dai de nho")
    thu.save()
    theirs = client_of(thu)
    shown = admin.post(page_of(commune, thu), {"act": "link"}, follow=True).content.decode()
    assert "/tai-khoan/vao-lan-dau/" in shown
    thu.refresh_from_db()
    assert (thu.has_usable_password(), theirs.get(reverse("own_data")).status_code) == (False, 302)


def test_an_address_is_moved_by_the_administrator_only_to_a_free_one(admin: Client, commune: Organisation) -> None:
    thu = person(commune, "Thu", Role.STAFF)
    form = {"act": "description", "email": "thu.le@example.vn", "name": "Lê Thu", "position": "Trưởng ban"}
    admin.post(page_of(commune, thu), form)
    thu.refresh_from_db()
    assert (thu.email, thu.name, thu.position) == ("thu.le@example.vn", "Lê Thu", "Trưởng ban")
    taken = admin.post(page_of(commune, thu), {**form, "email": "minh-thuong-tra@example.vn"})
    assert "đã thuộc tài khoản khác" in words(taken.content)
    log = str(list(Entry.objects.filter(organisation=commune).values_list("object", "detail")))
    assert ("Lê Thu" in log, "thu.le" in log) == (False, False)


def test_an_erased_person_is_not_added_again(commune: Organisation, minh: User) -> None:
    thu = person(commune, "Thu", Role.STAFF)
    personal.erase(thu, minh)
    thu.refresh_from_db()
    with pytest.raises(InputError, match="đã xóa dữ liệu cá nhân"):
        member.set_roles(commune, minh, thu.email, "Thu", "", [Role.STAFF])


def test_a_member_of_another_organisation_does_not_exist(admin: Client, commune: Organisation, hoa: User) -> None:
    assert admin.get(page_of(commune, hoa)).status_code == 404
    assert admin.post(page_of(commune, hoa), {"act": "remove"}).status_code == 404
    assert hoa.email not in admin.get(members(commune)).content.decode()


def test_every_change_of_people_is_in_the_log(admin: Client, commune: Organisation) -> None:
    admin.post(members(commune), NEW)
    thu = User.objects.get(email="thu@example.vn")
    for act in ("link", "remove"):
        admin.post(page_of(commune, thu), {"act": act})
    rows = Entry.objects.filter(organisation=commune, object=str(thu.person)).order_by("number")
    assert [row.detail | {"member": ""} for row in rows] == [
        {"member": "", "roles": ["coder", "staff"]}, {"member": "", "login_renewed": True}, {"member": "", "roles": []}
    ]  # fmt: skip
    assert chain.walk(commune).faults == ()
