"""The house's promises: no Django under `measure`, no author anywhere, floors kept, nothing of this machine inside."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest

from canbang.fetch.columns import AUTHORS, map_headings
from canbang.item import Item
from conftest import EXAMPLES, ROOT


def test_an_item_has_no_author() -> None:
    names = {field.name for field in dataclasses.fields(Item)}
    assert names == {
        "channel", "platform_id", "title", "published_at", "lead", "text", "url", "date_source", "date_confidence",
        "kind", "share_of", "section", "metrics",
    }  # fmt: skip


def test_no_heading_of_a_person_is_ever_mapped() -> None:
    for heading in AUTHORS:
        columns = map_headings(["Tiêu đề", heading])
        assert (columns.index, columns.dropped) == ({"title": 0}, (heading,))


def test_measure_imports_no_django(tmp_path: Path) -> None:
    """The main job runs to its end in a process where importing Django fails."""
    code = (
        "import sys\n"
        "class No:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.split('.')[0] == 'django': raise AssertionError('django imported')\n"
        "sys.meta_path.insert(0, No())\n"
        "from canbang.cli import main\n"
        f"sys.argv = ['canbang', 'measure', {str(EXAMPLES / 'youtube.jsonl')!r}, '--json']\n"
        "main()\n"
        "assert not [m for m in sys.modules if m.split('.')[0] == 'django']\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert '"items": 81' in done.stdout


def test_files_and_functions_stay_short() -> None:
    ours = [path for path in (ROOT / "src").rglob("*.py") if path.parent.name != "migrations"]  # Django writes those
    long = [str(path) for path in ours if len(path.read_text("utf-8").splitlines()) > 400]
    assert long == []


def test_the_floors_are_kept() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as m; m()"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_the_nouns_compile_on_every_supported_python(version: str) -> None:
    import shutil

    python = shutil.which(f"python{version}")
    if python is None or subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode:
        pytest.skip(f"no python{version} on this machine")
    done = subprocess.run(
        [python, "-m", "compileall", "-q", "-f", str(ROOT / "src")],
        capture_output=True,
        text=True,
        env={"PYTHONPYCACHEPREFIX": "/tmp/canbang-pyc", "PATH": "/usr/bin:/bin"},
        check=False,
    )
    assert done.returncode == 0, done.stdout
