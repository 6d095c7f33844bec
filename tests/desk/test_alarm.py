"""*Cảnh báo*: raised and ended by rules that people can read, muted with a reason."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from canbang.desk.domain import alarm, intake, judgement, sheet
from canbang.desk.domain.judgement import Answer
from canbang.desk.models import Alarm, AlarmKind, Drawn, Entry, IntakeKind, Organisation, Sheet, Turn, User, Verb
from canbang.desk.roles import Role
from canbang.errors import InputError
from desk.auditing import audited, by_title, drawn, fill, read, text_of
from desk.conftest import client_of, make_acts, person

AUGUST, OCTOBER = date(2026, 8, 1), date(2026, 10, 1)


@pytest.fixture(autouse=True)
def november(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is 3 November 2026: September and October are over."""
    monkeypatch.setattr("django.utils.timezone.localdate", lambda *_: date(2026, 11, 3))


def texts(organisation: Organisation, kind: AlarmKind) -> list[str]:
    alarm.review(organisation)
    found = Alarm.objects.filter(organisation=organisation, kind=kind, ended_at=None)
    return list(found.order_by("key").values_list("text", flat=True))


def all_bad(card: Drawn, turn: Turn) -> Answer:
    return Answer(tone="negative", dark_side=False, sensational=False, public_interest=False, theme="society")


def test_a_month_that_is_over_and_not_read_is_behind_until_it_is_read(commune: Organisation, minh: User) -> None:
    fill(commune)
    assert texts(commune, AlarmKind.BEHIND) == []
    held = drawn(commune, minh)
    assert texts(commune, AlarmKind.BEHIND) == ["Tháng 9/2026 đã hết mà mới chấm 0/30 tin, còn 60 lượt đọc."]
    read(held)
    assert texts(commune, AlarmKind.BEHIND) == []
    one = Alarm.objects.get(kind=AlarmKind.BEHIND)
    assert one.ended_at is not None


def test_an_alarm_that_lasts_is_one_and_keeps_up_with_what_it_is_about(commune: Organisation, minh: User) -> None:
    fill(commune)
    held = drawn(commune, minh)
    alarm.review(commune)
    alarm.review(commune)
    thu = person(commune, "Thu", Role.CODER)
    card = held.cards.select_related("item").order_by("place").first()
    assert card is not None
    judgement.judge(commune, thu, card.pk, by_title(card, Turn.FIRST), uuid.uuid4())
    assert texts(commune, AlarmKind.BEHIND) == ["Tháng 9/2026 đã hết mà mới chấm 1/30 tin, còn 59 lượt đọc."]
    assert Alarm.objects.filter(kind=AlarmKind.BEHIND).count() == 1


def test_a_channel_that_fell_silent_is_missing_data_and_never_nothing_published(commune: Organisation) -> None:
    fill(commune, 20)
    fill(commune, 20, channel="Facebook xã", first=100)
    fill(commune, 20, month=OCTOBER, first=200)
    assert texts(commune, AlarmKind.GAP) == ["Facebook xã, tháng 10/2026: chưa có dữ liệu nào trong kho."]
    assert "không có nghĩa là kênh không đăng" in alarm.RULES[AlarmKind.GAP]
    acts = [replace(act, channel="Facebook xã") for act in make_acts(3, month=OCTOBER, first=500)]
    intake.take(commune, IntakeKind.FILE, "bu.jsonl", acts)
    assert texts(commune, AlarmKind.GAP) == []


def test_days_that_collecting_missed_are_an_alarm(commune: Organisation) -> None:
    fill(commune, 20, month=OCTOBER)
    found = sheet.refresh(commune, OCTOBER)
    found.value["coverage"]["channels"] = [{
        "channel": "Cổng thông tin", "standing": "gaps", "items": 20, "days": 31, "missing_days": ["2026-10-05", "2026-10-06"],
        "unread": 0, "deleted": 0, "revised": 0,
    }]  # fmt: skip
    found.save()
    assert texts(commune, AlarmKind.GAP) == ["Cổng thông tin, tháng 10/2026: thiếu dữ liệu 2 ngày (5/10–6/10/2026)."]


def test_a_machine_that_left_the_audited_interval_is_an_alarm(commune: Organisation, minh: User) -> None:
    found = audited(commune, minh, answer=all_bad)
    assert found.value["beside"]["machine"]["drifted"]
    (text,) = texts(commune, AlarmKind.DRIFT)
    assert text.startswith("Tháng 9/2026: ước tính máy ") and "nằm ngoài khoảng theo mẫu chấm" in text


def test_a_lit_lamp_warns_early_and_says_how_often_it_may_be_wrong(
    commune: Organisation, minh: User, minhs: Client
) -> None:
    found = audited(commune, minh, count=200, answer=all_bad)
    (text,) = texts(commune, AlarmKind.EARLY)
    assert text.startswith("7 ngày đến ") and "có dấu hiệu từ 15\u00a0% trở lên" in text
    shown = text_of(minhs, reverse("alarms", args=[commune.code]))
    assert "không quá 0,5\u00a0% mỗi ngày" in shown and "không phải kết luận" in shown
    sheet.sign(found, minh, sheet.digest_of(found))
    assert texts(commune, AlarmKind.EARLY) == []


def test_an_unlit_lamp_is_silent(commune: Organisation, minh: User) -> None:
    audited(commune, minh, count=200)
    assert texts(commune, AlarmKind.EARLY) == []


def test_muting_needs_a_reason_and_is_logged(commune: Organisation, minh: User, minhs: Client) -> None:
    fill(commune)
    drawn(commune, minh)
    alarm.review(commune)
    one = Alarm.objects.get(kind=AlarmKind.BEHIND)
    address = reverse("alarm_mute", args=[commune.code, one.pk])
    refused = minhs.post(address, {"reason": "   "})
    assert refused.status_code == 422 and "Ghi lý do tắt cảnh báo" in refused.content.decode()
    done = minhs.post(address, {"reason": "Người chấm ốm,  tuần sau chấm bù"}, follow=True).content.decode()
    one.refresh_from_db()
    assert (one.muted_by, one.muted_because) == (minh.person, "Người chấm ốm, tuần sau chấm bù")
    assert "Đã tắt, vẫn còn" in done and "tuần sau chấm bù" in done
    entry = Entry.objects.filter(organisation=commune).order_by("-number").first()
    assert entry is not None and (entry.verb, entry.detail["reason"]) == (Verb.MUTE, one.muted_because)
    alarm.review(commune)
    assert Alarm.objects.filter(kind=AlarmKind.BEHIND).count() == 1  # muted, it is not raised again while it lasts
    with pytest.raises(InputError, match="đã tắt hoặc đã hết"):
        alarm.mute(one, minh, "lần nữa")
    with pytest.raises(InputError, match="Lý do dài 301 ký tự"):
        alarm.mute(one, minh, "a" * 301)


def test_ended_alarms_are_history(commune: Organisation, minh: User, minhs: Client) -> None:
    fill(commune)
    held = drawn(commune, minh)
    alarm.review(commune)
    read(held)
    text = text_of(minhs, reverse("alarms", args=[commune.code]))
    assert "Lịch sử" in text and "đã hết mà mới chấm 0/30" in text[text.index("Lịch sử") :]


def test_another_organisations_alarm_cannot_be_muted(commune: Organisation, foreign: Organisation, minh: User) -> None:
    other = Alarm.objects.create(organisation=foreign, kind=AlarmKind.GAP, key="k", text="Thiếu")
    client = client_of(minh)
    assert client.post(reverse("alarm_mute", args=[commune.code, other.pk]), {"reason": "x"}).status_code == 404
    assert client.post(reverse("alarm_mute", args=[foreign.code, other.pk]), {"reason": "x"}).status_code == 404
    other.refresh_from_db()
    assert other.muted_at is None


def test_a_review_of_one_organisation_leaves_the_others_alone(commune: Organisation, foreign: Organisation) -> None:
    other = Alarm.objects.create(organisation=foreign, kind=AlarmKind.GAP, key="k", text="Thiếu")
    alarm.review(commune)
    other.refresh_from_db()
    assert other.ended_at is None and not Sheet.objects.exists()
