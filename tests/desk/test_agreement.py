"""*Độ thống nhất* and *Cần phân xử*: figures without names, and a third person's word."""

from __future__ import annotations

import re
import uuid

import pytest
from django.test import Client

from canbang.audit.agreement import agreement
from canbang.desk.domain import agreement as agreements
from canbang.desk.domain import draw, judgement
from canbang.desk.domain.judgement import Answer
from canbang.desk.models import Draw, Drawn, Judgement, Organisation, Prediction, Turn, User
from canbang.desk.roles import Role
from canbang.estimate.looks import Mode
from desk.conftest import MONTH, client_of, person

TONES = ("positive", "neutral", "negative")


@pytest.fixture
def held(stocked: Organisation, minh: User) -> Draw:
    """A draw of September: 40 cards, 30 of them doubled."""
    return draw.draw_first(draw.open_month(stocked, MONTH, Mode.ONE_LOOK), 40, minh)


@pytest.fixture
def thu(stocked: Organisation) -> User:
    return person(stocked, "Thu Hà")


def read_twice(held: Draw, first: User, *others: User) -> None:
    """The first reader says every tone in turn; of the others' readings every fifth differs, one is left open."""
    organisation = held.organisation
    for card in held.cards.order_by("place"):
        judgement.judge(organisation, first, card.pk, Answer(TONES[card.place % 3], False), uuid.uuid4())
    for number, card in enumerate(held.cards.filter(doubled=True).order_by("place")):
        answer = Answer(TONES[(card.place + (number % 5 == 0)) % 3], False)
        reader = others[number % len(others)]
        judgement.judge(organisation, reader, card.pk, Answer(unsure=True) if number == 1 else answer, uuid.uuid4())


def test_figures_are_those_of_the_audit_room(held: Draw, minh: User, thu: User) -> None:
    read_twice(held, minh, thu)
    found = agreements.agreed(held)
    said = [
        tuple("unsure" if row.unsure else row.tone for row in card.judgements.order_by("turn"))
        for card in held.cards.filter(doubled=True).order_by("place")
    ]
    tone = next(one.found for one in found.asked if one.id == "tone")
    wanted = agreement(said)
    assert tone is not None and wanted.kappa is not None and tone.kappa is not None
    assert (tone.units, tone.raw, tone.alpha) == (30, wanted.raw, wanted.alpha)
    assert tone.kappa.point == pytest.approx(wanted.kappa.point)
    assert (found.units, found.doubled, found.people) == (30, 30, 2)
    assert sum(sum(counts) for _, counts in found.confusion) == 30
    assert sum(counts[at] for at, (_, counts) in enumerate(found.confusion)) == round(30 * tone.raw.point) == 23


def test_kappa_is_of_two_people_and_pairs_need_ten_common_items(held: Draw, minh: User, thu: User) -> None:
    read_twice(held, minh, thu, person(held.organisation, "An"), person(held.organisation, "Ba"))
    found = agreements.agreed(held)
    assert {one.found.kappa for one in found.asked if one.found} == {None}
    assert [one.asked[0].found.units for one in found.pairs if one.asked[0].found] == [10, 10, 10]
    last = Judgement.objects.filter(turn=Turn.SECOND, person=thu.person).latest("pk")
    judgement.undo(held.organisation, thu, last.key)
    assert len(agreements.agreed(held).pairs) == 2


@pytest.mark.parametrize("alike", [True, False])
def test_low_agreement_proposes_to_read_everything_twice(
    held: Draw, minh: User, thu: User, minhs: Client, alike: bool
) -> None:
    for reader, cards in ((minh, held.cards.order_by("place")), (thu, held.cards.filter(doubled=True))):
        for card in cards:
            tone = TONES[card.place % 3] if alike or reader == minh else "neutral"
            judgement.judge(held.organisation, reader, card.pk, Answer(tone, False), uuid.uuid4())
    assert agreements.agreed(held).double_all == (() if alike else ("Tính là tiêu cực", "Sắc thái"))
    assert ("<b>Nên chấm kép toàn bộ" in minhs.get("/thuong-tra/do-thong-nhat/").text) is not alike


def test_the_page_prints_units_confidence_and_codebook_and_no_name(
    held: Draw, minh: User, thu: User, minhs: Client
) -> None:
    empty = minhs.get("/thuong-tra/do-thong-nhat/").text
    assert "Chưa có tin nào được hai người chấm." in empty
    read_twice(held, minh, thu)
    page = minhs.get("/thuong-tra/do-thong-nhat/?thang=2026-09").text
    main = page[page.index("<main") :]
    assert "30 tin đã được hai người chấm độc lập, trong 30 tin chấm kép của tháng 9/2026" in main
    assert ("độ tin cậy 95\u00a0%" in main, "Người A và người B" in main) == (True, True)
    assert ("Thu Hà" in main, str(thu.person) in main, str(minh.person) in main) == (False, False, False)
    assert minhs.get("/thuong-tra/do-thong-nhat/?thang=2026-08").status_code == 404


PAGE = "/thuong-tra/phan-xu/"


@pytest.fixture
def third(held: Draw, minh: User, thu: User) -> Client:
    """The browser of an adjudicator who read nothing; seven cards are disputed."""
    read_twice(held, minh, thu)
    return client_of(person(held.organisation, "Bình", Role.ADJUDICATOR))


def links(page: str) -> list[int]:
    return [int(pk) for pk in re.findall(r'href="/thuong-tra/phan-xu/(\d+)/"', page)]


def decide(client: Client, pk: int, part: bool = False, **fields: str):  # type: ignore[no-untyped-def]
    data = {"key": str(uuid.uuid4())} | fields
    return client.post(f"{PAGE}{pk}/", data, headers={"X-Part": "card"} if part else {}, follow=not part)


def test_the_queue_leads_to_cards_with_both_answers_and_no_names(third: Client, held: Draw) -> None:
    page = third.get(PAGE).text
    waiting = links(page)
    assert waiting == [card.pk for card in judgement.disputed(held.organisation)]
    assert (len(waiting), "7 tin hai người chấm khác nhau" in page) == (7, True)
    card = third.get(f"{PAGE}{waiting[0]}/").text
    assert ("Người thứ nhất" in card, "Thu Hà" in card, "Minh" in card) == (True, False, False)
    assert card.count(">khác<") == 1
    assert 'href="/thuong-tra/bo-tieu-chi/#ca-3"' in card


def test_a_third_word_settles_a_card_and_the_next_one_comes(third: Client, held: Draw) -> None:
    waiting = links(third.get(PAGE).text)
    page = decide(third, waiting[0], tone="negative", dark_side="true").text
    assert ("Đã phân xử: Tiêu cực, mặt trái." in page, f'action="{PAGE}{waiting[1]}/"' in page) == (True, True)
    part = decide(third, waiting[1], part=True, open="unsure").text
    assert f'data-address="{PAGE}{waiting[2]}/"' in part
    words = Judgement.objects.filter(turn=Turn.FINAL).order_by("pk")
    assert [(word.drawn_id, word.tone, word.unsure) for word in words] == [
        (waiting[0], "negative", False), (waiting[1], "", True),
    ]  # fmt: skip
    assert third.get(f"{PAGE}{waiting[0]}/").status_code == 422


def test_an_adjudication_is_taken_back_on_its_own_page(third: Client, held: Draw) -> None:
    first = links(third.get(PAGE).text)[0]
    decide(third, first, tone="negative", dark_side="true")
    key = str(Judgement.objects.get(turn=Turn.FINAL).key)
    page = third.post(f"{PAGE}{first}/", {"undo": "1", "key": key}, follow=True).text
    assert ("Đã hoàn tác." in page, f'action="{PAGE}{first}/"' in page) == (True, True)
    assert len(judgement.disputed(held.organisation)) == 7


def test_who_judged_a_card_does_not_settle_it(third: Client, held: Draw, thu: User, minhs: Client) -> None:
    card = judgement.disputed(held.organisation)[0]
    hers = client_of(thu)
    assert (links(hers.get(PAGE).text), "Bạn đã chấm tin này" in hers.get(PAGE).text) == ([], True)
    assert hers.get(f"{PAGE}{card.pk}/").status_code == 422
    assert "người thứ ba" in decide(hers, card.pk, tone="negative", dark_side="true").text
    assert Judgement.objects.filter(turn=Turn.FINAL).count() == 0


def test_half_a_decision_brings_the_same_card_back(third: Client, held: Draw) -> None:
    first = links(third.get(PAGE).text)[0]
    response = decide(third, first, tone="neutral")
    assert (response.status_code, judgement.INCOMPLETE in response.text) == (422, True)
    assert f'action="{PAGE}{first}/"' in response.text


def test_a_dispute_of_another_organisation_does_not_exist(third: Client, held: Draw, hoa: User) -> None:
    card = judgement.disputed(held.organisation)[0]
    hers = client_of(hoa)
    assert [hers.get(f"/{code}/phan-xu/{card.pk}/").status_code for code in ("dong-hai", "thuong-tra")] == [404, 404]
    assert hers.post(f"/dong-hai/phan-xu/{card.pk}/", {"key": str(uuid.uuid4())}).status_code == 404


def test_no_score_is_on_the_adjudicators_pages(third: Client, held: Draw) -> None:
    Prediction.objects.update(counted=0.73315, labeller="may-la", version="7.7.7")
    first = links(third.get(PAGE).text)[0]
    pages = [third.get(PAGE).text, third.get(f"{PAGE}{first}/").text]
    pages.append(decide(third, first, part=True, open="not_an_item").text)
    leaks = ("0.733", "0,733", "73,3", "may-la", "7.7.7")
    assert [leak for page in pages for leak in leaks if leak in page] == []
    assert Drawn.objects.filter(judgements__not_an_item=True).count() == 1
