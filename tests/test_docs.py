"""Documentation is tested: what the code has, the docs have."""

from __future__ import annotations

import re
import tomllib

import click
import pytest

from canbang.cli import cli
from canbang.cli.docs import render
from canbang.codebook import load_codebook
from canbang.fetch.source import Source
from canbang.label.labeller import COLUMNS
from canbang.pipeline import measure, read_frame
from canbang.report.balance import SHARES
from canbang.report.json import as_dict
from conftest import ROOT, WordLabeller, make_item

DOCS = ROOT / "docs"


def test_the_command_page_is_the_commands() -> None:
    assert (DOCS / "cli.md").read_text("utf-8") == render()


@pytest.mark.parametrize("name", sorted(cli.commands))
def test_every_option_has_help(name: str) -> None:
    options = [option for option in cli.commands[name].params if isinstance(option, click.Option)]
    bare = [option.name for option in options if not option.help]
    assert bare == []


def test_every_json_key_is_documented() -> None:
    text = (DOCS / "report-json.md").read_text("utf-8")
    frame = read_frame([Source("a", lambda _: iter([make_item(1)]))], WordLabeller())
    keys = set(as_dict(measure(frame, by=["channel"]))) | set(SHARES)
    assert sorted(key for key in keys if f"`{key}`" not in text) == []


def test_every_label_and_theme_stands_in_the_concepts() -> None:
    text = (DOCS / "concepts.md").read_text("utf-8").lower()
    book = load_codebook()
    assert [label.name_vi for label in book.labels if label.name_vi.lower() not in text] == []


def test_links_between_documents_lead_somewhere() -> None:
    broken = []
    for page in [*ROOT.glob("*.md"), *DOCS.glob("*.md"), *(ROOT / "examples").glob("*.md")]:
        for target in re.findall(r"\]\((?!https?://|mailto:)([^)#]+)", page.read_text("utf-8")):
            if not (page.parent / target).exists():
                broken.append(f"{page.name}: {target}")
    assert broken == []


@pytest.mark.parametrize("name", ["README.md", "README.vi.md"])
def test_the_readme_gives_the_two_commands_with_and_without_make(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    for said in ("make demo", "make test", "python3 -m venv .venv", "--require-hashes -r requirements.lock", "pytest"):
        assert said in text


def test_every_extra_is_in_contributing() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    assert [name for name in extras if f"`{name}`" not in text] == []


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_the_lock_holds_names_versions_and_hashes_only(name: str) -> None:
    lines = (ROOT / name).read_text("utf-8").splitlines()
    shape = re.compile(
        r"^(?:[A-Za-z0-9._-]+(?:\[[a-z,]+\])?==[^ ]+(?: ; [^\\]+)? \\|    --hash=sha256:[0-9a-f]{64}(?: \\)?)$"
    )
    assert [line for line in lines if not shape.match(line)] == []


def test_columns_of_a_prediction_follow_the_codebook() -> None:
    book = load_codebook()
    assert [f"theme:{theme.id}" for theme in book.themes] == [name for name in COLUMNS if name.startswith("theme:")]
