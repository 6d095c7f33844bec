"""The gold of the fictional letters holds together by itself: what it quotes stands in its letter, what it dates exists."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

GOLD = Path(__file__).resolve().parent / "gold"
IDS = sorted(path.stem for path in GOLD.glob("*.json"))
SHARES = {"negative_share", "positive_share", "share"}
METRICS = SHARES | {"count", "duration", "time_limit", "pre_publication_review"}
DATES = {"day": r"\d{4}-\d\d-\d\d", "month": r"\d{4}-\d\d", "quarter": r"\d{4}-Q[1-4]"}

Doc = dict[str, Any]


def flat(text: str) -> str:
    """NFC, without the marks of markdown, white space collapsed: the form in which the gold quotes."""
    text = re.sub(r"</?sup>|[*#]", "", unicodedata.normalize("NFC", text))
    return " ".join(text.split())


def load(doc_id: str) -> tuple[Doc, str]:
    (doc,) = json.loads((GOLD / f"{doc_id}.json").read_text("utf-8"))["documents"]
    return doc, flat((GOLD / doc["file"]).read_text("utf-8"))


def quotes(doc: Doc) -> Iterator[tuple[str, str]]:
    """Every text that the gold says is in the letter, with where the gold says it."""
    for field in ("number_raw", "date_raw", "closing"):
        if doc[field]:
            yield field, doc[field]
    for part in doc.get("subject_raw_parts") or [doc["subject_raw"]]:
        if part:
            yield "subject_raw", part
    for name in doc["recipients"]:
        yield "recipients", name
    for ref in doc["references"]:
        yield ref["ref_id"], ref["quote"]
    for task in doc["tasks"]:
        yield task["task_id"], task.get("text_raw") or task["text"]
        for name in task["addressees"]:
            yield f"{task['task_id']} addressees", name
        if task["group_heading"] and not task["group_heading"].startswith("("):
            yield f"{task['task_id']} heading", task["group_heading"]
    for kind in ("constraints", "deadline", "recurrence", "report_required"):
        for task in doc["tasks"]:
            found = task[kind] or []
            for one in found if isinstance(found, list) else [found]:
                yield f"{task['task_id']} {kind}", one["raw"]
    for one in doc["cc"]:
        for part in one.get("raw_parts") or [one["raw"]]:
            yield "cc", part
    yield "archive", doc["archive"]["raw"]
    for key in ("title", "name", "for_title", "on_behalf_of"):
        if doc["signatory"][key]:
            yield f"signatory.{key}", doc["signatory"][key]


def real_date(value: str, precision: str) -> bool:
    if not re.fullmatch(DATES[precision], value):
        return False
    if precision == "day":
        date.fromisoformat(value)
    elif precision == "month":
        date.fromisoformat(f"{value}-01")
    return True


def test_twelve_letters_each_with_its_gold() -> None:
    assert len(IDS) == 12
    assert sorted(path.stem for path in GOLD.glob("*.txt")) == IDS
    docs = [load(doc_id)[0] for doc_id in IDS]
    assert [doc["doc_id"] for doc in docs] == IDS
    assert [doc["file"] for doc in docs] == [f"{doc_id}.txt" for doc_id in IDS]
    assert [doc["regime"] for doc in docs].count("DANG") == 2
    assert [doc["doc_type"] for doc in docs].count("Kế hoạch") == 2


def test_one_letter_is_decomposed_and_the_gold_is_composed() -> None:
    raw = {doc_id: (GOLD / f"{doc_id}.txt").read_text("utf-8") for doc_id in IDS}
    assert [doc_id for doc_id in IDS if not unicodedata.is_normalized("NFC", raw[doc_id])] == ["G04"]
    assert unicodedata.is_normalized("NFD", raw["G04"])
    for doc_id in IDS:
        assert unicodedata.is_normalized("NFC", (GOLD / f"{doc_id}.json").read_text("utf-8"))


@pytest.mark.parametrize("doc_id", IDS)
def test_what_the_gold_quotes_stands_in_the_letter(doc_id: str) -> None:
    doc, letter = load(doc_id)
    for where, quote in quotes(doc):
        assert quote == flat(quote), (where, quote)
        assert quote in letter, (where, quote)
    for head in (doc["issuer"], doc["parent_issuer"], doc["place"]):
        assert head is None or head.casefold() in letter.casefold(), head


@pytest.mark.parametrize("doc_id", IDS)
def test_parts_belong_to_their_whole(doc_id: str) -> None:
    doc, letter = load(doc_id)
    for ref in doc["references"]:
        assert ref["number_symbol"] is None or ref["number_symbol"] in ref["quote"], ref
    for task in doc["tasks"]:
        for con in task["constraints"]:
            assert con["raw"] in task["text"], con
        if report := task["report_required"]:
            assert report["raw"] in task["text"], report
        start = letter.index(task.get("text_raw") or task["text"])
        row = letter[start : start + len(task["text"]) + 150]  # a plan's time cell stands in the row, after the text
        for when in (task["deadline"], task["recurrence"]):
            assert when is None or when["raw"] in row, when
        assert set(task["cites"]) <= {ref["ref_id"] for ref in doc["references"]}
    if doc["subject"]:
        assert doc["subject_raw"].endswith(doc["subject"])
    if "subject_raw_parts" in doc:
        assert " ".join(doc["subject_raw_parts"]) == doc["subject_raw"]
    for one in doc["cc"]:
        assert one["name"] in one["raw"] or any(one["name"] in defect for defect in doc["defects"]), "a typo put right"
        assert "raw_parts" not in one or " ".join(one["raw_parts"]) == one["raw"]


@pytest.mark.parametrize("doc_id", IDS)
def test_dates_exist(doc_id: str) -> None:
    doc, _ = load(doc_id)
    assert real_date(doc["date"], doc["date_precision"])
    for ref in doc["references"]:
        assert ref["date"] is None or real_date(ref["date"], "day"), ref
    for when in doc["deadlines"]:
        assert when["op"] in {"<", "<="}
        assert when["time"] is None or re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", when["time"])
        if when["precision"] == "relative":
            assert when["date"] is None
            assert when["relative"]
        else:
            assert real_date(when["date"], when["precision"]), when
    for when in doc["recurrences"]:
        assert when["freq"] in {"daily", "weekly", "monthly", "quarterly", "yearly"}


@pytest.mark.parametrize("doc_id", IDS)
def test_ids_are_unique_and_known(doc_id: str) -> None:
    doc, _ = load(doc_id)
    for ids in (
        [ref["ref_id"] for ref in doc["references"]],
        [ref["number_symbol"] for ref in doc["references"] if ref["number_symbol"]],
        [task["task_id"] for task in doc["tasks"]],
        [flat(task["text"]) for task in doc["tasks"]],
    ):
        assert len(ids) == len(set(ids))
    assert all(task["task_id"].startswith(f"{doc_id}/") for task in doc["tasks"])
    known = {task["task_id"] for other in IDS for task in load(other)[0]["tasks"]}
    for task in doc["tasks"]:
        assert all(link["task"] in known for link in task["derives_from"])
        assert task["in_scope"] or task["note"], "what is out of scope says why"
    assert all(drop["task"] in known for drop in doc.get("dropped_obligations", []))


@pytest.mark.parametrize("doc_id", IDS)
def test_no_deadline_or_limit_without_a_quote(doc_id: str) -> None:
    doc, letter = load(doc_id)
    for plural, single in (
        ("deadlines", "deadline"),
        ("recurrences", "recurrence"),
        ("report_clauses", "report_required"),
    ):
        assert doc[plural] == [task[single] for task in doc["tasks"] if task[single]], "the union of the tasks'"
        assert all(one["raw"] and one["raw"] in letter for one in doc[plural])
    for task in doc["tasks"]:
        assert task["standing"] == (task["deadline"] is None and task["recurrence"] is None)
        for con in task["constraints"]:
            assert con["raw"]
            assert con["metric"] in METRICS
            if con["metric"] in SHARES:
                assert con["op"] in {"<", "<=", ">", ">="}
                assert 0 < con["value"] < 1
                assert f"{con['value'] * 100:g}".replace(".", ",") in con["raw"], con
                assert con["denominator"]
                assert con["denominator"] in task["text"], con


def test_the_set_holds_what_it_was_written_for() -> None:
    docs = [load(doc_id)[0] for doc_id in IDS]
    tasks = [task for doc in docs for task in doc["tasks"]]
    shares = [con for task in tasks for con in task["constraints"] if con["metric"] in SHARES]
    assert {con["op"] for con in shares} == {"<", "<=", ">", ">="}
    assert {con["metric"] for con in shares} == SHARES
    assert len({con["denominator"] for con in shares}) >= 6
    assert [doc["doc_id"] for doc in docs if doc["number_source"] == "blank"] == ["G02"]
    assert [doc["doc_id"] for doc in docs if doc["subject"] is None] == ["G06"]
    assert {when["precision"] for doc in docs for when in doc["deadlines"]} == {"day", "month", "quarter", "relative"}
    assert {when["freq"] for doc in docs for when in doc["recurrences"]} >= {"weekly", "monthly", "quarterly"}
    assert sum(not task["in_scope"] for task in tasks) >= 6
    assert any(ref["relation"] == "trong trích dẫn" for doc in docs for ref in doc["references"])
    dropped = [drop for doc in docs for drop in doc.get("dropped_obligations", [])]
    assert [drop["task"] for drop in dropped] == ["G01/1.1"]
