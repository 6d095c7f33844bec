"""*Cân bằng nội dung*: the figure with its interval and verdict, or an estimate that looks like neither."""

from __future__ import annotations

import re
from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from canbang.desk.domain import prediction, sheet
from canbang.desk.models import Channel, Organisation, Prediction, User
from canbang.desk.views import charts, reading
from canbang.report.words import VERDICTS
from canbang.text.numbers import percent
from desk.auditing import audited, drawn, fill, signed, text_of
from desk.conftest import MONTH

AUGUST = date(2026, 8, 1)
LAST_YEAR = date(2025, 9, 1)


def page(client: Client, commune: Organisation, month: date = MONTH, query: str = "") -> str:
    return text_of(client, reverse("balance_month", args=[commune.code, month]) + query)


def test_the_audited_figure_stands_with_everything_that_belongs_beside_it(
    commune: Organisation, minh: User, minhs: Client
) -> None:
    found = audited(commune, minh, count=200)
    share = found.share()
    text = page(minhs, commune)
    public = found.share("counted_negative_public_interest")
    for said in (
        percent(share["point"]), "độ tin cậy 95\u00a0%", VERDICTS[found.verdict], "dưới 15\u00a0%",  # type: ignore[index]
        f"vì lợi ích công: <strong>{percent(public['point'])}", "không kể phần này còn", "Mỗi câu chuyện tính một lần",
        "Tích cực", "Trung tính", "Tiêu cực", "Theo tuần", "Theo kênh", "Theo chủ đề", "bộ tiêu chí bản 1", "Cảnh báo sớm, 7 ngày",
    ):  # fmt: skip
        assert said in text
    assert "quota" not in text and "chắc chắn" not in text and "canbang sample" not in text


def test_an_estimate_has_no_interval_no_limit_line_and_no_verdict(
    commune: Organisation, minh: User, minhs: Client
) -> None:
    fill(commune, 200)
    drawn(commune, minh)
    text = page(minhs, commune)
    assert "ước tính máy, chưa có kết luận" in text
    assert not any(word in text for word in VERDICTS.values())
    assert 'class="limit"' not in text and 'class="band"' not in text and "Khoảng 95" not in text
    assert "Đã chấm 0/30 tin, còn 60 lượt đọc" in text and "mẫu đang chấm, chưa tính vào con số này" in text


def test_every_figure_leads_to_what_it_was_computed_from(commune: Organisation, minh: User, minhs: Client) -> None:
    audited(commune, minh, count=200)
    text = page(minhs, commune)
    items, channel = reverse("items", args=[commune.code]), Channel.objects.get(organisation=commune)
    for address in (
        f"{items}?thang=2026-09", f"{items}?thang=2026-09&amp;kenh={channel.pk}", f"{items}?thang=2026-09&amp;chu_de=society",
        f"{items}?tu=01%2F09%2F2026&amp;den=06%2F09%2F2026", reverse("sheet", args=[commune.code, MONTH]),
        reverse("codebook", args=[commune.code]),
    ):  # fmt: skip
        assert f'href="{address}"' in text
    counts = [int(n) for n in re.findall(rf'href="{re.escape(items)}\?tu=[^"]*">(\d+)', text)]
    assert sum(counts) == 200


def test_the_query_of_a_week_finds_the_items_of_that_week(commune: Organisation, minhs: Client) -> None:
    fill(commune, 200)
    found = minhs.get(reverse("items", args=[commune.code]) + "?tu=01/09/2026&den=06/09/2026").content.decode()
    week = next(part for part in sheet.refresh(commune, MONTH).value["by"]["week"] if part["key"] == "2026-W36")
    assert f"{week['items']} tin" in " ".join(found.split())


def test_one_channel_is_read_by_itself(commune: Organisation, minh: User, minhs: Client) -> None:
    fill(commune, 40)
    audited(commune, minh, count=60, channel="Facebook xã", first=500)
    chosen = Channel.objects.get(organisation=commune, name="Facebook xã")
    text = page(minhs, commune, query=f"?kenh={chosen.pk}")
    assert "Kênh Facebook xã" in text and "60 tin, bài" in text and "Kết luận chính thức là của cả kỳ" in text
    address = reverse("balance_month", args=[commune.code, MONTH])
    assert {minhs.get(f"{address}?kenh={asked}").status_code for asked in ("999999", "x", "-1")} == {404}


def test_months_are_compared_where_both_are_signed(commune: Organisation, minh: User, minhs: Client) -> None:
    audited(commune, minh, AUGUST, first=1000)
    signed(commune, minh, LAST_YEAR, first=2000)
    audited(commune, minh)
    text = page(minhs, commune)
    assert "Cùng kỳ năm trước (9/2025)" in text and "Tháng trước (8/2026)" not in text
    august = sheet.refresh(commune, AUGUST)
    sheet.sign(august, minh, sheet.digest_of(august))
    assert "Tháng trước (8/2026)" in page(minhs, commune)


def test_a_month_judged_by_another_codebook_is_not_compared_and_the_page_says_why(
    commune: Organisation, minh: User, minhs: Client
) -> None:
    before = signed(commune, minh, AUGUST, first=1000)
    audited(commune, minh)
    text = before.text.replace(before.value["codebook"]["digest"], "f" * 64)
    type(before).objects.filter(pk=before.pk).update(text=text)
    assert "Không so sánh được với phiếu tháng 8/2026: chấm theo bộ tiêu chí khác" in page(minhs, commune)


def test_the_newest_month_comes_first_and_a_chosen_one_is_gone_to(commune: Organisation, minhs: Client) -> None:
    fill(commune, 20, month=AUGUST, first=100)
    fill(commune, 20)
    start = reverse("balance", args=[commune.code])
    assert minhs.get(start)["Location"] == reverse("balance_month", args=[commune.code, MONTH])
    chosen = minhs.get(start, {"thang": "2026-08", "kenh": "3"})
    assert chosen["Location"] == reverse("balance_month", args=[commune.code, AUGUST]) + "?kenh=3"
    assert minhs.get(reverse("balance_month", args=[commune.code, date(2024, 1, 1)])).status_code == 404


def test_an_empty_desk_is_led_to_its_first_file(commune: Organisation, minhs: Client) -> None:
    response = minhs.get(reverse("balance", args=[commune.code]))
    assert response.status_code == 200 and reverse("intake", args=[commune.code]) in response.content.decode()


def test_items_that_wait_for_their_labels_are_no_failure(commune: Organisation, minhs: Client) -> None:
    fill(commune, 20)
    Prediction.objects.filter(item__platform_id="a3").delete()
    assert "còn tin chưa gắn nhãn máy" in page(minhs, commune)
    prediction.label(commune)


def test_the_marks_of_a_chart_lie_on_its_scale(commune: Organisation, minh: User) -> None:
    report = sheet.report_of(audited(commune, minh, count=200))
    scale, bars = charts.forest(report, report.by["week"])
    for bar in bars:
        assert 14 <= float(bar.low) <= float(bar.x) <= float(bar.low) + float(bar.width) + 0.2 <= 206.5
    assert scale.ticks[0] == ("14.0", "0")
    weeks = charts.weeks(report)
    assert (
        weeks is not None
        and len(weeks.marks) == len(report.by["week"])
        and weeks.band.count("L") == 2 * len(weeks.marks) - 1
    )


def test_a_month_of_one_week_has_a_table_and_no_line(commune: Organisation, minh: User, minhs: Client) -> None:
    report = sheet.report_of(audited(commune, minh, count=60))
    assert charts.weeks(report) is None and len(reading.rows(report, "week", commune)[1]) == 1
    assert "weeks-title" not in page(minhs, commune)


@pytest.mark.parametrize("part", ["counted_negative", "positive", "neutral", "negative"])
def test_what_the_page_prints_is_what_the_sheet_holds(
    commune: Organisation, minh: User, minhs: Client, part: str
) -> None:
    found = audited(commune, minh)
    assert percent(found.share(part)["point"]) in page(minhs, commune)
