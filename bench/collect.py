"""What hostile servers cost a collector, and how fast a friendly one is read.

    python bench/collect.py [--deadline 5] [--json out/collect.json]

Each case is a process of its own that collects two channels, a hostile one and a good one; the servers run in another
process, all on 127.0.0.1. Printed: growth of resident memory over a warm start, wall seconds, the named trouble, and
whether the good channel came through. Then articles per CPU second over a friendly site; beside another collector: `bench/reading.py`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gzip
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

BASE_PORT_FILE = "ports.json"
GOOD_ITEMS = 5
Handler = BaseHTTPRequestHandler
LAUGHS = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
MEMBER = gzip.compress(b" " * (64 << 20))
ADDRESS = b"<url><loc>http://127.0.0.1/a</loc><lastmod>2026-09-05</lastmod></url>"
BOMB = f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a0 "ha ha ha ha">{LAUGHS}]>'


def plain(handler: Handler, body: bytes, **headers: str) -> None:
    handler.send_response(200)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def endless(handler: Handler, blocks: Iterator[bytes], **headers: str) -> None:
    handler.send_response(200)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    with contextlib.suppress(OSError):
        for block in blocks:
            handler.wfile.write(block)


def zeros(head: bytes, gigabytes: int) -> Iterator[bytes]:
    """A gzip stream that unfolds to so many gigabytes."""
    squeeze = zlib.compressobj(9, zlib.DEFLATED, 31)
    yield squeeze.compress(head)
    block = b" " * (1 << 20)
    for _ in range(gigabytes << 10):
        yield squeeze.compress(block)
    yield squeeze.flush()


def raw(head: bytes, gigabytes: int) -> Iterator[bytes]:
    yield head
    block = b"x" * (1 << 20)
    for _ in range(gigabytes << 10):
        yield block


def long_addresses() -> Iterator[bytes]:
    """Just below the size that is read, each address as long as the protocol allows."""
    yield b"<urlset>"
    for number in range(24_000):
        yield b"<url><loc>http://127.0.0.1/%d/%s</loc><lastmod>2026-09-05</lastmod></url>" % (number, b"a" * 2020)
    yield b"</urlset>"


def crowded(handler: Handler, size: int) -> bytes:
    """A feed whose pages are as many elements as fit, all alike on every page: what a recipe is learnt from, at its worst."""
    if not handler.path.startswith("/tin/"):
        return feed(f"http://{handler.headers['Host']}", 12)
    rows = b"".join(b"<div class=r%d><p>%d Ba con di lai.</p></div>" % (n % 97, n) for n in range(size // 46))
    return b"<html><title>Tin</title><body><h1>Tin</h1><div class=noi-dung>" + rows[:size] + b"</div></body></html>"


def drip() -> Iterator[bytes]:
    while True:
        yield b"x"
        time.sleep(0.1)


def redirect(handler: Handler, to: str) -> None:
    handler.send_response(302)
    handler.send_header("Location", to)
    handler.send_header("Content-Length", "0")
    handler.end_headers()


def items(url: str, count: int = GOOD_ITEMS) -> str:
    now = datetime.now().astimezone()
    return "".join(
        f"<item><title>Xã khánh thành đường số {n}</title><link>{url}/tin/{n}.html</link><guid>{n}</guid>"
        f"<pubDate>{format_datetime(now - timedelta(hours=n))}</pubDate></item>"
        for n in range(1, count + 1)
    )


def feed(url: str, count: int = GOOD_ITEMS) -> bytes:
    return f"<rss version='2.0'><channel><title>C</title>{items(url, count)}</channel></rss>".encode()


RSS = b"<rss version='2.0'><channel><item><title>"
CASES: dict[str, Callable[[Handler], None]] = {
    "gzip bomb, feed (4 GB)": lambda h: endless(h, zeros(RSS, 4), Content_Encoding="gzip"),
    "gzip bomb, page (4 GB)": lambda h: endless(h, zeros(b"<html>", 4), Content_Encoding="gzip"),
    "zip bomb, sitemap.gz (4 GB)": lambda h: plain(h, gzip.compress(b"<urlset>") + MEMBER * 64),
    "page of 1 GiB": lambda h: endless(h, raw(b"<html>", 1)),
    "feed of 1 GiB": lambda h: endless(h, raw(RSS, 1)),
    "sitemap of 49 MB": lambda h: plain(h, b"<urlset>" + ADDRESS * ((49 << 20) // len(ADDRESS)) + b"</urlset>"),
    "sitemap of 49 MB, long addresses": lambda h: endless(h, long_addresses()),
    "sitemap of 1 GiB": lambda h: endless(h, raw(b"<urlset><url><loc>", 1)),
    "pages of 1 MB made of tags": lambda h: plain(h, crowded(h, 1 << 20)),
    "pages of 4.9 MB made of tags": lambda h: plain(h, crowded(h, 49 * (1 << 20) // 10)),
    "XML bomb, feed": lambda h: plain(h, f"{BOMB}<rss version='2.0'><channel><item><title>&a9;</title></item></channel></rss>".encode()),
    "XML bomb, sitemap": lambda h: plain(h, f"{BOMB}<urlset><url><loc>&a9;</loc></url></urlset>".encode()),
    "nested 2 million deep": lambda h: plain(h, b"<rss version='2.0'><channel>" + b"<a>" * 2_000_000),
    "70,000 entries": lambda h: plain(h, feed("http://127.0.0.1", 60_000)[: 9 << 20]),
    "broken feed of 9 MB": lambda h: plain(h, RSS + b"<" * (9 << 20)),
    "slow drip": lambda h: endless(h, drip()),
    "redirect loop": lambda h: redirect(h, h.path),
    "redirect to 169.254.169.254": lambda h: redirect(h, "http://169.254.169.254/latest/meta-data"),
    "redirect to 167772161 (10.0.0.1)": lambda h: redirect(h, "http://167772161/"),
    "two million gzip members": lambda h: endless(h, iter([gzip.compress(b"") * 1000] * 2000), Content_Encoding="gzip"),
    "answers 500": lambda h: h.send_error(500),
    "no answer at all": lambda h: time.sleep(3600),
}  # fmt: skip


def serve(folder: Path) -> None:
    """One server per case, and a good one; every one has the proof of enrolment."""
    ports: dict[str, int] = {}
    for name, talk in {**CASES, "good": None}.items():

        class Server(BaseHTTPRequestHandler):
            case = staticmethod(talk) if talk else None

            def do_GET(self) -> None:
                url = f"http://{self.headers['Host']}"
                with contextlib.suppress(OSError):
                    if self.path == "/.well-known/canbang.txt":
                        plain(self, b"canbang-bench")
                    elif self.path == "/robots.txt":
                        self.send_error(404)
                    elif self.case:
                        type(self).case(self)
                    elif self.path.startswith("/tin/"):
                        plain(self, page(self.path))
                    else:
                        plain(self, feed(url, 200 if "many" in self.path else GOOD_ITEMS))

            def log_message(self, *_: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
        server.daemon_threads = True
        ports[name] = server.server_address[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()
    part = folder / (BASE_PORT_FILE + ".tmp")
    part.write_text(json.dumps(ports))
    part.replace(folder / BASE_PORT_FILE)
    threading.Event().wait()


def page(path: str) -> bytes:
    text = "".join(
        f"<p>Đoạn {n}: bà con trong xã đi lại thuận tiện hơn trước, trường học gần thêm hai cây số.</p>"
        for n in range(40)
    )
    menu = "".join(f"<li><a href='/muc/{n}'>Mục {n}</a></li>" for n in range(150))
    return f"<html><head><title>{path}</title></head><body><ul>{menu}</ul><article><h1>Tin {path}</h1>{text}</article></body></html>".encode()


def memory() -> float:
    """Resident memory in MB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


class Peak:
    """The highest resident memory while it runs, looked at every millisecond and once more by the kernel's own mark."""

    def __enter__(self) -> Peak:
        with contextlib.suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5")
        self.start = memory()
        return self

    def __exit__(self, *_: object) -> None:
        status = Path("/proc/self/status").read_text()
        high = next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM"))
        self.growth = max(high, memory()) - self.start


def collect(folder: Path, urls: list[str], deadline: float, pages: bool = True) -> list[Any]:
    from canbang.fetch.enrolment import new_enrolment
    from canbang.fetch.folder import Folder
    from canbang.fetch.guard import Guard
    from canbang.fetch.visit import collect as collect_channels

    channels = []
    for url in urls:
        record = new_enrolment(url, "Bench", "Bench")
        channels.append(
            (url, replace(record, code="canbang-bench", proof="well-known", proof_at=url, proved_at="2026-09-01"))
        )
    with Folder(folder) as opened:
        guard = Guard(allow_loopback=True, gap=0.0, deadline=deadline, retries=0)
        return asyncio.run(collect_channels(opened, channels, guard, pages=pages))


def child(case: str, ports: dict[str, int], deadline: float) -> None:
    good = f"http://127.0.0.1:{ports['good']}/rss"
    with tempfile.TemporaryDirectory() as name:
        collect(Path(name) / "warm", [good], 30.0)  # libraries loaded, parsers built
        start, cpu = time.perf_counter(), time.process_time()
        with Peak() as peak:
            if case == "good":
                bad, fine = None, collect(Path(name) / "x", [f"{good}?many"], 30.0)[0]
            else:
                bad, fine = collect(Path(name) / "x", [f"http://127.0.0.1:{ports[case]}/rss", good], deadline)
        print(json.dumps({
            "case": case, "growth_mb": round(peak.growth, 1), "seconds": round(time.perf_counter() - start, 2),
            "cpu": round(time.process_time() - cpu, 2), "trouble": [t for t, _ in bad.errors] if bad else [],
            "said": bad.errors[0][1] if bad and bad.errors else "", "outcome": bad.outcome.value if bad else "",
            "good": fine.got, "waiting": len(fine.waiting),
        }))  # fmt: skip


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--deadline", type=float, default=5.0)
    options.add_argument("--json", type=Path)
    options.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    options.add_argument("--case", help=argparse.SUPPRESS)
    options.add_argument("--ports", type=json.loads, help=argparse.SUPPRESS)
    options.add_argument("--only", help="a case whose name holds this")
    said = options.parse_args()
    if said.serve:
        serve(said.serve)
        return
    if said.case:
        child(said.case, said.ports, said.deadline)
        return
    rows = []
    with tempfile.TemporaryDirectory() as name:
        server = subprocess.Popen([sys.executable, __file__, "--serve", name])
        try:
            while not (Path(name) / BASE_PORT_FILE).exists():
                time.sleep(0.1)
            ports = (Path(name) / BASE_PORT_FILE).read_text()
            for case in [*CASES, "good"]:
                if said.only and said.only not in case:
                    continue
                command = [sys.executable, __file__, "--case", case, "--ports", ports, "--deadline", str(said.deadline)]
                done = subprocess.run(command, capture_output=True, text=True, check=True)
                rows.append(json.loads(done.stdout.strip().splitlines()[-1]))
                row = rows[-1]
                print(
                    f"{case:33} {row['growth_mb']:7.1f} MB {row['seconds']:7.2f} s (CPU {row['cpu']:5.2f})  "
                    f"{','.join(row['trouble'])[:40]:40} good: {row['good']}",
                    flush=True,
                )
        finally:
            server.kill()
    friendly = next((row for row in rows if row["case"] == "good"), None)
    if friendly:
        print(f"friendly site: {friendly['good'] / friendly['cpu']:.0f} articles per CPU second, pages and bodies read")
    if said.json:
        said.json.parent.mkdir(parents=True, exist_ok=True)
        said.json.write_text(json.dumps(rows, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
