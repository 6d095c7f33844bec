"""Channels: nothing is collected before the owner signed and the proof was seen; collecting twice doubles nothing."""

from __future__ import annotations

import ast
import json
import re
from datetime import datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from canbang.desk.domain import collect as collecting
from canbang.desk.domain.wording import on_screen
from canbang.desk.models import Channel, CoverageAttempt, Enrolment, Entry, Intake, Item, Organisation, User
from canbang.desk.roles import Role
from canbang.fetch.coverage import Attempt, Outcome
from canbang.fetch.folder import Folder
from canbang.fetch.source import Reject
from canbang.item import VIETNAM
from conftest import ROOT, Site, make_item
from desk.conftest import client_of, person


def address(name: str, channel: Channel) -> str:
    return reverse(name, args=[channel.organisation.code, channel.pk])


@pytest.fixture(autouse=True)
def home(settings: Any, tmp_path: Path) -> Path:
    """A folder of its own for what is collected."""
    settings.HOME = tmp_path
    return tmp_path


@pytest.fixture
def portal(commune: Organisation) -> Channel:
    return Channel.objects.create(organisation=commune, name="Cổng thông tin")


def sign(client: Client, channel: Channel, url: str, **more: str) -> Any:
    fields = {
        "url": url, "owner": "UBND xã Thượng Trà", "by": "Trần Minh", "position": "Chánh Văn phòng", "confirmed": "on",
    }  # fmt: skip
    return client.post(address("channel_enrol", channel), fields | more)


def said(client: Client, channel: Channel) -> str:
    return client.get(address("channel", channel)).content.decode()


class Publisher:
    """A site with a feed of ``count`` items, the last an hour ago."""

    def __init__(self, site: Site, count: int = 3) -> None:
        self.site = site
        self.titles = {n: f"Xã khánh thành đường bê tông số {n}" for n in range(1, count + 1)}
        self.start = datetime.now(VIETNAM).replace(microsecond=0) - timedelta(hours=9)
        self.put()

    def put(self) -> None:
        entries = ""
        for n, title in sorted(self.titles.items(), reverse=True):
            url = f"{self.site.url}/tin/{n}.html"
            body = f"<article><h1>{title}</h1><p>{'Bà con đi lại thuận tiện hơn trước. ' * 20}</p></article>"
            self.site.put(f"/tin/{n}.html", f"<html><body>{body}</body></html>")
            when = format_datetime(self.start + timedelta(hours=n))
            entries += (
                f"<item><title>{title}</title><link>{url}</link><guid>{n}</guid><description>Sapo {n}</description>"
                f"<pubDate>{when}</pubDate></item>"
            )
        self.site.put("/rss.xml", f"<rss version='2.0'><channel><title>C</title>{entries}</channel></rss>")
        self.site.put(
            "/", "<html><head><link rel='alternate' type='application/rss+xml' href='/rss.xml'></head></html>"
        )


def prove(client: Client, channel: Channel, site: Site) -> None:
    sign(client, channel, site.url + "/")
    site.put("/.well-known/canbang.txt", Enrolment.objects.get(channel=channel).code)
    client.post(address("channel_prove", channel))


def test_a_channel_is_added_and_its_name_stands_once(minhs: Client, commune: Organisation) -> None:
    add = reverse("channel_add", args=["thuong-tra"])
    response = minhs.post(add, {"name": "Facebook xã", "platform": "facebook", "url": ""})
    made = Channel.objects.get()
    assert (response.url, made.platform, made.organisation) == (address("channel", made), "facebook", commune)
    again = minhs.post(add, {"name": "Facebook xã", "platform": "web"})
    assert again.status_code == 422 and "Đã có kênh tên" in again.content.decode()


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/", "http://169.254.169.254/", "http://[::1]/", "ftp://a.vn/", "http://a.vn:8080/", "http://0x7f.1/",
            "http://user:secret@a.vn/", "không phải địa chỉ", "http://[", "http://a.vn:99999/"],
)  # fmt: skip
def test_an_address_inside_is_refused_by_its_spelling(minhs: Client, portal: Channel, url: str) -> None:
    response = sign(minhs, portal, url)
    assert (response.status_code, Enrolment.objects.count()) == (422, 0)


def test_enrolment_is_signed_word_by_word(minhs: Client, minh: User, portal: Channel) -> None:
    unsigned = sign(minhs, portal, "https://thuongtra.gov.vn/", confirmed="")
    assert unsigned.status_code == 422 and "Đánh dấu xác nhận" in unsigned.content.decode()
    sign(minhs, portal, "https://thuongtra.gov.vn/", consent="Công văn 12/UBND ngày 1/9/2026")
    row = Enrolment.objects.get()
    assert (row.signed_by, row.by, row.consent) == (
        minh.person, "Trần Minh, Chánh Văn phòng", "Công văn 12/UBND ngày 1/9/2026",
    )  # fmt: skip
    seen = said(minhs, portal)
    assert row.code in seen and "/.well-known/canbang.txt" in seen and "rồi bấm “Kiểm tra bằng chứng”" in seen
    assert Entry.objects.get(verb="enrol").detail["url"] == "https://thuongtra.gov.vn/"


def test_signing_again_keeps_the_code_and_looks_at_the_proof_anew(minhs: Client, portal: Channel) -> None:
    sign(minhs, portal, "https://thuongtra.gov.vn/")
    code = Enrolment.objects.get().code
    Enrolment.objects.update(proof="meta", proof_at="https://thuongtra.gov.vn/", proved_at="2026-09-01")
    sign(minhs, portal, "https://thuongtra.gov.vn/", consent="Công văn 12")
    assert (Enrolment.objects.get().code, Enrolment.objects.get().proof) == (code, "meta")
    sign(minhs, portal, "https://thuongtra.gov.vn/", owner="UBND xã khác")
    assert (Enrolment.objects.get().code, Enrolment.objects.get().proof) == (code, "")
    sign(minhs, portal, "https://khac.gov.vn/")
    assert Enrolment.objects.get().code != code


def test_a_channel_without_proof_is_not_collected(minhs: Client, portal: Channel, site: Site) -> None:
    Publisher(site)
    collect = address("channel_collect", portal)
    assert "Kênh chưa ghi danh, không thu thập" in minhs.post(collect, follow=True).content.decode()
    sign(minhs, portal, site.url + "/")
    assert "Kênh chưa có bằng chứng, không thu thập" in minhs.post(collect, follow=True).content.decode()
    not_seen = minhs.post(address("channel_prove", portal), follow=True).content.decode()
    assert "Chưa thấy mã ghi danh" in not_seen
    assert "/rss.xml" not in site.asked and Item.objects.count() == 0
    assert not collecting.folder_of(portal).exists()


def test_a_proven_channel_is_collected_and_again_without_doubles(minhs: Client, portal: Channel, site: Site) -> None:
    publisher = Publisher(site)
    prove(minhs, portal, site)
    assert Enrolment.objects.get().proof == "well-known"
    first = minhs.post(address("channel_collect", portal), follow=True).content.decode()
    assert "3 tin mới" in first
    items = Item.objects.order_by("published_at")
    assert [(item.title, item.channel, item.prediction.version) for item in items] == [
        (title, portal, items[0].prediction.version) for title in publisher.titles.values()
    ]
    attempts = CoverageAttempt.objects.count()
    minhs.post(address("channel_collect", portal))
    assert (Item.objects.count(), Intake.objects.count(), CoverageAttempt.objects.count()) == (3, 1, attempts + 1)
    publisher.titles[2] = "Xã thông xe đường bê tông số 2"
    publisher.titles[4] = "Xã mở hội chợ nông sản"
    publisher.put()
    minhs.post(address("channel_collect", portal))
    latest = Intake.objects.latest("pk")
    assert (Item.objects.count(), latest.taken, latest.doubled) == (4, 1, 1)
    assert items.get(platform_id="2").revisions.get().title == "Xã khánh thành đường bê tông số 2"


def test_a_code_that_is_gone_stops_the_collecting(minhs: Client, portal: Channel, site: Site) -> None:
    Publisher(site)
    prove(minhs, portal, site)
    site.put("/.well-known/canbang.txt", "nothing", 404)
    seen = minhs.post(address("channel_collect", portal), follow=True).content.decode()
    assert "không còn thấy mã ghi danh" in seen and "canbang enrol" not in seen
    assert Item.objects.count() == 0
    minhs.post(address("channel_prove", portal))
    assert Enrolment.objects.get().proof == ""


def test_a_site_that_cannot_be_asked_withdraws_nothing(minhs: Client, portal: Channel, site: Site) -> None:
    Publisher(site)
    prove(minhs, portal, site)
    for path in ("/.well-known/canbang.txt", "/"):
        site.put(path, "busy", 503)
    minhs.post(address("channel_prove", portal))
    assert Enrolment.objects.get().proof == "well-known"


def test_a_stopped_channel_keeps_its_items_and_is_not_collected(minhs: Client, portal: Channel, site: Site) -> None:
    Publisher(site)
    prove(minhs, portal, site)
    minhs.post(address("channel_collect", portal))
    minhs.post(address("channel_withdraw", portal))
    assert "Kênh đã dừng" in minhs.post(address("channel_collect", portal), follow=True).content.decode()
    assert (Item.objects.count(), Enrolment.objects.get().proof) == (3, "")
    sign(minhs, portal, site.url + "/")
    minhs.post(address("channel_prove", portal))
    portal.refresh_from_db()
    assert portal.active and Enrolment.objects.get().proof == "well-known"


def test_a_pasted_link_is_read_where_its_channel_is_proven(minhs: Client, portal: Channel, site: Site) -> None:
    publisher = Publisher(site)
    paste = reverse("intake_paste", args=["thuong-tra"])
    fields = {"text": f"{site.url}/tin/1.html", "channel": str(portal.pk), "day": "5/9/2026"}
    minhs.post(paste, fields)
    assert ("/tin/1.html" in site.asked, Item.objects.count()) == (False, 0)
    prove(minhs, portal, site)
    minhs.post(paste, fields)
    assert Item.objects.get().title == publisher.titles[1]
    minhs.post(address("channel_withdraw", portal))
    site.asked.clear()
    minhs.post(paste, fields | {"text": f"{site.url}/tin/2.html"})
    assert ("/tin/2.html" in site.asked, Item.objects.count()) == (False, 1)


def test_lines_of_a_folder_come_in_once_whatever_was_cut_off(commune: Organisation, portal: Channel) -> None:
    """A process that dies between collecting and taking in leaves lines for the next one; removals and returns follow."""
    now = datetime.now(VIETNAM).replace(microsecond=0)
    first = make_item(1, "Tin một", channel="host")
    with Folder(collecting.folder_of(portal)) as folder:
        folder.begin("host", "http://host/", now, "dòng ghi danh")
        folder.act(first, now)
        folder.act(make_item(1, "Tin một đã sửa", channel="host"), now)
        folder.reject("host", "x", Reject("host", "x", "trang chuyên mục"), now)
        folder.deleted("host", "1", now, "404")
        span = (now - timedelta(days=3), now)
        folder.end(Attempt("host", "http://host/", now, now, Outcome.WHOLE, got=1, covers=span))
    taken = collecting.take_folder(portal)
    assert taken is not None and (taken.taken, taken.rejected) == (1, 1)
    item = Item.objects.get()
    assert (item.title, item.removed_at) == ("Tin một đã sửa", now)
    assert collecting.take_folder(portal) is None
    assert (Item.objects.count(), CoverageAttempt.objects.count()) == (1, 1)
    with Folder(collecting.folder_of(portal)) as folder:
        folder.act(make_item(1, "Tin một trở lại", channel="host"), now)
    collecting.take_folder(portal)
    item.refresh_from_db()
    assert (item.title, item.removed_at) == ("Tin một trở lại", None)


def test_the_strip_tells_whole_days_from_missing_and_untried_ones(
    minhs: Client, commune: Organisation, portal: Channel
) -> None:
    now = datetime.now(VIETNAM).replace(microsecond=0)
    today = now.date()
    whole = Attempt("host", "http://host/", now, now, Outcome.WHOLE, covers=(now - timedelta(days=3), now))
    failed = Attempt("host", "http://host/", now - timedelta(days=9), now - timedelta(days=9), Outcome.FAILED)
    for place, attempt in enumerate((failed, whole)):
        CoverageAttempt.objects.create(
            channel=portal, place=place, started_at=attempt.started, ended_at=attempt.finished,
            outcome=attempt.outcome.value, said=attempt.as_dict(),
        )  # fmt: skip
    days = {day.day: day for day in collecting.last_days(portal, today)}
    assert len(days) == 31 and max(days) == today - timedelta(days=1)
    seen = said(minhs, portal)
    assert seen.count('class="whole"') == 2
    assert seen.count('class="missing"') == 2  # the day that was read in part, and the one that failed
    assert seen.count('class="untried"') == 27
    assert "không có nghĩa là không đăng tin" in seen


def test_a_platform_account_is_proven_by_what_the_operator_listed_for_this_organisation(
    minhs: Client, commune: Organisation, home: Path
) -> None:
    page = Channel.objects.create(organisation=commune, name="Facebook xã", platform="facebook")
    refused = sign(minhs, page, "https://www.facebook.com/thuongtra")
    assert refused.status_code == 422 and "accounts/thuong-tra.toml" in refused.content.decode()
    assert str(home) not in refused.content.decode()
    folder = home / "accounts"
    folder.mkdir()
    (folder / "thuong-tra.toml").write_text(
        '[[channel]]\nplatform = "facebook"\nname = "Facebook xã"\nurl = "https://www.facebook.com/thuongtra"\n'
        'id = "1029"\ntoken_env = "CANBANG_NOT_SET"\n'
    )
    sign(minhs, page, "https://www.facebook.com/thuongtra")
    seen = minhs.post(address("channel_prove", page), follow=True).content.decode()
    assert "CANBANG_NOT_SET" in seen and Enrolment.objects.get().proof == ""


def test_a_reader_sees_no_code_and_changes_nothing(commune: Organisation, minhs: Client, portal: Channel) -> None:
    sign(minhs, portal, "https://thuongtra.gov.vn/")
    staff = client_of(person(commune, "Nga", Role.STAFF))
    assert Enrolment.objects.get().code not in said(staff, portal)
    for name in ("channel_enrol", "channel_prove", "channel_withdraw"):
        assert staff.post(address(name, portal)).status_code == 403


def test_a_foreign_channel_is_404(portal: Channel, hoa: User) -> None:
    hoas = client_of(hoa)
    for name in ("channel", "channel_enrol"):
        for code in ("thuong-tra", "dong-hai"):
            assert hoas.get(reverse(name, args=[code, portal.pk])).status_code == 404
    for name in ("channel_enrol", "channel_prove", "channel_collect", "channel_withdraw"):
        assert hoas.post(reverse(name, args=["dong-hai", portal.pk])).status_code == 404


def test_no_message_of_the_rooms_below_sends_a_newsroom_to_a_command_line() -> None:
    """Every string of ``fetch`` that names a command or an option is put into the desk's words."""
    told = []
    for path in sorted((ROOT / "src/canbang/fetch").rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        parts = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                values = [str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values]
                told.append("".join(values))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in parts:
                told.append(node.value)
    command = re.compile(r"--[a-z]|canbang (?:enrol|collect|import|channel)\b")
    # a docstring is no message: those are in Vietnamese
    said = [text for text in told if command.search(text) and re.search("[ăâđêôơưạảãàáẹẻ]", text)]
    assert len(said) > 8
    assert [text for text in map(on_screen, said) if command.search(text)] == []


def test_the_enrolment_log_keeps_no_names(minhs: Client, portal: Channel) -> None:
    sign(minhs, portal, "https://thuongtra.gov.vn/")
    assert "Trần Minh" not in json.dumps([entry.detail for entry in Entry.objects.all()], ensure_ascii=False)
