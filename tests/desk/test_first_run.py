"""The first minutes of a desk, as a process of its own: key, tables, one-time link, and what is said where it cannot be."""

from __future__ import annotations

import os
import re
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode

LINK = re.compile(r"http://127\.0\.0\.1:\d+(/tai-khoan/vao-lan-dau/\S+)")
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
PASSWORD = "sông Ngàn chảy qua bản Sen"


def environment(**more: str) -> dict[str, str]:
    """Ours, without what names a desk or a database: each test starts one of its own."""
    left_out = ("CANBANG_", "DATABASE_URL", "DJANGO_")
    return {name: value for name, value in os.environ.items() if not name.startswith(left_out)} | more


def canbang(*words: str, before: str = "", **more: str) -> subprocess.CompletedProcess[str]:
    """`canbang` with these words, ended after its first error; ``before`` is run first."""
    code = f"{before}\nfrom canbang.cli import main\nmain()"
    command = [sys.executable, "-c", code, *words]
    return subprocess.run(command, env=environment(**more), capture_output=True, text=True, timeout=240, check=False)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(home: Path) -> Iterator[tuple[str, str]]:
    """A running desk: its address and what it printed before it served."""
    port = free_port()
    command = [sys.executable, "-m", "canbang", "desk", "--home", str(home), "--port", str(port)]
    process = subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert process.stdout is not None
        printed = ""
        while "Ctrl+C" not in printed:
            line = process.stdout.readline()
            assert line, printed
            printed += line
        address = f"http://127.0.0.1:{port}"
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{address}/song/", timeout=5).read()
                break
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.2)
        yield address, printed
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


class Browser:
    """Keeps cookies and follows redirects, as a person's browser does."""

    def __init__(self) -> None:
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))

    def get(self, address: str) -> tuple[int, str, str]:
        return self._open(urllib.request.Request(address))

    def post(self, address: str, page: str, **fields: str) -> tuple[int, str, str]:
        found = TOKEN.search(page)
        assert found is not None
        data = urlencode({"csrfmiddlewaretoken": found[1], **fields}).encode()
        return self._open(urllib.request.Request(address, data, {"Referer": address}))

    def _open(self, request: urllib.request.Request) -> tuple[int, str, str]:
        try:
            with self.opener.open(request, timeout=60) as reply:
                return reply.status, reply.url, reply.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.url or "", error.read().decode()


def test_a_first_start_makes_a_key_and_a_link_that_works_once_and_a_second_start_keeps_everything(
    tmp_path: Path,
) -> None:
    home, browser = tmp_path / "desk", Browser()
    with served(home) as (address, printed):
        key = home / "secret.key"
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
        assert stat.S_IMODE(home.stat().st_mode) == 0o700
        link = LINK.search(printed)
        assert link is not None
        status, where, page = browser.get(address + link[1])
        assert (status, "Quản trị" in page) == (200, True)
        status, where, page = browser.post(where, page, new_password1=PASSWORD, new_password2=PASSWORD)
        assert (status, where) == (200, f"{address}/co-quan/")
        status, _, page = Browser().get(address + link[1])
        assert (status, "đã dùng" in page) == (422, True)
    before = key.read_text()
    with served(home) as (address, printed):
        assert LINK.search(printed) is None
        assert key.read_text() == before
        status, where, page = browser.get(f"{address}/co-quan/")
        assert (status, where, "Bàn làm việc" in page) == (200, f"{address}/co-quan/", True)
        again = Browser()
        status, where, page = again.get(f"{address}/tai-khoan/dang-nhap/")
        status, where, page = again.post(where, page, login="quantri@localhost", password=PASSWORD)
        assert (status, where) == (200, f"{address}/co-quan/")


def test_a_taken_port_is_said_before_anything_else_is_done(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        said = canbang("desk", "--home", str(tmp_path / "desk"), "--port", port)
    assert (said.returncode, said.stderr) == (2, f"Lỗi: Cổng {port} đang bận. Chọn cổng khác bằng --port.\n")
    assert not (tmp_path / "desk" / "canbang.sqlite3").exists()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "desk").write_text("")
    said = canbang("desk", "--home", str(tmp_path / "desk"))
    wanted = f"{tmp_path / 'desk'}: không ghi được thư mục bàn làm việc (đây là một tệp). Chọn chỗ khác bằng --home."
    assert (said.returncode, said.stderr) == (2, f"Lỗi: {wanted}\n")


def test_without_the_desks_packages_the_way_to_them_is_said(tmp_path: Path) -> None:
    said = canbang("desk", "--home", str(tmp_path), before="import sys; sys.modules['django'] = None")
    wanted = "Lỗi: Chưa cài phần bàn làm việc: python -m pip install 'canbang[desk]'.\n"
    assert (said.returncode, said.stderr) == (2, wanted)


def test_other_machines_are_let_in_only_by_the_names_they_will_type(tmp_path: Path) -> None:
    said = canbang("desk", "--home", str(tmp_path), "--host", "0.0.0.0", "--port", str(free_port()))
    assert (said.returncode, "CANBANG_HOSTS" in said.stderr) == (2, True)


def test_a_database_that_does_not_answer_is_said(tmp_path: Path) -> None:
    said = canbang("desk", "--home", str(tmp_path), "--port", str(free_port()),
                   DATABASE_URL=f"postgres://a:b@127.0.0.1:{free_port()}/c")  # fmt: skip
    assert (said.returncode, said.stderr.startswith("Lỗi: Không mở được cơ sở dữ liệu.")) == (2, True)


def test_sqlite_waits_in_line_and_loses_nothing(tmp_path: Path) -> None:
    """WAL only where SQLite's WAL-reset bug is mended; every transaction takes the write lock at its start; never mmap."""
    code = """
import os, sqlite3
from pathlib import Path
from canbang.cli.desk import prepare
prepare(Path(os.environ["HERE"]))
from django.db import connection, transaction
with connection.cursor() as cursor:
    found = [cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous", "mmap_size")]
with transaction.atomic():
    other = sqlite3.connect(Path(os.environ["HERE"]) / "canbang.sqlite3", timeout=0)
    try:
        other.execute("BEGIN IMMEDIATE")
        found.append("free")
    except sqlite3.OperationalError as error:
        found.append(str(error))
print(found)
"""
    said = subprocess.run(
        [sys.executable, "-c", code], env=environment(HERE=str(tmp_path)), capture_output=True, text=True, check=True
    )
    journal = "wal" if sqlite3.sqlite_version_info >= (3, 51, 3) else "delete"
    assert said.stdout == f"{[journal, 2, 0, 'database is locked']}\n"
