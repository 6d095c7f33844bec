"""A site's recipe at work: applied page by page, re-checked against trafilatura, learnt anew where it no longer agrees.

Every page has a verdict. A page that the recipe does not fit is read by trafilatura and kept as a lesson; enough of those, and the
recipe is learnt anew. Two in a hundred pages, chosen by their address, are read by both.
"""

from __future__ import annotations

import hashlib
import os
import re
import tomllib
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from selectolax.lexbor import LexborHTMLParser

from canbang.errors import InputError, reason
from canbang.fetch.body import read_body
from canbang.fetch.recipe import Layout, Recipe, Verdict, apply, dump, load
from canbang.fetch.recipe_fields import MIN_PAGES, learn_dates
from canbang.fetch.recipe_learn import learn, same_place
from canbang.fetch.recipe_sheet import Lesson
from canbang.item import VIETNAM

FIRST_PAGES = 6
MOST_PAGES = 10
_CHECKED = 50  # one in so many
_AFTER_DOUBT = 3
_UNFIT = 3
_PATIENCE = 48
_DATELESS = 12
_LESSONS_MAX = 3 << 20
"""What all pages kept as lessons may weigh: characters, or fifty a tag, since their trees stand in memory together."""
_MAX_LAYOUTS = 8
_UNSAFE = re.compile(r"[^\w.\-]+")


@dataclass(frozen=True, slots=True)
class Reading:
    """A page's body and where it came from; ``layout`` is the one that read it, ``None`` where trafilatura did."""

    body: str
    verdict: Verdict
    layout: Layout | None


def is_sample(url: str) -> bool:
    """Whether a page is one of those read by both: two in a hundred, the same ones on every machine."""
    return int.from_bytes(hashlib.sha256(url.encode("utf-8", "replace")).digest()[:8], "big") % _CHECKED == 0


class Watch:
    """Reads the pages of one site. ``counts`` are pages by verdict; ``learnt`` how often the recipe was learnt here.

    ``earlier`` are the versions that were replaced, oldest first. Not for several threads.
    """

    def __init__(
        self, site: str, recipe: Recipe | None = None, clock: Callable[[], datetime] = lambda: datetime.now(VIETNAM)
    ) -> None:
        self.site = site
        self.recipe = recipe
        self.earlier: list[Recipe] = []
        self.counts: Counter[Verdict] = Counter()
        self.learnt = 0
        self._clock = clock
        self._lessons: deque[Lesson] = deque(maxlen=MOST_PAGES)
        self._company: deque[Lesson] = deque(maxlen=2)
        self._dateless: deque[Lesson] = deque(maxlen=_DATELESS)
        # Where an earlier visit learnt a recipe it has looked for the dates too.
        self._asked, self._patience = 0, _PATIENCE if recipe else _DATELESS
        self._fresh = 0
        self._wanted = _UNFIT if recipe else FIRST_PAGES
        self._doubt = 0
        self._checks: dict[Layout, deque[bool]] = {}

    def read(
        self,
        url: str,
        markup: str,
        tree: LexborHTMLParser | None = None,
        fetched: datetime | None = None,
        title: str = "",
    ) -> Reading:
        """Read a decoded page; ``tree`` saves parsing it again, ``fetched`` (aware) reads "3 giờ trước".

        A page whose place says nothing of its ``title`` is not read by the recipe.
        """
        reading = self._read(url, markup, tree, fetched, title)
        self.counts[reading.verdict] += 1
        return reading

    def _read(
        self, url: str, markup: str, tree: LexborHTMLParser | None, fetched: datetime | None, title: str
    ) -> Reading:
        if self.recipe is None or not self.recipe.layouts:
            return self._teach(Lesson(url, markup, read_body(markup), fetched), Verdict.LEARNING)
        found = apply(self.recipe, tree or LexborHTMLParser(markup), title)
        if found.layout is None:
            # A page that has changed casts doubt on those after it, also where a selector still finds something.
            changed = found.verdict in (Verdict.SHAPE, Verdict.TOPIC)
            self._doubt = _AFTER_DOUBT if changed else self._doubt
            return self._teach(Lesson(url, markup, read_body(markup), fetched), found.verdict)
        if not (self._doubt or is_sample(url)):
            return Reading(found.body, found.verdict, found.layout)
        self._doubt = max(0, self._doubt - 1)
        return self._check(Lesson(url, markup, read_body(markup), fetched), found.body, found.layout)

    def undated(self, lesson: Lesson) -> None:
        """Take in a page that declares no date and whose layout is not sure of its place: enough of them show it."""
        self._keep(self._dateless, lesson)
        self._asked += 1
        if self.recipe is None or self._asked < self._patience or len(self._dateless) < MIN_PAGES:
            return
        found = learn_dates(self.recipe, list(self._dateless))
        self._asked, self._patience = 0, 2 * self._patience
        if found is not None:
            self.earlier.append(self.recipe)
            self.recipe = found
            self._dateless.clear()

    def _check(self, lesson: Lesson, body: str, layout: Layout) -> Reading:
        """Read by both. A layout that differs oftener than it did when it was learnt is given up."""
        agrees = same_place(lesson, layout, [one for one in self._company if one.url != lesson.url])
        self._keep(self._company, lesson)
        past = self._checks.setdefault(layout, deque(maxlen=6))
        past.append(agrees)
        if agrees:
            return Reading(body, Verdict.CHECKED, layout)
        failed = past.count(False)
        if failed > len(past) * (1 - layout.agreement) + 1 and failed * 2 > len(past):
            self._drop(layout)
        # Where the teacher often failed already, one more failure says nothing.
        self._doubt = _AFTER_DOUBT if layout.agreement >= 0.8 else 0
        return self._teach(lesson, Verdict.DIFFERS)

    def _drop(self, layout: Layout) -> None:
        assert self.recipe is not None
        self.earlier.append(self.recipe)
        rest = tuple(one for one in self.recipe.layouts if one != layout)
        self.recipe = replace(self.recipe, version=self.recipe.version + 1, layouts=rest)
        self._checks.pop(layout, None)

    def _teach(self, lesson: Lesson, verdict: Verdict) -> Reading:
        """Trafilatura's reading, kept as a lesson; with enough of them the recipe is learnt anew."""
        self._keep(self._lessons, lesson)
        self._keep(self._company, lesson)
        self._fresh += 1
        if self._fresh >= self._wanted and len(self._lessons) >= MIN_PAGES:
            self._fresh = 0
            # Pages that teach nothing (lists, notices) are asked ever more seldom: learning costs as much as many readings.
            self._wanted = _UNFIT if self._learn() else min(2 * self._wanted, _PATIENCE)
        return Reading(lesson.body, verdict, None)

    @staticmethod
    def _keep(lessons: deque[Lesson], lesson: Lesson) -> None:
        if 2 * lesson.weight <= _LESSONS_MAX:
            lessons.append(lesson)
        while sum(one.weight for one in lessons) > _LESSONS_MAX:
            lessons.popleft()

    def _learn(self) -> bool:
        """Learn from the lessons at hand; whether something came of it."""
        found = learn(self.site, list(self._lessons), self._clock(), self._version())
        if found is None:
            return False
        self.learnt += 1
        if self.recipe is not None:
            # What the recipe could read it still can: older pages keep the older layouts.
            names = {(layout.body, layout.shapes[:1]) for layout in found.layouts}
            kept = [layout for layout in self.recipe.layouts if (layout.body, layout.shapes[:1]) not in names]
            self.earlier.append(self.recipe)
            found = replace(found, layouts=(*found.layouts, *kept)[:_MAX_LAYOUTS])
        self.recipe = found
        unread = [one for one in self._lessons if apply(found, LexborHTMLParser(one.markup)).layout is None]
        self._lessons = deque(unread, maxlen=MOST_PAGES)
        return True

    def _version(self) -> int:
        return self.recipe.version + 1 if self.recipe else 1


def recipe_file(folder: Path, site: str, version: int | None = None) -> Path:
    """Where a site's recipe stands, or an earlier version of it."""
    name = _UNSAFE.sub("_", site).strip(".") or "_"
    return folder / (f"{name}.toml" if version is None else f"{name}.v{version}.toml")


def load_recipe(folder: Path, site: str) -> Recipe | None:
    """The site's recipe, ``None`` where none was learnt. Raises :class:`InputError` naming file and field."""
    path = recipe_file(folder, site)
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InputError(f"{path}: không đọc được công thức ({reason(error)}).") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: không phải TOML ({error}). Sửa dòng đó, hoặc xóa tệp để học lại.") from None
    recipe = load(table, str(path))
    if recipe.site != site:  # two channels whose names make one file name
        raise InputError(
            f"{path}: trường “site” là “{recipe.site}”, không phải {site}. Sửa lại, hoặc xóa tệp để học lại."
        )
    return recipe


def save_recipe(folder: Path, recipe: Recipe, earlier: Sequence[Recipe] = ()) -> Path:
    """Write a recipe, the ``earlier`` versions beside it as `<site>.v<n>.toml`. Raises :class:`InputError`.

    What a person wrote into the file that is replaced is kept as it stands.
    """
    path = recipe_file(folder, recipe.site)
    before = load_recipe(folder, recipe.site)
    if before is not None and before.version != recipe.version:
        write_whole(recipe_file(folder, before.site, before.version), path.read_text("utf-8"))
    for one in earlier:
        if before is None or one.version != before.version:
            write_whole(recipe_file(folder, one.site, one.version), dump(one))
    write_whole(path, dump(recipe))
    return path


def write_whole(path: Path, text: str) -> None:
    """Write a file whole or not at all, also where the power fails: a reader never meets half of it. Raises :class:`InputError`."""
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(path)
    except OSError as error:
        raise InputError(f"{path}: không ghi được ({reason(error)}). Chọn chỗ khác.") from error
