"""Bad input names file, row or field and the way out; what can be read is read, with a note."""

from __future__ import annotations

import json
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from canbang.errors import InputError
from canbang.fetch.export import file_source
from canbang.fetch.source import Reject
from canbang.item import Item, Kind
from canbang.text.dates import DateOrder

HEAD = "Mã bài,Tiêu đề,Sapo,Ngày đăng,Tác giả\n"


def write(folder: Path, text: str, name: str = "cong.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def split(path: Path, **options: object) -> tuple[list[Item], list[Reject]]:
    things = list(file_source(path, **options))  # type: ignore[arg-type]
    return [t for t in things if isinstance(t, Item)], [t for t in things if isinstance(t, Reject)]


def test_a_cms_export_becomes_items_without_its_author_column(tmp_path: Path) -> None:
    path = write(tmp_path, HEAD + "7,Khánh thành cầu Khe Dâu,Cây cầu dài 146 m,29/3/2024 08:15,Nguyễn Văn A\n")
    source = file_source(path)
    (item,) = source
    assert isinstance(item, Item)
    assert (item.channel, item.platform_id, item.title, item.lead) == (
        "cong",
        "7",
        "Khánh thành cầu Khe Dâu",
        "Cây cầu dài 146 m",
    )
    assert item.published_at.isoformat() == "2024-03-29T08:15:00+07:00"
    assert "Nguyễn Văn A" not in repr(item)
    assert any("Tác giả" in note for note in source.notes)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "tệp rỗng"),
        ("a,b\n1,2\n", "không thấy cột tiêu đề"),
        ("Tiêu đề\nMột tin\n", "không thấy cột ngày đăng"),
        ("Tiêu đề,Ngày đăng\nMột tin,hôm qua\nHai tin,\n", "không có ngày nào đọc được"),
        ("Tiêu đề,Ngày đăng\nMột tin,\n", "cột trống"),
        ("Tiêu đề,Ngày đăng\nMột tin,05/09/2026\nHai tin,06/09/2026\n", "--date-order"),
        ("Tiêu đề,Ngày đăng\nMột tin,29/3/2024\nHai tin,3/29/2024\n", "dòng 2 và dòng 3"),
    ],
)
def test_a_file_that_cannot_be_used_says_why_in_one_line(tmp_path: Path, text: str, said: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(InputError) as error:
        list(file_source(path))
    assert said in str(error.value)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_file_a_folder_and_an_unknown_kind_are_named(tmp_path: Path) -> None:
    for path in (tmp_path / "khong-co.csv", tmp_path, write(tmp_path, "x", "bai.docx"), write(tmp_path, "x", "cu.xls")):
        with pytest.raises(InputError, match=r"Kiểm tra|thư mục|Cần CSV"):
            file_source(path)


@pytest.mark.parametrize("suffix", ["xlsx", "parquet", "jsonl"])
def test_a_damaged_file_is_named(tmp_path: Path, suffix: str) -> None:
    path = write(tmp_path, "không phải dữ liệu", f"hong.{suffix}")
    with pytest.raises(InputError, match="hong"):
        list(file_source(path))


def test_the_date_order_is_decided_by_the_file_not_by_the_row(tmp_path: Path) -> None:
    path = write(tmp_path, "Tiêu đề,Ngày đăng\nMột tin,05/09/2026\nHai tin,25/09/2026\n")
    items, _ = split(path)
    assert [item.published_at.month for item in items] == [9, 9]
    american = write(tmp_path, "Tiêu đề,Ngày đăng\nMột tin,05/09/2026\nHai tin,09/25/2026\n", "b.csv")
    items, _ = split(american)
    assert [item.published_at.month for item in items] == [5, 9]


def test_date_order_given_settles_an_open_question_and_rejects_what_does_not_fit(tmp_path: Path) -> None:
    path = write(tmp_path, "Tiêu đề,Ngày đăng\nMột tin,05/09/2026\nHai tin,09/25/2026\n")
    items, rejects = split(path, order=DateOrder.DMY)
    assert [item.published_at.month for item in items] == [9]
    assert ["09/25/2026" in reject.reason for reject in rejects] == [True]


@pytest.mark.parametrize(("encoding", "note"), [("utf-16", "UTF-16"), ("utf-8-sig", "")])
def test_other_encodings_are_read_with_a_note(tmp_path: Path, encoding: str, note: str) -> None:
    path = write(tmp_path, "Tiêu đề\tNgày đăng\nĐường làng được thắp sáng\t29/3/2024\n", encoding=encoding)
    source = file_source(path)
    (item,) = source
    assert isinstance(item, Item) and item.title == "Đường làng được thắp sáng"
    assert any(note in line for line in source.notes)


def test_windows_1258_is_read_with_a_note(tmp_path: Path) -> None:
    path = tmp_path / "cu.csv"
    path.write_bytes(
        "title,date\nLa\u0300ng que\u0302 đô\u0309i mơ\u0301i,2024-03-29\n".replace("e\u0302", "ê").encode("cp1258")
    )
    source = file_source(path)
    (item,) = source
    assert isinstance(item, Item) and item.title == "Làng quê đổi mới"
    assert any("Windows-1258" in line for line in source.notes)


def test_a_title_block_a_total_row_and_blank_rows_do_not_become_items(tmp_path: Path) -> None:
    path = write(
        tmp_path, "BÁO CÁO TIN BÀI,,\nTháng 3/2024,,\n\nSTT,Tiêu đề,Ngày đăng\n1,Một tin,29/3/2024\n,,\nTổng cộng,1,\n"
    )
    items, rejects = split(path)
    assert [item.title for item in items] == ["Một tin"]
    assert [reject.reason for reject in rejects] == ["dòng tổng, không phải tin bài"]


def test_single_broken_rows_are_rejected_with_their_place(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "Tiêu đề,Ngày đăng\nMột tin,29/3/2024\nHai tin,31/09/2026 25:10\nTrang chủ,29/3/2024\n,29/3/2024\nBa tin,29/3/2024,thừa,ô\n",
    )
    items, rejects = split(path)
    assert [item.title for item in items] == ["Một tin"]
    assert [reject.place for reject in rejects] == ["dòng 3", "dòng 4", "dòng 5", "dòng 6"]


def test_a_workbook_keeps_long_ids_as_text_and_native_dates(tmp_path: Path) -> None:
    from datetime import datetime

    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["Trang: VHTT Lam Vân"])
    sheet.append(["ID bài viết", "Thời gian đăng", "Tiêu đề", "Mô tả", "Loại bài viết", "Cảm xúc"])
    sheet.append(
        [
            "12345678901234567",
            datetime.fromisoformat("2026-09-05T08:15:00"),
            "",
            "Bà con ơi, cầu đã thông xe",
            "Video",
            12,
        ]
    )
    book.save(tmp_path / "fb.xlsx")
    items, rejects = split(tmp_path / "fb.xlsx")
    assert rejects == []
    (item,) = items
    assert (item.platform_id, item.text, item.kind) == ("12345678901234567", "Bà con ơi, cầu đã thông xe", Kind.CLIP)
    assert item.published_at.isoformat() == "2026-09-05T08:15:00+07:00"
    assert item.metrics == {"likes": 12}


def test_jsonl_and_parquet_read_the_same_items(tmp_path: Path) -> None:
    rows = [{"id": "1", "title": "Một tin", "published_at": "2026-06-10T05:00:00Z", "share_of": "https://a.vn/x"}]
    write(tmp_path, json.dumps(rows[0]) + "\nkhông phải json\n", "a.jsonl")
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "a.parquet")
    from_lines, broken = split(tmp_path / "a.jsonl")
    from_columns, _ = split(tmp_path / "a.parquet")
    assert from_lines == from_columns
    assert from_lines[0].kind is Kind.SHARE
    assert [reject.place for reject in broken] == ["dòng 2"]


def test_a_row_without_id_gets_the_same_id_every_time(tmp_path: Path) -> None:
    path = write(tmp_path, "Tiêu đề,Ngày đăng\nMột tin,29/3/2024\n")
    assert split(path)[0][0].id == split(path)[0][0].id
