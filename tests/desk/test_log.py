"""The log on screen: pages, filters, whose doing it was; and every way of tampering with it is found and named."""

from __future__ import annotations

import json
from datetime import date
from io import BytesIO

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from canbang.desk.domain import chain, member, personal
from canbang.desk.domain.entry import record
from canbang.desk.models import Entry, Organisation, Sheet, User, Verb
from canbang.desk.roles import Role
from canbang.ledger import START, digest
from desk.conftest import client_of, person
from desk.test_account import words

LINES = 120


@pytest.fixture
def written(commune: Organisation, minh: User) -> Organisation:
    """A log of 120 entries: Minh's coming and 119 imports of his."""
    with transaction.atomic():
        for number in range(2, LINES + 1):
            record(commune, minh.person, Verb.IMPORT, f"tệp {number}.xlsx", {"items": number})
    return commune


def numbers_of(response: HttpResponse) -> list[int]:
    return [line["entry"].number for line in response.context["lines"]]  # type: ignore[attr-defined]


def test_pages_go_from_the_newest_to_the_oldest_without_a_gap(written: Organisation, minhs: Client) -> None:
    address, seen = reverse("log", args=[written.code]), []
    while address:
        response = minhs.get(address)
        seen += numbers_of(response)
        older = response.context["older"]
        address = f"{reverse('log', args=[written.code])}?{older}" if older else ""
    assert seen == list(range(LINES, 0, -1))


def test_an_entry_that_comes_while_somebody_reads_moves_no_page(
    written: Organisation, minhs: Client, minh: User
) -> None:
    address = reverse("log", args=[written.code])
    older = minhs.get(address).context["older"]
    with transaction.atomic():
        record(written, minh.person, Verb.IMPORT, "tệp mới.xlsx")
    assert numbers_of(minhs.get(f"{address}?{older}"))[0] == LINES - 50


def test_the_log_is_filtered_by_verb_and_by_day(written: Organisation, minhs: Client) -> None:
    address = reverse("log", args=[written.code])
    assert numbers_of(minhs.get(address, {"verb": "member"})) == [1]
    day = date.fromisoformat(Entry.objects.get(organisation=written, number=1).at[:10])
    assert len(numbers_of(minhs.get(address, {"day": f"{day:%d/%m/%Y}"}))) == 50
    assert numbers_of(minhs.get(address, {"day": "05/03/2020"})) == []
    wrong = minhs.get(address, {"day": "2020/03/05"})
    assert (wrong.status_code, "ví dụ 05/03/2026" in words(wrong.content)) == (422, True)


def test_people_are_named_while_they_are_members(commune: Organisation, minh: User, minhs: Client) -> None:
    an, thu = person(commune, "An", Role.CODER), person(commune, "Thu", Role.CODER)
    with transaction.atomic():
        for user in (an, thu, minh):
            record(commune, user.person, Verb.EXPORT, "tệp")
        record(commune, None, Verb.IMPORT, "theo lịch")
    personal.erase(an, minh)
    member.remove(commune, minh, thu)
    lines = {line["entry"].number: line for line in minhs.get(reverse("log", args=[commune.code])).context["lines"]}
    who = {number: line["who"] for number, line in lines.items()}
    assert (who[4], who[5]) == (f"(đã xóa) {str(an.person)[:8]}", f"(đã rời cơ quan) {str(thu.person)[:8]}")
    assert (who[6], who[7]) == ("Minh", "hệ thống")
    assert lines[2]["what"] == f"(đã xóa) {str(an.person)[:8]}"


def test_another_organisations_entries_are_not_shown(written: Organisation, hoa: User, foreign: Organisation) -> None:
    response = client_of(hoa).get(reverse("log", args=[foreign.code]))
    assert numbers_of(response) == [1]
    assert "tệp" not in words(response.content)


def test_a_whole_log_verifies_and_gives_an_anchor(written: Organisation, minhs: Client) -> None:
    written.refresh_from_db()
    text = words(minhs.get(reverse("log_verify", args=[written.code])).content)
    assert ("Nguyên vẹn" in text, "Số mục 120" in text, written.head in text) == (True, True, True)
    anchor = minhs.get(reverse("log_anchor", args=[written.code]))
    value = json.loads(anchor.content)
    assert (value["organisation"], value["count"], value["head"]) == ("thuong-tra", 120, written.head)
    checked = minhs.post(reverse("log_verify", args=[written.code]), {"anchor": BytesIO(anchor.content)})
    assert "khớp tệp mốc (120 mục)" in words(checked.content)


def test_an_edit_a_deletion_and_a_reorder_are_found_and_named(written: Organisation, minhs: Client) -> None:
    address = reverse("log_verify", args=[written.code])

    def shown() -> str:
        return words(minhs.get(address).content)

    rows = Entry.objects.filter(organisation=written)
    rows.filter(number=40).update(object="tệp khác.xlsx")
    assert "mục 40: nội dung không khớp mã băm, đã bị sửa hoặc đổi chỗ" in shown()
    rows.filter(number=40).update(object="tệp 40.xlsx")
    assert "Nguyên vẹn" in shown()

    rows.filter(number=70).update(number=1000)
    rows.filter(number=71).update(number=70)
    rows.filter(number=1000).update(number=71)
    assert "mục 70: nội dung không khớp mã băm, đã bị sửa hoặc đổi chỗ" in shown()
    rows.filter(number=70).update(number=1000)
    rows.filter(number=71).update(number=70)
    rows.filter(number=1000).update(number=71)
    assert "Nguyên vẹn" in shown()

    rows.filter(number=40).delete()
    assert "mục 40: thiếu hoặc bị đổi chỗ (gặp mục số 41)" in shown()


def cut(organisation: Organisation, kept: int) -> None:
    """Cut the log as somebody would who can write the whole database: the stored end of the chain too."""
    Entry.objects.filter(organisation=organisation, number__gt=kept).delete()
    head = Entry.objects.get(organisation=organisation, number=kept).digest
    Organisation.objects.filter(pk=organisation.pk).update(entries=kept, head=head)


def test_a_cut_tail_is_found_by_the_stored_end_or_by_an_anchor(written: Organisation, minhs: Client) -> None:
    address = reverse("log_verify", args=[written.code])
    anchor = minhs.get(reverse("log_anchor", args=[written.code])).content
    Entry.objects.filter(organisation=written, number__gt=100).delete()
    assert "mục 101: nhật ký bị cắt đuôi, mốc ghi 120 mục mà chỉ còn 100" in words(minhs.get(address).content)
    cut(written, 100)
    assert "Nguyên vẹn" in words(minhs.get(address).content)
    checked = minhs.post(address, {"anchor": BytesIO(anchor)})
    assert "mục 101: nhật ký bị cắt đuôi, mốc ghi 120 mục mà chỉ còn 100" in words(checked.content)


def test_a_log_written_anew_is_found_by_a_signed_sheet(written: Organisation) -> None:
    written.refresh_from_db()
    Sheet.objects.create(
        organisation=written, month=date(2026, 9, 1), text="{}", value={}, verdict="under", basis="", digest="x",
        signed_at="2026-10-05T08:00:00+07:00", anchor_count=110, anchor_head=Entry.objects.get(number=110).digest,
    )  # fmt: skip
    assert chain.walk(written).faults == ()
    previous = START
    for entry in Entry.objects.filter(organisation=written).order_by("number"):
        entry.object = "viết lại"
        entry.digest = previous = digest(previous, entry.number, entry.content)
        entry.save()
    Organisation.objects.filter(pk=written.pk).update(head=previous)
    assert chain.walk(written).faults == (
        "mục 110: khác mốc in trên phiếu tháng 9/2026, nhật ký đã bị cắt đuôi hoặc viết lại",
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "rỗng"),
        (b"{", "không đọc được"),
        (b"[]", "không đọc được"),
        (b'{"organisation": "dong-hai", "count": 1, "head": "x"}', "của cơ quan khác"),
        (b'{"organisation": "thuong-tra", "count": "1", "head": "x"}', "thiếu số mục"),
        (b'{"organisation": "thuong-tra", "count": true, "head": "x"}', "thiếu số mục"),
    ],
)
def test_a_file_that_is_no_anchor_is_refused(written: Organisation, minhs: Client, content: bytes, said: str) -> None:
    response = minhs.post(reverse("log_verify", args=[written.code]), {"anchor": BytesIO(content)})
    assert (response.status_code, said in words(response.content)) == (422, True)
