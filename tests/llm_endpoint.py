"""A fake OpenAI-compatible endpoint on loopback, and the answers that it gives."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from canbang.label.llm import LlmLabeller
from conftest import make_item

KEY = "sk-rất-bí-mật".encode().hex()
TITLE = "Cháy lớn ở chợ Khe Dâu, ba người bị thương"
VALUES = {
    "tone": "negative",
    "dark_side": False,
    "sensational": False,
    "theme": "accident_disaster",
    "public_interest": True,
}
Reply = Callable[[dict[str, Any]], tuple[int, dict[str, str], bytes]]


def block_of(body: dict[str, Any]) -> dict[str, str]:
    """The item in a request: what stands between the delimiters, which occur once each."""
    asked = body["messages"][1]["content"]
    assert (asked.count("<tin_bai>"), asked.count("</tin_bai>")) == (1, 1)
    return dict(json.loads(asked.split("<tin_bai>")[1].split("</tin_bai>")[0]))


def answer(quote: str, **changes: Any) -> dict[str, Any]:
    return {label: {"value": value, "quote": quote} for label, value in (VALUES | changes).items()}


def completion(content: Any, finish: str = "stop", **more: Any) -> tuple[int, dict[str, str], bytes]:
    text = content if isinstance(content, str) or content is None else json.dumps(content, ensure_ascii=False)
    choice = {"message": {"content": text} | more.pop("message", {}), "finish_reason": finish} | more
    return 200, {}, json.dumps({"choices": [choice]}).encode()


def good(body: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
    return completion(answer(next(iter(block_of(body).values()))))


class Endpoint:
    """A fake server; ``script`` gives the first replies, ``good`` all others."""

    def __init__(self) -> None:
        self.script: list[Reply] = []
        self.bodies: list[dict[str, Any]] = []
        self.heads: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.times: list[float] = []
        self.lock, outer = threading.Lock(), self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with outer.lock:
                    outer.bodies.append(body)
                    outer.heads.append(dict(self.headers))
                    outer.paths.append(self.path)
                    outer.times.append(time.monotonic())
                    reply = outer.script.pop(0) if outer.script else good
                status, headers, data = reply(body)
                try:
                    self.send_response(status)
                    for name, value in headers.items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", str(len(data)))
                    self.end_headers()
                    self.wfile.write(data)
                except (BrokenPipeError, ConnectionResetError):  # the client has given up, as a test wants
                    pass

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/v1"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()


def item(title: str = TITLE, number: int = 1, **more: Any) -> Any:
    return make_item(number, title, **more)


def status(code: int, text: str = "", **headers: str) -> Reply:
    return lambda _: (code, {name.replace("_", "-"): value for name, value in headers.items()}, text.encode())


def say(content: Any, finish: str = "stop", **more: Any) -> Reply:
    return lambda _: completion(content, finish, **json.loads(json.dumps(more)))


def reasons(labeller: LlmLabeller) -> list[str]:
    return [failure.reason for failure in labeller.failed]
