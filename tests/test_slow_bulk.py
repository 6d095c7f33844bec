"""Archives under fire: a worker is killed in the middle, and every row still comes out once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from canbang import bulk

pytestmark = pytest.mark.slow


def rows_once(out: Path, rows: int) -> None:
    table = pq.read_table(out, columns=["row", "counted_negative"])
    assert table["row"].to_pylist() == list(range(rows))
    assert table["counted_negative"].null_count == 0


def children(parent: int) -> list[int]:
    """Processes whose parent is ``parent``."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[1]) == parent:
            found.append(int(entry.parent.name))
    return found


def test_a_dask_worker_killed_over_all_unlabelled_titles(shared: Path, tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed", reason="needs the extra `bulk`")
    archive = shared / "data" / "vietnews_titles_leads.parquet"
    rows = pq.read_metadata(archive).num_rows
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        killed: list[int] = []

        def kill(done: int, now: int) -> None:
            if now > rows // 3 and not killed:
                victim = next(iter(cluster.workers.values())).pid
                killed.append(victim)
                os.kill(victim, signal.SIGKILL)

        start = time.perf_counter()
        done = bulk.label_archive(
            archive,
            tmp_path / "out.parquet",
            spec="embedded",
            make_executor=bulk.cluster(cluster.scheduler_address),
            workers=2,
            progress=kill,
        )
        seconds = time.perf_counter() - start
    print(f"\n{done.rows} rows, one Dask worker killed: {seconds:.0f} s, {done.rows / seconds:.0f} rows/s")
    assert killed and (done.rows, done.labelled) == (rows, rows)
    rows_once(tmp_path / "out.parquet", rows)


def test_a_child_of_the_process_pool_killed(shared: Path, tmp_path: Path) -> None:
    archive = shared / "data" / "vietnews_titles_leads.parquet"
    rows = pq.read_metadata(archive).num_rows
    killed: list[int] = []

    def kill(done: int, now: int) -> None:
        if now > rows // 3 and not killed:
            victim = max(children(os.getpid()))
            killed.append(victim)
            os.kill(victim, signal.SIGKILL)

    done = bulk.label_archive(
        archive, tmp_path / "out.parquet", spec="embedded", make_executor=bulk.process_pool(2), workers=2, progress=kill
    )
    assert killed and done.rebuilt >= 1
    rows_once(tmp_path / "out.parquet", rows)


def test_a_killed_run_goes_on_where_it_was(shared: Path, tmp_path: Path) -> None:
    archive, out = shared / "data" / "vietnews_titles_leads.parquet", tmp_path / "out.parquet"
    rows = pq.read_metadata(archive).num_rows
    words = [sys.executable, "-m", "canbang", "label", str(archive), "-o", str(out), "--workers", "2"]
    with subprocess.Popen(words, start_new_session=True) as run:
        timer = threading.Timer(240, run.kill)
        timer.start()
        while len(list((tmp_path / "out.parquet.parts").glob("*.parquet"))) < 5 and run.poll() is None:
            time.sleep(0.2)
        os.killpg(run.pid, signal.SIGKILL)
        timer.cancel()
    kept = len(list((tmp_path / "out.parquet.parts").glob("*.parquet")))
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert "đã có từ trước" in done.stdout and kept >= 5
    rows_once(out, rows)
