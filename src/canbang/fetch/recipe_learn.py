"""Learning a site's recipe from a handful of pages, with trafilatura's bodies as teacher.

The teacher is noisy: on many Vietnamese portals it hands over menus and other stories with the body. So a page only votes for
the element that gathers most of the running text it kept and least of the rest; a selector is learnt where pages agree on it.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from canbang.fetch.recipe import INLINE, ON_TOPIC, Layout, Recipe, beside, body_lines
from canbang.fetch.recipe_fields import MIN_PAGES, Placed, date_place, lead_place, page_dates, sure_ones
from canbang.fetch.recipe_sheet import NAME, NAMED, Lesson, Sheet, SheetLine, found_by, lay_out, selectors
from canbang.text.page_dates import PageDate

_DEEPER = 0.85  # a lead above the body must not make the element around both the body
_SAME = 0.8
_LEAST_PROSE = 200
_MAX_LAYOUTS = 8
_MAX_EXCLUDED = 12
_PURE = 0.9
_NOT_BODY = re.compile(
    r"(?:^|[(\s|/\-–.])(?:Ảnh|Photo|Video|Clip|Nguồn ảnh|Đồ họa)\s*[:)]|^(?:>>|Xem thêm|Đọc thêm|Xem:|(?:Tin|Bài|Các tin) (?:liên quan|khác)|Mời (?:bạn|quý))"
    r"|^(?:Quảng cáo|Tài trợ|Nội dung tài trợ)\b",
    re.IGNORECASE,
)
_TELLING = frozenset({
    "figure", "figcaption", "aside", "blockquote", "small", "table", "ul", "ol", "dl", "center", "section", "article", "footer", "header", "nav",
    "h1", "h2", "h3", "h4", "h5", "h6",
})  # fmt: skip


def _best(sheet: Sheet) -> int | None:
    """The element that the page votes for, ``None`` where the teacher kept no running text."""
    if not sheet.elements:
        return None
    best = max(range(len(sheet.elements)), key=sheet.score.__getitem__)
    least = _DEEPER * sheet.score[best]
    if sheet.score[best] < _LEAST_PROSE:
        return None
    lines = Counter(at for line in sheet.lines for at in line.path)
    deeper = [
        at for at in range(best, len(sheet.elements)) if sheet.score[at] >= least and lines[at] > 1 and _under(sheet, at, best)
    ]  # fmt: skip
    return max(deeper, default=best)


def _under(sheet: Sheet, at: int, above: int) -> bool:
    while at > above:
        at = sheet.elements[at].parent
    return at == above


def _alike(sheet: Sheet, at: int, wanted: int | None) -> float:
    """How far two places hold the same running text, 0 to 1."""
    if wanted is None:
        return 0.0
    low, high = min(at, wanted), max(at, wanted)
    if not _under(sheet, high, low) or not sheet.prose[low]:
        return 0.0
    return sheet.prose[high] / sheet.prose[low]


def _vote(
    sheets: Sequence[Sheet], targets: dict[int, int | None], open_: set[int], named: bool
) -> tuple[str, list[Placed], float] | None:
    """The selector that most open pages agree on, the pages it reads, and the share of them that agree.

    A selector that counts steps may lean on pages that have a layout already, where too few are open to show it by themselves.
    """
    ranks: dict[str, int] = {}
    for number in open_:
        at = targets[number]
        if at is not None:
            for rank, css in selectors(sheets[number], at):
                if (rank <= NAMED) is named:
                    ranks[css] = min(rank, ranks.get(css, rank))
    best: tuple[tuple[float, int, int], str, list[Placed], float] | None = None
    for css, rank in ranks.items():
        read: list[Placed] = []
        votes = agreed = 0.0
        for number, target in targets.items():
            if named and number not in open_:
                continue
            at = found_by(sheets[number], css)
            if at is None or sheets[number].prose[at] < _LEAST_PROSE:
                continue
            alike = _alike(sheets[number], at, target)
            weight = 1.0 if number in open_ else 0.01
            votes += weight * (alike if alike >= _SAME else -0.3)
            agreed += alike >= _SAME
            read.append((sheets[number], at))
        if len(read) < MIN_PAGES or agreed < max(2, len(read) / 2) or _strays(read):
            continue
        rating = (round(votes, 2), -rank, -len(css))
        if best is None or rating > best[0]:
            best = rating, css, read, agreed / len(read)
    return None if best is None else best[1:]


def _strays(read: Sequence[Placed]) -> bool:
    """Whether a place holds other stories: a teacher that does not know a page hands those over on every one of them."""
    share = _topic(read)
    return share is not None and share < ON_TOPIC


def _topic(read: Sequence[Placed]) -> float | None:
    """How far the places speak of their pages' headlines; ``None`` where most pages do not tell theirs."""
    shares = [share for sheet, at in read if (share := sheet.topic(at)) is not None]
    return sum(shares) / len(shares) if 2 * len(shares) >= len(read) and shares else None


def _names(sheet: Sheet, line: SheetLine, at: int) -> Iterator[tuple[int, str]]:
    """Selectors within the body that would take a line out, with their rank."""
    inner = line.path[line.path.index(at) + 1 :][:12]
    chain = ""
    for one in inner:
        element = sheet.elements[one]
        attributes = element.node.attributes
        chain += f" > {element.tag}"
        for name in (attributes.get("class") or "").split()[:5]:
            if NAME.match(name):
                yield 0, f"{element.tag}.{name}"
        for name in ("type", "align", "style"):
            value = attributes.get(name) or ""
            if 0 < len(value) <= 90 and not re.search(r'["\\\n]', value):
                yield 1, f'{element.tag}[{name}="{value}"]'
        if element.tag in _TELLING:
            yield 2, element.tag
        if element.tag not in INLINE:
            yield 3, chain[1:]
            if element.node.css_first("img, amp-img") is not None:
                yield 4, f"{chain[1:]}:has(img, amp-img)"


def _captions(placed: Sequence[Placed]) -> set[str]:
    """Places whose lines always follow a picture at once, where they are the lesser part of the text."""
    seen: dict[str, list[SheetLine]] = defaultdict(list)
    total = 0
    for sheet, at in placed:
        for line in sheet.inside(at):
            seen[_place(sheet, line, at)].append(line)
            total += len(line.text)
    return {
        place for place, lines in seen.items()
        if len(lines) >= 3 and sum(line.after_image for line in lines) >= 0.95 * len(lines)
        and 2 * sum(len(line.text) for line in lines) < total
    }  # fmt: skip


def _place(sheet: Sheet, line: SheetLine, at: int) -> str:
    parts = []
    for one in line.path[line.path.index(at) + 1 :]:
        element = sheet.elements[one]
        parts.append(f"{element.tag}.{element.node.attributes.get('class')}.{element.node.attributes.get('style')}")
    return ">".join(parts)


def _exclusions(placed: Sequence[Placed], wanted: Callable[[Sheet], bool]) -> tuple[str, ...]:
    """Selectors of what stands in the body and is none of it: captions, boxes, ads; only where that repeats."""
    captions = _captions(placed)
    good: Counter[str] = Counter()
    bad: dict[str, dict[tuple[int, int], int]] = defaultdict(dict)
    ranks: dict[str, int] = {}
    pages: dict[str, set[int]] = defaultdict(set)
    for number, (sheet, at) in enumerate(placed):
        for place, line in enumerate(sheet.inside(at)):
            unwanted = (
                line.repeated or 2 * line.linked >= len(line.text) or _NOT_BODY.search(line.text) is not None
                or _place(sheet, line, at) in captions or (wanted(sheet) and not line.kept and not line.few)
            )  # fmt: skip
            if line.few and not unwanted:
                continue
            for rank, css in set(_names(sheet, line, at)):
                ranks[css] = min(rank, ranks.get(css, rank))
                if unwanted:
                    bad[css][number, place] = len(line.text)
                    pages[css].add(number)
                else:
                    good[css] += len(line.text)
    pure = {
        css: lines for css, lines in bad.items()
        if (len(pages[css]) > 1 or len(lines) > 1) and sum(lines.values()) >= _PURE * (sum(lines.values()) + good[css])
    }  # fmt: skip
    chosen: list[str] = []
    taken: set[tuple[int, int]] = set()
    while pure and len(chosen) < _MAX_EXCLUDED:
        rest = {css: sum(size for line, size in lines.items() if line not in taken) for css, lines in pure.items()}
        css = max(rest, key=lambda one: (rest[one], -ranks[one], -len(one), one))
        if not rest[css]:
            break
        chosen.append(css)
        taken.update(pure.pop(css))
    return tuple(chosen)


def _measured(layout: Layout, placed: Sequence[Placed]) -> Layout:
    """The layout with the shape of the pages it was learnt from."""
    shapes: Counter[str] = Counter()
    sizes, links, around, cuts = [], [], [], []
    for sheet, at in placed:
        node = sheet.elements[at].node
        lines, cut = body_lines(sheet.tree, node, layout)
        size = sum(len(line.text) for line in lines)
        sizes.append(size)
        links.append(sum(line.linked for line in lines) / max(1, size))
        around.append(beside(node))
        cuts.append(cut / max(1, size + cut))
        shapes.update({line.shape: len(line.text) for line in lines})
    return replace(
        layout, shapes=tuple(shape for shape, _ in shapes.most_common(12)), least=max(120, min(sizes) // 3), linked=round(max(links), 3),
        beside=max(around), cut=round(max(cuts), 3), pages=len(placed),
    )  # fmt: skip


def _main_shape(sheet: Sheet, at: int) -> str:
    """The tags around most of the running text of a body."""
    sizes: Counter[str] = Counter()
    for line in sheet.inside(at):
        if line.prose and line.kept:
            tags = (sheet.elements[one].tag for one in line.path[line.path.index(at) + 1 :])
            sizes[">".join(tag for tag in tags if tag not in INLINE)] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else ""


def _by_shape(placed: list[Placed]) -> list[list[Placed]]:
    """Pages that one selector reads, apart where their bodies are built differently: what is a caption in one is text in another."""
    groups: dict[str, list[Placed]] = defaultdict(list)
    for one in placed:
        groups[_main_shape(*one)].append(one)
    large = sorted((group for group in groups.values() if len(group) >= MIN_PAGES), key=len, reverse=True)
    if len(large) < 2:
        return [placed]
    large[0] = large[0] + [one for group in groups.values() if len(group) < MIN_PAGES for one in group]
    return large


def _layout(css: str, placed: list[Placed], agreed: float, trusted: set[int], dates: Mapping[int, PageDate]) -> Layout:
    """The layout of the pages that a selector reads; ``trusted`` are ids of sheets whose teacher found the same place."""
    layout = Layout(css, _exclusions(placed, lambda sheet: id(sheet) in trusted), agreement=round(agreed, 3))
    day, sure = date_place(placed, dates)
    headline = round(_topic(placed) or 0.0, 3)
    return replace(_measured(layout, placed), lead=lead_place(placed), date=day, date_sure=sure, headline=headline)


def learn(site: str, lessons: Sequence[Lesson], now: datetime, version: int = 1) -> Recipe | None:
    """The recipe of a site from its pages (5 to 10), or ``None`` where no three of them agree on a place.

    ``now`` is aware. Pages that agree with none are left to trafilatura.
    """
    sheets = lay_out(lessons)
    targets = {number: _best(sheet) for number, sheet in enumerate(sheets)}
    number_of = {id(sheet): number for number, sheet in enumerate(sheets)}
    open_, dates = set(targets), sure_ones(page_dates(sheets))
    layouts: list[Layout] = []
    for named in (True, False):
        while open_ and len(layouts) < _MAX_LAYOUTS:
            found = _vote(sheets, targets, open_, named)
            if found is None:
                break
            css, placed, agreed = found
            trusted = {id(sheet) for sheet, at in placed if _alike(sheet, at, targets[number_of[id(sheet)]]) >= _SAME}
            layouts += [_layout(css, group, agreed, trusted, dates) for group in _by_shape(placed)]
            open_ -= {number_of[id(sheet)] for sheet, _ in placed}
    return Recipe(site, version, now, len(lessons), tuple(layouts)) if layouts else None


def same_place(lesson: Lesson, layout: Layout, company: Sequence[Lesson] = ()) -> bool:
    """Whether the teacher's running text of a page stands in the place where the layout reads it.

    ``company`` are other pages of the site: what stands on them too is no part of the article.
    """
    sheet = lay_out([lesson, *company])[0]
    at = found_by(sheet, layout.body)
    return at is not None and _alike(sheet, at, _best(sheet)) >= _SAME
