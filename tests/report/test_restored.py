"""A report read back from its JSON is the report: the same JSON again, the same words, the same files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from canbang.audit.draw import make_draw
from canbang.audit.judge import Audit, differing
from canbang.codebook import load_codebook
from canbang.errors import InputError
from canbang.fetch.collected import CollectedSource
from canbang.fetch.coverage import Coverage
from canbang.fetch.source import Source
from canbang.item import VIETNAM, Item, Judgement, Label
from canbang.label.labeller import COLUMN
from canbang.pipeline import measure, read_frame
from canbang.report import chart, html, sentences, words
from canbang.report import json as report_json
from canbang.report.balance import Balance
from canbang.report.frame import Frame, Window
from canbang.report.restored import restore
from canbang.report.saved import saved_of
from conftest import WordLabeller, make_item


def frame_of(month: int) -> Frame:
    """A month of two channels, one of them collected with two days missing."""
    first = date(2026, month, 1)
    days = 31 if month == 8 else 30
    items = [
        make_item(
            1000 * month + k, f"Cháy nhà kho thứ {k}" if k % 8 == 0 else "", channel="trang" if k % 3 else "portal",
            published_at=datetime(2026, month, 1 + k % days, 8, tzinfo=VIETNAM), metrics={"views": 10 + k},
        )
        for k in range(150)
    ]  # fmt: skip

    def of(channel: str) -> list[Item]:
        return [item for item in items if item.channel == channel]

    start = datetime(2026, month, 1, tzinfo=VIETNAM) - timedelta(days=1)
    spans = ((start, start + timedelta(days=5)), (start + timedelta(days=7), start + timedelta(days=40)))
    ledger = Coverage("trang", spans, deleted=(of("trang")[0].id,))
    sources = [
        Source("cong.jsonl", lambda _: iter(of("portal"))),
        CollectedSource("thu-thap/trang", lambda _: iter(of("trang")), enrolment="trang.vn", coverage=ledger),
    ]
    return read_frame(
        sources, WordLabeller(), window=Window(first, first.replace(day=days)), today=date(2026, 11, 1)
    )  # fmt: skip


def audit_of(frame: Frame) -> Audit:
    """Sixty items judged, thirty of them twice, all differences settled, everything labelled."""
    book = load_codebook()
    scores = frame.probability[:, COLUMN["counted_negative"]].astype(float)
    draw = make_draw(frame.ids, scores, 60, "s", labeller=frame.labeller, codebook=(book.version, book.digest))

    def said(item_id: str, *, other: bool) -> Judgement:
        bad = "Cháy" in frame.items([item_id])[0].title
        if item_id == draw.drawn[0]:
            return Judgement(item_id, Label(unsure=True))
        tone = "negative" if bad else "neutral" if other and ord(item_id[-1]) % 2 else "positive"
        return Judgement(item_id, Label(tone, bad, False, "world" if bad else "society", bad))

    first = tuple(said(i, other=False) for i in draw.drawn)
    second = tuple(said(i, other=True) for i in draw.doubled)
    final = tuple(said(i, other=False) for i in differing(first, second, book))
    return Audit(draw, first, second, final)


@pytest.fixture(scope="module")
def report() -> Balance:
    """September by an audit, beside August, with lamps."""
    august = frame_of(8)
    before = saved_of(report_json.as_dict(measure(august, by=["week"], audit=audit_of(august))), "thang8.json")
    frame = frame_of(9)
    by = ["channel", "week", "theme"]
    return measure(frame, by=by, audit=audit_of(frame), earlier=[before], with_lamps=True)


def read_back(report: Balance) -> Balance:
    return restore(json.loads(report_json.render(report)))


def test_an_audited_report_read_back_gives_the_same_json(report: Balance) -> None:
    assert report_json.render(read_back(report)) == report_json.render(report)


def test_a_machine_estimate_read_back_gives_the_same_json() -> None:
    estimate = measure(frame_of(9), by=["channel"])
    assert report_json.render(read_back(estimate)) == report_json.render(estimate)


def test_what_is_read_back_says_the_same_words(report: Balance) -> None:
    again = read_back(report)
    for said in (
        words.verdict_sentence, words.computed_from, words.counts_words, words.more_labels, words.date_line, words.verdict_mark,
        sentences.beside_lines, sentences.lamp_lines, sentences.delta_lines, chart.forest,
    ):  # fmt: skip
        assert said(again) == said(report)  # type: ignore[operator]


def test_the_page_of_what_is_read_back_lacks_the_items_only(report: Balance) -> None:
    whole = html.render(replace(report, drawn=(), files=()))
    assert html.render(read_back(report)) == whole


@pytest.mark.parametrize(
    ("change", "said"),
    [({"schema": "x/9"}, "khuôn “x/9”"), ({"shares": None}, "bị hỏng"), ({"by": {"week": [{}]}}, "bị hỏng")],
)
def test_what_is_no_report_or_damaged_is_refused(report: Balance, change: Mapping[str, Any], said: str) -> None:
    value = json.loads(report_json.render(report)) | change
    with pytest.raises(InputError, match=said):
        restore(value)
