"""*Báo cáo*: where months stand, the document, its files, and the head's approval."""

from __future__ import annotations

import io
import json
from datetime import date

import openpyxl
import pytest
from django.test import Client
from django.urls import reverse

from canbang.desk.domain import sheet
from canbang.desk.models import Draw, Entry, Organisation, Sheet, User, Verb
from canbang.desk.roles import Role
from canbang.report.words import VERDICTS
from desk.auditing import audited, drawn, fill, read, signed, text_of
from desk.conftest import MONTH, client_of, confirmed, person

AUGUST = date(2026, 8, 1)


def address(name: str, commune: Organisation, month: date = MONTH) -> str:
    return reverse(name, args=[commune.code, month])


@pytest.fixture
def head(commune: Organisation) -> Client:
    """The head's browser, the password given a moment ago."""
    user = person(commune, "Hà", Role.HEAD)
    return confirmed(client_of(user), user)


def test_the_list_says_where_every_month_stands(commune: Organisation, minh: User, minhs: Client) -> None:
    for number, month in enumerate((date(2026, 6, 1), date(2026, 7, 1), AUGUST, MONTH)):
        fill(commune, month=month, first=100 * number)
    drawn(commune, minh, month=date(2026, 7, 1))
    read(drawn(commune, minh, month=AUGUST))
    read(drawn(commune, minh))
    done = sheet.refresh(commune, MONTH)
    sheet.sign(done, minh, sheet.digest_of(done))
    text = text_of(minhs, reverse("sheets", args=[commune.code]))
    rows = [row.split("</tr>")[0] for row in text.split('<th scope="row">')[1:]]
    assert [
        state in row for state, row in zip(("Đã ký", "Chờ ký", "Đang chấm", "Ước tính máy"), rows, strict=True)
    ] == [True] * 4
    assert [VERDICTS[done.verdict] in row for row in rows] == [True, False, False, False]  # type: ignore[index]
    assert "đã chấm 0/30, còn 60 lượt" in rows[2]


def test_a_sheet_in_the_making_shows_no_verdict(commune: Organisation, minh: User, minhs: Client) -> None:
    fill(commune)
    drawn(commune, minh)
    text = text_of(minhs, address("sheet", commune))
    assert "ước tính máy, chưa có kết luận" in text and "còn 60 lượt đọc" in text
    assert not any(f">{word}<" in text for word in VERDICTS.values())
    assert "mẫu đang chấm, chưa tính vào con số này" in text


def test_the_document_of_a_signed_month_says_who_when_and_what(
    commune: Organisation, minh: User, minhs: Client
) -> None:
    done = signed(commune, minh)
    text = text_of(minhs, address("sheet", commune))
    draw = Draw.objects.get(organisation=commune)
    for said in (
        "Minh phê duyệt lúc", done.digest, done.anchor_head, f"{done.anchor_count} mục", draw.secret, "30 tin", "60 tin, bài",
        done.value["codebook"]["digest"], "Xã Thượng Trà", "1/9/2026 – 30/9/2026",
    ):  # fmt: skip
        assert said in text
    assert "chữ ký số" not in text and "chắc chắn" not in text


def test_the_secret_is_shown_only_once_it_is_published(commune: Organisation, minh: User, minhs: Client) -> None:
    audited(commune, minh)
    draw = Draw.objects.get(organisation=commune)
    assert draw.secret not in text_of(minhs, address("sheet", commune)) and draw.commitment in text_of(
        minhs, address("sheet", commune)
    )


def test_the_head_signs_what_the_page_shows(commune: Organisation, minh: User, head: Client) -> None:
    found = audited(commune, minh)
    digest = sheet.digest_of(found)
    text = text_of(head, address("sheet_sign", commune))
    assert f"phê duyệt nội dung có mã băm SHA-256 <code>{digest}</code>" in text and "chữ ký số" not in text
    response = head.post(address("sheet_sign", commune), {"digest": digest})
    assert response.status_code == 302 and response["Location"] == address("sheet", commune)
    found.refresh_from_db()
    assert (found.digest, found.signer) == (digest, "Hà")
    assert list(Entry.objects.filter(organisation=commune).order_by("-number").values_list("verb", flat=True)[:2]) == [
        Verb.REVEAL,
        Verb.SIGN,
    ]


def test_signing_asks_for_the_password_first(commune: Organisation, minh: User) -> None:
    found = audited(commune, minh)
    user = person(commune, "Hà", Role.HEAD)
    user.set_password("một mật khẩu dài")
    user.save()
    client = client_of(user)
    for response in (
        client.get(address("sheet_sign", commune)),
        client.post(address("sheet_sign", commune), {"digest": sheet.digest_of(found)}),
    ):
        assert response.status_code == 302 and response["Location"].startswith(reverse("account_reauthenticate"))
    found.refresh_from_db()
    assert found.signed_at is None


def test_a_digest_of_another_text_signs_nothing(commune: Organisation, minh: User, head: Client) -> None:
    found = audited(commune, minh)
    response = head.post(address("sheet_sign", commune), {"digest": "0" * 64}, follow=True)
    assert "Con số đã đổi từ lúc bạn mở trang" in response.content.decode()
    found.refresh_from_db()
    assert found.signed_at is None


def test_where_a_sheet_cannot_be_signed_the_page_says_why_and_has_no_button(
    commune: Organisation, minh: User, head: Client
) -> None:
    fill(commune)
    drawn(commune, minh)
    text = text_of(head, address("sheet_sign", commune))
    assert "Chấm mẫu chưa xong" in text and "<button>Phê duyệt" not in text


def test_the_json_is_the_text_byte_for_byte_and_taking_it_is_logged(
    commune: Organisation, minh: User, minhs: Client
) -> None:
    done = signed(commune, minh)
    response = minhs.get(address("sheet_json", commune))
    assert response.content == done.text.encode()
    assert response["Content-Disposition"] == 'attachment; filename="phieu-can-bang-thuong-tra-2026-09.json"'
    entry = Entry.objects.filter(organisation=commune).order_by("-number").first()
    assert entry is not None
    assert (entry.verb, entry.detail["sha256"], entry.detail["file"], entry.detail["signed"]) == (
        Verb.EXPORT,
        done.digest,
        "JSON",
        True,
    )


def test_workbook_and_page_say_what_was_signed_whatever_came_since(
    commune: Organisation, minh: User, minhs: Client
) -> None:
    done = signed(commune, minh)
    fill(commune, 20, first=900)
    book = openpyxl.load_workbook(io.BytesIO(minhs.get(address("sheet_xlsx", commune)).content))
    rows = {row[0]: row[1] for row in book["Cân bằng nội dung"].iter_rows(values_only=True) if row[0]}
    assert rows["Kết luận"] == VERDICTS[done.verdict]  # type: ignore[index]
    assert rows["Tính là tiêu cực"] == pytest.approx(done.share()["point"])
    assert book["Tin chấm mẫu"].max_row == 31
    text = minhs.get(address("sheet_html", commune)).content.decode()
    assert "Mẫu số 60 tin" in text and text.count("Tệp xuất do đơn vị đưa vào: 2026-09.jsonl") == 1
    assert Entry.objects.filter(organisation=commune, verb=Verb.EXPORT).count() == 2


@pytest.mark.parametrize("name", ["sheet", "sheet_json", "sheet_xlsx", "sheet_html"])
def test_a_signed_text_that_somebody_changed_is_refused(
    commune: Organisation, minh: User, minhs: Client, name: str
) -> None:
    done = signed(commune, minh)
    Sheet.objects.filter(pk=done.pk).update(text=done.text.replace('"items": 60', '"items": 61', 1))
    text = text_of(minhs, address(name, commune), 422)
    assert "không còn khớp mã băm lúc ký" in text
    assert not Entry.objects.filter(verb=Verb.EXPORT).exists()


def test_items_that_came_after_the_signature_are_said_on_the_text_of(
    commune: Organisation, minh: User, minhs: Client
) -> None:
    signed(commune, minh)
    fill(commune, 4, first=900)
    assert "Từ lúc ký có thêm 4 tin của tháng này được nạp; phiếu không đổi." in text_of(
        minhs, address("sheet", commune)
    )


def test_files_show_the_change_since_the_month_before(commune: Organisation, minh: User, minhs: Client) -> None:
    signed(commune, minh, AUGUST, first=300)
    done = signed(commune, minh)
    assert "Tháng trước (8/2026)" in minhs.get(address("sheet_html", commune)).content.decode()
    assert json.loads(done.text)["changes"] == []  # the signed text is one month's


def test_a_month_without_items_has_no_sheet(commune: Organisation, minhs: Client) -> None:
    assert minhs.get(address("sheet", commune)).status_code == 404
