"""The commands as a publisher runs them: measure, sample, fill in, measure again; enrol; and every kind of bad input."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from conftest import Site
from judging import Run, fill


def test_the_machine_estimate_says_that_it_is_one(run: Run, month: Path) -> None:
    status, out, err = run("measure", "cong.csv", "--by", "channel", "--by", "week")
    assert status == 0
    assert "ước tính máy" in out and "Chưa đủ căn cứ" in out and "canbang sample" in out
    assert "2 dòng bị loại" in err
    with Path("canbang-rejects.csv").open(encoding="utf-8-sig", newline="") as stream:
        assert [row[1] for row in csv.reader(stream)] == ["Vị trí", "dòng 122", "mã 4"]


def test_sample_judge_measure_gives_a_verdict(run: Run, month: Path) -> None:
    assert run("sample", "cong.csv", "--month", "2026-09", "-n", "90", "--sheet", "p.csv", "--seed", "s")[0] == 0
    fill(Path("p.csv"))
    status, out, err = run(
        "measure",
        "cong.csv",
        "--judgements",
        "p.csv",
        "--draw",
        "draw.json",
        "--json",
        "--html",
        "r.html",
        "--xlsx",
        "r.xlsx",
    )
    value = json.loads(out)
    assert (status, value["basis"], value["verdict"], value["audited"]) == (0, "audit", "under", 90)
    assert (value["read"], value["items"], value["rejected"], value["outside_window"]) == (122, 120, 2, 0)
    assert value["window"] == {"from": "2026-09-01", "to": "2026-09-30", "timezone": "Asia/Ho_Chi_Minh"}
    assert value["shares"]["counted_negative"]["low"] <= 0.05 <= value["shares"]["counted_negative"]["high"]
    assert "Đạt" in Path("r.html").read_text("utf-8")
    assert Path("r.xlsx").stat().st_size > 5000
    assert "r.html" in err


def test_a_sheet_in_use_is_not_overwritten(run: Run, month: Path) -> None:
    assert run("sample", "cong.csv")[0] == 0
    status, _, err = run("sample", "cong.csv")
    assert status == 2 and "đã có tệp này" in err
    assert run("sample", "cong.csv", "--force")[0] == 0


def test_a_frame_that_changed_after_the_draw_is_refused(run: Run, month: Path) -> None:
    run("sample", "cong.csv", "--sheet", "p.csv")
    fill(Path("p.csv"))
    with month.open("a", encoding="utf-8") as stream:
        stream.write("900,Tin thêm sau khi rút mẫu,2/9/2026\n")
    status, _, err = run("measure", "cong.csv", "--judgements", "p.csv", "--draw", "draw.json")
    assert status == 2 and "thêm 1 tin" in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["measure", "khong-co.csv"], "không có tệp này"),
        (["measure", "baocao.vn"], "https://baocao.vn"),
        (["measure", "https://baocao.example/"], "kênh chưa ghi danh"),
        (["measure", "cong.csv", "--month", "9/2026"], "2026-09"),
        (["measure", "cong.csv", "--month", "2026-09", "--from", "1/9/2026"], "không dùng cả hai"),
        (["measure", "cong.csv", "--from", "30/9/2026", "--to", "1/9/2026"], "kỳ rỗng"),
        (["measure", "cong.csv", "--month", "2025-01"], "Không có tin bài nào"),
        (["measure", "cong.csv", "--judgements", "p.csv"], "phải đi cùng nhau"),
        (["measure", "cong.csv", "--judgements", "p.csv", "--draw", "khong.json"], "khong.json"),
        (["measure", "cong.csv", "--by", "author"], "channel, week, month, theme"),
        (["measure", "cong.csv", "--tac-gia"], "không có tùy chọn --tac-gia"),
        (["sample", "cong.csv", "-n", "2"], "x>=16"),
        (["measure", "cong.csv", "cong.csv"], "nêu hai lần"),
        (["measure", "cong.csv", "--html", "cong.csv"], "trùng với tệp đọc vào"),
        (["measure", "cong.csv", "--rejects", "cong.csv"], "trùng với tệp đọc vào"),
        (["measure", "cong.csv", "--html", "r.x", "--xlsx", "r.x"], "hai tệp ghi ra trùng tên"),
        (["sample", "cong.csv", "--sheet", "cong.csv", "--force"], "trùng với tệp đọc vào"),
        (["measure", "cong.csv", "--html", "/proc/khong/r.html"], "không ghi được"),
        (["measure"], "NGUỒN"),
        (["sample", "cong.csv", "--sheet", "p.docx"], "xlsx hoặc .csv"),
        (["khong-co-lenh"], "khong-co-lenh"),
    ],
)
def test_bad_input_ends_with_one_line_and_status_2(run: Run, month: Path, words: list[str], said: str) -> None:
    status, _, err = run(*words)
    last = [line for line in err.splitlines() if line.startswith("Lỗi")]
    assert (status, len(last)) == (2, 1)
    assert said in last[0]


def test_enrol_prints_a_code_then_sees_the_proof_then_the_feed_is_measured(run: Run, site: Site) -> None:
    site.put("/", "<html></html>")
    words = ("enrol", site.url + "/", "--owner", "UBND tỉnh Lam Vân", "--by", "Chánh Văn phòng")
    status, _, err = run(*words)
    assert status == 2 and "canbang-enrol" in err and "_canbang." in err
    (record,) = json.loads(Path("canbang-enrolments.json").read_text("utf-8"))["enrolments"]
    feed_items = "".join(
        f"<item><title>Tin mới số {k} của xã Khe Dâu</title><guid>{k}</guid><pubDate>Sat, 05 Sep 2026 08:15:00 +0700</pubDate></item>"
        for k in range(30)
    )
    site.put(
        "/rss", f'<?xml version="1.0"?><rss version="2.0"><channel><title>Cổng</title>{feed_items}</channel></rss>'
    )
    assert run("measure", site.url + "/rss")[0] == 2
    site.put("/.well-known/canbang.txt", record["code"])
    status, out, _ = run(*words)
    assert status == 0 and "Đã ghi danh" in out
    status, out, _ = run("measure", site.url + "/rss", "--json")
    value = json.loads(out)
    assert (status, value["items"]) == (0, 30)
    assert "UBND tỉnh Lam Vân" in value["enrolments"][0]
    run("sample", site.url + "/rss", "--sheet", "p.csv", "-n", "30")
    fill(Path("p.csv"))
    status, out, _ = run("measure", site.url + "/rss", "--judgements", "p.csv", "--draw", "draw.json", "--json")
    assert (status, json.loads(out)["verdict"]) == (0, "under")


def test_a_damaged_enrolment_file_is_named(run: Run) -> None:
    Path("canbang-enrolments.json").write_text("{", "utf-8")
    status, _, err = run("measure", "https://a.example/")
    assert status == 2 and "canbang-enrolments.json" in err


def test_live_cells_in_an_export_come_out_disarmed_in_the_rejects(run: Run) -> None:
    Path("a.csv").write_text("Tiêu đề,Ngày đăng\nMột tin thường,29/3/2024\n=HYPERLINK(0),không rõ\n", "utf-8")
    run("measure", "a.csv")
    with Path("canbang-rejects.csv").open(encoding="utf-8-sig", newline="") as stream:
        assert list(csv.reader(stream))[1][3] == "'=HYPERLINK(0)"


def copy_answers(sheet: Path, **change: str) -> None:
    """Judge every row by its title, then change the answers of the first row."""
    fill(sheet)
    with sheet.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.reader(stream))
    for name, answer in change.items():
        rows[1][rows[0].index(name.replace("_", " "))] = answer
    with sheet.open("w", encoding="utf-8-sig", newline="") as stream:
        csv.writer(stream).writerows(rows)


def test_a_committed_draw_is_kept_secret_then_revealed_and_verified(run: Run, month: Path) -> None:
    _, out, _ = run("draw", "commit", "thang9.secret")
    commitment = out.split()[2]
    run("sample", "cong.csv", "-n", "60", "--sheet", "p.csv", "--secret", "thang9.secret")
    fill(Path("p.csv"))
    status, out, _ = run("measure", "cong.csv", "--judgements", "p.csv", "--draw", "draw.json", "--json")
    assert status == 0 and any("chưa công bố" in note for note in json.loads(out)["notes"])
    assert run("draw", "verify", "draw.json")[0] == 2
    assert run("draw", "verify", "draw.json", "--secret", "thang9.secret")[0] == 0
    run("draw", "reveal", "draw.json", "--secret", "thang9.secret")
    status, out, _ = run("draw", "verify", "draw.json", "--commitment", commitment)
    assert status == 0 and "Khớp: 60 tin trong 120" in out
    status, _, err = run("draw", "verify", "draw.json", "--commitment", "abc")
    assert status == 2 and "cam kết" in err


def test_until_settled_draws_more_and_takes_both_sheets(run: Run, month: Path) -> None:
    run("sample", "cong.csv", "-n", "40", "--sheet", "p1.csv", "--mode", "until-settled")
    fill(Path("p1.csv"))
    status, _, err = run("sample", "cong.csv", "--more", "-n", "30", "--sheet", "p2.csv")
    assert status == 2 and "nhiều hơn 40" in err
    assert run("sample", "cong.csv", "--more", "-n", "80", "--sheet", "p2.csv")[0] == 0
    fill(Path("p2.csv"))
    status, _, err = run("measure", "cong.csv", "--judgements", "p1.csv", "--draw", "draw.json")
    assert status == 2 and "thiếu" in err
    words = ("measure", "cong.csv", "--judgements", "p1.csv", "--judgements", "p2.csv", "--draw", "draw.json", "--json")
    value = json.loads(run(*words)[1])
    assert (value["audited"], value["draw"]["looks"], value["draw"]["mode"]) == (80, 2, "until_settled")


def test_items_published_between_two_looks_come_into_the_draw(run: Run, month: Path) -> None:
    run("sample", "cong.csv", "-n", "40", "--sheet", "p1.csv", "--mode", "until-settled", "--month", "2026-09")
    fill(Path("p1.csv"))
    with month.open("a", encoding="utf-8") as stream:
        stream.writelines(f"{900 + k},Xã Khe Dâu tổ chức ngày hội số {k},2/9/2026\n" for k in range(40))
    assert run("sample", "cong.csv", "--more", "-n", "90", "--sheet", "p2.csv")[0] == 0
    fill(Path("p2.csv"))
    words = ("measure", "cong.csv", "--judgements", "p1.csv", "--judgements", "p2.csv", "--draw", "draw.json", "--json")
    value = json.loads(run(*words)[1])
    assert value["items"] == 160 and value["audited"] >= 90
    assert value["shares"]["counted_negative"]["low"] <= 6 / 160 <= value["shares"]["counted_negative"]["high"]


def test_one_look_is_one_look(run: Run, month: Path) -> None:
    run("sample", "cong.csv", "-n", "40", "--sheet", "p1.csv")
    status, _, err = run("sample", "cong.csv", "--more", "-n", "80", "--sheet", "p2.csv")
    assert status == 2 and "one-look" in err


def test_two_auditors_differ_and_a_third_decides(run: Run, month: Path) -> None:
    run("sample", "cong.csv", "-n", "60", "--sheet", "p1.csv", "--second", "p2.csv", "--seed", "s")
    fill(Path("p1.csv"))
    copy_answers(Path("p2.csv"), Sắc_thái="Trung tính", Mặt_trái_của_xã_hội="Có")
    words = ("measure", "cong.csv", "--judgements", "p1.csv", "--second", "p2.csv", "--draw", "draw.json", "--json")
    status, out, err = run(*words, "--disagreements", "p3.csv")
    assert (status, json.loads(out)["unsure"]) == (0, 1)
    assert "1 tin hai người chấm khác nhau" in err
    with Path("p3.csv").open(encoding="utf-8-sig", newline="") as stream:
        assert "Người 2: Trung tính; Có" in list(csv.reader(stream))[1][-1]
    fill(Path("p3.csv"))
    assert json.loads(run(*words, "--adjudicated", "p3.csv")[1])["unsure"] == 0


def test_a_clean_run_leaves_no_rejects_of_an_earlier_one(run: Run, month: Path) -> None:
    run("measure", "cong.csv")
    assert Path("canbang-rejects.csv").exists()
    Path("sach.csv").write_text("Tiêu đề,Ngày đăng\nMột tin thường,29/3/2024\n", "utf-8")
    run("measure", "sach.csv")
    assert not Path("canbang-rejects.csv").exists()


def test_a_filled_adjudication_sheet_is_not_overwritten_and_full_agreement_needs_none(run: Run, month: Path) -> None:
    run("sample", "cong.csv", "-n", "60", "--sheet", "p1.csv", "--second", "p2.csv")
    fill(Path("p1.csv"))
    fill(Path("p2.csv"))
    words = (
        "measure",
        "cong.csv",
        "--judgements",
        "p1.csv",
        "--second",
        "p2.csv",
        "--draw",
        "draw.json",
        "--disagreements",
        "p3.xlsx",
    )
    status, _, err = run(*words)
    assert status == 0 and "không cần phiếu phân xử" in err
    Path("p3.xlsx").write_text("đã chấm", "utf-8")
    assert run(*words)[0] == 2
    assert Path("p3.xlsx").read_text("utf-8") == "đã chấm"


def test_files_of_one_name_in_two_folders_are_two_channels(run: Run) -> None:
    for folder in ("cong", "fanpage"):
        Path(folder).mkdir()
        Path(folder, "thang9.csv").write_text("Mã bài,Tiêu đề,Ngày đăng\n1,Một tin thường,29/3/2024\n", "utf-8")
    status, out, _ = run("measure", "cong/thang9.csv", "fanpage/thang9.csv", "--by", "channel", "--json")
    assert (status, [part["key"] for part in json.loads(out)["by"]["channel"]]) == (
        0,
        ["cong/thang9", "fanpage/thang9"],
    )


def test_after_revealing_nothing_more_is_drawn(run: Run, month: Path) -> None:
    run("draw", "commit", "ma.secret")
    run("sample", "cong.csv", "-n", "40", "--sheet", "p1.csv", "--mode", "until-settled", "--secret", "ma.secret")
    run("draw", "reveal", "draw.json", "--secret", "ma.secret")
    status, _, err = run("sample", "cong.csv", "--more", "-n", "80", "--sheet", "p2.csv", "--secret", "ma.secret")
    assert status == 2 and "đã công bố" in err


def test_unjudged_rows_are_named_all_at_once(run: Run, month: Path) -> None:
    run("sample", "cong.csv", "-n", "40", "--sheet", "p1.csv")
    status, _, err = run("measure", "cong.csv", "--judgements", "p1.csv", "--draw", "draw.json")
    assert status == 2 and "chưa chấm 40 tin (dòng 2, 3, 4," in err


def test_every_look_of_until_settled_is_at_98_75_percent_and_there_are_four(run: Run, month: Path) -> None:
    sheets: list[str] = []
    for look, budget in enumerate((20, 40, 60, 80), 1):
        sheet = f"p{look}.csv"
        more = ("--more",) if sheets else ("--mode", "until-settled")
        assert run("sample", "cong.csv", "-n", str(budget), "--sheet", sheet, *more)[0] == 0
        fill(Path(sheet))
        sheets += ["--judgements", sheet]
        value = json.loads(run("measure", "cong.csv", *sheets, "--draw", "draw.json", "--json")[1])
        assert value["shares"]["counted_negative"]["confidence"] == 0.9875
        assert value["draw"]["looks"] == look
    status, _, err = run("sample", "cong.csv", "-n", "100", "--sheet", "p5.csv", "--more")
    assert status == 2 and "đã rút đủ 4 lần" in err


def test_agreement_of_two_auditors_is_shown(run: Run, month: Path) -> None:
    run("sample", "cong.csv", "-n", "60", "--sheet", "p1.csv", "--second", "p2.csv", "--seed", "s")
    fill(Path("p1.csv"))
    fill(Path("p2.csv"))
    words = ("measure", "cong.csv", "--judgements", "p1.csv", "--second", "p2.csv", "--draw", "draw.json")
    value = json.loads(run(*words, "--json")[1])
    assert value["beside"]["agreement"]["counted_negative"]["items"] == 30
    assert value["beside"]["agreement"]["counted_negative"]["raw"]["point"] == 1.0
    assert value["share_by_story"]["basis"] == "audit"
    assert "30 tin chấm kép, 0 tin khác nhau" in " ".join(run(*words)[1].split())


def test_dates_after_today_are_pointed_out(run: Run) -> None:
    Path("a.csv").write_text("Tiêu đề,Ngày đăng\nMột tin thường,29/3/2024\nTin của mai sau,29/3/2090\n", "utf-8")
    assert any(
        "1 tin có ngày đăng sau hôm nay" in note for note in json.loads(run("measure", "a.csv", "--json")[1])["notes"]
    )
