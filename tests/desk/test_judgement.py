"""What people say of drawn items: who gets which card, once, and what can be taken back."""

from __future__ import annotations

import sqlite3
import threading
import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection, connections
from django.utils import timezone

from canbang.desk.domain import draw, judgement, measurement, sheet
from canbang.desk.domain.judgement import Answer
from canbang.desk.models import Drawn, Entry, Judgement, Organisation, Turn, User, Verb
from canbang.errors import InputError
from canbang.estimate.looks import Mode
from canbang.item import Label
from desk.conftest import MONTH, person

GOOD = Answer(tone="positive", dark_side=False)
BAD = Answer(tone="negative", dark_side=True)


@pytest.fixture
def drawn(stocked: Organisation, minh: User) -> Organisation:
    """40 cards of September, 30 of them doubled."""
    draw.draw_first(draw.open_month(stocked, MONTH, Mode.ONE_LOOK, minh), 40, minh)
    return stocked


@pytest.fixture
def thu(drawn: Organisation) -> User:
    return person(drawn, "Thu")


def next_of(organisation: Organisation, user: User) -> Drawn:
    card = judgement.next_card(organisation, user.person)
    assert card is not None
    return card


def say(organisation: Organisation, user: User, answer: Answer = GOOD) -> Judgement:
    return judgement.judge(organisation, user, next_of(organisation, user).pk, answer, uuid.uuid4())


def say_all(organisation: Organisation, user: User, answer: Callable[[Drawn], Answer] = lambda card: GOOD) -> int:
    count = 0
    while card := judgement.next_card(organisation, user.person):
        judgement.judge(organisation, user, card.pk, answer(card), uuid.uuid4())
        count += 1
    return count


def test_a_second_reader_gets_every_double_and_nobody_reads_a_card_twice(
    drawn: Organisation, minh: User, thu: User
) -> None:
    assert (say_all(drawn, minh), say_all(drawn, thu), say_all(drawn, minh)) == (40, 30, 0)
    both = Judgement.objects.filter(turn=Turn.SECOND)
    assert {row.person for row in both} == {thu.person}
    assert set(both.values_list("drawn__doubled", flat=True)) == {True}


def test_two_people_at_work_read_each_others_doubles_and_never_their_own(
    drawn: Organisation, minh: User, thu: User
) -> None:
    readers = [minh, thu]
    while any(judgement.waiting(drawn, user.person) for user in readers):
        for user in readers:
            if card := judgement.next_card(drawn, user.person):
                judgement.judge(drawn, user, card.pk, GOOD, uuid.uuid4())
    for card in Drawn.objects.filter(doubled=True):
        people = list(card.judgements.values_list("person", flat=True))
        assert len(set(people)) == len(people) == 2


def test_a_card_on_one_screen_is_not_on_another_until_its_hold_ends(drawn: Organisation, minh: User, thu: User) -> None:
    mine, hers = next_of(drawn, minh), next_of(drawn, thu)
    assert mine != hers
    assert next_of(drawn, minh) == mine
    Drawn.objects.filter(pk=mine.pk).update(held_until=timezone.now() - timedelta(seconds=1))
    judgement.judge(drawn, thu, hers.pk, GOOD, uuid.uuid4())
    assert next_of(drawn, thu) == mine


@pytest.mark.django_db(transaction=True)
def test_readers_who_ask_at_one_moment_get_different_cards(
    drawn: Organisation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a file, as the desk has it: SQLite's test database lives in one connection's memory."""
    Drawn.objects.update(doubled=False)
    if connection.vendor == "sqlite":
        connection.ensure_connection()
        with sqlite3.connect(tmp_path / "desk.sqlite3") as copy:
            connection.connection.backup(copy)
        monkeypatch.setitem(connections.settings["default"], "NAME", str(tmp_path / "desk.sqlite3"))
    people, got, ready = [uuid.uuid4() for _ in range(6)], [], threading.Barrier(6)

    def ask(who: uuid.UUID) -> None:
        try:
            ready.wait()
            for _ in range(3):
                card = judgement.next_card(drawn, who)
                assert card is not None
                got.append(card.pk)
                judgement.judge(drawn, User(person=who), card.pk, GOOD, uuid.uuid4())
        finally:
            connections["default"].close()

    threads = [threading.Thread(target=ask, args=(who,)) for who in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(got), len(set(got))) == (18, 18)


def test_an_undone_judgement_comes_back_with_its_answers_before_anything_else(drawn: Organisation, minh: User) -> None:
    said = say(drawn, minh, Answer(tone="negative", dark_side=True, sensational=True, theme="health"))
    waiting = next_of(drawn, minh)
    undone = judgement.undo(drawn, minh, said.key)
    assert undone.drawn == next_of(drawn, minh)
    assert judgement.former(undone.drawn, minh.person) == Answer(
        tone="negative", dark_side=True, sensational=True, public_interest=False, theme="health"
    )
    judgement.judge(drawn, minh, undone.drawn_id, GOOD, uuid.uuid4())
    assert next_of(drawn, minh) == waiting
    assert [row.verb for row in Entry.objects.filter(verb__in=(Verb.JUDGE, Verb.UNDO)).order_by("number")] == [
        Verb.JUDGE, Verb.UNDO, Verb.JUDGE,
    ]  # fmt: skip


def test_undoing_twice_is_undoing_once(drawn: Organisation, minh: User) -> None:
    first, second = say(drawn, minh), say(drawn, minh)
    judgement.undo(drawn, minh, second.key)
    judgement.undo(drawn, minh, second.key)
    assert list(Judgement.objects.filter(undone_at=None)) == [first]


def test_only_the_last_judgement_can_be_undone_and_only_by_whose_it_is(
    drawn: Organisation, minh: User, thu: User
) -> None:
    first, second = say(drawn, minh), say(drawn, minh)
    for user, key in ((minh, first.key), (thu, second.key)):
        with pytest.raises(InputError):
            judgement.undo(drawn, user, key)


def test_a_first_word_stands_once_somebody_gave_the_second(drawn: Organisation, minh: User, thu: User) -> None:
    card = next_of(drawn, minh)
    Drawn.objects.filter(pk=card.pk).update(doubled=True)
    said = judgement.judge(drawn, minh, card.pk, GOOD, uuid.uuid4())
    judgement.judge(drawn, thu, card.pk, BAD, uuid.uuid4())
    with pytest.raises(InputError, match="chưa ai chấm tiếp"):
        judgement.undo(drawn, minh, said.key)


def test_after_the_signature_nothing_is_judged_or_undone(drawn: Organisation, minh: User, thu: User) -> None:
    say_all(drawn, minh)
    say_all(drawn, thu)
    ready = sheet.refresh(drawn, MONTH)
    sheet.sign(ready, minh, sheet.digest_of(ready))
    last = Judgement.objects.get(pk=Judgement.objects.filter(person=thu.person).latest("pk").pk)
    with pytest.raises(InputError):
        judgement.undo(drawn, thu, last.key)
    with pytest.raises(InputError, match="đã ký"):
        judgement.judge(drawn, minh, last.drawn_id, GOOD, uuid.uuid4())
    assert (judgement.waiting(drawn, minh.person), judgement.done(drawn, thu.person)) == (0, 0)


def test_a_key_is_one_judgement_of_one_person_on_one_card(drawn: Organisation, minh: User, thu: User) -> None:
    card, key = next_of(drawn, minh), uuid.uuid4()
    first = judgement.judge(drawn, minh, card.pk, GOOD, key)
    assert judgement.judge(drawn, minh, card.pk, BAD, key) == first
    other = next_of(drawn, minh)
    for user, pk in ((minh, other.pk), (thu, card.pk)):
        with pytest.raises(InputError, match="dùng cho tin khác"):
            judgement.judge(drawn, user, pk, GOOD, key)
    assert Judgement.objects.count() == 1


def test_a_judgement_that_was_taken_back_does_not_return_by_a_late_resend(drawn: Organisation, minh: User) -> None:
    said = say(drawn, minh)
    judgement.undo(drawn, minh, said.key)
    with pytest.raises(InputError, match="hoàn tác"):
        judgement.judge(drawn, minh, said.drawn_id, GOOD, said.key)


@pytest.mark.parametrize(
    ("answer", "label"),
    [
        (Answer(unsure=True, tone="negative", sensational=True), Label(unsure=True)),
        (Answer(not_an_item=True, dark_side=True), Label(not_an_item=True)),
        (BAD, Label("negative", True, False, None, False)),
        (Answer("neutral", False, True, True, "world"), Label("neutral", False, True, "world", True)),
    ],
)
def test_what_is_left_open_is_stored_as_left_open(
    drawn: Organisation, minh: User, answer: Answer, label: Label
) -> None:
    assert say(drawn, minh, answer).label == label


@pytest.mark.parametrize(
    "answer", [Answer(), Answer(tone="positive"), Answer(dark_side=True), Answer(tone="grim", dark_side=True),
               Answer(tone="positive", dark_side=True, theme="weather")],
)  # fmt: skip
def test_half_an_answer_is_refused(drawn: Organisation, minh: User, answer: Answer) -> None:
    with pytest.raises(InputError):
        say(drawn, minh, answer)
    assert Judgement.objects.count() == 0


def test_a_third_person_settles_what_two_differ_on_and_nobody_else(drawn: Organisation, minh: User, thu: User) -> None:
    odd = set(Drawn.objects.filter(doubled=True).order_by("place").values_list("pk", flat=True)[:3])
    say_all(drawn, minh)
    say_all(drawn, thu, lambda card: BAD if card.pk in odd else GOOD)
    assert {card.pk for card in judgement.disputed(drawn)} == odd
    binh = person(drawn, "Bình")
    card = judgement.for_third(drawn, binh.person)[0]
    assert (judgement.differences(card), judgement.for_third(drawn, thu.person)) == (["tone", "dark_side"], [])
    with pytest.raises(InputError, match="người thứ ba"):
        judgement.adjudicate(drawn, thu, card.pk, GOOD, uuid.uuid4())
    key = uuid.uuid4()
    word = judgement.adjudicate(drawn, binh, card.pk, BAD, key)
    assert judgement.adjudicate(drawn, binh, card.pk, BAD, key) == word
    assert (word.turn, len(judgement.disputed(drawn))) == (Turn.FINAL, 2)
    with pytest.raises(InputError, match="không còn"):
        judgement.adjudicate(drawn, person(drawn, "Dung"), card.pk, BAD, uuid.uuid4())
    settled = Drawn.objects.exclude(pk__in=odd).first()
    assert settled is not None
    with pytest.raises(InputError, match="không còn"):
        judgement.adjudicate(drawn, binh, settled.pk, BAD, uuid.uuid4())


def test_an_adjudication_can_be_taken_back_and_then_the_judgements_under_it(
    drawn: Organisation, minh: User, thu: User
) -> None:
    say_all(drawn, minh)
    say_all(drawn, thu, lambda card: BAD)
    binh = person(drawn, "Bình")
    last = Judgement.objects.filter(person=thu.person).latest("pk")
    word = judgement.adjudicate(drawn, binh, last.drawn_id, BAD, uuid.uuid4())
    with pytest.raises(InputError):
        judgement.undo(drawn, thu, last.key)
    judgement.undo(drawn, binh, word.key)
    assert len(judgement.disputed(drawn)) == 30
    judgement.undo(drawn, thu, last.key)
    assert len(judgement.disputed(drawn)) == 29
    assert measurement.progress(last.drawn.draw).second == 29
