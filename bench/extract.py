"""Body F1, dates and pages per CPU second on saved article pages, ours beside trafilatura's own, in the same run.

    python bench/extract.py [--pages ../shared/data/pages] [--limit N] [--json OUT]

Scorer: as the article-extraction-benchmark defines it (Scrapinghub): 4-word shingles with their counts, hits, false and missed
shares of each page normalised to one, precision and recall averaged over pages, F1 of the averages, 95 % by bootstrap over pages.
`newspapers` are mostly European: one page is Vietnamese (VnExpress), so its figures say little of Vietnamese pages. Its truth is
another parser's output. Dates that name no zone are read in the zone of the page's country.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import statistics
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow.parquet as pq
import trafilatura

from canbang.fetch.body import read_body
from canbang.fetch.lines import page_lines
from canbang.fetch.metadata import read_metadata
from canbang.fetch.page import parse, read_article
from canbang.item import Confidence
from canbang.text.encodings import decode_page
from canbang.text.page_dates import find_dates

ROOT = Path(__file__).resolve().parent.parent
SHINGLE = 4
ZONES = {
    "at": "Europe/Vienna", "au": "Australia/Sydney", "bd": "Asia/Dhaka", "be": "Europe/Brussels", "br": "America/Sao_Paulo", "ca": "America/Toronto",
    "ch": "Europe/Zurich", "cl": "America/Santiago", "cn": "Asia/Shanghai", "de": "Europe/Berlin", "dk": "Europe/Copenhagen", "es": "Europe/Madrid",
    "fr": "Europe/Paris", "gl": "America/Nuuk", "il": "Asia/Jerusalem", "ind": "Asia/Kolkata", "isl": "Atlantic/Reykjavik", "it": "Europe/Rome",
    "jp": "Asia/Tokyo", "kr": "Asia/Seoul", "na": "Africa/Windhoek", "no": "Europe/Oslo", "pl": "Europe/Warsaw", "pt": "Europe/Lisbon",
    "tr": "Europe/Istanbul", "tw": "Asia/Taipei", "uk": "Europe/London", "us": "America/New_York", "vn": "Asia/Ho_Chi_Minh", "za": "Africa/Johannesburg",
}  # fmt: skip
Shares = tuple[float, float, float]


def counted(text: str) -> Counter[tuple[str, ...]]:
    """The text's 4-word shingles; a shorter text is one shingle."""
    words = re.findall(r"\w+", text or "")
    return Counter(tuple(words[at : at + SHINGLE]) for at in range(max(1, len(words) - SHINGLE + 1)) if words)


def compare(true: str, found: str) -> Shares:
    """Shares of shingles hit, found in vain and missed; they add up to one."""
    wanted, got = counted(true), counted(found)
    hit, vain, missed = ((wanted & got).total(), (got - wanted).total(), (wanted - got).total())
    whole = hit + vain + missed
    return (hit / whole, vain / whole, missed / whole) if whole else (0.0, 0.0, 0.0)


def f1_of(shares: np.ndarray) -> tuple[float, float, float]:
    """F1, precision, recall over pages; ``shares`` is (pages, 3)."""
    hit, vain, missed = shares.T
    said, wanted = hit + vain > 0, hit + missed > 0
    precision = float(np.mean(hit[said] / (hit + vain)[said]))
    recall = float(np.mean(hit[wanted] / (hit + missed)[wanted]))
    return 2 * precision * recall / (precision + recall), precision, recall


def spread(shares: np.ndarray, other: np.ndarray, draws: int = 1000) -> tuple[float, float]:
    """Half widths of 95 % bootstrap intervals over pages: of F1, and of the difference to ``other``'s F1."""
    rng = np.random.default_rng(7)
    rows = rng.integers(0, len(shares), (draws, len(shares)))
    one = [f1_of(shares[row])[0] for row in rows]
    gap = [f1 - f1_of(other[row])[0] for f1, row in zip(one, rows, strict=True)]
    return 1.96 * statistics.stdev(one), 1.96 * statistics.stdev(gap)


def ours(body: bytes) -> str:
    return read_body(decode_page(body).text)


def peer(**options: object) -> Callable[[bytes], str]:
    def extract(body: bytes) -> str:
        return trafilatura.extract(body, **options) or ""  # type: ignore[arg-type]

    return extract


EXTRACTORS: dict[str, Callable[[bytes], str]] = {
    "canbang": ours,
    "trafilatura": peer(),
    "trafilatura fast": peer(fast=True),
    "trafilatura no comments": peer(include_comments=False),
    "trafilatura fast precision": peer(fast=True, favor_precision=True),
}


def bodies(rows: list[dict[str, object]], pages: list[bytes]) -> dict[str, dict[str, float]]:
    """Figures per extractor; the difference is to trafilatura as it comes."""
    shares: dict[str, np.ndarray] = {}
    rate: dict[str, float] = {}
    for name, extract in EXTRACTORS.items():
        start = time.process_time()
        texts = [extract(page) for page in pages]
        rate[name] = len(pages) / (time.process_time() - start)
        shares[name] = np.array([compare(str(row["body"]), text) for row, text in zip(rows, texts, strict=True)])
    out = {}
    for name, found in shares.items():
        f1, precision, recall = f1_of(found)
        half, gap = spread(found, shares["trafilatura"])
        out[name] = {
            "f1": f1, "f1_half_width": half, "precision": precision, "recall": recall, "f1_minus_trafilatura": f1 - f1_of(shares["trafilatura"])[0],
            "difference_half_width": gap, "pages_per_cpu_second": rate[name],
        }  # fmt: skip
    return out


def dates(rows: list[dict[str, object]], pages: list[bytes]) -> dict[str, object]:
    """Dated, sure and wrong, by what pages declare and show together, and by what they show alone."""
    found: dict[str, object] = {"pages": len(pages), "wrong": []}
    tally: Counter[str] = Counter()
    for row, page in zip(rows, pages, strict=True):
        truth = datetime.fromisoformat(str(row["published_at"]))
        zone = ZoneInfo(ZONES.get(str(row["country"]), "Europe/Berlin"))
        day = truth.astimezone(zone).date() if truth.tzinfo else truth.date()
        read = read_article(page, zone=zone).published
        if read is not None:
            sure, right = read.confidence is Confidence.SURE, read.when.astimezone(zone).date() == day
            tally["sure" if sure else "likely"] += 1
            tally[("sure" if sure else "likely") + ("_right" if right else "_wrong")] += 1
            if not right:
                found["wrong"].append(
                    [row["id"], str(day), read.when.isoformat(), read.confidence, read.source, read.written]
                )  # type: ignore[attr-defined]
        tree = parse(page)
        shown = find_dates(page_lines(tree), title=read_metadata(tree).title, zone=zone).pick()
        if shown is not None:
            right = shown.when.astimezone(zone).date() == day
            tally[f"text_alone_{shown.confidence}_{'right' if right else 'wrong'}"] += 1
    return found | dict(sorted(tally.items()))


def taken(rows: list[dict[str, object]], pages: list[bytes]) -> dict[str, object]:
    """How the pages, articles all of them, would be taken: dropped as no item (each is one too many), dated, undated."""
    tally: Counter[str] = Counter()
    wrongly = []
    for row, page in zip(rows, pages, strict=True):
        read = read_article(page, url=str(row.get("url") or ""))
        if read.reason:
            wrongly.append([str(row["id"])[:20], read.reason])
        tally[f"dated_{read.published.confidence}" if read.published else "undated"] += 1
    return {"dropped": wrongly} | dict(sorted(tally.items()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=Path, default=ROOT.parent / "shared" / "data" / "pages")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--json", type=Path)
    words = parser.parse_args()
    found: dict[str, object] = {"trafilatura": trafilatura.__version__}
    for name in ("article_extraction_benchmark", "newspapers"):
        rows = pq.read_table(words.pages / f"{name}.parquet").to_pylist()[: words.limit]
        pages = [gzip.decompress(row["html_gz"]) for row in rows]
        figures = bodies(rows, pages)
        found[name] = {"pages": len(rows), "body": figures, "taken": taken(rows, pages)}
        print(
            f"\n{name}, {len(rows)} pages"
            + (", mostly European; one page is Vietnamese" if name == "newspapers" else "")
        )
        print(f"{'extractor':<28}{'F1':>8}{'±':>7}{'P':>8}{'R':>8}{'F1 - trafilatura':>18}{'±':>7}{'pages/CPU s':>13}")
        for extractor, row in figures.items():
            print(
                f"{extractor:<28}{row['f1']:>8.3f}{row['f1_half_width']:>7.3f}{row['precision']:>8.3f}{row['recall']:>8.3f}"
                f"{row['f1_minus_trafilatura']:>+18.4f}{row['difference_half_width']:>7.4f}{row['pages_per_cpu_second']:>13.1f}"
            )
        print(json.dumps(found[name]["taken"], ensure_ascii=False))  # type: ignore[index]
        if "published_at" in rows[0]:
            found[name]["dates"] = dates(rows, pages)  # type: ignore[index]
            print(json.dumps(found[name]["dates"], ensure_ascii=False, indent=1))  # type: ignore[index]
    if words.json:
        words.json.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
