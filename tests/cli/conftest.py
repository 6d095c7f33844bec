"""What the tests of the commands share: the command line in an empty folder, and a month to measure."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from canbang import cli
from canbang.label.linear import EmbeddedLabeller
from conftest import WordLabeller
from judging import Run


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `canbang` in an empty folder; `paste` is its standard input; gives exit status, standard output
    and standard error."""
    monkeypatch.setattr(EmbeddedLabeller, "load", classmethod(lambda cls: WordLabeller()))
    monkeypatch.chdir(tmp_path)

    def call(*words: str, paste: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["canbang", *words])
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(paste.encode())))
        status = 0
        try:
            cli.main()
        except SystemExit as stop:
            status = int(stop.code or 0)
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return status, out, err

    return call


@pytest.fixture
def month(tmp_path: Path) -> Path:
    """A month of 120 items, six of them negative, one row broken, one doubled."""
    lines = ["Mã bài,Tiêu đề,Ngày đăng"]
    for k in range(120):
        title = f"Cháy nhà kho thứ {k}" if k < 6 else f"Xã Thượng Trà khánh thành đường bê tông số {k}"
        lines.append(f"{k},{title},{1 + k % 30}/9/2026 08:15")
    lines += ["200,Tin hỏng ngày,không rõ", lines[5]]
    path = tmp_path / "cong.csv"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path
