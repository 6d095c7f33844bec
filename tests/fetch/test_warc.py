"""Archives of a channel's own pages: what is read, what is left out and counted, and what is refused."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from canbang.errors import InputError
from canbang.fetch.enrolment import Enrolment
from canbang.fetch.source import Reject, Source
from canbang.fetch.warc import archive_source, is_archive
from canbang.item import Item

RECORD = Enrolment(
    "https://lamvan.gov.vn/", "lamvan.gov.vn/", "UBND", "A", "m", "2026-09-01", "dns", "lamvan.gov.vn", "2026-09-01"
)
BODY = (
    "<p>Sáng nay, xã Thượng Trà thông xe cây cầu bắc qua suối Khe Dâu sau hai năm thi công, bà con đi lại thuận lợi.</p>"
    * 5
)


def page(title: str, canonical: str = "", date: str = "2026-09-05T08:15:00+07:00") -> str:
    link = f'<link rel="canonical" href="{canonical}">' if canonical else ""
    return (
        f'<html><head>{link}<meta property="og:title" content="{title}"><meta property="og:type" content="article">'
        f'<meta property="article:published_time" content="{date}"></head><body><article><h1>{title}</h1>{BODY}</article></body></html>'
    )


def warc(path: Path, pages: list[tuple[str, str, str]], packed: bool = True) -> Path:
    """A WARC of (address, status line, body)."""
    with path.open("wb") as stream:
        writer = WARCWriter(stream, gzip=packed)
        for url, status, body in pages:
            headers = StatusAndHeaders(status, [("Content-Type", "text/html; charset=utf-8")], protocol="HTTP/1.1")
            record = writer.create_warc_record(url, "response", payload=io.BytesIO(body.encode()), http_headers=headers)
            writer.write_record(record)
    return path


def split(source: Source) -> tuple[list[Item], list[Reject]]:
    things = list(source)
    return [t for t in things if isinstance(t, Item)], [t for t in things if isinstance(t, Reject)]


PAGES = [
    ("https://lamvan.gov.vn/tin/cau-1.html", "200 OK", page("Thông xe cầu Khe Dâu")),
    ("https://www.lamvan.gov.vn/tin/cau-1.html?utm_source=x", "200 OK", page("Thông xe cầu Khe Dâu")),
    ("https://khac.vn/tin/1.html", "200 OK", page("Tin nơi khác")),
    ("https://lamvan.gov.vn/mat.html", "404 Not Found", page("Không thấy")),
    ("https://lamvan.gov.vn/tin/2.html", "200 OK", page("Trao nhà tình nghĩa", date="2026-09-06")),
]


@pytest.mark.parametrize("packed", [True, False])
def test_a_warc_gives_the_channels_own_pages_once(tmp_path: Path, packed: bool) -> None:
    path = warc(tmp_path / ("kho.warc.gz" if packed else "kho.warc"), PAGES, packed)
    source = archive_source(path, "https://lamvan.gov.vn/", [RECORD])
    items, rejects = split(source)
    assert [(item.id, item.title, item.published_at.date().isoformat()) for item in items] == [
        ("lamvan.gov.vn/lamvan.gov.vn/tin/cau-1.html", "Thông xe cầu Khe Dâu", "2026-09-05"),
        ("lamvan.gov.vn/lamvan.gov.vn/tin/2.html", "Trao nhà tình nghĩa", "2026-09-06"),
    ]
    assert [(reject.place, reject.reason) for reject in rejects] == [
        ("bản ghi 2", "trùng: đã đọc địa chỉ này ở bản ghi 1"),
        ("bản ghi 3", "ngoài kênh đã ghi danh"),
    ]
    assert source.notes == [f"{path.name}: 1 trang ngoài kênh đã ghi danh, không đọc"]
    assert source.enrolment == RECORD.line


@pytest.mark.parametrize("packed", [True, False])
def test_a_cut_warc_gives_what_is_whole_and_says_what_is_lost(tmp_path: Path, packed: bool) -> None:
    path = warc(tmp_path / ("kho.warc.gz" if packed else "kho.warc"), PAGES, packed)
    path.write_bytes(path.read_bytes()[: -60 if packed else -1200])
    source = archive_source(path, "https://lamvan.gov.vn/", [RECORD])
    items, rejects = split(source)
    assert [item.title for item in items] == ["Thông xe cầu Khe Dâu"]
    assert rejects[-1].reason == "tệp WARC hỏng hoặc bị cắt: phần sau không đọc được"
    assert any(note.startswith("thiếu dữ liệu") for note in source.notes)


def test_a_folder_and_a_zip_read_the_same_pages(tmp_path: Path) -> None:
    folder = tmp_path / "trang"
    (folder / "muc").mkdir(parents=True)
    (folder / "muc" / "a.html").write_text(page("Tin có địa chỉ", "https://lamvan.gov.vn/tin/a.html"), "utf-8")
    (folder / "b.htm").write_text(page("Tin không địa chỉ"), "utf-8")
    (folder / "c.html").write_text(page("Tin nơi khác", "https://khac.vn/c.html"), "utf-8")
    (folder / "anh.jpg").write_bytes(b"\xff\xd8")
    (folder / "noi.html").symlink_to("/etc/hostname")
    zipped = tmp_path / "trang.zip"
    with zipfile.ZipFile(zipped, "w") as archive:
        for file in sorted(folder.rglob("*.htm*")):
            if not file.is_symlink():
                archive.write(file, file.relative_to(folder))
    for path in (folder, zipped):
        items, rejects = split(archive_source(path, "https://lamvan.gov.vn/", [RECORD]))
        assert sorted((item.platform_id, item.title) for item in items) == [
            ("b.htm", "Tin không địa chỉ"),
            ("lamvan.gov.vn/tin/a.html", "Tin có địa chỉ"),
        ]
        assert [reject.reason for reject in rejects] == ["ngoài kênh đã ghi danh"]


def test_an_archive_of_a_channel_without_enrolment_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="canbang enrol"):
        archive_source(warc(tmp_path / "kho.warc.gz", PAGES), "https://khac.vn/", [RECORD])


def test_bombs_end_early(tmp_path: Path) -> None:
    bomb = tmp_path / "bom.warc.gz"
    with gzip.open(bomb, "wb", 9) as stream:
        stream.write(b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: https://lamvan.gov.vn/a\r\n")
        stream.write(b"Content-Type: application/http\r\nContent-Length: 999999999\r\n\r\n")
        stream.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
        for _ in range(150):
            stream.write(b"\0" * (1 << 20))
    zipped = tmp_path / "bom.zip"
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.html", b"\0" * (150 << 20))
    for path in (bomb, zipped):
        with pytest.raises(InputError, match="nén bất thường"):
            list(archive_source(path, "https://lamvan.gov.vn/", [RECORD]))


def test_a_page_beyond_the_limit_is_left_out_and_the_next_one_read(tmp_path: Path) -> None:
    big = page("Trang to") + "<!--" + "x" * (6 << 20) + "-->"
    path = warc(tmp_path / "kho.warc", [("https://lamvan.gov.vn/to.html", "200 OK", big), PAGES[0]], packed=False)
    items, rejects = split(archive_source(path, "https://lamvan.gov.vn/", [RECORD]))
    assert ([item.title for item in items], [reject.reason for reject in rejects]) == (
        ["Thông xe cầu Khe Dâu"],
        ["trang lớn hơn 5 MB, không đọc"],
    )


@pytest.mark.parametrize("name", ["a.warc", "a.warc.gz", "a.zip"])
def test_what_is_no_archive_is_named(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes("không phải kho".encode())
    assert is_archive(path) is True
    with pytest.raises(InputError, match=name):
        list(archive_source(path, "https://lamvan.gov.vn/", [RECORD]))


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_damage_to_an_archive_goes_unhandled(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    folder = tmp_path_factory.getbasetemp()
    name = data.draw(st.sampled_from(["f.warc", "f.warc.gz", "f.zip"]))
    whole = folder / f"whole-{name}"
    if not whole.exists():
        if name == "f.zip":
            with zipfile.ZipFile(whole, "w") as archive:
                archive.writestr("a.html", page("Tin"))
        else:
            warc(whole, PAGES, name.endswith("gz"))
    body = bytearray(whole.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    path = folder / name
    path.write_bytes(bytes(body[: data.draw(st.integers(1, len(body)))]))
    try:
        list(archive_source(path, "https://lamvan.gov.vn/", [RECORD]))
    except InputError as error:
        assert "\n" not in str(error)
