"""Learned recipes beside trafilatura on the fourteen generated sites, forty pages each, redesigned at page 25, in the same run.

    python bench/recipes.py [--sites KEY ...] [--pages N] [--peer] [--json OUT]

Each site's pages come oldest first to a reader that knows nothing of the site: it learns from the first pages, falls back to
trafilatura where the recipe does not fit, and learns anew after the redesign. F1 is over words as multisets, against what a reader
of the page would call its text, averaged over pages. Trafilatura is `fast=True` without comments, as the product calls it,
and reads every page once for its own column; what the recipe's reader asks of it counts for the recipe. CPU is process time. "Applied" is the cost of a page that the
recipe reads (decoding, parsing and metadata apart); "all in" counts learning, fallbacks and checks of so short a life too.
`--peer` is what a Scrapy spider does with a page (trafilatura with its metadata), without Scrapy's own cost: no request is made here.
Needs the shared data (CANBANG_SHARED): the generated pages are filled with real text.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import trafilatura
from selectolax.lexbor import LexborHTMLParser

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from canbang.fetch.body import read_body  # noqa: E402
from canbang.fetch.metadata import read_metadata, selected  # noqa: E402
from canbang.fetch.recipe import read_date  # noqa: E402
from canbang.fetch.recipe_watch import Watch  # noqa: E402
from canbang.item import Confidence  # noqa: E402
from canbang.text.encodings import decode_page  # noqa: E402
from fetch.sites.generate import REDESIGN, Page, pages  # noqa: E402
from fetch.sites.templates import SITES, Site  # noqa: E402
from fetch.sites.texts import TextsMissing, shared_texts  # noqa: E402

FLOOR = 0.005


def f1(true: str, found: str) -> float:
    """F1 over words as multisets."""
    wanted, got = Counter(re.findall(r"\w+", true)), Counter(re.findall(r"\w+", found))
    both = wanted.total() + got.total()
    return 2 * (wanted & got).total() / both if both else 1.0


@dataclass
class Run:
    """What one site gave; CPU in seconds of process time."""

    site: str
    pages: int = 0
    recipe: list[float] = field(default_factory=list)
    teacher: list[float] = field(default_factory=list)
    applied: list[float] = field(default_factory=list)
    applied_teacher: list[float] = field(default_factory=list)
    cpu_applied: float = 0.0
    cpu_all: float = 0.0
    cpu_teacher: float = 0.0
    cpu_rest: float = 0.0
    cpu_peer: float = 0.0
    verdicts: Counter[str] = field(default_factory=Counter)
    learnt: int = 0
    layouts: int = 0
    dates: Counter[str] = field(default_factory=Counter)
    leads: Counter[str] = field(default_factory=Counter)


def _fields(run: Run, page: Page, tree: LexborHTMLParser, layout) -> None:  # type: ignore[no-untyped-def]
    """Date and lead that metadata lack, against the truth."""
    bare = read_metadata(tree, page.url)
    if not bare.dates and layout.date:
        found = read_date(layout, tree, page.seen_at)
        if found is None:
            run.dates["none"] += 1
        else:
            right = found.when.date() == page.truth.published_at.date()
            run.dates[
                f"{'sure' if found.confidence is Confidence.SURE else 'likely'} {'right' if right else 'wrong'}"
            ] += 1
    elif not bare.dates:
        run.dates["no selector"] += 1
    if not bare.lead and page.truth.lead:
        lead = selected(tree, layout.lead)
        run.leads["none" if not lead else "right" if f1(page.truth.lead, lead) > 0.9 else "wrong"] += 1


def measure(site: Site, made: Sequence[Page], peer: bool = False) -> Run:
    """One site's life; with ``peer``, each page is read by trafilatura as it comes with its metadata too."""
    run, watch = Run(site.key), Watch(site.host)
    for page in made:
        start = time.process_time()
        text = decode_page(page.html, page.content_type).text
        tree = LexborHTMLParser(text)
        title = read_metadata(tree, page.url).title
        parsed = time.process_time()
        reading = watch.read(page.url, text, tree, page.seen_at, title)
        read = time.process_time()
        body = read_body(text)
        taught = time.process_time()
        if peer:
            trafilatura.extract(page.html, url=page.url, with_metadata=True)
            run.cpu_peer += time.process_time() - taught
        run.pages += 1
        run.cpu_rest += parsed - start
        run.cpu_all += read - parsed
        run.cpu_teacher += taught - read
        run.recipe.append(f1(page.truth.body, reading.body))
        run.teacher.append(f1(page.truth.body, body))
        if reading.layout is not None:
            run.applied.append(run.recipe[-1])
            run.applied_teacher.append(run.teacher[-1])
            _fields(run, page, tree, reading.layout)
        if reading.verdict == "applied":
            run.cpu_applied += read - parsed
    run.verdicts = Counter({str(verdict): count for verdict, count in watch.counts.items()})
    run.learnt = watch.learnt
    run.layouts = len(watch.recipe.layouts) if watch.recipe else 0
    return run


def figures(run: Run) -> dict[str, object]:
    """A run as numbers to print and keep."""
    applied = run.verdicts["applied"]
    mean = lambda values: statistics.fmean(values) if values else None  # noqa: E731
    return {
        "site": run.site, "pages": run.pages, "f1_recipes": mean(run.recipe), "f1_trafilatura": mean(run.teacher),
        "f1_recipes_where_recipe_read": mean(run.applied), "f1_trafilatura_on_the_same": mean(run.applied_teacher),
        "worse_pages": sum(one < other - 0.02 for one, other in zip(run.recipe, run.teacher, strict=True)),
        "worst": min((one - other for one, other in zip(run.recipe, run.teacher, strict=True)), default=0.0),
        "verdicts": dict(sorted(run.verdicts.items())), "fallbacks": sum(
            count for name, count in run.verdicts.items() if name not in ("applied", "checked")
        ), "learnt": run.learnt, "layouts": run.layouts,
        "ms_applied": 1000 * run.cpu_applied / applied if applied else None, "ms_all_in": 1000 * run.cpu_all / run.pages,
        "ms_trafilatura": 1000 * run.cpu_teacher / run.pages, "ms_decode_parse_metadata": 1000 * run.cpu_rest / run.pages,
        "ms_peer": 1000 * run.cpu_peer / run.pages or None,
        "dates": dict(run.dates), "leads": dict(run.leads),
    }  # fmt: skip


def whole(rows: Sequence[dict]) -> dict[str, float]:  # type: ignore[type-arg]
    """Means over sites, and pages per CPU second with decoding, parsing and metadata counted in each."""
    mean = lambda key: statistics.fmean(row[key] for row in rows if row[key] is not None)  # noqa: E731
    rest = mean("ms_decode_parse_metadata")
    # Derived, not run: a site's life of a thousand pages, with what its learning cost here and two checks in a hundred.
    learning = statistics.fmean(
        row["pages"] * row["ms_all_in"] - row["verdicts"].get("applied", 0) * (row["ms_applied"] or 0) for row in rows
    )
    long_life = rest + mean("ms_applied") + learning / 1000 + 0.02 * mean("ms_trafilatura") * 2
    return {
        "f1_recipes": mean("f1_recipes"), "f1_trafilatura": mean("f1_trafilatura"), "least_difference": min(
            row["f1_recipes"] - row["f1_trafilatura"] for row in rows
        ), "fallbacks": sum(row["fallbacks"] for row in rows), "learnt": sum(row["learnt"] for row in rows),
        "pages_per_cpu_second_applied": 1000 / (rest + mean("ms_applied")),
        "derived_pages_per_cpu_second_life_of_1000": 1000 / long_life,
        "pages_per_cpu_second_all_in": 1000 / (rest + mean("ms_all_in")),
        "pages_per_cpu_second_trafilatura": 1000 / (rest + mean("ms_trafilatura")),
        "pages_per_cpu_second_trafilatura_body_only": 1000 / mean("ms_trafilatura"),
        **({"pages_per_cpu_second_peer": 1000 / mean("ms_peer")} if rows[0]["ms_peer"] else {}),
    }  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sites", nargs="*", default=[site.key for site in SITES])
    parser.add_argument("--pages", type=int, default=40)
    parser.add_argument(
        "--peer", action="store_true", help="time trafilatura with its metadata too, as a Scrapy spider calls it"
    )
    parser.add_argument("--json", type=Path)
    words = parser.parse_args()
    try:
        shared_texts()
    except TextsMissing as missing:
        print(f"{missing}: nothing measured")
        return 2
    print(
        f"{'site':<12}{'F1':>8}{'trafil.':>9}{'diff.':>8}{'worse':>7}{'fell back':>10}{'learnt':>7}{'ms':>7}{'all in':>8}{'trafil.':>8}{'rest':>7}  dates, leads"
    )
    rows = []
    for site in SITES:
        if site.key not in words.sites:
            continue
        row = figures(measure(site, list(pages(site, numbers=range(1, words.pages + 1))), words.peer))
        rows.append(row)
        print(
            f"{row['site']:<12}{row['f1_recipes']:>8.3f}{row['f1_trafilatura']:>9.3f}{row['f1_recipes'] - row['f1_trafilatura']:>+8.3f}"
            f"{row['worse_pages']:>7}{row['fallbacks']:>10}{row['learnt']:>7}{row['ms_applied'] or 0:>7.2f}{row['ms_all_in']:>8.2f}"
            f"{row['ms_trafilatura']:>8.2f}{row['ms_decode_parse_metadata']:>7.2f}  {row['dates']} {row['leads']}",
            flush=True,
        )
    found = {"redesign_at": REDESIGN, "sites": rows, "all": whole(rows)}
    print(json.dumps(found["all"], indent=1))
    if words.json:
        words.json.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", "utf-8")
    short = [row["site"] for row in rows if row["f1_recipes"] < row["f1_trafilatura"] - FLOOR]
    print(f"below trafilatura - {FLOOR}: {', '.join(short) or 'no site'}")
    return 1 if found["all"]["f1_recipes"] < found["all"]["f1_trafilatura"] - FLOOR else 0


if __name__ == "__main__":
    raise SystemExit(main())
