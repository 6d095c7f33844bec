"""Pages of the sites, each with its truth.

for site in SITES:
    for page in pages(site, seed=1):
        page.html, page.url, page.truth.title, page.truth.body ...
"""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache, partial
from html.entities import codepoint2name
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from . import bulk
from .dates import ZONE, has_time, show
from .templates import SITES, Site
from .texts import Article, articles

PAGES = 40
REDESIGN = 25  # number of the first page with the new names, wrappers, addresses and date form
SECOND_LAYOUT = (10, 6)  # pages of the second layout before and after the redesign


@dataclass(frozen=True)
class Truth:
    """What a reader of the page would say it holds.

    `body`: paragraphs joined by a newline, NFC. Captions, links to other stories, ads and by-lines between the paragraphs are no part
    of it. Where the site writes the lead as the first paragraph of its body (`site.lead == "inside"`) it stands in both `lead` and
    `body`; where the page shows none, `lead` is empty. `published_at`: +07:00; midnight where `has_time` is false (day only).
    """

    title: str
    lead: str
    body: str
    published_at: datetime
    has_time: bool
    shown: str  # the date as the page writes it


@dataclass(frozen=True)
class Page:
    """One page as a server would send it, seen by a collector at `seen_at`."""

    site: str
    number: int  # 1..40, oldest first
    layout: str  # "text" or the site's second layout
    redesigned: bool
    url: str
    html: bytes
    content_type: str
    seen_at: datetime
    truth: Truth


@dataclass(frozen=True)
class Block:
    """What a template writes in its turn: p (a paragraph of the truth), figure, related, ad."""

    kind: str
    html: str = ""  # markup
    caption: str = ""
    credit: str = ""
    image: str = ""
    stories: Sequence[bulk.Story] = ()


@lru_cache(maxsize=1)
def _environment() -> Environment:
    loader = FileSystemLoader(Path(__file__).parent)
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


def paragraphs(rng: random.Random, sentences: Sequence[str], low: int, high: int) -> list[str]:
    """Sentences put together, `low` to `high` of them in a paragraph."""
    out: list[str] = []
    start = 0
    while start < len(sentences):
        count = rng.randint(low, high)
        out.append(" ".join(sentences[start : start + count]))
        start += count
    return out


def written(rng: random.Random, text: str, style: str) -> Markup:
    """A paragraph's markup: the same words in the ways that editors and word processors leave them."""
    if style == "entities":
        return Markup("".join(_entity(letter) for letter in text))
    words = text.split(" ")
    marked = [str(escape(word)) for word in words]
    if style == "rich" and len(words) > 12 and rng.random() < 0.6:
        start = rng.randrange(len(words) - 5)
        end = start + rng.randint(1, 4)
        name = "-".join(bulk.slug(" ".join(words[start : end + 1])).split("-")[:6]) or "x"
        before, after = rng.choice(
            (
                ("<strong>", "</strong>"),
                ("<em>", "</em>"),
                ("<b>", "</b>"),
                (f'<a href="/tag/{name}.html" title="{name}">', "</a>"),
            )
        )
        marked[start] = before + marked[start]
        marked[end] += after
    if style != "office":
        return Markup(" ".join(marked))
    joined = "".join(word + ("&#160;" if rng.random() < 0.04 else " ") for word in marked[:-1]) + marked[-1]
    cut = joined.find(" ", len(joined) // 2)  # a word processor breaks its spans anywhere
    face = "font-family:&quot;Times New Roman&quot;,serif;font-size:14pt"
    if cut < 0:
        return Markup(f'<span style="{face}">{joined}</span>')
    return Markup(
        f'<span style="{face}">\u200b{joined[:cut]}</span><span lang="VI" style="{face};color:black">{joined[cut:]}<o:p></o:p></span>'
    )


def _entity(letter: str) -> str:
    code = ord(letter)
    name = codepoint2name.get(code)
    return f"&{name};" if name and (160 <= code <= 255 or letter in "<>&") else letter


def as_cp1258(html: str) -> bytes:
    """Windows-1258 writes most Vietnamese letters as a letter and a tone mark; what it lacks becomes a reference."""
    out: list[bytes] = []
    for letter in html:
        try:
            out.append(letter.encode("cp1258"))
        except UnicodeEncodeError:
            apart = unicodedata.normalize("NFD", letter)
            first, marks = apart[0], apart[1:]
            tones = [mark for mark in marks if mark in "\u0300\u0301\u0303\u0309\u0323"]
            base = unicodedata.normalize("NFC", first + "".join(mark for mark in marks if mark not in tones))
            out.append(
                (base + "".join(tones)).encode("cp1258", "xmlcharrefreplace") if marks else f"&#{ord(letter)};".encode()
            )
    return b"".join(out)


def encoded(html: str, encoding: str) -> bytes:
    """The page's bytes; "utf-8-nfd" has every letter taken apart, as pages filled from a Mac have."""
    if encoding == "cp1258":
        return as_cp1258(html)
    return unicodedata.normalize("NFD", html).encode() if encoding == "utf-8-nfd" else html.encode(encoding)


def _blocks(
    rng: random.Random, site: Site, parts: Sequence[str], style: str, photo: bool, others: list[bulk.Story]
) -> list[Block]:
    """Paragraphs with what the site puts between them; `others` are used up from the end."""

    def figure() -> Block:
        story = others.pop()
        caption = story.lead.split(". ")[0][: rng.randint(50, 130)].rsplit(" ", 1)[0]
        return Block("figure", caption=caption, credit=rng.choice(bulk.NAMES), image=story.image)

    out: list[Block] = []
    for place, text in enumerate(parts):
        if photo or ("figure" in site.between and (place == 1 or (place > 2 and rng.random() < 0.12))):
            out.append(figure())
        out.append(Block("p", html=written(rng, text, style)))
        if place + 1 < len(parts):
            if "related" in site.between and rng.random() < 0.18:
                out.append(Block("related", stories=[others.pop() for _ in range(rng.randint(1, 3))]))
            if "ad" in site.between and rng.random() < 0.2:
                out.append(Block("ad"))
    return out


def _timeline(rng: random.Random) -> list[datetime]:
    """When the site's articles appeared, oldest first: about sixteen days apart."""
    when = datetime(2025, 1, 6, tzinfo=ZONE)
    out: list[datetime] = []
    for _ in range(PAGES):
        when += timedelta(days=rng.randint(9, 23))
        out.append(when.replace(hour=rng.randint(5, 22), minute=rng.randint(0, 59)))
    return out


def _seen(rng: random.Random, site: Site, times: list[datetime], place: int) -> datetime:
    if "ago" in site.dates:
        return times[place] + timedelta(minutes=rng.randint(61, 1300))
    if site.daily:
        return times[place] + timedelta(minutes=rng.randint(30, 4200))
    last = times[REDESIGN - 2] if place < REDESIGN - 1 else times[-1]
    return last + timedelta(days=2, minutes=place)


def _second(rng: random.Random) -> list[bool]:
    out: list[bool] = []
    for pages_of_design, chosen in zip((REDESIGN - 1, PAGES - REDESIGN + 1), SECOND_LAYOUT, strict=True):
        part = [True] * chosen + [False] * (pages_of_design - chosen)
        rng.shuffle(part)
        out += part
    return out


def _plan(site: Site, seed: int) -> tuple[list[datetime], list[bool], int]:
    rng = random.Random(f"{seed}:{site.key}:plan")
    return _timeline(rng), _second(rng), 204000 + rng.randint(0, 900)


def second_layout(site: Site, seed: int = 1) -> list[bool]:
    """Which of the forty pages have the second layout, without making a page."""
    return _plan(site, seed)[1]


def _page(site: Site, seed: int, place: int, own: Sequence[Article], pool: Sequence[Article]) -> Page:
    times, second, first_number = _plan(site, seed)
    rng = random.Random(f"{seed}:{site.key}:{place}")
    new = place >= REDESIGN - 1
    fixed = f"{seed}:{site.key}:{new}"  # menus and styles are those of the site, not of the page
    article, when, seen = own[place], times[place], _seen(rng, site, times, place)
    form = site.dates[new]
    photo = second[place]
    low, high = (1, 2) if photo and site.second in ("photo", "gallery", "slides") else site.per_paragraph
    parts = paragraphs(rng, article.sentences, low, high)
    if photo and site.second == "brief":
        parts = parts[:4]
    body = [article.lead, *parts] if site.lead == "inside" else parts
    others = bulk.stories(rng, pool, 150, seen, site.listed)
    pictures = photo and site.second in ("photo", "gallery", "slides")
    number = first_number + 37 * place
    section = random.Random(fixed).choice(("doi-song", "kinh-te", "van-hoa"))
    url = site.urls[new].format(
        host=site.host, id=number, slug=bulk.slug(article.title), section=section, ym=f"{when:%Y/%m}"
    )
    shown = show(form, when, seen)
    modified = when + timedelta(minutes=rng.randint(5, 300))

    def take(count: int) -> list[bulk.Story]:
        return [others.pop() for _ in range(count)]

    html = _environment().get_template(f"{site.key}.html.j2").render(
        site=site, new=new, second=photo, number=number, url=url, section=section, article=article,
        blocks=_blocks(rng, site, body, site.words[new], pictures, others),
        author=rng.choice(bulk.NAMES), shown=shown, iso=when.isoformat(), modified_iso=modified.isoformat(),
        modified=show("hm-dmy", modified), clock=show(site.clock, seen) if site.clock else "", seen=seen, when=when,
        take=take, num=rng.randint, token=lambda size: f"{rng.getrandbits(size * 4):0{size}x}", script=partial(bulk.scripts, rng),
        fixed_script=partial(bulk.fixed_scripts, fixed), style=partial(bulk.styles, fixed), state=partial(bulk.state, rng),
        menu=partial(bulk.menu, fixed), show=show, comments=lambda count: bulk.comments(rng, pool, count, when, "dmy-hm"),
    )  # fmt: skip
    shown_time = has_time(form)
    truth = Truth(
        article.title,
        "" if site.lead == "none" else article.lead,
        "\n".join(body),
        when if shown_time else when.replace(hour=0, minute=0),
        shown_time,
        shown,
    )
    layout = site.second if photo else "text"
    return Page(site.key, place + 1, layout, new, url, encoded(html, site.encoding), site.content_type, seen, truth)


def pages(site: Site, seed: int = 1, numbers: Sequence[int] = range(1, PAGES + 1)) -> Iterator[Page]:
    """The pages of a site, one after another, the same bytes for the same seed; raises TextsMissing without the shared data."""
    found = articles(seed, SITES.index(site))
    own, pool = found[:PAGES], found[PAGES:]
    for number in numbers:
        yield _page(site, seed, number - 1, own, pool)


def text_of(page: Page) -> str:
    """The page's characters, decoded as its site means them and composed (a reader of pages has to find this out)."""
    encoding = next(site.encoding for site in SITES if site.key == page.site)
    return unicodedata.normalize("NFC", page.html.decode("utf-8" if encoding == "utf-8-nfd" else encoding))


def words(text: str) -> str:
    """Text for comparing: NFC, single spaces, no invisible letters."""
    return re.sub(r"\s+", " ", unicodedata.normalize("NFC", text).replace("\u200b", "")).strip()
