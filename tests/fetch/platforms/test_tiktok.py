"""TikTok's video list, against recordings."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from canbang.fetch.platforms.accounts import Account
from fetch.platforms.playback import TOKEN, Platform, read

ACCOUNT = Account("tiktok", "TikTok xã", "https://www.tiktok.com/@xa", "open-7", token_env="CANBANG_TEST_TT")
SEPTEMBER = {"first": date(2026, 9, 1), "last": date(2026, 9, 30)}


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANBANG_TEST_TT", TOKEN)


def test_videos_are_read_to_the_second_and_429_is_waited_out(platform: Platform) -> None:
    platform.load("tiktok")
    items, rejects, source = read(platform, ACCOUNT, **SEPTEMBER)
    assert [(item.platform_id, item.published_at.isoformat()) for item in items] == [
        ("7428596413707144481", "2026-09-30T23:59:59+07:00"),
        ("72", "2026-09-18T09:53:20+07:00"),
        ("71", "2026-09-01T00:00:00+07:00"),
    ]
    assert (items[0].title, items[0].text) == ("Clip số 7428596413707144481", "Clip số 7428596413707144481 #thuongtra")
    assert items[0].metrics == {"views": 800, "likes": 20, "shares": 2, "comments": 1}
    assert items[0].url == "https://www.tiktok.com/@xa/video/7428596413707144481"
    assert [reject.reason for reject in rejects] == ["clip không có tiêu đề lẫn mô tả"]
    assert [t.failed for t in source.tried] == ["", "", ""]
    assert source.notes == ["TikTok xã: đã dùng 4 lượt gọi TikTok trong ngày"]


def test_a_long_wait_is_a_gap(platform: Platform) -> None:
    platform.load("tiktok-busy")
    items, _, source = read(platform, ACCOUNT, **SEPTEMBER)
    assert [item.platform_id for item in items] == ["7428596413707144481", "72"]
    assert [(t.first.day, t.last.day, t.trouble) for t in source.tried if t.failed] == [(1, 18, "busy")]
    assert "Chạy lại sau 60 phút" in source.notes[0]


def test_a_cursor_that_does_not_move_ends_the_walk_as_a_gap(platform: Platform) -> None:
    platform.load("tiktok")
    platform.exchanges[1]["answer"]["data"]["cursor"] = 1790787600000
    _, _, source = read(platform, ACCOUNT, **SEPTEMBER)
    assert [t.failed for t in source.tried if t.failed] == ["nền tảng trả về con trỏ trang không lùi"]


def test_an_expired_token_is_exchanged_and_kept(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CANBANG_TEST_TT_R", "refresh-1")
    monkeypatch.setenv("CANBANG_TEST_TT_S", "app-secret")
    file = tmp_path / "tiktok.json"
    account = Account(
        "tiktok", "TikTok xã", ACCOUNT.url, "open-7", "CANBANG_TEST_TT", "CANBANG_TEST_TT_R", "key-1",
        "CANBANG_TEST_TT_S", str(file),
    )  # fmt: skip
    invalid = {"error": {"code": "access_token_invalid", "message": "expired"}}
    sold = {"access_token": "fresh-2", "refresh_token": "refresh-2", "expires_in": 86400}
    user = {"data": {"user": {"open_id": "open-7"}}, "error": {"code": "ok"}}
    empty = {"data": {"videos": [], "has_more": False}, "error": {"code": "ok"}}
    platform.exchanges = [
        {"ask": "GET /v2/user/info/", "status": 401, "answer": invalid},
        {"ask": "POST /v2/oauth/token/", "body": ["client_key=key-1", "refresh_token=refresh-1"], "answer": sold},
        {"ask": "GET /v2/user/info/", "header": {"authorization": "Bearer fresh-2"}, "answer": user},
        {"ask": "POST /v2/video/list/", "header": {"authorization": "Bearer fresh-2"}, "answer": empty},
    ]
    _, _, source = read(platform, account, **SEPTEMBER)
    # not a single video: that says nothing, and is no month without publishing
    assert [(t.first.day, t.last.day, t.trouble) for t in source.tried] == [(30, 30, ""), (1, 30, ""), (1, 30, "empty")]
    assert json.loads(file.read_text()) == {"access_token": "fresh-2", "refresh_token": "refresh-2", "in_flight": False}
