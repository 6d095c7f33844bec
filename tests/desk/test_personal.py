"""A person's own data: all of it shown, all of it erased, and what they decided stands."""

from __future__ import annotations

import json

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.urls import reverse

from canbang.desk.domain import chain, judgement, member, personal, sheet
from canbang.desk.models import Channel, Enrolment, Judgement, Organisation, Sheet, Turn, User
from canbang.desk.roles import Role
from desk.auditing import by_title, drawn, fill
from desk.conftest import MONTH, confirmed, person
from desk.test_account import is_in, log_in, with_password

NAME, ADDRESS = "Trần Quang Vĩnh", "quangvinh.tran@coquan.gov.vn"


@pytest.fixture
def vinh(commune: Organisation, minh: User) -> User:
    """Somebody who did everything that leaves a trace: judged, signed, enrolled a channel, logged in by every way."""
    user = with_password(member.set_roles(commune, minh, ADDRESS, NAME, "Chánh Văn phòng", list(Role)))
    fill(commune)
    cards = list(drawn(commune, user).cards.select_related("item", "draw").order_by("place"))
    thu = person(commune, "Thu")
    first = [judgement.Given(card, Turn.FIRST, user, by_title(card, Turn.FIRST)) for card in cards]
    second = [judgement.Given(card, Turn.SECOND, thu, by_title(card, Turn.SECOND)) for card in cards if card.doubled]
    judgement.judge_all(commune, [*first, *second])
    ready = sheet.refresh(commune, MONTH)
    sheet.sign(ready, user, sheet.digest_of(ready))
    channel = Channel.objects.filter(organisation=commune).get()
    Enrolment.objects.create(
        channel=channel, url="https://thuongtra.example/", scope="thuongtra.example/", owner="UBND xã", by=f"Ông {NAME}",
        code="c", enrolled_at="2026-08-01T08:00:00+07:00", signed_by=user.person,
    )  # fmt: skip
    SocialAccount.objects.create(user=user, provider="co-quan", uid="7", extra_data={"name": NAME, "email": ADDRESS})
    EmailAddress.objects.create(user=user, email=ADDRESS, primary=True)
    return user


def held_anywhere(*texts: str) -> list[str]:
    """Tables with a row that holds one of the texts, in whatever column; what sessions hold is unpacked first."""
    found = []
    spelt = {*texts, *(json.dumps(text)[1:-1] for text in texts)}  # JSON columns of SQLite hold escapes
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table.startswith("desk_item_fts"):  # words of items, nothing of accounts
                continue
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            if any(text in str(value) for row in cursor.fetchall() for value in row for text in spelt):
                found.append(table)
    if any(text in str(session.get_decoded()) for session in Session.objects.all() for text in texts):
        found.append("sessions")
    return sorted(found)


def test_everything_that_is_kept_of_a_person_is_in_their_file(vinh: User) -> None:
    client = log_in(vinh)
    page = client.get(reverse("own_data"))
    assert (NAME in page.content.decode(), ADDRESS in page.content.decode()) == (True, True)
    response = client.get(reverse("own_data_file"))
    data = json.loads(response.content)
    assert (data["name"], data["email"], data["person"]) == (NAME, ADDRESS, str(vinh.person))
    assert len(data["judgements"]) == Judgement.objects.filter(person=vinh.person).count() > 0
    counts = {key: len(data[key]) for key in ("sheets", "enrolments", "organisation_login", "sessions", "roles")}
    assert counts == {"sheets": 1, "enrolments": 1, "organisation_login": 1, "sessions": 1, "roles": 7}
    assert "attachment" in response["Content-Disposition"]


def test_erasing_a_person_leaves_no_name_and_breaks_no_decision(vinh: User, commune: Organisation) -> None:
    log_in(vinh)
    client = log_in(vinh)
    Authenticator.objects.create(user=vinh, type="totp", data={"secret": "JBSWY3DPEHPK3PXP"})
    waiting = log_in(vinh)  # stopped before the second factor, with the address in its session
    before = held_anywhere(NAME, ADDRESS)
    assert {
        "desk_user",
        "desk_sheet",
        "desk_enrolment",
        "account_emailaddress",
        "socialaccount_socialaccount",
        "sessions",
    } <= set(before)
    User.objects.filter(memberships__role=Role.ADMIN).exclude(pk=vinh.pk).update(last_login=vinh.last_login)
    said = Judgement.objects.filter(person=vinh.person).count()
    text = Sheet.objects.get().text

    assert confirmed(client, vinh).post(reverse("erase")).status_code == 200

    assert held_anywhere(NAME, ADDRESS, "quangvinh") == []
    assert (is_in(client), is_in(waiting), is_in(log_in(vinh))) == (False, False, False)
    assert Judgement.objects.filter(person=vinh.person).count() == said
    signed = Sheet.objects.get()
    assert (signed.signer, signed.signed_by, signed.text, signed.digest) == (
        "(đã xóa)", vinh.person, text, sheet.digest_of(signed)
    )  # fmt: skip
    assert chain.walk(commune).faults == ()


def test_a_link_that_was_sent_before_opens_nothing_after(vinh: User, minh: User) -> None:
    token = member.login_token(vinh)
    User.objects.filter(pk=minh.pk).update(last_login=vinh.last_login)
    personal.erase(vinh)
    assert member.user_of_token(token) is None
    assert Client().get(reverse("first_login", args=[token])).status_code == 422
