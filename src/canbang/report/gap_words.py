"""The words for what is missing: beside the verdict, in each group's row, and channel by channel."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from canbang.fetch.coverage import changed_words, missing_words
from canbang.report.gaps import Covered, Gaps, Standing
from canbang.text.numbers import day, integer

NO_DATA = "chưa có dữ liệu"
_NAMED = 3
"""Channels that the sentence names; the table beside it has them all."""


def days_words(missing: Sequence[date]) -> str:
    """ "thiếu dữ liệu 2 ngày"; "" for none."""
    return f"thiếu dữ liệu {integer(len(missing))} ngày" if missing else ""


def standing_words(one: Covered, until: date | None = None) -> str:
    """What may be said of one channel: "đủ dữ liệu", "thiếu dữ liệu 2 ngày (3/9, 7/9/2026)", "chưa có dữ liệu"."""
    if one.standing is Standing.NO_DATA:
        return NO_DATA
    said = missing_words(one.missing, one.unread) or "đủ dữ liệu"
    return f"{said}; mới đến hết ngày {day(until)}" if until else said


def mark(gaps: Gaps) -> str:
    """What stands in one breath with the verdict: "thiếu dữ liệu 5 ngày ở 2/3 kênh; 1 kênh chưa có dữ liệu"; "" for none."""
    holed = [one for one in gaps.channels if one.standing is Standing.GAPS]
    none = [one for one in gaps.channels if one.standing is Standing.NO_DATA]
    of_all = f" ở {integer(len(holed))}/{integer(len(gaps.channels))} kênh" if len(gaps.channels) > 1 else ""
    said = [days_words(gaps.missing) + of_all] if gaps.missing else []
    unread = sum(one.unread for one in holed)
    said += [f"{integer(unread)} địa chỉ chưa tải được"] if unread else []
    said += [f"{integer(len(none))} kênh {NO_DATA}"] if none else []
    said += [f"kỳ chưa hết, mới đến hết ngày {day(gaps.until)}"] if gaps.until else []
    return "; ".join(said)


def caveat(gaps: Gaps) -> str:
    """The sentence behind the verdict's: what it can speak of only; "" where nothing is missing."""
    holed = [one for one in gaps.channels if one.standing is not Standing.WHOLE]
    alone = len(gaps.channels) == 1
    said = [("" if alone else f"{one.channel} ") + standing_words(one) for one in holed[:_NAMED]]
    said += [f"và {integer(len(holed) - _NAMED)} kênh khác"] if len(holed) > _NAMED else []
    said += [f"kỳ chưa hết, mới đến hết ngày {day(gaps.until)}"] if gaps.until else []
    return f"Chỉ nói về tin đã thu thập được: {', '.join(said)}." if said else ""


def channel_words(one: Covered, until: date | None = None) -> list[str]:
    """All that is to be said of one channel: what is missing of it, what was taken down or edited."""
    return [part for part in (standing_words(one, until), changed_words(one.deleted, one.revised)) if part]


def channel_lines(gaps: Gaps) -> list[str]:
    """One line for each collected channel."""
    return [f"{one.channel}: {'; '.join(channel_words(one, gaps.until))}" for one in gaps.channels]


def nothing_words(channels: Sequence[Covered]) -> list[str]:
    """Why channels gave no item: nothing was collected, or nothing was published in days that are known whole."""
    return [
        f"{one.channel}: "
        + (f"{NO_DATA} trong kỳ" if one.standing is Standing.NO_DATA else missing_words(one.missing, one.unread) or "không đăng tin nào trong kỳ")
        for one in channels
    ]  # fmt: skip
