"""The pages on the desk keep up with it: every variable, every screen, every command of the units."""

from __future__ import annotations

import re

import pytest

from canbang.cli.desk import desk
from canbang.desk.roles import NAMES
from canbang.desk.views.access import MENU
from conftest import ROOT

OPERATE = (ROOT / "docs" / "operate.md").read_text("utf-8")
DESK = (ROOT / "docs" / "desk.md").read_text("utf-8")
ASKED = re.compile(r"""(?:environ(?:\.get)?[\[(]|_flag\(|_list\()\s*"([A-Z_]+)\"""")


def test_every_variable_that_the_settings_read_is_explained_and_no_other() -> None:
    read = set(ASKED.findall((ROOT / "src/canbang/desk/settings.py").read_text("utf-8")))
    rows = [line for line in OPERATE.splitlines() if line.startswith("| `")]
    explained = {name for row in rows for name in re.findall(r"`([A-Z_]{6,})`", row.split("|")[1])}
    assert (read - explained, explained - read) == (set(), set())


@pytest.mark.parametrize("words", [words for _, words, _ in MENU])
def test_every_screen_is_described(words: str) -> None:
    assert f"**{words}**" in DESK


def test_every_role_is_described() -> None:
    assert [name for name in NAMES.values() if f"| {name} |" not in DESK] == []


def test_the_units_and_the_image_call_commands_that_exist() -> None:
    files = [*(ROOT / "deploy").glob("*.service"), ROOT / "deploy" / "Dockerfile", ROOT / "compose.yaml"]
    text = "\n".join(path.read_text("utf-8") for path in files).replace('", "', " ").replace(", ", " ")
    called = re.findall(r"canbang desk (?!--)(\w+)", text)
    assert sorted(set(called)) == ["migrate", "retention"]
    assert set(called) <= set(desk.commands)  # type: ignore[attr-defined]
