"""The main job end to end: items per second and peak memory, beside the labelling alone in the same run; then what
estimating a window of 10,000 audited items costs beside labelling it (at most 5 %).

python bench/measure.py FILE [--json OUT]
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path

from timing import best

from canbang import pipeline
from canbang.audit.draw import make_draw
from canbang.audit.judge import Audit
from canbang.codebook import load_codebook
from canbang.fetch.export import file_source
from canbang.fetch.source import Source
from canbang.item import Item, Judgement, Label
from canbang.label.choose import load_labeller
from canbang.label.labeller import COLUMN, Labeller
from canbang.report.balance import Balance

WINDOW, LABELS = 10_000, 400


def label_all(labeller: Labeller, items: list[Item]) -> None:
    for first in range(0, len(items), pipeline.BATCH):
        labeller.predict(items[first : first + pipeline.BATCH])


def audited_window(items: list[Item], labeller: Labeller) -> dict[str, float]:
    """A window of 10,000 items (those of the file over again, each time under other ids) with 400 judged."""
    window = [
        replace(item, platform_id=f"{number}-{item.platform_id}", url="")
        for number, item in enumerate(islice(cycle(items), WINDOW))
    ]
    frame = pipeline.read_frame([Source("window", lambda _: iter(window))], labeller)
    scores = frame.probability[:, COLUMN["counted_negative"]].astype(float)
    book = load_codebook()
    draw = make_draw(frame.ids, scores, LABELS, "bench", labeller=frame.labeller, codebook=(book.version, book.digest))
    score = dict(zip(frame.ids, scores.tolist(), strict=True))
    said = [
        Judgement(i, Label("negative" if score[i] > 0.5 else "positive", False, False, "society", False))
        for i in draw.drawn
    ]
    audit = Audit(draw, tuple(said))

    def estimate() -> Balance:
        return pipeline.measure(frame, audit=audit)

    labelling = best(lambda: label_all(labeller, window), passes=1)
    estimating = best(estimate)
    return {
        "window_items": len(frame), "window_audited": len(said), "window_labelling_s": labelling,
        "window_estimating_s": estimating, "estimating_over_labelling": estimating / labelling,
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--json", type=Path)
    words = parser.parse_args()
    start = time.perf_counter()
    labeller = load_labeller()
    loaded = time.perf_counter()
    frame = pipeline.read_frame([file_source(words.file)], labeller)
    read = time.perf_counter()
    pipeline.measure(frame, by=["channel", "week"])
    done = time.perf_counter()
    items = [item for item in file_source(words.file) if isinstance(item, Item)]
    labelling = best(lambda: label_all(labeller, items), passes=1)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    found = {
        "read": frame.read, "counted": len(frame), "rejected": frame.rejected, "outside": frame.outside,
        "channels": len(frame.channels), "load_s": loaded - start, "read_and_label_s": read - loaded,
        "labelling_alone_s": labelling, "report_s": done - read, "items_per_second": frame.read / (done - start),
        "peak_mb": peak, "report_over_labelling": (done - read) / labelling,
    }  # fmt: skip
    found |= audited_window(items, labeller)
    for name, value in found.items():
        print(f"{name:<28}{value:>12.3f}" if isinstance(value, float) else f"{name:<28}{value:>12}")
    if words.json:
        words.json.write_text(json.dumps(found, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
