"""Exports in the fonts of the 1990s: read back as Unicode before anything cleans them, and said with a count."""

from __future__ import annotations

import json
from pathlib import Path

import openpyxl

from canbang.fetch.export import file_source
from canbang.item import Item
from canbang.text.legacy import TCVN3

CODES = {letter: code for code, letter in TCVN3.items()}
TITLE = "Hợp tác xã ở Bến Gạo hướng dẫn bà con trồng dưa lưới"
TEXT = "Đường mới giúp việc đi lại, học hành của con em và việc bán nông sản thuận lợi hơn trước rất nhiều."


def old(text: str) -> str:
    return "".join(CODES.get(letter, letter) for letter in text)


def test_a_workbook_in_tcvn3_is_read_and_counted(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    rows = [("Tiêu đề", "Nội dung", "Ngày đăng"), (old(TITLE), old(TEXT), "29/3/2024"), (TITLE, TEXT, "30/3/2024"), ("Café Paris", None, "31/3/2024")]  # fmt: skip
    for row in rows:
        book.active.append(row)
    book.save(tmp_path / "cu.xlsx")
    source = file_source(tmp_path / "cu.xlsx")
    found = [one for one in source if isinstance(one, Item)]
    assert [(one.title, one.text) for one in found] == [(TITLE, TEXT), (TITLE, TEXT), ("Café Paris", "")]
    assert "cu.xlsx: chữ phông cũ đã chuyển sang Unicode: 1 tin từ TCVN3" in source.notes


def test_an_export_of_today_says_nothing_of_fonts(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps({"title": TITLE, "text": TEXT, "published_at": "2024-03-29"}))
    source = file_source(tmp_path / "a.jsonl")
    assert len(list(source)) == 1
    assert not [note for note in source.notes if "phông" in note]
