"""Real articles from the shared data: titles, leads and sentences."""

from __future__ import annotations

import os
import random
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

ROOT = Path(__file__).resolve().parents[3]
SLOT = 1000  # rows set apart for one site: no two sites share an article
INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200e\u200f\ufeff"))


class TextsMissing(Exception):
    """The shared data are not there; the message says where they were looked for."""


@dataclass(frozen=True)
class Article:
    """One real article; no sentence is empty, all text is NFC with single spaces."""

    title: str
    lead: str
    sentences: tuple[str, ...]


def shared_texts() -> Path:
    """The file of real texts. Raises TextsMissing where it is absent."""
    shared = Path(os.environ.get("CANBANG_SHARED", ROOT.parent / "shared"))
    path = shared / "data" / "vietnews_50k.parquet"
    if not path.is_file():
        raise TextsMissing(f"real texts not found at {path} (set CANBANG_SHARED)")
    return path


def clean(text: str) -> str:
    """NFC, no invisible letters, single spaces."""
    return " ".join(unicodedata.normalize("NFC", text.translate(INVISIBLE)).split())


def sentences(body: str) -> tuple[str, ...]:
    """The sentences of a body: the file holds one on each line, with photo credits and by-lines between them."""
    lines = (clean(line) for line in body.split("\n"))
    return tuple(
        line
        for line in lines
        if not line.startswith((">", "Ảnh", "ẢNH", "(Ảnh")) and (len(line) >= 40 or line.endswith((".", "?", "!", '"')))
    )


def usable(article: Article) -> bool:
    """Long enough for an article page, short enough to be one."""
    size = sum(map(len, article.sentences))
    return (
        25 <= len(article.title) <= 110
        and 60 <= len(article.lead) <= 320
        and 1200 <= size <= 7000
        and len(article.sentences) >= 8
        and article.lead[:40] not in " ".join(article.sentences)
        and all(sentence != article.title for sentence in article.sentences)
        and len(set(article.sentences)) == len(article.sentences)
    )


@lru_cache(maxsize=1)
def _table(path: Path) -> pa.Table:
    return pq.read_table(path, columns=["title", "lead", "body"], memory_map=True)


@lru_cache(maxsize=2)
def _order(rows: int, seed: int) -> list[int]:
    order = list(range(rows))
    random.Random(f"{seed}:order").shuffle(order)
    return order


@lru_cache(maxsize=32)
def articles(seed: int, slot: int) -> tuple[Article, ...]:
    """The usable articles of one site's slot (several hundred), distinct by title, in an order that the seed sets."""
    table = _table(shared_texts())
    rows = _order(table.num_rows, seed)[slot * SLOT : (slot + 1) * SLOT]
    found: dict[str, Article] = {}
    for row in table.take(rows).to_pylist():
        article = Article(clean(row["title"]), clean(row["lead"] or ""), sentences(row["body"] or ""))
        if usable(article):
            found.setdefault(article.title, article)
    return tuple(found.values())
