"""Sheets are read back by their cells, joined by computing and compared with intervals; what does not fit is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from canbang.audit.draw import make_draw
from canbang.audit.judge import Audit
from canbang.codebook import load_codebook
from canbang.errors import InputError
from canbang.estimate.change import share_change
from canbang.estimate.share import Cell, Method, estimate_share
from canbang.fetch.source import Source
from canbang.item import VIETNAM, Judgement, Label
from canbang.pipeline import measure, read_frame
from canbang.report import json as report_json
from canbang.report import sentences
from canbang.report.balance import Balance
from canbang.report.delta import Delta, Span, delta
from canbang.report.frame import Window
from canbang.report.rollup import render, rollup
from canbang.report.saved import Saved, read_saved
from conftest import WordLabeller, make_item


def month(number: int, year: int = 2026, bad: int = 20, channel: str = "portal") -> Balance:
    """An audited month of 300 items, the first ``bad`` of them negative, 80 judged."""
    start = datetime(year, number, 1, 8, tzinfo=VIETNAM)
    items = [
        make_item(
            k, f"Cháy kho {number} thứ {k}" if k < bad else f"Xã Trà mở đường {number} số {k}", channel=channel,
            platform_id=f"{year}-{number}-{k}", published_at=start + timedelta(days=k % 28),
        )
        for k in range(300)
    ]  # fmt: skip
    window = Window(
        date(year, number, 1), (date(year, number, 28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    )
    frame = read_frame([Source("cong.csv", lambda _: iter(items))], WordLabeller(), window=window)
    book = load_codebook()
    draw = make_draw(
        frame.ids, frame.probability[:, 6].astype(float), 80, "s", labeller=frame.labeller, codebook=(book.version, book.digest)
    )  # fmt: skip
    negative = {i: int(i.rsplit("-", 1)[1]) < bad for i in draw.drawn}
    said = [
        Judgement(i, Label("negative" if negative[i] else "positive", False, False, "society", False), 2)
        for i in draw.drawn
    ]
    return measure(frame, audit=Audit(draw, tuple(said)))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Saved sheets of three months, and of another channel."""
    path = tmp_path_factory.mktemp("phieu")
    for name, report in {
        "t9": month(9), "t8": month(8, bad=60), "t9-2025": month(9, 2025), "xa": month(9, channel="xã Khe Dâu"),
    }.items():  # fmt: skip
        (path / f"{name}.json").write_text(report_json.render(report), "utf-8")
    return path


def saved(folder: Path, *names: str) -> list[Saved]:
    return [read_saved(folder / f"{name}.json") for name in names]


def test_a_sheet_reads_back_as_the_cells_it_was_estimated_from(folder: Path) -> None:
    value = json.loads((folder / "t9.json").read_text("utf-8"))
    (sheet,) = saved(folder, "t9")
    share = estimate_share(sheet.cells["counted_negative"])
    assert (sheet.items, sheet.channels, share.audited) == (300, ("portal",), 80)
    assert float(share.point) == value["shares"]["counted_negative"]["point"]
    assert share.high_share == value["shares"]["counted_negative"]["high"]
    assert "theme:society" in sheet.cells


def test_a_roll_up_is_the_estimate_from_all_cells_and_no_average(folder: Path) -> None:
    sheets = saved(folder, "t9", "t8", "xa")
    joined = rollup(sheets)
    cells = [cell for sheet in sheets for cell in sheet.cells["counted_negative"]]
    assert joined.main.point == estimate_share(cells).point
    assert (joined.items, joined.main.audited, len(joined.cells["counted_negative"])) == (900, 240, len(cells))
    widths = [s.high_share - s.low_share for s in (estimate_share(sheet.cells["counted_negative"]) for sheet in sheets)]
    assert joined.main.high_share - joined.main.low_share < min(widths)
    assert [sheet.first.month for sheet in joined.sheets] == [8, 9, 9]


def test_beyond_four_cells_the_roll_up_says_that_its_interval_is_another_one(folder: Path) -> None:
    """Two cells a sheet: two sheets are convolved, three are not."""
    two, three = rollup(saved(folder, "t8", "t9")), rollup(saved(folder, "t8", "t9", "xa"))
    assert (two.main.method, three.main.method) == (Method.HEDGED, Method.WILSON)
    assert "Wilson phân tầng" in " ".join(sentences.rollup_lines(three))


def test_a_roll_up_can_be_rolled_up_again(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "quy.json").write_text(render(rollup(saved(folder, "t8", "t9"))), "utf-8")
    again = rollup([read_saved(tmp_path / "quy.json"), *saved(folder, "t9-2025")])
    assert again.main == rollup(saved(folder, "t9-2025", "t8", "t9")).main
    with pytest.raises(InputError, match="cùng một danh sách tin"):
        rollup([read_saved(tmp_path / "quy.json"), *saved(folder, "t9")])


def test_days_that_no_sheet_measured_are_named(folder: Path) -> None:
    assert rollup(saved(folder, "t9-2025", "t9")).gaps == [(date(2025, 10, 1), date(2026, 8, 31))]
    assert "1/10/2025 – 31/8/2026" in sentences.rollup_lines(rollup(saved(folder, "t9-2025", "t9")))[0]
    assert rollup(saved(folder, "t8", "t9", "xa")).gaps == []


Change = Callable[[dict[str, Any]], None]


def other_book(value: dict[str, Any]) -> None:
    value["codebook"]["digest"] = "khac"
    value["frames"] = ["x"]


def other_days(value: dict[str, Any]) -> None:
    value["frames"] = ["x"]


def other_limit(value: dict[str, Any]) -> None:
    value["limit"]["version"] = "2"
    value["frames"] = ["x"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (other_book, "bộ tiêu chí khác"),
        (other_limit, "bộ giới hạn bản 2"),
        (other_days, "trùng ngày với .*kênh “portal”"),
        (lambda value: None, "cùng một danh sách tin"),
    ],
)
def test_sheets_that_do_not_fit_are_refused_and_named(folder: Path, tmp_path: Path, change: Change, said: str) -> None:
    value = json.loads((folder / "t9.json").read_text("utf-8"))
    change(value)
    (tmp_path / "la.json").write_text(json.dumps(value), "utf-8")
    with pytest.raises(InputError, match=rf"la\.json: .*{said}"):
        rollup([*saved(folder, "t9"), read_saved(tmp_path / "la.json")])


def more_found(value: dict[str, Any]) -> None:
    value["cells"]["counted_negative"][0]["x"] += 1


def machine(value: dict[str, Any]) -> None:
    value["basis"] = "machine"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (more_found, "đã bị sửa"),
        (lambda value: value.pop("cells"), "đã bị sửa"),
        (machine, "ước tính máy"),
        (lambda value: value.update(schema="khac/9"), "khuôn “khac/9”"),
        (lambda value: value.pop("schema"), "không phải phiếu cân bằng"),
    ],
)
def test_a_file_that_is_no_audited_sheet_is_refused(folder: Path, tmp_path: Path, change: Change, said: str) -> None:
    value = json.loads((folder / "t9.json").read_text("utf-8"))
    change(value)
    (tmp_path / "la.json").write_text(json.dumps(value), "utf-8")
    with pytest.raises(InputError, match=rf"la\.json: .*{said}"):
        read_saved(tmp_path / "la.json")


def test_one_sheet_alone_and_an_absent_file_are_refused(folder: Path) -> None:
    with pytest.raises(InputError, match="ít nhất hai phiếu"):
        rollup(saved(folder, "t9"))
    with pytest.raises(InputError, match=r"khong\.json: không có tệp này"):
        read_saved(folder / "khong.json")


def test_the_change_on_the_month_and_on_the_year(folder: Path) -> None:
    now, before, last_year, elsewhere = saved(folder, "t9", "t8", "t9-2025", "xa")
    change = delta(now, before)
    assert (change.span, delta(now, last_year).span) == (Span.MONTH, Span.YEAR)
    pair = [estimate_share(s.cells["counted_negative"]) for s in (before, now)]
    assert change.shares["counted_negative"] == share_change(*pair)
    assert change.shares["counted_negative"].high < 0
    assert (change.same_channels, sentences.delta_words(change)) == (True, "tháng trước (8/2026)")
    for other in (elsewhere, now):
        with pytest.raises(InputError):
            delta(now, other)


def test_windows_that_are_neither_are_called_by_their_days(folder: Path) -> None:
    now, last_year = saved(folder, "t8", "t9-2025")
    assert delta(now, last_year).span is Span.EARLIER
    assert sentences.delta_words(delta(now, last_year)) == "kỳ 1/9/2025 – 30/9/2025"
    with pytest.raises(InputError, match="phải khép trước"):
        delta(last_year, now)


def test_february_of_a_leap_year_is_the_month_before_march_and_the_year_before_february() -> None:
    def sheet(first: date, last: date) -> Saved:
        cells = {"counted_negative": (Cell("0", 20, 10, 1),)}
        return Saved(str(first), first, last, 20, 20, ("a",), cells, 0.95, ("1", "x"), "1", (str(first),))

    leap = sheet(date(2028, 2, 1), date(2028, 2, 29))
    assert delta(sheet(date(2028, 3, 1), date(2028, 3, 31)), leap).span is Span.MONTH
    assert delta(sheet(date(2029, 2, 1), date(2029, 2, 28)), leap).span is Span.YEAR
    assert delta(sheet(date(2028, 3, 1), date(2028, 3, 15)), leap).span is Span.EARLIER
    assert (
        delta(sheet(date(2029, 1, 1), date(2029, 12, 31)), sheet(date(2028, 1, 1), date(2028, 12, 31))).span
        is Span.YEAR
    )


def test_changes_are_written_in_points_with_their_sign() -> None:
    assert [sentences.points(value) for value in (0.012, -0.0041, 0.0004, Fraction(1, 8))] == [
        "+1,2",
        "−0,4",
        "0,0",
        "+12,5",
    ]


def test_a_change_is_shown_with_its_interval_and_no_direction_where_it_is_open() -> None:
    report = month(9)
    change = share_change(estimate_share([Cell("", 90, 30, 4)]), estimate_share([Cell("", 90, 30, 5)]))
    shown = Delta(
        Span.MONTH, "t8.json", date(2026, 8, 1), date(2026, 8, 31), {"counted_negative": change}, same_channels=False
    )
    object.__setattr__(report, "changes", (shown,))
    (line,) = sentences.delta_lines(report)
    assert "chưa đủ căn cứ nói tăng hay giảm" in line and "không cùng danh sách kênh" in line
