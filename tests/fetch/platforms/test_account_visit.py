"""Accounts collected into a folder: what is new, taken down, missing; killed, stopped, lost; and the day's quota."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from canbang.errors import InputError
from canbang.fetch import account_visit
from canbang.fetch.account_visit import Reading, collect_accounts, first_day
from canbang.fetch.collected import CollectedSource, folder_sources, lines
from canbang.fetch.coverage import Outcome, State
from canbang.fetch.enrolment import Enrolment
from canbang.fetch.folder import Folder
from canbang.fetch.guard import Guard
from canbang.fetch.platforms.accounts import Account
from canbang.item import VIETNAM, Item
from fetch.platforms.playback import TOKEN, Asked, Platform, proven
from fetch.platforms.stations import DAY, FacebookPage, YouTubeChannel, ago

FACEBOOK = Account("facebook", "Facebook xã", "https://www.facebook.com/thuongtra", "1029384756", "CANBANG_TEST_FB")
YOUTUBE = Account("youtube", "Đài xã", "https://www.youtube.com/@daixa", "UCthuongtra", "CANBANG_TEST_YT")
ZALO = Account("zalo", "Zalo xã", "https://zalo.me/43", "43", "CANBANG_TEST_ZALO")
TODAY = datetime.now(VIETNAM).date()


@pytest.fixture(autouse=True)
def tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FB", "YT", "ZALO"):
        monkeypatch.setenv(f"CANBANG_TEST_{name}", TOKEN)


@pytest.fixture
def page(platform: Platform) -> FacebookPage:
    made = FacebookPage()
    platform.answer = made.answer  # type: ignore[method-assign]
    return made


@pytest.fixture
def channel(platform: Platform) -> YouTubeChannel:
    made = YouTubeChannel()
    platform.answer = made.answer  # type: ignore[method-assign]
    return made


def collect(
    folder: Path, platform: Platform, *accounts: Account, enrolments: list[Enrolment] | None = None
) -> list[Reading]:
    known = [proven(account) for account in accounts] if enrolments is None else enrolments
    guard = Guard(allow_loopback=True, gap=0.0, deadline=3.0)
    with Folder(folder) as opened:
        return collect_accounts(opened, accounts, known, guard, bases={"api": platform.url, "oauth": platform.url})


def held(folder: Path) -> list[str]:
    return [thing.platform_id for source in folder_sources(folder) for thing in source if isinstance(thing, Item)]


def ledger(folder: Path) -> CollectedSource:
    (source,) = folder_sources(folder)
    assert isinstance(source, CollectedSource)
    return source


def asked_from(platform: Platform) -> list[date]:
    """First days of the windows that posts were asked for, oldest of each reading last."""
    found = [int(a.query["since"]) for a in platform.asked if "published_posts" in a.ask and "after" not in a.query]
    return [datetime.fromtimestamp(since, VIETNAM).date() for since in found]


def test_each_act_comes_once_and_whole_days_are_vouched_for(
    platform: Platform, page: FacebookPage, tmp_path: Path
) -> None:
    page.publish(30, 20, 5, 1, 0)
    (first,) = collect(tmp_path, platform, FACEBOOK)
    page.publish(0)
    (second,) = collect(tmp_path, platform, FACEBOOK)
    counts = [(r.outcome, r.attempts[0].got, r.attempts[0].known) for r in (first, second)]
    assert counts == [(Outcome.WHOLE, 5, 0), (Outcome.WHOLE, 1, 2)]
    assert sorted(held(tmp_path)) == sorted(page.posts)
    covered = ledger(tmp_path).coverage
    assert {covered.state(TODAY - DAY * n) for n in range(1, 32)} == {State.WHOLE}
    assert covered.state(TODAY) is State.PART
    assert ledger(tmp_path).enrolment == proven(FACEBOOK).line


def test_a_month_is_read_at_first_then_the_last_days_again(
    platform: Platform, page: FacebookPage, tmp_path: Path
) -> None:
    page.publish(2, 1)
    collect(tmp_path, platform, FACEBOOK)
    assert min(asked_from(platform)) == TODAY - DAY * 31
    platform.asked.clear()
    collect(tmp_path, platform, FACEBOOK)
    assert min(asked_from(platform)) == TODAY - DAY * 3


def span(first: int, last: int) -> tuple[datetime, datetime]:
    """Whole days, so many days ago."""
    start = datetime.combine(TODAY, datetime.min.time(), VIETNAM)
    return start - DAY * first - timedelta(seconds=1), start - DAY * (last - 1)


@pytest.mark.parametrize(
    ("spans", "newest", "back"),
    [
        ([], None, 31),
        ([span(31, 0)], 0, 3),
        ([span(31, 20), span(17, 0)], 0, 22),  # two days missing: tried again, with what lies before them
        ([span(10, 0)], 0, 31),
        ([span(91, 60)], 60, 62),  # nobody collected for two months
        ([span(31, 0)], 12, 12),  # a quiet channel: as far as its newest act
        ([span(31, 0)], 60, 3),
    ],
)
def test_where_a_reading_begins(spans: list[tuple[datetime, datetime]], newest: int | None, back: int) -> None:
    found = first_day(spans, None if newest is None else TODAY - DAY * newest, TODAY)
    assert (TODAY - found).days == back


def test_a_page_that_fails_leaves_a_gap_that_is_read_next_time(
    platform: Platform, page: FacebookPage, tmp_path: Path
) -> None:
    """Two stretches of days are whole beside the gap, and no line of the ledger holds them both."""
    page.publish(9, 8, 7, 6, 5, 4)
    page.broken = 2
    (reading,) = collect(tmp_path, platform, FACEBOOK)
    assert (reading.outcome, reading.attempts[0].got) == (Outcome.PART, 2)
    assert "bài đăng, trang 2" in reading.attempts[0].errors[0][1]
    covered = ledger(tmp_path).coverage
    assert [covered.state(TODAY - DAY * n) for n in (3, 4, 5, 6, 9)] == 2 * [State.WHOLE] + [State.PART] + 2 * [
        State.MISSING
    ]
    page.broken = 0
    (again,) = collect(tmp_path, platform, FACEBOOK)
    assert (again.outcome, again.attempts[0].got, sorted(held(tmp_path))) == (Outcome.WHOLE, 4, sorted(page.posts))


def test_stretches_beside_a_gap_are_lines_of_their_own(
    platform: Platform, page: FacebookPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second page of November fails, October's come."""
    today = datetime(2026, 11, 20, 8, 0, tzinfo=VIETNAM)
    monkeypatch.setattr(account_visit, "now", lambda: today)
    page.posts = {str(n): (today - DAY * n, f"Lịch cắt điện số {n}") for n in range(1, 40)}
    until = str(int(datetime(2026, 11, 21, tzinfo=VIETNAM).timestamp()) - 1)

    def answer(asked: Asked) -> dict[str, Any]:
        broken = "after" in asked.query and asked.query["until"] == until
        return {"status": 400, "answer": {"error": {"code": 1}}} if broken else page.answer(asked)

    platform.answer = answer  # type: ignore[method-assign]
    (reading,) = collect(tmp_path, platform, FACEBOOK)
    stretches = [attempt.covers for attempt in reading.attempts]
    assert [(a.isoformat()[:10], b.isoformat()[:10]) for a, b in stretches if a and b] == [
        ("2026-10-19", "2026-11-01"), ("2026-11-18", "2026-11-21"),
    ]  # fmt: skip
    assert [attempt.got for attempt in reading.attempts] == [14, 0]
    missing = ledger(tmp_path).coverage.gaps(date(2026, 10, 20), date(2026, 11, 20), date(2026, 11, 21))
    assert missing == [date(2026, 11, day) for day in range(1, 19)]
    assert {attempt.errors for attempt in reading.attempts} == {reading.attempts[0].errors}
    assert ledger(tmp_path).coverage.tried == {date(2026, 11, 20): 1}


def test_a_post_that_the_list_no_longer_names_is_marked_and_stays_counted(
    platform: Platform, page: FacebookPage, tmp_path: Path
) -> None:
    page.publish(9, 2, 1, 0)
    collect(tmp_path, platform, FACEBOOK)
    for gone in ("1029384756_1", "1029384756_2", "1029384756_4"):
        page.posts.pop(gone)
    (reading,) = collect(tmp_path, platform, FACEBOOK)
    # of 9 days ago nothing is asked any more, and today is not over
    assert reading.attempts[0].deleted == 1
    assert ledger(tmp_path).coverage.deleted == ("Facebook xã/1029384756_2",)
    assert len(held(tmp_path)) == 4


def test_a_post_in_a_gap_is_not_called_taken_down(platform: Platform, page: FacebookPage, tmp_path: Path) -> None:
    page.publish(3, 2, 1, 1)
    collect(tmp_path, platform, FACEBOOK)
    page.broken = 2
    (reading,) = collect(tmp_path, platform, FACEBOOK)
    assert (reading.outcome, reading.attempts[0].deleted) == (Outcome.PART, 0)


def test_an_empty_answer_vouches_for_nothing_and_marks_nothing(
    platform: Platform, page: FacebookPage, tmp_path: Path
) -> None:
    page.publish(12)
    collect(tmp_path, platform, FACEBOOK)
    page.posts.clear()
    (reading,) = collect(tmp_path, platform, FACEBOOK)
    (attempt,) = reading.attempts
    assert (attempt.outcome, attempt.covers, attempt.deleted, attempt.errors[0][0]) == (
        Outcome.FAILED,
        None,
        0,
        "empty",
    )


def test_a_post_that_comes_back_is_taken_back(platform: Platform, page: FacebookPage, tmp_path: Path) -> None:
    page.publish(3, 2, 1)
    collect(tmp_path, platform, FACEBOOK)
    hidden = page.posts.pop("1029384756_2")
    collect(tmp_path, platform, FACEBOOK)
    assert ledger(tmp_path).coverage.deleted == ("Facebook xã/1029384756_2",)
    page.posts["1029384756_2"] = hidden
    collect(tmp_path, platform, FACEBOOK)
    assert (ledger(tmp_path).coverage.deleted, len(held(tmp_path))) == ((), 3)


def test_a_clip_made_private_is_an_act_that_was_taken_down(
    platform: Platform, channel: YouTubeChannel, tmp_path: Path
) -> None:
    channel.videos = {"v1": (ago(2), "Khánh thành cầu"), "v2": (ago(0, 0), "Lễ hội xuân")}
    channel.private = {"v2"}
    (first,) = collect(tmp_path, platform, YOUTUBE)
    assert (first.attempts[0].got, first.attempts[0].rejected, held(tmp_path)) == (1, 1, ["v1"])
    channel.private = {"v1"}
    (second,) = collect(tmp_path, platform, YOUTUBE)
    assert (second.attempts[0].got, second.attempts[0].deleted) == (1, 1)
    assert ledger(tmp_path).coverage.deleted == ("Đài xã/v1",)
    # what was no act and became one is read once, as an act
    assert sorted(str(getattr(thing, "platform_id", thing)) for thing in ledger(tmp_path)) == ["v1", "v2"]


def test_a_zalo_article_is_taken_down_where_the_list_says_so_and_not_where_it_is_passed_over(
    platform: Platform, tmp_path: Path
) -> None:
    shown = {key: {"id": key, "title": f"Bài {key}", "description": "Tóm tắt", "create_date": int(ago(2).timestamp())} for key in "abc"}  # fmt: skip

    def answer(asked: Asked) -> dict[str, Any]:
        if "getoa" in asked.ask:
            return {"answer": {"error": 0, "data": {"oa_id": "43"}}}
        if "getdetail" in asked.ask:
            return {"answer": {"error": -1, "message": "no"}}
        rows = [] if asked.query["type"] == "video" else list(shown.values())
        return {"answer": {"error": 0, "data": {"medias": rows}}}

    platform.answer = answer  # type: ignore[method-assign]
    shown["a"]["description"] = ""  # its text is asked for, and does not come
    (reading,) = collect(tmp_path, platform, ZALO)
    assert [note.partition(",")[0] for note in reading.attempts[0].notes] == ["bài a chỉ có tiêu đề"]
    shown["a"]["status"] = "hide"
    shown.pop("b")
    collect(tmp_path, platform, ZALO)
    assert ledger(tmp_path).coverage.deleted == ("Zalo xã/a",)


@pytest.mark.parametrize(
    ("lost", "trouble", "said"),
    [
        ({"owner": "42"}, "enrolment", "mở kênh có mã 42, không phải kênh đã ghi danh 1029384756"),
        ({"revoked": True}, "status", "mã truy cập hết hạn hoặc bị thu hồi"),
    ],
)
def test_a_channel_whose_proof_no_longer_holds_is_not_read(
    platform: Platform, page: FacebookPage, tmp_path: Path, lost: dict[str, object], trouble: str, said: str
) -> None:
    page.publish(2)
    collect(tmp_path, platform, FACEBOOK)
    page.publish(1)
    for name, value in lost.items():
        setattr(page, name, value)
    (reading,) = collect(tmp_path, platform, FACEBOOK)
    (attempt,) = reading.attempts
    assert (attempt.outcome, attempt.covers, attempt.errors[0][0]) == (Outcome.FAILED, None, trouble)
    assert said in attempt.errors[0][1]
    assert ledger(tmp_path).coverage.failed == {TODAY: 1}
    assert held(tmp_path) == ["1029384756_1"]


def test_a_channel_that_fails_stops_no_other(
    platform: Platform, page: FacebookPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page.publish(2)
    monkeypatch.delenv("CANBANG_TEST_YT")
    bad, good = collect(tmp_path, platform, YOUTUBE, FACEBOOK)
    assert (bad.outcome, good.outcome) == (Outcome.FAILED, Outcome.WHOLE)
    assert bad.attempts[0].errors[0][1].startswith("Đài xã: biến môi trường CANBANG_TEST_YT trống.")


def test_an_account_that_is_not_enrolled_is_refused_before_anything_is_asked(
    platform: Platform, page: FacebookPage, tmp_path: Path
) -> None:
    page.publish(2)
    for known in ([], [proven(YOUTUBE)], [proven(Account("facebook", "a", FACEBOOK.url, "42"))]):
        with pytest.raises(InputError, match="canbang enrol"):
            collect(tmp_path, platform, FACEBOOK, enrolments=known)
    assert (platform.asked, list(tmp_path.glob("*.jsonl"))) == ([], [])


@pytest.mark.parametrize(
    "other", [Account("facebook", "Facebook xã", "https://www.facebook.com/khac", "1", "CANBANG_TEST_FB"),
              Account("facebook", "Facebook xã", "https://www.facebook.com/thuongtra", "1", "CANBANG_TEST_FB")],
)  # fmt: skip
def test_one_name_for_two_channels_is_refused(
    platform: Platform, page: FacebookPage, tmp_path: Path, other: Account
) -> None:
    page.publish(2)
    collect(tmp_path, platform, FACEBOOK)
    asked = len(platform.asked)
    with pytest.raises(InputError, match="đã dùng cho kênh khác"):
        collect(tmp_path, platform, other)
    assert len(platform.asked) == asked


def test_the_days_quota_is_remembered_and_shared_by_those_who_read_with_one_key(
    platform: Platform, channel: YouTubeChannel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel.videos = {"v1": (ago(2), "Khánh thành cầu")}
    second = Account("youtube", "Đài hai", "https://www.youtube.com/@hai", "UCthuongtra", "CANBANG_TEST_YT")
    used = [reading.quota for reading in collect(tmp_path, platform, YOUTUBE, second)]
    used += [reading.quota for reading in collect(tmp_path, platform, YOUTUBE)]
    assert used == [f"đã dùng {n}/10.000 đơn vị YouTube trong ngày" for n in (3, 6, 9)]
    kept = json.loads((tmp_path / "cursor.json").read_text("utf-8"))["addresses"]
    assert [kept[account.address]["used"] for account in (YOUTUBE, second)] == [6, 3]
    tomorrow = account_visit.now() + DAY
    monkeypatch.setattr(account_visit, "now", lambda: tomorrow)
    (reading,) = collect(tmp_path, platform, YOUTUBE)
    assert reading.quota.startswith("đã dùng 3/10.000")


def test_a_quota_that_is_used_up_asks_nothing_more_and_is_a_gap(
    platform: Platform, channel: YouTubeChannel, tmp_path: Path
) -> None:
    channel.videos = {"v1": (ago(2), "Khánh thành cầu")}
    collect(tmp_path, platform, YOUTUBE)
    cursor = tmp_path / "cursor.json"
    cursor.write_text(cursor.read_text("utf-8").replace('"used": 3', '"used": 9999'), "utf-8")
    platform.asked.clear()
    (reading,) = collect(tmp_path, platform, YOUTUBE)
    assert (len(platform.asked), reading.outcome, reading.attempts[0].errors[0][0]) == (1, Outcome.FAILED, "busy")
    assert reading.attempts[0].tried == 1


def test_the_day_of_the_units_begins_at_midnight_pacific() -> None:
    quota = account_visit.quota_of(YOUTUBE)
    assert quota.day(datetime(2026, 11, 3, 14, 59, tzinfo=VIETNAM)) == "2026-11-02"
    assert quota.day(datetime(2026, 11, 3, 15, 0, tzinfo=VIETNAM)) == "2026-11-03"
    assert account_visit.quota_of(FACEBOOK).day(datetime(2026, 11, 3, 0, 0, tzinfo=VIETNAM)) == "2026-11-03"


def _killed(folder: Path, platform: Platform, at: int) -> None:
    """Collect in a child that dies at its ``at``-th time of putting something on disk."""
    real, count = os.fsync, 0

    def fsync(handle: int) -> None:
        nonlocal count
        count += 1
        if count == at:
            os.kill(os.getpid(), signal.SIGKILL)
        real(handle)

    os.fsync = fsync  # type: ignore[assignment]
    collect(folder, platform, FACEBOOK)


def test_killed_at_any_moment_nothing_is_lost_and_no_gap_is_vouched_for(
    platform: Platform, page: FacebookPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page.publish(*(n // 2 for n in range(50)))
    page.size = 7
    deaths = cut = 0
    for at in range(1, 100):
        folder = tmp_path / str(at)
        process = multiprocessing.get_context("fork").Process(target=_killed, args=(folder, platform, at))
        process.start()
        process.join(60)
        if process.exitcode == 0:
            break
        assert process.exitcode == -signal.SIGKILL
        deaths += 1
        found = held(folder) if any(folder.glob("*.jsonl")) and any(path.stat().st_size for path in folder.glob("*.jsonl")) else []  # fmt: skip
        assert len(found) == len(set(found))
        if found:
            whole = ledger(folder).coverage
            lost = [key for key, (when, _) in page.posts.items() if key not in found]
            assert [key for key in lost if any(a < page.posts[key][0] <= b for a, b in whole.spans)] == []
        (reading,) = collect(folder, platform, FACEBOOK)
        assert reading.outcome is Outcome.WHOLE
        assert sorted(held(folder)) == sorted(page.posts)
        ends = [
            said["outcome"] for _, _, said in lines(folder / "coverage.jsonl") if said and said["record"] == "attempt"
        ]
        cut += ends.count("interrupted")
    assert process.exitcode == 0
    assert (deaths >= 8, 0 < cut <= deaths) == (True, True)


def test_a_person_who_stops_it_loses_nothing_and_the_quota_is_remembered(
    platform: Platform, page: FacebookPage, tmp_path: Path
) -> None:
    page.publish(*range(30, 0, -1))

    def stop(asked: Asked) -> dict[str, Any]:
        if asked.query.get("after") == "3":
            os.kill(os.getpid(), signal.SIGINT)
        return page.answer(asked)

    platform.answer = stop  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        collect(tmp_path, platform, FACEBOOK)
    assert json.loads((tmp_path / "cursor.json").read_text("utf-8"))["addresses"][FACEBOOK.address]["used"] >= 4
    assert len(held(tmp_path)) >= 6
    platform.answer = page.answer  # type: ignore[method-assign]
    (reading,) = collect(tmp_path, platform, FACEBOOK)
    assert (reading.outcome, len(held(tmp_path))) == (Outcome.WHOLE, 30)
    with Folder(tmp_path) as folder:
        assert [a.outcome for a in folder.known.attempts["Facebook xã"]] == [Outcome.INTERRUPTED, Outcome.WHOLE]
