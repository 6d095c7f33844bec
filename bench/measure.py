"""The main job end to end: items per second and peak memory, beside the labelling alone in the same run.

python bench/measure.py FILE [--json OUT]
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from pathlib import Path

from canbang import pipeline
from canbang.fetch.export import file_source
from canbang.item import Item
from canbang.label.choose import load_labeller


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
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
    labelling = time.perf_counter()
    for first in range(0, len(items), pipeline.BATCH):
        labeller.predict(items[first : first + pipeline.BATCH])
    labelled = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    found = {
        "read": frame.read, "counted": len(frame), "rejected": frame.rejected, "outside": frame.outside,
        "channels": len(frame.channels), "load_s": loaded - start, "read_and_label_s": read - loaded,
        "labelling_alone_s": labelled - labelling, "report_s": done - read, "items_per_second": frame.read / (done - start),
        "peak_mb": peak, "report_over_labelling": (done - read) / (labelled - labelling),
    }  # fmt: skip
    for name, value in found.items():
        print(f"{name:<24}{value:>12.2f}" if isinstance(value, float) else f"{name:<24}{value:>12}")
    if words.json:
        words.json.write_text(json.dumps(found, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
