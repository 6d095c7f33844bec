"""Which acts of publishing tell the same story.

In order: the same canonical address; a link in a post (or what it shares) to an act; the same text, or the same title
of at least eight words on two channels; enough common word 3-shingles within 14 days. Similarity is *containment* (common shingles over those of the shorter text): a
Facebook teaser is a small part of its article, so Jaccard and MinHash would miss it. Texts under twelve shingles
join a story by address or title only. A share stays its own act; only its story is common.
"""

from __future__ import annotations

import zlib
from array import array
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from canbang.item import Item
from canbang.text.normalise import match_key
from canbang.text.shingles import shingles
from canbang.text.urls import canonical_url, links

WINDOW_DAYS = 14
CONTAINMENT = 0.6
MIN_SHINGLES = 12
MIN_TITLE_WORDS = 8
_MAX_TITLE_WORDS = 40
_KEPT = 256  # hashes kept of one text; longer texts are thinned by hash value, the same way in every text
_MAX_THINNING = 6
_MIN_COMMON = 4
_MIN_COMMON_THINNED = 3  # each thinned hash stands for two to 64 shingles
_BOILERPLATE = 64  # a shingle in more texts than this tells no story apart
_PARTS = 16  # hash ranges handled one after the other, to bound memory
_MAX_PAIRS = 400_000  # shared shingles followed in one range; texts of few words share more, and are thinned further


def _hash64(text: str) -> int:
    data = text.encode()
    return zlib.crc32(data) | (zlib.crc32(data, 0x5BD1E995) << 32)


def _thinned(hashes: NDArray[np.uint32]) -> tuple[NDArray[np.uint32], int]:
    """At most about ``_KEPT`` hashes, and the power of two by which they were thinned."""
    power = 0
    while len(hashes) > _KEPT and power < _MAX_THINNING:
        power += 1
        hashes = hashes[hashes & np.uint32((1 << power) - 1) == 0]
    return hashes, power


class StoryIndex:
    """Collects a small fingerprint of every item (at most about 1 kB), then clusters them."""

    def __init__(self) -> None:
        self._url = array("Q")
        self._id = array("Q")
        self._exact = array("Q")
        self._title = array("Q")
        self._channel = array("q")
        self._when = array("q")
        self._power = array("b")
        self._size = array("i")
        self._hashes = array("I")
        self._links: list[tuple[int, int]] = []
        self._shared: list[tuple[int, int]] = []

    def __len__(self) -> int:
        return len(self._url)

    def add(self, item: Item) -> None:
        """Take one item into the index, in any order of time."""
        me = len(self._url)
        url = canonical_url(item.url)
        self._url.append(_hash64(url) if url else 0)
        self._id.append(_hash64(item.platform_id))
        self._when.append(int(item.published_at.timestamp()))
        for link in links(f"{item.text} {item.lead}"):
            if link != url:
                self._links.append((me, _hash64(link)))
        if item.share_of:
            target = canonical_url(item.share_of) or item.share_of
            self._shared.append((me, _hash64(target)))
        keys = [match_key(part) for part in (item.title, item.lead, item.text) if part]
        parts = [shingles(key.split()) for key in keys]
        hashes = np.unique(np.concatenate(parts)) if parts else np.empty(0, np.uint32)
        long_enough = len(hashes) >= MIN_SHINGLES
        self._exact.append(_hash64(" ".join(keys)) if long_enough else 0)
        # a short post without a title is its own title: the portal's headline with an emoji before it
        said = keys[0].split() if keys else []
        self._title.append(_hash64(keys[0]) if MIN_TITLE_WORDS <= len(said) <= _MAX_TITLE_WORDS else 0)
        self._channel.append(hash(item.channel))
        kept, power = _thinned(hashes) if long_enough else (hashes[:0], 0)
        self._hashes.frombytes(kept.astype(np.uint32).tobytes())
        self._power.append(power)
        self._size.append(len(kept))

    def cluster(self) -> NDArray[np.int32]:
        """Story number of each item, ``shape (len(self),)``, numbered from 0 in the order of first appearance."""
        union = _Union(len(self))
        when = np.asarray(self._when, np.int64)
        for column, window in ((self._url, None), (self._exact, WINDOW_DAYS * 86400)):
            _join_equal(union, np.asarray(column, np.uint64), when, window)
        self._join_titles(union, when)
        self._join_links(union)
        for left, right in self._alike(when).tolist():
            union.join(left, right)
        return union.numbered()

    def _join_titles(self, union: _Union, when: NDArray[np.int64]) -> None:
        """The same title on different channels. A title that one channel repeats is a series, not a story."""
        title, channel = np.asarray(self._title, np.uint64), np.asarray(self._channel, np.int64)
        used = np.flatnonzero(title)
        both = np.stack([title[used], channel[used].astype(np.uint64)], axis=1)
        _, back, counts = np.unique(both, axis=0, return_inverse=True, return_counts=True)
        repeated = np.unique(title[used][counts[back.ravel()] > 1])
        title[np.isin(title, repeated)] = 0
        _join_equal(union, title, when, WINDOW_DAYS * 86400)

    def _join_links(self, union: _Union) -> None:
        target_of: dict[int, int] = {}
        for column in (self._url, self._id):
            for me, value in enumerate(column):
                if value:
                    target_of.setdefault(value, me)
        for me, value in self._links:
            if value in target_of:
                union.join(me, target_of[value])
        first_share: dict[int, int] = {}
        for me, value in self._shared:
            union.join(me, target_of.get(value, first_share.setdefault(value, me)))

    def _alike(self, when: NDArray[np.int64]) -> NDArray[np.int64]:
        """Pairs of items whose texts contain one another; ``shape (pairs, 2)``."""
        n = len(self)
        size = np.asarray(self._size, np.int64)
        ends = np.cumsum(size)
        # one text of each set of equal texts speaks for all of them
        speaks = _first_of_equal(np.asarray(self._exact, np.uint64)) & (size > 0)
        if speaks.sum() < 2:
            return np.empty((0, 2), np.int64)
        hashes = np.frombuffer(self._hashes, np.uint32)
        sizes = np.zeros((n, _MAX_THINNING + 1), np.int32)
        found: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []
        cap, floor = _BOILERPLATE, 0
        for part in range(_PARTS):
            chosen = np.flatnonzero((hashes >> np.uint32(28)) == part)
            owner = np.searchsorted(ends, chosen, side="right")
            spoken = speaks[owner]
            mine, whose = hashes[chosen[spoken]], owner[spoken]
            if part == 0:
                cap, floor = _bounds(mine)
            pairs, kept_owner, kept_hash = _common(mine, whose, when, n, cap, floor)
            found.append(np.unique(pairs, return_counts=True))
            for power in range(floor, _MAX_THINNING + 1):
                fine = kept_hash & np.uint32((1 << power) - 1) == 0
                sizes[:, power] += np.bincount(kept_owner[fine], minlength=n).astype(np.int32)
        pair, back = np.unique(np.concatenate([pairs for pairs, _ in found]), return_inverse=True)
        common = np.bincount(back, weights=np.concatenate([counts for _, counts in found]), minlength=len(pair))
        a, b = pair // n, pair % n
        thinning = np.maximum(np.asarray(self._power, np.int64), floor)
        coarser = np.maximum(thinning[a], thinning[b])
        smaller = np.minimum(sizes[a, coarser], sizes[b, coarser])
        least = np.where(coarser > 0, _MIN_COMMON_THINNED, _MIN_COMMON)
        alike = (common >= CONTAINMENT * smaller) & (common >= least)
        return np.stack([a[alike], b[alike]], axis=1)


def _bounds(hashes: NDArray[np.uint32]) -> tuple[int, int]:
    """In how many texts a shingle may stand, and how far all texts are thinned, so that the pairs stay bounded."""
    for floor in range(_MAX_THINNING + 1):
        kept = hashes[hashes & np.uint32((1 << floor) - 1) == 0]
        _, lengths = np.unique(kept, return_counts=True)
        for cap in (_BOILERPLATE, _BOILERPLATE // 4):
            few = lengths[lengths <= cap].astype(np.int64)
            if int((few * (few - 1) // 2).sum()) <= _MAX_PAIRS:
                return cap, floor
    return 2, _MAX_THINNING


def _common(
    hashes: NDArray[np.uint32], owner: NDArray[np.int64], when: NDArray[np.int64], n: int, cap: int, floor: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.uint32]]:
    """One entry ``a * n + b`` per shingle that items a < b share within the window; and what is no boilerplate."""
    fine = hashes & np.uint32((1 << floor) - 1) == 0
    hashes, owner = hashes[fine], owner[fine]
    order = np.argsort(hashes, kind="stable")
    hashes, owner = hashes[order], owner[order]
    starts = np.flatnonzero(np.r_[True, hashes[1:] != hashes[:-1]]) if len(hashes) else np.empty(0, np.int64)
    lengths = np.diff(np.r_[starts, len(hashes)])
    telling = np.repeat(lengths <= cap, lengths)
    hashes, owner = hashes[telling], owner[telling]
    found = []
    left = np.arange(len(hashes))
    for distance in range(1, cap):
        left = left[left + distance < len(hashes)]
        left = left[hashes[left] == hashes[left + distance]]
        if not len(left):
            break
        a, b = owner[left], owner[left + distance]
        near = np.abs(when[a] - when[b]) <= WINDOW_DAYS * 86400
        found.append(np.minimum(a, b)[near] * n + np.maximum(a, b)[near])
    return np.concatenate(found) if found else np.empty(0, np.int64), owner, hashes


def _first_of_equal(values: NDArray[np.uint64]) -> NDArray[np.bool_]:
    first = np.zeros(len(values), np.bool_)
    first[np.unique(values, return_index=True)[1]] = True
    return np.asarray(first | (values == 0), np.bool_)


def _join_equal(union: _Union, values: NDArray[np.uint64], when: NDArray[np.int64], window: int | None) -> None:
    """Join neighbours in time among equal non-zero values, at most ``window`` seconds apart."""
    order = np.lexsort((when, values))
    for a, b in pairwise(order.tolist()):
        if values[a] and values[a] == values[b] and (window is None or when[b] - when[a] <= window):
            union.join(int(a), int(b))


class _Union:
    """Disjoint sets with path halving; the smaller number is the root."""

    def __init__(self, n: int) -> None:
        self.parent = list(range(n))

    def root(self, a: int) -> int:
        parent = self.parent
        while parent[a] != a:
            parent[a] = parent[parent[a]]
            a = parent[a]
        return a

    def join(self, a: int, b: int) -> None:
        a, b = self.root(a), self.root(b)
        if a != b:
            self.parent[max(a, b)] = min(a, b)

    def numbered(self) -> NDArray[np.int32]:
        roots = np.fromiter((self.root(a) for a in range(len(self.parent))), np.int64, len(self.parent))
        return np.unique(roots, return_inverse=True)[1].astype(np.int32)
