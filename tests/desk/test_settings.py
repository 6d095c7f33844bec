"""An organisation's settings, what is deleted when it was kept long enough, and the desk's own settings."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from canbang.desk import upkeep
from canbang.desk.domain import chain, intake, organisation, retention, search
from canbang.desk.models import Entry, IntakeKind, Item, Organisation, Prediction, Revision, Sheet, User
from canbang.errors import InputError
from desk.conftest import MONTH, client_of, make_acts
from desk.test_account import words

TODAY = date(2026, 11, 28)


def test_a_new_name_holds_from_today_and_the_old_one_until_yesterday(
    commune: Organisation, minhs: Client, minh: User
) -> None:
    address = reverse("organisation_settings", args=[commune.code])
    minhs.post(address, {"name": "Xã  Thượng Trà mới", "keep_months": "24"})
    commune = Organisation.objects.get(pk=commune.pk)
    today = timezone.localdate()
    assert (commune.name(), commune.name(today - timedelta(days=1)), commune.keep_months) == (
        "Xã Thượng Trà mới", "Xã Thượng Trà", 24,
    )  # fmt: skip
    last = Entry.objects.filter(organisation=commune).first()
    assert last is not None
    assert (last.person, last.detail) == (minh.person, {"name": "Xã Thượng Trà mới", "keep_months": 24})
    minhs.post(address, {"name": "Xã Thượng Trà II", "keep_months": "24"})
    assert list(organisation.in_time(commune.names.all()).values_list("name", flat=True)) == [
        "Xã Thượng Trà",
        "Xã Thượng Trà II",
    ]


def test_saving_the_same_settings_writes_nothing(commune: Organisation, minhs: Client) -> None:
    before = Entry.objects.count()
    form = {"name": commune.name(), "keep_months": "36"}
    response = minhs.post(reverse("organisation_settings", args=[commune.code]), form, follow=True)
    assert ("Không có gì thay đổi." in words(response.content), Entry.objects.count()) == (True, before)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": " "}, "Ghi tên cơ quan."),
        ({"keep_months": "0"}, "Chọn từ 1 đến 600 tháng."),
        ({"keep_months": "ba"}, "Ghi một số nguyên"),
    ],
)
def test_settings_that_cannot_be_used_are_refused(
    commune: Organisation, minhs: Client, change: dict[str, str], said: str
) -> None:
    form = {"name": "Xã Khác", "keep_months": "12", **change}
    response = minhs.post(reverse("organisation_settings", args=[commune.code]), form)
    assert (response.status_code, said in words(response.content)) == (422, True)
    assert Organisation.objects.get(pk=commune.pk).name() == "Xã Thượng Trà"


def test_settings_hold_for_other_callers_too(commune: Organisation, minh: User) -> None:
    with pytest.raises(InputError, match="từ 1 đến 600 tháng"):
        organisation.configure(commune, minh, "Xã Khác", 601)


def test_only_name_and_months_are_settable(commune: Organisation, minhs: Client) -> None:
    more = {"code": "khac", "level": "province", "enrolled": "", "entries": "0", "head": ""}
    minhs.post(reverse("organisation_settings", args=[commune.code]), {"name": "Xã Khác", "keep_months": "12", **more})
    held = Organisation.objects.get(pk=commune.pk)
    assert (held.code, held.level, held.enrolled, held.entries > 0) == ("thuong-tra", "commune", True, True)


@pytest.fixture
def old(stocked: Organisation, minh: User) -> Organisation:
    """September 2026 with an edited item and October, both old enough; only September is signed."""
    edited = make_acts(1)[0]
    again = [type(edited)(**{**{f: getattr(edited, f) for f in edited.__slots__}, "lead": "Sapo đã sửa."})]
    intake.take(stocked, IntakeKind.FILE, "sua.jsonl", again, user=minh)
    october = make_acts(10, month=date(2026, 10, 1), first=500)
    intake.take(stocked, IntakeKind.FILE, "thang10.jsonl", october, user=minh)
    Sheet.objects.create(
        organisation=stocked, month=MONTH, text="{}", value={}, verdict="under", basis="", signed_at=timezone.now()
    )
    Organisation.objects.filter(pk=stocked.pk).update(keep_months=1)
    stocked.refresh_from_db()
    return stocked


def test_texts_of_signed_months_go_when_they_were_kept_long_enough(old: Organisation) -> None:
    assert (retention.first_kept(old, TODAY), retention.overdue(old, TODAY)) == (date(2026, 10, 1), 120)
    labels = list(Prediction.objects.order_by("pk").values_list("item_id", "scores"))
    titles = list(Item.objects.order_by("pk").values_list("title", flat=True))
    assert retention.blank(old, date(2027, 1, 5)) == 120
    september = Item.objects.filter(organisation=old, day__month=9)
    assert set(september.values_list("lead", "text")) == {("", "")}
    assert set(Revision.objects.values_list("title", "lead", "text")) == {("", "", "")}
    assert "" not in set(Item.objects.filter(organisation=old, day__month=10).values_list("lead", flat=True))
    assert list(Item.objects.order_by("pk").values_list("title", flat=True)) == titles
    assert list(Prediction.objects.order_by("pk").values_list("item_id", "scores")) == labels


def test_deleted_words_are_no_longer_found_and_titles_still_are(old: Organisation) -> None:
    items = Item.objects.filter(organisation=old, day__month=9)
    assert (search.search(items, "Tin số 3 của xã").count(), search.search(items, "tin so 3 cua xa").count()) == (1, 1)
    retention.blank(old, TODAY)
    assert (search.search(items, "Tin số 3 của xã").count(), search.search(items, "tin so 3 cua xa").count()) == (0, 0)
    assert search.search(items, "Cháy xưởng gỗ").count() == 14


def test_what_was_deleted_is_in_the_log_once(old: Organisation) -> None:
    assert (retention.blank(old, TODAY), retention.blank(old, TODAY)) == (120, 0)
    last = Entry.objects.filter(organisation=old).first()
    assert last is not None
    assert (last.verb, last.object, last.person) == ("blank", "tháng 9/2026", None)
    assert last.detail == {"month": "2026-09-01", "items": 120, "keep_months": 1}
    assert chain.walk(old).faults == ()


def test_other_organisations_keep_theirs(old: Organisation, foreign: Organisation, hoa: User) -> None:
    intake.take(foreign, IntakeKind.FILE, "f.jsonl", make_acts(5), user=hoa)
    retention.blank(old, TODAY)
    assert Item.objects.filter(organisation=foreign, lead="").count() == 0


def test_the_daily_run_says_what_it_did_and_clears_ended_logins(old: Organisation, minh: User) -> None:
    client_of(minh)
    Session.objects.update(expire_date=timezone.now() - timedelta(days=1))
    assert upkeep.clear() == ["Xã Thượng Trà: đã xóa nội dung của 120 tin quá hạn lưu."]
    assert (upkeep.clear(), Session.objects.count()) == (["Không có nội dung nào quá hạn lưu."], 0)


def test_the_administrator_sees_what_is_due(old: Organisation, minhs: Client) -> None:
    text = words(minhs.get(reverse("manage", args=[old.code])).content)
    assert "Nội dung quá hạn lưu 120" in text


def test_the_desks_settings_pass_djangos_check_for_deployment(tmp_path: Path) -> None:
    env = {**os.environ, "CANBANG_HOME": str(tmp_path), "CANBANG_TLS": "1", "CANBANG_HOSTS": "canbang.example.vn"}
    env["CANBANG_SECRET_KEY"] = "kho-đoán-và-dài-sáu-mươi-ký-tự-0123456789-abcdefghijklmnopqrs"
    command = [
        sys.executable,
        "-m",
        "django",
        "check",
        "--deploy",
        "--fail-level",
        "WARNING",
        "--settings",
        "canbang.desk.settings",
    ]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, "no issues" in done.stdout) == (0, True), done.stderr
