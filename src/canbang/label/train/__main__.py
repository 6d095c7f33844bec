"""``python -m canbang.label.train SHARED OUT [--posts FILE]``: make the model from the shared data."""

from __future__ import annotations

import argparse
from pathlib import Path

from canbang.label.train.make import train


def main() -> None:
    """Read the arguments and train."""
    parser = argparse.ArgumentParser(prog="python -m canbang.label.train", description=__doc__)
    parser.add_argument("shared", type=Path, help="folder of the shared data")
    parser.add_argument("out", type=Path, help="folder for labeller.npz and labeller.json")
    parser.add_argument("--posts", type=Path, action="append", default=[], help="more labelled posts (jsonl)")
    parser.add_argument("--seed", type=int, default=1)
    words = parser.parse_args()
    train(words.shared, words.out, seed=words.seed, posts=words.posts)


if __name__ == "__main__":
    main()
