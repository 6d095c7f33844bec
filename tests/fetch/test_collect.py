"""Collecting into a folder: what is new, edited, taken down, missing; and what a report is told of it."""

from __future__ import annotations

import asyncio
import json
from datetime import date, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from canbang.errors import InputError
from canbang.fetch.collected import CollectedSource, folder_sources, is_collected, lines
from canbang.fetch.coverage import Attempt, Coverage, Outcome, State, coverage, merge, spoken
from canbang.fetch.enrolment import Enrolment, new_enrolment
from canbang.fetch.folder import Folder
from canbang.fetch.guard import Guard
from canbang.fetch.listing import feed_reach, sitemap_reach
from canbang.fetch.site import network_source
from canbang.fetch.source import Reject
from canbang.fetch.visit import TRIES, collect, now
from canbang.item import VIETNAM, Confidence, DateSource, Item
from conftest import Site

HOUR = timedelta(hours=1)


class Publisher:
    """A site whose feed keeps its newest ``keep`` items; time goes by an hour an item and ends an hour ago."""

    def __init__(self, site: Site, keep: int = 20) -> None:
        self.site, self.keep = site, keep
        self.items: list[dict[str, Any]] = []
        record = new_enrolment(site.url + "/", "UBND tỉnh Lam Vân", "Chánh Văn phòng")
        site.put("/.well-known/canbang.txt", record.code)
        at = site.url + "/.well-known/canbang.txt"
        self.enrolment = Enrolment(record.url, record.scope, record.owner, record.by, record.code, "2026-09-01", "well-known", at, "2026-09-01")  # fmt: skip
        self.address = site.url + "/rss/tin.rss"

    def publish(self, count: int, ago: float = 1.0) -> None:
        """So many new items, the last one ``ago`` hours ago."""
        for back in range(count - 1, -1, -1):
            number = len(self.items) + 1
            self.items.append(
                {"n": number, "title": f"Xã khánh thành đường số {number}", "when": now() - HOUR * (ago + back)}
            )
            self.page(
                number, f"<article><h1>Tin {number}</h1><p>{'Bà con đi lại thuận tiện hơn trước. ' * 20}</p></article>"
            )
        self.feed()

    def page(self, number: int, body: str, status: int = 200) -> None:
        self.site.put(f"/tin/{number}.html", f"<html><body>{body}</body></html>", status)

    def feed(self, **headers: str) -> None:
        entries = "".join(
            f"<item><title>{one['title']}</title><link>{self.site.url}/tin/{one['n']}.html</link><guid>{one['n']}</guid>"
            f"<description>Sapo {one['n']}</description><pubDate>{format_datetime(one['when'])}</pubDate></item>"
            for one in reversed(self.items[-self.keep :])
        )
        self.site.put(
            "/rss/tin.rss", f"<rss version='2.0'><channel><title>C</title>{entries}</channel></rss>", **headers
        )

    def collect(self, folder: Path, *addresses: str, pages: bool = True) -> list[Attempt]:
        async def run() -> list[Attempt]:
            with Folder(folder) as opened:
                guard = Guard(allow_loopback=True, gap=0.0, deadline=5.0, retries=0)
                return await collect(
                    opened, [(a, self.enrolment) for a in addresses or (self.address,)], guard, pages=pages
                )

        return asyncio.run(run())


@pytest.fixture
def publisher(site: Site) -> Publisher:
    return Publisher(site)


def items(folder: Path) -> list[Item]:
    return [thing for source in folder_sources(folder) for thing in source if isinstance(thing, Item)]


def ledger(folder: Path) -> Coverage:
    (source,) = folder_sources(folder)
    assert isinstance(source, CollectedSource)
    return source.coverage


def test_each_act_comes_once_however_often_it_is_collected(publisher: Publisher, tmp_path: Path) -> None:
    publisher.publish(3)
    (first,) = publisher.collect(tmp_path)
    publisher.publish(2, ago=0.5)
    (second,) = publisher.collect(tmp_path)
    assert [(a.outcome, a.got, a.known) for a in (first, second)] == [(Outcome.WHOLE, 3, 0), (Outcome.WHOLE, 2, 3)]
    found = items(tmp_path)
    assert sorted(item.platform_id for item in found) == ["1", "2", "3", "4", "5"]
    assert {item.date_source for item in found} == {DateSource.FEED}
    assert all("Bà con đi lại" in item.text for item in found)


def test_an_unchanged_feed_is_not_read_again_and_still_vouches(publisher: Publisher, tmp_path: Path) -> None:
    publisher.publish(3)
    publisher.feed(ETag='"1"')
    publisher.collect(tmp_path)
    publisher.site.put("/rss/tin.rss", "", 304)
    (attempt,) = publisher.collect(tmp_path)
    assert (attempt.outcome, attempt.tried, attempt.known) == (Outcome.WHOLE, 3, 3)
    assert attempt.covers is not None and attempt.covers[0] == publisher.items[0]["when"]


def test_an_edit_is_a_revision_and_keeps_its_day(publisher: Publisher, tmp_path: Path) -> None:
    publisher.publish(3)
    publisher.collect(tmp_path)
    publisher.items[1] |= {
        "title": "Xã khánh thành đường số 2 (đã sửa)",
        "when": publisher.items[1]["when"] + timedelta(days=2),
    }
    publisher.feed()
    (attempt,) = publisher.collect(tmp_path)
    assert (attempt.got, attempt.revised) == (0, 1)
    (edited,) = [item for item in items(tmp_path) if item.platform_id == "2"]
    assert edited.title.endswith("(đã sửa)")
    assert edited.published_at == publisher.items[1]["when"] - timedelta(days=2)
    assert ledger(tmp_path).revised == (edited.id,)


def test_a_removed_act_stays_counted_and_marked(publisher: Publisher, tmp_path: Path) -> None:
    publisher.publish(60)
    publisher.keep = 60
    publisher.feed()
    publisher.collect(tmp_path, pages=False)
    gone = publisher.items.pop(-3)
    publisher.page(gone["n"], "không còn", 404)
    publisher.feed()
    (attempt,) = publisher.collect(tmp_path, pages=False)
    assert attempt.deleted == 1
    assert len(items(tmp_path)) == 60
    assert ledger(tmp_path).deleted == (f"{publisher.enrolment.scope.rstrip('/')}/{gone['n']}",)
    (source,) = folder_sources(tmp_path)
    assert any("1 tin bị gỡ, vẫn được đếm" in line for line in source.coverage.summary())


def test_an_act_that_only_left_the_feed_is_not_called_removed(publisher: Publisher, tmp_path: Path) -> None:
    publisher.publish(60)
    publisher.keep = 60
    publisher.feed()
    publisher.collect(tmp_path, pages=False)
    publisher.items.pop(-3)
    publisher.feed()
    (attempt,) = publisher.collect(tmp_path, pages=False)
    assert (attempt.deleted, len(items(tmp_path))) == (0, 60)


def test_a_failed_reading_is_a_gap_and_never_nothing_published(publisher: Publisher, tmp_path: Path) -> None:
    publisher.publish(3)
    publisher.collect(tmp_path)
    publisher.site.put("/rss/tin.rss", "", 503)
    (attempt,) = publisher.collect(tmp_path)
    assert (attempt.outcome, attempt.covers, attempt.errors[0][0]) == (Outcome.FAILED, None, "status")
    today = now().date()
    assert ledger(tmp_path).failed == {today: 1}
    assert ledger(tmp_path).state(today + timedelta(days=1)) is State.MISSING


def test_what_rolled_off_between_two_readings_is_a_gap(publisher: Publisher, tmp_path: Path) -> None:
    """The feed keeps 20; 100 hours are published between two readings, so what was neither seen nor listed is not vouched for."""
    publisher.publish(20, ago=150)
    publisher.collect(tmp_path, pages=False)
    publisher.publish(100)
    (attempt,) = publisher.collect(tmp_path, pages=False)
    assert attempt.covers is not None and attempt.covers[0] == publisher.items[-20]["when"]


def test_an_empty_feed_vouches_for_nothing(publisher: Publisher, tmp_path: Path) -> None:
    publisher.feed()
    (attempt,) = publisher.collect(tmp_path)
    assert (attempt.covers, [name for name, _ in attempt.errors]) == (None, ["empty"])


def test_a_page_that_fails_waits_and_counts_by_its_feed_in_the_end(publisher: Publisher, tmp_path: Path) -> None:
    publisher.publish(2)
    publisher.page(2, "", 500)
    outcomes = [publisher.collect(tmp_path)[0] for _ in range(TRIES)]
    assert [(a.outcome, a.got, len(a.waiting)) for a in outcomes] == [
        (Outcome.PART, 1, 1),
        (Outcome.PART, 0, 1),
        (Outcome.WHOLE, 1, 0),
    ]
    assert sorted(item.platform_id for item in items(tmp_path)) == ["1", "2"]


def test_what_waits_is_not_lost_when_the_feed_forgets_it(publisher: Publisher, tmp_path: Path) -> None:
    publisher.keep = 2
    publisher.publish(2, ago=5)
    publisher.page(2, "", 500)
    publisher.collect(tmp_path)
    day = publisher.items[1]["when"].date()
    assert ledger(tmp_path).waiting == {day.isoformat(): 1}
    publisher.publish(3)
    publisher.page(2, "<article><p>" + "Đã tải lại được. " * 30 + "</p></article>")
    publisher.collect(tmp_path)
    assert "2" in {item.platform_id for item in items(tmp_path)}
    assert ledger(tmp_path).waiting == {}


def test_one_failing_channel_does_not_stop_the_next(publisher: Publisher, site: Site, tmp_path: Path) -> None:
    publisher.publish(2)
    site.put("/xau/rss", b"<rss><channel>", 500)
    bad, good = publisher.collect(tmp_path, site.url + "/xau/rss", publisher.address)
    assert (bad.outcome, good.outcome, good.got) == (Outcome.FAILED, Outcome.WHOLE, 2)


def test_the_same_article_by_feed_and_by_sitemap_is_one_act(publisher: Publisher, site: Site, tmp_path: Path) -> None:
    publisher.publish(2)
    urls = "".join(f"<url><loc>{site.url}/tin/{n}.html</loc><lastmod>2026-09-0{n}</lastmod></url>" for n in (1, 2))
    site.put("/sitemap.xml", f"<urlset>{urls}</urlset>")
    publisher.collect(tmp_path, publisher.address)
    publisher.collect(tmp_path, site.url + "/sitemap.xml")
    assert sorted(item.platform_id for item in items(tmp_path)) == ["1", "2"]


def test_pages_of_a_sitemap_that_are_no_items_are_dropped_with_a_count(
    publisher: Publisher, site: Site, tmp_path: Path
) -> None:
    site.put("/sitemap.xml", f"<sitemapindex><sitemap><loc>{site.url}/s1.xml</loc></sitemap></sitemapindex>")
    site.put(
        "/s1.xml", f"<urlset><url><loc>{site.url}/lien-he</loc></url><url><loc>{site.url}/a.html</loc></url></urlset>"
    )
    site.put("/lien-he", "<html><head><title>Liên hệ</title></head><body>Địa chỉ</body></html>")
    meta = '<meta property="og:title" content="Thông xe cầu Khe Dâu"><meta property="article:published_time" content="2026-09-05T08:15:00+07:00">'
    site.put(
        "/a.html",
        f"<html><head>{meta}</head><body><article><p>{'Cây cầu dài 146 m. ' * 30}</p></article></body></html>",
    )
    for known in (0, 1):
        (attempt,) = publisher.collect(tmp_path, site.url + "/sitemap.xml")
        assert (attempt.got, attempt.rejected) == ((1, 1) if not known else (0, 0))
    (source,) = folder_sources(tmp_path)
    things = list(source)
    assert [type(thing) for thing in things] == [Reject, Item]


def test_a_torn_last_line_is_taken_off_and_collected_again(publisher: Publisher, tmp_path: Path) -> None:
    publisher.publish(3)
    publisher.collect(tmp_path)
    (path,) = tmp_path.glob("items-*.jsonl")
    whole = path.read_bytes()
    path.write_bytes(whole[:-30])
    (tmp_path / "coverage.jsonl").write_bytes((tmp_path / "coverage.jsonl").read_bytes() + b'{"record": "beg')
    (tmp_path / "cursor.json").write_text("{")
    with Folder(tmp_path) as folder:
        assert folder.recovered == [path.name, "coverage.jsonl", "cursor.json"]
    assert len(items(tmp_path)) == 2
    (attempt,) = publisher.collect(tmp_path)
    assert (attempt.got, attempt.known, len(items(tmp_path))) == (1, 2, 3)


def test_a_reading_that_never_ended_is_on_record(publisher: Publisher, tmp_path: Path) -> None:
    with Folder(tmp_path) as folder:
        folder.begin("kenh", "https://a.vn/rss", now(), "ghi danh")
    with Folder(tmp_path) as folder:
        assert [a.outcome for a in folder.known.attempts["kenh"]] == [Outcome.INTERRUPTED]
    records = [said["record"] for _, _, said in lines(tmp_path / "coverage.jsonl") if said]
    assert records == ["begin", "attempt"]


def test_a_second_collector_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    with Folder(tmp_path), pytest.raises(InputError, match="lần thu thập khác"), Folder(tmp_path):
        pass
    with Folder(tmp_path):
        pass


def test_a_damaged_line_is_named(publisher: Publisher, tmp_path: Path) -> None:
    publisher.publish(2)
    publisher.collect(tmp_path)
    (path,) = tmp_path.glob("items-*.jsonl")
    path.write_bytes(b'{"rubbish": \n' + path.read_bytes())
    (source,) = folder_sources(tmp_path)
    assert any(f"{path.name} dòng 1 bị hỏng" in note for note in source.notes)
    assert len(items(tmp_path)) == 2


def test_a_folder_is_known_by_what_it_holds(tmp_path: Path) -> None:
    assert is_collected(tmp_path) is False
    (tmp_path / "items-2026-09.jsonl").write_text("")
    assert is_collected(tmp_path) is True
    with pytest.raises(InputError, match="chưa có gì"):
        folder_sources(tmp_path)


def test_a_written_consent_opens_what_robots_close(publisher: Publisher, site: Site, tmp_path: Path) -> None:
    publisher.publish(1)
    site.put("/robots.txt", "User-agent: *\nDisallow: /")
    (closed,) = publisher.collect(tmp_path)
    assert (closed.outcome, closed.errors[0][0]) == (Outcome.FAILED, "robots")
    publisher.enrolment = Enrolment(**{name: getattr(publisher.enrolment, name) for name in publisher.enrolment.__slots__} | {"consent": "Công văn 12/VP"})  # type: ignore[arg-type]  # fmt: skip
    (opened,) = publisher.collect(tmp_path)
    assert (opened.outcome, opened.got) == (Outcome.WHOLE, 1)
    assert "Công văn 12/VP" in publisher.enrolment.line


def test_an_outage_is_no_withdrawn_proof(publisher: Publisher, site: Site, tmp_path: Path) -> None:
    publisher.publish(1)
    site.put("/.well-known/canbang.txt", "", 503)
    site.put("/", "", 503)
    (attempt,) = publisher.collect(tmp_path)
    assert attempt.errors[0][0] == "status"
    site.put("/.well-known/canbang.txt", "canbang-khac")
    site.put("/", "<html></html>")
    (attempt,) = publisher.collect(tmp_path)
    assert attempt.errors[0][0] == "enrolment"


def found(site: Site, publisher: Publisher, path: str = "/") -> list[str]:
    guard = Guard(allow_loopback=True, gap=0.0, retries=0)
    source = network_source(site.url + path, [publisher.enrolment], guard)
    list(source)
    return [note for note in source.notes if "tìm thấy" in note]


@pytest.mark.parametrize(
    ("home", "at"),
    [
        ('<link rel="alternate" type="application/rss+xml" title="Bình luận" href="/comments/feed/"><link rel="alternate" type="application/rss+xml" href="/rss/tin.rss">', "/rss/tin.rss"),
        ('<script>var _spPageContextInfo = {"pageListId":"{0a1b2c3d-1111-2222-3333-444455556666}"}</script>', "/_layouts/15/listfeed.aspx?List=%7B0a1b2c3d-1111-2222-3333-444455556666%7D"),
        ('<script>Liferay.ThemeDisplay</script><a href="/c/journal/get_rss?groupId=1&amp;feedId=2">RSS</a>', "/c/journal/get_rss?groupId=1&feedId=2"),
        ('<!-- VNPT Portal --><a href="/rss.aspx?cid=3">RSS</a>', "/rss.aspx?cid=3"),
        ("<p>không khai gì</p>", "/feed"),
        ("<p>không khai gì</p>", "/news-sitemap.xml"),
    ],
)  # fmt: skip
def test_the_feed_of_each_kind_of_site_is_found(site: Site, publisher: Publisher, home: str, at: str) -> None:
    publisher.publish(1)
    body = site.pages.pop("/rss/tin.rss")
    if at.endswith(".xml"):
        news = "<n:news xmlns:n='n'><n:publication_date>2026-09-05</n:publication_date><n:title>T mới trong ngày</n:title></n:news>"
        body = (200, {}, f"<urlset><url><loc>{site.url}/tin/1.html</loc>{news}</url></urlset>".encode())
    site.pages[at] = body
    site.put("/", f"<html><head>{home}</head></html>")
    assert found(site, publisher) == [f"{site.url}/: tìm thấy {site.url}{at}"]
    assert "/comments/feed/" not in site.asked


def test_all_feeds_of_a_page_of_feeds_are_read(site: Site, publisher: Publisher, tmp_path: Path) -> None:
    publisher.publish(2)
    other = site.pages["/rss/tin.rss"][2].replace(b"<guid>", b"<guid>b").replace(b"/tin/", b"/tin/b")
    site.put("/rss/khac.rss", other)
    site.put(
        "/rss.html",
        '<html><body><a href="/rss/tin.rss">Tin</a><a href="/rss/khac.rss">Khác</a><a href="/rss/het.rss">Hết</a></body></html>',
    )
    site.put("/", "<html></html>")
    (attempt,) = publisher.collect(tmp_path, site.url + "/", pages=False)
    assert (attempt.outcome, attempt.got) == (Outcome.WHOLE, 4)


def at(day: int, hour: int = 0) -> datetime:
    return datetime(2026, 9, day, hour, tzinfo=VIETNAM)


def attempt(covers: tuple[datetime, datetime] | None, address: str = "https://a.vn/", **more: Any) -> Attempt:
    outcome = Outcome.WHOLE if covers else Outcome.FAILED
    return Attempt("a.vn", address, at(20), at(20), outcome, covers=covers, **more)


def test_gaps_are_days_that_nothing_vouches_for() -> None:
    covered = coverage(
        "a.vn", [attempt((at(1, 6), at(9, 12))), attempt(None), attempt((at(12), at(20)))], [date(2026, 9, 9)]
    )
    assert [d.day.day for d in covered.days(date(2026, 9, 1), date(2026, 9, 19)) if d.state is not State.WHOLE] == [
        1,
        9,
        10,
        11,
        12,
    ]
    assert [covered.state(date(2026, 9, day)) for day in (1, 2, 9, 10, 12)] == [
        State.PART, State.WHOLE, State.PART, State.MISSING, State.PART,
    ]  # fmt: skip
    assert (
        covered.line(date(2026, 9, 2), date(2026, 9, 11), date(2026, 9, 20)) == "thiếu dữ liệu 3 ngày (9/9–11/9/2026)"
    )
    assert covered.line(date(2026, 9, 2), date(2026, 9, 8), date(2026, 9, 20)) == ""


def test_sections_vouch_together_and_the_front_page_alone() -> None:
    one, two = attempt((at(1), at(9)), "https://a.vn/rss/1"), attempt((at(5), at(12)), "https://a.vn/rss/2")
    assert coverage("a.vn", [one, two]).spans == ((at(5), at(9)),)
    assert coverage("a.vn", [one, two, attempt((at(8), at(20)))]).spans == ((at(5), at(20)),)


def test_an_entry_that_waits_makes_its_day_a_part() -> None:
    covered = coverage(
        "a.vn", [attempt((at(1), at(9)), waiting=({"key": "x", "day": "2026-09-03"}, {"key": "y", "day": ""}))]
    )
    assert (covered.state(date(2026, 9, 3)), covered.state(date(2026, 9, 4))) == (State.PART, State.WHOLE)
    assert (
        covered.line(date(2026, 9, 2), date(2026, 9, 8))
        == "thiếu dữ liệu 1 ngày (3/9/2026); 1 địa chỉ chưa tải được, chưa rõ ngày đăng"
    )


def test_an_attempt_reads_as_it_was_written() -> None:
    one = attempt((at(1), at(9)), waiting=({"key": "x", "day": ""},), errors=(("dns", "không thấy"),), got=3)
    assert Attempt.of(json.loads(json.dumps(one.as_dict()))) == one


def test_spans_that_touch_are_one_and_days_are_spoken_in_runs() -> None:
    assert merge([(at(3), at(4)), (at(1), at(2)), (at(2), at(3)), (at(9), at(9))]) == ((at(1), at(4)),)
    days = [date(2026, 9, day) for day in (3, 4, 5, 9)]
    assert spoken(days) == "3/9–5/9, 9/9/2026"
    assert spoken([date(2025, 12, 30), date(2025, 12, 31), date(2026, 1, 1), date(2026, 1, 9)]) == (
        "30/12/2025–1/1, 9/1/2026"
    )
    assert spoken([date(2025, 12, 9), date(2026, 1, 9)]) == "9/12/2025, 9/1/2026"


def test_a_pinned_old_entry_does_not_vouch_for_a_year() -> None:
    falling = [at(20), at(19), at(18)]
    assert feed_reach([datetime(2026, 1, 1, tzinfo=VIETNAM), *falling]) == at(18)
    assert feed_reach(list(reversed(falling))) == at(18)
    assert feed_reach([at(5), at(19), at(2), at(18), at(3)]) == at(19)
    assert feed_reach([]) is None
    assert sitemap_reach([datetime(2015, 1, 1, tzinfo=VIETNAM), at(1), at(2), at(3)]) == at(1)


def test_a_date_in_the_future_is_for_a_person(publisher: Publisher, tmp_path: Path) -> None:
    publisher.publish(1, ago=-20)
    publisher.collect(tmp_path, pages=False)
    assert [item.date_confidence for item in items(tmp_path)] == [Confidence.LIKELY]
