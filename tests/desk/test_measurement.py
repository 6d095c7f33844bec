"""From rows to a signed sheet by the domain's verbs alone."""

from __future__ import annotations

import uuid

import pytest

from canbang.desk.domain import draw, judgement, measurement, sheet
from canbang.desk.models import Drawn, Entry, Judgement, Organisation, User
from canbang.errors import InputError
from canbang.estimate.looks import Mode
from canbang.ledger import faults
from desk.conftest import BAD, MONTH, person


def answer(card: Drawn) -> judgement.Answer:
    bad = card.item.title.startswith(BAD)
    return judgement.Answer(tone="negative" if bad else "positive", dark_side=bad, theme="society")


def audit_all(commune: Organisation, *people: User) -> None:
    for user in people:
        while card := judgement.next_card(commune, user.person):
            judgement.judge(commune, user, card.pk, answer(card), uuid.uuid4())


def test_a_month_goes_from_items_to_a_signature(stocked: Organisation, minh: User) -> None:
    opened = draw.open_month(stocked, MONTH, Mode.ONE_LOOK, minh)
    assert sheet.refresh(stocked, MONTH).value["basis"] == "machine"
    drawn = draw.draw_first(opened, 40, minh)
    thu = person(stocked, "Thu")
    audit_all(stocked, minh, thu)
    assert measurement.progress(drawn).done
    ready = sheet.refresh(stocked, MONTH)
    assert (ready.value["basis"], ready.value["audited"], sheet.why_not_signed(ready)) == ("audit", 40, "")
    signed = sheet.sign(ready, minh, sheet.digest_of(ready))
    assert (signed.signer, signed.anchor_count) == ("Minh", Entry.objects.count() - 2)
    assert faults(entry.link for entry in Entry.objects.filter(organisation=stocked).order_by("number")) == []
    with pytest.raises(InputError, match="đã ký"):
        judgement.judge(stocked, minh, drawn.cards.first().pk, answer(drawn.cards.first()), uuid.uuid4())


def test_the_same_key_twice_is_one_judgement(stocked: Organisation, minh: User) -> None:
    draw.draw_first(draw.open_month(stocked, MONTH, Mode.ONE_LOOK, minh), 40, minh)
    card, key = judgement.next_card(stocked, minh.person), uuid.uuid4()
    assert card is not None
    first = judgement.judge(stocked, minh, card.pk, answer(card), key)
    assert judgement.judge(stocked, minh, card.pk, answer(card), key) == first
    assert Judgement.objects.count() == 1
