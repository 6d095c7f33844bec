"""The fake endpoint, and a labeller of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from canbang.label.llm import LlmLabeller
from llm_endpoint import KEY, Endpoint


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    served = Endpoint()
    yield served
    served.server.shutdown()
    served.server.server_close()


@pytest.fixture
def build(endpoint: Endpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., LlmLabeller]:
    """A labeller of the fake endpoint, by way of a file as an operator writes it."""
    monkeypatch.setenv("KEY_OF_TEST", KEY)

    def make(**changes: Any) -> LlmLabeller:
        fields = {"url": endpoint.url, "model": "thử", "key_env": "KEY_OF_TEST", "backoff_seconds": 0.01, "retries": 2,
                  "timeout_seconds": 5} | changes  # fmt: skip
        path = tmp_path / "llm.toml"
        path.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in fields.items()), "utf-8")
        return LlmLabeller.load(path)

    return make
