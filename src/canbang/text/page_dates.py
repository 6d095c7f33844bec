"""The date that a page shows its readers, among the dates that are none of its own.

A Vietnamese portal's page shows many dates: the clock of its header, the licence in its footer, related stories, comments,
events in the running text. A wrong one moves an item to another month, so a date is *sure* only where it stands by the title
in words that say nothing else; what is merely probable is *likely* and goes to a person; the rest is not taken.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo

from canbang.item import VIETNAM, Confidence
from canbang.text.dates import Dated, Doubt, split_date
from canbang.text.normalise import match_key, strip_accents


@dataclass(frozen=True, slots=True)
class Line:
    """A line as a reader sees it.

    ``trail`` numbers the elements around it from the root down and ``marks`` names them ("div.article-meta#x"), both from
    the outermost in; ``inner`` names the inline elements around the part of it that may be a date; ``machine`` is a
    ``datetime`` attribute in it; ``linked`` is how many characters of it are links.
    """

    text: str
    trail: tuple[int, ...] = ()
    marks: tuple[str, ...] = ()
    inner: tuple[str, ...] = ()
    machine: str = ""
    linked: int = 0

    @property
    def place(self) -> str:
        """The same for the same place on every page of a site."""
        return ">".join(self.marks + self.inner)


@dataclass(frozen=True, slots=True)
class PageDate:
    """A date read from a page's text; ``line`` is the line it was read from, for the person who looks at it."""

    when: datetime
    has_time: bool
    confidence: Confidence
    line: str


@dataclass(slots=True)
class _Candidate:
    at: int
    dated: Dated
    rest: str
    line: Line
    strong: bool = False
    doubts: list[str] = field(default_factory=list)


_B = r"(?:^|[\s.#_\->/])"
_NOT_OWN = re.compile(
    rf"{_B}(?:relat(?!ive)|lien-?quan|(?:tin|bai)-?(?:khac|moi|cu|lien|noi|hot|doc)|others?\b|more(?:\b|-)|xem-?them|(?:doc|xem)-?nhieu|most|popular|"
    rf"hot|side-?bar|aside|recommend|suggest|goi-?y|cung-?(?:chuyen|muc)|list-?news|news-?list|widget|ticker|slide|carousel|marquee|"
    rf"rail|promo|teaser|right\b|zone-?lq|"
    rf"comments?|binh-?luan|cmt|y-?kien|phan-?hoi|repl(?:y|ies)|disqus|fb-comments|"
    rf"(?:(?:site|main|page|top)-?)?header(?=$|[\s.#])|header-?(?:top|main|bar)|top-?bar|masthead|nav(?:bar|igation)?\b|menu|clock|dong-?ho|banner|today|hom-?nay|hien-?tai|current|"
    rf"foot(?:er)?\b|copyright|ban-?quyen|giay-?phep|bottom|licen[sc]e)"
)
_DATE_MARK = re.compile(
    r"(?<!up)(?<!candi)(?<!vali)date(?!-?picker)|(?<!run)time(?!line|r|out)|ngay|thoi-?gian|publish|posted|gio-?dang|dang-?luc|created"
)
_LICENCE = re.compile(  # with or without accents: stripping those of every line of a page would cost more than all the rest
    r"gi[ấa]y ph[ée]p|\bgp(?:-|xb| s[ốo]|/)|b[ảa]n quy[ềe]n|copyright|©|\(c\)\s*\d{4}|ch[ịi]u tr[áa]ch nhi[ệe]m|t[ổo]ng bi[êe]n t[ậa]p"
    r"|s[ốo] đăng k[ýy]|so dang ky|\bc[ấa]p ng[àa]y|ng[àa]y c[ấa]p|c[ụu]c b[áa]o ch[íi]|(?:b[ộo]|s[ởo]) (?:th[ôo]ng tin|tttt|tt&tt)|all rights"
    r"|thi[ếe]t k[ếe] b[ởo]i|c[ơo] quan ch[ủu] qu[ảa]n|tr[ưu][ởo]ng ban bi[êe]n t[ậa]p|gi[ấa]y ch[ứu]ng nh[ậa]n",
    re.IGNORECASE,
)
_BOX_HEADING = re.compile(
    r"^(?:cac )?(?:tin|bai|bai viet|tin tuc|tin bai|video)(?: viet)? (?:lien quan|khac|moi|cu|cung chuyen muc|cung muc|doc nhieu|xem nhieu|noi bat|da dua|dang chu y)"
    r"|^(?:cung chuyen muc|cung chu de|doc them|xem them|doc nhieu|xem nhieu|moi nhat|co the ban quan tam|lien quan|chu de lien quan|tin hot)\b"
    r"|^(?:\d+ )?(?:binh luan|y kien(?: ban doc| cua ban)?|phan hoi|comments?)\b"
)
_UPDATED = re.compile(r"cap nhat|sua (?:luc|ngay|lan)|updated|chinh sua|last modified")
_PUBLISHED = re.compile(
    r"\b(?:ngay dang|dang luc|dang ngay|ngay xuat ban|xuat ban|phat hanh|dang tai|ngay tao|published|posted|post date)\b"
)
# What may stand beside a publication date without saying anything of its own.
_LABELS = re.compile(
    r"\b(?:ngay(?: (?:dang|dua|tao|xuat ban|phat hanh|gio))?|gio|luc|vao|dang(?: (?:tai|luc|ngay|boi))?|xuat ban|phat hanh|thoi gian(?: dang)?|dua tin|tin"
    r"|cap nhat(?: lan cuoi)?|published|posted|on|at|date|updated|last|ict|gmt|utc|am|pm|luot (?:xem|doc)|da xem|xem|views?|in|chia se|\d+)\b"
)
_HINT = re.compile(
    r"\d{1,2}\s?[/.\-]\s?\d{1,2}|tháng|th\d|năm|trước|hôm|vừa|mới đây|\bago\b|yesterday|today|just now", re.IGNORECASE
)
_MAX_LINE = 160
_MAX_REST = 60
_TOLD_MAX = 50
_BEFORE, _AFTER, _LONG = 6, 8, 200
_NEAR_LICENCE, _UNDER_TITLE = 2, 4
_BREADCRUMBS = 3
_LICENCE_MAX = 400
_OLDEST = 1995


def may_hold_date(text: str) -> bool:
    """A quick look: whether it is worth asking where a line stands."""
    return len(text) <= _MAX_LINE and _HINT.search(text) is not None


def _title_at(lines: Sequence[Line], title: str) -> int | None:
    """The line of the headline: the h1 that says the title, any line that does, or the first h1."""
    wanted = match_key(title)
    headings = [at for at, line in enumerate(lines) if any(mark.startswith("h1") for mark in line.marks[-3:])]
    same = [at for at, line in enumerate(lines) if wanted and _says(line.text, title, wanted)]
    for group in (set(headings) & set(same), same, headings):
        if group:
            return min(group)
    return None


def _says(text: str, title: str, wanted: str) -> bool:
    """Whether a line is the headline; a page's title may go on with the site's name."""
    if not len(title) / 3 <= len(text) <= 2 * len(title):
        return False
    key = match_key(text)
    return key == wanted or (len(key) >= 15 and wanted.startswith(key))


def _common(one: Line, other: Line) -> int:
    """How many elements the two lines share, from the root."""
    shared = 0
    for a, b in zip(one.trail, other.trail, strict=False):
        if a != b:
            break
        shared += 1
    return shared


def _foreign(lines: Sequence[Line], title_at: int | None) -> set[int]:
    """Lines that belong to a box of other stories, to comments or to the licence, by the words above or beside them."""
    out: set[int] = set()
    for at, line in enumerate(lines):
        # "Bình luận" linked right under the headline leads down to the comments, it does not head them.
        jump = line.linked and title_at is not None and title_at < at <= title_at + 4
        words = strip_accents(line.text.lower()).strip(" :.»›-") if len(line.text) <= 50 and not jump else ""
        if words and _BOX_HEADING.search(words) and at + 1 < len(lines):
            depth = _common(line, lines[at + 1])
            box = line.trail[:depth]
            for later in range(at, len(lines)):
                # A box that also holds the headline is the whole page: what follows the headline's text is foreign still.
                if lines[later].trail[:depth] != box or (title_at is not None and later == title_at):
                    break
                out.add(later)
        if len(line.text) <= _LICENCE_MAX and _LICENCE.search(line.text):
            # Above the headline a licence is a line of the banner; below it the page's end begins, and a line or two before
            # it ("Ngày 15/02/2019 / Giấy phép số 12") may belong to it, though never those right under the headline.
            below = title_at is None or at > title_at
            first = max(at - _NEAR_LICENCE, (title_at or 0) + _UNDER_TITLE) if below else at
            out.update(range(min(first, at), len(lines) if below else at + _NEAR_LICENCE + 1))
    return out


def _misplaced(line: Line, title: Line | None) -> bool:
    """Whether an element around the line, and not around the title, says that it is no part of the article."""
    shared = _common(line, title) if title else 0
    own = (
        *line.marks[max(shared, 1) :],
        *line.inner,
    )  # the body's own classes ("has-sidebar comments-open") say nothing of one line
    return any(_NOT_OWN.search(mark) or mark.split(".")[0] in ("a", "nav", "aside", "footer") for mark in own)


def _candidates(lines: Sequence[Line], title_at: int | None, now: datetime | None, zone: tzinfo) -> list[_Candidate]:
    title = lines[title_at] if title_at is not None else None
    foreign = _foreign(lines, title_at)
    found = []
    for at, line in enumerate(lines):
        if at in foreign or len(line.text) > _MAX_LINE or at == title_at:
            continue
        # "Today" in a sentence is no date line.
        told = now if len(line.text) <= _TOLD_MAX else None
        read = split_date(line.text, now=told, zone=zone) if _HINT.search(line.text) else None
        machine = split_date(line.machine, zone=zone) if line.machine else None
        if machine and read and machine[0].when.astimezone(zone).date() == read[0].when.astimezone(zone).date():
            read = machine[0], read[1]
        both = read or machine
        if both is None or line.linked > 25 or _misplaced(line, title):
            continue
        if both[0].when.year < _OLDEST or (now and both[0].when > now + timedelta(days=1)):
            continue
        candidate = _Candidate(at, both[0], strip_accents(both[1].lower()), line)
        if machine and read and read is not both:
            candidate.doubts.append("machine")
        found.append(candidate)
    return found


def _same_day(now: datetime, when: datetime, zone: tzinfo) -> bool:
    """The same day or the one before: a page may come from a cache of last night."""
    return abs((now.astimezone(zone).date() - when.astimezone(zone).date()).days) <= 1


def _in_article_box(one: _Candidate, lines: Sequence[Line], title_at: int) -> bool:
    """Whether an element holds the line and the headline and no menu: a clock stands above the menu, outside of it."""
    depth = _common(one.line, lines[title_at])
    if depth < 2:
        return False
    box = one.line.trail[:depth]
    inside = [line for line in lines[:title_at] if line.trail[:depth] == box]
    return sum(1 for line in inside if line.linked) <= _BREADCRUMBS


def _judge(
    found: list[_Candidate], lines: Sequence[Line], title_at: int, now: datetime | None, site_known: bool, zone: tzinfo
) -> None:
    """Mark what is strong: near the title, saying nothing else or marked as a date, and open to no doubt."""
    places = Counter(candidate.line.place for candidate in found)
    for one in found:
        marked = any(_DATE_MARK.search(mark) for mark in (*one.line.marks[-3:], *one.line.inner))
        rest = _LABELS.sub(" ", one.rest)
        rest = re.sub(r"[^\w]+", " ", rest).strip()
        if one.dated.doubt is not Doubt.NONE or len(one.rest.strip()) > _MAX_REST:
            one.doubts.append("doubt")
        if split_date(one.rest, zone=zone):
            one.doubts.append("two dates")
        between = lines[title_at + 1 : one.at] if one.at > title_at else lines[one.at + 1 : title_at]
        limit = _AFTER if one.at > title_at else _BEFORE
        long = sum(1 for line in between if len(line.text) > _LONG)
        near = len(between) <= limit and not long
        if not near or (places[one.line.place] > 1 and len(between) > 3):
            one.doubts.append("far")
        # A header's clock shows the day of fetching; without that day or the site's other pages a date up there may be one.
        today = now is None or _same_day(now, one.dated.when, zone)
        if one.at < title_at and today and not site_known and not _in_article_box(one, lines, title_at):
            one.doubts.append("clock")
        if _UPDATED.search(one.rest) and not _PUBLISHED.search(one.rest):
            one.doubts.append("updated")
        if rest and not marked:
            one.doubts.append("words")
        one.strong = not one.doubts


def pick_date(
    lines: Sequence[Line],
    *,
    title: str = "",
    fetched: datetime | None = None,
    clocks: frozenset[str] | None = None,
    zone: tzinfo = VIETNAM,
) -> PageDate | None:
    """The page's own date among its lines, or ``None`` where none can be its own.

    ``fetched`` is the moment of fetching, aware: relative times count from it, and a date after it is none. ``clocks`` are
    places (:func:`clock_places`) that show the fetch day on every page; ``None`` where the site's pages were not compared.
    """
    title_at = _title_at(lines, title)
    found = [one for one in _candidates(lines, title_at, fetched, zone) if one.line.place not in (clocks or ())]
    if not found:
        return None
    if title_at is None:
        return _as_date(found[0], Confidence.LIKELY)
    _judge(found, lines, title_at, fetched, clocks is not None, zone)
    strong = [one for one in found if one.strong]
    said = [one for one in strong if _PUBLISHED.search(one.rest)] or strong
    days = {one.dated.when.astimezone(zone).date() for one in said}
    if len(days) == 1:
        # The same day twice: the one with a clock says more.
        return _as_date(next((one for one in said if one.dated.has_time), said[0]), Confidence.SURE)
    near = [one for one in found if "far" not in one.doubts] or found
    ranked = said or sorted(near, key=lambda one: (len(one.doubts), one.at < title_at, abs(one.at - title_at)))
    return _as_date(ranked[0], Confidence.LIKELY)


def _as_date(one: _Candidate, confidence: Confidence) -> PageDate:
    return PageDate(one.dated.when, one.dated.has_time, confidence, one.line.text)


def clock_places(pages: Sequence[tuple[Sequence[Line], datetime]], zone: tzinfo = VIETNAM) -> frozenset[str]:
    """Places that show the day of fetching on every one of at least three pages of a site: clocks, never dates.

    ``pages`` are the lines of different articles with the moment each was fetched. Articles of today show today too, so
    a place that is missing or shows another day on one page is no clock.
    """
    if len(pages) < 3:
        return frozenset()
    kept: set[str] | None = None
    for lines, fetched in pages:
        today = fetched.astimezone(zone).date()
        here: dict[str, bool] = {}
        for line in lines:
            read = split_date(line.text, now=fetched, zone=zone) if may_hold_date(line.text) else None
            if read:
                same = read[0].when.astimezone(zone).date() == today
                here[line.place] = same and here.get(line.place, True)
        shown = {place for place, same in here.items() if same}
        kept = shown if kept is None else kept & shown
    return frozenset(kept or ())
