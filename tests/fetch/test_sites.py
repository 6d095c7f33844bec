"""The generated sites are what they claim: sized, repeatable, true to their texts, changed by a redesign."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser, LexborNode

from fetch.sites.dates import show
from fetch.sites.generate import PAGES, REDESIGN, SECOND_LAYOUT, Page, pages, second_layout, text_of, words
from fetch.sites.templates import SITES, Site
from fetch.sites.texts import TextsMissing, shared_texts

each_site = pytest.mark.parametrize("site", SITES, ids=lambda site: site.key)


@pytest.fixture(scope="module", autouse=True)
def texts() -> Path:
    try:
        return shared_texts()
    except TextsMissing as missing:
        reason = str(missing)
    pytest.skip(reason)


@lru_cache(maxsize=1)
def sample(site: Site) -> Sequence[Page]:
    """Two pages of each layout, before and after the redesign."""
    second = second_layout(site)
    numbers: list[int] = []
    for design in (range(1, REDESIGN), range(REDESIGN, PAGES + 1)):
        for layout in (False, True):
            numbers += [number for number in design if second[number - 1] is layout][:2]
    return tuple(pages(site, numbers=numbers))


def body_of(page: Page) -> LexborNode:
    tree = LexborHTMLParser(text_of(page))
    tree.strip_tags(["script", "style"])
    assert tree.body is not None
    return tree.body


def check(page: Page) -> None:
    assert len(page.html) >= 60_000
    visible = words(body_of(page).text())
    where = -1
    for paragraph in page.truth.body.split("\n"):
        where = visible.find(words(paragraph), where + 1)
        assert where >= 0, (page.site, page.number, paragraph)
    assert page.truth.title in visible
    assert page.truth.lead in visible
    assert page.truth.shown in visible
    assert page.truth.body.count("\n") >= 1
    assert page.truth.published_at <= page.seen_at
    assert page.truth.has_time or page.truth.published_at.hour == page.truth.published_at.minute == 0


@each_site
def test_the_truth_is_on_the_page_in_its_order(site: Site) -> None:
    for page in sample(site):
        check(page)


@pytest.mark.slow
@each_site
def test_every_page_of_every_site_holds_its_truth(site: Site) -> None:
    made = list(pages(site))
    assert [page.number for page in made] == list(range(1, PAGES + 1))
    assert len({page.truth.title for page in made}) == len({page.url for page in made}) == PAGES
    for redesigned, second in zip((False, True), SECOND_LAYOUT, strict=True):
        layouts = [page.layout for page in made if page.redesigned is redesigned]
        assert layouts.count(site.second) == second
        assert layouts.count("text") == len(layouts) - second
    for page in made:
        check(page)


def test_there_are_fourteen_sites_that_share_no_article() -> None:
    assert len({site.key for site in SITES}) == len({site.host for site in SITES}) == len(SITES) == 14
    titles = [page.truth.title for site in SITES for page in pages(site, numbers=(1, PAGES))]
    assert len(set(titles)) == len(titles)


def digest(seed: int) -> str:
    made = (page for site in SITES[::5] for page in pages(site, seed, (3, PAGES)))
    return hashlib.sha256(b"".join(page.html + repr((page.url, page.truth)).encode() for page in made)).hexdigest()


def test_another_process_makes_the_same_bytes_and_another_seed_other_ones(texts: Path) -> None:
    root = Path(__file__).resolve().parents[1]
    code = f"import sys; sys.path.insert(0, {str(root)!r}); from fetch.test_sites import digest; print(digest(1))"
    shared = {"CANBANG_SHARED": str(texts.parents[1]), "PYTHONHASHSEED": "7"}
    other = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | shared, capture_output=True, text=True, check=True
    )
    assert other.stdout.strip() == digest(1)
    assert digest(2) != digest(1)


def home(page: Page) -> str:
    """Tags and names on the way to what holds all paragraphs; names with a digit belong to one page and are left out."""
    node = body_of(page)
    paragraphs = [words(paragraph) for paragraph in page.truth.body.split("\n")]
    way = []
    while True:
        names = " ".join(sorted(name for name in (node.attributes.get("class") or "").split() if name.isascii()))
        kept = " ".join(name for name in names.split() if not any(letter.isdigit() for letter in name))
        way.append(f"{node.tag}.{kept}#{'' if any(map(str.isdigit, node.id or '')) else node.id}")
        for child in node.iter():
            inside = words(child.text())
            if all(paragraph in inside for paragraph in paragraphs):
                node = child
                break
        else:
            return "/".join(way)


@each_site
def test_the_body_stands_elsewhere_in_the_second_layout_and_after_the_redesign(site: Site) -> None:
    homes: dict[tuple[bool, str], set[str]] = {}
    for page in sample(site):
        homes.setdefault((page.redesigned, page.layout), set()).add(home(page))
    assert set(homes) == {(new, layout) for new in (False, True) for layout in ("text", site.second)}
    seen = [way for ways in homes.values() for way in ways]
    assert len(seen) == len(set(seen))


@each_site
def test_dates_that_are_not_the_articles_stand_beside_it(site: Site) -> None:
    for page in sample(site):
        visible = words(body_of(page).text())
        assert words(site.licence) in visible
        assert not site.clock or show(site.clock, page.seen_at) in visible


def test_the_bytes_differ_as_servers_differ() -> None:
    made = {site.key: next(pages(site, numbers=(1,))) for site in SITES}
    assert made["vportal"].html.startswith(b"\xef\xbb\xbf")
    with pytest.raises(UnicodeDecodeError):
        made["tables"].html.decode("utf-8")
    assert "iso-8859-1" in made["joomla"].content_type
    assert made["joomla"].html.decode("utf-8")
    assert len(made["commune"].html.decode("utf-8")) > len(text_of(made["commune"]))
