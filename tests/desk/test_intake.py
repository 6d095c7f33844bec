"""Files, pastes and their previews: looked at before they are taken, taken once, nothing lost."""

from __future__ import annotations

import csv
import io
import json
import os
import stat
import zipfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import openpyxl
import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from canbang.desk.domain import intake as intakes
from canbang.desk.domain import upload as uploads
from canbang.desk.domain.draw import draw_first, open_month
from canbang.desk.models import (
    Channel,
    Entry,
    Intake,
    IntakeKind,
    Item,
    Organisation,
    Prediction,
    RejectedRow,
    Revision,
    Upload,
    User,
)
from canbang.desk.roles import Role
from canbang.errors import InputError
from canbang.estimate.looks import Mode
from canbang.item import VIETNAM, Confidence
from canbang.item import Item as Act
from desk.conftest import MONTH, client_of, make_acts, person

HEAD = "Mã bài,Tiêu đề,Sapo,Ngày đăng,Đường dẫn\n"
ROWS = (
    "1,Khánh thành cầu dân sinh xã Thượng Trà,Bà con đi lại thuận tiện,29/9/2026 08:15,https://a.gov.vn/tin-1\n"
    "2,Cháy xưởng gỗ ở tổ 4,Một người tử vong,28/9/2026 09:00,https://a.gov.vn/tin-2\n"
)
FILE = (HEAD + ROWS).encode()


def upload(client: Client, content: bytes = FILE, name: str = "thang9.csv", code: str = "thuong-tra") -> Any:
    return client.post(reverse("intake_upload", args=[code]), {"file": SimpleUploadedFile(name, content)})


def kept(client: Client, content: bytes = FILE, name: str = "thang9.csv") -> Upload:
    response = upload(client, content, name)
    assert response.status_code == 302, response.content.decode()
    return Upload.objects.latest("at")


def page(client: Client, one: Upload) -> str:
    return client.get(reverse("intake_preview", args=["thuong-tra", one.key])).content.decode()


def take_in(client: Client, one: Upload, **fields: str) -> Any:
    """Choose how the file is read, then confirm what was shown."""
    address = reverse("intake_preview", args=["thuong-tra", one.key])
    fields = {"channel": "new", "name": "Cổng thông tin"} | fields
    client.post(address, fields)
    return client.post(address, fields | {"confirm": "1"})


def test_a_file_is_looked_at_before_anything_is_stored(minhs: Client) -> None:
    one = kept(minhs)
    seen = page(minhs, one)
    assert "Khánh thành cầu dân sinh" in seen and "Tệp không có cột kênh" in seen
    assert (Item.objects.count(), Intake.objects.count(), Channel.objects.count()) == (0, 0, 0)
    assert one.path.parent == Path(settings.UPLOADS) and "thang9" not in one.path.name
    assert stat.S_IMODE(one.path.stat().st_mode) == 0o600


def test_confirmed_it_is_stored_labelled_and_the_file_is_gone(
    minhs: Client, django_capture_on_commit_callbacks: object
) -> None:
    one = kept(minhs)
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        response = take_in(minhs, one)
    taken = Intake.objects.get()
    assert response.url == reverse("intake_one", args=["thuong-tra", taken.pk])
    assert (taken.read, taken.taken, taken.doubled, taken.rejected) == (2, 2, 0, 0)
    assert list(Item.objects.order_by("pk").values_list("channel__name", "platform_id")) == [
        ("Cổng thông tin", "1"), ("Cổng thông tin", "2"),
    ]  # fmt: skip
    assert Prediction.objects.count() == 2
    assert not one.path.exists()
    assert Entry.objects.filter(verb="import").count() == 1


def test_confirmed_twice_it_is_taken_once(minhs: Client, minh: User) -> None:
    one = kept(minhs)
    first = take_in(minhs, one)
    second = minhs.post(reverse("intake_preview", args=["thuong-tra", one.key]), {"channel": "new", "confirm": "1"})
    assert second.url == first.url
    assert uploads.confirm(Upload.objects.get(pk=one.pk), minh).pk == Intake.objects.get().pk
    assert (Intake.objects.count(), Item.objects.count()) == (1, 2)


def test_two_intakes_of_the_same_file_double_nothing(minhs: Client) -> None:
    take_in(minhs, kept(minhs))
    channel = Channel.objects.get()
    take_in(minhs, kept(minhs), channel=str(channel.pk))
    second = Intake.objects.latest("pk")
    assert (second.read, second.taken, second.doubled, second.rejected) == (2, 0, 2, 0)
    assert (Item.objects.count(), Revision.objects.count()) == (2, 0)
    assert {row.reason for row in second.rejects.all()} == {"trùng: đã có trong kho"}


def test_an_edited_title_becomes_a_revision_and_is_labelled_anew(minhs: Client) -> None:
    take_in(minhs, kept(minhs))
    made = Prediction.objects.get(item__platform_id="2").pk
    edited = FILE.replace("Cháy xưởng gỗ ở tổ 4".encode(), "Dập tắt đám cháy xưởng gỗ".encode())
    take_in(minhs, kept(minhs, edited), channel=str(Channel.objects.get().pk))
    item = Item.objects.get(platform_id="2")
    assert (item.title, item.revisions.get().title) == ("Dập tắt đám cháy xưởng gỗ", "Cháy xưởng gỗ ở tổ 4")
    assert item.prediction.pk != made
    assert Intake.objects.latest("pk").notes[-1] == "1 tin được sửa, bản trước được giữ lại"


def test_a_month_that_was_drawn_from_keeps_its_labels_and_days(stocked: Organisation, minh: User) -> None:
    draw_first(open_month(stocked, MONTH, Mode.ONE_LOOK, minh), 40, minh)
    item = Item.objects.order_by("pk")[0]
    Item.objects.filter(pk=item.pk).update(date_confidence=Confidence.LIKELY.value)
    label = item.prediction.pk
    moved = make_acts(1)[0]
    moved = Act(
        channel=moved.channel,
        platform_id=moved.platform_id,
        title="Tiêu đề đã sửa",
        published_at=datetime(2026, 10, 3, tzinfo=VIETNAM),
    )
    intakes.take(stocked, IntakeKind.FILE, "sua.csv", [moved], user=minh)
    item = Item.objects.get(pk=item.pk)
    assert (item.title, item.day.month, item.prediction.pk) == ("Tiêu đề đã sửa", 9, label)


def test_an_unsure_day_moves_where_nothing_was_drawn(commune: Organisation, minh: User) -> None:
    unsure = Act("Cổng", "1", "Tin", datetime(2026, 9, 30, tzinfo=VIETNAM), date_confidence=Confidence.LIKELY)
    sure = Act("Cổng", "1", "Tin", datetime(2026, 10, 2, tzinfo=VIETNAM))
    for act in (unsure, sure, unsure):
        intakes.take(commune, IntakeKind.FILE, "a.csv", [act], user=minh)
    item = Item.objects.get()
    assert (item.day.isoformat(), item.date_confidence) == ("2026-10-02", "sure")


def test_headings_are_mapped_by_hand(minhs: Client) -> None:
    one = kept(minhs, "Cột A,Cột B,Tác giả\nHội chợ nông sản khai mạc,29/9/2026,Lan\n".encode())
    seen = page(minhs, one)
    assert "không thấy cột tiêu đề" in seen and "Cột A</option>" in seen and "Tác giả" not in seen.split("<form", 2)[2]
    columns = {"column_title": "Cột A", "column_published_at": "Cột B"}
    twice = minhs.post(
        reverse("intake_preview", args=["thuong-tra", one.key]), {"column_title": "Cột A", "column_lead": "Cột A"}
    )
    assert twice.status_code == 422 and "Mỗi trường một cột" in twice.content.decode()
    take_in(minhs, one, **columns)
    assert Item.objects.get().title == "Hội chợ nông sản khai mạc"


def test_what_was_not_shown_is_not_taken(minhs: Client) -> None:
    """A confirmation that comes with another way of reading shows that way first."""
    one = kept(minhs)
    address = reverse("intake_preview", args=["thuong-tra", one.key])
    response = minhs.post(address, {"channel": "new", "name": "Cổng", "confirm": "1"}, follow=True)
    assert "Cách đọc vừa đổi" in response.content.decode()
    assert Item.objects.count() == 0


def test_an_open_question_of_day_and_month_is_asked(minhs: Client) -> None:
    one = kept(minhs, (HEAD + "1,Tin một,,5/9/2026,\n2,Tin hai,,6/9/2026,\n").encode())
    seen = page(minhs, one)
    assert "Chọn ở ô “Thứ tự ngày”" in seen and "--date-order" not in seen
    take_in(minhs, one, order="mdy")
    assert [item.day.month for item in Item.objects.all()] == [5, 6]


def test_a_channel_column_makes_its_channels(minhs: Client) -> None:
    rows = "Kênh,Tiêu đề,Ngày đăng\nCổng thông tin,Tin một,29/9/2026\nFacebook xã,Tin hai,29/9/2026\n"
    take_in(minhs, kept(minhs, rows.encode()), channel="", name="")
    assert list(Channel.objects.order_by("name").values_list("name", flat=True)) == ["Cổng thông tin", "Facebook xã"]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("tep.xls", b"\xd0\xcf\x11\xe0", "lưu lại dạng .xlsx"),
        ("tep.zip", b"PK\x03\x04", "Giải nén"),
        ("tep.csv", b"", "Tệp rỗng"),
        ("tep.exe", b"MZ", "không đọc được loại tệp"),
        ("khong-duoi", b"abc", "không đọc được loại tệp"),
    ],
)
def test_a_file_that_is_no_table_is_refused_with_its_reason(
    minhs: Client, name: str, content: bytes, said: str
) -> None:
    before = set(Path(settings.UPLOADS).glob("*"))
    response = upload(minhs, content, name)
    assert response.status_code == 422 and said in response.content.decode()
    assert (Upload.objects.count(), set(Path(settings.UPLOADS).glob("*"))) == (0, before)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("tep.xlsx", b"PK not a workbook", "không phải tệp XLSX hợp lệ"),
        ("tep.parquet", b"PAR1 nothing", "tep.parquet"),
        ("tep.jsonl", b"[1, 2]\n", "không có dòng nào là một đối tượng JSON"),
        ("tep.csv", "Tiêu đề\nTin một\n".encode(), "không thấy cột ngày đăng"),
        ("tep.csv", "Tiêu đề,Ngày đăng\n".encode(), "không có dòng dữ liệu nào"),
    ],
)
def test_a_file_that_cannot_be_read_says_why_and_stays(minhs: Client, name: str, content: bytes, said: str) -> None:
    one = kept(minhs, content, name)
    seen = page(minhs, one)
    assert said in seen and str(one.key) not in seen.replace(f"/tep/{one.key}/", "")
    response = take_in(minhs, one)
    assert response.status_code == 302 and one.path.exists()
    assert Intake.objects.count() == 0


def test_a_file_beyond_the_limit_is_refused(minhs: Client, settings: Any) -> None:
    settings.UPLOAD_MAX = 1000
    response = upload(minhs, FILE * 5)
    assert response.status_code == 422 and "lớn hơn" in response.content.decode()
    assert Upload.objects.count() == 0


def test_a_request_far_beyond_the_limit_is_refused_by_its_length(minhs: Client, settings: Any) -> None:
    settings.UPLOAD_MAX = 1000
    assert upload(minhs, FILE * 100).status_code == 400
    assert Upload.objects.count() == 0


def test_a_workbook_that_unfolds_beyond_measure_is_refused(minhs: Client) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (64 << 20))
    response = upload(minhs, buffer.getvalue(), "bom.xlsx")
    assert response.status_code == 422 and "nén bất thường" in response.content.decode()


def test_files_of_yesterday_are_swept_away(minhs: Client) -> None:
    one = kept(minhs)
    Upload.objects.update(at=timezone.now() - timedelta(hours=25))
    os.utime(one.path, (0, 0))
    minhs.get(reverse("intake", args=["thuong-tra"]))
    assert (one.path.exists(), Upload.objects.count()) == (False, 0)


def test_a_file_swept_from_under_a_preview_is_asked_for_again(minhs: Client) -> None:
    one = kept(minhs)
    one.path.unlink()
    assert "Nạp lại tệp" in page(minhs, one)


def test_a_workbook_comes_in(minhs: Client) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["Tiêu đề", "Ngày đăng"])
    sheet.append(["Hội chợ khai mạc", datetime(2026, 9, 29, 8)])  # noqa: DTZ001  (cells know no zone)
    sheet.append(["Ngày hỏng", datetime(9999, 12, 31)])  # noqa: DTZ001
    buffer = io.BytesIO()
    book.save(buffer)
    take_in(minhs, kept(minhs, buffer.getvalue(), "thang9.xlsx"))
    assert [item.title for item in Item.objects.all()] == ["Hội chợ khai mạc"]
    assert RejectedRow.objects.get().reason == "ngày đăng rơi vào năm 9999: kiểm tra cột ngày"


def test_hostile_rows_are_stored_or_rejected_and_never_break(minhs: Client) -> None:
    rows = [
        {"id": "nul", "title": "Tin có\0ký tự rỗng", "published_at": "2026-09-01T08:00:00+07:00", "text": "a\0b"},
        {"id": "half", "title": "Nửa \ud800 cặp", "published_at": "2026-09-01T08:00:00+07:00"},
        {"id": "far", "title": "Năm 9999", "published_at": "9999-12-31T23:59:59+07:00"},
        {"id": "old", "title": "Năm 1", "published_at": "0001-01-01T00:00:00"},
        {"id": "big", "title": "Số lớn", "published_at": "2026-09-01T08:00:00+07:00", "views": 10**40},
        {
            "id": "a" * 5000,
            "title": "Mã dài",
            "published_at": "2026-09-01T08:00:00+07:00",
            "url": "https://a.vn/" + "x" * 9000,
        },
        {
            "id": "long",
            "title": "x " * 9000,
            "lead": " ".join(map(str, range(150_000))),
            "published_at": "2026-09-01T08:00:00+07:00",
        },
        {"id": "=1+1", "title": "=HYPERLINK(1)", "published_at": "2026-09-01T08:00:00+07:00"},
    ]
    content = "\n".join(json.dumps(row) for row in rows) + '\n{"id": ' + "9" * 5000 + ', "title": "x"}\n'
    one = kept(minhs, content.encode(), "la\u0000\ud800.jsonl".encode("utf-8", "replace").decode())
    take_in(minhs, one)
    taken = Intake.objects.get()
    assert (taken.read, taken.taken, taken.rejected) == (9, 6, 3)
    assert Item.objects.get(platform_id="nul").title == "Tin cóký tự rỗng"
    assert len(Item.objects.get(title="Mã dài").platform_id) == 64
    for name in ("items", "items_export", "intake"):
        assert minhs.get(reverse(name, args=["thuong-tra"])).status_code == 200


def test_rounded_ids_fall_back_on_addresses_and_a_useless_id_column_is_refused(
    commune: Organisation, minh: User
) -> None:
    when = datetime(2026, 9, 1, 8, tzinfo=VIETNAM)
    two = [Act("Cổng", "122", f"Tin {n}", when, url=f"https://a.vn/{n}") for n in range(2)]
    taken = intakes.take(commune, IntakeKind.FILE, "a.csv", two, user=minh)
    assert set(Item.objects.values_list("platform_id", flat=True)) == {"122", "https://a.vn/1"}
    assert taken.notes == ["1 tin trùng mã với tin khác nhưng khác đường dẫn: lấy đường dẫn làm mã"]
    same = [Act("Cổng", "7", f"Bài {n}", when) for n in range(9)]
    with pytest.raises(InputError, match="không phân biệt được tin"):
        intakes.take(commune, IntakeKind.FILE, "b.csv", same, user=minh)
    assert Item.objects.count() == 2


def test_rejected_rows_are_paged_and_leave_as_a_sheet_that_runs_nothing(minhs: Client) -> None:
    rows = "".join(f"{n},,,29/9/2026,\n" for n in range(60)) + "99,=cmd|x,,hôm nào,\n"
    take_in(minhs, kept(minhs, (HEAD + ROWS + rows).encode()))
    taken = Intake.objects.get()
    first = minhs.get(reverse("intake_one", args=["thuong-tra", taken.pk])).content.decode()
    assert "Trang 1 / 2" in first
    for query in ("2", "0", "-1", "9" * 40, "a%00"):
        assert minhs.get(reverse("intake_one", args=["thuong-tra", taken.pk]) + f"?trang={query}").status_code == 200
    sent = minhs.get(reverse("intake_rejects", args=["thuong-tra", taken.pk]))
    text = b"".join(sent.streaming_content).decode("utf-8")
    lines = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    assert (text[0], lines[0], len(lines)) == ("\ufeff", ["Nguồn", "Vị trí", "Lý do", "Trích đầu tin"], 62)
    assert lines[-1][3] == "'=cmd|x"


def test_pasted_lines_come_in_under_a_channel(minhs: Client) -> None:
    text = "29/9/2026 Khánh thành cầu https://zalo.me/a\nchỉ có chữ\n"
    address = reverse("intake_paste", args=["thuong-tra"])
    response = minhs.post(address, {"text": text, "channel": "new", "name": "Zalo xã"})
    taken = Intake.objects.get()
    assert response.url == reverse("intake_one", args=["thuong-tra", taken.pk])
    assert (taken.taken, taken.rejected, Item.objects.get().channel.name) == (1, 1, "Zalo xã")
    assert "điền ô “Ngày đăng của dòng không ghi ngày”" in taken.rejects.get().reason
    minhs.post(address, {"text": "Tin không ghi ngày", "channel": str(Channel.objects.get().pk), "day": "5/9/2026"})
    assert Item.objects.get(title="Tin không ghi ngày").day.isoformat() == "2026-09-05"


def test_a_link_of_a_channel_that_is_not_enrolled_is_not_fetched(minhs: Client) -> None:
    with patch("canbang.fetch.guard.Guard.get", side_effect=AssertionError("fetched")):
        minhs.post(
            reverse("intake_paste", args=["thuong-tra"]),
            {"text": "http://169.254.169.254/latest", "channel": "new", "name": "Cổng", "day": "5/9/2026"},
        )
    reason = RejectedRow.objects.get().reason
    assert "không thuộc kênh nào đã ghi danh" in reason and "canbang enrol" not in reason


@pytest.mark.parametrize("text", ["", " \n ", "x\0y", "dòng\n" * 501, "5/9/2026 Tin một\n6/9/2026 Tin hai"])
def test_a_paste_that_cannot_be_taken_stays_in_the_box(minhs: Client, text: str) -> None:
    response = minhs.post(
        reverse("intake_paste", args=["thuong-tra"]), {"text": text, "channel": "new", "name": "Cổng"}
    )
    assert response.status_code == 422 and Intake.objects.count() == 0


def test_nobody_reaches_uploads_or_intakes_of_another_organisation(minhs: Client, hoa: User) -> None:
    one = kept(minhs)
    take_in(minhs, one)
    taken, second = Intake.objects.get(), kept(minhs)
    hoas = client_of(hoa)
    for name, key in (("intake_preview", second.key), ("intake_one", taken.pk), ("intake_rejects", taken.pk)):
        for code in ("thuong-tra", "dong-hai"):
            assert hoas.get(reverse(name, args=[code, key])).status_code == 404
    assert hoas.post(reverse("intake_preview", args=["dong-hai", second.key]), {"confirm": "1"}).status_code == 404
    foreign = hoas.post(
        reverse("intake_paste", args=["dong-hai"]),
        {"text": "29/9/2026 Tin", "channel": str(Channel.objects.get().pk)},
    )
    assert foreign.status_code == 422


def test_an_auditor_brings_nothing_in(commune: Organisation) -> None:
    coder = client_of(person(commune, "Thu", Role.CODER))
    assert coder.get(reverse("intake", args=["thuong-tra"])).status_code == 403
    assert upload(coder).status_code == 403


@pytest.mark.parametrize("pk", [10**30, 0])
def test_an_address_that_names_no_row_is_404(minhs: Client, pk: int) -> None:
    for name in ("intake_one", "intake_rejects"):
        assert minhs.get(reverse(name, args=["thuong-tra", pk])).status_code == 404
