"""`canbang collect` and `canbang channel` as a newsroom meets them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from canbang.cli import cli
from canbang.errors import InputError
from canbang.fetch.enrolment import read_enrolments, write_enrolments
from canbang.fetch.folder import Folder
from conftest import Site
from fetch.test_collect import Publisher


@pytest.fixture
def publisher(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Publisher:
    monkeypatch.chdir(tmp_path)
    made = Publisher(site)
    made.publish(6)
    write_enrolments(Path("canbang-enrolments.json"), [made.enrolment])
    return made


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, list(arguments))


def test_a_channel_is_collected_and_measured(publisher: Publisher) -> None:
    done = run("collect", publisher.address)
    assert done.exit_code == 0, done.output
    assert f"{publisher.address}: 6 tin mới; danh sách tin lùi đến" in done.stdout
    assert "Đo: canbang measure canbang-thu-thap" in done.stdout
    measured = run("measure", "canbang-thu-thap", "--json")
    value = json.loads(measured.stdout)
    assert (value["read"], value["items"]) == (6, 6)
    assert value["enrolments"] == [publisher.enrolment.line]
    (covered,) = value["coverage"]["channels"]
    assert (covered["channel"], covered["items"]) == (publisher.enrolment.scope.rstrip("/"), 6)


def test_an_address_that_is_not_enrolled_is_refused_before_anything_is_fetched(
    publisher: Publisher, site: Site
) -> None:
    done = run("collect", publisher.address, "http://example.com/rss")
    assert isinstance(done.exception, InputError)
    assert "canbang enrol http://example.com/rss" in str(done.exception)
    assert "tệp xuất" in str(done.exception)
    assert site.asked == []
    assert not Path("canbang-thu-thap").exists()


def test_a_channel_may_be_named_by_its_host(publisher: Publisher, site: Site) -> None:
    site.put("/", '<html><link rel="alternate" type="application/rss+xml" href="/rss/tin.rss"></html>')
    done = run("collect", publisher.enrolment.scope.rstrip("/"), "--no-pages")
    assert (done.exit_code, "6 tin mới" in done.stdout) == (0, True)
    assert isinstance(run("collect", "khong-co.vn").exception, InputError)


@pytest.mark.parametrize(("also", "status"), [((), 2), (("good",), 1)])
def test_a_channel_that_fails_is_said_to_be_missing(
    publisher: Publisher, site: Site, also: tuple[str, ...], status: int
) -> None:
    site.put("/hong", "", 404)
    done = run("collect", site.url + "/hong", *([publisher.address] if also else []))
    assert done.exit_code == status
    assert f"{site.url}/hong: KHÔNG đọc được; thời gian này tính là thiếu dữ liệu" in done.stdout
    assert "máy chủ trả lời mã 404" in done.stdout


def test_a_second_collector_is_refused(publisher: Publisher) -> None:
    with Folder(Path("canbang-thu-thap")):
        assert "đang có một lần thu thập khác" in str(run("collect", publisher.address).exception)


def test_a_channel_is_shown_before_it_is_collected(publisher: Publisher, tmp_path: Path) -> None:
    done = run("channel", "test", publisher.address)
    assert done.exit_code == 0, done.output
    assert "bảng tin RSS/Atom, 6 mục, lùi đến" in done.stdout
    assert "  1. Xã khánh thành đường số 6\n" in done.stdout
    assert done.stdout.count("(ngày lấy từ RSS)") == 5
    assert sorted(path.name for path in tmp_path.iterdir()) == ["canbang-enrolments.json"]
    assert isinstance(run("channel", "test", "http://example.com/").exception, InputError)


def test_a_written_consent_is_recorded_and_taken_back(publisher: Publisher, site: Site) -> None:
    site.put("/robots.txt", "User-agent: *\nDisallow: /")
    assert "robots.txt" in str(run("channel", "test", publisher.address).exception)
    said = run("channel", "consent", publisher.address, "--document", "Công văn 12/VP ngày 5/9/2026")
    assert "đồng ý theo văn bản “Công văn 12/VP ngày 5/9/2026”" in said.stdout
    assert run("channel", "test", publisher.address).exit_code == 0
    run("channel", "consent", publisher.address, "--document", "")
    assert [one.consent for one in read_enrolments(Path("canbang-enrolments.json"))] == [""]
