"""The student: the small network that ships, taught by labels and by the teacher's soft labels.

Words (with and without their accents) and word pairs have hashed embeddings; a convolution over five words is
max-pooled in title and rest apart; means of the embeddings go beside; one hidden layer gives all heads. `linear.py`
computes the same in numpy. Pairs stay out of the convolution so that its products can be kept per word.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from canbang.label import features
from canbang.label.train import data as train_data
from canbang.label.train.teacher import blocks


@dataclass(frozen=True)
class Shape:
    """Sizes of the student: table bits and widths, channels of the convolution, hidden units,
    outputs for the teacher's inner vector, and the shares of words, of accents and of pooled values lost while
    training."""

    word_bits: int = 16
    word_width: int = 64
    pair_bits: int = 17
    pair_width: int = 32
    window: int = 5
    channels: int = 256
    hidden: int = 256
    clues: int = 0
    lose: float = 0.3
    bare: float = 0.08
    drop: float = 0.4


def encode(pairs: Sequence[tuple[str, str]], shape: Shape, tokeniser: features.Tokeniser) -> features.Rows:
    """Rows of the student's tables for (title, rest) pairs."""
    return features.rows(tokeniser.batch(pairs), shape.word_bits, shape.pair_bits)


def build(shape: Shape) -> Any:
    """The torch module: (words, plain words, pairs, marks, mask) of title, then of rest -> scores (n, 21) and clues."""
    import torch
    from torch import nn
    from torch.nn import functional as fn

    width, c = shape.word_width + features.SHAPES, shape.channels

    class Student(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.words = nn.Embedding(1 << shape.word_bits, shape.word_width, padding_idx=0)
            self.pairs = nn.Embedding(1 << shape.pair_bits, shape.pair_width, padding_idx=0)
            nn.init.normal_(self.words.weight[1:], 0, 0.1)
            nn.init.normal_(self.pairs.weight[1:], 0, 0.02)
            self.conv = nn.Linear(width * shape.window, c, bias=False)
            self.bias = nn.Parameter(torch.zeros(2, c))
            inner = 2 * (c + shape.word_width + shape.pair_width)
            self.hidden = nn.Linear(inner, shape.hidden)
            self.out = nn.Linear(shape.hidden, train_data.WIDTH)
            self.clue = nn.Linear(shape.hidden, max(1, shape.clues))
            self.drop_in, self.drop = nn.Dropout(shape.drop), nn.Dropout(0.3)

        def field(self, tokens: Sequence[Any], which: int) -> list[Any]:
            words, plain, pairs, marks, mask = tokens
            if self.training:
                # Leaving words out teaches it not to lean on a single one; a text typed without accents has neither
                # its words nor its pairs.
                lost = torch.rand(words.shape) < shape.lose
                bare = torch.rand(len(words), 1) < shape.bare
                words, plain = words.masked_fill(lost | bare, 0), plain.masked_fill(lost, 0)
                pairs = pairs.masked_fill(lost | bare, 0)
            e = self.words(words) + self.words(plain)
            kinds = torch.arange(features.SHAPES)
            x = torch.cat([e, (marks.unsqueeze(-1) == kinds).to(e.dtype)], -1)
            side = shape.window // 2
            x = fn.pad(x, (0, 0, side, side))
            # A product over shifted copies in bf16: several times faster here than torch's convolution.
            with torch.autocast("cpu", dtype=torch.bfloat16):
                z = self.conv(torch.cat([x[:, k : k + words.shape[1]] for k in range(shape.window)], -1))
            top = z.masked_fill(~mask.unsqueeze(-1), -1e4).amax(1).float()
            length = mask.sum(1, keepdim=True).clamp(min=1).sqrt()
            return [fn.relu(top + self.bias[which]), e.sum(1) / length, self.pairs(pairs).sum(1) / length]

        def forward(self, title: Sequence[Any], rest: Sequence[Any]) -> Any:
            seen = torch.cat(self.field(title, 0) + self.field(rest, 1), 1)
            h = self.drop(fn.relu(self.hidden(self.drop_in(seen))))
            return self.out(h), self.clue(h)

    return Student()


def tensors(rows: features.Rows, at: NDArray[np.int64]) -> tuple[Any, Any]:
    """Padded tensors (words, plain words, pairs, marks, mask) of the titles, and of the rests, of the items `at`."""
    import torch

    # Row 0 of the tables is empty, and so is a mark of -1: what stands outside a field.
    tables = ((rows.words[:, 0], 0), (rows.words[:, 1], 0), (rows.pairs, 0), (rows.shape, -1))
    out = []
    for which in (0, 1):
        first, last = rows.starts[2 * at + which], rows.starts[2 * at + which + 1]
        place = first[:, None] + np.arange(max(1, int((last - first).max())))[None]
        mask = place < last[:, None]
        place = np.where(mask, place, 0)
        fields = [torch.from_numpy(np.where(mask, table[place], empty)) for table, empty in tables]
        out.append((*fields, torch.from_numpy(mask)))
    return out[0], out[1]


def _lengths(rows: features.Rows) -> NDArray[np.int64]:
    return np.asarray(rows.starts[2::2] - rows.starts[:-2:2])


def batches(rows: features.Rows, size: int, rng: np.random.Generator) -> Iterator[NDArray[np.int64]]:
    """Shuffled batches of items about equally long."""
    order = np.argsort(_lengths(rows) + rng.uniform(0, 16, len(rows)))
    parts = [order[i : i + size] for i in range(0, len(order), size)]
    for i in rng.permutation(len(parts)):
        yield parts[i]


@dataclass(frozen=True)
class Lesson:
    """Rows with targets (soft or hard, NaN unknown) and clues (n, clues), the teacher's inner vector, or None."""

    rows: features.Rows
    y: NDArray[np.float32]
    clues: NDArray[np.float16] | None = None


def scores(model: Any, rows: features.Rows) -> NDArray[np.float32]:
    """Logits (n, 21)."""
    import torch

    model.eval()
    out = np.zeros((len(rows), train_data.WIDTH), np.float32)
    order = np.argsort(_lengths(rows), kind="stable")
    with torch.inference_mode():
        for start in range(0, len(order), 512):
            at = order[start : start + 512]
            out[at] = model(*tensors(rows, at))[0].numpy()
    return out


def _loss(model: Any, lesson: Lesson, at: NDArray[np.int64], rng: np.random.Generator) -> Any:
    import torch
    from torch.nn import functional as fn

    logits, clue = model(*tensors(lesson.rows, at))
    y = torch.from_numpy(lesson.y[at])
    total = blocks(logits, y)
    if lesson.clues is not None:
        aim = torch.from_numpy(lesson.clues[at].astype(np.float32))
        total = total + 2.0 * (1 - fn.cosine_similarity(clue, aim, dim=1)).mean()
    return total


def fit(
    lesson: Lesson, shape: Shape, *, seed: int, epochs: int, rate: float = 3e-3, size: int = 256, model: Any = None,
    decay: float = 0.02, say: Any = None,
) -> Any:  # fmt: skip
    """Train a student (or go on with `model`) on a lesson; the rate falls to nothing along a cosine."""
    import torch

    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    model = build(shape) if model is None else model
    optimiser = torch.optim.AdamW(model.parameters(), rate, weight_decay=decay, betas=(0.9, 0.98), fused=True)
    steps = epochs * -(-len(lesson.rows) // size)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps, rate * 0.01)
    for epoch in range(epochs):
        model.train()
        for at in batches(lesson.rows, size, rng):
            _loss(model, lesson, at, rng).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 2.0)
            optimiser.step()
            schedule.step()
            optimiser.zero_grad(set_to_none=True)
        if say:
            say(epoch, model)
    return model
