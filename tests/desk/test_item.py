"""The store: pages that walk every item once, what a filter shows, whose label stands there, and what an auditor must not see."""

from __future__ import annotations

import csv
import io
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from canbang.desk.domain import draw, intake, item, items, judgement, prediction, sheet
from canbang.desk.models import Correction, Entry, IntakeKind, Item, Organisation, User
from canbang.desk.roles import Role
from canbang.errors import InputError
from canbang.estimate.looks import Mode
from canbang.item import VIETNAM, Confidence, Kind
from canbang.item import Item as Act
from desk.auditing import read
from desk.conftest import BAD, MONTH, client_of, person

HIDDEN = "đang chấm mẫu: điểm máy ẩn"
WHEN = datetime(2026, 9, 9, 8, tzinfo=VIETNAM)


def store(name: str = "items", *args: int, **query: str) -> str:
    address = reverse(name, args=["thuong-tra", *args])
    return address + ("?" + "&".join(f"{key}={value}" for key, value in query.items()) if query else "")


def html(client: Client, address: str, **more: Any) -> str:
    response = client.get(address, **more)
    assert response.status_code == 200, response.status_code
    text: str = response.content.decode()
    return text


def shown(text: str) -> list[int]:
    return [int(pk) for pk in re.findall(r'<h2><a href="/thuong-tra/kho-tin/(\d+)/"', text)]


def link(text: str, rel: str) -> str:
    match = re.search(rf'rel="{rel}" href="([^"]+)"', text)
    return "/thuong-tra/kho-tin/" + match[1].replace("&amp;", "&") if match else ""


@pytest.fixture
def same_moment(commune: Organisation) -> list[int]:
    """130 items, most of one moment; their keys, newest first."""
    acts = [Act("Cổng", str(n), f"Tin số {n}", WHEN + timedelta(minutes=n // 60)) for n in range(130)]
    intake.take(commune, IntakeKind.FILE, "a.csv", acts)
    return list(Item.objects.order_by("-published_at", "-pk").values_list("pk", flat=True))


@pytest.fixture
def drawn(stocked: Organisation, minh: User) -> Organisation:
    """The commune with 40 of its 120 items drawn."""
    draw.draw_first(draw.open_month(stocked, MONTH, Mode.ONE_LOOK, minh), 40, minh)
    return stocked


def test_pages_walk_every_item_once_and_back_again(minhs: Client, same_moment: list[int]) -> None:
    text = html(minhs, store())
    walked, pages = shown(text), [text]
    while address := link(pages[-1], "next"):
        pages.append(html(minhs, address))
        walked += shown(pages[-1])
    assert walked == same_moment and [len(shown(one)) for one in pages] == [50, 50, 30]
    back = html(minhs, link(pages[2], "prev"))
    assert shown(back) == shown(pages[1])
    assert shown(html(minhs, link(back, "prev"))) == shown(pages[0])
    assert link(pages[0], "prev") == ""


def test_items_that_come_in_meanwhile_move_no_page(
    minhs: Client, same_moment: list[int], commune: Organisation
) -> None:
    first = html(minhs, store())
    fresh = [Act("Cổng", f"mới {n}", f"Tin mới {n}", WHEN + timedelta(minutes=n % 3)) for n in range(70)]
    intake.take(commune, IntakeKind.FILE, "b.csv", fresh)
    walked, text = shown(first), first
    while address := link(text, "next"):
        text = html(minhs, address)
        walked += shown(text)
    assert len(walked) == len(set(walked)) and set(same_moment) <= set(walked)


@pytest.mark.parametrize(
    "query",
    ["sau=x", "sau=9" + "9" * 40 + "-1", "sau=99999999999999999-999999999999999999", "sau=1-", "truoc=%00", "truoc=0-0",
     "q=%00", "q=%ED%A0%80", "q=" + "a" * 5000, "kenh=" + "9" * 40, "kenh=x", "kenh=%00", "thang=9999-12", "thang=2026-13",
     "tu=31/12/9999&den=01/01/0001", "tu=abc", "loai=x", "chu_de=%00", "sac_thai=negative'", "nguon=zz", "q=a&q=b"],
)  # fmt: skip
def test_no_address_breaks_the_list_or_its_export(minhs: Client, stocked: Organisation, query: str) -> None:
    assert minhs.get(f"{store()}?{query}").status_code in (200, 422)
    sent = minhs.get(f"{store('items_export')}?{query}")
    assert sent.status_code == 200 and b"".join(sent.streaming_content)


def test_the_total_is_not_counted_for_ever(
    minhs: Client, same_moment: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "130 tin" in html(minhs, store())
    monkeypatch.setattr(items, "TOTAL_MAX", 100)
    assert "100+ tin" in html(minhs, store())


def test_filters_show_what_they_say(minhs: Client, commune: Organisation) -> None:
    acts = [
        Act("Cổng", "own", "Tin tự viết", WHEN, kind=Kind.ARTICLE),
        Act("Cổng", "share", "Tin dẫn lại", WHEN, share_of="https://khac.vn/1"),
        Act("Facebook", "clip", "Phóng sự ngắn", WHEN + timedelta(days=30), kind=Kind.CLIP),
        Act("Facebook", "doubt", "Tin chưa rõ ngày", WHEN, date_confidence=Confidence.LIKELY),
    ]
    intake.take(commune, IntakeKind.FILE, "a.csv", acts)
    prediction.label(commune)
    Item.objects.filter(platform_id="own").update(removed_at=WHEN)
    names = dict(Item.objects.values_list("pk", "platform_id"))
    channel = Item.objects.get(platform_id="clip").channel_id

    def keys(**query: str) -> set[str]:
        return {names[pk] for pk in shown(html(minhs, store(**query)))}

    assert keys(q="tin dan") == {"share"}
    assert keys(kenh=str(channel)) == {"clip", "doubt"}
    assert keys(thang="2026-10") == {"clip"}
    assert keys(tu="10/09/2026") == {"clip"}
    assert keys(den="2026-09-30") == {"own", "share", "doubt"}
    assert keys(loai="clip") == {"clip"}
    assert keys(nguon="shared") == {"share"}
    assert keys(nguon="own", thang="2026-09") == {"own", "doubt"}
    assert keys(chua_chac="on") == {"doubt"}
    assert keys(da_go="on") == {"own"}
    tones = {value: keys(sac_thai=value) for value in ("positive", "neutral", "negative")}
    assert sorted(key for found in tones.values() for key in found) == sorted(names.values())


def test_a_row_says_who_set_its_label(minhs: Client, stocked: Organisation) -> None:
    text = html(minhs, store(q="chay xuong"))
    version = prediction.labeller().version
    assert f"máy {version}" in text and "xác suất" in text


def test_an_auditor_does_not_see_the_machines_word_while_it_is_audited(
    drawn: Organisation, minhs: Client, minh: User
) -> None:
    nga = client_of(person(drawn, "Nga", Role.STAFF))
    cards = draw.Draw.objects.get().cards
    card = cards.filter(item__prediction__tone="negative").first()
    other = Item.objects.exclude(pk__in=cards.values("item")).first()
    assert card is not None and other is not None
    for address in (store("item", card.item_id), store("item", card.item_id, **{"ly-do": "1"})):
        hidden = html(minhs, address)
        assert HIDDEN in hidden
        assert (
            "xác suất" not in hidden.replace("kéo xác suất", "")
            and "kéo lên" not in hidden
            and "Sửa nhãn" not in hidden
        )
        assert "Tiêu cực" not in hidden
    assert "xác suất" in html(minhs, store("item", other.pk))
    assert HIDDEN not in html(nga, store("item", card.item_id)) and "xác suất" in html(nga, store("item", card.item_id))
    # neither by a filter, nor in the file
    assert card.item_id not in shown(html(minhs, store(sac_thai="negative")))
    assert card.item_id in shown(html(nga, store(sac_thai="negative")))
    rows = exported(minhs)
    assert sum(row[10] == HIDDEN for row in rows) == 40
    assert all(row[11:] == ["", "", ""] for row in rows if row[10] == HIDDEN)
    assert HIDDEN not in {row[10] for row in exported(nga)}
    with pytest.raises(InputError, match="đang được chấm mẫu"):
        item.correct(drawn, card.item, minh, judgement.Answer("positive", False), "vì thế", blind=True)


def test_when_the_month_is_signed_everybody_sees_what_people_said(
    drawn: Organisation, minhs: Client, minh: User
) -> None:
    held = draw.Draw.objects.get()
    card = held.cards.filter(item__title__startswith=BAD).first()
    assert card is not None
    read(held)
    assert "người chấm" not in html(minhs, store("item", card.item_id)).split("<main")[1]
    ready = sheet.refresh(drawn, MONTH)
    sheet.sign(ready, minh, sheet.digest_of(ready))
    text = html(minhs, store("item", card.item_id))
    assert "Kết quả chấm mẫu" in text and HIDDEN not in text and "người chấm" in text
    assert "tone-negative" in text


def exported(client: Client, **query: str) -> list[list[str]]:
    response = client.get(store("items_export", **query))
    text = b"".join(response.streaming_content).decode("utf-8")
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))[1:]


def test_the_export_runs_nothing_in_a_spreadsheet(minhs: Client, commune: Organisation) -> None:
    titles = ["=HYPERLINK(1)", "+84 gọi ngay", "-1", "@cmd", "Tin “thường”, có phẩy"]
    intake.take(commune, IntakeKind.FILE, "a.csv", [Act("Cổng", str(n), t, WHEN) for n, t in enumerate(titles)])
    assert [row[2] for row in reversed(exported(minhs))] == [*(f"'{title}" for title in titles[:4]), titles[4]]
    assert [row[2] for row in exported(minhs, q="thuong")] == [titles[4]]
    assert Entry.objects.filter(verb="export").count() == 2


def test_the_export_ends_and_says_so(minhs: Client, same_moment: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("canbang.desk.views.item.EXPORT_MAX", 100)
    monkeypatch.setattr(items, "CHUNK", 30)
    rows = exported(minhs)
    assert len(rows) == 101 and rows[-1][0].startswith("Tệp dừng ở 100 dòng")
    assert [row[1] for row in rows[:100]] == [Item.objects.get(pk=pk).platform_id for pk in same_moment[:100]]


def test_an_item_page_tells_everything_that_is_known(minhs: Client, commune: Organisation) -> None:
    act = Act(
        "Cổng", "1", "Cháy xưởng gỗ, một người tử vong", WHEN, lead="Kinh hoàng trong đêm.", text="Đoạn một.\n\nĐoạn hai.",
        url="https://a.gov.vn/tin-1", section="Thời sự", metrics={"views": 12345}, date_confidence=Confidence.LIKELY,
    )  # fmt: skip
    intake.take(commune, IntakeKind.FILE, "a.csv", [act])
    edited = Act("Cổng", "1", "Cháy xưởng gỗ, đã dập tắt", WHEN, date_confidence=Confidence.LIKELY)
    intake.take(commune, IntakeKind.FILE, "b.csv", [edited])
    prediction.label(commune)
    one = Item.objects.get()
    text = html(minhs, store("item", one.pk))
    for words in ("Kinh hoàng trong đêm", "12.345", "chưa chắc", "Thời sự", "một người tử vong", "08:00 ngày 9/9/2026"):
        assert words in text
    assert 'href="https://a.gov.vn/tin-1" rel="noopener' in text
    whole = html(minhs, store("item", one.pk, **{"ly-do": "1"}))
    part = html(minhs, store("item", one.pk, **{"ly-do": "1"}), headers={"HX-Request": "true"})
    assert "kéo lên" in whole and "kéo lên" in part and "<html" not in part


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "//a.vn", "http://["])
def test_an_address_that_is_none_is_no_link(minhs: Client, commune: Organisation, url: str) -> None:
    intake.take(commune, IntakeKind.FILE, "a.csv", [Act("Cổng", "1", "<script>alert(1)</script>", WHEN, url=url)])
    text = html(minhs, store("item", Item.objects.get().pk))
    assert f'href="{url}' not in text and "<script>alert" not in text


def test_acts_of_one_story_name_the_first(minhs: Client, commune: Organisation) -> None:
    title = "Khánh thành cầu dân sinh nối hai thôn của xã Thượng Trà"
    acts = [
        Act("Cổng", "1", title, WHEN, url="https://a.gov.vn/tin-1.html"),
        Act("Facebook", "2", title, WHEN + timedelta(hours=2)),
        Act("Facebook", "3", "Mời bà con xem", WHEN + timedelta(hours=3), share_of="https://a.gov.vn/tin-1.html"),
        Act("Facebook", "4", "Lịch tiếp công dân", WHEN + timedelta(hours=4)),
    ]
    intake.take(commune, IntakeKind.FILE, "a.csv", acts)
    keys = {row.platform_id: row for row in Item.objects.all()}
    for key in ("2", "3"):
        told = item.story_of(keys[key])
        assert told is not None and told.first.pk == keys["1"].pk
    assert item.story_of(keys["4"]) is None


def correction(**more: str) -> dict[str, str]:
    return {"tone": "neutral", "dark_side": "false", "theme": "society", "reason": "Tin nêu cả hai mặt"} | more


def test_a_correction_needs_a_reason_is_logged_and_changes_no_share(
    minhs: Client, stocked: Organisation, minh: User
) -> None:
    one = Item.objects.filter(title__startswith=BAD).first()
    assert one is not None
    before = sheet.refresh(stocked, MONTH).text
    bare = minhs.post(store("item_correct", one.pk), correction(reason=" "))
    assert bare.status_code == 422 and Correction.objects.count() == 0
    for _ in range(2):  # sent twice it is one
        minhs.post(store("item_correct", one.pk), correction())
    made = Correction.objects.get()
    assert (made.person, made.label["tone"], made.reason) == (minh.person, "neutral", "Tin nêu cả hai mặt")
    entry = Entry.objects.get(verb="relabel")
    assert (entry.detail["item"], entry.detail["label"]["tone"]) == (one.pk, "neutral")
    assert sheet.refresh(stocked, MONTH).text == before
    text = html(minhs, store("item", one.pk))
    assert "sửa nhãn" in text and "Không đổi tỉ lệ nào" in text and "Tin nêu cả hai mặt" in text


@pytest.mark.parametrize(
    "more",
    [{"tone": "evil"}, {"tone": ""}, {"dark_side": "maybe"}, {"theme": "x"}, {"reason": "x" * 301}, {"reason": "a\0b"}],
)
def test_a_correction_outside_the_codebook_is_refused(
    minhs: Client, stocked: Organisation, more: dict[str, str]
) -> None:
    one = Item.objects.first()
    assert one is not None
    assert minhs.post(store("item_correct", one.pk), correction(**more)).status_code == 422
    assert Correction.objects.count() == 0


def test_items_of_others_are_404_and_never_listed(stocked: Organisation, hoa: User, foreign: Organisation) -> None:
    hoas, one = client_of(hoa), Item.objects.first()
    assert one is not None
    for code in ("thuong-tra", "dong-hai"):
        assert hoas.get(reverse("item", args=[code, one.pk])).status_code == 404
        assert hoas.post(reverse("item_correct", args=[code, one.pk]), correction()).status_code == 404
    assert hoas.get(reverse("items", args=["thuong-tra"])).status_code == 404
    assert shown(hoas.get(reverse("items", args=["dong-hai"])).content.decode()) == []
    other = Item.objects.filter(organisation=stocked).first()
    assert other is not None
    assert hoas.get(reverse("items", args=["dong-hai"]) + f"?kenh={other.channel_id}").status_code == 422
    assert hoas.get(reverse("item", args=["dong-hai", 10**30])).status_code == 404


def test_a_page_of_fifty_asks_little_of_the_database(
    minhs: Client, drawn: Organisation, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(18):
        html(minhs, store())
