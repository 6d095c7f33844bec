"""A page laid out for learning: its elements, its lines with the elements around them, and what the teacher said of each line."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from canbang.fetch.metadata import Metadata, read_metadata
from canbang.fetch.recipe import INLINE, SKIPPED, one_place, topic_share
from canbang.text.normalise import nfc

_MAX_NODES = 15_000
_MAX_DEPTH = 300
_WORD = re.compile(r"\w+")
_SENTENCE_END = re.compile(r"[.!?…:;][\"”’')\]]*$")
_LONG, _MIDDLE = 100, 40
_FEW_WORDS = 3
_MAX_STEPS = 30
NAME = re.compile(r"^[A-Za-z_][\w-]*$", re.ASCII)
NAMED = 3  # the last rank of selectors that go by names alone; those that count steps are brittle and stand behind


@dataclass(frozen=True, slots=True)
class Lesson:
    """A page and its teacher: ``markup`` decoded, ``body`` trafilatura's text of it, ``fetched`` aware or ``None``."""

    url: str
    markup: str
    body: str
    fetched: datetime | None = None

    @property
    def weight(self) -> int:
        """What its tree costs, in characters of an ordinary page."""
        return max(len(self.markup), 50 * self.markup.count("<"))


@dataclass(slots=True)
class Element:
    """An element of a sheet; ``parent`` is its index there (-1 for the root), ``place`` its number among like siblings."""

    node: LexborNode
    tag: str
    parent: int
    place: int


@dataclass(slots=True)
class SheetLine:
    """A line: ``path`` leads from the root to the innermost element around all of it, ``linked`` are its letters in links."""

    text: str
    path: tuple[int, ...]
    linked: int
    after_image: bool
    key: str = ""
    kept: bool = False
    repeated: bool = False
    known: bool = False
    """A title or lead that metadata tell already."""

    @property
    def prose(self) -> bool:
        """Running text: long, or ending as a sentence does, and not mostly links."""
        size = len(self.text)
        ends = size >= _MIDDLE and _SENTENCE_END.search(self.text) is not None
        return (size >= _LONG or ends) and 2 * self.linked < size

    @property
    def few(self) -> bool:
        """Too few words to say whether the teacher kept them."""
        return self.key.count(" ") + 1 < _FEW_WORDS

    @property
    def weight(self) -> float:
        """What the line says for (letters > 0) or against an element that would be the body."""
        size = len(self.text)
        if self.known:
            return 0.0
        if self.repeated or 2 * self.linked >= size:
            return -size
        if self.prose:
            return size if self.kept else -0.2 * size
        return 0.0 if self.kept else -size


@dataclass(slots=True)
class Sheet:
    """A page for learning; ``score`` sums the weights of the lines in each element."""

    lesson: Lesson
    tree: LexborHTMLParser
    meta: Metadata
    elements: list[Element] = field(default_factory=list)
    lines: list[SheetLine] = field(default_factory=list)
    score: list[float] = field(default_factory=list)
    prose: list[float] = field(default_factory=list)
    index: dict[int, int] = field(default_factory=dict)
    topics: dict[int, float | None] = field(default_factory=dict)
    titled: bool = True
    """Whether the title is this page's own: some systems give the site's name to all."""

    def topic(self, element: int) -> float | None:
        """How far an element speaks of the page's headline, the headline itself left out; ``None`` where that is not known."""
        if not self.titled:
            return None
        if element not in self.topics:
            text = " ".join(line.text for line in self.inside(element) if not line.known)
            self.topics[element] = topic_share(self.meta.title, text)
        return self.topics[element]

    def inside(self, element: int) -> list[SheetLine]:
        """The lines within an element."""
        return [line for line in self.lines if element in line.path]

    def element_of(self, node: LexborNode | None) -> int | None:
        """The index of a node of this sheet's tree."""
        return None if node is None else self.index.get(node.mem_id)


def words_key(text: str) -> str:
    """A text as lower-case words, for asking whether another text holds it."""
    return " ".join(_WORD.findall(text.casefold()))


class _Pen:
    """Collects the pieces of a line until a block begins or ends."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet
        self.parts: list[str] = []
        self.path: tuple[int, ...] | None = None
        self.linked = 0
        self.image = self.after = False

    def add(self, text: str, path: list[int], linked: bool) -> None:
        self.parts.append(text)
        if not text.strip():
            return
        if self.path is None:
            self.path, self.after, self.image = tuple(path), self.image, False
        else:
            same = 0
            for one, other in zip(self.path, path, strict=False):
                if one != other:
                    break
                same += 1
            self.path = self.path[:same]
        self.linked += len(text.strip()) * linked

    def end(self) -> None:
        text = nfc("".join(self.parts))
        if text and self.path is not None:
            self.sheet.lines.append(SheetLine(text, self.path, self.linked, self.after, words_key(text)))
        self.parts, self.path, self.linked = [], None, 0


def _walk(root: LexborNode) -> Iterator[tuple[LexborNode, int]]:
    stack: list[tuple[LexborNode | None, int]] = [(root, 0)]
    for _ in range(_MAX_NODES):
        if not stack:
            return
        node, depth = stack.pop()
        if node is None:
            continue
        yield node, depth
        if depth:
            stack.append((node.next, depth))
        if (node.tag or "") not in SKIPPED and depth < _MAX_DEPTH:
            stack.append((node.child, depth + 1))


def _fill(sheet: Sheet, root: LexborNode) -> None:
    """Elements and lines; a line ends where a block begins or ends, as :func:`recipe.shaped_lines` has it."""
    pen, path = _Pen(sheet), list[int]()
    counts: list[Counter[str]] = [Counter()]
    elements = sheet.elements
    for node, depth in _walk(root):
        tag = node.tag or ""
        if depth < len(path):
            if any(elements[at].tag not in INLINE for at in path[depth:]):
                pen.end()
            del path[depth:], counts[depth + 1 :]
        if tag == "-text":
            pen.add(node.text_content or "", path, any(elements[at].tag == "a" for at in path))
        elif tag and tag[0] not in "-_!":
            counts[-1][tag] += 1
            if tag in SKIPPED:
                continue
            if tag not in INLINE:
                pen.end()
            pen.image = pen.image or tag in ("img", "amp-img", "picture")
            elements.append(Element(node, tag, path[-1] if path else -1, counts[-1][tag]))
            sheet.index[node.mem_id] = len(elements) - 1
            path.append(len(elements) - 1)
            counts.append(Counter())
    pen.end()


def _sum_up(sheet: Sheet) -> None:
    sheet.score = [0.0] * len(sheet.elements)
    sheet.prose = [0.0] * len(sheet.elements)
    for line in sheet.lines:
        sheet.score[line.path[-1]] += line.weight
        if line.prose and not line.repeated:
            sheet.prose[line.path[-1]] += len(line.text)
    for at in range(len(sheet.elements) - 1, 0, -1):
        parent = sheet.elements[at].parent
        sheet.score[parent] += sheet.score[at]
        sheet.prose[parent] += sheet.prose[at]


def lay_out(lessons: Sequence[Lesson]) -> list[Sheet]:
    """Sheets of pages of one site, the teacher's word on each line; what stands on several pages is no article's own."""
    sheets = []
    for lesson in lessons:
        tree = LexborHTMLParser(lesson.markup)
        sheet = Sheet(lesson, tree, read_metadata(tree, lesson.url))
        if tree.body is not None:
            _fill(sheet, tree.body)
        sheets.append(sheet)
    seen = Counter(key for sheet in sheets for key in {line.key for line in sheet.lines})
    titles = Counter(sheet.meta.title for sheet in sheets)
    for sheet in sheets:
        sheet.titled = titles[sheet.meta.title] == 1
        said = f" {words_key(sheet.lesson.body)} "
        told = [words_key(sheet.meta.title), words_key(sheet.meta.lead)]
        for line in sheet.lines:
            line.kept = bool(line.key) and f" {line.key} " in said
            line.repeated = seen[line.key] > 1
            line.known = line.key in told
        _sum_up(sheet)
    return sheets


def own_selectors(sheet: Sheet, at: int) -> Iterator[tuple[int, str]]:
    """Selectors of an element by its own names, with their rank (lower is better)."""
    node, tag = sheet.elements[at].node, sheet.elements[at].tag
    attributes = node.attributes
    if NAME.match(attributes.get("id") or ""):
        yield 0, f"#{attributes['id']}"
    names = [name for name in (attributes.get("class") or "").split() if NAME.match(name)][:6]
    for name in names:
        yield 1, f"{tag}.{name}"
    for first, second in pairwise(names):
        yield 2, f"{tag}.{first}.{second}"
    for name in ("itemprop", "role"):
        if NAME.match(attributes.get(name) or ""):
            yield 2, f'{tag}[{name}="{attributes[name]}"]'


def selectors(sheet: Sheet, at: int) -> Iterator[tuple[int, str]]:
    """Selectors that could find an element, with their rank: own names, a named ancestor and steps, steps from the root."""
    yield from own_selectors(sheet, at)
    steps, above = "", at
    for distance in range(1, 5):
        element = sheet.elements[above]
        if element.parent < 0 or element.tag == "body":
            break
        steps = f" > {element.tag}:nth-of-type({element.place}){steps}"
        above = element.parent
        for rank, css in own_selectors(sheet, above):
            yield 3 + distance + rank, css + steps
        if distance == 1:
            for _, own in own_selectors(sheet, at):
                for _, css in own_selectors(sheet, above):
                    yield NAMED, f"{css} > {own}"
    steps, above = "", at
    for _ in range(_MAX_STEPS):
        if sheet.elements[above].parent < 0:
            yield 20, f"body{steps}"
            break
        element = sheet.elements[above]
        steps = f" > {element.tag}:nth-of-type({element.place}){steps}"
        above = element.parent


def found_by(sheet: Sheet, css: str) -> int | None:
    """The element that a selector finds on a page, where it finds just one."""
    try:
        return sheet.element_of(one_place(sheet.tree, css))
    except SelectolaxError:
        return None
