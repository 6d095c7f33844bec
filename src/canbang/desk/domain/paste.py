"""Pasted lines, as ``canbang import`` reads them: one link or one text a line."""

from __future__ import annotations

from datetime import datetime

from canbang.desk.domain import prediction
from canbang.desk.domain.channel import enrolments
from canbang.desk.domain.intake import take
from canbang.desk.domain.wording import on_screen
from canbang.desk.models import Channel, Intake, IntakeKind, User
from canbang.errors import InputError
from canbang.fetch.guard import open_guard
from canbang.fetch.page import Article
from canbang.fetch.pasted import EnrolledPages, read_pasted
from canbang.fetch.source import Reject
from canbang.item import VIETNAM
from canbang.text.dates import DateOrder
from canbang.text.numbers import integer

LINES_MAX = 500
LINKS_MAX = 30
"""Pages that are fetched for one paste: somebody waits for the answer."""


class _Few:
    """Opens pages of enrolled channels, so many and no more."""

    def __init__(self, opener: EnrolledPages) -> None:
        self.opener, self.left = opener, LINKS_MAX

    def __call__(self, url: str) -> Article:
        if not self.left:
            raise InputError(f"mỗi lần chỉ tải {LINKS_MAX} trang. Dán phần còn lại ở lần sau.")
        self.left -= 1
        return self.opener(url)


def paste(channel: Channel, user: User, text: str, *, when: datetime | None = None, order: str = "") -> Intake:
    """Take pasted lines in under one channel, and label them. Raises :class:`InputError`; then nothing is stored."""
    lines = text.splitlines()
    filled = sum(bool(line.strip()) for line in lines)
    if not filled:
        raise InputError("Chưa dán dòng nào. Mỗi dòng một đường dẫn hoặc một tin.")
    if filled > LINES_MAX:
        raise InputError(f"Dán {integer(filled)} dòng, mỗi lần nhận {LINES_MAX}. Chia nhỏ, hoặc nạp tệp.")
    try:
        with EnrolledPages(open_guard(), enrolments(channel.organisation)) as opener:
            # everything is read before the first row is written: nobody waits for a slow site behind our transaction
            things = list(
                read_pasted(
                    lines, channel.name, when=when, order=DateOrder(order) if order else None, opener=_Few(opener)
                )
            )
    except InputError as error:
        raise InputError(on_screen(str(error))) from error
    said = [
        Reject(one.source, one.place, on_screen(one.reason), one.start) if isinstance(one, Reject) else one
        for one in things
    ]
    intake = take(
        channel.organisation, IntakeKind.PASTE, f"văn bản dán, {datetime.now(VIETNAM):%H:%M %d/%m/%Y}", said,
        channel=channel, user=user,
    )  # fmt: skip
    prediction.label(channel.organisation)
    return intake
