"""The language-model labeller when things go wrong: faults of the endpoint, killed runs, keys, configurations."""

from __future__ import annotations

import json
import logging
import math
import pickle
import subprocess
import sys
import threading
import time
import traceback
from email.utils import formatdate
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from canbang.codebook import load_codebook
from canbang.errors import InputError
from canbang.fetch.endpoint import chat_address, check_endpoint
from canbang.label.llm import LlmLabeller, shown
from llm_endpoint import (
    KEY,
    Endpoint,
    Reply,
    good,
    item,
    reasons,
    say,
    status,
)

# --------------------------------------------------------------------------------------------------------------- faults


@pytest.mark.parametrize("code", [500, 502, 503, 429, 408])
def test_a_passing_fault_is_tried_again(build: Any, endpoint: Endpoint, code: int) -> None:
    endpoint.script = [status(code, "overloaded")] * 2
    labeller = build()
    assert (np.isfinite(labeller.predict([item()])[0, 0]), len(endpoint.bodies)) == (np.True_, 3)


@pytest.mark.parametrize(("code", "wait"), [(429, "1"), (503, "date")])
def test_retry_after_is_honoured(build: Any, endpoint: Endpoint, code: int, wait: str) -> None:
    """No request comes before the time that the endpoint names, in seconds or as a date."""
    value = formatdate(math.ceil(time.time()) + 1, usegmt=True) if wait == "date" else wait
    endpoint.script = [status(code, "slow down", Retry_After=value)]
    build(concurrency=1).predict([item(), item("Khánh thành cầu Khe Dâu", 2)])
    assert (len(endpoint.times), endpoint.times[1] - endpoint.times[0] > 0.7) == (3, True)


def test_a_retry_after_of_hours_ends_the_run(build: Any, endpoint: Endpoint) -> None:
    endpoint.script = [status(429, "", Retry_After="7200")]
    with pytest.raises(InputError, match="chờ 120 phút"):
        build().predict([item()])
    assert len(endpoint.bodies) == 1


def test_a_timeout_is_tried_again_and_then_fails_the_item(build: Any, endpoint: Endpoint) -> None:
    def slow(body: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        time.sleep(0.6)
        return good(body)

    endpoint.script = [slow] * 2
    labeller = build(timeout_seconds=0.2, retries=1)
    assert np.isnan(labeller.predict([item()])).all()
    assert (len(endpoint.bodies), "quá 0.2 giây chưa trả lời" in reasons(labeller)[0]) == (2, True)


def test_an_answer_that_is_not_json_or_too_large_fails_the_item(build: Any, endpoint: Endpoint) -> None:
    endpoint.script = [status(200, "<html>")] * 2 + [status(200, "x" * (3 << 20))]
    labeller = build(retries=1, concurrency=1)
    assert np.isnan(labeller.predict([item(), item("Khánh thành cầu Khe Dâu", 2)])).all()
    assert ["không phải JSON" in reasons(labeller)[0], "lớn hơn 2048 KB" in reasons(labeller)[1]] == [True, True]


@pytest.mark.parametrize(("code", "part"), [(401, "không nhận khóa"), (404, "mã 404"), (302, "chuyển hướng")])
def test_a_fault_of_the_whole_endpoint_ends_the_run_at_once(
    build: Any, endpoint: Endpoint, code: int, part: str
) -> None:
    endpoint.script = [status(code, "no", Location="http://127.0.0.1:1/elsewhere")] * 9
    with pytest.raises(InputError, match=part):
        build(concurrency=1).predict([item(f"Tin số {number} trong ngày", number) for number in range(9)])
    assert len(endpoint.bodies) == 1


def test_a_server_that_is_not_there_is_named(build: Any) -> None:
    with pytest.raises(InputError, match=r"127\.0\.0\.1:1/v1/chat/completions: không kết nối được"):
        build(url="http://127.0.0.1:1/v1").predict([item()])


def test_five_faults_in_a_row_end_the_run_and_what_was_answered_is_kept(build: Any, endpoint: Endpoint) -> None:
    items = [item(f"Tin số {number} trong ngày", number) for number in range(20)]
    endpoint.script = [good, good, *[status(500, "out of memory")] * 5]
    with pytest.raises(InputError, match=r"out of memory.*Đã dừng, phần đã chấm được giữ"):
        build(concurrency=1, retries=0).predict(items)
    assert build().estimate(items)[:2] == (18, 2)


@pytest.mark.parametrize(
    ("refusals", "changed"),
    [
        (["'response_format.type' must be text"], {"response_format": {"type": "json_object"}}),
        (["json_schema is not supported", "json_object is not supported"], {"response_format": None}),
        (["'max_tokens' is not supported, use 'max_completion_tokens'"], {"max_tokens": None, "max_completion_tokens": 800}),
        (["temperature does not support 0"], {"temperature": None}),
    ],
)  # fmt: skip
def test_an_option_that_the_endpoint_does_not_know_is_left_out(
    build: Any, endpoint: Endpoint, refusals: list[str], changed: dict[str, Any]
) -> None:
    endpoint.script = [status(400, json.dumps({"error": {"message": text}})) for text in refusals]
    out = build().predict([item()])
    assert (np.isfinite(out[0, 0]), len(endpoint.bodies)) == (np.True_, len(refusals) + 1)
    assert {name: endpoint.bodies[-1].get(name) for name in changed} == changed


def test_a_pace_and_a_bound_on_requests_at_once_are_kept(build: Any, endpoint: Endpoint) -> None:
    build(requests_per_minute=600, concurrency=8).predict(
        [item(f"Tin số {number} trong ngày", number) for number in range(6)]
    )
    gaps = np.diff(sorted(endpoint.times))
    assert (len(endpoint.times), bool(gaps.min() > 0.05), bool(gaps.sum() > 0.45)) == (6, True, True)


# ---------------------------------------------------------------------------------------------------------------- cache


def test_an_item_is_asked_once_whatever_its_id_and_however_often(build: Any, endpoint: Endpoint) -> None:
    first = build().predict([item(), item(number=2), item("Khánh thành cầu Khe Dâu", 3)])
    again = build().predict([item(number=4), item("Khánh thành cầu Khe Dâu", 5)])
    assert len(endpoint.bodies) == 2
    np.testing.assert_array_equal(again, first[[0, 2]])


def test_a_run_that_was_killed_goes_on_from_its_last_whole_line(build: Any, endpoint: Endpoint, tmp_path: Path) -> None:
    """A torn last line is asked again, and what is written behind it is read next time."""
    items = [item(f"Tin số {number} trong ngày", number) for number in range(4)]
    whole = build(concurrency=1).predict(items)
    path = tmp_path / "llm.cache.jsonl"
    path.write_bytes(path.read_bytes()[:-20])
    for asked in (5, 5):
        np.testing.assert_array_equal(build().predict(items), whole)
        assert len(endpoint.bodies) == asked


def test_a_process_killed_in_the_middle_loses_no_answer(build: Any, endpoint: Endpoint, tmp_path: Path) -> None:
    """Killed outright while the sixth request hangs: the next run asks the 25 others and none of the five again."""
    items = [item(f"Tin số {number} trong ngày", number) for number in range(30)]
    hang = threading.Event()

    def never(body: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        hang.wait(20)
        return good(body)

    labeller = build(concurrency=1, timeout_seconds=30)
    endpoint.script = [*[good] * 5, never]
    (tmp_path / "items.pickle").write_bytes(pickle.dumps((labeller, items)))
    code = "import pickle, sys; a, b = pickle.load(open(sys.argv[1], 'rb')); a.predict(b)"
    process = subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "items.pickle")])
    try:
        deadline = time.monotonic() + 20
        while len(endpoint.bodies) < 6 and time.monotonic() < deadline:
            time.sleep(0.02)
    finally:
        process.kill()
        process.wait()
        hang.set()
    before = len(endpoint.bodies)
    assert np.isfinite(build().predict(items)[:, 0]).all()
    assert (before, len(endpoint.bodies) - before) == (6, 25)


def test_a_model_or_prompt_of_its_own_has_answers_of_its_own(build: Any, endpoint: Endpoint) -> None:
    versions = [build(model=model, logprobs=own).version for model in ("a", "b") for own in (False, True)]
    keys = [build(model=model, logprobs=own).key(shown(item())) for model in ("a", "b") for own in (False, True)]
    assert (len(set(versions)), len(set(keys))) == (4, 4)
    assert load_codebook().digest[:12] in versions[0]


def test_a_kept_answer_that_was_tampered_with_is_asked_again(build: Any, endpoint: Endpoint, tmp_path: Path) -> None:
    build().predict([item()])
    path = tmp_path / "llm.cache.jsonl"
    path.write_text(path.read_text("utf-8").replace("ba người", "bốn người"), "utf-8")
    build().predict([item()])
    assert len(endpoint.bodies) == 2


def test_a_failed_item_is_not_kept(build: Any, endpoint: Endpoint) -> None:
    endpoint.script = [say("không")] * 2
    assert np.isnan(build().predict([item()])).all()
    assert np.isfinite(build().predict([item()])[0, 0])


def test_another_process_gets_the_same_labeller_and_no_key(build: Any) -> None:
    labeller = build()
    data = pickle.dumps(labeller)
    assert (pickle.loads(data).version, KEY.encode() in data) == (labeller.version, False)


# ------------------------------------------------------------------------------------------------------------------ key


@pytest.mark.parametrize(
    "reply",
    [status(401, f"bad key {KEY}"), status(400, f"bad key {KEY} or sk-proj-abc123"), status(500, KEY), status(302, KEY),
     status(200, KEY), status(200, json.dumps({"choices": [{"message": {"refusal": KEY}}]})), say(KEY)],
)  # fmt: skip
def test_the_key_stands_in_no_message_no_log_and_no_file(
    build: Any, endpoint: Endpoint, reply: Reply, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    caplog.set_level(logging.DEBUG)
    endpoint.script = [reply] * 9
    labeller, said = build(retries=1), ""
    try:
        labeller.predict([item()])
    except InputError:
        said = traceback.format_exc()
    said += "".join(map(str, labeller.failed)) + repr(labeller.config) + repr(vars(labeller)) + caplog.text
    said += "".join(path.read_text("utf-8") for path in tmp_path.iterdir())
    assert (KEY in said, "abc123" in said) == (False, False)
    assert endpoint.heads[0]["Authorization"] == f"Bearer {KEY}"


def test_a_missing_key_is_reported_without_the_name_that_may_be_the_key(build: Any) -> None:
    for pasted in ("sk-abc-def", "gsk_abcdef", "NOT_SET"):
        with pytest.raises(InputError) as refusal:
            build(key_env=pasted)
        assert pasted not in str(refusal.value)


def test_a_local_server_needs_no_key(build: Any, endpoint: Endpoint) -> None:
    build(key_env="").predict([item()])
    assert "Authorization" not in endpoint.heads[0]


@pytest.mark.parametrize(
    ("url", "part"),
    [
        ("http://api.example.com/v1", "không mã hóa"),
        ("ftp://127.0.0.1/v1", "http://"),
        ("https://me:secret@example.com/v1", "đăng nhập"),
        ("http://[", "không hợp lệ"),
        ("https://", "http://"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_before_anything_is_sent(build: Any, url: str, part: str) -> None:
    with pytest.raises(InputError, match=part) as refusal:
        build(url=url)
    assert "secret" not in str(refusal.value)


def test_messages_show_no_query() -> None:
    assert check_endpoint("https://h.example/v1?api-key=abc") == "https://h.example/v1"


def test_the_address_may_be_a_base_or_whole() -> None:
    whole = "https://h.example/v1/chat/completions"
    assert [chat_address(url) for url in ("https://h.example", "https://h.example/v1/", whole)] == [whole] * 3
    assert chat_address("https://h.example/openai/v1?api-version=1") == (
        "https://h.example/openai/v1/chat/completions?api-version=1"
    )


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"model": ""}, "model"),
        ({"model": 3}, "model"),
        ({"concurrency": 0}, "concurrency"),
        ({"concurrency": 2.5}, "concurrency"),
        ({"timeout_seconds": -1}, "timeout_seconds"),
        ({"retries": True}, "retries"),
        ({"response_format": "xml"}, "response_format"),
        ({"api_key": "sk-abcdef"}, "không ghi trong tệp"),
    ],
)
def test_a_wrong_configuration_names_the_file_and_the_field(build: Any, changes: dict[str, Any], part: str) -> None:
    with pytest.raises(InputError, match=r"llm\.toml") as refusal:
        build(**changes)
    assert (part in str(refusal.value), "abcdef" in str(refusal.value)) == (True, False)


@pytest.mark.parametrize("content", [None, b"url = ", b"\xff"])
def test_a_missing_or_damaged_configuration_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "llm.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=r"llm\.toml"):
        LlmLabeller.load(path)
