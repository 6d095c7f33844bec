"""Desk and command line give byte-equal JSON on the same items, labels and draw: the two share their functions, not their code."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from canbang.desk.domain import drawfiles, judgement, sheet, upload
from canbang.desk.models import Draw, Drawn, Item, Organisation, Turn, User
from canbang.item import VIETNAM
from desk.auditing import drawn, read
from desk.conftest import BAD, GOOD, MONTH

NAME = "thang-9.jsonl"
CHANNELS = ("Cổng thông tin", "Facebook xã", "Zalo xã")


def row(number: int, when: datetime, **more: Any) -> dict[str, Any]:
    """A row of a content system's export."""
    address = f"https://thuongtra.gov.vn/chi-tiet-{100000 + number}.html"
    title = f"{BAD} ở tổ {number}" if number % 8 == 0 else GOOD[number % 3].format(number)
    return {
        "kênh": CHANNELS[number % 3], "mã bài": f"b{number}", "tiêu đề": title, "sapo": f"Tin {number}: xã {number % 71} báo.",
        "đường dẫn": address, "ngày đăng": when.isoformat(), "lượt xem": 40 + number % 977,
        "date_confidence": "likely" if number % 97 == 0 else "sure",
    } | more  # fmt: skip


def rows(count: int) -> list[dict[str, Any]]:
    """So many items of September among everything else that an export holds."""
    start = datetime(2026, 9, 1, 0, 1, tzinfo=VIETNAM)
    found = [row(n, start + timedelta(minutes=21 * n)) for n in range(count)]
    found += [row(3000 + n, start - timedelta(days=1 + n)) for n in range(20)]  # other months
    found += [row(3100 + n, start + timedelta(days=31 + n)) for n in range(10)]
    found[5:5] = [found[n] for n in range(count - 12, count)]  # said twice
    found.append(
        row(41, start, **{"tiêu đề": "Mã đã bị Excel làm tròn", "đường dẫn": "https://thuongtra.gov.vn/a-990099.html"})
    )
    found.append(row(3500, start, **{"tiêu đề": "", "sapo": ""}))  # broken
    found.append(row(3501, start, **{"ngày đăng": "hôm qua"}))
    found.append(
        row(3502, start, **{"tiêu đề": "Văn hóa xã hội", "đường dẫn": "https://thuongtra.gov.vn/van-hoa"})
    )  # a section
    return found


def answer(card: Drawn, turn: Turn) -> judgement.Answer:
    if card.place % 23 == 0:
        return judgement.Answer(unsure=True)
    bad = card.item.title.startswith(BAD)
    tone = "negative" if bad else "neutral" if turn == Turn.SECOND and card.place % 5 == 0 else "positive"
    theme = "" if card.place % 3 else "society"
    return judgement.Answer(tone=tone, dark_side=bad and card.place % 2 == 0, public_interest=bad, theme=theme)


def export(commune: Organisation, minh: User, folder: Path, count: int) -> None:
    """The export on disk, and in the desk by the way that the screen takes."""
    text = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in rows(count))
    (folder / NAME).write_text(text, "utf-8")
    upload.confirm(upload.keep(commune, minh, NAME, [text.encode()]), minh)


@pytest.fixture
def audited(commune: Organisation, minh: User, tmp_path: Path) -> Draw:
    """2,000 items, drawn and judged to the end."""
    export(commune, minh, tmp_path, 2000)
    held = drawn(commune, minh, 150)
    read(held, answer)
    return held


def command_line(folder: Path, *more: str) -> bytes:
    """What ``canbang measure`` prints of the same file."""
    by = ("--by", "channel", "--by", "week", "--by", "theme")
    words = [sys.executable, "-m", "canbang", "measure", NAME, *more, *by, "--json"]
    done = subprocess.run(words, cwd=folder, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def test_an_audited_month_is_the_same_bytes_as_on_the_command_line(audited: Draw, minh: User, tmp_path: Path) -> None:
    commune = audited.organisation
    found = sheet.refresh(commune, MONTH)
    signed = sheet.sign(found, minh, sheet.digest_of(found))
    audited.refresh_from_db()
    (tmp_path / "draw.json").write_text(drawfiles.draw_file(audited, minh), "utf-8")
    (tmp_path / "draw.log").write_text(drawfiles.log_file(audited, minh), "utf-8")
    for turn in Turn:
        (tmp_path / f"{turn.name}.xlsx").write_bytes(drawfiles.sheet_file(audited, minh, turn))
    said = command_line(
        tmp_path, "--judgements", "FIRST.xlsx", "--second", "SECOND.xlsx", "--adjudicated", "FINAL.xlsx",
        "--draw", "draw.json",
    )  # fmt: skip
    assert said == signed.text.encode()
    value = json.loads(said)
    assert (value["basis"], value["audited"], value["sources"]) == ("audit", 150, [NAME])
    assert (value["items"], value["outside_window"], value["rejected"]) == (2001, 30, 15)
    assert value["likely_dates"]["items"] > 0 and value["beside"]["by_views"] and value["beside"]["differing"] == 0


def test_a_machine_estimate_is_the_same_bytes_as_on_the_command_line(
    commune: Organisation, minh: User, tmp_path: Path
) -> None:
    export(commune, minh, tmp_path, 200)
    found = sheet.refresh(commune, MONTH)
    assert command_line(tmp_path, "--month", "2026-09") == found.text.encode()
    assert (found.value["basis"], Item.objects.count()) == ("machine", 232)
