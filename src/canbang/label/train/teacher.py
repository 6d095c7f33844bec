"""The teacher: the encoder of `train_encoder` fine-tuned on every head at once; used while training only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from canbang.label.train import data as train_data
from canbang.label.train import encoder as train_encoder

BATCH = 32


def blocks(scores: Any, y: Any, weight: tuple[float, ...] = (1.0, 1.0, 0.7)) -> Any:
    """Loss of (n, 21) torch scores against soft or hard targets: tone and theme cross-entropy, the rest binary.

    `weight` is that of tone, of each flag, and of theme. Labels that are NaN do not count.
    """
    import torch
    from torch.nn import functional as fn

    known = ~torch.isnan(y)
    y = torch.nan_to_num(y)
    total = scores.new_zeros(())
    for part, by in ((slice(0, 3), weight[0]), (slice(8, train_data.WIDTH), weight[2])):
        here = known[:, part].all(1)
        if here.any():
            total = total + by * fn.cross_entropy(scores[here, part], y[here, part]) * here.float().mean()
    flags = slice(3, 8)
    each = fn.binary_cross_entropy_with_logits(scores[:, flags], y[:, flags], reduction="none")
    return total + weight[1] * (each * known[:, flags]).sum(1).mean()


@dataclass
class Teacher:
    """A fine-tuned encoder with its tokeniser; `scores` gives (n, 21) logits."""

    model: Any
    pieces: train_encoder.Pieces
    vocabulary: NDArray[np.int64]

    def ids(self, pairs: Sequence[tuple[str, str]], limit: int = 128) -> list[NDArray[np.int64]]:
        """Rows of the kept vocabulary, `limit` at most; a piece outside it counts as unknown (row 3)."""
        out = []
        for title, rest in pairs:
            raw = np.array(self.pieces.pair(title, rest, limit))
            at = np.searchsorted(self.vocabulary, raw).clip(max=len(self.vocabulary) - 1)
            out.append(np.where(self.vocabulary[at] == raw, at, 3))
        return out

    def scores(
        self, pairs: Sequence[tuple[str, str]], limit: int = 128
    ) -> tuple[NDArray[np.float32], NDArray[np.float16]]:
        """Logits (n, 21) and the inner vectors (n, 768) that they are read from; `limit` pieces are read at most."""
        import torch

        ids = self.ids(pairs, limit)
        order = np.argsort([len(row) for row in ids], kind="stable")
        out = np.zeros((len(pairs), train_data.WIDTH), np.float32)
        inner = np.zeros((len(pairs), self.model.head.in_features), np.float16)
        self.model.eval()
        with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16):
            for start in range(0, len(order), 64):
                at = order[start : start + 64]
                pooled = self.model.pool(*_pad([ids[i] for i in at]))
                out[at] = self.model.head(pooled).float().numpy()
                inner[at] = pooled.half().numpy()
        return out, inner


def _pad(rows: Sequence[NDArray[np.int64]]) -> tuple[Any, Any]:
    """Ids and mask, as long as the longest row rounded up: every new length costs the processor's library a new
    program, which on few rows takes longer than the sums."""
    import torch

    longest = -(-max(map(len, rows)) // 16) * 16
    ids = np.ones((len(rows), longest), np.int64)
    mask = np.zeros((len(rows), longest), bool)
    for i, row in enumerate(rows):
        ids[i, : len(row)], mask[i, : len(row)] = row, True
    return torch.from_numpy(ids), torch.from_numpy(mask)


def _batches(ids: Sequence[NDArray[np.int64]], rng: np.random.Generator) -> Iterator[NDArray[np.int64]]:
    """Shuffled batches of rows that are about equally long."""
    noisy = np.array([len(row) for row in ids]) + rng.uniform(0, 12, len(ids))
    order = np.argsort(noisy)
    parts = [order[i : i + BATCH] for i in range(0, len(order), BATCH)]
    for i in rng.permutation(len(parts)):
        yield parts[i]


def fit(
    rows: train_data.Rows,
    weights: train_encoder.Weights,
    *,
    seed: int,
    epochs: int = 4,
    rate: float = 8e-5,
    layers: int | None = None,
    more: Sequence[tuple[str, str]] = (),
    say: Callable[[int, Teacher], None] | None = None,
) -> Teacher:
    """Fine-tune on `rows`; `say` is called after every epoch. The pieces of `more`, texts to be labelled later, keep
    their pretrained embeddings; `layers` takes the first ones only. Seeded, but bf16 sums may differ by machine."""
    import torch

    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    pieces = train_encoder.Pieces(weights)
    used = {i for title, rest in [*rows.pairs, *more] for i in pieces.pair(title, rest)}
    vocabulary = np.array(sorted(used | {0, 1, 2, 3}))
    model = train_encoder.build(weights, vocabulary, train_data.WIDTH, layers)
    teacher = Teacher(model, pieces, vocabulary)
    ids = teacher.ids(rows.pairs)
    fresh = list(model.head.parameters())
    body = [p for name, p in model.named_parameters() if not name.startswith("head")]
    groups = [{"params": body, "lr": rate, "weight_decay": 0.01}, {"params": fresh, "lr": 20 * rate}]
    optimiser = torch.optim.AdamW(groups, fused=True)
    steps = epochs * -(-len(rows) // BATCH)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda k: min((k + 1) / (0.08 * steps), max(0.02, (steps - k) / (0.92 * steps)))
    )
    y = torch.from_numpy(rows.y)
    for epoch in range(epochs):
        model.train()
        for at in _batches(ids, rng):
            with torch.autocast("cpu", dtype=torch.bfloat16):
                scores = model(*_pad([ids[i] for i in at]))
            blocks(scores.float(), y[at]).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            optimiser.zero_grad()
        if say:
            say(epoch, teacher)
    return teacher
