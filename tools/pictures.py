"""Makes the README's pictures from the demos: needs Chromium and `make demo` run before.

.venv/bin/python tools/pictures.py
"""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from canbang import pipeline
from canbang.cli.measure import read_audit
from canbang.fetch.export import file_source
from canbang.label.choose import load_labeller
from canbang.report import text

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM = (
    "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--hide-scrollbars", "--force-device-scale-factor=1",
)  # fmt: skip


def shoot(page: Path, picture: Path, width: int, height: int) -> None:
    """A picture of the top of a page."""
    with tempfile.TemporaryDirectory() as profile:
        words = [*CHROMIUM, f"--user-data-dir={profile}", f"--window-size={width},{height}", f"--screenshot={picture}"]
        subprocess.run([*words, page.as_uri()], check=True, capture_output=True)


def terminal(page: Path) -> None:
    """The demo as a terminal shows it, as SVG in a page."""
    examples = ROOT / "examples"
    sources = [file_source(examples / name) for name in ("cong-thong-tin.csv", "facebook.xlsx", "youtube.jsonl")]
    first, second, final = (examples / f"{name}.xlsx" for name in ("phieu-cham", "phieu-cham-2", "phieu-phan-xu"))
    audit = read_audit(examples / "draw.json", [first], second, final, None)
    report = pipeline.measure(pipeline.read_frame(sources, load_labeller()), by=["channel"], audit=audit)
    console = Console(record=True, width=80, height=60, file=io.StringIO(), force_terminal=True)
    text.print_report(report, console)
    # the default web font is fetched and lacks some Vietnamese letters
    svg = console.export_svg(title="canbang measure").replace("Fira Code", "Liberation Mono")
    page.write_text(f'<!doctype html><body style="margin:0">{svg}</body>', "utf-8")


def desk(picture: Path) -> None:
    """The head's first screen of the demo desk, served for the while."""
    from playwright.sync_api import sync_playwright

    words = [ROOT / ".venv/bin/canbang", "desk", "--demo", "--home", ROOT / "out" / "desk", "--port", "8177"]
    served = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    try:
        assert served.stdout is not None
        head: list[str] = []
        for line in served.stdout:
            if "Lãnh đạo (ký)" in line and not head:
                head = line.split()
            if "http://" in line:
                break
        with sync_playwright() as play:
            browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1180, "height": 760})
            page.goto("http://127.0.0.1:8177/")
            page.fill("input[name=login]", head[0])
            page.fill("input[name=password]", head[1])
            page.click("main form button")
            page.wait_for_selector("nav.menu")
            page.screenshot(path=picture)
            browser.close()
    finally:
        served.terminate()


def main() -> int:
    """All of them."""
    if not (ROOT / "out" / "demo.html").exists():
        sys.stderr.write("run `make demo` first\n")
        return 2
    shoot(ROOT / "out" / "demo.html", ROOT / "docs" / "report.png", 980, 1130)
    page = ROOT / "out" / "terminal.html"
    terminal(page)
    shoot(page, ROOT / "docs" / "terminal.png", 1000, 900)
    desk(ROOT / "docs" / "desk.png")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
