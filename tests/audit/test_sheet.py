"""The sheet goes out without scores and comes back checked row by row."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from canbang.audit.sheet import read_sheets, write_sheet
from canbang.errors import InputError
from canbang.item import Label
from conftest import make_item

ITEMS = [make_item(1, "=1+1 là tiêu đề"), make_item(2, "Bài hai"), make_item(3, "Bài ba")]
IDS = [item.id for item in ITEMS]
ANSWERS = {
    "Sắc thái": "Tích cực",
    "Mặt trái của xã hội": "Không",
    "Giật gân, câu khách": "Không",
    "Vì lợi ích công": "Có",
}
Rows = list[list[str]]


def filled(path: Path, change: Callable[[Rows], None] = lambda rows: None) -> Path:
    """A csv sheet with every answer given, then changed."""
    write_sheet(path, ITEMS)
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.reader(stream))
    for row in rows[1:]:
        for name, answer in ANSWERS.items():
            row[rows[0].index(name)] = answer
    change(rows)
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        csv.writer(stream).writerows(rows)
    return path


def test_a_filled_sheet_comes_back_as_labels(tmp_path: Path) -> None:
    judgements = read_sheets([filled(tmp_path / "p.csv")], IDS)
    assert [judgement.item_id for judgement in judgements] == IDS
    assert judgements[0].label == Label("positive", False, False, None, True)
    assert judgements[0].row == 2


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_labels_that_people_gave_elsewhere_fill_the_sheet_and_come_back(tmp_path: Path, suffix: str) -> None:
    labels = [Label("negative", True, False, "law_crime", True), Label(unsure=True), Label(not_an_item=True)]
    path = tmp_path / f"p.{suffix}"
    write_sheet(path, ITEMS, labels=dict(zip(IDS, labels, strict=True)))
    assert [judgement.label for judgement in read_sheets([path], IDS)] == labels


def test_the_workbook_has_drop_downs_no_scores_and_no_live_formula(tmp_path: Path) -> None:
    write_sheet(tmp_path / "p.xlsx", ITEMS)
    book = openpyxl.load_workbook(tmp_path / "p.xlsx")
    sheet = book.worksheets[0]
    heading = [cell.value for cell in sheet[1]]
    assert heading[8:13] == ["Sắc thái", "Mặt trái của xã hội", "Giật gân, câu khách", "Chủ đề", "Vì lợi ích công"]
    assert len(sheet.data_validations.dataValidation) == 5
    assert [cell.value for cell in sheet["E"]][1] == "'=1+1 là tiêu đề"
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)


def test_a_workbook_filled_in_excel_comes_back(tmp_path: Path) -> None:
    write_sheet(tmp_path / "p.xlsx", ITEMS)
    book = openpyxl.load_workbook(tmp_path / "p.xlsx")
    sheet = book.worksheets[0]
    names = [cell.value for cell in sheet[1]]
    for row in range(2, 5):
        for name, answer in ANSWERS.items():
            sheet.cell(row, names.index(name) + 1).value = answer
        sheet.cell(row, names.index("Chủ đề") + 1).value = "Kinh tế"
    sheet.cell(4, names.index("Sắc thái") + 1).value = "không chắc"
    book.save(tmp_path / "p.xlsx")
    judgements = read_sheets([tmp_path / "p.xlsx"], IDS)
    assert [judgement.label.theme for judgement in judgements] == ["economy", "economy", None]
    assert [judgement.label.unsure for judgement in judgements] == [False, False, True]


def test_a_page_that_is_no_item_can_be_marked(tmp_path: Path) -> None:
    def mark(rows: Rows) -> None:
        rows[1][rows[0].index("Sắc thái")] = "Không phải tin, bài"

    assert read_sheets([filled(tmp_path / "p.csv", mark)], IDS)[0].label == Label(not_an_item=True)


def blank(rows: Rows) -> None:
    rows[2][rows[0].index("Sắc thái")] = ""


def wrong(rows: Rows) -> None:
    rows[2][rows[0].index("Sắc thái")] = "Tốt"


def changed_id(rows: Rows) -> None:
    rows[2][rows[0].index("Mã")] = "portal/999"


def twice(rows: Rows) -> None:
    rows.append(rows[1])


def dropped(rows: Rows) -> None:
    rows.pop()


def no_column(rows: Rows) -> None:
    rows[0][rows[0].index("Sắc thái")] = "Tone"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (blank, "dòng 3: chưa chấm “Sắc thái”"),
        (wrong, "dòng 3, cột “Sắc thái”: giá trị “Tốt”"),
        (changed_id, "dòng 3: mã “portal/999” không có"),
        (twice, "dòng 5: mã “portal/1” đã có ở p.csv dòng 2"),
        (dropped, "thiếu 1 tin đã rút"),
        (no_column, "thiếu cột “Sắc thái”"),
    ],
)
def test_what_is_wrong_with_a_sheet_is_named_by_row(tmp_path: Path, change: Callable[[Rows], None], said: str) -> None:
    with pytest.raises(InputError) as error:
        read_sheets([filled(tmp_path / "p.csv", change)], IDS)
    assert said in str(error.value)


def test_a_sheet_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.xlsx").write_bytes(b"no workbook")
    (tmp_path / "trong.csv").write_bytes(b"")
    for name in ("khong-co.csv", "x.xlsx", "trong.csv", "p.docx"):
        with pytest.raises(InputError, match=name):
            read_sheets([tmp_path / name], IDS)
