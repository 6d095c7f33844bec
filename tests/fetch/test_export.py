"""Bad input names file, row or field and the way out; what can be read is read, with a note."""

from __future__ import annotations

import csv
import json
import zipfile
from datetime import datetime
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from canbang.errors import InputError
from canbang.fetch.accepted import accepted
from canbang.fetch.cells import evidence_of, is_serial, moment_of
from canbang.fetch.columns import parse_names
from canbang.fetch.export import file_source
from canbang.fetch.source import Reject
from canbang.item import Confidence, DateSource, Item, Kind
from canbang.text.dates import DateOrder
from conftest import make_item

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


def test_an_item_whose_channel_reads_like_a_total_without_its_tone_counts(tmp_path: Path) -> None:
    path = write(tmp_path, "Kênh,Tiêu đề,Ngày đăng\nCổng,Một tin,29/3/2024\nCộng,1,\n")
    items, rejects = split(path)
    assert [(item.channel, item.title) for item in items] == [("Cổng", "Một tin")]
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


META = (
    '"Post ID","Page ID","Page name",Title,Description,"Duration (sec)","Publish time","Caption type",Permalink,"Is crosspost",'
    '"Is share","Post type",Languages,"Custom labels","Data comment",Date,Views,Reach,"Reactions, Comments and Shares",Reactions,Comments,Shares\n'
)


def test_a_business_suite_export_is_read_as_it_comes(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        META + '1827720132094663,1000457,"UBND xã","Trao nhà tình nghĩa\n\n#thuongtra, #xa",,0,"09/28/2026 18:12",N/A,'
        "https://www.facebook.com/xa/posts/pfbid1,0,0,Photos,,,,Lifetime,27,20,4,4,0,1\n"
        '1823209189212424,1000457,"UBND xã","Mời bà con đọc",,0,"09/05/2026 08:00",N/A,https://www.facebook.com/xa/posts/pfbid2,0,1,'
        "Links,,,,Lifetime,63,45,6,5,0,1\n",
    )
    source = file_source(path)
    first, second = source
    assert isinstance(first, Item) and isinstance(second, Item)
    assert (first.channel, first.platform_id, first.kind) == ("UBND xã", "1827720132094663", Kind.PHOTO)
    assert (first.title, first.published_at.isoformat()) == (
        "Trao nhà tình nghĩa #thuongtra, #xa",
        "2026-09-28T18:12:00+07:00",
    )
    assert first.metrics == {"views": 27, "likes": 4, "shares": 1, "comments": 0}
    assert (second.kind, second.published_at.month) == (Kind.SHARE, 9)
    assert [any(said in note for note in source.notes) for said in ("tháng/ngày/năm", "múi giờ")] == [True, True]


@pytest.mark.parametrize(
    ("heading", "dates"),
    [
        ("Content,Video title,Video publish time,Duration,Views,Watch time (hours)", ("Sep 5, 2026", "Aug 31, 2026")),
        ("Nội dung,Tiêu đề video,Thời gian xuất bản video,Thời lượng,Số lượt xem,Thời gian xem (giờ)", ("5 thg 9, 2026", "31 thg 8, 2026")),
    ],
)  # fmt: skip
def test_a_youtube_studio_table_has_its_ids_under_content(tmp_path: Path, heading: str, dates: tuple[str, str]) -> None:
    rows = f'Total,,,,900,12.5\nabcDEF12345,Bản tin ngày 5,"{dates[0]}",120,800,10.5\nxyzDEF12345,Bản tin,"{dates[1]}",60,100,2\n'
    items, rejects = split(write(tmp_path, f"{heading}\n{rows}", "Table data.csv"))
    assert [(i.platform_id, i.published_at.date().isoformat(), i.text) for i in items] == [
        ("abcDEF12345", "2026-09-05", ""),
        ("xyzDEF12345", "2026-08-31", ""),
    ]
    assert items[0].metrics == {"views": 800, "watch_seconds": 37800}
    assert [reject.reason for reject in rejects] == ["dòng tổng, không phải tin bài"]


def test_tiktoks_download_gives_posts_and_nothing_private(tmp_path: Path) -> None:
    private = {"VideoList": [{"Date": "2026-09-01 01:00:00", "Link": "https://www.tiktokv.com/share/video/999999/"}]}
    posts = [
        {"Date": "2026-08-31 17:30:00", "Link": "https://www.tiktokv.com/share/video/7428596413707144481/", "Likes": "12", "Title": "Một phút"},
        {"Date": "2026-09-02 01:00:00", "Link": "https://www.tiktokv.com/share/video/7428596413707144482/", "Likes": "3"},
    ]  # fmt: skip
    value = {"Activity": {"Video Browsing History": private}, "Direct Messages": {"ChatHistory": {"b": ["bí mật"]}}}
    path = write(tmp_path, json.dumps(value | {"Post": {"Posts": {"VideoList": posts}}}), "user_data_tiktok.json")
    source = file_source(path, channel="TikTok xã")
    item, reject = source
    assert isinstance(item, Item) and isinstance(reject, Reject)
    assert (item.id, item.published_at.isoformat(), item.kind) == (
        "TikTok xã/7428596413707144481", "2026-09-01T00:30:00+07:00", Kind.CLIP,
    )  # fmt: skip
    assert "dòng rỗng" in reject.reason
    assert [part for part in ("999999", "bí mật") if part in repr((item, reject, source.notes))] == []


def test_a_tiktok_studio_and_a_zalo_table_are_read(tmp_path: Path) -> None:
    studio = "Video title,Video link,Post time,Total likes,Total comments,Total shares,Total views\nClip một,https://www.tiktok.com/@xa/video/71,2026-09-05,1,2,3,400\n"
    (clip,), _ = split(write(tmp_path, studio, "tiktok.csv"))
    assert (clip.platform_id, clip.metrics["views"]) == ("https://www.tiktok.com/@xa/video/71", 400)
    zalo = "Tiêu đề\tTrạng thái\tNgày tạo\tLượt xem\nBài một\tĐã đăng\t25/09/2026\t1.234\nBài hai\tBản nháp\t26/09/2026\t0\n"
    path = write(tmp_path, zalo, "zalo.csv", "utf-16")
    items, rejects = split(path)
    assert [(item.title, item.metrics) for item in items] == [("Bài một", {"views": 1234})]
    assert [reject.reason for reject in rejects] == ["chưa đăng (trạng thái “Bản nháp”)"]
    assert any("lấy cột “Ngày tạo” làm ngày đăng" in note for note in file_source(path).notes)


@pytest.mark.parametrize(
    ("ids", "kept"),
    [
        (("1.22158E+17", "1.22159E+17"), 0),
        (("122158000000000000", "122159000000000000"), 0),
        (("122158000000000000", "122159000000000123"), 2),
        (("1827720132094660", "1827720132094663"), 2),
        (("123", "124"), 2),
    ],
)
def test_ids_that_excel_rounded_are_not_used_and_no_act_is_lost(
    tmp_path: Path, ids: tuple[str, str], kept: int
) -> None:
    rows = "".join(f"{value},Tin {n},2{n}/9/2026,https://a.vn/{n}\n" for n, value in enumerate(ids))
    source = file_source(write(tmp_path, f"Post ID,Tiêu đề,Ngày đăng,Link\n{rows}"))
    found = [item.platform_id for item in source if isinstance(item, Item)]
    assert found == (list(ids) if kept else ["https://a.vn/0", "https://a.vn/1"])
    assert any("Excel làm tròn" in note for note in source.notes) is (kept == 0)


def test_a_float_id_of_a_workbook_is_rounded_and_a_whole_number_of_a_program_is_not(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["Post ID", "Tiêu đề", "Ngày đăng"])
    book.active.append([1.2215800000000001e17, "Tin a", "25/9/2026"])
    book.active.append([1.2215800000000001e17, "Tin b", "26/9/2026"])
    book.save(tmp_path / "a.xlsx")
    items, _ = split(tmp_path / "a.xlsx")
    assert len({item.platform_id for item in items}) == 2
    lines = "".join(
        json.dumps({"id": 7428596413707144481 + n, "title": f"Tin {n}", "date": "2026-09-05"}) + "\n" for n in (0, 1)
    )
    items, _ = split(write(tmp_path, lines, "a.jsonl"))
    assert [item.platform_id for item in items] == ["7428596413707144481", "7428596413707144482"]


@pytest.mark.parametrize(
    ("written", "read"),
    [("20260915", "2026-09-15T00:00"), ("20260915081500", "2026-09-15T08:15"), ("45917", "2025-09-17T00:00"),
     ("46280.34375", "2026-09-15T08:15"), ("Sep 15, 2026", "2026-09-15T00:00"), ("15 September 2026", "2026-09-15T00:00"),
     ("15 thg 9, 2026 08:15", "2026-09-15T08:15"), ("99999", None), ("20261315", None), ("12345", None)],
)  # fmt: skip
def test_dates_of_programs_and_spreadsheets_are_read(tmp_path: Path, written: str, read: str | None) -> None:
    path = write(tmp_path, f'Tiêu đề,Ngày đăng\nTin neo,29/3/2024\nMột tin,"{written}"\n')
    items, rejects = split(path)
    assert [item.published_at.isoformat()[:16] for item in items[1:]] == ([read] if read else [])
    assert len(rejects) == (0 if read else 1)


def test_excels_day_numbers_are_said(tmp_path: Path) -> None:
    source = file_source(write(tmp_path, "Tiêu đề,Ngày đăng\nMột tin,45917\n"))
    assert (len(list(source)), any("1 ngày ghi bằng số thứ tự ngày của Excel" in note for note in source.notes)) == (
        1,
        True,
    )


def test_an_unclosed_quote_costs_its_own_row_and_no_other(tmp_path: Path) -> None:
    rows = "".join(f"{n},Tin số {n},{n}/9/2026,Nội dung {n}\n" for n in range(13, 20))
    broken = '12,"Tin không đóng ngoặc,12/9/2026,Nội dung\n'
    whole = '11,"Tin hai dòng,\ncó phẩy, có ngày 5/9/2026",11/9/2026,Nội dung\n'
    items, rejects = split(write(tmp_path, "Mã bài,Tiêu đề,Ngày đăng,Nội dung\n" + whole + broken + rows))
    assert [item.platform_id for item in items] == ["11", *(str(n) for n in range(13, 20))]
    assert [(reject.place, reject.reason[:24]) for reject in rejects] == [("dòng 4", "dấu ngoặc kép mở mà khôn")]


def test_a_person_may_name_the_columns(tmp_path: Path) -> None:
    path = write(tmp_path, "Cột A,Cột B,Tiêu đề,Tác giả\nTin một,25/9/2026,Không phải,Nguyễn Văn A\n")
    items, _ = split(path, names=parse_names(["title=Cột A", "published_at=cột b"]))
    assert [(item.title, item.published_at.day) for item in items] == [("Tin một", 25)]
    for words, said in (
        (["title=Cột Z"], "không có cột “Cột Z”"),
        (["tua=Cột A"], "viết dạng trường=tên cột"),
        (["title"], "viết dạng trường=tên cột"),
        (["text=Tác giả"], "nêu tên người"),
    ):
        with pytest.raises(InputError, match=said):
            split(path, names=parse_names(words))


def workbook(path: Path) -> openpyxl.Workbook:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Tháng 8"
    sheet.append(["Ngày đăng", "Tiêu đề", "Liên kết"])
    for day, title in (("28/8/2026", "Tin a"), (None, "Tin b"), ("29/8/2026", "Tin c"), (None, "Tin d")):
        sheet.append([day, title, "Xem"])
    sheet.merge_cells("A2:A3")
    sheet["C2"].hyperlink = "https://a.vn/tin-1.html?x=1&y=2"
    second = book.create_sheet("Tháng 9")
    second.append(["Ngày đăng", "Tiêu đề", "Liên kết"])
    second.append(["25/9/2026", "Tin e", "https://a.vn/e"])
    book.create_sheet("Tổng hợp").append(["Tên tin", "Số lượng"])
    book.save(path)
    return book


def test_merged_dates_links_behind_cells_and_further_sheets_are_read(tmp_path: Path) -> None:
    workbook(tmp_path / "so.xlsx")
    source = file_source(tmp_path / "so.xlsx")
    things = list(source)
    items = [thing for thing in things if isinstance(thing, Item)]
    assert [(item.title, item.published_at.day, item.url) for item in items] == [
        ("Tin a", 28, "https://a.vn/tin-1.html?x=1&y=2"),
        ("Tin b", 28, "Xem"),
        ("Tin c", 29, "Xem"),
        ("Tin e", 25, "https://a.vn/e"),
    ]
    # a blank cell that is not merged stays blank: whose day it is, nobody said
    assert [(t.place, t.reason) for t in things if isinstance(t, Reject)] == [
        ("dòng 5 (trang “Tháng 8”)", "thiếu ngày đăng")
    ]
    notes = " ".join(source.notes)
    assert [said in notes for said in ("2 trang tính cùng tên cột", "“Tổng hợp”", "ô gộp")] == [True, True, True]


def test_a_json_array_is_read_and_other_json_is_named(tmp_path: Path) -> None:
    rows = [{"id": "1", "title": "Một tin", "published_at": "2026-06-10T05:00:00Z"}, "lạ"]
    items, rejects = split(write(tmp_path, json.dumps(rows), "a.json"))
    assert ([item.title for item in items], [reject.place for reject in rejects]) == (["Một tin"], ["dòng 2"])
    for text, said in (
        ("{", "JSON hỏng"),
        ('{"a": 1}', "không phải mảng JSON"),
        ("[]", "trống"),
        ('[{"a": 1}]', "khóa tiêu đề"),
    ):
        with pytest.raises(InputError, match=said):
            split(write(tmp_path, text, "b.json"))


def test_dates_keep_their_source_and_confidence_through_a_file(tmp_path: Path) -> None:
    item = make_item(1, date_source=DateSource.PAGE_TEXT, date_confidence=Confidence.LIKELY, metrics={"views": 5})
    with accepted(tmp_path / "nhan.jsonl") as kept:
        kept.add([item])
    assert split(tmp_path / "nhan.jsonl")[0] == [item]


CELL = st.text(alphabet=st.sampled_from('aĐ 12/9,;\t"\n-=\0.:E+'), max_size=20) | st.sampled_from(
    ["29/3/2024", "2026-09-05", "45917", "1.2E+17", "122158000000000000", "Tin", "", "nháp", "20260915", "Sep 5, 2026"]
)
HEADINGS = st.lists(
    st.sampled_from(["Tiêu đề", "Ngày đăng", "Mã bài", "Link", "Mô tả", "Trạng thái", "Video title", "Content",
                     "Video publish time", "Is share", "Watch time (hours)", "Lạ", ""]), min_size=1, max_size=7,
)  # fmt: skip


def fuzz_table(folder: Path, headings: list[str], rows: list[list[str]], kind: str) -> None:
    """One generated table through the reader: every row comes out once, or one line says why none does."""
    path = folder / f"fuzz.{kind}"
    if kind == "csv":
        with path.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows([headings, *rows])
    elif kind == "json":
        path.write_text(json.dumps([dict(zip(headings, row, strict=False)) for row in rows]), "utf-8")
    else:
        path.write_text("".join(",".join(row) + "\n" for row in [headings, *rows]), "utf-8")
    try:
        list(file_source(path))
    except InputError as error:
        assert "\n" not in str(error)


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(HEADINGS, st.lists(st.lists(CELL, max_size=7), max_size=6), st.sampled_from(["csv", "json", "tsv"]))
def test_no_table_of_generated_cells_breaks_the_reader(
    tmp_path_factory: pytest.TempPathFactory, headings: list[str], rows: list[list[str]], kind: str
) -> None:
    fuzz_table(tmp_path_factory.getbasetemp(), headings, rows, kind)


@pytest.mark.slow
@settings(max_examples=40_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(HEADINGS, st.lists(st.lists(CELL, max_size=7), max_size=6), st.sampled_from(["csv", "json", "tsv"]))
def test_no_table_of_generated_cells_breaks_the_reader_many(
    tmp_path_factory: pytest.TempPathFactory, headings: list[str], rows: list[list[str]], kind: str
) -> None:
    fuzz_table(tmp_path_factory.getbasetemp(), headings, rows, kind)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_no_damage_to_a_workbook_goes_unhandled(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    damage_workbook(tmp_path_factory.getbasetemp(), data)


@pytest.mark.slow
@settings(max_examples=3_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_no_damage_to_a_workbook_goes_unhandled_many(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    damage_workbook(tmp_path_factory.getbasetemp(), data)


def damage_workbook(folder: Path, data: st.DataObject) -> None:
    whole = folder / "whole.xlsx"
    if not whole.exists():
        workbook(whole)
    parts = zipfile.ZipFile(whole)
    path = folder / "damaged.xlsx"
    name = data.draw(st.sampled_from(sorted(parts.namelist())))
    with zipfile.ZipFile(path, "w") as out:
        for entry in parts.namelist():
            body = bytearray(parts.read(entry))
            if entry == name and body:
                for _ in range(data.draw(st.integers(1, 3))):
                    body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
            out.writestr(entry, bytes(body))
    try:
        list(file_source(path))
    except InputError as error:
        assert "\n" not in str(error)


DATES = st.one_of(
    st.text(alphabet=st.sampled_from("0123456789/.:-– ,hgTZ+()ngàythángămSACHlúcGMTthgThứ\u00a0\0"), max_size=40),
    st.from_regex(r"\A[0-9]{1,8}[/.\- ][0-9]{1,4}([/.\- ][0-9]{1,4})?( [0-9]{1,2}[:hg][0-9]{0,2}( CH| SA)?)?\Z"),
    st.text(max_size=40), st.integers(), st.floats(), st.datetimes(), st.dates(), st.booleans(), st.none(), st.binary(max_size=9),
    st.sampled_from(["31/2/2026", "45917,5", "99999", "0000-00-00", "9999-12-31T23:59:59+14:00", "0001-01-01 00:00 GMT+14", "Feb 30, 2026"]),
)  # fmt: skip


def read_date(cell: object) -> None:
    """One date cell under each order: a moment that can be told in Vietnam or refused, or a reason in one line."""
    evidence_of(cell)
    is_serial(cell)
    for order in (None, *DateOrder):
        when = moment_of(cell, order)
        assert isinstance(when, datetime) or (when and "\n" not in when)


@settings(max_examples=400, deadline=None)
@given(DATES)
def test_no_date_cell_breaks_the_reader(cell: object) -> None:
    read_date(cell)


@pytest.mark.slow
@settings(max_examples=40_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(DATES)
def test_no_date_cell_breaks_the_reader_many(cell: object) -> None:
    read_date(cell)
