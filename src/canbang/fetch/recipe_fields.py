"""Learning what of a page stands outside of its body: the places of lead and date, where metadata lack them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from canbang.fetch.lines import page_lines
from canbang.fetch.recipe import Layout, Recipe, read_date
from canbang.fetch.recipe_sheet import NAMED, Lesson, Sheet, SheetLine, found_by, lay_out, selectors
from canbang.item import VIETNAM, Confidence
from canbang.text.date_places import Places
from canbang.text.page_dates import PageDate, find_dates

MIN_PAGES = 3
Placed = tuple[Sheet, int]
"""A page and the element of its body."""
_CHANGED = re.compile(r"updat|modif|edit|cap-?nhat|sua", re.IGNORECASE)
_SENTENCE_END = re.compile(r"[.!?…][\"”’')\]]*$")


def _field(placed: Sequence[Placed], right: Callable[[Sheet, int, SheetLine], bool]) -> str:
    """The selector that finds a line of the wanted sort on the most pages; "" where on too few."""
    votes: Counter[str] = Counter()
    ranks: dict[str, int] = {}
    wanted: list[dict[int, str]] = []
    for sheet, at in placed:
        lines = [line for line in sheet.lines if at not in line.path and right(sheet, at, line)]
        spots: dict[int, str] = {}
        for line in lines[:5]:
            for one in line.path[-3:]:
                if len(sheet.inside(one)) == 1:
                    spots[one] = line.text
        wanted.append(spots)
        for one in spots:
            for rank, css in selectors(sheet, one):
                ranks[css] = min(rank, ranks.get(css, rank))
    for css in ranks:
        votes[css] = sum(found_by(sheet, css) in spots for (sheet, _), spots in zip(placed, wanted, strict=True))
    if not votes:
        return ""
    css = max(votes, key=lambda one: (votes[one], -ranks[one], -len(one), one))
    enough = votes[css] >= max(MIN_PAGES, 0.8 * len(placed))
    return css if enough else ""


def lead_place(placed: Sequence[Placed]) -> str:
    """The selector of the lead, for pages whose metadata have none: a sentence of its own between title and body."""
    lacking = [one for one in placed if not one[0].meta.lead or len(one[0].meta.lead) < 40]
    told = Counter(sheet.meta.lead for sheet, _ in placed)
    lacking += [one for one in placed if one not in lacking and told[one[0].meta.lead] > 1]
    if len(lacking) < max(MIN_PAGES, len(placed) / 2):
        return ""

    def right(sheet: Sheet, at: int, line: SheetLine) -> bool:
        first = next((number for number, one in enumerate(sheet.lines) if at in one.path), 0)
        near = any(line is one for one in sheet.lines[max(0, first - 6) : first])
        return (
            near
            and not line.repeated
            and not line.linked
            and len(line.text) >= 40
            and bool(_SENTENCE_END.search(line.text))
        )

    return _field(lacking, right)


def page_dates(sheets: Sequence[Sheet]) -> dict[int, PageDate]:
    """The dates of pages that declare none, by the sheet's id, sure or not; what the pages show of clocks is heeded."""
    bare = [sheet for sheet in sheets if not sheet.meta.dates]
    shown = [find_dates(page_lines(one.tree), title=one.meta.title, fetched=one.lesson.fetched) for one in bare]
    places = Places()
    for one in shown:
        places.learn(one.lines)
    picked = {id(sheet): one.pick(places) for sheet, one in zip(bare, shown, strict=True)}
    return {key: date for key, date in picked.items() if date is not None}


def sure_ones(dates: Mapping[int, PageDate]) -> dict[int, PageDate]:
    """Those of them that are sure."""
    return {key: date for key, date in dates.items() if date.confidence is Confidence.SURE}


def date_place(placed: Sequence[Placed], dates: Mapping[int, PageDate]) -> tuple[str, bool]:
    """The selector of the date, for pages whose metadata have none, and whether all pages agree."""
    days = {key: found.when.astimezone(VIETNAM).date() for key, found in dates.items()}
    bare = [one for one in placed if not one[0].meta.dates]
    asked = [one for one in bare if id(one[0]) in days]
    today = sum(_day(sheet.lesson.fetched) == days[id(sheet)] for sheet, _ in asked)
    # A clock shows today on every page, and so may a site's news: what shows nothing else proves nothing.
    if len({days[id(sheet)] for sheet, _ in asked}) < MIN_PAGES or 2 * today > len(asked):
        return "", False
    for css in (_field(asked, lambda sheet, _, line: line.text == dates[id(sheet)].line), _stamp(asked)):
        read = [
            (read_date(Layout("body", date=css), sheet.tree, sheet.lesson.fetched), id(sheet))
            for sheet, _ in bare
            if css
        ]
        found = [(_day(one.when), days.get(key)) for one, key in read if one is not None]
        right = sum(one == day for one, day in found)
        if right >= MIN_PAGES and all(one == day for one, day in found if day is not None):
            return css, len(found) == len(bare) and right == len(asked)
    return "", False


def _day(when: datetime | None) -> date | None:
    return when.astimezone(VIETNAM).date() if when else None


def _stamp(asked: Sequence[Placed]) -> str:
    """The selector of a ``<time>`` that most pages have, for lines that say more than its date; "" where there is none."""
    votes: Counter[str] = Counter()
    for sheet, _ in asked:
        nodes = sheet.tree.css("time[datetime]")[:5]
        places = [at for node in nodes if (at := sheet.element_of(node)) is not None]
        names = {css for at in places for rank, css in selectors(sheet, at) if rank <= NAMED}
        votes.update(css for css in names if not _CHANGED.search(css))
    if not votes:
        return ""
    best = max(votes, key=lambda css: (votes[css], -len(css), css))
    return f"{best}@datetime"


def learn_dates(recipe: Recipe, lessons: Sequence[Lesson]) -> Recipe | None:
    """The recipe with the places of dates for layouts that are not sure of theirs, its next version; ``None`` for no news.

    ``lessons`` are pages that these layouts read; no teacher is asked. A place that is merely likely on all of them is learnt
    too: to ask the lines of every page would not make it surer.
    """
    sheets = lay_out(lessons)
    dates = page_dates(sheets)
    layouts = []
    for layout in recipe.layouts:
        placed = [(sheet, at) for sheet in sheets if (at := found_by(sheet, layout.body)) is not None]
        day, sure = ("", False) if layout.date_sure else date_place(placed, sure_ones(dates))
        if not day and not layout.date:
            day = date_place(placed, dates)[0]
        layouts.append(replace(layout, date=day, date_sure=sure) if day else layout)
    known = {layout.date for layout in layouts if layout.date_sure}  # one place, two kinds of pages
    fresh = tuple(replace(layout, date_sure=layout.date in known) for layout in layouts)
    return replace(recipe, version=recipe.version + 1, layouts=fresh) if fresh != recipe.layouts else None
