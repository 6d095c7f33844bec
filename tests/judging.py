"""How tests run the command line and fill in a sheet."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

Run = Callable[..., tuple[int, str, str]]
"""Runs `canbang` with some words; gives exit status, standard output and standard error."""


def fill(sheet: Path) -> None:
    """Judge every row of a csv sheet by its title."""
    with sheet.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.reader(stream))
    at = rows[0].index
    for row in rows[1:]:
        bad = "Cháy" in row[at("Tiêu đề")]
        row[at("Sắc thái")] = "Tiêu cực" if bad else "Tích cực"
        row[at("Mặt trái của xã hội")] = row[at("Giật gân, câu khách")] = "Không"
        row[at("Vì lợi ích công")] = "Có" if bad else "Không"
    with sheet.open("w", encoding="utf-8-sig", newline="") as stream:
        csv.writer(stream).writerows(rows)
