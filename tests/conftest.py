"""What all tests share: the place of the shared data, a tiny labeller, a publisher's server on loopback."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from canbang.item import VIETNAM, Item
from canbang.label.labeller import COLUMN, COLUMNS

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("CANBANG_SHARED", ROOT.parent / "shared"))
EXAMPLES = ROOT / "examples"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The shared data; a test that needs it skips where it is absent, and pytest counts the skips."""
    if not (SHARED / "data").is_dir():
        pytest.skip(f"shared data not found at {SHARED} (set CANBANG_SHARED)")
    return SHARED


class WordLabeller:
    """Negative where the title says so: predictable, so that tests are about what is done with predictions."""

    name = "word"
    version = "1"

    def predict(self, items: Sequence[Item]) -> np.ndarray:
        out = np.full((len(items), len(COLUMNS)), 0.01, np.float32)
        for row, item in zip(out, items, strict=True):
            bad = any(word in item.title.lower() for word in ("cháy", "tai nạn", "lừa đảo", "tiêu cực"))
            p = 0.9 if bad else 0.05
            row[COLUMN["tone:negative"]], row[COLUMN["tone:positive"]], row[COLUMN["tone:neutral"]] = (
                p,
                0.6 * (1 - p),
                0.4 * (1 - p),
            )
            row[COLUMN["counted_negative"]] = p
            row[COLUMN["theme:society"]] = 0.88
        return out


@pytest.fixture
def labeller() -> WordLabeller:
    return WordLabeller()


def make_item(number: int, title: str = "", **more: object) -> Item:
    """An item of September 2026 on the portal."""
    fields: dict[str, object] = {
        "channel": "portal",
        "platform_id": str(number),
        "title": title or f"Xã Thượng Trà khánh thành đoạn đường bê tông số {number}",
        "published_at": datetime(2026, 9, 1 + number % 30, 8, 0, tzinfo=VIETNAM),
    }
    return Item(**(fields | more))  # type: ignore[arg-type]


class Site:
    """A publisher's site on loopback: ``pages`` maps a path to (status, headers, body)."""

    def __init__(self) -> None:
        self.pages: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.asked: list[str] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked.append(self.path)
                status, headers, body = site.pages.get(self.path, (404, {}, b"not here"))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def put(self, path: str, body: str | bytes, status: int = 200, **headers: str) -> str:
        """Serve ``body`` at ``path``; gives its address. Header names are written with underscores."""
        data = body.encode() if isinstance(body, str) else body
        self.pages[path] = (status, {name.replace("_", "-"): value for name, value in headers.items()}, data)
        return self.url + path


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A site, with the test switch of the guard turned on."""
    monkeypatch.setenv("CANBANG_TEST_LOOPBACK", "1")
    served = Site()
    yield served
    served.server.shutdown()
    served.server.server_close()
