"""Speed of the embedded labeller on title + lead, as ratios to Vietnamese tokenizers in the same run, on one core.

    OMP_NUM_THREADS=1 python bench/label.py FILE [--rows 3000] [--json OUT]

FILE is a parquet, csv or jsonl file with `title` and `lead`. Peers are measured where they are installed
(pip install pyvi underthesea). Every rate is the best of three passes, so that a busy machine harms all alike.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")  # before numpy is imported

from timing import best  # noqa: E402

from canbang import bulk  # noqa: E402
from canbang.label.choose import load_labeller  # noqa: E402
from canbang.label.evaluate import as_item, read_labelled  # noqa: E402

ALONE = """
import json, sys, time
start = time.perf_counter()
from canbang.label.linear import EmbeddedLabeller
labeller = EmbeddedLabeller.load()
print(time.perf_counter() - start)
labeller.predict_pairs(json.load(sys.stdin))
print([int(l.split()[1]) for l in open("/proc/self/status") if l.startswith("VmHWM")][0] / 1024)
"""


def pool_rate(source: Path, rows: int, workers: int) -> float:
    """Rows per second of an archive run, started workers not counted: a second run over a longer archive minus a first."""
    with tempfile.TemporaryDirectory() as folder:
        seconds = []
        for share in (0.1, 1.0):
            part = Path(folder) / f"{share}.jsonl"
            with part.open("w", encoding="utf-8") as stream:
                for number, row in enumerate(read_labelled(source)[: int(rows * share)]):
                    text = {"id": str(number), "title": str(row["title"]), "lead": str(row.get("lead") or "")}
                    stream.write(json.dumps(text, ensure_ascii=False) + "\n")
            start = time.perf_counter()
            bulk.label_archive(
                part,
                Path(folder) / f"{share}.parquet",
                spec="embedded",
                make_executor=bulk.process_pool(workers),
                workers=workers,
            )
            seconds.append(time.perf_counter() - start)
    return 0.9 * rows / (seconds[1] - seconds[0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--rows", type=int, default=3000)
    parser.add_argument("--json", type=Path)
    words = parser.parse_args()
    rows = read_labelled(words.file)[: words.rows]
    items = [as_item(row, number) for number, row in enumerate(rows)]
    texts = [f"{item.title} {item.lead}" for item in items]
    labeller = load_labeller()
    labeller.predict(items[:64])
    found: dict[str, float | None] = {"items": len(items), "characters": sum(map(len, texts)) / len(texts)}
    found["labeller_items_per_second"] = len(items) / best(lambda: labeller.predict(items))
    found["one_item_ms"] = 1000 * best(lambda: [labeller.predict([item]) for item in items[:200]]) / 200
    for peer in ("pyvi", "underthesea"):
        try:
            if peer == "pyvi":
                from pyvi.ViTokenizer import tokenize as work
            else:
                from underthesea import word_tokenize as work
        except ImportError:
            found[f"{peer}_items_per_second"] = found[f"ratio_to_{peer}"] = None
            continue
        work(texts[0])
        some = texts[:500]
        rate = len(some) / best(lambda work=work, some=some: [work(text) for text in some])
        found[f"{peer}_items_per_second"] = rate
        found[f"ratio_to_{peer}"] = found["labeller_items_per_second"] / rate
    pairs = json.dumps([(item.title, item.lead) for item in items])
    work = [sys.executable, "-c", ALONE]
    alone = subprocess.run(work, input=pairs, capture_output=True, text=True, check=True).stdout.split()
    found["load_s"], found["peak_mb"] = float(alone[0]), float(alone[1])
    one, two = (pool_rate(words.file, 40_000, workers) for workers in (1, 2))
    found["rows_per_second_1_process"], found["rows_per_second_2_processes"] = one, two
    found["scaling_1_to_2"] = two / one
    for name, value in found.items():
        print(f"{name:<30}{'not installed' if value is None else f'{value:,.2f}':>16}")
    if words.json:
        words.json.write_text(json.dumps(found, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
