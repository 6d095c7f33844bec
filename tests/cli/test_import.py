"""`canbang import` as a unit without API approval uses it: paste, see what was left out, measure, paste again."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from canbang.fetch.accepted import accepted
from canbang.fetch.enrolment import Enrolment, write_enrolments
from conftest import Site, make_item
from judging import Run

PAGE = """<html><head><meta property="og:title" content="{0}"><meta property="og:type" content="article">
<meta property="article:published_time" content="2026-09-05T08:15:00+07:00"></head><body><article><h1>{0}</h1>""" + (
    "<p>Sáng nay, xã thông xe cây cầu bắc qua suối sau hai năm thi công, bà con đi lại thuận lợi hơn trước nhiều.</p>"
    * 5
)


PASTE = """29/9/2026 08:15 Khánh thành cầu https://thuongtra.gov.vn/tin/cau-1.html
30/9/2026 Cháy nhà kho, không ai bị thương
Tin không ngày
30/9/2026 Cháy nhà kho, không ai bị thương
"""


def test_what_is_pasted_is_kept_and_measured(run: Run) -> None:
    status, out, err = run("import", "--channel", "Zalo xã", paste=PASTE)
    assert (status, out) == (0, "Nhận 2 tin vào canbang-import.jsonl (đã có 0); trùng 1, không nhận 1.\n")
    assert [line.split(":")[0] for line in err.splitlines()] == ["dòng 3", "dòng 4", "Đo bằng"]
    status, out, _ = run("measure", "canbang-import.jsonl", "--json")
    assert (status, json.loads(out)["items"], json.loads(out)["rejected"]) == (0, 2, 0)


def test_a_second_paste_adds_what_is_new_and_loses_nothing(run: Run) -> None:
    run("import", "--channel", "Zalo xã", paste=PASTE)
    before = Path("canbang-import.jsonl").read_bytes()
    status, out, _ = run("import", "--channel", "Zalo xã", "--date", "1/10/2026", paste=PASTE)
    assert (status, out) == (0, "Nhận 1 tin vào canbang-import.jsonl (đã có 2); trùng 3, không nhận 0.\n")
    after = Path("canbang-import.jsonl").read_bytes()
    assert (after.startswith(before), after.count(b"\n")) == (True, 3)
    assert run("import", "--channel", "Zalo xã", "--date", "1/10/2026", paste=PASTE)[0] == 0


def test_a_torn_last_line_is_kept_and_said_and_the_next_item_starts_a_line_of_its_own(run: Run) -> None:
    path = Path("canbang-import.jsonl")
    with accepted(path) as kept:
        kept.add([make_item(1, channel="Zalo xã"), make_item(2, channel="Zalo xã")])
    path.write_bytes(path.read_bytes()[:-40])
    status, out, err = run("import", "--channel", "Zalo xã", paste=PASTE)
    assert (status, "đã có 1" in out, "dòng hỏng từ trước (dòng 2)" in err) == (0, True, True)
    lines = path.read_text("utf-8").splitlines()
    assert [json.loads(lines[n])["title"][:5] for n in (0, 2, 3)] == ["Xã Th", "Khánh", "Cháy "]


@pytest.mark.parametrize(
    ("words", "paste", "said"),
    [
        (["--channel", " "], PASTE, "--channel không được để trống"),
        (["--channel", "a"], "  \n", "không có dòng nào"),
        (["--channel", "a", "-o", "a.csv"], PASTE, "đuôi .jsonl"),
        (["--channel", "a", "--date", "hôm kia"], PASTE, "không đọc được ngày “hôm kia”"),
        (["--channel", "a"], "5/9/2026 Tin", "--date-order dmy"),
        (["khong-co.txt", "--channel", "a"], "", "không có thư mục hoặc tệp này"),
        (["a.xlsx", "--channel", "a"], "", "đưa thẳng vào canbang measure"),
        (["a.zip", "--channel", "a"], "", "--channel là địa chỉ đã ghi danh"),
        (["a.zip", "--channel", "https://a.vn/"], "", "canbang enrol"),
        ([], PASTE, "thiếu"),
    ],
)
def test_bad_input_ends_in_one_line_and_leaves_no_file(run: Run, words: list[str], paste: str, said: str) -> None:
    status, out, err = run("import", *words, paste=paste)
    assert (status, out, len(err.strip().splitlines())) == (2, "", 1)
    assert said in err
    assert list(Path().glob("*.jsonl")) == []


def test_nothing_accepted_ends_with_status_2(run: Run) -> None:
    assert run("import", "--channel", "a", paste="Tin không ngày\n")[:2] == (
        2,
        "Nhận 0 tin vào canbang-import.jsonl (đã có 0); trùng 0, không nhận 1.\n",
    )


def enrol(url: str) -> Enrolment:
    host = url.split("/")[2]
    record = Enrolment(url, f"{host}/", "UBND", "A", "m", "2026-09-01", "dns", host, "2026-09-01")
    write_enrolments(Path("canbang-enrolments.json"), [record])
    return record


def test_a_link_of_an_enrolled_channel_is_opened(run: Run, site: Site) -> None:
    enrol(site.url + "/")
    link = site.put("/tin/cau-123.html", PAGE.format("Thông xe cầu Khe Dâu"))
    status, _, _ = run("import", "--channel", "Cổng xã", paste=link + "\n")
    assert status == 0
    (record,) = [json.loads(line) for line in Path("canbang-import.jsonl").read_text("utf-8").splitlines()]
    assert (record["title"], record["published_at"], record["date_source"]) == (
        "Thông xe cầu Khe Dâu",
        "2026-09-05T08:15:00+07:00",
        "open_graph",
    )


def test_an_archive_of_the_channel_is_taken_in_once(run: Run) -> None:
    enrol("https://lamvan.gov.vn/")
    with zipfile.ZipFile("kho.zip", "w") as archive:
        for number in range(3):
            archive.writestr(f"tin-{number}.html", PAGE.format(f"Thông xe cây cầu thứ {number}"))
    words = ("import", "kho.zip", "--channel", "https://lamvan.gov.vn/", "-o", "kho.jsonl")
    assert run(*words)[:2] == (0, "Nhận 3 tin vào kho.jsonl (đã có 0); trùng 0, không nhận 0.\n")
    assert run(*words)[:2] == (0, "Nhận 0 tin vào kho.jsonl (đã có 3); trùng 3, không nhận 0.\n")
    status, out, _ = run("measure", "kho.jsonl", "--json")
    assert (status, json.loads(out)["items"]) == (0, 3)
