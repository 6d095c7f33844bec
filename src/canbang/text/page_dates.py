"""The date that a page shows its readers, among the dates that are none of its own.

A Vietnamese portal's page shows many dates: the clock of its header, the licence in its footer, related stories, comments,
events in the running text. A wrong one moves an item to another month, so a date is *sure* only where it stands by the title
in words that say nothing else; what is merely probable is *likely* and goes to a person; the rest is not taken.

One page cannot tell today's article from the clock above it; the site's other pages can (:mod:`canbang.text.date_places`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from functools import lru_cache

from canbang.item import VIETNAM, Confidence
from canbang.text.date_places import DateLine, Places
from canbang.text.dates import Dated, Doubt, split_date
from canbang.text.normalise import match_key, strip_accents


@dataclass(frozen=True, slots=True)
class Line:
    """A line as a reader sees it.

    ``trail`` are the elements around it from the root down, told apart by ``==``, and ``marks`` their names ("div.article-meta#x"),
    both from the outermost in; ``inner`` names the inline elements around the part of it that may be a date; ``machine`` is a
    ``datetime`` attribute in it; ``linked`` is how many characters of it are links.
    """

    text: str
    trail: tuple[object, ...] = ()
    marks: tuple[str, ...] = ()
    inner: tuple[str, ...] = ()
    machine: str = ""
    linked: int = 0

    @property
    def place(self) -> str:
        """The same for the same place on every page of a site: numbers of articles ("post-2041") are left out."""
        return _NUMBER.sub("#", ">".join(self.marks + self.inner))[-_PLACE_MAX:]


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
    doubts: list[str] = field(default_factory=list)


_B = r"(?:^|[\s.#_\->/])"
_NOT_OWN = re.compile(
    rf"{_B}(?:relat(?!ive)|lien-?quan|(?:tin|bai)-?(?:khac|moi|cu|lien|noi|hot|doc)|others?\b|more(?:\b|-)|xem-?them|(?:doc|xem)-?nhieu|most|popular|"
    rf"hot|side-?bar|aside|recommend|suggest|goi-?y|cung-?(?:chuyen|muc)|list-?news|news-?list|(?<!elementor-)widget|ticker|slide|carousel|marquee|"
    rf"rail|promo|teaser|right\b|zone-?lq|"
    rf"comments?|binh-?luan|cmt|y-?kien|phan-?hoi|repl(?:y|ies)|disqus|fb-comments|"
    rf"(?:(?:site|main|page|top)-?)?header(?=$|[\s.#])|header-?(?:top|main|bar)|top-?bar|masthead|nav(?:bar|igation)?\b|menu|clock|dong-?ho|banner|today|hom-?nay|hien-?tai|current|"
    rf"foot(?:er)?\b|copyright|ban-?quyen|giay-?phep|bottom|licen[sc]e)"
)
_DATE_MARK = re.compile(
    r"(?<!up)(?<!candi)(?<!vali)date(?!-?picker)|(?<!run)time(?!line|r|out)|ngay|thoi-?gian|publish|posted|gio-?dang|dang-?luc|created"
    r"|(?:article|post|entry|news)-(?:meta|info)\b"
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
    r"\b(?:ngay dang|dang luc|dang ngay|ngay xuat ban|xuat ban|phat hanh|dang tai|ngay tao|duoc viet ngay|published|posted|post date)\b"
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
_NO_WORD = re.compile(r"[^\w]+")
_NUMBER = re.compile(r"\d{3,}")
_PLACE_MAX = 300
_MAX_FOUND = 300
_CLOCK_OFF = timedelta(minutes=15)


def may_hold_date(text: str) -> bool:
    """A quick look: whether it is worth asking where a line stands."""
    return len(text) <= _MAX_LINE and _hints(text)


# The lines of a site's menus and boxes stand on each of its pages: what they say is worked out once.
@lru_cache(maxsize=8192)
def _hints(text: str) -> bool:
    return _HINT.search(text) is not None


@lru_cache(maxsize=8192)
def _key(text: str) -> str:
    return match_key(text)


@lru_cache(maxsize=8192)
def _heads_box(text: str) -> bool:
    return _BOX_HEADING.search(strip_accents(text.lower()).strip(" :.»›-")) is not None


@lru_cache(maxsize=8192)
def _is_licence(text: str) -> bool:
    return _LICENCE.search(text) is not None


def beside_date(rest: str) -> str:
    """What stands beside a date and says something of its own: without the labels that dates have, accents and case."""
    return _own_words(strip_accents(rest.lower()))


def _own_words(rest: str) -> str:
    return _NO_WORD.sub(" ", _LABELS.sub(" ", rest)).strip()


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
    """Whether a line is the headline; a page's title may begin or go on with the site's name."""
    if not len(title) / 3 <= len(text) <= 2 * len(title):
        return False
    key = _key(text)
    return key == wanted or (len(key) >= 15 and (wanted.startswith(key) or wanted.endswith(key)))


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
        if len(line.text) <= 50 and not jump and at + 1 < len(lines) and _heads_box(line.text):
            depth = _common(line, lines[at + 1])
            box = line.trail[:depth]
            for later in range(at, len(lines)):
                # A box that also holds the headline is the whole page: what follows the headline's text is foreign still.
                if lines[later].trail[:depth] != box or (title_at is not None and later == title_at):
                    break
                out.add(later)
        if len(line.text) <= _LICENCE_MAX and _is_licence(line.text):
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
        read = split_date(line.text, now=told, zone=zone) if may_hold_date(line.text) else None
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


def _weigh(
    found: list[_Candidate], lines: Sequence[Line], title_at: int | None, now: datetime | None, zone: tzinfo
) -> tuple[DateLine, ...]:
    """What speaks for and against each on this page: near the title, saying nothing else or marked as a date."""
    places = Counter(candidate.line.place for candidate in found)
    out = []
    for one in found:
        marked = any(_DATE_MARK.search(mark) for mark in (*one.line.marks[-3:], *one.line.inner))
        rest = _own_words(one.rest)
        if one.dated.doubt is not Doubt.NONE or len(one.rest.strip()) > _MAX_REST:
            one.doubts.append("doubt")
        if split_date(one.rest, zone=zone):
            one.doubts.append("two dates")
        if title_at is None or _is_far(one, lines, title_at, places[one.line.place]):
            one.doubts.append("far")
        if _UPDATED.search(one.rest) and not _PUBLISHED.search(one.rest):
            one.doubts.append("updated")
        if rest and not marked:
            one.doubts.append("words")
        out.append(_date_line(one, lines, title_at, now, zone))
    return tuple(out)


def _is_far(one: _Candidate, lines: Sequence[Line], title_at: int, like: int) -> bool:
    """Whether much stands between the line and the headline; ``like`` lines of its place are on the page."""
    above = one.at < title_at
    between = lines[one.at + 1 : title_at] if above else lines[title_at + 1 : one.at]
    long = sum(1 for line in between if len(line.text) > _LONG)
    return len(between) > (_BEFORE if above else _AFTER) or long > 0 or (like > 1 and len(between) > 3)


def _date_line(
    one: _Candidate, lines: Sequence[Line], title_at: int | None, now: datetime | None, zone: tzinfo
) -> DateLine:
    outside = title_at is None or (one.at < title_at and not _in_article_box(one, lines, title_at))
    when, published = one.dated.when, bool(_PUBLISHED.search(one.rest))
    today = now is None or _same_day(now, when, zone)
    exact = now is not None and when.astimezone(zone).date() == now.astimezone(zone).date()
    if exact and now is not None and one.dated.has_time:
        exact = abs(when - now) <= _CLOCK_OFF
    # No clock says "ngày đăng" or "3 giờ trước".
    clocklike = today and not published and split_date(one.line.text or one.line.machine, zone=zone) is not None
    return DateLine(
        when, one.dated.has_time, one.line.text, f"{'^' * outside}{one.line.place}", tuple(one.doubts),
        (one.at < (title_at or 0), abs(one.at - (title_at or 0))), published, outside, clocklike, exact and clocklike,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shown:
    """The dates that a page shows, ready to be chosen from."""

    lines: tuple[DateLine, ...]
    zone: tzinfo

    def pick(self, places: Places | None = None) -> PageDate | None:
        """The page's own date, or ``None`` where none can be its own.

        ``places`` is what the site's pages taught; until they taught enough nothing is sure. ``None`` judges the page alone.
        """
        found = [one for one in self.lines if places is None or not places.is_clock(one.place)]
        if not found:
            return None
        doubts = {id(one): len(one.doubts) + _may_be_clock(one, places) for one in found}
        strong = [one for one in found if not doubts[id(one)]] or _varied(found, places)
        said = [one for one in strong if one.published] or strong
        if len({one.when.astimezone(self.zone).date() for one in said}) == 1:
            # The same day twice: the one with a clock says more.
            best = next((one for one in said if one.has_time), said[0])
            return _as_date(best, Confidence.SURE if places is None or places.known else Confidence.LIKELY)
        near = [one for one in found if "far" not in one.doubts] or found
        ranked = said or sorted(near, key=lambda one: (doubts[id(one)], one.apart))
        return _as_date(ranked[0], Confidence.LIKELY)


def _may_be_clock(one: DateLine, places: Places | None) -> bool:
    """Whether it may be the clock's: alone by where it stands, else by whether its place has shown other days."""
    return one.clocklike and (one.outside if places is None else not places.has_moved(one.place))


def _varied(found: Sequence[DateLine], places: Places | None) -> list[DateLine]:
    """Lines in a place of their own whose day differed from page to page: by the site they are its dates, headline or not."""
    alone = Counter(one.place for one in found)
    return [
        one for one in found
        if places is not None and alone[one.place] == 1 and places.varies(one.place) and set(one.doubts) <= {"far"}
    ]  # fmt: skip


def _as_date(one: DateLine, confidence: Confidence) -> PageDate:
    return PageDate(one.when, one.has_time, confidence, one.text)


def find_dates(
    lines: Sequence[Line], *, title: str = "", fetched: datetime | None = None, zone: tzinfo = VIETNAM
) -> Shown:
    """The lines that may hold the page's date. ``fetched`` (aware): relative times count from it, a date after it is none."""
    title_at = _title_at(lines, title)
    found = _candidates(lines, title_at, fetched, zone)[:_MAX_FOUND]
    return Shown(_weigh(found, lines, title_at, fetched, zone), zone)
