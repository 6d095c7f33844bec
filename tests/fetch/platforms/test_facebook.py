"""A Facebook Page's posts and reels, against recordings."""

from __future__ import annotations

from datetime import date

import pytest

from canbang.errors import InputError
from canbang.fetch.platforms.accounts import Account
from canbang.item import Kind
from fetch.platforms.playback import TOKEN, Platform, read

ACCOUNT = Account(
    "facebook", "Facebook xã", "https://www.facebook.com/thuongtra", "1029384756", token_env="CANBANG_TEST_FB"
)
SEPTEMBER = {"first": date(2026, 9, 1), "last": date(2026, 9, 30)}


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANBANG_TEST_FB", TOKEN)


def test_posts_shares_and_reels_are_acts_of_the_page(platform: Platform) -> None:
    platform.load("facebook")
    items, _, _ = read(platform, ACCOUNT, **SEPTEMBER)
    assert [(item.platform_id, item.kind, item.title, item.text, item.share_of) for item in items] == [
        ("1029384756_9", Kind.POST, "", "Bà con chú ý lịch cắt điện ngày 1/10", ""),
        ("1029384756_8", Kind.PHOTO, "", "Trao nhà tình nghĩa cho gia đình chính sách", ""),
        ("1029384756_6", Kind.SHARE, "Thông xe cầu Khe Dâu", "Mời bà con đọc", "https://lamvan.gov.vn/cau-123.html"),
        ("1029384756_5", Kind.SHARE, "Cảnh báo lừa đảo qua điện thoại", "", "777_88"),
        ("31", Kind.CLIP, "", "Một phút về chuyển đổi số", ""),
    ]
    assert items[0].metrics == {"views": 900, "shares": 3, "likes": 41, "comments": 5}
    assert items[0].published_at.isoformat() == "2026-09-30T23:59:59+07:00"
    assert items[4].url == "https://www.facebook.com/reel/31/"


def test_a_visitors_post_leaves_nothing_of_the_visitor(platform: Platform) -> None:
    platform.load("facebook")
    items, rejects, source = read(platform, ACCOUNT, **SEPTEMBER)
    said = repr((items, rejects, source.notes, source.tried))
    assert [reject.reason for reject in rejects] == [
        "không phải bài của trang: người khác đăng lên trang",
        "bài không có chữ nào (chỉ ảnh hoặc clip)",
        "trùng: đã có trong bài đăng của trang",
    ]
    assert [part for part in ("555", "phàn nàn", TOKEN) if part in said] == []
    assert [a.query["fields"] for a in platform.asked if "comments" in a.query.get("fields", "")] == [
        a.query["fields"] for a in platform.asked if "comments.summary(true).limit(0)" in a.query.get("fields", "")
    ]


def test_an_invalid_metric_is_left_out_and_the_page_asked_again(platform: Platform) -> None:
    platform.load("facebook")
    _, _, source = read(platform, ACCOUNT, **SEPTEMBER)
    fields = [a.query["fields"].rpartition(",")[2] for a in platform.asked if a.ask.endswith("published_posts")]
    assert fields == ["insights.metric(post_media_view)"] + 2 * ["insights.metric(post_total_media_view_unique)"]
    assert [t.failed for t in source.tried if t.failed] == []


def test_the_token_travels_in_a_header_only(platform: Platform) -> None:
    platform.load("facebook")
    read(platform, ACCOUNT, **SEPTEMBER)
    assert {asked.headers["authorization"] for asked in platform.asked} == {f"Bearer {TOKEN}"}
    assert [asked for asked in platform.asked if TOKEN in repr(asked.query)] == []


def test_a_limit_on_the_second_page_is_a_gap_and_reels_are_not_asked_against_it(platform: Platform) -> None:
    platform.load("facebook-limit")
    items, _, source = read(platform, ACCOUNT, **SEPTEMBER)
    assert [item.platform_id for item in items] == ["1029384756_9", "1029384756_8"]
    assert [(t.what, t.first.day, t.last.day) for t in source.tried if t.failed] == [
        ("bài đăng, trang 2", 1, 24),
        ("thước phim (Reels), trang 1", 1, 30),
    ]
    assert [asked.ask for asked in platform.asked if "video_reels" in asked.ask] == []


def test_reels_of_days_whose_posts_are_missing_wait_for_them(platform: Platform) -> None:
    """A reel is often a post too: read without the posts, one act would stand under two ids."""
    platform.load("facebook-limit")
    platform.exchanges[2]["answer"] = {"error": {"message": "An unknown error occurred", "code": 1}}
    items, _, _ = read(platform, ACCOUNT, **SEPTEMBER)
    assert [asked.ask for asked in platform.asked if "video_reels" in asked.ask] != []
    assert [item.platform_id for item in items] == ["1029384756_9", "1029384756_8"]


def test_a_backfill_goes_month_by_month(platform: Platform) -> None:
    platform.load("facebook")
    read(platform, ACCOUNT, first=date(2026, 8, 15), last=date(2026, 9, 30))
    windows = [(a.query["since"], a.query["until"]) for a in platform.asked if a.ask.endswith("video_reels")]
    assert windows == [("1788195600", "1790787599"), ("1786726800", "1788195599")]


def test_another_pages_token_and_a_missing_token_are_refused(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform.exchanges = [{"ask": "GET /v25.0/me", "answer": {"id": "42"}}]
    with pytest.raises(InputError, match="kênh có mã 42"):
        read(platform, ACCOUNT, **SEPTEMBER)
    monkeypatch.delenv("CANBANG_TEST_FB")
    with pytest.raises(InputError, match="CANBANG_TEST_FB trống"):
        read(platform, ACCOUNT, **SEPTEMBER)


def test_a_platform_that_does_not_answer_is_a_gap_of_the_whole_span(platform: Platform) -> None:
    echo = {"error": {"code": 190, "message": f"bad token {TOKEN}"}}
    platform.exchanges = [{"ask": "GET /v25.0/me", "status": 401, "answer": echo}]
    items, rejects, source = read(platform, ACCOUNT, **SEPTEMBER)
    assert (items, rejects, [(t.first.day, t.last.day) for t in source.tried]) == ([], [], [(1, 30)])
    assert TOKEN not in repr((source.notes, source.tried))
