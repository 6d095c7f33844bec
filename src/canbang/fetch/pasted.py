"""Pasted lines as items: one link or one text a line, for channels that no programming interface opens.

A date stands at the head of a line ("29/3/2024 08:15 Khánh thành cầu"), in a field of its own (tab or " | "), or behind
the link; otherwise the date given for all holds. A date inside a sentence is what the story tells, never read as its own.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import TracebackType
from urllib.parse import urlsplit

from canbang.errors import InputError
from canbang.fetch.enrolment import Enrolment, covering
from canbang.fetch.guard import Guard
from canbang.fetch.not_item import why_not_item
from canbang.fetch.page import Article, read_article
from canbang.fetch.source import Reject
from canbang.item import VIETNAM, Item, Kind
from canbang.text.dates import DateOrder, order_evidence, parse_date
from canbang.text.normalise import match_key, plain
from canbang.text.urls import canonical_url

LINE_MAX = 100_000
TITLE_MAX = 200
"""A line longer than this is a text, not a title."""
_LINK = re.compile(r"https?://[^\s<>\"'“”|]+", re.IGNORECASE)
_TAIL = ".,;:!?)]}…"
_FIELD = re.compile(r"\t+|\s\|\s|\s\|$|^\|\s")
_DATE = r"(?:\d{1,2}(?P<mark>[/.\-])\d{1,2}(?P=mark)\d{4}|\d{4}-\d{1,2}-\d{1,2})"
_CLOCK = r"(?:\d{1,2}[:hH]\d{2}(?::\d{2})?)"
_HEAD = re.compile(
    rf"^\W{{0,2}}(?P<date>(?:{_CLOCK}[\s,]+)?{_DATE}(?:[T\s,]+{_CLOCK}(?:\s*(?:SA|CH|AM|PM))?)?)(?=[\s:,;)\]–-]|$)\s*[)\]:,;–-]*\s*"
)
_WHOLE = re.compile(rf"^[(\[]?(?:{_CLOCK}[\s,]+)?{_DATE}(?:[T\s,]+{_CLOCK}(?:\s*(?:SA|CH|AM|PM))?)?[)\]]?$")
_KINDS = {
    "facebook.com": Kind.POST, "fb.com": Kind.POST, "fb.watch": Kind.CLIP, "youtube.com": Kind.CLIP, "youtu.be": Kind.CLIP,
    "tiktok.com": Kind.CLIP, "zalo.me": Kind.POST, "officialaccount.me": Kind.ARTICLE,
}  # fmt: skip

Opener = Callable[[str], Article]
"""Reads the page behind a link of an enrolled channel; raises :class:`InputError` for any other."""


@dataclass(frozen=True, slots=True)
class Pasted:
    """One line taken apart; ``date`` as it was written, "" where the line has none."""

    number: int
    url: str
    date: str
    title: str
    text: str


def take_apart(number: int, line: str) -> Pasted:
    """Link, date and words of a line."""
    line = line.strip()[:LINE_MAX]
    url, date = "", ""
    match = _LINK.search(line)
    if match:
        url = match.group(0).rstrip(_TAIL)
        line = f"{line[: match.start()]}\t{line[match.start() + len(url) :]}"
    fields = []
    for field in (plain(part) for part in _FIELD.split(line)):
        if field and not date and _WHOLE.match(field):
            date = field
        elif field:
            fields.append(field)
    if fields and not date and (head := _HEAD.match(fields[0])):
        date, fields[0] = head.group("date"), fields[0][head.end() :]
        fields = [field for field in fields if field]
    first = fields[0].strip("-–|• ") if fields else ""
    rest = " ".join(fields[1:])
    if len(first) > TITLE_MAX:
        return Pasted(number, url, date, "", f"{first} {rest}".strip())
    return Pasted(number, url, date, first, rest)


def decide_order(lines: Sequence[Pasted], order: DateOrder | None) -> DateOrder | None:
    """The order of all dates of one paste, decided once. Raises :class:`InputError` where it stays open or is mixed."""
    if order is not None:
        return order
    evidence: dict[DateOrder, int] = {}
    question = 0
    for line in lines:
        found = order_evidence(line.date) if line.date else False
        if isinstance(found, DateOrder):
            evidence.setdefault(found, line.number)
        elif found is None:
            question = question or line.number
    if len(evidence) == 2:
        raise InputError(
            f"dòng {evidence[DateOrder.DMY]} và dòng {evidence[DateOrder.MDY]} ghi ngày trái kiểu nhau (ngày/tháng và "
            "tháng/ngày). Sửa cho một kiểu, hoặc thêm --date-order dmy (hoặc mdy)."
        )
    if question and not evidence:
        raise InputError(
            f"dòng {question}: không rõ số nào là ngày, số nào là tháng. Thêm --date-order dmy nếu viết ngày/tháng/năm, "
            "--date-order mdy nếu tháng/ngày/năm."
        )
    return next(iter(evidence), DateOrder.DMY)


def read_pasted(
    lines: Sequence[str], channel: str, *, when: datetime | None = None, order: DateOrder | None = None,
    opener: Opener | None = None, known: Callable[[str], bool] = lambda _: False,
) -> Iterator[Item | Reject]:  # fmt: skip
    """Items and rejects of pasted lines; every line that is not blank comes out once, with its number.

    ``when`` holds for lines without a date; ``known`` tells ids that were accepted before. Raises :class:`InputError`
    for a question about day and month, before anything is given.
    """
    apart = [take_apart(number, line) for number, line in enumerate(lines, 1) if line.strip()]
    settled = decide_order(apart, order)
    seen: dict[str, int] = {}
    for line in apart:
        thing = _read(line, channel, when, settled, opener)
        if isinstance(thing, Item):
            if thing.id in seen:
                thing = _reject(
                    line, f"trùng dòng {seen[thing.id]}: {'cùng đường dẫn' if line.url else 'cùng chữ, cùng ngày'}"
                )
            elif known(thing.id):
                thing = _reject(line, "trùng: đã nhận từ lần trước")
            else:
                seen[thing.id] = line.number
        yield thing


def _reject(line: Pasted, why: str) -> Reject:
    return Reject("văn bản dán", f"dòng {line.number}", why, (line.title or line.text or line.url)[:80])


def _read(
    line: Pasted, channel: str, when: datetime | None, order: DateOrder | None, opener: Opener | None
) -> Item | Reject:
    moment = when
    if line.date:
        dated = parse_date(line.date, order=order or DateOrder.DMY)
        if dated is None:
            return _reject(line, f"ngày “{line.date}” không có trên lịch. Viết ngày dạng 29/3/2024 hoặc 2024-03-29")
        moment = dated.when
    if line.url and not line.title and not line.text:
        return _behind(line, channel, moment, opener)
    if line.url and not canonical_url(line.url):
        return _reject(line, f"đường dẫn “{line.url[:60]}” hỏng. Chép lại từ thanh địa chỉ")
    why = why_not_item(line.title, "", line.text)
    if why:
        return _reject(line, f"{why}. Dán tiêu đề hoặc nội dung của bài")
    if moment is None:
        return _reject(line, "thiếu ngày đăng. Ghi ngày ở đầu dòng (29/3/2024 …), hoặc thêm --date cho cả lần dán")
    return Item(
        channel=channel, platform_id=canonical_url(line.url) or _made_id(line, moment), title=line.title,
        published_at=moment.astimezone(VIETNAM), text=line.text, url=line.url, kind=_kind(line.url),
    )  # fmt: skip


def _behind(line: Pasted, channel: str, when: datetime | None, opener: Opener | None) -> Item | Reject:
    """A bare link: the page says the rest, where it is an enrolled channel's own."""
    if not canonical_url(line.url):
        return _reject(line, f"đường dẫn “{line.url[:60]}” hỏng. Chép lại từ thanh địa chỉ")
    if opener is None:
        return _reject(line, "chỉ có đường dẫn, không có chữ. Dán thêm tiêu đề hoặc nội dung sau đường dẫn")
    try:
        article = opener(line.url)
    except InputError as error:
        return _reject(line, f"{error} Hoặc dán thêm tiêu đề sau đường dẫn")
    if article.reason:
        return _reject(line, f"{article.reason}. Dán thêm tiêu đề sau đường dẫn nếu đây đúng là một bài")
    if when is None and article.published is None:
        return _reject(line, "trang không ghi ngày đăng. Ghi ngày ở đầu dòng (29/3/2024 …)")
    item = Item(
        channel=channel, platform_id=canonical_url(line.url), title=article.title,
        published_at=(when or (article.published.when if article.published else datetime.now(VIETNAM))).astimezone(VIETNAM),
        lead=article.lead, text=article.text, url=line.url, kind=_kind(line.url), section=article.section,
    )  # fmt: skip
    if when is None and article.published is not None:
        return replace(item, date_source=article.published.source, date_confidence=article.published.confidence)
    return item


def _kind(url: str) -> Kind:
    if not url:
        return Kind.POST
    try:
        host = (urlsplit(url).hostname or "").lower()
    except ValueError:
        return Kind.ARTICLE
    return next((kind for name, kind in _KINDS.items() if host == name or host.endswith(f".{name}")), Kind.ARTICLE)


def _made_id(line: Pasted, when: datetime) -> str:
    said = f"{match_key(line.title)}|{match_key(line.text)}|{when.astimezone(VIETNAM).date().isoformat()}"
    return hashlib.sha256(said.encode("utf-8", "replace")).hexdigest()[:16]


class EnrolledPages:
    """``with EnrolledPages(guard, enrolments) as opener``: an :data:`Opener` for links of enrolled channels alone."""

    def __init__(self, guard: Guard, enrolments: Sequence[Enrolment]) -> None:
        self.guard, self.enrolments = guard, enrolments
        self._runner: asyncio.Runner | None = None

    def __enter__(self) -> EnrolledPages:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._runner:
            self._runner.run(self.guard.__aexit__(None, None, None))
            self._runner.close()

    def __call__(self, url: str) -> Article:
        """The page behind a link. Raises :class:`InputError` where no enrolment covers it, or it does not come."""
        enrolment = covering(url, self.enrolments)
        if enrolment is None:
            raise InputError(
                "đường dẫn không thuộc kênh nào đã ghi danh nên không tải trang. Ghi danh bằng canbang enrol."
            )
        if self._runner is None:
            self._runner = asyncio.Runner()
            self._runner.run(self.guard.__aenter__())
        reply = self._runner.run(self.guard.get(url))
        if covering(reply.url, [enrolment]) is None:
            raise InputError(f"trang chuyển sang {reply.url[:100]}, nằm ngoài kênh đã ghi danh, không đọc.")
        if reply.status != 200:
            raise InputError(f"máy chủ trả lời mã {reply.status}. Kiểm tra đường dẫn.")
        return read_article(reply.body, url=reply.url, content_type=reply.content_type, fetched=datetime.now(VIETNAM))
