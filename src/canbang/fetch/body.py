"""The body of an article page, by trafilatura on text that we decoded; comments are left out: they are private persons' words.

Menus, lists of other stories and what else is mostly links go before that. Trafilatura would drop them too, after asking many
questions of each, and on pages whose names it does not know it hands them over with the body.
"""

from __future__ import annotations

import logging
import re

import trafilatura
from selectolax.lexbor import LexborHTMLParser, LexborNode
from trafilatura.settings import Extractor

from canbang.text.normalise import nfc

_NO_TEXT = frozenset({
    "style", "noscript", "template", "svg", "iframe", "object", "canvas", "video", "audio", "map", "nav", "footer", "aside", "menu", "dialog",
    "select", "datalist", "button", "input", "textarea", "label", "fieldset", "link",
})  # fmt: skip
_BLOCKS = frozenset({"ul", "ol", "dl", "table", "td", "div", "section"})
_LINKS, _LINKED = 3, 0.7
_PARAGRAPH = 150
_CLIMB, _MOST_BLOCKS = 50, 2_000  # hostile pages nest without end
_BLANK_LINES = re.compile(r"\n{2,}")
_OPTIONS = Extractor(fast=True, comments=False)  # made once: reading its configuration costs a tenth of a page

# Pages that trafilatura gives up on are our own empty bodies, told by us; its warnings would stand between a user's lines.
logging.getLogger("trafilatura").setLevel(logging.CRITICAL)


def read_body(markup: str) -> str:
    """The article's text, paragraphs parted by a line break, in NFC; "" where there is none. Never raises."""
    text = _extract(_lean(markup)) or _extract(markup)
    lines = (nfc(line) for line in _BLANK_LINES.sub("\n", text).split("\n"))
    return "\n".join(line for line in lines if line)


def _extract(markup: str) -> str:
    try:
        return trafilatura.extract(markup, options=_OPTIONS) or ""
    except Exception:  # a third party's parser on hostile bytes: whatever it stumbles over, the page has no body for us
        return ""


def _lean(markup: str) -> str:
    """The page without elements that hold no text of an article, and without the outermost blocks that are mostly links."""
    tree = LexborHTMLParser(markup)
    links = _links(tree)
    waiting, asked = [tree.root] if tree.root else [], 0
    while waiting:
        # From the outside in: what lies within an element that is gone is never touched again.
        for element in list(waiting.pop().iter()):
            tag = element.tag or ""
            if tag in _NO_TEXT or (tag == "script" and "json" not in (element.attributes.get("type") or "")):
                element.decompose()
                continue
            count, letters = links.get(element.mem_id, (0, 0))
            if count >= _LINKS and tag in _BLOCKS and asked < _MOST_BLOCKS:
                asked += 1
                if letters >= _LINKED * len(element.text().strip()) and not _has_paragraph(element):
                    element.decompose()
                    continue
            waiting.append(element)
    return tree.html or ""


def _links(tree: LexborHTMLParser) -> dict[int, tuple[int, int]]:
    """How many links are in an element, by its ``mem_id``, and how many letters they have."""
    out: dict[int, tuple[int, int]] = {}
    for link in tree.css("a"):
        size, above = len(link.text().strip()), link.parent
        for _ in range(_CLIMB):
            if above is None:
                break
            count, letters = out.get(above.mem_id, (0, 0))
            out[above.mem_id] = count + 1, letters + size
            above = above.parent
    return out


def _has_paragraph(block: LexborNode) -> bool:
    """Whether running text stands among the links."""
    return any(len(paragraph.text()) > _PARAGRAPH for paragraph in block.css("p"))
