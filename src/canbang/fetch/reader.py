"""The reader of one channel's pages, with what they taught of their site: its recipe, and where its dates stand.

Both are kept in the collect folder under ``recipes/``: the recipe as ``<site>.toml``, for a person to read and edit; the places of
dates as ``<site>.dates.json``, whose loss costs nothing but that the first dates are for a person again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from canbang.errors import InputError
from canbang.fetch.article import OnPage
from canbang.fetch.guard import Response
from canbang.fetch.listing import Listed
from canbang.fetch.page import read_draft
from canbang.fetch.recipe import Recipe, Verdict
from canbang.fetch.recipe_watch import Watch, load_recipe, recipe_file, save_recipe, write_whole
from canbang.text.date_places import Places
from canbang.text.numbers import integer

RECIPES = "recipes"


class Reader:
    """Reads the pages of one channel. Not for several threads; several visits of one channel share it.

    ``folder`` is where ``canbang collect`` keeps things, ``None`` to learn for this run only. A recipe that cannot be read is
    said in ``trouble``, stays as it is, and trafilatura reads in its place.
    """

    def __init__(self, site: str, folder: Path | None = None) -> None:
        self.trouble = ""
        self.watch: Watch | None = None
        self._folder = folder / RECIPES if folder else None
        self._dates = recipe_file(self._folder, site).with_suffix(".dates.json") if self._folder else None
        self.places = _places(self._dates)
        self._written = self._memory()
        self._saved: Recipe | None = None
        try:
            self._saved = load_recipe(self._folder, site) if self._folder else None
            self.watch = Watch(site, self._saved)
        except InputError as error:
            self.trouble = f"{error} Trong lúc đó các trang được đọc bằng trafilatura, không mất tin."

    def read(self, entry: Listed, reply: Response, fetched: datetime) -> OnPage:
        """An entry with its page, as it was answered to a request made at ``fetched`` (aware); never raises."""
        draft = read_draft(
            reply.body, url=reply.url, content_type=reply.content_type, fetched=fetched, watch=self.watch
        )
        if draft.shown is not None:
            self.places.learn(draft.shown.lines)
        return OnPage(entry, draft, self.places)

    def _memory(self) -> dict[str, Any]:
        pages = min(self.places.pages, Places.LEAST)
        places = self.places
        return {
            "pages": pages, "clocks": sorted(places.clocks), "moved": list(places.moved), "varied": list(places.varied)
        }  # fmt: skip

    def save(self) -> None:
        """Write what changed, earlier recipes beside the new one. Where that fails ``trouble`` says so, and nothing stops."""
        recipe = self.watch.recipe if self.watch else None
        memory = self._memory()
        if self._folder is None or self._dates is None:
            return
        try:
            if self.watch and recipe and recipe != self._saved:
                save_recipe(self._folder, recipe, self.watch.earlier)
                self.watch.earlier.clear()
                self._saved = recipe
            if memory != self._written:
                write_whole(self._dates, json.dumps(memory, ensure_ascii=False, indent=1) + "\n")
                self._written = memory
        except InputError as error:
            self.trouble, self._folder = f"{error} Điều mới học về trang không được ghi lại; không mất tin.", None


def _places(path: Path | None) -> Places:
    """What was written last time; nothing where there is nothing, or nothing that can be read."""
    try:
        said = json.loads(path.read_text("utf-8")) if path else {}
        names = (map(str, said.get(name, ())) for name in ("clocks", "moved", "varied"))
        return Places(int(said.get("pages", 0)), *names)
    except (OSError, ValueError, TypeError, AttributeError):
        return Places()


def how_read(verdicts: Mapping[Verdict | None, int]) -> str:
    """Pages by what read them, in words; "" for none."""
    recipe = sum(count for verdict, count in verdicts.items() if verdict and verdict.by_recipe)
    learning = verdicts.get(Verdict.LEARNING, 0)
    rest = sum(verdicts.values()) - recipe - learning
    said = (
        (recipe, "đọc theo công thức"), (rest, "đọc bằng trafilatura"),
        (learning, "đọc bằng trafilatura, đang học công thức"),
    )  # fmt: skip
    return "; ".join(f"{integer(count)} trang {words}" for count, words in said if count)
