"""*Toàn tỉnh*: signed totals of the units below, by verdict and name; nothing else of a unit, and nobody's ranking."""

from __future__ import annotations

import re
from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from canbang.desk.domain import area
from canbang.desk.domain.judgement import Answer
from canbang.desk.domain.organisation import Named, Placed, establish
from canbang.desk.models import Draw, Drawn, Item, Level, Organisation, Sheet, Turn, User
from canbang.estimate.verdict import Verdict
from canbang.report.rollup import rollup
from canbang.report.saved import saved_of
from canbang.text.numbers import percent
from desk.auditing import audited, signed, text_of
from desk.conftest import MONTH, client_of, make_organisation, person

JUNE_2025, JULY_2025 = date(2025, 6, 1), date(2025, 7, 1)


def all_bad(card: Drawn, turn: Turn) -> Answer:
    return Answer(tone="negative", dark_side=False, sensational=False, public_interest=False, theme="society")


def all_good(card: Drawn, turn: Turn) -> Answer:
    return Answer(tone="positive", dark_side=False, sensational=False, public_interest=False, theme="society")


@pytest.fixture
def lans(lan: User) -> Client:
    """The overseer's browser."""
    return client_of(lan)


def page(client: Client, organisation: Organisation, month: date = MONTH) -> str:
    return text_of(client, reverse("area_month", args=[organisation.code, month]))


def unit(province: Organisation, name: str, number: int, answer: object = None) -> Sheet | None:
    """A commune of the province; with answers it has signed September."""
    made = make_organisation(f"xa-{number}", name, Level.COMMUNE, province)
    if answer is None:
        return None
    return signed(made, person(made, f"Q{number}"), answer=answer, first=1000 * number, count=60)  # type: ignore[arg-type]


def test_units_stand_by_verdict_and_by_name_and_those_that_wait_are_named(province: Organisation, lans: Client) -> None:
    for number, (name, answer) in enumerate(
        (("Xã Đá", all_good), ("Xã Dừa", all_good), ("Xã Ăn", all_bad), ("Xã Y", None), ("Xã Ê", None)), 1
    ):
        unit(province, name, number, answer)
    found = area.area(province, MONTH)
    assert {verdict: [one.name for one in sent] for verdict, sent in found.sent.items()} == {
        Verdict.UNDER: ["Xã Dừa", "Xã Đá"], Verdict.OVER: ["Xã Ăn"], Verdict.NOT_YET_KNOWN: [],
    }  # fmt: skip
    assert (found.waiting, found.count, found.units) == (["Xã Ê", "Xã Y"], 3, 5)
    text = page(lans, province)
    assert "<strong>3/5</strong> đơn vị" in text
    places = [text.index(f">{name}<") for name in ("Xã Dừa", "Xã Đá", "Xã Ăn", "Xã Ê", "Xã Y")]
    assert places == sorted(places)
    assert not re.search(r"hạng (nhất|\d)|top |xếp thứ", text)


def test_the_joint_figure_is_the_roll_up_of_the_signed_sheets(province: Organisation, lans: Client) -> None:
    sheets = [
        unit(province, f"Xã {name}", n, answer) for n, (name, answer) in enumerate((("A", all_good), ("B", all_bad)), 1)
    ]
    values = [saved_of(one.value, f"{n}") for n, one in enumerate(sheets) if one is not None]
    expected = rollup(
        [type(one)(**{**{f: getattr(one, f) for f in one.__slots__}, "channels": (one.source,)}) for one in values]
    )
    joined = area.area(province, MONTH).joined
    assert joined is not None
    assert (joined.main, joined.verdict, joined.items) == (expected.main, expected.verdict, 120)
    text = page(lans, province)
    assert (
        percent(float(joined.main.point)) in text
        and "Tính từ 120 tin, bài, 60 tin được người chấm của 2 đơn vị" in text
    )


def test_one_sheet_alone_is_not_joined_and_other_rules_are_named(province: Organisation, lans: Client) -> None:
    unit(province, "Xã A", 1, all_good)
    assert "Gộp được khi có ít nhất 2 đơn vị đã gửi phiếu." in page(lans, province)
    other = unit(province, "Xã B", 2, all_good)
    assert other is not None
    text = other.text.replace(other.value["codebook"]["digest"], "f" * 64)
    Sheet.objects.filter(pk=other.pk).update(text=text)
    assert "chấm theo bộ tiêu chí khác" in page(lans, province)


def test_a_sheet_that_nobody_signed_is_not_sent(
    province: Organisation, commune: Organisation, minh: User, lans: Client
) -> None:
    found = audited(commune, minh)
    text = page(lans, province)
    assert "<strong>0/1</strong> đơn vị" in text and percent(found.share()["point"]) not in text


def test_the_page_shows_totals_and_nothing_else_of_a_unit(
    province: Organisation, commune: Organisation, minh: User, lans: Client
) -> None:
    minh.position = "Chủ tịch"
    minh.save()
    done = signed(commune, minh)
    text = page(lans, province)
    drawn = Draw.objects.get(organisation=commune)
    for kept in (minh.name, "Chủ tịch", done.digest, drawn.secret, *Item.objects.values_list("title", flat=True)[:5]):
        assert kept not in text
    assert f'href="/{commune.code}/' not in text


@pytest.mark.parametrize(
    "name",
    [
        "home",
        "balance",
        "items",
        "items_export",
        "intake",
        "channels",
        "draw",
        "audit",
        "agreement",
        "sheets",
        "alarms",
        "log",
        "manage",
    ],
)
def test_nothing_of_a_unit_is_reachable_from_above(commune: Organisation, minh: User, lans: Client, name: str) -> None:
    assert lans.get(reverse(name, args=[commune.code])).status_code == 404


@pytest.mark.parametrize(
    "name", ["balance_month", "sheet", "sheet_json", "sheet_xlsx", "sheet_html", "sheet_sign", "area_month"]
)
def test_a_units_signed_sheet_itself_is_not_reachable_from_above(
    commune: Organisation, minh: User, lans: Client, name: str
) -> None:
    signed(commune, minh)
    assert lans.get(reverse(name, args=[commune.code, MONTH])).status_code == 404


def test_another_provinces_units_are_not_here(
    province: Organisation, commune: Organisation, foreign: Organisation, hoa: User, lans: Client
) -> None:
    signed(foreign, hoa, first=500)
    text = page(lans, province)
    assert "Xã Đông Hải" not in text and "Xã Thượng Trà" in text


def test_communes_stood_under_districts_until_june_2025_and_under_the_province_since(province: Organisation) -> None:
    district = establish(
        "huyen-cu", Level.DISTRICT, [Named("Huyện Cũ")], [Placed(province, None, date(2025, 6, 30))], enrolled=True,
        valid_to=date(2025, 6, 30),
    )  # fmt: skip
    old = establish(
        "xa-cu",
        Level.COMMUNE,
        [Named("Xã Cũ")],
        [Placed(district, None, date(2025, 6, 30))],
        enrolled=True,
        valid_to=date(2025, 6, 30),
    )
    new = establish(
        "xa-moi", Level.COMMUNE, [Named("Xã Cũ", None, date(2025, 6, 30)), Named("Xã Mới", JULY_2025)],
        [Placed(district, None, date(2025, 6, 30)), Placed(province, JULY_2025)], enrolled=True,
    )  # fmt: skip
    establish("xa-ngoai", Level.COMMUNE, [Named("Xã Ngoài")], [Placed(province, JULY_2025)], enrolled=False)
    assert area.units(province, JUNE_2025) == sorted(
        [district, old, new], key=lambda one: one.name(date(2025, 6, 30)) != "Huyện Cũ"
    )
    assert area.units(district, JUNE_2025) == [old, new]
    assert area.units(province, JULY_2025) == [new] and area.units(district, JULY_2025) == []
    assert area.area(province, JUNE_2025).waiting == ["Huyện Cũ", "Xã Cũ", "Xã Cũ"]
    assert area.area(province, JULY_2025).waiting == ["Xã Mới"]


def test_the_newest_month_with_a_sheet_or_the_last_closed_one_is_shown_first(
    province: Organisation, commune: Organisation, minh: User, lans: Client
) -> None:
    signed(commune, minh)
    assert area.months(province) == sorted({area.last_closed(), MONTH}, reverse=True)
    assert lans.get(reverse("area", args=[province.code]), {"thang": "2026-09"})["Location"] == reverse(
        "area_month", args=[province.code, MONTH]
    )
