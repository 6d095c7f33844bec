"""A folder with a gap as a newsroom meets it: measured, drawn from, listed for a person."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from canbang.fetch.coverage import Attempt, Outcome
from canbang.fetch.folder import Folder
from canbang.item import VIETNAM, Confidence, DateSource, Item
from conftest import make_item
from judging import Run, fill

CHANNEL = "lamvan.example.vn"
ADDRESS = f"https://{CHANNEL}/"
ENROLLED = (
    f"{CHANNEL} · chủ quản: UBND tỉnh Lam Vân · người ghi danh: Chánh Văn phòng · bằng chứng: thẻ meta ({ADDRESS})"
)


def at(day: int, hour: int, month: int = 9) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=VIETNAM)


def act(number: int) -> Item:
    likely = Confidence.LIKELY if number in (5, 35) else Confidence.SURE
    title = f"Cháy nhà kho thứ {number}" if number < 6 else ""
    return replace(
        make_item(number, title), channel=CHANNEL, date_source=DateSource.FEED, date_confidence=likely,
        url=f"{ADDRESS}tin-{number}.html",
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A September of 120 acts: 3 and 7 September were not read to their end, one act was edited, one taken down."""
    with Folder(tmp_path / "thu-thap") as filled:
        for first, last in ((at(31, 0, 8), at(3, 6)), (at(3, 23), at(7, 9)), (at(7, 22), at(2, 0, 10))):
            filled.begin(CHANNEL, ADDRESS, last, ENROLLED)
            for item in map(act, range(120)):
                if first <= item.published_at < last:
                    filled.act(item, last)
            filled.end(Attempt(CHANNEL, ADDRESS, last, last, Outcome.WHOLE, covers=(first, last)))
        filled.act(replace(act(9), title="Đã sửa tiêu đề của tin này"), at(29, 8))
        filled.deleted(CHANNEL, "12", at(29, 9), "404")
    return tmp_path / "thu-thap"


def test_a_folder_with_a_gap_is_measured_with_the_gap_beside_the_share(run: Run, folder: Path) -> None:
    status, out, err = run(
        "measure", "thu-thap", "--month", "2026-09", "--by", "week", "--html", "r.html", "--xlsx", "r.xlsx"
    )
    shown = " ".join(out.replace("│", " ").split())
    assert status == 0
    assert "· thiếu dữ liệu 2 ngày" in shown and "(3/9, 7/9/2026)" in shown
    assert "1 tin bị gỡ, vẫn được đếm; 1 tin được sửa, đếm một lần" in shown
    assert f"Kênh đã ghi danh: {CHANNEL} · chủ quản" in shown and "Tệp xuất do đơn vị" not in shown
    assert "thiếu dữ liệu 2 ngày (3/9, 7/9/2026)" in Path("r.html").read_text("utf-8")
    assert "2 tin có ngày chưa chắc, danh sách ở canbang-can-xem.csv" in err


def test_the_worklist_names_what_a_person_should_look_at(run: Run, folder: Path) -> None:
    run("measure", "thu-thap", "--from", "6/9/2026", "--to", "30/9/2026", "--worklist", "xem.csv")
    with Path("xem.csv").open(encoding="utf-8-sig", newline="") as stream:
        heading, *rows = csv.reader(stream)
    assert heading[2:5] == ["Ngày đang lấy", "Lấy ngày từ", "Được đếm trong kỳ"]
    assert sorted(row[1:5] for row in rows) == [
        ["35", "08:00 6/9/2026", "RSS", "có"], ["5", "08:00 6/9/2026", "RSS", "có"],
    ]  # fmt: skip
    run("measure", "thu-thap", "--from", "10/9/2026", "--to", "30/9/2026", "--worklist", "xem.csv")
    assert Path("xem.csv").read_text("utf-8-sig").count("không, ngoài kỳ") == 2
    run("measure", "thu-thap", "--month", "2026-09", "--worklist", "xem.csv", "--rejects", "bo.csv")
    status, _, err = run("measure", "thu-thap", "--worklist", "bo.csv", "--rejects", "bo.csv")
    assert status == 2 and "trùng tên" in err


def test_the_draw_is_warned_of_gaps_and_the_verdict_keeps_them(run: Run, folder: Path) -> None:
    status, _, err = run("sample", "thu-thap", "--month", "2026-09", "-n", "60", "--sheet", "p.csv", "--seed", "s")
    assert status == 0 and f"Lưu ý: {CHANNEL}: thiếu dữ liệu 2 ngày (3/9, 7/9/2026)" in err
    fill(Path("p.csv"))
    words = ("measure", "thu-thap", "--judgements", "p.csv", "--draw", "draw.json")
    value = json.loads(run(*words, "--json")[1])
    assert (value["verdict"], value["window"]["from"]) == ("under", "2026-09-01")
    assert value["coverage"]["missing_days"] == ["2026-09-03", "2026-09-07"]
    assert "Kết luận: Đạt (yêu cầu: dưới 15\u00a0%) · thiếu dữ liệu 2 ngày" in run(*words)[1]


def test_a_folder_whose_ledger_is_gone_still_reads_and_vouches_for_nothing(run: Run, folder: Path) -> None:
    (folder / "coverage.jsonl").unlink()
    value = json.loads(run("measure", "thu-thap", "--month", "2026-09", "--json")[1])
    assert (value["items"], len(value["coverage"]["missing_days"]), value["enrolments"]) == (116, 30, [])


def test_a_month_without_data_is_not_a_month_without_items(run: Run, folder: Path) -> None:
    status, _, err = run("measure", "thu-thap", "--month", "2026-07")
    assert status == 2 and f"Kênh {CHANNEL}: chưa có dữ liệu trong kỳ." in err


def test_a_named_column_without_a_table_is_said(run: Run, folder: Path) -> None:
    status, _, err = run("measure", "thu-thap", "--column", "title=Tít")
    assert status == 2 and "không có tệp xuất nào để tìm cột này cho tiêu đề (title)" in err
