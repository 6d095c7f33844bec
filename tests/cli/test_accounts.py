"""`canbang enrol` and `canbang collect` for YouTube, Facebook, TikTok and Zalo, as a unit meets them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from canbang.fetch.enrolment import Enrolment, read_enrolments
from canbang.fetch.platforms import facebook, youtube
from conftest import Site
from fetch.platforms.conftest import platform  # noqa: F401  (the platform, served on loopback)
from fetch.platforms.playback import TOKEN, Platform
from fetch.platforms.stations import FacebookPage, YouTubeChannel
from fetch.test_collect import Publisher
from judging import Run

PAGE, CHANNEL = "https://www.facebook.com/thuongtra", "https://www.youtube.com/@daixa"
OWNER = ("--owner", "UBND xã Thượng Trà", "--by", "Chánh Văn phòng")
FILE = f"""[[channel]]
platform = "facebook"
name = "Facebook xã"
url = "{PAGE}"
id = "1029384756"
token_env = "CANBANG_TEST_FB"

[[channel]]
platform = "youtube"
name = "Đài xã"
url = "{CHANNEL}"
id = "UCthuongtra"
token_env = "CANBANG_TEST_YT"
"""


@pytest.fixture(autouse=True)
def file(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The unit's own file of channels, in the folder where the commands run."""
    Path("canbang-channels.toml").write_text(FILE, "utf-8")
    monkeypatch.setenv("CANBANG_TEST_LOOPBACK", "1")
    monkeypatch.setenv("CANBANG_TEST_FB", TOKEN)
    monkeypatch.setenv("CANBANG_TEST_YT", "AIzaKey123")


@pytest.fixture
def page(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> FacebookPage:  # noqa: F811
    made = FacebookPage()
    platform.answer = made.answer  # type: ignore[method-assign]
    monkeypatch.setattr(facebook, "BASE", platform.url)
    return made


@pytest.fixture
def channel(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> YouTubeChannel:  # noqa: F811
    made = YouTubeChannel()
    platform.answer = made.answer  # type: ignore[method-assign]
    monkeypatch.setattr(youtube, "BASE", platform.url)
    return made


def record() -> Enrolment:
    (found,) = read_enrolments(Path("canbang-enrolments.json"))
    return found


def test_an_account_is_enrolled_by_the_owners_token(run: Run, page: FacebookPage) -> None:
    status, out, _ = run("enrol", PAGE + "/", *OWNER)
    assert status == 0
    assert "facebook.com/thuongtra · chủ quản: UBND xã Thượng Trà" in out
    assert "bằng chứng: mã truy cập do chủ kênh cấp (facebook 1029384756)" in out
    assert (record().scope, record().proof) == ("facebook.com/thuongtra", "token")


def test_a_youtube_channel_read_by_a_plain_key_is_enrolled_by_the_code_in_its_description(
    run: Run, channel: YouTubeChannel
) -> None:
    status, _, err = run("enrol", CHANNEL, *OWNER)
    code = record().code
    assert (status, record().proof, f"Đặt dòng {code} vào mô tả" in err) == (2, "", True)
    channel.description = f"Kênh của xã\n{code}"
    status, out, _ = run("enrol", CHANNEL, *OWNER)
    assert (status, record().code) == (0, code)
    assert "bằng chứng: mã trong phần mô tả kênh (youtube UCthuongtra)" in out


def test_the_token_of_another_page_enrols_nothing_and_takes_back_what_was_proven(run: Run, page: FacebookPage) -> None:
    run("enrol", PAGE, *OWNER)
    page.owner = "42"
    status, _, err = run("enrol", PAGE, *OWNER)
    assert (status, record().proof, "mở kênh có mã 42" in err) == (2, "", True)
    assert run("collect", "Facebook xã")[0] == 2


@pytest.mark.parametrize("lost", ["revoked", "unset"])
def test_a_token_that_cannot_be_asked_with_withdraws_nothing(
    run: Run, page: FacebookPage, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    run("enrol", PAGE, *OWNER)
    page.revoked = True
    if lost == "unset":
        monkeypatch.delenv("CANBANG_TEST_FB")
    before = record()
    status, _, err = run("enrol", PAGE, *OWNER)
    said = "Facebook xã: biến môi trường CANBANG_TEST_FB trống" if lost == "unset" else "chủ trang cấp lại mã"
    assert (status, record(), said in err) == (2, before, True)


def test_a_site_that_is_enrolled_again_keeps_its_code_and_the_written_consent(run: Run, site: Site) -> None:
    site.put("/", "<html></html>")
    run("enrol", site.url + "/", *OWNER)
    code = record().code
    site.put("/.well-known/canbang.txt", code)
    assert run("enrol", site.url + "/", *OWNER)[0] == 0
    run("channel", "consent", site.url + "/", "--document", "Công văn 12/VP")
    assert run("enrol", site.url + "/", "--owner", "Sở VHTT", "--by", "Chánh Văn phòng")[0] == 0
    assert (record().code, record().consent, record().owner) == (code, "Công văn 12/VP", "Sở VHTT")
    site.put("/.well-known/canbang.txt", "", 503)
    site.put("/", "", 503)
    assert (run("enrol", site.url + "/", *OWNER)[0], record().proof) == (2, "well-known")  # an outage
    site.put("/.well-known/canbang.txt", "canbang-khac")
    site.put("/", "<html></html>")
    assert (run("enrol", site.url + "/", *OWNER)[0], record().proof, record().consent) == (2, "", "Công văn 12/VP")


@pytest.mark.parametrize(
    "words", [("enrol", "https://www.facebook.com/khac", *OWNER), ("collect", "m.facebook.com/khac")]
)
def test_a_page_that_is_not_in_the_units_file_is_refused(
    run: Run, page: FacebookPage, platform: Platform, words: tuple[str, ...]  # noqa: F811
) -> None:  # fmt: skip
    run("enrol", PAGE, *OWNER)
    asked = len(platform.asked)
    status, _, err = run(*words)
    assert (status, "không có kênh nào trên facebook.com" in err) == (2, True)
    assert len(platform.asked) == asked


def test_an_account_that_is_not_enrolled_is_not_collected(run: Run, page: FacebookPage, platform: Platform) -> None:  # noqa: F811
    status, _, err = run("collect", "Facebook xã")
    assert (status, f"canbang enrol {PAGE}" in err, platform.asked) == (2, True, [])
    assert not Path("canbang-thu-thap").exists()


@pytest.mark.parametrize("name", ["Facebook xã", PAGE, "facebook.com/thuongtra"])
def test_an_account_is_collected_by_name_or_address_and_measured(run: Run, page: FacebookPage, name: str) -> None:
    page.publish(4, 2, 2, 1)
    run("enrol", PAGE, *OWNER)
    status, out, _ = run("collect", name)
    assert status == 0
    assert "Facebook xã (https://facebook.com/thuongtra): 4 tin mới; đọc đủ " in out
    assert "đã dùng 6 lượt gọi Facebook trong ngày" in out or "đã dùng 7 lượt gọi Facebook trong ngày" in out
    page.publish(1)
    assert "1 tin mới, 3 tin đã có" in run("collect", name, PAGE)[1]
    value = json.loads(run("measure", "canbang-thu-thap", "--json")[1])
    assert (value["items"], value["channels"]) == (5, ["Facebook xã"])
    assert value["enrolments"] == [record().line]


def test_a_lost_token_is_said_by_channel_and_variable_and_the_site_beside_it_is_read(
    run: Run, page: FacebookPage, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher = Publisher(site)
    publisher.publish(3)
    run("enrol", PAGE, *OWNER)
    run("enrol", site.url + "/", *OWNER)
    monkeypatch.delenv("CANBANG_TEST_FB")
    code = next(one.code for one in read_enrolments(Path("canbang-enrolments.json")) if one.url == site.url + "/")
    site.put("/.well-known/canbang.txt", code)
    run("enrol", site.url + "/", *OWNER)
    status, out, _ = run("collect", "Facebook xã", publisher.address)
    assert status == 1
    assert f"{publisher.address}: 3 tin mới" in out
    assert "Facebook xã (https://facebook.com/thuongtra): KHÔNG đọc được; thời gian này tính là thiếu dữ liệu" in out
    assert "Facebook xã: biến môi trường CANBANG_TEST_FB trống" in out


def test_a_page_of_results_that_fails_is_a_gap_of_named_days(run: Run, page: FacebookPage) -> None:
    page.publish(6, 5, 4, 3)
    run("enrol", PAGE, *OWNER)
    page.broken = 2
    status, out, _ = run("collect", "Facebook xã")
    assert (status, "2 tin mới; đọc đủ" in out) == (1, True)
    assert "(bài đăng, trang 2): Facebook từ chối: An unknown error occurred" in out
