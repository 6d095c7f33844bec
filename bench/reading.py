"""Articles per CPU second of `canbang collect`, beside a Scrapy spider that calls trafilatura, over the same pages.

    python bench/reading.py --peer SCRAPY-PYTHON [--rounds 3] [--sites KEY ...] [--json OUT]

Pages: the fourteen generated sites, forty pages each of 60 kB and more, redesigned at page 25 (they need the shared data); each site is
a server of its own on 127.0.0.1. Each run is a process of its own on one core, and its CPU is user and system time from the first
request to the last write, imports left out. What is compared:

- `peer`: Scrapy as it comes (robots obeyed, no delay), each response read by trafilatura with its metadata, items written as JSON lines.
  SCRAPY-PYTHON is the interpreter of an environment with scrapy and `requirements.lock`; without one the peer is skipped.
- `plain`: `canbang collect` as it is, trafilatura reading every body: no recipe is learnt or used.
- `all in`: the same with recipes, from nothing: learning, fallbacks, checks and the redesign in forty pages.
- `steady`: the same with the recipes of `all in`, two pages in a hundred read by both.

The gap between requests is nought for all. Ratios are of one round; the median of the rounds is told.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))
CODE = "canbang-bench"
OURS = ("plain", "all in", "steady")
CLAIMS = {"plain": 2.0, "steady": 8.0}

SPIDER = '''
import json, os, sys
import scrapy, trafilatura
from scrapy.crawler import CrawlerProcess

urls, out = json.load(open(sys.argv[1])), sys.argv[2]

class Spider(scrapy.Spider):
    name = "peer"
    start_urls = urls

    def parse(self, response):
        read = trafilatura.bare_extraction(response.text, url=response.url, with_metadata=True)
        if read is not None:
            yield {"url": response.url, "title": read.title, "date": read.date, "description": read.description, "text": read.text}

trafilatura.bare_extraction("<html><body><article>" + "<p>Bà con đi lại thuận tiện hơn trước.</p>" * 20 + "</article></body></html>", with_metadata=True)
process = CrawlerProcess({"ROBOTSTXT_OBEY": True, "LOG_LEVEL": "ERROR", "TELNETCONSOLE_ENABLED": False, "FEEDS": {out: {"format": "jsonlines"}}})
process.crawl(Spider)
start = os.times()
process.start()
end = os.times()
print(json.dumps({"cpu": end.user + end.system - start.user - start.system, "articles": sum(1 for _ in open(out))}))
'''  # fmt: skip


def serve(folder: Path, keys: list[str]) -> None:
    """A server for each site: its sitemap, its pages, the proof of enrolment."""
    from fetch.sites import generate
    from fetch.sites.templates import SITES

    seen = generate._seen

    def today(rng: Any, site: Any, times: Any, place: int) -> datetime:
        """Header clocks show the moment of fetching; "3 giờ trước" stays as old as it is."""
        return seen(rng, site, times, place) if "ago" in site.dates else datetime.now(generate.ZONE)

    generate._seen = today
    ports: dict[str, int] = {}
    for site in SITES:
        if site.key not in keys:
            continue
        made = {f"/tin/{page.number}.html": page for page in generate.pages(site)}

        class Server(BaseHTTPRequestHandler):
            own = made
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                page = self.own.get(self.path)
                body, kind = (page.html, page.content_type) if page else (b"", "text/plain")
                if self.path == "/.well-known/canbang.txt":
                    body = CODE.encode()
                elif self.path == "/sitemap.xml":
                    urls = "".join(f"<url><loc>http://{self.headers['Host']}{path}</loc></url>" for path in self.own)
                    body, kind = f"<urlset>{urls}</urlset>".encode(), "application/xml"
                self.send_response(200 if body else 404)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
        server.daemon_threads = True
        ports[site.key] = server.server_address[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()
    part = folder / "ports.tmp"
    part.write_text(json.dumps(ports))
    part.replace(folder / "ports.json")
    threading.Event().wait()


def ours(kind: str, ports: dict[str, int], folder: Path) -> dict[str, Any]:
    """One run of `canbang collect`; ``folder`` holds the recipes for `steady`."""
    import asyncio
    from collections import Counter
    from dataclasses import replace

    from canbang.fetch.body import read_body
    from canbang.fetch.enrolment import new_enrolment
    from canbang.fetch.folder import Folder
    from canbang.fetch.guard import Guard
    from canbang.fetch.reader import Reader
    from canbang.fetch.visit import collect

    if kind == "plain":
        opened = Reader.__init__

        def without(self: Reader, *words: Any) -> None:
            opened(self, *words)
            self.watch = None

        Reader.__init__ = without  # type: ignore[method-assign]
    read_body("<html><body><article>" + "<p>Bà con đi lại thuận tiện hơn trước.</p>" * 20 + "</article></body></html>")
    channels = []
    for port in ports.values():
        url = f"http://127.0.0.1:{port}/sitemap.xml"
        record = replace(new_enrolment(url, "Bench", "Bench"), code=CODE, proof="well-known", proof_at=url)
        channels.append((url, replace(record, proved_at="2026-09-01")))
    start = os.times()
    with Folder(folder) as filled:
        attempts = asyncio.run(collect(filled, channels, Guard(allow_loopback=True, gap=0.0, retries=0)))
    end = os.times()
    notes = Counter(note.split(" ", 1)[1] for one in attempts for said in one.notes for note in said.split("; "))
    return {
        "cpu": end.user + end.system - start.user - start.system, "articles": sum(one.got for one in attempts),
        "rejected": sum(one.rejected for one in attempts), "notes": dict(notes), "said": [one.notes for one in attempts],
    }  # fmt: skip


def run(command: list[str]) -> dict[str, Any]:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{command[:3]} failed:\n{done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def one_round(folder: Path, ports: dict[str, int], peer: str) -> dict[str, dict[str, Any]]:
    """Peer and ours, one after another on one core."""
    found = {}
    urls = folder / "urls.json"
    urls.write_text(
        json.dumps([f"http://127.0.0.1:{port}/tin/{n}.html" for n in range(1, 41) for port in ports.values()])
    )
    pin = ["taskset", "-c", "0"]
    if peer:
        (folder / "spider.py").write_text(SPIDER)
        out = folder / "peer.jsonl"
        out.unlink(missing_ok=True)
        found["peer"] = run([*pin, peer, str(folder / "spider.py"), str(urls), str(out)])
    learnt = folder / "all in" / "recipes"
    for kind in OURS:
        into = folder / kind
        shutil.rmtree(into, ignore_errors=True)
        if kind == "steady":
            shutil.copytree(learnt, into / "recipes")
        found[kind] = run(
            [*pin, sys.executable, __file__, "--run", kind, "--ports", json.dumps(ports), "--into", str(into)]
        )
    return found


def main() -> int:
    from fetch.sites.templates import SITES
    from fetch.sites.texts import TextsMissing, shared_texts

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer", default="", help="Python of an environment with scrapy and requirements.lock")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sites", nargs="*", default=[site.key for site in SITES])
    parser.add_argument("--json", type=Path)
    for hidden, kind in (("--serve", Path), ("--run", str), ("--ports", json.loads), ("--into", Path)):
        parser.add_argument(hidden, type=kind, help=argparse.SUPPRESS)
    words = parser.parse_args()
    if words.serve:
        serve(words.serve, words.sites)
    if words.run:
        print(json.dumps(ours(words.run, words.ports, words.into)))
        return 0
    try:
        shared_texts()
    except TextsMissing as missing:
        print(f"{missing}: nothing measured")
        return 2
    if not words.peer:
        print("NO PEER: --peer names no Python with scrapy, so no ratio is measured", flush=True)
    with tempfile.TemporaryDirectory() as name:
        server = subprocess.Popen([sys.executable, __file__, "--serve", name, "--sites", *words.sites])
        try:
            while not (Path(name) / "ports.json").exists():
                time.sleep(0.2)
            ports = json.loads((Path(name) / "ports.json").read_text())
            rounds = []
            for number in range(1, words.rounds + 1):
                rounds.append(one_round(Path(name), ports, words.peer))
                print(
                    f"round {number}: "
                    + ", ".join(f"{kind} {row['articles'] / row['cpu']:.1f}/s" for kind, row in rounds[-1].items()),
                    flush=True,
                )
        finally:
            server.kill()
    return tell(rounds, words.json)


def tell(rounds: list[dict[str, dict[str, Any]]], out: Path | None) -> int:
    """The table, and whether both claims hold."""
    short = []
    print(f"{'':<10}{'articles':>9}{'CPU s':>9}{'per CPU s':>11}{'times peer':>12}")
    for kind in ("peer", *OURS):
        rows = [one[kind] for one in rounds if kind in one]
        if not rows:
            continue
        rates = [row["articles"] / row["cpu"] for row in rows]
        ratios = [
            row[kind]["articles"] / row[kind]["cpu"] / (row["peer"]["articles"] / row["peer"]["cpu"])
            for row in rounds
            if "peer" in row
        ]
        told = f"{statistics.median(ratios):>12.2f}" if ratios else f"{'-':>12}"
        print(
            f"{kind:<10}{rows[0]['articles']:>9}{statistics.median(row['cpu'] for row in rows):>9.2f}{statistics.median(rates):>11.1f}{told}  {rows[0].get('notes', '')}"
        )
        if ratios and statistics.median(ratios) < CLAIMS.get(kind, 0):
            short.append(f"{kind}: {statistics.median(ratios):.2f} of {CLAIMS[kind]}")
    print(f"short of the claim: {', '.join(short) or 'nothing'}")
    if out:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(json.dumps(rounds, ensure_ascii=False, indent=1) + "\n", "utf-8")
    return 1 if short else 0


if __name__ == "__main__":
    raise SystemExit(main())
