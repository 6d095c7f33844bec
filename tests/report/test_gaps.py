"""What collecting missed stands beside the share: a month with gaps never looks whole, and no data is never "nothing"."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import openpyxl
import pytest
from rich.console import Console

from canbang.audit.draw import make_draw
from canbang.audit.judge import Audit
from canbang.codebook import load_codebook
from canbang.errors import InputError
from canbang.estimate.verdict import Verdict
from canbang.fetch.collected import CollectedSource
from canbang.fetch.coverage import Coverage, Span
from canbang.fetch.source import Source
from canbang.item import VIETNAM, Confidence, Item, Judgement, Label
from canbang.label.labeller import COLUMN
from canbang.pipeline import measure, read_frame
from canbang.report import html, sentences, text, words, xlsx
from canbang.report import json as report_json
from canbang.report.balance import Balance
from canbang.report.delta import delta
from canbang.report.frame import Frame, Window
from canbang.report.gaps import Gaps, Standing, from_dict
from canbang.report.gaps import as_dict as gaps_as_dict
from canbang.report.rollup import render, rollup
from canbang.report.rollup_text import print_rollup
from canbang.report.saved import Saved, read_saved
from conftest import WordLabeller, make_item

SEPTEMBER = Window(date(2026, 9, 1), date(2026, 9, 30))
LATER = date(2026, 10, 5)
ENROLLED = "lamvan.vn · chủ quản: UBND tỉnh Lam Vân"


def at(day: int, hour: int = 0, month: int = 9) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=VIETNAM)


WHOLE: Span = (at(31, month=8), at(2, month=10))
HOLED: Sequence[Span] = ((at(31, month=8), at(3, 6)), (at(3, 23), at(7, 9)), (at(7, 22), at(2, month=10)))
"""Missing of 3 and 7 September."""


def collected(channel: str, items: Sequence[Item], *spans: Span, enrolment: str = ENROLLED, **more: object) -> Source:
    kept = [replace(item, channel=channel) for item in items]
    ledger = Coverage(channel, tuple(spans), **more)  # type: ignore[arg-type]
    return CollectedSource(f"thu-thap/{channel}", lambda _: iter(kept), enrolment=enrolment, coverage=ledger)


def month(n: int = 120, bad: int = 6) -> list[Item]:
    return [make_item(k, f"Cháy nhà kho thứ {k}" if k < bad else "") for k in range(n)]


def frame(*sources: Source, window: Window = SEPTEMBER, today: date = LATER) -> Frame:
    return read_frame(sources, WordLabeller(), window=window, today=today)


def audited(of: Frame, *by: str, bad: int = 6) -> Balance:
    book = load_codebook()
    draw = make_draw(
        of.ids, of.probability[:, COLUMN["counted_negative"]].astype(float), 80, "s", labeller=of.labeller,
        codebook=(book.version, book.digest),
    )  # fmt: skip
    said = [
        Judgement(
            i, Label("negative" if int(i.rsplit("/", 1)[1]) < bad else "positive", False, False, "society", False)
        )
        for i in draw.drawn
    ]
    return measure(of, by=by, audit=Audit(draw, tuple(said)))


def printed(report: Balance, width: int = 100) -> str:
    console = Console(width=width, record=True, file=Path("/dev/null").open("w"))  # noqa: SIM115
    text.print_report(report, console)
    return console.export_text()


def flat(shown: str) -> str:
    """What a terminal shows, without its frames and line breaks."""
    return " ".join(shown.replace("│", " ").split())


def test_a_month_with_gaps_keeps_its_verdict_and_names_them_in_the_same_breath(tmp_path: Path) -> None:
    report = audited(frame(collected("lamvan.vn", month(), *HOLED)), "channel", "week")
    assert report.whole.verdict is Verdict.UNDER
    shown = flat(printed(report))
    assert "Kết luận: Đạt (yêu cầu: dưới 15 %) · thiếu dữ liệu 2 ngày" in shown.replace("\u00a0", " ")
    assert "Chỉ nói về tin đã thu thập được: thiếu dữ liệu 2 ngày (3/9, 7/9/2026)." in shown
    page = html.render(report)
    assert "<strong> · thiếu dữ liệu 2 ngày</strong>" in page
    assert '<td class="gap">thiếu dữ liệu 2 ngày (3/9, 7/9/2026)</td>' in page
    assert page.count("thiếu dữ liệu 1 ngày</text>") == 2  # the chart's rows of the two weeks
    value = report_json.as_dict(report)
    assert (value["verdict"], value["coverage"]["missing_days"]) == ("under", ["2026-09-03", "2026-09-07"])
    assert [part["missing_days"] for part in value["by"]["week"]][:3] == [["2026-09-03"], ["2026-09-07"], []]
    xlsx.write_xlsx(report, tmp_path / "r.xlsx")
    book = openpyxl.load_workbook(tmp_path / "r.xlsx")
    assert book["Cân bằng nội dung"]["B2"].value == "Đạt · thiếu dữ liệu 2 ngày"
    assert [cell.value for cell in book["Dữ liệu"][2]] == [
        "lamvan.vn", 120, 2, 0, 0, "thiếu dữ liệu 2 ngày (3/9, 7/9/2026)",
    ]  # fmt: skip


def test_a_whole_month_says_nothing_of_gaps() -> None:
    report = audited(frame(collected("lamvan.vn", month(), WHOLE)))
    assert (report.gaps.missing, words.verdict_mark(report)) == ((), "")
    assert "thiếu" not in printed(report) and "Chỉ nói về" not in printed(report)
    assert "đủ dữ liệu" in printed(report)
    assert report_json.as_dict(report)["coverage"]["channels"][0]["standing"] == "whole"


def test_an_export_file_says_nothing_of_gaps() -> None:
    report = measure(frame(Source("cong.csv", lambda _: iter(month()))))
    assert (report.gaps, report_json.as_dict(report)["coverage"]["channels"]) == (Gaps(), [])
    assert "Dữ liệu đã thu thập" not in printed(report)


def test_a_channel_without_data_is_never_one_that_published_nothing() -> None:
    sources = [
        collected("lamvan.vn", month(), WHOLE), collected("xatra.vn", []), collected("nghi.vn", [], WHOLE),
    ]  # fmt: skip
    report = audited(frame(*sources), "channel")
    standing = {one.channel: (one.items, one.standing) for one in report.gaps.channels}
    assert standing == {
        "lamvan.vn": (120, Standing.WHOLE), "nghi.vn": (0, Standing.WHOLE), "xatra.vn": (0, Standing.NO_DATA),
    }  # fmt: skip
    assert report.gaps.no_data == {"channel": ("xatra.vn",)}
    assert "· 1 kênh chưa có dữ liệu" in flat(printed(report))
    rows = [line.split() for line in printed(report).splitlines() if line.strip().startswith(("xatra.vn", "nghi.vn"))]
    assert rows == [
        ["nghi.vn", "0", "đủ", "dữ", "liệu"],
        ["xatra.vn", "—", "chưa", "có", "dữ", "liệu"],
        ["xatra.vn", "—", "chưa", "có", "dữ", "liệu"],
    ]
    assert report_json.as_dict(report)["coverage"]["no_data"] == {"channel": ["xatra.vn"]}


def test_a_week_without_data_is_a_row_that_says_so() -> None:
    items = [item for item in month() if item.published_at.day <= 13]
    report = measure(
        frame(collected("lamvan.vn", items, (at(31, month=8), at(14)), (at(21), at(2, month=10)))), by=["week"]
    )
    assert report.gaps.no_data == {"week": ("2026-W38",)}
    assert [part.key for part in report.by["week"]] == ["2026-W36", "2026-W37"]
    (row,) = [line for line in printed(report).splitlines() if "Tuần 38" in line]
    assert row.split() == ["Tuần", "38", "(14/9–20/9)", "—", "chưa", "có", "dữ", "liệu"]
    beside_a_file = frame(
        collected("lamvan.vn", items, (at(31, month=8), at(14))), Source("x", lambda _: iter([make_item(900)]))
    )
    assert measure(beside_a_file, by=["week"]).gaps.no_data == {}


def test_acts_taken_down_or_edited_are_counted_and_said_of_the_window_only() -> None:
    august = make_item(500, published_at=at(20, 8, month=8))
    ids = ("lamvan.vn/1", "lamvan.vn/500")
    report = measure(frame(collected("lamvan.vn", [*month(), august], WHOLE, deleted=ids, revised=("lamvan.vn/2",))))
    (one,) = report.gaps.channels
    assert (one.items, one.deleted, one.revised) == (120, 1, 1)
    assert "1 tin bị gỡ, vẫn được đếm; 1 tin được sửa, đếm một lần" in flat(printed(report))


def test_days_that_one_of_two_folders_has_whole_are_not_missing() -> None:
    both = frame(collected("lamvan.vn", month(), *HOLED), collected("lamvan.vn", [], (at(2, 12), at(4))))
    assert measure(both).gaps.missing == (date(2026, 9, 7),)


def test_a_month_that_goes_on_is_said_to_go_on_and_has_no_gaps_ahead() -> None:
    items = [item for item in month() if item.published_at.day < 15]
    report = measure(frame(collected("lamvan.vn", items, (at(31, month=8), at(15, 8))), today=date(2026, 9, 15)))
    assert (report.gaps.missing, report.gaps.until) == ((), date(2026, 9, 14))
    assert words.verdict_mark(report) == " · kỳ chưa hết, mới đến hết ngày 14/9/2026"
    assert "Chỉ nói về tin đã thu thập được: kỳ chưa hết, mới đến hết ngày 14/9/2026." in flat(printed(report))


def test_without_a_window_the_items_own_days_are_looked_at() -> None:
    report = measure(frame(collected("lamvan.vn", month(), *HOLED[1:]), window=Window()))
    assert (report.first, report.last) == (date(2026, 9, 1), date(2026, 9, 30))
    assert report.gaps.missing == tuple(date(2026, 9, day) for day in (1, 2, 3, 7))


def test_pages_of_an_unknown_day_keep_a_month_from_looking_whole() -> None:
    report = measure(frame(collected("lamvan.vn", month(), WHOLE, waiting={"": 3, "2026-09-09": 1})))
    assert report.gaps.channels[0].standing is Standing.GAPS
    assert words.verdict_mark(report) == " · thiếu dữ liệu 1 ngày; 3 địa chỉ chưa tải được"


def test_the_sentence_names_three_channels_and_counts_the_others() -> None:
    items = month()
    sources = [collected(f"kenh{k}.vn", items[k::5], *HOLED) for k in range(5)]
    report = measure(frame(*sources))
    assert words.verdict_mark(report) == " · thiếu dữ liệu 2 ngày ở 5/5 kênh"
    said = words.verdict_sentence(report)
    assert said.count("(3/9, 7/9/2026)") == 3 and said.endswith("và 2 kênh khác.")


def test_an_enrolled_folder_is_not_called_an_export_file() -> None:
    own = Source("cong.csv", lambda _: iter([make_item(900)]))
    report = measure(frame(collected("lamvan.vn", month(), WHOLE), own))
    assert words.source_lines(report) == ["Tệp xuất do đơn vị đưa vào: cong.csv", f"Kênh đã ghi danh: {ENROLLED}"]
    old = measure(frame(collected("lamvan.vn", month(), WHOLE, enrolment="")))
    assert words.source_lines(old) == []
    assert any("thu-thap/lamvan.vn: thư mục thu thập không ghi dòng ghi danh" in note for note in old.notes)


def test_items_with_a_likely_date_are_counted_and_said() -> None:
    items = [replace(item, date_confidence=Confidence.LIKELY) if k < 12 else item for k, item in enumerate(month())]
    late = replace(make_item(700), published_at=at(1, 9, month=10), date_confidence=Confidence.LIKELY)
    seen: list[tuple[str, bool]] = []
    of = read_frame(
        [collected("lamvan.vn", [*items, late], WHOLE)], WordLabeller(), window=SEPTEMBER, today=LATER,
        on_doubt=lambda item, counted: seen.append((item.platform_id, counted)),
    )  # fmt: skip
    report = measure(of)
    assert (len(of), report.likely, len(seen), seen[0]) == (120, (12, 1), 13, ("700", False))
    said = "12 tin trong kỳ có ngày chưa chắc, cần người xem; ngoài kỳ còn 1 tin như thế"
    assert said in flat(printed(report)) and said in html.render(report)
    assert report_json.as_dict(report)["likely_dates"] == {"items": 12, "outside_window": 1}


@pytest.mark.parametrize(("spans", "said"), [
    ((), "Kênh lamvan.vn: chưa có dữ liệu trong kỳ."), ((WHOLE,), "Kênh lamvan.vn: không đăng tin nào trong kỳ."),
    (HOLED, "Kênh lamvan.vn: thiếu dữ liệu 2 ngày (3/9, 7/9/2026)."),
])  # fmt: skip
def test_where_there_is_nothing_to_measure_the_reason_is_given(spans: Sequence[Span], said: str) -> None:
    with pytest.raises(InputError) as raised:
        frame(collected("lamvan.vn", [], *spans))
    assert said in str(raised.value)


@pytest.mark.parametrize("width", [60, 80, 140])
def test_the_terminal_shows_gaps_at_any_width(width: int) -> None:
    shown = printed(
        audited(frame(collected("lamvan.vn", month(), *HOLED), collected("xatra.vn", [])), "channel", "week"), width
    )
    assert "thiếu dữ liệu 2 ngày" in flat(shown) and "chưa có dữ liệu" in flat(shown)
    assert max(len(line) for line in shown.splitlines()) <= width


def test_gaps_read_back_as_they_were_written() -> None:
    gaps = measure(frame(collected("lamvan.vn", month(), *HOLED), collected("xatra.vn", []))).gaps
    assert from_dict(json.loads(json.dumps(gaps_as_dict(gaps)))) == gaps


def saved(tmp_path: Path, report: Balance, name: str) -> Saved:
    (tmp_path / name).write_text(report_json.render(report), "utf-8")
    return read_saved(tmp_path / name)


def test_a_roll_up_and_a_comparison_keep_the_gaps_of_their_sheets(tmp_path: Path) -> None:
    september = saved(tmp_path, audited(frame(collected("lamvan.vn", month(), *HOLED))), "t9.json")
    later = [
        replace(item, platform_id=f"10{item.platform_id}", published_at=item.published_at + timedelta(days=30))
        for item in month()
    ]
    october = saved(tmp_path, audited(frame(
        collected("lamvan.vn", later, (at(30), at(1, month=11))), window=Window(date(2026, 10, 1), date(2026, 10, 31)),
        today=date(2026, 11, 5),
    ), bad=0), "t10.json")  # fmt: skip
    change = delta(october, september)
    assert change.gaps.missing == (date(2026, 9, 3), date(2026, 9, 7))
    compared = replace(audited(frame(collected("x.vn", month(), WHOLE))), changes=(change,))
    assert "Kỳ trước thiếu dữ liệu 2 ngày." in sentences.delta_lines(compared)[0]
    both = rollup([september, october])
    assert json.loads(render(both))["coverage"]["missing_days"] == ["2026-09-03", "2026-09-07"]
    (tmp_path / "quy.json").write_text(render(both), "utf-8")
    assert read_saved(tmp_path / "quy.json").gaps.channels[0].days == 61
    console = Console(width=100, record=True, file=Path("/dev/null").open("w"))  # noqa: SIM115
    print_rollup(both, console)
    shown = flat(console.export_text())
    assert "· thiếu dữ liệu 2 ngày" in shown and "lamvan.vn: thiếu dữ liệu 2 ngày (3/9, 7/9/2026)" in shown


def test_a_sheet_saved_before_gaps_were_kept_still_reads(tmp_path: Path) -> None:
    value = report_json.as_dict(audited(frame(collected("lamvan.vn", month(), *HOLED))))
    del value["coverage"]
    (tmp_path / "cu.json").write_text(json.dumps(value), "utf-8")
    assert read_saved(tmp_path / "cu.json").gaps == Gaps()
