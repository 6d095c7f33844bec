"""Zalo OA: both shapes of its lists, both call styles, and the token that may be exchanged once."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from canbang.fetch.platforms.accounts import Account
from canbang.item import Kind
from fetch.platforms.playback import TOKEN, Platform, read

SEPTEMBER = {"first": date(2026, 9, 1), "last": date(2026, 9, 30)}


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Account:
    monkeypatch.setenv("CANBANG_TEST_ZALO", TOKEN)
    monkeypatch.setenv("CANBANG_TEST_ZALO_R", "refresh-token-1")
    monkeypatch.setenv("CANBANG_TEST_ZALO_S", "app-secret-1")
    return Account(
        "zalo", "Zalo xã", "https://zalo.me/4318657068771012646", "4318657068771012646", "CANBANG_TEST_ZALO",
        "CANBANG_TEST_ZALO_R", "246", "CANBANG_TEST_ZALO_S", str(tmp_path / "zalo.json"),
    )  # fmt: skip


def test_articles_and_videos_are_read_in_either_shape(platform: Platform, account: Account) -> None:
    platform.load("zalo")
    items, rejects, source = read(platform, account, **SEPTEMBER)
    assert [item.platform_id for item in items] == [*(f"a{k}" for k in range(8)), "d", "vd"]
    assert (items[0].lead, items[0].text, items[0].metrics) == ("Tóm tắt 0", "Nội dung 0", {"views": 120, "shares": 4})
    assert (items[7].title, items[7].lead, items[8].lead) == ("Bài số a7", "", "Có tóm tắt sẵn")
    assert [item.kind for item in items[8:]] == [Kind.ARTICLE, Kind.CLIP]
    assert items[0].published_at == items[9].published_at
    assert [reject.reason for reject in rejects] == ["bài đang ẩn, không công khai"]
    assert "Nguyễn Văn A" not in repr(items)
    assert any("bài a7 chỉ có tiêu đề" in note for note in source.notes)
    assert [a.query["limit"] for a in platform.asked if "limit" in a.query] == ["10", "10", "10"]
    assert [t.failed for t in source.tried if t.failed] == []


def test_an_expired_token_is_exchanged_once_and_stored_before_use(platform: Platform, account: Account) -> None:
    platform.load("zalo-refresh")
    items, _, source = read(platform, account, **SEPTEMBER)
    assert [item.platform_id for item in items] == ["d"]
    file = Path(account.token_file)
    assert json.loads(file.read_text()) == {
        "access_token": "fresh-token-2", "refresh_token": "refresh-token-2", "in_flight": False,
    }  # fmt: skip
    assert file.stat().st_mode & 0o777 == 0o600
    asked = [(a.ask, a.headers.get("access_token")) for a in platform.asked]
    assert asked[:3] == [
        ("GET /v2.0/oa/getoa", TOKEN),
        ("POST /v4/oa/access_token", None),
        ("GET /v2.0/oa/getoa", "fresh-token-2"),
    ]
    said = repr((items, source.notes, source.tried))
    assert [secret for secret in ("fresh-token-2", "refresh-token", "app-secret-1", TOKEN) if secret in said] == []


def test_the_stored_pair_comes_before_the_environment(platform: Platform, account: Account) -> None:
    stored = {"access_token": "fresh-token-2", "refresh_token": "refresh-token-2", "in_flight": False}
    Path(account.token_file).write_text(json.dumps(stored))
    platform.load("zalo-refresh")
    platform.exchanges = [e for e in platform.exchanges if e.get("header", {}).get("access_token") != TOKEN]
    assert [item.platform_id for item in read(platform, account, **SEPTEMBER)[0]] == ["d"]
    assert [asked.ask for asked in platform.asked if "/v4/" in asked.ask] == []


def test_a_refused_exchange_is_a_gap_that_says_what_to_do(platform: Platform, account: Account) -> None:
    platform.load("zalo-refresh")
    platform.exchanges[1]["answer"] = {"error": -14014, "error_name": "Invalid refresh token refresh-token-1"}
    _, _, source = read(platform, account, **SEPTEMBER)
    assert [(t.first.day, t.last.day) for t in source.tried if t.failed] == [(1, 30)]
    assert "Quản trị viên OA cấp lại mã" in source.tried[0].failed
    assert "refresh-token-1" not in repr((source.notes, source.tried))
    assert json.loads(Path(account.token_file).read_text())["in_flight"] is True
