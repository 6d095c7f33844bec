"""An archive is labelled once, whatever breaks on the way, and what is done is not done again."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, Future
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from canbang import bulk
from canbang.errors import InputError
from canbang.label.labeller import COLUMNS
from conftest import WordLabeller


class Here(Executor):
    """Runs the work in this process; where ``breaks`` says 1 the result is a broken pool, where it says 2 the call itself is."""

    def __init__(self, breaks: Iterator[int] | None = None) -> None:
        self.breaks = breaks or iter(())
        self.asked = 0

    def submit(self, fn: Any, /, *args: Any, **more: Any) -> Future[Any]:
        self.asked += 1
        future: Future[Any] = Future()
        broken = next(self.breaks, 0)
        if broken == 2:
            raise BrokenProcessPool("killed before")
        if broken:
            future.set_exception(BrokenProcessPool("killed"))
        else:
            future.set_result(fn(*args, **more))
        return future


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "CHUNK", 10)
    monkeypatch.setattr(bulk, "load_labeller", lambda spec: WordLabeller())
    bulk._worker_labeller.cache_clear()


def archive(folder: Path, n: int = 95) -> Path:
    path = folder / "kho.parquet"
    pq.write_table(
        pa.table(
            {
                "id": [str(k) for k in range(n)],
                "title": [f"Tin số {k}" if k % 7 else f"Cháy số {k}" for k in range(n)],
                "lead": [""] * n,
            }
        ),
        path,
    )
    return path


def run(path: Path, executor: Executor | None = None) -> tuple[bulk.Done, pa.Table]:
    out = path.with_name("nhan.parquet")
    done = bulk.label_archive(path, out, spec="embedded", make_executor=lambda: executor or Here(), workers=2)
    assert not out.with_name("nhan.parquet.parts").exists()
    return done, pq.read_table(out)


def test_every_row_comes_out_once_and_in_order(tmp_path: Path) -> None:
    done, table = run(archive(tmp_path))
    assert (done.rows, done.labelled) == (95, 95)
    assert table["row"].to_pylist() == list(range(95))
    assert table["id"].to_pylist() == [str(k) for k in range(95)]
    assert table.column_names == ["row", "id", "labeller", "codebook", *COLUMNS]
    assert [k for k, p in enumerate(table["counted_negative"].to_pylist()) if p > 0.5] == list(range(0, 95, 7))


def test_a_second_run_labels_nothing_and_gives_the_same_file(tmp_path: Path) -> None:
    path = archive(tmp_path)
    _, first = run(path)
    again, second = run(path)
    assert again.labelled == 0
    assert second.equals(first)


def test_progress_counts_what_was_done_before_and_ends_at_the_archives_size(tmp_path: Path) -> None:
    """A restarted run starts its bar where the last one ended, so that the time it says remains is true."""
    path = archive(tmp_path, 90)
    run(path)
    seen: list[tuple[int, int]] = []
    out = tmp_path / "nhan.parquet"
    path = archive(tmp_path, 95)
    bulk.label_archive(
        path, out, spec="embedded", make_executor=Here, workers=2, progress=lambda *now: seen.append(now)
    )
    assert seen[0] == (10, 0)
    assert seen[-1] == (95, 5)
    assert bulk.row_count(path) == 95
    assert bulk.row_count(tmp_path / "kho.csv") is None


def test_an_archive_that_grew_is_labelled_where_it_is_new(tmp_path: Path) -> None:
    run(archive(tmp_path, 90))
    done, table = run(archive(tmp_path, 95))
    assert (done.rows, done.labelled, table.num_rows) == (95, 5, 95)


def test_a_broken_pool_is_built_anew_and_nothing_is_lost(tmp_path: Path) -> None:
    _, whole = run(archive(tmp_path))
    (tmp_path / "nhan.parquet").unlink()
    done, table = run(archive(tmp_path), Here(iter([0, 1, 0, 2, 1, 1, 0, 2])))
    assert done.rebuilt >= 1
    assert table.equals(whole)


def test_a_run_that_died_leaves_what_it_had_done(tmp_path: Path) -> None:
    class Dies(Here):
        def submit(self, fn: Any, /, *args: Any, **more: Any) -> Future[Any]:
            if self.asked == 6:
                raise KeyboardInterrupt
            return super().submit(fn, *args, **more)

    path = archive(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        bulk.label_archive(path, tmp_path / "nhan.parquet", spec="embedded", make_executor=Dies, workers=1)
    kept = len(list((tmp_path / "nhan.parquet.parts").glob("*.parquet")))
    assert kept >= 2
    done, table = run(path)
    assert (done.labelled, table.num_rows) == (95 - 10 * kept, 95)


def test_workers_that_keep_dying_end_the_run_with_a_reason(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--workers"):
        run(archive(tmp_path), Here(iter([1] * 1000)))


@pytest.mark.parametrize("address", ["tcp://10.0.0.5:8786", "10.0.0.5:8786", "scheduler:8786"])
def test_a_plain_cluster_address_beyond_this_machine_is_refused(address: str) -> None:
    with pytest.raises(InputError, match="tls://"):
        bulk.cluster(address)


def test_a_foreign_target_file_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "nhan.parquet").write_text("ghi chép của tôi", "utf-8")
    with pytest.raises(InputError, match="Chọn tên khác"):
        run(archive(tmp_path))
