"""What a page shows: its lines in reading order, with the elements around them."""

from __future__ import annotations

from selectolax.lexbor import LexborHTMLParser, LexborNode

from canbang.text.normalise import nfc
from canbang.text.page_dates import Line, may_hold_date

_INLINE = frozenset({
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "em", "font", "i", "img", "ins", "kbd", "label",
    "mark", "nobr", "q", "s", "small", "span", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr",
})  # fmt: skip
_SKIPPED = frozenset({
    "script", "style", "noscript", "template", "svg", "select", "iframe", "object", "head", "textarea", "button", "canvas", "math",
})  # fmt: skip
_FLOWING = _INLINE | _SKIPPED
_MAX_NODES = 60_000
_MAX_DEPTH = 400
_MAX_LINES = 6_000


class _Element:
    """An element on the way down; its name with class and id is made up only when a line asks for it."""

    __slots__ = ("_mark", "node", "tag")

    def __init__(self, node: LexborNode, tag: str) -> None:
        self.node = node
        self.tag = tag
        if tag == "a" and "bookmark" in (node.attributes.get("rel") or ""):
            self.tag = "span"  # a date that links to its own article
        self._mark: str | None = None

    @property
    def mark(self) -> str:
        if self._mark is None:
            attributes = self.node.attributes
            names = [f".{attributes.get('class') or ''}", f"#{attributes.get('id') or ''}"]
            self._mark = (self.tag + "".join(name for name in names if len(name) > 1)).lower()[:200]
        return self._mark


class _Lines:
    """Collects text until a block begins or ends."""

    def __init__(self) -> None:
        self.out: list[Line] = []
        self._parts: list[str] = []
        self._path: tuple[_Element, ...] = ()
        self._machine = ""
        self._linked = 0
        self._inner: tuple[_Element, ...] = ()

    def add(self, text: str, path: list[_Element]) -> None:
        self._parts.append(text)
        size = len(text.strip())
        if not size:
            return
        held = may_hold_date(text)
        if held or not self._path:
            block = next((at + 1 for at in range(len(path) - 1, -1, -1) if path[at].tag not in _INLINE), 0)
            self._path = self._path or tuple(path[:block])
            if held:
                self._inner = tuple(path[block:])
        if "a" in [element.tag for element in path[-4:]]:
            self._linked += size

    def machine(self, value: str, path: list[_Element]) -> None:
        self._machine = self._machine or value[:60]
        self._path = self._path or tuple(path[:-1])
        self._inner = self._inner or tuple(path[-1:])

    def end(self) -> None:
        if not self._parts and not self._machine:
            return
        text = nfc("".join(self._parts))
        path = self._path
        if text or self._machine:
            wanted = self._machine or may_hold_date(text) or "h1" in [one.tag for one in path[-3:]]
            marks = tuple([one.mark for one in path]) if wanted else ()
            inner = tuple([one.mark for one in self._inner])
            self.out.append(Line(text, path, marks, inner, self._machine, self._linked))
        self._parts, self._path, self._inner, self._machine, self._linked = [], (), (), "", 0


def page_lines(tree: LexborHTMLParser) -> list[Line]:
    """The page's visible lines, in order; marks only where a line may hold a date or is a headline."""
    lines, path = _Lines(), list[_Element]()
    # Iterative, since hostile pages nest without end.
    stack: list[tuple[LexborNode | None, int]] = [(tree.body, 0)]
    for _ in range(_MAX_NODES):
        if not stack or len(lines.out) >= _MAX_LINES:
            break
        node, depth = stack.pop()
        if node is None:
            continue
        if depth:
            stack.append((node.next, depth))
        if depth < len(path):
            # Leaving blocks ends the line; leaving inline elements does not.
            for element in path[depth:]:
                if element.tag not in _FLOWING:
                    lines.end()
                    break
            del path[depth:]
        tag = node.tag or ""
        if tag == "-text":
            lines.add(node.text_content or "", path)
        elif tag[:1] not in ("", "-", "_", "!"):
            if tag not in _FLOWING:
                lines.end()
            path.append(_Element(node, tag))
            if tag == "time" and node.attributes.get("datetime"):
                lines.machine(node.attributes["datetime"] or "", path)
            if tag not in _SKIPPED and depth < _MAX_DEPTH:
                stack.append((node.child, depth + 1))
    lines.end()
    return lines.out
