"""*Bàn làm việc*: what waits for each person, and the month's figure for those who may see it."""

from __future__ import annotations

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from canbang.desk.domain import sheet
from canbang.desk.domain.measurement import month_of
from canbang.desk.models import Channel, Organisation, User
from canbang.desk.roles import Role
from canbang.report.words import VERDICTS
from canbang.text.numbers import percent
from desk.auditing import audited, drawn, fill, signed, text_of
from desk.conftest import MONTH, client_of, person


def page(client: Client, organisation: Organisation) -> str:
    return text_of(client, reverse("home", args=[organisation.code]))


def test_an_empty_desk_leads_by_the_hand(commune: Organisation, minhs: Client) -> None:
    text = page(minhs, commune)
    steps = [reverse(name, args=[commune.code]) for name in ("channel_add", "intake", "draw")]
    places = [
        text.index('<a class="button', text.index("Bắt đầu")),
        *(text.index(step, text.index("Bắt đầu")) for step in steps),
    ]
    assert places[1:] == sorted(places[1:])
    Channel.objects.create(organisation=commune, name="Cổng")
    assert "Đã có 1 kênh" in page(minhs, commune)


def test_a_coder_sees_cards_and_no_share(commune: Organisation, minh: User) -> None:
    found = audited(commune, minh)
    coder = client_of(person(commune, "Thu", Role.CODER))
    text = page(coder, commune)
    assert "Không còn tin nào chờ bạn chấm." in text
    assert percent(found.share()["point"]) not in text and VERDICTS[found.verdict] not in text  # type: ignore[index]
    assert "Cân bằng nội dung" not in text


def test_cards_wait_for_the_coder(commune: Organisation, minh: User) -> None:
    fill(commune)
    drawn(commune, minh)
    text = page(client_of(person(commune, "Thu", Role.CODER)), commune)
    assert '<p class="figure">30</p><p>tin chờ bạn chấm</p>' in text


def test_the_figure_stands_with_interval_limit_and_verdict(commune: Organisation, minh: User, minhs: Client) -> None:
    found = signed(commune, minh)
    text = page(minhs, commune)
    for said in (
        percent(found.share()["point"]),
        VERDICTS[found.verdict],
        'class="limit"',
        "độ tin cậy 95",
        "Phiếu đã ký",
    ):  # type: ignore[index]
        assert said in text


def test_how_far_an_audit_is_stands_beside_the_estimate(commune: Organisation, minh: User, minhs: Client) -> None:
    fill(commune)
    drawn(commune, minh)
    text = page(minhs, commune)
    assert "Đã chấm 0/30 tin, còn 60 lượt đọc" in text and "ước tính máy, chưa có kết luận" in text
    assert not any(f">{word}<" in text for word in VERDICTS.values()) and 'class="limit"' not in text


def test_a_running_month_stands_beneath_the_last_judged_one(commune: Organisation, minh: User, minhs: Client) -> None:
    signed(commune, minh)
    running = month_of(timezone.localdate())
    fill(commune, 20, month=running, first=900)
    text = page(minhs, commune)
    assert "Cân bằng nội dung, tháng 9/2026" in text
    assert f"Tháng {running.month}/{running.year}: " in text and "ước tính máy trên 20 tin, chưa có kết luận" in text


def test_the_secretary_sees_months_to_draw_and_the_head_months_to_sign(commune: Organisation, minh: User) -> None:
    fill(commune)
    secretary = client_of(person(commune, "Thư", Role.SECRETARY))
    assert reverse("draw_open", args=[commune.code, MONTH]) in page(secretary, commune)
    audited(commune, minh, first=200)
    head = client_of(person(commune, "Hà", Role.HEAD))
    text = page(head, commune)
    assert reverse("sheet_sign", args=[commune.code, MONTH]) in text and "đã chấm xong 30 tin" in text
    found = sheet.refresh(commune, MONTH)
    sheet.sign(found, minh, sheet.digest_of(found))
    assert "Phiếu chờ ký" not in page(head, commune)


def test_alarms_stand_on_the_desk(commune: Organisation, minh: User, minhs: Client) -> None:
    fill(commune)
    drawn(commune, minh)
    assert "Tháng 9/2026 đã hết mà mới chấm 0/30 tin, còn 60 lượt đọc." in page(minhs, commune)


def test_an_overseer_sees_how_many_units_sent(province: Organisation, commune: Organisation, lan: User) -> None:
    text = page(client_of(lan), province)
    assert '<p class="figure">0/1</p>' in text and "đơn vị đã gửi phiếu" in text
