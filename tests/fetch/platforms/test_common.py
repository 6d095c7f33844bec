"""The operator's file, the token store, the walk through days: what every platform leans on."""

from __future__ import annotations

import json
import multiprocessing
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canbang.errors import InputError
from canbang.fetch.enrolment import Enrolment
from canbang.fetch.guard import FetchError, Guard
from canbang.fetch.platforms import facebook, tiktok, youtube, zalo
from canbang.fetch.platforms.accounts import PLATFORMS, Account, account_of, read_accounts
from canbang.fetch.platforms.api import Api, ApiError, Quota, Reply, Secret, checked
from canbang.fetch.platforms.common import PlatformSource, Span, Walk, moment
from canbang.fetch.platforms.tokens import Pair, TokenStore
from canbang.item import VIETNAM

# what each platform answers to "whose is this token?", for the reading to come past that question
GOOD = {
    "youtube": {"items": [{"id": "1029384756", "contentDetails": {"relatedPlaylists": {"uploads": "UU"}}}]},
    "facebook": {"id": "1029384756"},
    "tiktok": {"data": {"user": {"open_id": "1029384756"}}},
    "zalo": {"data": {"oa_id": "1029384756"}},
}
KEYS = {
    "id", "data", "items", "videos", "medias", "articles", "error", "code", "message", "snippet", "title", "publishedAt",
    "contentDetails", "videoId", "videoPublishedAt", "nextPageToken", "created_time", "from", "attachments", "paging",
    "cursors", "after", "next", "create_time", "cursor", "has_more", "create_date", "status", "parent_id", "target", "url",
    "statistics", "insights", "values", "value", "body", "description", "shares", "count",
}  # fmt: skip

FILE = """[[channel]]
platform = "zalo"
name = "Zalo xã"
url = "https://zalo.me/43"
id = "43"
token_env = "CANBANG_ZALO"
"""


def test_accounts_are_read_and_a_wrong_entry_is_named(tmp_path: Path) -> None:
    path = tmp_path / "kenh.toml"
    assert read_accounts(path) == []
    path.write_text(FILE, "utf-8")
    assert read_accounts(path) == [
        Account("zalo", "Zalo xã", "https://zalo.me/43", "43", token_env="CANBANG_ZALO"),
    ]
    for wrong, said in (
        (FILE + 'token = "bí mật"\n', "không hiểu khóa “token”"),
        (FILE.replace("zalo", "instagram", 1), "platform là một trong"),
        (FILE.replace('id = "43"\n', ""), "thiếu khóa “id”"),
        (FILE.replace("https://zalo.me/43", "zalo.me/43"), "url không phải địa chỉ"),
        (FILE + FILE.replace('id = "43"', 'id = "44"').replace("https://", "http://www."), "trùng tên hoặc địa chỉ"),
        ("[[channel]\n", "không đúng dạng TOML"),
        ("channel = 3\n", "cần các mục"),
    ):
        path.write_text(wrong, "utf-8")
        with pytest.raises(InputError, match=said) as error:
            read_accounts(path)
        assert "bí mật" not in str(error.value)


@pytest.mark.parametrize("words", ["Zalo xã", "zalo XÃ", "https://zalo.me/43/", "http://www.zalo.me/43", "zalo.me/43"])
def test_an_account_is_known_by_its_name_and_its_address(tmp_path: Path, words: str) -> None:
    path = tmp_path / "kenh.toml"
    path.write_text(FILE, "utf-8")
    accounts = read_accounts(path)
    assert account_of(words, accounts, path) == accounts[0]
    assert account_of("https://thuongtra.gov.vn/", accounts, path) is None
    for other in ("https://zalo.me/4", "https://oa.zalo.me/43", "m.youtube.com/@daixa"):
        with pytest.raises(InputError, match="không có kênh nào"):
            account_of(other, accounts, path)


def test_a_secret_shows_itself_to_nobody() -> None:
    secret = Secret("ma-bi-mat")
    assert ("ma-bi-mat" in f"{secret} {secret!r} {[secret]}", secret.reveal()) == (False, "ma-bi-mat")
    with pytest.raises(InputError) as error:
        checked("ma\r\nbi-mat", "kênh")
    assert "bi-mat" not in str(error.value)


def test_tokens_are_not_sent_without_tls_nor_to_a_private_address() -> None:
    for base, said in (
        ("http://graph.facebook.com", "không mã hóa"),
        ("https://10.0.0.1", "không phải địa chỉ công khai"),
    ):
        with pytest.raises(FetchError, match=said), Api(Guard(), base):
            pass


def test_months_are_cut_newest_first_in_vietnam() -> None:
    span = Span(date(2026, 8, 15), date(2026, 10, 2))
    assert [(m.first, m.last) for m in span.months()] == [
        (date(2026, 10, 1), date(2026, 10, 2)),
        (date(2026, 9, 1), date(2026, 9, 30)),
        (date(2026, 8, 15), date(2026, 8, 31)),
    ]
    assert Span(date(2026, 9, 1), date(2026, 9, 30)).start == 1788195600
    with pytest.raises(InputError, match="kỳ rỗng"):
        Span.of(date(2026, 9, 2), date(2026, 9, 1))


def test_a_pinned_old_item_does_not_close_days_that_were_not_seen() -> None:
    source = PlatformSource("kênh", lambda _: iter(()))
    walk = Walk(source, "danh sách", Span(date(2026, 9, 1), date(2026, 9, 30)))
    assert walk.page([date(2020, 1, 1), date(2026, 9, 29), date(2026, 9, 21)]) is False
    walk.failed("hỏng")
    assert [(t.first.day, t.last.day, t.got, t.failed) for t in source.tried] == [(21, 30, 2, ""), (1, 21, 0, "hỏng")]


def test_only_days_without_a_gap_in_any_list_are_vouched_for_and_none_before_the_end() -> None:
    source = PlatformSource("kênh", lambda _: iter(()), span=Span(date(2026, 9, 1), date(2026, 9, 10)))
    assert source.covers == []
    source.finished = True
    source.gap("bài đăng", date(2026, 9, 3), date(2026, 9, 4), "hỏng")
    source.gap("thước phim", date(2026, 9, 4), date(2026, 9, 6), "hỏng")
    assert [(a.day, b.day) for a, b in source.covers] == [(1, 3), (7, 11)]


def test_nothing_published_while_it_is_read_is_vouched_for() -> None:
    today = datetime.now(VIETNAM).date()
    source = PlatformSource("kênh", lambda _: iter(()), span=Span(today - timedelta(days=1), today))
    source.until = datetime.combine(today, time(8, 15), VIETNAM)
    source.finished = True
    assert source.covers == [(datetime.combine(today - timedelta(days=1), time(), VIETNAM), source.until)]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
    | st.sampled_from(["1029384756", "2026-09-05T01:00:00+0000", 1788195600, -220, 0, "ok", "show", "added_video"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(sorted(KEYS)), inner, max_size=7),
    max_leaves=25,
)  # fmt: skip


class Anything:
    """An interface that answers every question with what it was given."""

    base = oauth = "https://x"

    def __init__(self, values: list[object]) -> None:
        self.values, self.quota = values, Quota(100)

    def get(self, *_: object, **__: object) -> Reply:
        self.quota.take()
        return Reply(200, self.values[(self.quota.used - 1) % len(self.values)])

    post = post_form = get

    def clean(self, text: object) -> str:
        return str(text)[:100]


def fuzz_adapters(platform: str, values: list[object]) -> None:
    account = Account(platform, "kênh", f"https://{platform}.com/a", "1029384756", token_env="CANBANG_TEST_ANY")
    source, api = PlatformSource("kênh", lambda _: iter(())), Anything(values)
    span = Span(date(2026, 8, 20), date(2026, 9, 30))
    record = Enrolment(account.url, "x", "a", "b", "ma", "2026-09-01", "token")
    readers = {
        "youtube": lambda: youtube.read_api(api, source, account, record, span),  # type: ignore[arg-type]
        "facebook": lambda: facebook.read_api(api, source, account, record, span),  # type: ignore[arg-type]
        "tiktok": lambda: tiktok.read_api(api, source, account, record, span),  # type: ignore[arg-type]
        "zalo": lambda: zalo.read_api(api, source, account, record, span),  # type: ignore[arg-type]
    }
    try:
        list(readers[platform]())
    except InputError as error:
        assert "\n" not in str(error)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(PLATFORMS), st.lists(JSON, min_size=1, max_size=5))
def test_no_answer_breaks_an_adapter(platform: str, values: list[object]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CANBANG_TEST_ANY", "token")
        fuzz_adapters(platform, [GOOD[platform], *values])


@pytest.mark.slow
@settings(max_examples=10_000, deadline=None)
@given(st.sampled_from(PLATFORMS), st.lists(JSON, min_size=1, max_size=5))
def test_no_answer_breaks_an_adapter_many(platform: str, values: list[object]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CANBANG_TEST_ANY", "token")
        fuzz_adapters(platform, [GOOD[platform], *values])


@pytest.mark.parametrize(
    ("value", "said"),
    [(1788195600, "2026-09-01T00:00:00+07:00"), ("1788195600000", "2026-09-01T00:00:00+07:00"), (True, None),
     (-5, None), ("x", None), (10**30, None), (None, None), (0, None)],
)  # fmt: skip
def test_unix_time_is_read_in_seconds_and_milliseconds(value: object, said: str | None) -> None:
    found = moment(value)
    assert (found.isoformat() if found else None) == said


def store(folder: Path, monkeypatch: pytest.MonkeyPatch) -> TokenStore:
    monkeypatch.setenv("CANBANG_TEST_A", "access-1")
    monkeypatch.setenv("CANBANG_TEST_R", "refresh-1")
    path = str(folder / "ma.json")
    return TokenStore(Account("zalo", "Zalo", "u", "1", "CANBANG_TEST_A", "CANBANG_TEST_R", "9", "", path))


def test_a_pair_that_cannot_be_bought_leaves_the_old_one_in_force(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens = store(tmp_path, monkeypatch)

    def refuse(_: Secret) -> Pair:
        raise ApiError("từ chối")

    for said in ("từ chối", "cấp lại mã"):
        with pytest.raises(ApiError, match=said):
            tokens.rotate(Secret("access-1"), refuse)
    assert tokens.read().refresh.reveal() == "refresh-1"


def test_the_second_process_takes_the_pair_that_the_first_bought(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens, bought = store(tmp_path, monkeypatch), []

    def buy(refresh: Secret) -> Pair:
        bought.append(refresh.reveal())
        return Pair(Secret("access-2"), Secret("refresh-2"))

    for _ in range(2):
        assert tokens.rotate(Secret("access-1"), buy).access.reveal() == "access-2"
    assert bought == ["refresh-1"]


def _killed(path: str) -> None:
    import os
    import signal

    tokens = TokenStore(Account("zalo", "Zalo", "u", "1", "CANBANG_TEST_A", "CANBANG_TEST_R", "9", "", path))

    def buy(_: Secret) -> Pair:
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError

    tokens.rotate(Secret("access-1"), buy)


def test_a_kill_in_mid_exchange_leaves_a_whole_file_that_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens = store(tmp_path, monkeypatch)
    process = multiprocessing.get_context("fork").Process(target=_killed, args=(str(tokens.path),))
    process.start()
    process.join(30)
    assert process.exitcode == -9
    assert tokens.path is not None and json.loads(tokens.path.read_text())["in_flight"] is True
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


@pytest.mark.parametrize(
    "damage", ["", "{", "[]", '{"access_token": "a"}', '{"access_token": "lộ", "refresh_token": ""}']
)
def test_a_damaged_token_file_is_named_without_showing_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    tokens = store(tmp_path, monkeypatch)
    assert tokens.path is not None
    tokens.path.write_text(damage, "utf-8")
    with pytest.raises(InputError, match=r"ma\.json") as error:
        tokens.read()
    assert "lộ" not in str(error.value)
