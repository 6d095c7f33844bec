"""The desk in a real browser, behind the real server: no barrier on any page, and each main flow with and without script."""

from __future__ import annotations

import hashlib
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

import pytest
from django.urls import Resolver404, resolve

from canbang.desk.views.access import MENU
from conftest import EXAMPLES, ROOT
from desk.demo_served import PASSWORD

api = pytest.importorskip("playwright.sync_api")
pytestmark = pytest.mark.slow

CHROMIUM = "/usr/bin/chromium"
WIDE, PHONE = {"width": 1366, "height": 768}, {"width": 360, "height": 640}
SCREENS = ROOT / "out" / "screens"
CHANGED = "said => document.querySelector('#audit-title').textContent !== said"
FILES = re.compile(r"\.(csv|xlsx|json|html|log|txt)$")


@dataclass
class Served:
    """A desk that runs, and a browser; logins are kept, so that nobody is locked out for logging in too often."""

    url: str
    browser: Any
    logins: dict[str, Any] = field(default_factory=dict)

    def page(self, login: str = "", size: dict[str, int] = WIDE, *, script: bool = True, scheme: str = "light") -> Any:
        """A page of somebody who is logged in."""
        if login and login not in self.logins:
            page = self.browser.new_context().new_page()
            page.goto(f"{self.url}/tai-khoan/dang-nhap/")
            page.fill("[name=login]", f"{login}@lamvan.example")
            page.fill("[name=password]", PASSWORD)
            page.click("main form button")
            page.wait_for_url(re.compile(r"/[a-z-]+/$"))
            self.logins[login] = page.context.storage_state()
            page.context.close()
        context = self.browser.new_context(
            viewport=size, color_scheme=scheme, java_script_enabled=script, accept_downloads=True,
            storage_state=self.logins.get(login),
        )  # fmt: skip
        made = context.new_page()
        made.refused = []
        made.on("console", lambda said: made.refused.append(said.text) if said.type == "error" else None)
        return made


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    if running := os.environ.get("CANBANG_BROWSER_URL"):
        with api.sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            yield Served(running, browser)
            browser.close()
        return
    home = Path(os.environ.get("CANBANG_BROWSER_HOME") or tmp_path_factory.mktemp("desk"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    left_out = ("CANBANG_", "DATABASE_URL", "DJANGO_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    environment |= {"CANBANG_TEST_LOOPBACK": "1", "PYTHONPATH": str(ROOT / "tests")}
    command = [sys.executable, str(ROOT / "tests" / "desk" / "demo_served.py"), str(home), str(port)]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        url = f"http://127.0.0.1:{port}"
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{url}/song/", timeout=5).read()
                break
            except OSError:
                time.sleep(0.2)
        with api.sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            browser.new_context().set_default_timeout(60_000)
            yield Served(url, browser)
            browser.close()
    finally:
        process.terminate()
        process.wait(60)


def confirm(page: Any) -> None:
    """Give the password again where it is asked for."""
    if "/xac-nhan/" in page.url:
        page.fill("[name=password]", PASSWORD)
        press(page, "form.card button")


def press(page: Any, what: str) -> None:
    """Click something that leads to another page, and wait for it."""
    with page.expect_navigation():
        page.click(what)


def screens(page: Any, start: str, seen: set[str]) -> Iterator[str]:
    """Opens every screen that links lead this person to from ``start``, one address of each name; gives the names not seen yet."""
    waiting, opened = [start], {""}
    while waiting:
        address = waiting.pop(0).partition("#")[0]
        name = named(address)
        if name in opened or FILES.search(urlsplit(address).path):
            continue
        opened.add(name)
        reply = page.goto(address)
        assert reply.status == 200, (name, reply.status)
        if (here := named(page.url)) != name and here not in seen:  # led elsewhere: to the month, or to the password
            seen.add(here)
            yield here
        confirm(page)
        waiting += page.eval_on_selector_all("a[href]", "links => links.map(link => link.href)")
        opened.add(here := named(page.url))
        if here not in seen:
            seen |= {here, name}
            yield here
        seen.add(name)


def named(address: str) -> str:
    """The name of an address of the desk; "" for one of elsewhere, which is never opened."""
    try:
        return str(resolve(urlsplit(address).path).url_name)
    except Resolver404:
        return ""


PEOPLE = ("thuky", "quantri", "lanhdao", "nguoicham", "phanxu", "lan", "minh", "suoimay-phanxu")


@pytest.mark.parametrize("size", ["1366x768", "360x640"])
def test_every_screen_is_without_barrier_in_both_themes_and_its_picture_is_kept(desk: Served, size: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    viewport = WIDE if size == "1366x768" else PHONE
    SCREENS.mkdir(parents=True, exist_ok=True)
    problems: list[Any] = []
    seen = {""}

    def look(page: Any, name: str) -> None:
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            found = [(one["id"], one["nodes"][0]["html"][:200]) for one in axe.run(page).response["violations"]]
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            if found or wide > 0 or page.refused:
                problems.append((name, scheme, found, wide, page.refused))
            page.refused = []
            mark = "" if scheme == "light" else "-dark"
            page.screenshot(path=SCREENS / f"{name}-{size}{mark}.png", full_page=True)

    page = desk.page(size=viewport)
    page.goto(f"{desk.url}/tai-khoan/dang-nhap/")
    look(page, "account_login")
    for login in PEOPLE:
        page = desk.page(login, viewport)
        for name in screens(page, f"{desk.url}/", seen):
            look(page, f"{name}")
        page.context.close()
    page = desk.page("canbo", viewport)
    page.goto(f"{desk.url}/lam-van/nap-du-lieu/")
    page.set_input_files("[type=file]", EXAMPLES / "facebook.xlsx")
    press(page, "button:has-text('Đọc thử')")
    look(page, "intake_preview")
    assert page.goto(f"{desk.url}/khong-co/").status == 404
    page.refused = []  # the status itself is a line on the console
    look(page, "error")
    assert {name for name, _, _ in MENU} | {"adjudicate", "channel_enrol", "member", "item", "sheet_sign"} <= seen
    assert problems == []


class Site(BaseHTTPRequestHandler):
    """A publisher's site on loopback: a front page, and the code once it was put there."""

    code: ClassVar[str] = ""

    def do_GET(self) -> None:
        body = self.code if self.path.endswith("canbang.txt") else "<title>Xã</title><h1>Trang xã</h1>"
        self.send_response(200 if body else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()


with_and_without = pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])


@with_and_without
def test_a_channel_is_added_enrolled_and_proven(desk: Served, site: str, script: bool) -> None:
    page = desk.page("quantri", script=script)
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(f"{desk.url}/lam-van/kenh/them/")
    page.fill("[name=name]", f"Trang thử {time.time():.0f}")
    page.fill("[name=url]", site)
    press(page, "main form.stack button")
    press(page, "a.button:has-text('Ghi danh')")
    page.fill("[name=url]", site)
    page.fill("[name=owner]", "UBND xã Lam Thử")
    page.fill("[name=by]", "Nông Thị Hạnh")
    page.check("[name=confirmed]")
    press(page, "main form.stack button")
    confirm(page)
    Site.code = page.text_content("dd code").strip()
    press(page, "button:has-text('Kiểm tra bằng chứng')")
    assert "Cách chứng minh" not in page.content()
    assert page.locator("dt:has-text('Bằng chứng ở')").count() == 1
    assert page.refused == []


@with_and_without
def test_a_file_is_looked_at_and_taken(desk: Served, script: bool) -> None:
    page = desk.page("canbo", script=script)
    page.goto(f"{desk.url}/lam-van/nap-du-lieu/")
    page.set_input_files("[type=file]", EXAMPLES / ("youtube.jsonl" if script else "cong-thong-tin.csv"))
    press(page, "button:has-text('Đọc thử')")
    assert "Đọc thử:" in page.text_content("h1")
    channel = page.locator("[name=channel]")
    if channel.count() and not script:
        channel.select_option(label="Cổng thông tin điện tử tỉnh")
        press(page, "button:has-text('Đọc thử lại') >> nth=0")
    taken = int(re.sub(r"\D", "", page.text_content("button[name=confirm]")))
    assert taken > 50
    press(page, "button[name=confirm]")
    assert page.locator("dt:has-text('Tin mới') + dd").text_content().strip() == str(taken)
    assert page.refused == []


@with_and_without
def test_twenty_items_are_audited_on_a_phone(desk: Served, script: bool) -> None:
    page = desk.page("cham-1.hoa-tra", PHONE, script=script)
    page.goto(f"{desk.url}/hoa-tra/cham-mau/")
    for number in range(20):
        title = page.text_content("#audit-title")
        page.locator(f".choice.{('positive', 'neutral', 'negative')[number % 3]}").click()
        page.locator("label.choice:has([name=dark_side][value=false])").click()
        if script:
            page.wait_for_function(CHANGED, arg=title)
        else:
            press(page, "button.audit-save")
    page.goto(f"{desk.url}/hoa-tra/")
    # what one person judged in both runs of this test
    assert page.refused == []


@with_and_without
def test_a_dispute_is_settled(desk: Served, script: bool) -> None:
    page = desk.page("phanxu", script=script)
    page.goto(f"{desk.url}/lam-van/phan-xu/")
    before = page.locator("tbody tr").count()
    assert before > 1
    press(page, "tbody th a >> nth=0")
    title = page.text_content("#audit-title")
    page.locator(".choice.positive").click()
    page.locator("label.choice:has([name=dark_side][value=false])").click()
    if script:
        page.wait_for_function(CHANGED, arg=title)
    else:
        press(page, "button.audit-save")
    page.goto(f"{desk.url}/lam-van/phan-xu/")
    assert page.locator("tbody tr").count() == before - 1
    assert page.refused == []


@with_and_without
def test_the_month_is_signed_and_taken_away(desk: Served, script: bool, tmp_path: Path) -> None:
    login, code = ("suoimay-phanxu", "suoi-may") if script else ("lanh-dao.bao-lam-van", "bao-lam-van")
    page = desk.page(login, script=script)
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(f"{desk.url}/{code}/bao-cao/")
    press(page, "text=Xem và ký >> nth=0")
    confirm(page)
    press(page, "button:has-text('Phê duyệt')")
    confirm(page)
    assert "Đã ký" in page.text_content("main")
    digest = page.locator("dt:has-text('Mã băm đã ký') + dd").text_content().strip()
    files = {}
    for words in ("JSON", "XLSX", "HTML"):
        with page.expect_download() as waiting:
            page.click(f"main >> text=Tải {words}")
        files[words] = waiting.value.path().read_bytes()
    assert hashlib.sha256(files["JSON"]).hexdigest() == digest
    assert json.loads(files["JSON"])["basis"] == "audit"
    assert (files["XLSX"][:2], b"<html" in files["HTML"]) == (b"PK", True)
    assert page.refused == []


@with_and_without
def test_items_are_searched_and_exported(desk: Served, script: bool) -> None:
    page = desk.page("canbo", script=script)
    page.goto(f"{desk.url}/lam-van/kho-tin/")
    page.fill("[name=q]", "khanh thanh")
    press(page, "main form button >> nth=0")
    titles = page.locator("ul.items h2").all_text_contents()
    assert titles
    assert all("hánh thành" in title or "khanh thanh" in title.lower() for title in titles if "Khánh" in title)
    with page.expect_download() as waiting:
        page.click("text=Tải về (CSV)")
    assert waiting.value.path().read_bytes().startswith(b"\xef\xbb\xbf")
    assert page.refused == []
