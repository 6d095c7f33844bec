"""A unit's year on the desk, by the domain's verbs alone: items in, labels, draws, judgements, signatures."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from canbang.desk.demo.acts import Newsroom
from canbang.desk.demo.collecting import collected
from canbang.desk.domain import alarm, draw, intake, judgement, measurement, prediction, sheet
from canbang.desk.domain.judgement import Answer, Given
from canbang.desk.models import Channel, Draw, Drawn, IntakeKind, Organisation, Turn, User
from canbang.estimate.looks import Mode
from canbang.item import Item, Label

_SECOND_DIFFERS = 0.08
_UNSURE = 0.01
_LEFT = 20
"""Cards that a month in the middle of its audit still holds for somebody to try: ten minutes."""
_SURELY_DISPUTED = 2

Tick = Callable[[int], None]
"""Told how much of the work was done just now."""


@dataclass(frozen=True, slots=True)
class People:
    """Who does what in a unit; the third judged nothing."""

    clerk: User
    coders: tuple[User, User]
    third: User
    head: User


def months_before(today: date, count: int) -> list[date]:
    """The first days of the last ``count`` full months, oldest first."""
    first = today.replace(day=1)
    found: list[date] = []
    for _ in range(count):
        first = (first - timedelta(days=1)).replace(day=1)
        found.append(first)
    return found[::-1]


def weight(unit: Mapping[str, Any]) -> int:
    """How much work a unit is, in items taken, labelled and measured."""
    return int(unit["month"]) * 3 * (int(unit["months"]) + 1)


def live(organisation: Organisation, room: Newsroom, unit: Mapping[str, Any], people: People, today: date, tick: Tick) -> None:  # fmt: skip
    """Everything that a unit did in its months up to ``today``."""
    full = months_before(today, int(unit["months"]))
    for month in [*full, today.replace(day=1)]:
        _take(organisation, room, month, today, people, int(unit.get("gap", 0)) if month >= full[-1] else 0)
        prediction.label(organisation)
        tick(2 * int(unit["month"]))
    for month in full:
        stand = str(unit["last"]) if month == full[-1] else "signed"
        _audit(organisation, room, month, int(unit["audited"]), people, stand)
        tick(int(unit["month"]))
    draw.open_month(organisation, today.replace(day=1), Mode.ONE_LOOK, people.clerk)
    sheet.refresh(organisation, today.replace(day=1))
    alarm.review(organisation)


def _take(organisation: Organisation, room: Newsroom, month: date, today: date, people: People, gap: int) -> None:
    """What a month brought in: collected from sites, from export files for accounts."""
    for outlet, acts in zip(room.outlets, room.month(month, today).values(), strict=True):
        channel = Channel.objects.get(organisation=organisation, name=outlet.name)
        if outlet.platform == "web":
            collected(channel, acts, month, today, gap, room.rng)
        else:
            source = f"{outlet.platform}-{month:%Y-%m}.xlsx"
            intake.take(organisation, IntakeKind.FILE, source, _twice(acts), channel=channel, user=people.clerk)


def _twice(acts: Sequence[Item]) -> Iterator[Item]:
    """An export file as they come: its last row stands in it twice."""
    yield from acts
    yield from acts[-1:]


def _audit(organisation: Organisation, room: Newsroom, month: date, budget: int, people: People, stand: str) -> None:
    """A month from its opening to where it stands: drawn, half judged, audited or signed."""
    opened = draw.open_month(organisation, month, Mode.ONE_LOOK, people.clerk)
    drawn = draw.draw_first(opened, budget, people.clerk)
    cards = list(drawn.cards.select_related("draw", "item__channel"))
    if stand == "half":
        cards = cards[:-_LEFT]
    if stand != "drawn":
        sure = _SURELY_DISPUTED if stand == "half" else 0
        judgement.judge_all(organisation, list(_answers(cards, room, people, sure)))
    if stand in ("audited", "signed"):
        _settle(organisation, drawn, room, people)
    figure = sheet.refresh(organisation, month)
    if stand == "signed":
        sheet.sign(figure, people.head, sheet.digest_of(figure))


def _answers(cards: Sequence[Drawn], room: Newsroom, people: People, sure: int) -> Iterator[Given]:
    """What the two auditors say: mostly the truth; of what both judged, a few differ, ``sure`` ones in any case."""
    for card in cards:
        first, second = people.coders if card.place % 2 else people.coders[::-1]
        truth = room.truth[card.item.act.id]
        yield Given(card, Turn.FIRST, first, _answer(truth, unsure=bool(room.rng.random() < _UNSURE)))
        if card.doubled:
            differs = room.rng.random() < _SECOND_DIFFERS or sure > 0
            sure -= 1
            yield Given(card, Turn.SECOND, second, _answer(_other(truth) if differs else truth))


def _answer(label: Label, *, unsure: bool = False) -> Answer:
    if unsure:
        return Answer(unsure=True)
    return Answer(
        tone=str(label.tone), dark_side=label.dark_side, sensational=label.sensational,
        public_interest=label.public_interest, theme=str(label.theme),
    )  # fmt: skip


def _other(truth: Label) -> Label:
    """How a careful person may read it differently."""
    return replace(truth, tone={"positive": "neutral", "neutral": "positive"}.get(str(truth.tone), "neutral"))


def _settle(organisation: Organisation, drawn: Draw, room: Newsroom, people: People) -> None:
    """The third person's word on every card that the two read differently."""
    for card in judgement.disputed(organisation):
        if card.draw_id == drawn.pk:
            answer = _answer(room.truth[card.item.act.id])
            judgement.adjudicate(organisation, people.third, card.pk, answer, uuid.uuid4())
    assert measurement.progress(drawn).done
