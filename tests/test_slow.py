"""Load and fuzz: a file of one gigabyte in bounded memory, and readers that no input breaks."""

from __future__ import annotations

import json
import random
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from canbang.errors import InputError
from canbang.fetch.export import file_source
from canbang.fetch.feed import read_feed
from canbang.fetch.page import read_page
from canbang.fetch.sitemap import read_listing

pytestmark = pytest.mark.slow


def test_a_file_of_one_gigabyte_is_measured_in_bounded_memory(tmp_path: Path) -> None:
    rng = random.Random(1)
    vocabulary = (Path(__file__).parent.parent / "docs" / "method.md").read_text("utf-8").split()
    path = tmp_path / "lon.csv"
    rows = 0
    with path.open("w", encoding="utf-8") as stream:
        stream.write("Mã bài,Tiêu đề,Nội dung,Ngày đăng\n")
        while stream.tell() < 1_000_000_000:
            text = " ".join(rng.choices(vocabulary, k=600)).replace('"', "").replace(",", " ")
            title = " ".join(rng.choices(vocabulary, k=12)).replace('"', "").replace(",", " ")
            stream.write(f"{rows},{title},{text},{1 + rows % 28}/9/2026 08:15\n")
            rows += 1
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "canbang", "measure", str(path), "--json"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=True,
    )
    value = json.loads(done.stdout)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"\n1 GB, {rows} rows: {time.perf_counter() - start:.0f} s, peak {peak:.0f} MB")
    assert value["read"] == rows == value["items"] + value["rejected"]
    assert peak < 1200


table = st.text(alphabet=st.sampled_from('abTiêuđề,;\t"\n\r\0=+-@0123456789/:.Ngày 29/3/2024{}[]'), max_size=400)
HEADS = [
    "",
    "Tiêu đề,Ngày đăng\n",
    "Mã,Tiêu đề;Ngày đăng\n",
    "title\tdate\n",
    '{"title":"a","published_at":"2024-03-29"}\n',
]


@settings(max_examples=20_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.sampled_from(HEADS),
    table,
    st.sampled_from(["csv", "jsonl", "xlsx", "parquet"]),
    st.sampled_from(["utf-8", "utf-16", "latin-1"]),
)
def test_no_table_breaks_the_reader(
    tmp_path_factory: pytest.TempPathFactory, head: str, body: str, suffix: str, codec: str
) -> None:
    path = tmp_path_factory.getbasetemp() / f"fuzz.{suffix}"
    path.write_bytes((head + body).encode(codec, errors="replace"))
    try:
        list(file_source(path))
    except InputError as error:
        assert "\n" not in str(error)


@settings(max_examples=20_000, deadline=None)
@given(
    st.binary(max_size=300),
    st.sampled_from(
        [
            b"",
            b"<rss version='2.0'><channel><item>",
            b"<urlset><url>",
            b"\x1f\x8b",
            b"<html><head><script type='application/ld+json'>",
        ]
    ),
)
def test_no_bytes_break_the_network_readers(body: bytes, head: bytes) -> None:
    for reader in (
        lambda: list(read_feed(head + body, "x")),
        lambda: read_listing([head + body], "x"),
        lambda: read_page(head + body),
    ):
        try:
            reader()
        except InputError as error:
            assert "\n" not in str(error)
