"""What a page says of itself to machines: JSON-LD, then Open Graph, then microdata.

Fields that name a person (author, creator, editor) are never looked at.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from canbang.item import DateSource
from canbang.text.normalise import match_key, plain

_ARTICLES = frozenset({
    "newsarticle", "article", "reportagenewsarticle", "analysisnewsarticle", "opinionnewsarticle", "reviewnewsarticle",
    "backgroundnewsarticle", "askpublicnewsarticle", "blogposting", "liveblogposting", "videoobject", "socialmediaposting", "report",
})  # fmt: skip
_LISTS = frozenset({"collectionpage", "itemlist", "searchresultspage"})
_MAX_BLOCKS = 400
_MAX_DEPTH = 12
_MAX_MICRODATA, _MAX_CLIMB = 20, 30
_FOREIGN = re.compile(r"\bfoot|copyright|licen[sc]e|giay-?phep|ban-?quyen|comment|binh-?luan|\brelat(?!ive)|lien-?quan")
_HEADLINE_LEAST = 10
_META_DATES = ("article:published_time", "og:article:published_time", "og:published_time")
_NAMED_DATES = (
    "pubdate",
    "publishdate",
    "publish_date",
    "publication_date",
    "dc.date.issued",
)
_WEAK_DATES = ("dcterms.created", "date")  # on some systems the day of the template, the same on all pages


@dataclass(frozen=True, slots=True)
class Metadata:
    """As declared, not judged; "" where it is not. ``dates`` are written dates by falling rank; ``kinds`` JSON-LD types.

    ``weak`` is a date by a name that many systems give to something else. ``described``: the lead is the description for search engines, which on many sites is the site's own, if there is one at all.
    """

    title: str
    lead: str
    described: bool
    section: str
    canonical: str
    dates: tuple[tuple[str, DateSource], ...]
    weak: str
    kinds: frozenset[str]
    og_type: str
    articles: int


def _walk(value: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    if depth > _MAX_DEPTH:
        return
    if isinstance(value, dict):
        yield value
        for key in ("@graph", "mainEntity", "mainEntityOfPage"):
            yield from _walk(value.get(key), depth + 1)
    elif isinstance(value, list):
        for part in value[:_MAX_BLOCKS]:
            yield from _walk(part, depth + 1)


def _types(block: Mapping[str, Any]) -> set[str]:
    kinds = block.get("@type")
    names = kinds if isinstance(kinds, list) else [kinds]
    return {str(name).rsplit("/", 1)[-1].lower() for name in names if name}


def _blocks(tree: LexborHTMLParser) -> Iterator[dict[str, Any]]:
    for node in tree.css('script[type*="ld+json"]'):
        text = (node.text(deep=True) or "").strip().removeprefix("<!--").removesuffix("-->").strip(" ;\n")
        try:
            parsed = json.loads(text, strict=False)
        except (ValueError, RecursionError):
            continue
        yield from _walk(parsed)


def _text(block: Mapping[str, Any], *keys: str) -> str:
    for key in keys:
        value = block.get(key)
        if isinstance(value, list) and value:
            value = value[0]
        if isinstance(value, str) and value.strip():
            return plain(value)
    return ""


def _article(blocks: list[dict[str, Any]], heading: str) -> dict[str, Any]:
    """The block of the page's own article: the one with the page's headline, else the first that is dated.

    An article's clip ("VideoObject") has a date of its own, so it stands last.
    """
    own = [block for block in blocks if _types(block) & _ARTICLES]
    own.sort(key=lambda block: _types(block) <= {"videoobject"})
    key = match_key(heading)
    for block in own:
        if key and match_key(_text(block, "headline", "name")) == key:
            return block
    return next((block for block in own if block.get("datePublished")), own[0] if own else {})


def _attribute(node: LexborNode | None, name: str) -> str:
    return plain((node.attributes.get(name) or "") if node else "")


def _meta(tree: LexborHTMLParser) -> dict[str, str]:
    """``<meta>`` by property or name, lower case, the first of each."""
    found: dict[str, str] = {}
    for node in tree.css("meta"):
        attributes = node.attributes
        name = (attributes.get("property") or attributes.get("name") or attributes.get("itemprop") or "").lower()
        content = attributes.get("content") or ""
        if name and content.strip():
            found.setdefault(name, plain(content))
    return found


def _headline(tree: LexborHTMLParser) -> str:
    """The ``<h1>`` that the page's title begins with, or is mostly; else the longer of both: the shorter is the site's name."""
    node = tree.css_first("title")
    title = plain(node.text()[:500] if node else "")
    whole = match_key(title)
    headings = [plain(heading.text()[:500]) for heading in tree.css("h1")[:20]]
    for heading in sorted(headings, key=len, reverse=True):
        key = match_key(heading)
        if len(key) >= _HEADLINE_LEAST and (
            whole.startswith(key) or (whole.endswith(key) and 2 * len(key) >= len(whole))
        ):
            return heading
    return max([*headings[:1], title], key=len)


def _microdata(tree: LexborHTMLParser) -> str:
    for node in tree.css('[itemprop~="datePublished"]')[:_MAX_MICRODATA]:
        if not _foreign(node):
            return _attribute(node, "content") or _attribute(node, "datetime") or plain(node.text()[:200])
    return ""


def _foreign(node: LexborNode) -> bool:
    """Whether an element stands in the licence at the page's foot, among comments or other stories."""
    above: LexborNode | None = node
    for _ in range(_MAX_CLIMB):
        if above is None or above.tag in ("body", "main", "article"):
            return False
        names = f"{above.tag} {above.attributes.get('class') or ''} {above.attributes.get('id') or ''}"
        if _FOREIGN.search(names.lower()):
            return True
        above = above.parent
    return False


def selected(tree: LexborHTMLParser, selector: str) -> str:
    """What a learned selector finds, as plain text ("css@attribute" for an attribute's); "" for nothing found and for no selector."""
    css, _, attribute = selector.partition("@")
    try:
        node = tree.css_first(css) if css.strip() else None
    except (SelectolaxError, ValueError):
        return ""
    return _attribute(node, attribute) if attribute else plain(node.text()[:2000] if node else "")


def _canonical(tree: LexborHTMLParser, said: str, url: str) -> str:
    href = _attribute(tree.css_first('link[rel~="canonical"]'), "href") or said
    try:
        return urljoin(url, href) if href else ""
    except ValueError:
        return ""


def read_metadata(tree: LexborHTMLParser, url: str = "") -> Metadata:
    """Metadata of a page; each field by the first source that has it. Never raises."""
    meta = _meta(tree)
    shown = _headline(tree)
    blocks = list(_blocks(tree))[:_MAX_BLOCKS]
    block = _article(blocks, meta.get("og:title", "") or shown)
    dates = [(_text(block, "datePublished", "uploadDate"), DateSource.JSON_LD)]
    dates += [(meta.get(name, ""), DateSource.OPEN_GRAPH) for name in _META_DATES]
    dates.append((_microdata(tree), DateSource.MICRODATA))
    dates += [(meta.get(name, ""), DateSource.MICRODATA) for name in _NAMED_DATES]
    lead = _text(block, "description") or meta.get("og:description", "")
    kinds = frozenset[str]().union(*map(_types, blocks))
    return Metadata(
        title=_text(block, "headline") or meta.get("og:title", "") or shown,
        lead=lead or meta.get("description", ""),
        described=not lead,
        section=_text(block, "articleSection") or meta.get("article:section", ""),
        canonical=_canonical(tree, meta.get("og:url", ""), url),
        dates=tuple((text, source) for text, source in dates if text),
        weak=next((meta[name] for name in _WEAK_DATES if meta.get(name)), ""),
        kinds=kinds,
        og_type=meta.get("og:type", "").lower(),
        articles=sum(1 for one in blocks if _types(one) & (_ARTICLES - {"videoobject"})),
    )


def is_list(meta: Metadata) -> bool:
    """Whether the page declares itself a list of other pages and no article."""
    return bool(meta.kinds & _LISTS) and not meta.articles
