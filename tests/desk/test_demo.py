"""The fictional province of `canbang desk --demo`: its bodies, its people, its months, made once."""

from __future__ import annotations

import copy
import time
from datetime import date
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth import authenticate
from django.db.models import Count
from django.utils import timezone

from canbang.desk import demo
from canbang.desk.demo.acts import Newsroom
from canbang.desk.demo.wording import read
from canbang.desk.domain import collect, judgement, measurement, sheet
from canbang.desk.models import Draw, Entry, Item, Judgement, Organisation, Placement, Sheet, Turn, User, valid_on
from canbang.desk.roles import Role
from canbang.errors import InputError
from canbang.fetch.coverage import State
from canbang.ledger import faults

PLACE = read("place.toml")


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Any) -> dict[str, Any]:
    """The same province with two months of three units, and short ones: the province's own is in the middle of its audit."""
    settings.HOME = tmp_path
    place = copy.deepcopy(PLACE)
    for unit in place["unit"]:
        unit["months"] = {"lam-van": 2, "suoi-may": 1, "bao-lam-van": 2}.get(unit["code"], 0)
        unit["month"], unit["audited"] = 60, 30
    monkeypatch.setattr(demo, "read", lambda _: place)
    return place


def everything() -> dict[str, int]:
    return {model.__name__: model.objects.count() for model in apps.get_app_config("desk").get_models()}


@pytest.mark.django_db
def test_the_demo_is_a_desk_in_the_middle_of_its_work_and_a_second_start_changes_nothing(small: dict[str, Any]) -> None:
    said = demo.load()
    before = everything()
    assert demo.load() == said
    assert everything() == before

    today = timezone.localdate().replace(day=1)
    codes = ("lam-van", "bao-lam-van", "suoi-may")
    province, press, commune = (Organisation.objects.get(code=code) for code in codes)
    signed = {one.month: bool(one.signed_at) for one in Sheet.objects.filter(organisation=press)}
    assert list(signed.values()).count(True) == 2
    assert signed[today] is False
    half = Draw.objects.filter(organisation=province).order_by("-month")[1]
    far = measurement.progress(half)
    assert (far.first, far.cards, far.disputed >= 2) == (10, 30, True)
    assert "Chấm mẫu chưa xong" in sheet.why_not_signed(Sheet.objects.get(organisation=province, month=half.month))
    auditor = User.objects.get(email="nguoicham@lamvan.example")
    assert judgement.waiting(province, auditor.person) >= 20
    assert sheet.why_not_signed(Sheet.objects.get(organisation=commune, month=half.month)) == ""

    for organisation in Organisation.objects.filter(enrolled=True):
        chain = Entry.objects.filter(organisation=organisation).order_by("number")
        assert faults(entry.link for entry in chain) == []
    assert not Item.objects.filter(organisation__code="na-suong").exists()

    by_person = Judgement.objects.filter(turn__in=(Turn.FIRST, Turn.SECOND)).values("drawn", "person")
    assert by_person.annotate(n=Count("pk")).filter(n__gt=1).count() == 0

    site = commune.channels.get(platform="web")
    assert site.collected
    assert [day.day for day in collect.last_days(site, timezone.localdate()) if day.state is not State.WHOLE]
    assert not commune.channels.get(platform="zalo").collected


@pytest.mark.django_db
def test_everybody_on_the_list_can_log_in_with_what_was_printed(small: dict[str, Any]) -> None:
    lines = demo.load()[1:]
    assert {role for one in small["person"] for role in one["roles"]} == {role.value for role in Role}
    for line in lines:
        email, password = line.split()[:2]
        assert authenticate(None, username=email, password=password) is not None, email


@pytest.mark.django_db
def test_the_demo_does_not_mix_with_an_organisation_that_is_there(commune: Organisation) -> None:
    with pytest.raises(InputError, match="--home canbang-demo"):
        demo.load()


@pytest.mark.django_db
def test_names_and_places_are_those_of_the_day(small: dict[str, Any]) -> None:
    for unit in small["unit"]:
        unit["months"] = 0
    demo.load()
    last, first = date(2025, 6, 30), date(2025, 7, 1)
    press = Organisation.objects.get(code="bao-lam-van")
    assert (press.name(last), press.name(first)) == ("Báo Lam Vân", "Báo và Phát thanh, Truyền hình Lam Vân")

    def over(code: str, day: date) -> list[str]:
        rows = Placement.objects.filter(valid_on(day), organisation__code=code)
        return list(rows.values_list("parent__code", flat=True))

    assert (over("suoi-may", last), over("suoi-may", first)) == (["ngan-thuong"], ["lam-van"])
    assert (over("ngan-thuong", last), over("ngan-thuong", first)) == (["lam-van"], [])
    assert over("lam-van", date(2025, 2, 28)) == ["bo-thong-tin"]
    assert over("lam-van", date(2025, 3, 1)) == ["bo-van-hoa"]
    there = Organisation.objects.filter(valid_on(first), level="district").count()
    assert (there, Organisation.objects.filter(valid_on(last), level="district").count()) == (0, 2)


def test_the_same_seed_tells_the_same_year() -> None:
    def year() -> list[Item]:
        room = Newsroom(3, PLACE["unit"][0], "")
        return [act for acts in room.month(date(2026, 9, 1), date(2026, 9, 30)).values() for act in acts]  # type: ignore[misc]

    assert year() == year()


def test_nothing_in_the_demo_names_a_real_host() -> None:
    urls = [channel["url"] for unit in PLACE["unit"] for channel in unit["channels"]]
    assert [url for url in urls if "example" not in url] == []


@pytest.mark.slow
@pytest.mark.django_db
def test_the_whole_year_loads_within_ninety_seconds_of_one_core(settings: Any, tmp_path: Any) -> None:
    settings.HOME = tmp_path
    begun = time.process_time()
    demo.load()
    assert time.process_time() - begun < 90
    assert Item.objects.count() > 8000
    assert set(Sheet.objects.filter(signed_at__isnull=False).values_list("verdict", flat=True)) == {
        "under", "over", "not_yet_known",
    }  # fmt: skip
