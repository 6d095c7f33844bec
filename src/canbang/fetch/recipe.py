"""A site's recipe: where its pages keep body, lead and date, as data that a person can read and edit.

Learnt by :mod:`canbang.fetch.recipe_learn` from a handful of pages with trafilatura as teacher, applied here by CSS selectors
alone. A page that does not look like those it was learnt from is not read by it: :func:`apply` says why, and trafilatura reads.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from itertools import pairwise
from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from canbang.errors import InputError
from canbang.fetch.metadata import selected
from canbang.item import VIETNAM, Confidence
from canbang.text.dates import Doubt, split_date
from canbang.text.normalise import nfc
from canbang.text.page_dates import PageDate, beside_date

INLINE = frozenset({
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "em", "font", "i", "img", "ins", "kbd", "label",
    "mark", "nobr", "o:p", "q", "s", "small", "span", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr",
})  # fmt: skip
SKIPPED = frozenset({
    "script", "style", "noscript", "template", "svg", "select", "iframe", "object", "textarea", "button", "canvas", "math", "video",
})  # fmt: skip
_MAX_NODES = 30_000
_MAX_DEPTH = 200  # hostile pages nest without end
_STRANGE = 0.3  # share of a body's letters in shapes that were not learnt
_BESIDE_MORE = 400
_LINKED_MORE = 0.2
_CUT_MORE = 0.25
_SURE_REST = 40
_FEWEST_PAIRS = 4
ON_TOPIC = 0.2
"""From here on the bodies of several pages speak of their headlines; other stories reach 0.05."""
_WORD = re.compile(r"\w+")


class Verdict(StrEnum):
    """What became of a page: read by the recipe, or by trafilatura and why."""

    APPLIED = "applied"
    CHECKED = "checked"
    """Read by both, and they agree; the recipe's text is taken."""
    LEARNING = "learning"
    """There is no recipe yet."""
    EMPTY = "empty"
    """No selector finds one place."""
    SHORT = "short"
    SHAPE = "shape"
    """The place is there, but what stands in it or beside it is not what was learnt."""
    TOPIC = "topic"
    """What stands in the place has no two words of the headline side by side: other stories, most often."""
    DIFFERS = "differs"
    """Read by both, and they do not agree; trafilatura's text is taken."""

    @property
    def by_recipe(self) -> bool:
        """Whether the text is the recipe's."""
        return self in (Verdict.APPLIED, Verdict.CHECKED)


@dataclass(frozen=True, slots=True)
class Layout:
    """One kind of page of a site.

    ``body`` finds the one element that holds the article; ``exclude`` what in it is none of it (selectors within the body, "> p"
    for its children). ``lead`` and ``date`` are selectors for what metadata lacks, "" where nothing sure was found; ``date_sure``
    that every page it was learnt from agreed. ``shapes`` are the tags around a paragraph ("div>p"), ``least`` the fewest letters,
    ``linked`` the highest share of letters in links (0 to 1), ``cut`` of letters excluded, ``beside`` the most letters in paragraphs
    beside the body; ``headline`` how far the bodies spoke of their pages' headlines (:func:`topic_share`, 0 where titles are none).
    ``pages`` it was learnt from; ``agreement`` is the share of them on which the teacher's text stood in the same place.
    """

    body: str
    exclude: tuple[str, ...] = ()
    shapes: tuple[str, ...] = ()
    least: int = 200
    linked: float = 0.1
    beside: int = 0
    cut: float = 0.0
    pages: int = 0
    agreement: float = 1.0
    lead: str = ""
    date: str = ""
    date_sure: bool = False
    headline: float = 0.0


@dataclass(frozen=True, slots=True)
class Recipe:
    """A site's layouts, tried in their order. ``learnt_at`` is aware; ``pages`` is how many were looked at."""

    site: str
    version: int
    learnt_at: datetime
    pages: int
    layouts: tuple[Layout, ...]


@dataclass(frozen=True, slots=True)
class Applied:
    """What a recipe made of a page: its body ("" where it does not fit), the layout that fitted, the verdict."""

    body: str
    layout: Layout | None
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class ShapedLine:
    """A line of text; ``shape`` is its block tags below the root, ``linked`` its letters in links."""

    text: str
    shape: str
    linked: int


def shaped_lines(root: LexborNode, skip: frozenset[int] = frozenset()) -> list[ShapedLine]:
    """The lines under an element in reading order, without the elements whose ``mem_id`` is in ``skip``."""
    out: list[ShapedLine] = []
    parts: list[str] = []
    path: list[str] = []
    linked = 0

    def end() -> None:
        nonlocal linked
        text = nfc("".join(parts))
        if text:
            out.append(ShapedLine(text, ">".join(tag for tag in path if tag not in INLINE), linked))
        parts.clear()
        linked = 0

    stack = [(root.child, 0)]
    for _ in range(_MAX_NODES):
        if not stack:
            break
        node, depth = stack.pop()
        if node is None:
            continue
        stack.append((node.next, depth))
        tag = node.tag or ""
        if depth < len(path):
            if any(one not in INLINE for one in path[depth:]):
                end()
            del path[depth:]
        if tag == "-text":
            text = node.text_content or ""
            parts.append(text)
            if "a" in path:
                linked += len(text.strip())
        elif tag[0] not in "-_!" and tag not in SKIPPED:
            if tag not in INLINE:
                end()
            if node.mem_id not in skip and depth < _MAX_DEPTH:
                path.append(tag)
                stack.append((node.child, depth + 1))
    end()
    return out


def beside(place: LexborNode) -> int:
    """Letters in paragraphs and like-named elements beside a place: a body that was split stands there."""
    tag, names = place.tag, place.attributes.get("class")
    total = 0
    for step in ("prev", "next"):
        node = getattr(place, step)
        for _ in range(60):
            if node is None:
                break
            if node.tag == "p" or (node.tag == tag and names and node.attributes.get("class") == names):
                total += len(node.text().strip())
            node = getattr(node, step)
    return total


def one_place(tree: LexborHTMLParser, selector: str) -> LexborNode | None:
    """The element that a selector finds, where it finds just one."""
    found = tree.css(selector)
    return found[0] if len(found) == 1 else None


def body_lines(tree: LexborHTMLParser, place: LexborNode, layout: Layout) -> tuple[list[ShapedLine], int]:
    """The lines of a layout's body without its exclusions, and how many letters these took out."""
    if not layout.exclude:
        return shaped_lines(place), 0
    cut = tree.css(", ".join(f"{layout.body} {css}" for css in layout.exclude))
    lines = shaped_lines(place, frozenset(node.mem_id for node in cut))
    return lines, sum(len(node.text().strip()) for node in cut if node.css_first("script, style") is None)


def topic_share(title: str, text: str) -> float | None:
    """How many pairs of neighbouring words of a headline a text has, 0 to 1; ``None`` for a headline too short to tell.

    Of 280 articles 3 have none of their headline's pairs, and half of them every second one; a dozen leads of other stories
    have none in six cases of ten.
    """
    pairs = {f"{one} {other}" for one, other in pairwise(_WORD.findall(title.casefold()))}
    if len(pairs) < _FEWEST_PAIRS:
        return None
    text = text.casefold()
    return sum(pair in text for pair in pairs) / len(pairs)


def _fits(place: LexborNode, lines: list[ShapedLine], cut: int, layout: Layout) -> Verdict:
    size = sum(len(line.text) for line in lines)
    if size < layout.least:
        return Verdict.SHORT
    known = frozenset(layout.shapes)
    strange = sum(len(line.text) for line in lines if line.shape not in known) if known else 0
    linked = sum(line.linked for line in lines)
    if strange > _STRANGE * size or linked > (layout.linked + _LINKED_MORE) * size:
        return Verdict.SHAPE
    if cut > (layout.cut + _CUT_MORE) * (size + cut) or beside(place) > 2 * layout.beside + _BESIDE_MORE:
        return Verdict.SHAPE
    return Verdict.APPLIED


def apply(recipe: Recipe, tree: LexborHTMLParser, title: str = "") -> Applied:
    """Read a page's body by the first layout that fits. Never raises for a recipe that :func:`load` let through."""
    why = Verdict.EMPTY
    for layout in recipe.layouts:
        place = one_place(tree, layout.body)
        if place is None:
            continue
        lines, cut = body_lines(tree, place, layout)
        verdict = _fits(place, lines, cut, layout)
        if verdict.by_recipe:
            text = "\n".join(line.text for line in lines)
            if layout.headline < ON_TOPIC or topic_share(title, text) != 0:
                return Applied(text, layout, verdict)
            verdict = Verdict.TOPIC
        why = verdict
    return Applied("", None, why)


def read_date(
    layout: Layout, tree: LexborHTMLParser, fetched: datetime | None = None, zone: tzinfo = VIETNAM
) -> PageDate | None:
    """The date where the layout keeps it, for pages whose metadata have none: sure only where nothing else stands there.

    A day after ``fetched`` (aware) is none.
    """
    written = selected(tree, layout.date)
    found = split_date(written[:200], now=fetched, zone=zone) if written else None
    if found is None:
        return None
    dated, rest = found
    if fetched is not None and dated.when > fetched + timedelta(days=1):
        return None
    sure = layout.date_sure and dated.doubt is Doubt.NONE and len(beside_date(rest)) <= _SURE_REST
    return PageDate(dated.when, dated.has_time, Confidence.SURE if sure else Confidence.LIKELY, written[:100])


_HEAD = """\
# Công thức đọc trang của {site}, học từ {pages} trang. Sửa được bằng tay; canbang kiểm tra lại khi đọc.
# body: nơi chứa bài. exclude: phần bỏ ra trong bài (chú thích ảnh, tin liên quan, quảng cáo). lead, date: chỉ dùng khi trang
# không khai. Trang không khớp shapes, least, linked, beside, cut, headline thì trafilatura đọc thay.
"""
_RECIPE_KEYS = {"site": str, "version": int, "learnt_at": datetime, "pages": int, "layouts": list}
_LAYOUT_KEYS: dict[str, type] = {
    "body": str, "exclude": tuple, "shapes": tuple, "least": int, "linked": float, "beside": int, "cut": float, "pages": int, "agreement": float,
    "lead": str, "date": str, "date_sure": bool, "headline": float,
}  # fmt: skip
_NAMES = {str: "chuỗi chữ", int: "số nguyên không âm", float: "số từ 0 đến 1", bool: "true hoặc false",
          tuple: "danh sách chuỗi chữ", datetime: "ngày giờ có múi giờ", list: "bảng [[layouts]]"}  # fmt: skip


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(part) for part in value) + "]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def dump(recipe: Recipe) -> str:
    """The recipe as TOML, with a word to the person who opens it."""
    out = [_HEAD.format(site=nfc(recipe.site), pages=recipe.pages)]
    out += [f"{name} = {_toml(getattr(recipe, name))}\n" for name in _RECIPE_KEYS if name != "layouts"]
    if not recipe.layouts:  # all were given up: nothing is read by it until it is learnt anew
        out.append("layouts = []\n")
    for layout in recipe.layouts:
        out.append("\n[[layouts]]\n")
        out += [f"{name} = {_toml(getattr(layout, name))}\n" for name in _LAYOUT_KEYS]
    return "".join(out)


def _check(value: Any, kind: type) -> Any:
    """The value as the recipe holds it. Raises ``ValueError`` where it is of another kind."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    good = {
        str: isinstance(value, str), int: number and isinstance(value, int) and value >= 0, float: number and 0 <= value <= 1,
        bool: isinstance(value, bool), datetime: isinstance(value, datetime) and value.tzinfo is not None,
        tuple: isinstance(value, list) and all(isinstance(part, str) for part in value),
        list: isinstance(value, list) and all(isinstance(part, dict) for part in value),
    }[kind]  # fmt: skip
    if not good:
        raise ValueError
    return tuple(value) if kind is tuple else float(value) if kind is float else value


def _table(table: Mapping[str, Any], keys: Mapping[str, type], needed: frozenset[str], where: str) -> dict[str, Any]:
    for name in table.keys() - keys.keys():
        raise InputError(
            f"{where}: không có trường “{name}” (có: {', '.join(keys)}). Sửa lại, hoặc xóa tệp để học lại."
        )
    for name in sorted(needed - table.keys()):
        raise InputError(f"{where}: thiếu trường “{name}” ({_NAMES[keys[name]]}). Thêm vào, hoặc xóa tệp để học lại.")
    out = {}
    for name, value in table.items():
        try:
            out[name] = _check(value, keys[name])
        except ValueError:
            raise InputError(
                f"{where}: trường “{name}” phải là {_NAMES[keys[name]]}, đang là {value!r}. Sửa lại, hoặc xóa tệp để học lại."
            ) from None
    return out


def _selector(css: str, where: str, name: str) -> None:
    try:
        if "," in css and name == "body":
            raise ValueError
        LexborHTMLParser("<p></p>").css(css)
    except (SelectolaxError, ValueError):
        raise InputError(
            f"{where}: trường “{name}” không phải bộ chọn CSS dùng được: “{css}”. Sửa lại, hoặc xóa tệp để học lại."
        ) from None


def load(table: Mapping[str, Any], where: str) -> Recipe:
    """A recipe from a parsed TOML table; ``where`` names the file. Raises :class:`InputError` naming the field."""
    fields = _table(table, _RECIPE_KEYS, frozenset(_RECIPE_KEYS), where)
    layouts = []
    for number, part in enumerate(fields["layouts"], 1):
        here = f"{where}, layouts {number}"
        found = _table(part, _LAYOUT_KEYS, frozenset({"body"}), here)
        _selector(found["body"], here, "body")
        for css in found.get("exclude", ()):
            _selector(f"{found['body']} {css}", here, "exclude")
        for name in ("lead", "date"):
            if found.get(name):
                _selector(found[name].partition("@")[0], here, name)
        layouts.append(Layout(**found))
    return Recipe(fields["site"], fields["version"], fields["learnt_at"], fields["pages"], tuple(layouts))
