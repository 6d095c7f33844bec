"""What an audited month allows on the command line: lamps, comparisons, roll-ups, and a log that holds the mode."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from judging import Run, fill


def audited(run: Run, *more: str) -> tuple[str, ...]:
    """Draw and judge September; gives the words that measure it."""
    run("sample", "cong.csv", "--month", "2026-09", "-n", "60", "--sheet", "p.csv", "--seed", "s", *more)
    fill(Path("p.csv"))
    return ("measure", "cong.csv", "--judgements", "p.csv", "--draw", "draw.json")


def test_two_months_are_compared_and_rolled_up(run: Run, month: Path) -> None:
    Path("thang9.json").write_text(run(*audited(run), "--json")[1], "utf-8")
    august = month.read_text("utf-8").replace("/9/2026", "/8/2026").replace("Mã bài", "Mã bài")
    Path("cu.csv").write_text(
        "\n".join(f"8{line}" if line[:1].isdigit() else line for line in august.splitlines()), "utf-8"
    )
    run(
        "sample",
        "cu.csv",
        "--channel",
        "cong",
        "--month",
        "2026-08",
        "-n",
        "60",
        "--sheet",
        "p8.csv",
        "--draw",
        "d8.json",
    )
    fill(Path("p8.csv"))
    words = ("measure", "cu.csv", "--channel", "cong", "--judgements", "p8.csv", "--draw", "d8.json", "--json")
    Path("thang8.json").write_text(run(*words)[1], "utf-8")
    words = (*audited(run, "--force"), "--compare", "thang8.json")
    value = json.loads(run(*words, "--json")[1])
    (change,) = value["changes"]
    assert (change["span"], change["from"], change["same_channels"]) == ("previous_month", "2026-08-01", True)
    assert change["shares"]["counted_negative"]["low"] < 0 < change["shares"]["counted_negative"]["high"]
    status, out, _ = run(*words, "--html", "r.html", "--xlsx", "r.xlsx")
    assert status == 0 and "tháng trước (8/2026)" in out
    assert "Tháng trước (8/2026)" in Path("r.html").read_text("utf-8")
    status, out, _ = run("rollup", "thang8.json", "thang9.json")
    assert status == 0 and "Gộp phiếu · 1/8/2026 – 30/9/2026" in out and "không lấy trung bình" in " ".join(out.split())
    joined = json.loads(run("rollup", "thang8.json", "thang9.json", "--json")[1])
    assert (joined["schema"], joined["items"], joined["audited"]) == ("canbang-rollup/1", 240, 120)
    status, _, err = run("rollup", "thang9.json", "thang9.json")
    assert status == 2 and "thang9.json: cùng một danh sách tin" in err


def test_lamps_are_shown_as_early_warning_and_never_as_a_verdict(run: Run, month: Path) -> None:
    words = (*audited(run), "--lamps")
    status, out, _ = run(*words, "--html", "r.html", "--xlsx", "r.xlsx")
    shown = " ".join(out.split())
    assert status == 0 and "Cảnh báo sớm, 7 ngày đến 30/9/2026" in shown and "không phải kết luận" in shown
    page = Path("r.html").read_text("utf-8")
    assert "Cảnh báo sớm" in page and "chắc chắn" not in page
    value = json.loads(run(*words, "--json")[1])
    assert [sum(lamp["days"] == days for lamp in value["lamps"]) for days in (7, 30)] == [24, 1]
    assert {lamp["confidence"] for lamp in value["lamps"]} == {0.9975}


def test_what_needs_an_audit_says_so(run: Run, month: Path) -> None:
    for words in (("--lamps",), ("--compare", "x.json")):
        status, _, err = run("measure", "cong.csv", *words)
        assert status == 2 and "--judgements và --draw" in err
    Path("may.json").write_text(run("measure", "cong.csv", "--json")[1], "utf-8")
    status, _, err = run(*audited(run), "--compare", "may.json")
    assert status == 2 and "may.json: phiếu này là ước tính máy" in err


def test_a_mode_changed_after_the_draw_is_refused_everywhere(run: Run, month: Path) -> None:
    words = audited(run, "--mode", "until-settled")
    assert run("draw", "verify", "draw.json")[0] == 0
    draw = json.loads(Path("draw.json").read_text("utf-8"))
    Path("draw.json").write_text(json.dumps(draw | {"mode": "one_look"}), "utf-8")
    for asked in (
        words,
        ("draw", "verify", "draw.json"),
        ("sample", "cong.csv", "--more", "-n", "90", "--sheet", "p2.csv"),
    ):
        status, _, err = run(*asked)
        assert status == 2 and "không đổi được" in err


def test_a_draw_without_its_log_is_refused_and_a_thrown_away_draw_is_told(run: Run, month: Path) -> None:
    words = audited(run)
    words = audited(run, "--force")
    status, out, _ = run("draw", "verify", "draw.json")
    assert status == 0 and "trước đó đã có 1 lần rút mẫu bị bỏ" in out
    Path("draw.log").unlink()
    for asked in (words, ("draw", "verify", "draw.json")):
        status, _, err = run(*asked)
        assert status == 2 and "thiếu nhật ký" in err


def test_intervals_are_headed_by_their_own_confidence(run: Run, month: Path) -> None:
    out = run(*audited(run, "--mode", "until-settled"), "--by", "week")[1]
    assert "Khoảng 98,75" in out and "Khoảng 95" not in out
    assert "Khoảng 95" in run(*audited(run, "--force"))[1]


@pytest.mark.parametrize(("worded", "said"), [("Cháy", False), ("Không có", True)])
def test_a_further_look_follows_the_scores_only_where_the_first_one_bears_them_out(
    run: Run, month: Path, worded: str, said: bool
) -> None:
    audited(run, "--mode", "until-settled")
    sheet = Path("p.csv").read_text("utf-8-sig")
    if worded != "Cháy":
        Path("p.csv").write_text(sheet.replace("Tiêu cực", "Tích cực"), "utf-8-sig")
    status, out, _ = run("sample", "cong.csv", "--more", "-n", "90", "--sheet", "p2.csv", "--judgements", "p.csv")
    assert status == 0 and ("rút đều theo số tin" in out) is said
    assert [look["by_scores"] for look in json.loads(Path("draw.json").read_text("utf-8"))["looks"]] == [True, not said]
    assert run("draw", "verify", "draw.json")[0] == 0
    status, _, err = run(
        "sample", "cong.csv", "-n", "90", "--judgements", "p.csv", "--sheet", "p3.csv", "--draw", "d3.json"
    )
    assert status == 2 and "--more" in err
