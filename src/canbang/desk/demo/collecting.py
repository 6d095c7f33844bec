"""A site's months as collecting would have left them: a folder with acts, edits, removals, and a ledger with its gaps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta

import numpy as np

from canbang.desk.domain import collect
from canbang.desk.models import Channel
from canbang.fetch.coverage import Attempt, Outcome, Span
from canbang.fetch.folder import Folder
from canbang.fetch.source import Reject
from canbang.item import VIETNAM, Item

_EVERY = 5
"""Days between two readings."""
_NOT_ITEMS = (
    ("dang-ky-nhan-tin", "không phải tin, bài: thông báo đăng ký nhận tin", "Đăng ký nhận bản tin qua thư điện tử"),
    ("chuyen-muc", "không phải tin, bài: trang chuyên mục", "Chuyên mục Đời sống – Xã hội"),
)


def collected(channel: Channel, acts: Sequence[Item], month: date, today: date, gap: int, rng: np.random.Generator) -> None:  # fmt: skip
    """Write a month into the channel's folder and take it in; for ``gap`` days the site did not answer."""
    seen = datetime.combine(min(today, month + timedelta(days=32)), time(6), VIETNAM)
    with Folder(collect.folder_of(channel)) as folder:
        for act in acts:
            folder.act(act, seen)
        for key, why, start in _NOT_ITEMS:
            name = f"{key}-{month:%Y-%m}"
            folder.reject(channel.name, name, Reject(channel.name, name, why, start), seen)
        if len(acts) > 10:
            edited, removed = acts[int(rng.integers(0, 5))], acts[int(rng.integers(5, 10))]
            folder.act(replace(edited, text=f"{edited.text} (Đã cập nhật.)"), seen)
            if month.month % 3 == 0:
                folder.deleted(channel.name, removed.platform_id, seen, "404")
        folder.end(*_readings(channel, acts, month, today, gap))
    collect.take_folder(channel)


def _readings(channel: Channel, acts: Sequence[Item], month: date, today: date, gap: int) -> list[Attempt]:
    """The ledger's lines: a reading every few days, each vouching for the days since the one before."""
    first = datetime.combine(month, time(), VIETNAM) - timedelta(minutes=1)
    end = datetime.combine(min(today, (month + timedelta(days=32)).replace(day=1)), time(5), VIETNAM)
    # in a month that is not over the site went silent lately, so that today's strip of days shows it
    silent = first + timedelta(days=12) if end.date() > month.replace(day=28) else end - timedelta(days=5 + gap)
    dead = (silent, silent + timedelta(days=gap))
    gap = gap if silent >= first else 0
    made: list[Attempt] = []
    while first < end:
        last = min(first + timedelta(days=_EVERY), end)
        if gap and first < dead[1] and last > dead[0]:
            made.append(_failed(channel, dead[0]))
            if first < dead[0]:
                made.append(_whole(channel, acts, (first, dead[0])))
            last = max(last, dead[1])
            if dead[1] < last:
                made.append(_whole(channel, acts, (dead[1], last)))
        else:
            made.append(_whole(channel, acts, (first, last)))
        first = last
    return sorted(made, key=lambda one: one.started)


def _whole(channel: Channel, acts: Sequence[Item], span: Span) -> Attempt:
    got = sum(span[0] < act.published_at <= span[1] for act in acts)
    begun = span[1] + timedelta(minutes=1)
    return Attempt(
        channel.name,
        channel.url,
        begun,
        begun + timedelta(seconds=40),
        Outcome.WHOLE,
        tried=got + 2,
        got=got,
        covers=span,
    )


def _failed(channel: Channel, when: datetime) -> Attempt:
    said = f"{channel.url}: máy chủ không trả lời trong 20 giây"
    return Attempt(
        channel.name,
        channel.url,
        when,
        when + timedelta(seconds=60),
        Outcome.FAILED,
        tried=1,
        errors=(("network", said),),
    )
