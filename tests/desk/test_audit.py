"""*Chấm mẫu* in a browser without script, and what its script asks for."""

from __future__ import annotations

import re
import uuid

import pytest
from django.test import Client

from canbang.desk.domain import draw, judgement
from canbang.desk.models import Drawn, Judgement, Organisation, Prediction, User
from canbang.desk.roles import Role
from canbang.estimate.looks import Mode
from desk.conftest import MONTH, client_of, person

PAGE = "/thuong-tra/cham-mau/"
YES = {"tone": "negative", "dark_side": "true"}
PART = {"X-Part": "card"}


@pytest.fixture
def drawn(stocked: Organisation, minh: User) -> Organisation:
    draw.draw_first(draw.open_month(stocked, MONTH, Mode.ONE_LOOK, minh), 40, minh)
    return stocked


@pytest.fixture
def coder(drawn: Organisation) -> Client:
    """The browser of somebody who judges and has no other role."""
    return client_of(person(drawn, "Thu", Role.CODER))


def shown(page: str) -> int:
    """The card that a page asks about."""
    found = re.search(r"cham-mau/(\d+)/luu/", page)
    assert found is not None
    return int(found[1])


def send(client: Client, pk: int, part: bool = False, **fields: str):  # type: ignore[no-untyped-def]
    data = {"key": str(uuid.uuid4())} | fields
    return client.post(f"{PAGE}{pk}/luu/", data, headers=PART if part else {}, follow=not part)


def test_a_card_shows_what_the_codebook_says_and_no_store(coder: Client, drawn: Organisation) -> None:
    response = coder.get(PAGE)
    page = response.text
    card = Drawn.objects.get(pk=shown(page))
    assert response["Cache-Control"] == "no-store"
    assert (card.item.title in page, card.item.url in page, "0/40 tin, còn 40" in page) == (True, True, True)
    assert "Điều chính mà tin này thuật lại là tốt, là hại, hay chỉ là thông tin?" in page
    assert page.count('name="theme"') == 1


def test_without_script_a_judgement_is_saved_and_the_next_card_comes(coder: Client) -> None:
    first = shown(coder.get(PAGE).text)
    page = send(coder, first, **YES, sensational="true").text
    assert shown(page) != first
    assert "Đã lưu: Tiêu cực, mặt trái, giật gân." in page
    assert "1/40 tin, còn 39" in page
    said = Judgement.objects.get()
    assert (said.drawn_id, said.tone, said.dark_side, said.sensational, said.theme) == (
        first,
        "negative",
        True,
        True,
        "",
    )


def test_half_an_answer_brings_the_same_card_back_as_it_was_filled_in(coder: Client) -> None:
    first = shown(coder.get(PAGE).text)
    response = send(coder, first, tone="neutral", public_interest="true", theme="health")
    assert (response.status_code, shown(response.text), judgement.INCOMPLETE in response.text) == (422, first, True)
    assert re.findall(r'value="(\w+)"[^>]* (?:checked|selected)', response.text) == ["true", "neutral", "health"]
    assert Judgement.objects.count() == 0


@pytest.mark.parametrize(("button", "words"), [("unsure", "Không chắc"), ("not_an_item", "Không phải tin, bài")])
def test_a_card_can_be_left_open_with_one_button(coder: Client, button: str, words: str) -> None:
    page = send(coder, shown(coder.get(PAGE).text), open=button).text
    assert f"Đã lưu: {words}." in page
    assert getattr(Judgement.objects.get(), button) is True


def test_the_script_gets_the_next_card_alone(coder: Client) -> None:
    first = shown(coder.get(PAGE).text)
    response = send(coder, first, part=True, **YES)
    assert (response.status_code, response.text.lstrip()[:29]) == (200, '<section class="audit-card" a')
    assert 'data-said="Đã lưu: Tiêu cực, mặt trái."' in response.text
    assert shown(response.text) != first


def test_the_same_key_sent_twice_is_one_judgement(coder: Client) -> None:
    first, key = shown(coder.get(PAGE).text), str(uuid.uuid4())
    answers = [send(coder, first, part=True, **YES, key=key) for _ in range(2)]
    assert [shown(answer.text) for answer in answers] == [shown(answers[0].text)] * 2
    assert Judgement.objects.count() == 1


def test_a_card_that_somebody_else_took_is_told_and_the_next_one_comes(coder: Client, minh: User) -> None:
    first = shown(coder.get(PAGE).text)
    card = Drawn.objects.get(pk=first)
    Drawn.objects.filter(pk=first).update(doubled=False)
    judgement.judge(card.draw.organisation, minh, first, judgement.Answer("positive", False), uuid.uuid4())
    response = send(coder, first, part=True, **YES)
    assert (response.status_code, shown(response.text) != first) == (422, True)
    assert "Tin này đã có người chấm trong lúc bạn mở." in response.text


def test_undo_brings_the_card_back_with_its_answers(coder: Client) -> None:
    first = shown(coder.get(PAGE).text)
    page = send(coder, first, **YES, public_interest="true").text
    key = Judgement.objects.get().key
    assert f'name="key" value="{key}"' in page
    back = coder.post(f"{PAGE}hoan-tac/", {"key": str(key)}, follow=True).text
    assert (shown(back), "Đã hoàn tác." in back, "0/40 tin, còn 40" in back) == (first, True, True)
    assert re.findall(r'name="(\w+)" value="(\w+)"[^>]* checked', back) == [
        ("public_interest", "true"), ("tone", "negative"), ("dark_side", "true"),
    ]  # fmt: skip
    again = send(coder, first, tone="neutral", dark_side="false").text
    assert ("Đã lưu: Trung tính." in again, Judgement.objects.get(undone_at=None).tone) == (True, "neutral")


def test_when_nothing_is_left_the_page_says_so(coder: Client, drawn: Organisation, minh: User) -> None:
    Drawn.objects.update(doubled=False)
    cards = list(Drawn.objects.order_by("place"))
    for card in cards[1:]:
        judgement.judge(drawn, minh, card.pk, judgement.Answer("positive", False), uuid.uuid4())
    judgement.next_card(drawn, minh.person)
    assert "1 tin chưa chấm xong đang mở trên màn hình của người khác" in coder.get(PAGE).text
    judgement.judge(drawn, minh, cards[0].pk, judgement.Answer("positive", False), uuid.uuid4())
    assert "Không còn tin nào chờ bạn chấm" in coder.get(PAGE).text


def test_no_score_and_no_machine_label_is_anywhere_on_the_card(coder: Client, drawn: Organisation) -> None:
    Prediction.objects.update(counted=0.73315, labeller="may-la", version="7.7.7", tone="negative", theme="law_crime")
    pages = [coder.get(PAGE).text]
    for _ in range(3):
        pages.append(send(coder, shown(pages[-1]), part=True, **YES).text)
    key = Judgement.objects.latest("pk").key
    pages.append(coder.post(f"{PAGE}hoan-tac/", {"key": str(key)}, headers=PART).text)
    leaks = ("0.733", "0,733", "73.3", "73,3", "may-la", "7.7.7", "dải", "band")
    assert [leak for page in pages for leak in leaks if leak in page] == []
    assert [page.count("selected") for page in pages] == [0] * 5


def test_a_card_of_another_organisation_does_not_exist(coder: Client, drawn: Organisation, hoa: User) -> None:
    pk = Drawn.objects.order_by("place")[0].pk
    hers = client_of(hoa)
    data = YES | {"key": str(uuid.uuid4())}
    assert hers.post(f"/dong-hai/cham-mau/{pk}/luu/", data).status_code == 404
    assert hers.post(f"{PAGE}{pk}/luu/", data).status_code == 404
    assert Judgement.objects.count() == 0


@pytest.mark.parametrize("fields", [{"key": "no key"}, {"tone": "grim"}, {"dark_side": "maybe"}, {"open": "later"}])
def test_values_that_the_card_does_not_offer_are_refused(coder: Client, fields: dict[str, str]) -> None:
    response = send(coder, shown(coder.get(PAGE).text), part=True, **(YES | fields))
    assert (response.status_code, "không đọc được" in response.text) == (422, True)
    assert Judgement.objects.count() == 0


def test_reading_needs_post_to_save_and_a_role_to_look(coder: Client, drawn: Organisation) -> None:
    pk = shown(coder.get(PAGE).text)
    assert coder.get(f"{PAGE}{pk}/luu/").status_code == 405
    assert client_of(person(drawn, "An", Role.STAFF)).get(PAGE).status_code == 403
