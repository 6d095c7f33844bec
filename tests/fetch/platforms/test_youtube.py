"""YouTube by the uploads playlist and by the feed, against recordings."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from canbang.errors import InputError
from canbang.fetch.platforms.accounts import Account
from canbang.item import Kind
from fetch.platforms.playback import TOKEN, Platform, proven, read

ACCOUNT = Account("youtube", "Đài xã", "https://www.youtube.com/@daixa", "UCthuongtra", token_env="CANBANG_TEST_YT")
SEPTEMBER = {"first": date(2026, 9, 1), "last": date(2026, 9, 30)}


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANBANG_TEST_YT", TOKEN)


def test_the_uploads_of_a_month_are_read_and_units_are_counted(platform: Platform) -> None:
    platform.load("youtube")
    items, rejects, source = read(platform, ACCOUNT, **SEPTEMBER)
    assert [(item.id, item.kind, item.published_at.isoformat()) for item in items] == [
        ("Đài xã/v4", Kind.LIVESTREAM, "2026-09-30T06:30:00+07:00"),
        ("Đài xã/v3", Kind.CLIP, "2026-09-20T08:00:00+07:00"),
    ]
    assert items[0].metrics == {"views": 1200, "likes": 30, "comments": 4}
    assert [(reject.place, reject.reason) for reject in rejects] == [
        ("clip v2", "chưa phát: buổi phát đã hẹn giờ"),
        ("clip v1", "YouTube không trả về clip này (đã xóa hoặc riêng tư)"),
    ]
    assert (source.quota.used, source.notes[-1]) == (6, "Đài xã: đã dùng 6/10.000 đơn vị YouTube trong ngày")
    assert [asked.ask for asked in platform.asked if "search" in asked.ask] == []


def test_every_day_is_settled_where_all_pages_came(platform: Platform) -> None:
    platform.load("youtube")
    _, _, source = read(platform, ACCOUNT, **SEPTEMBER)
    assert [(t.first.day, t.last.day, t.got, t.failed) for t in source.tried] == [
        (20, 30, 2, ""),
        (1, 20, 2, ""),
        (1, 1, 0, ""),
        (1, 1, 0, ""),
    ]


def test_a_page_lost_to_the_quota_is_a_gap_and_never_days_without_publishing(platform: Platform) -> None:
    platform.load("youtube-quota")
    items, _, source = read(platform, ACCOUNT, **SEPTEMBER)
    assert [item.platform_id for item in items] == ["v4", "v3"]
    gap = source.tried[-1]
    assert (gap.first, gap.last, gap.failed != "") == (date(2026, 9, 1), date(2026, 9, 20), True)
    assert [(a.day, b.day, b.month) for a, b in source.covers] == [(21, 1, 10)]
    assert any("thiếu dữ liệu từ 1/9/2026 đến 20/9/2026" in note and "hạn mức" in note for note in source.notes)
    assert source.quota.used == source.quota.limit


def test_units_used_earlier_in_the_day_count(platform: Platform) -> None:
    platform.load("youtube")
    items, _, source = read(platform, ACCOUNT, **SEPTEMBER, used=9999)
    assert (items, len(platform.asked)) == ([], 1)
    assert source.tried[-1].failed.startswith("hết hạn mức 10.000")


def test_another_owners_token_is_refused(platform: Platform) -> None:
    platform.load("youtube")
    platform.exchanges[0]["answer"]["items"][0]["id"] = "UCkhac"
    with pytest.raises(InputError, match="UCkhac, không phải kênh đã ghi danh UCthuongtra"):
        read(platform, ACCOUNT, **SEPTEMBER)


@pytest.mark.parametrize(("description", "found"), [("Kênh của xã canbang-ma", 2), ("Kênh của xã", None)])
def test_a_plain_key_needs_the_code_in_the_description(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, description: str, found: int | None
) -> None:
    monkeypatch.setenv("CANBANG_TEST_YT", "AIzaKey123")
    platform.load("youtube")
    first = platform.exchanges[0]
    first["query"], first["header"] = {"id": "UCthuongtra"}, {"x-goog-api-key": "AIzaKey123"}
    first["answer"]["items"][0]["snippet"]["description"] = description
    if found is None:
        with pytest.raises(InputError, match="không thấy mã ghi danh trong phần mô tả"):
            read(platform, ACCOUNT, **SEPTEMBER)
    else:
        assert len(read(platform, ACCOUNT, **SEPTEMBER)[0]) == found


def test_a_channel_without_enrolment_is_refused_before_anything_is_asked(platform: Platform) -> None:
    other = proven(Account("youtube", "b", "https://www.youtube.com/@daixa2", "x"))
    unproven = proven(ACCOUNT)
    for known in (
        [],
        [other],
        [type(unproven)(ACCOUNT.url, "youtube.com/", "a", "b", "c", "d")],
        [replace(unproven, proof="meta")],
        [replace(unproven, proof_at="youtube UCkhac")],
    ):
        with pytest.raises(InputError, match="canbang enrol"):
            read(platform, ACCOUNT, known)
    assert platform.asked == []
