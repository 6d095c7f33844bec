"""Labelling an archive on many processes or machines: every row once, whatever is killed on the way.

The archive is cut into chunks. A chunk is known by the digest of its texts, the labeller's version and the codebook;
its result is a small Parquet file put in place in one step. A run that was killed goes on with the chunks that are
missing; a run on an archive that grew labels what is new. Workers get and return plain values and never see a file.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from ipaddress import ip_address
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from canbang.codebook import load_codebook
from canbang.errors import InputError
from canbang.fetch.cells import text_of
from canbang.fetch.table import Table, open_table
from canbang.item import VIETNAM, Item
from canbang.label.choose import load_labeller
from canbang.label.labeller import COLUMNS, Labeller

CHUNK = 4096
_AHEAD = 3  # chunks waiting for each worker: enough to keep it busy, few enough to bound memory
_MAX_REBUILDS = 20

Texts = list[tuple[str, str, str]]
MakeExecutor = Callable[[], Executor]
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Chunk:
    """Rows ``first`` to ``first + len(ids)`` of the archive."""

    first: int
    ids: tuple[str, ...]
    texts: Texts
    digest: str


@dataclass(frozen=True, slots=True)
class Done:
    """What a run did: rows in all, rows labelled now (the rest was there already), pools rebuilt on the way."""

    rows: int
    labelled: int
    rebuilt: int


@cache
def _worker_labeller(spec: str) -> Labeller:
    return load_labeller(spec)


def label_texts(spec: str, texts: Texts) -> NDArray[np.float32]:
    """In a worker: probabilities of (title, lead, text) rows, ``shape (len(texts), len(COLUMNS))``."""
    return _worker_labeller(spec).predict(_items(texts))


def _items(texts: Texts) -> list[Item]:
    never = datetime(2000, 1, 1, tzinfo=VIETNAM)  # a labeller reads words only
    return [Item("", str(n), title, never, lead, text) for n, (title, lead, text) in enumerate(texts)]


def archive_items(archive: Path, names: Mapping[str, str] | None = None) -> list[Item]:
    """The texts of an archive as a labeller sees them, to tell what labelling them would take."""
    return [item for chunk in _chunks(open_table(archive, names), "") for item in _items(chunk.texts)]


def row_count(archive: Path) -> int | None:
    """Rows of an archive whose format says so without reading it all (Parquet), else None."""
    try:
        return int(pq.read_metadata(archive).num_rows) if archive.suffix == ".parquet" else None
    except (OSError, pa.ArrowInvalid):
        return None  # opening it properly will say what is wrong


def process_pool(workers: int) -> MakeExecutor:
    """Spawned children: a forked one would inherit threads and open files."""
    return lambda: ProcessPoolExecutor(workers, mp_context=get_context("spawn"))


def cluster(address: str) -> MakeExecutor:
    """A Dask cluster. Raises :class:`InputError` for a plain address beyond this machine: pickles are code."""
    parts = urlsplit(address if "://" in address else f"tcp://{address}")
    try:
        local = parts.hostname == "localhost" or ip_address(parts.hostname or "").is_loopback
    except ValueError:
        local = False
    if parts.scheme != "tls" and not local:
        raise InputError(
            f"--cluster {address}: ngoài máy này chỉ dùng địa chỉ tls:// (dữ liệu gửi đi chạy được như mã lệnh)."
        )
    try:
        from distributed import Client
    except ImportError as error:
        raise InputError("--cluster cần gói bổ sung: pip install canbang[bulk].") from error

    def make() -> Executor:
        executor: Executor = Client(address).get_executor()  # type: ignore[no-untyped-call]  # distributed has no types
        return executor

    return make


def _chunks(table: Table, signature: str) -> Iterator[Chunk]:
    index = table.columns.index

    def cell(row: Sequence[Any], field: str) -> str:
        # short rows are common in exports; a cell is text by the same rule as where items are read
        return text_of(row[index[field]]) if field in index and index[field] < len(row) else ""

    ids: list[str] = []
    texts: Texts = []
    first = 0
    for number, row in table.rows(lambda _: None):
        if isinstance(row, str):
            raise InputError(f"{table.path}, dòng {number}: {row}. Sửa hoặc bỏ dòng này rồi chạy lại.")
        name = cell(row, "platform_id") or cell(row, "url") or str(number)
        channel = cell(row, "channel")
        ids.append(f"{channel}/{name}" if channel else name)
        texts.append((cell(row, "title"), cell(row, "lead"), cell(row, "text")))
        if len(ids) == CHUNK:
            yield _chunk(first, ids, texts, signature)
            first, ids, texts = first + len(ids), [], []
    if ids:
        yield _chunk(first, ids, texts, signature)


def _chunk(first: int, ids: list[str], texts: Texts, signature: str) -> Chunk:
    digest = hashlib.sha256(signature.encode())
    digest.update(json.dumps([ids, texts], ensure_ascii=False).encode())
    return Chunk(first, tuple(ids), texts, digest.hexdigest()[:32])


class _Store:
    """Finished chunks: files of their own while the run goes on, row groups of the result afterwards."""

    def __init__(self, out: Path, labeller: Labeller) -> None:
        self.out = out
        self.folder = out.with_name(out.name + ".parts")
        self.folder.mkdir(parents=True, exist_ok=True)
        self.labeller = labeller
        self.codebook = load_codebook().digest
        self.old: dict[str, int] = {}
        if out.exists():
            try:
                self.old = json.loads((pq.read_schema(out).metadata or {}).get(b"canbang.chunks", b"{}"))
            except (pa.ArrowInvalid, ValueError) as error:
                raise InputError(f"{out}: tệp đích đã có và không phải kết quả gắn nhãn. Chọn tên khác.") from error

    def has(self, chunk: Chunk) -> bool:
        """Whether this chunk needs no work; an old result is taken over."""
        if (self.folder / f"{chunk.digest}.parquet").exists():
            return True
        if chunk.digest in self.old:
            with pq.ParquetFile(self.out) as opened:
                self._place(chunk.digest, opened.read_row_group(self.old[chunk.digest]))
            return True
        return False

    def put(self, chunk: Chunk, scores: NDArray[np.float32]) -> None:
        """Keep a result; a second result for the same chunk replaces the first by the same bytes."""
        n = len(chunk.ids)
        columns: dict[str, object] = {
            "row": pa.array(range(chunk.first, chunk.first + n), pa.int64()),
            "id": list(chunk.ids),
            "labeller": pa.array([f"{self.labeller.name} {self.labeller.version}"] * n).dictionary_encode(),
            "codebook": pa.array([self.codebook] * n).dictionary_encode(),
        }
        columns |= {name: scores[:, k] for k, name in enumerate(COLUMNS)}
        self._place(chunk.digest, pa.table(columns))

    def _place(self, digest: str, table: pa.Table) -> None:
        path = self.folder / f"{digest}.parquet"
        part = path.with_suffix(f".{os.getpid()}.tmp")
        pq.write_table(table, part)
        part.replace(path)

    def finish(self, order: list[str]) -> None:
        """Join the chunks in the archive's order into the result, in one step."""
        groups = {digest: number for number, digest in enumerate(order)}
        part = self.out.with_name(self.out.name + f".{os.getpid()}.tmp")
        writer: pq.ParquetWriter | None = None
        for digest in order:
            table = pq.read_table(self.folder / f"{digest}.parquet")
            if writer is None:
                schema = table.schema.with_metadata({b"canbang.chunks": json.dumps(groups).encode()})
                writer = pq.ParquetWriter(part, schema)
            writer.write_table(table.cast(schema), row_group_size=len(table))
        if writer is not None:
            writer.close()
            part.replace(self.out)
        shutil.rmtree(self.folder, ignore_errors=True)


class _Crew:
    """The workers, and the chunks under way with them; a broken pool is built anew and asked again."""

    def __init__(self, spec: str, make_executor: MakeExecutor, store: _Store, name: str) -> None:
        self.spec = spec
        self.make_executor = make_executor
        self.store = store
        self.name = name
        self.executor = make_executor()
        self.waiting: dict[Future[NDArray[np.float32]], Chunk] = {}
        self.rebuilt = 0

    def ask(self, *chunks: Chunk) -> None:
        """Hand chunks to the workers."""
        todo = list(chunks)
        while todo:
            try:
                self.waiting[self.executor.submit(label_texts, self.spec, todo[-1].texts)] = todo[-1]
                todo.pop()
            except BrokenExecutor:
                todo += self.rebuild()

    def take(self) -> list[Chunk]:
        """Wait for results, keep them, and give the chunks that are done."""
        finished, _ = wait(self.waiting, return_when=FIRST_COMPLETED)
        done, again = [], []
        for future in finished:
            chunk = self.waiting.pop(future)
            try:
                self.store.put(chunk, future.result())
                done.append(chunk)
            except BrokenExecutor:
                again.append(chunk)
        if again:
            again += self.rebuild()
        self.ask(*again)
        return done

    def rebuild(self) -> list[Chunk]:
        """New workers; gives the chunks that were under way with the old ones."""
        self.rebuilt += 1
        if self.rebuilt > _MAX_REBUILDS:
            raise InputError(
                f"{self.name}: tiến trình gắn nhãn bị dừng {self.rebuilt} lần (hết bộ nhớ?). "
                "Giảm --workers rồi chạy lại; phần đã xong được giữ."
            )
        lost = list(self.waiting.values())
        self.leave()
        self.executor = self.make_executor()
        return lost

    def leave(self) -> None:
        """Stop without waiting; Dask's executor knows no ``cancel_futures``, so what waits is cancelled one by one."""
        for future in self.waiting:
            future.cancel()
        self.waiting.clear()
        self.executor.shutdown(wait=False)


def label_archive(
    archive: Path,
    out: Path,
    *,
    spec: str,
    make_executor: MakeExecutor,
    workers: int,
    names: Mapping[str, str] | None = None,
    progress: Progress = lambda done, now: None,
) -> Done:
    """Label every row of ``archive`` into ``out``, in the archive's order; ``names`` are fields by heading (``--column``).

    ``progress`` is told the rows that are done and how many of them this run labelled.
    Raises :class:`InputError` for files that cannot be read or written, or where workers keep dying.
    """
    labeller = load_labeller(spec)
    table = open_table(archive, names)
    store = _Store(out, labeller)
    signature = f"{labeller.name}|{labeller.version}|{store.codebook}|{CHUNK}"
    order: list[str] = []
    known: set[str] = set()
    rows = labelled = had = 0
    crew = _Crew(spec, make_executor, store, str(archive))

    def collect(limit: int) -> None:
        """Take results until at most ``limit`` chunks are under way."""
        nonlocal labelled
        while len(crew.waiting) > limit:
            labelled += sum(len(chunk.ids) for chunk in crew.take())
            progress(had + labelled, labelled)

    try:
        for chunk in _chunks(table, signature):
            rows += len(chunk.ids)
            # equal chunks (an archive that holds its rows twice) are labelled once and stand twice in the result
            if chunk.digest not in known and not store.has(chunk):
                crew.ask(chunk)
                collect(_AHEAD * workers)
            else:
                had += len(chunk.ids)
                progress(had + labelled, labelled)
            known.add(chunk.digest)
            order.append(chunk.digest)
        collect(0)
    finally:
        crew.leave()
    store.finish(order)
    return Done(rows, labelled, crew.rebuilt)
