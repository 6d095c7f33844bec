"""What the pages of a site teach: where its clock stands, its recipe; kept in the folder, used by every way of reading."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from canbang.fetch import reader as reader_module
from canbang.fetch.collected import as_item, folder_sources, lines
from canbang.fetch.coverage import Attempt, Outcome
from canbang.fetch.guard import Guard
from canbang.fetch.reader import Reader, how_read
from canbang.fetch.recipe import Recipe, Verdict
from canbang.fetch.site import network_source
from canbang.fetch.source import Reject
from canbang.fetch.visit import now
from canbang.item import Confidence, DateSource, Item
from canbang.text.legacy import TCVN3
from conftest import Site
from fetch.test_collect import Publisher, items
from fetch.test_recipe import PLACES, SUBJECTS, paragraph


class Portal(Publisher):
    """A site that declares nothing: a sitemap without dates, a clock above the menu, a date line below the headline."""

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self.address = site.url + "/sitemap.xml"
        self.body = "noi-dung"

    def put(self, ages: Iterable[int], dated: bool = True) -> None:
        """Articles so many days old, one for each, numbered by their age."""
        urls = []
        for age in ages:
            self.site.put(f"/tin/{age}.html", self.article(age, dated))
            urls.append(f"<url><loc>{self.site.url}/tin/{age}.html</loc></url>")
        self.site.put("/sitemap.xml", f"<urlset>{''.join(urls)}</urlset>")

    def article(self, age: int, dated: bool = True) -> str:
        menu = "".join(f"<li><a href=/m{n}>Mục {n}</a></li>" for n in range(9))
        line = f'<div class="ngay">{now() - timedelta(days=age):%d/%m/%Y}</div>' if dated else ""
        text = "".join(f"<p>{paragraph(age, place)}</p>" for place in range(7))
        title = f"Bài {age}: {SUBJECTS[age % 8]} ở {PLACES[age % 8]}"
        return (
            f'<html><head><title>{title}</title></head><body><div class="dau">{now():%d/%m/%Y}</div><ul>{menu}</ul>'
            f'<div class="khung"><h1>{title}</h1>{line}<div class="{self.body}">{text}</div></div></body></html>'
        )


@pytest.fixture
def portal(site: Site) -> Portal:
    return Portal(site)


def judged(found: Iterable[object]) -> list[tuple[int, DateSource, Confidence]]:
    """Age in days, where the date was read, how far it is trusted; oldest last."""
    made = [one for one in found if isinstance(one, Item)]
    return sorted(((now().date() - one.published_at.date()).days, one.date_source, one.date_confidence) for one in made)


def test_the_first_pages_are_judged_when_the_clock_is_known(portal: Portal, tmp_path: Path) -> None:
    portal.put([0, 9, 20, 41])
    (attempt,) = portal.collect(tmp_path)
    expected = [(age, DateSource.PAGE_TEXT, Confidence.SURE) for age in (0, 9, 20, 41)]
    assert judged(items(tmp_path)) == expected
    assert attempt.notes == ("4 trang đọc bằng trafilatura, đang học công thức",)
    guard = Guard(allow_loopback=True, gap=0.0, retries=0)
    source = network_source(portal.address, [portal.enrolment], guard)
    assert judged(source) == expected
    assert source.notes == [f"{portal.address}: 4 trang đọc bằng trafilatura, đang học công thức"]


def test_a_site_of_two_pages_has_dates_for_a_person(portal: Portal, tmp_path: Path) -> None:
    portal.put([3, 9])
    (attempt,) = portal.collect(tmp_path)
    assert {confidence for _, _, confidence in judged(items(tmp_path))} == {Confidence.LIKELY}
    assert "2 tin có ngày đăng chưa chắc, cần người xem" in attempt.notes
    written = [said for _, _, said in lines(tmp_path / "coverage.jsonl") if said and said["record"] == "attempt"]
    assert Attempt.of(written[0]).notes == attempt.notes


def test_what_was_learnt_of_the_clock_holds_at_the_next_visit(portal: Portal, tmp_path: Path) -> None:
    """A page that shows nothing but the clock has no date: it is no item of today."""
    portal.put([9, 20, 41])
    portal.collect(tmp_path)
    portal.put([50], dated=False)
    (attempt,) = portal.collect(tmp_path)
    assert (attempt.got, attempt.rejected) == (0, 1)
    (kept,) = (tmp_path / "recipes").glob("*.dates.json")
    assert json.loads(kept.read_text("utf-8"))["clocks"] == ["^body>div.dau"]
    kept.write_text("{")  # its loss costs certainty, not items
    portal.put([0])
    (attempt,) = portal.collect(tmp_path)
    assert (attempt.got, attempt.notes[-1]) == (1, "1 tin có ngày đăng chưa chắc, cần người xem")


def test_a_recipe_is_learnt_kept_and_used(portal: Portal, tmp_path: Path) -> None:
    portal.put(range(1, 9))
    (first,) = portal.collect(tmp_path)
    assert first.notes == ("2 trang đọc theo công thức; 6 trang đọc bằng trafilatura, đang học công thức",)
    (path,) = (tmp_path / "recipes").glob("*.toml")
    assert 'body = "div.noi-dung"' in path.read_text("utf-8")
    portal.put([11, 12])
    (second,) = portal.collect(tmp_path)
    assert second.notes == ("2 trang đọc theo công thức",)
    found = {item.url.rsplit("/", 1)[-1]: item for item in items(tmp_path)}
    assert found["12.html"].text == "\n".join(paragraph(12, place) for place in range(7))
    assert (found["12.html"].date_source, found["12.html"].date_confidence) == (DateSource.RECIPE, Confidence.SURE)


def test_a_redesign_is_learnt_and_the_earlier_recipe_stays(portal: Portal, tmp_path: Path) -> None:
    portal.put(range(1, 8))
    portal.collect(tmp_path)
    (path,) = (tmp_path / "recipes").glob("*.toml")
    path.write_text("# của chị Lan\n" + path.read_text("utf-8"), "utf-8")
    portal.body = "than-bai"
    portal.put(range(11, 16))
    (attempt,) = portal.collect(tmp_path)
    assert attempt.notes == ("2 trang đọc theo công thức; 3 trang đọc bằng trafilatura",)
    assert "than-bai" in path.read_text("utf-8")
    assert path.with_name(path.stem + ".v1.toml").read_text("utf-8").startswith("# của chị Lan")


def test_a_recipe_edited_by_hand_is_obeyed(portal: Portal, tmp_path: Path) -> None:
    portal.put(range(1, 8))
    portal.collect(tmp_path)
    (path,) = (tmp_path / "recipes").glob("*.toml")
    edited = path.read_text("utf-8").replace("exclude = []", 'exclude = ["> p:first-child"]')
    path.write_text(edited, "utf-8")
    portal.put([11])
    portal.collect(tmp_path)
    (found,) = (item for item in items(tmp_path) if item.url.endswith("/11.html"))
    assert found.text == "\n".join(paragraph(11, place) for place in range(1, 7))
    assert path.read_text("utf-8") == edited


@pytest.mark.parametrize("broken", ['body = "div[["', "least = -1", "[[layouts"])
def test_a_broken_recipe_is_named_left_alone_and_loses_no_item(portal: Portal, tmp_path: Path, broken: str) -> None:
    portal.put(range(1, 8))
    portal.collect(tmp_path)
    (path,) = (tmp_path / "recipes").glob("*.toml")
    path.write_text(path.read_text("utf-8").replace("[[layouts]]", f"[[layouts]]\n{broken} #", 1), "utf-8")
    text = path.read_text("utf-8")
    portal.put([11, 12])
    (attempt,) = portal.collect(tmp_path)
    assert (attempt.outcome, attempt.got) == (Outcome.WHOLE, 2)
    assert str(path) in attempt.notes[0] and "xóa tệp để học lại" in attempt.notes[0]
    assert attempt.notes[1] == "2 trang đọc bằng trafilatura"
    assert path.read_text("utf-8") == text


def test_a_folder_that_takes_no_recipe_still_takes_items(portal: Portal, tmp_path: Path) -> None:
    (tmp_path / "recipes").write_text("")
    portal.put(range(1, 9))
    (attempt,) = portal.collect(tmp_path)
    assert (attempt.got, len(items(tmp_path))) == (8, 8)
    assert "không ghi được" in attempt.notes[0] or "không đọc được" in attempt.notes[0]


def test_items_are_on_disk_before_the_recipe_they_taught(
    portal: Portal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed at that moment, the folder holds acts without a recipe, never a recipe without acts."""

    def killed(folder: Path, recipe: Recipe, earlier: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(reader_module, "save_recipe", killed)
    portal.put(range(1, 9))
    with pytest.raises(KeyboardInterrupt):
        portal.collect(tmp_path)
    held = [said for path in tmp_path.glob("items-*.jsonl") for _, _, said in lines(path)]
    assert len(held) == 8
    monkeypatch.undo()
    (attempt,) = portal.collect(tmp_path)
    assert (attempt.outcome, attempt.got, attempt.known) == (Outcome.WHOLE, 0, 8)


def test_two_addresses_of_one_channel_teach_one_reader(portal: Portal, tmp_path: Path) -> None:
    portal.put(range(1, 6))
    portal.site.put("/khac.xml", portal.site.pages["/sitemap.xml"][2])
    portal.put(range(11, 16))
    attempts = portal.collect(tmp_path, portal.address, portal.site.url + "/khac.xml")
    assert sum(attempt.got for attempt in attempts) == 10
    assert sum(int(note.split()[0]) for attempt in attempts for note in attempt.notes if "theo công thức" in note) == 4


def test_a_font_of_the_nineties_is_on_record_beside_the_act(portal: Portal, tmp_path: Path) -> None:
    codes = {letter: code for code, letter in TCVN3.items()}
    portal.put([3, 9, 20])
    for age in (3, 9):
        html = "".join(codes.get(letter, letter) for letter in portal.article(age))
        portal.site.put(f"/tin/{age}.html", html.encode("latin-1", "xmlcharrefreplace"))
    (attempt,) = portal.collect(tmp_path)
    assert "chữ phông cũ đã chuyển sang Unicode: 2 tin từ TCVN3" in attempt.notes
    held = [said for path in tmp_path.glob("items-*.jsonl") for _, _, said in lines(path) if said]
    assert sorted(str(said.get("converted")) for said in held) == ["None", "tcvn3", "tcvn3"]
    assert all("hợp tác xã" in as_item(said).text.lower() or "ở" in as_item(said).text for said in held)
    (kept,) = folder_sources(tmp_path)
    assert kept.notes == [f"{portal.enrolment.scope.rstrip('/')}: chữ phông cũ đã chuyển sang Unicode: 2 tin từ TCVN3"]
    source = network_source(portal.address, [portal.enrolment], Guard(allow_loopback=True, gap=0.0, retries=0))
    assert not [one for one in source if isinstance(one, Reject)]
    assert f"{portal.address}: chữ phông cũ đã chuyển sang Unicode: 2 tin từ TCVN3" in source.notes


def test_pages_are_told_by_what_read_them() -> None:
    assert how_read({}) == ""
    counts = {Verdict.APPLIED: 1200, Verdict.CHECKED: 34, Verdict.LEARNING: 6, Verdict.SHAPE: 2, None: 1}
    assert how_read(counts) == (
        "1.234 trang đọc theo công thức; 3 trang đọc bằng trafilatura; 6 trang đọc bằng trafilatura, đang học công thức"
    )


def test_a_recipe_of_another_site_is_refused(tmp_path: Path) -> None:
    reader_module.save_recipe(tmp_path / "recipes", Recipe("a.vn/x_y", 1, datetime.now().astimezone(), 6, ()))
    assert "không phải a.vn/x/y" in Reader("a.vn/x/y", tmp_path).trouble
