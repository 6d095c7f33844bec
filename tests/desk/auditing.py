"""How tests fill a month and take it through its audit, by the domain's verbs alone."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import date

from django.test import Client

from canbang.desk.domain import draw, intake, judgement, prediction, sheet
from canbang.desk.models import Draw, Drawn, IntakeKind, Organisation, Sheet, Turn, User
from canbang.desk.roles import Role
from canbang.estimate.looks import Mode
from conftest import WordLabeller
from desk.conftest import BAD, MONTH, make_acts, person

Answers = Callable[[Drawn, Turn], judgement.Answer]


def by_title(card: Drawn, turn: Turn) -> judgement.Answer:
    """Negative and in the public interest where the title tells of a fire."""
    bad = card.item.title.startswith(BAD)
    return judgement.Answer(
        tone="negative" if bad else "positive", dark_side=False, sensational=False, public_interest=bad, theme="society"
    )


def fill(organisation: Organisation, count: int = 60, month: date = MONTH, first: int = 0, **more: str) -> None:
    """Labelled items of a month, a ninth of them negative."""
    intake.take(
        organisation, IntakeKind.FILE, f"{month:%Y-%m}.jsonl", make_acts(count, month=month, first=first, **more)
    )
    prediction.label(organisation, WordLabeller())


def drawn(organisation: Organisation, user: User, budget: int = 30, month: date = MONTH) -> Draw:
    """The month opened and drawn."""
    return draw.draw_first(draw.open_month(organisation, month, Mode.ONE_LOOK, user), budget, user)


def read(held: Draw, answer: Answers = by_title) -> None:
    """Two coders and an adjudicator read everything there is to read."""
    organisation = held.organisation
    one, two, three = (
        person(organisation, name, role)
        for name, role in (("Ba", Role.CODER), ("Bốn", Role.CODER), ("Năm", Role.ADJUDICATOR))
    )
    cards = list(held.cards.select_related("item", "draw").order_by("place"))
    first = [judgement.Given(card, Turn.FIRST, one, answer(card, Turn.FIRST)) for card in cards]
    second = [judgement.Given(card, Turn.SECOND, two, answer(card, Turn.SECOND)) for card in cards if card.doubled]
    judgement.judge_all(organisation, [*first, *second])
    for card in judgement.disputed(organisation):
        judgement.adjudicate(organisation, three, card.pk, answer(card, Turn.FINAL), uuid.uuid4())


def audited(
    organisation: Organisation, user: User, month: date = MONTH, answer: Answers = by_title, **more: int
) -> Sheet:
    """A month filled, drawn and read to the end; its sheet."""
    fill(organisation, month=month, **more)
    read(drawn(organisation, user, month=month), answer)
    return sheet.refresh(organisation, month)


def signed(
    organisation: Organisation, user: User, month: date = MONTH, answer: Answers = by_title, **more: int
) -> Sheet:
    """The same, signed."""
    found = audited(organisation, user, month, answer, **more)
    return sheet.sign(found, user, sheet.digest_of(found))


def text_of(client: Client, address: str, status: int = 200) -> str:
    """A page's HTML with line breaks and indents as one blank; no-break spaces stay."""
    response = client.get(address)
    assert response.status_code == status
    return re.sub(r"[ \n\t]+", " ", response.content.decode())
