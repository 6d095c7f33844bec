"""A balance as pages print it: the words are the report's (``report.words``, ``report.sentences``), the links the desk's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from canbang.desk.domain import measurement
from canbang.desk.domain.wording import on_screen
from canbang.desk.models import Channel, Organisation
from canbang.desk.views import charts
from canbang.estimate.verdict import Verdict
from canbang.report import gap_words, sentences, words
from canbang.report.balance import Balance, Part

TONES = ("positive", "neutral", "negative")


@dataclass(frozen=True, slots=True)
class Row:
    """A group of a month in a table: its figures as text, its bar, and the query that finds its items in the store.

    ``channel`` is the key of a channel as text, "" for other groups.
    """

    name: str
    channel: str
    query: str
    items: int
    audited: int
    point: str
    interval: str
    bar: charts.Bar
    verdict: str
    word: str
    missing: str


def figure(report: Balance, part: Part | None = None) -> dict[str, Any]:
    """The figure of a part (the whole month where none is given) with everything that has to stand beside it."""
    part = part or report.whole
    share, audited = part.shares["counted_negative"], part.basis == "audit"
    scale, bar = charts.dial(report, part)
    return {
        "part": part, "audited": audited, "point": words.near_limit(share.point, float(report.limit.value)),
        "interval": words.interval(share, part.basis), "confidence": words.confidence_words(share.confidence),
        "limit": words.limit_words(report.limit), "verdict": part.verdict.value if audited else "",
        "word": words.VERDICTS[part.verdict] if audited else "", "mark": words.verdict_mark(report),
        "public": _value(part, "counted_negative_public_interest"),
        "rest": _value(part, "counted_negative_without_public_interest"), "scale": scale, "bar": bar,
    }  # fmt: skip


def _value(part: Part, name: str) -> str:
    """A share with its interval behind it, where it has one."""
    value = words.point(part, name)
    return value if part.basis != "audit" or value == "—" else f"{value} ({words.interval(part.shares[name], 'audit')})"


def sentence(report: Balance) -> str:
    """What may be said of the whole month; of an estimate, how many items people would have to read."""
    if report.whole.basis == "audit":
        return on_screen(words.verdict_sentence(report))
    return " ".join(part for part in (words.more_labels(report), gap_words.caveat(report.gaps)) if part)


def shares(report: Balance, part: Part | None = None) -> list[tuple[str, str, str, bool]]:
    """Every share of a part: its name, its value, its interval, and whether it is the one that the limit is about."""
    part = part or report.whole
    return [
        (label, words.point(part, name), words.interval(part.shares[name], part.basis), name == "counted_negative")
        for name, label in words.SHARES.items()
    ]


def tones(part: Part) -> list[dict[str, str]]:
    """The three tones; their values add up to one hundred."""
    return [
        {"id": name, "name": words.SHARES[name].removeprefix("Sắc thái ").removeprefix("Chỉ sắc thái ").capitalize(),
         "value": words.point(part, name), "interval": words.interval(part.shares[name], part.basis),
         "width": f"{100 * part.shares[name].point:.1f}"}
        for name in TONES
    ]  # fmt: skip


def rows(report: Balance, dimension: str, organisation: Organisation) -> tuple[charts.Scale, list[Row]]:
    """The groups of a dimension, and the scale of their bars. Themes have no verdict: no letter limits them."""
    parts = report.by.get(dimension, ())
    scale, bars = charts.forest(report, parts)
    named = Channel.objects.filter(organisation=organisation).values_list("name", "pk")
    channels = dict(named) if dimension == "channel" else {}
    found = []
    for part, bar in zip(parts, bars, strict=True):
        word = words.verdict(dimension, part) if part.basis == "audit" else "—"
        found.append(Row(
            words.key_words(report, dimension, part.key), str(channels.get(part.key, "")),
            _query(report, dimension, part.key, channels), part.items, part.audited, words.point(part, "counted_negative"), words.interval(part.shares["counted_negative"], part.basis), bar,
            part.verdict.value if word != "—" else "", word, gap_words.days_words(part.missing),
        ))  # fmt: skip
    return scale, found


def _query(report: Balance, dimension: str, key: str, channels: dict[str, int]) -> str:
    """What finds a group's items in *Kho tin bài*."""
    if dimension == "week":
        year, week = key.split("-W")
        monday = date.fromisocalendar(int(year), int(week), 1)
        first, last = max(monday, report.first), min(monday + timedelta(days=6), report.last)
        return urlencode({"tu": f"{first:%d/%m/%Y}", "den": f"{last:%d/%m/%Y}"})
    month = {"thang": f"{measurement.month_of(report.first):%Y-%m}"}
    return urlencode(month | ({"kenh": channels.get(key, "")} if dimension == "channel" else {"chu_de": key}))


def beside(report: Balance) -> list[str]:
    """The lines that stand beside the verdict, and the early-warning lamps'."""
    return [on_screen(line) for line in (*sentences.beside_lines(report), *sentences.lamp_lines(report))]


def changes(report: Balance) -> list[tuple[str, list[tuple[str, str, str]]]]:
    """For each month compared with: its name, and the main changes with their intervals, in points."""
    return [
        (
            sentences.delta_words(delta),
            [
                (words.SHARES[name], sentences.points(change.point), sentences.points_range(change))
                for name, change in sentences.main_changes(delta)
            ],
        )
        for delta in report.changes
    ]


def gaps(report: Balance) -> list[tuple[str, list[str]]]:
    """What collecting missed, channel by channel; none where nothing was collected."""
    return [(one.channel, gap_words.channel_words(one, report.gaps.until)) for one in report.gaps.channels]


def verdict_words(verdict: Verdict) -> str:
    """Đạt, Không đạt, Chưa đủ căn cứ."""
    return words.VERDICTS[verdict]
