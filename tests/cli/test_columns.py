"""Columns that a person names by hand: `--column` in every command that reads tables."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from judging import Run


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    """An export whose headings nobody could guess."""
    path = tmp_path / "la.csv"
    rows = "".join(f"{k},Xã mở đường số {k},{1 + k % 28}/9/2026,{k}\n" for k in range(30))
    path.write_text("Số,Tít chính,Ngày lên trang,Người đọc\n" + rows, "utf-8")
    return path


def test_columns_are_named_by_hand_in_every_command_that_reads_tables(run: Run, odd: Path) -> None:
    named = (
        "--column",
        "tiêu đề=Tít chính",
        "--column",
        "published_at=ngày lên trang",
        "--column",
        "lượt xem=Người đọc",
    )
    status, _, err = run("measure", "la.csv")
    assert status == 2 and "không thấy cột tiêu đề" in err
    assert json.loads(run("measure", "la.csv", *named, "--json")[1])["items"] == 30
    assert run("sample", "la.csv", *named, "-n", "16", "--sheet", "p.csv")[0] == 0
    assert run("label", "la.csv", "-o", "n.parquet", "--column", "title=Tít chính", "--workers", "1")[0] == 0


@pytest.mark.parametrize(("named", "said"), [
    (("tiêu đề",), "--column tiêu đề: viết dạng trường=tên cột; trường là một trong: tiêu đề (title), ngày đăng"),
    (("tit=Tít chính",), None),
    (("tựa=Tít chính",), "--column tựa=Tít chính: viết dạng trường=tên cột"),
    (("title=Titre", "published_at=Ngày lên trang"), "la.csv: không có cột “Titre” (đã nêu cho tiêu đề (title)). Các cột của tệp: “Số”, “Tít chính”, “Ngày lên trang”, “Người đọc”."),
    (("title=Tít chính", "published_at=Ngày lên trang", "views=Xem"), "không có cột “Xem” (đã nêu cho lượt xem (views)). Các cột của tệp: “Số”"),
    (("title=Tác giả",), "--column title=Tác giả: cột nêu tên người không được đọc"),
    (("title=Tít chính", "text=Tít chính"), "tiêu đề (title) đã lấy cột “Tít chính”"),
    (("title=Tít chính", "title=Số"), "tiêu đề (title) đã lấy cột “Tít chính”"),
])  # fmt: skip
def test_a_wrong_field_or_heading_is_named_with_what_there_is(
    run: Run, odd: Path, named: tuple[str, ...], said: str | None
) -> None:
    status, _, err = run("measure", "la.csv", *(word for name in named for word in ("--column", name)))
    assert status == 2
    assert (said or "không thấy cột ngày đăng") in err


def test_a_heading_need_stand_in_one_of_the_files_only(run: Run, odd: Path, month: Path) -> None:
    named = ("--column", "title=Tít chính", "--column", "published_at=Ngày lên trang")
    assert json.loads(run("measure", "la.csv", "cong.csv", *named, "--json")[1])["items"] == 150
    status, _, err = run("measure", "la.csv", "cong.csv", *named, "--column", "text=Thân bài")
    assert status == 2 and "la.csv: không có cột “Thân bài”" in err
