"""``python -m canbang.label.train SHARED OUT [--posts FILE] [--labels FILE]``: make the model from the shared data.

With ``--leave-out``: judge the recipe on outlets and kinds of channel that it never saw, instead.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from canbang.label.metrics import defined
from canbang.label.train.leave_out import measure
from canbang.label.train.make import train


def main() -> None:
    """Read the arguments and train."""
    parser = argparse.ArgumentParser(prog="python -m canbang.label.train", description=__doc__)
    parser.add_argument("shared", type=Path, help="folder of the shared data")
    parser.add_argument("out", type=Path, help="folder for labeller.npz and labeller.json")
    parser.add_argument("--posts", type=Path, action="append", default=[], help="more labelled posts (jsonl)")
    parser.add_argument("--labels", type=Path, help="more labels of items in the shared data (csv)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--leave-out", action="store_true", help="write left_out.json instead of a model")
    words = parser.parse_args()
    if words.leave_out:
        found = measure(words.shared, posts=words.posts, labels=words.labels, seed=words.seed)
        words.out.mkdir(parents=True, exist_ok=True)
        (words.out / "left_out.json").write_text(
            json.dumps(defined(found), ensure_ascii=False, indent=1) + "\n", "utf-8"
        )
        return
    train(words.shared, words.out, seed=words.seed, posts=words.posts, labels=words.labels)


if __name__ == "__main__":
    main()
