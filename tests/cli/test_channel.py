"""`canbang channel test` shows how a channel would be read, with what the collect folder has learnt of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from canbang.cli import cli
from canbang.fetch.enrolment import write_enrolments
from conftest import Site
from fetch.test_reader import Portal


@pytest.fixture
def portal(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Portal:
    monkeypatch.chdir(tmp_path)
    made = Portal(site)
    write_enrolments(Path("canbang-enrolments.json"), [made.enrolment])
    return made


def look(portal: Portal) -> str:
    done = CliRunner().invoke(cli, ["channel", "test", portal.address])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_it_reads_by_what_the_folder_has_learnt_and_writes_nothing(portal: Portal) -> None:
    portal.put(range(1, 8))
    said = look(portal)
    assert "  5 trang đọc bằng trafilatura, đang học công thức\n" in said
    assert said.count("(ngày lấy từ chữ trên trang)") == 5  # judged together: the first is as sure as the last
    assert not Path("canbang-thu-thap").exists()
    portal.collect(Path("canbang-thu-thap"))
    before = {path: path.read_bytes() for path in Path("canbang-thu-thap").rglob("*") if path.is_file()}
    said = look(portal)
    assert "  5 trang đọc theo công thức\n" in said
    assert said.count("(ngày lấy từ chỗ ghi ngày đã học của trang)") == 5
    assert {path: path.read_bytes() for path in Path("canbang-thu-thap").rglob("*") if path.is_file()} == before


def test_a_broken_recipe_is_named(portal: Portal) -> None:
    portal.put(range(1, 4))
    folder = Path("canbang-thu-thap/recipes")
    folder.mkdir(parents=True)
    (folder / f"{portal.enrolment.scope.rstrip('/').replace(':', '_')}.toml").write_text("version = 1\n")
    said = look(portal)
    assert ".toml: thiếu trường" in said and "xóa tệp để học lại" in said
    assert "  3 trang đọc bằng trafilatura\n" in said


def test_doubtful_dates_are_said(portal: Portal) -> None:
    portal.put([1, 2])
    assert look(portal).count("chưa chắc, cần người xem") == 2
