"""What people say of drawn items: the next card for a person, a judgement, its undoing, and adjudication."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from canbang.audit.judge import differing_labels
from canbang.codebook import load_codebook
from canbang.desk.domain.entry import Line, record, record_all
from canbang.desk.models import Drawn, Judgement, Organisation, Sheet, Turn, User, Verb
from canbang.errors import InputError

HOLD = timedelta(minutes=10)
"""How long a card on one person's screen is kept from the others."""
INCOMPLETE = "Chọn sắc thái và mặt trái (hoặc “Không chắc”, “Không phải tin, bài”) rồi mới lưu được."


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered on a card: tone and dark side, or "không chắc", or "không phải tin"; the rest may stay open."""

    tone: str = ""
    dark_side: bool | None = None
    sensational: bool | None = None
    public_interest: bool | None = None
    theme: str = ""
    unsure: bool = False
    not_an_item: bool = False

    @property
    def whole(self) -> bool:
        """Whether it can be saved: both answered, or left open."""
        tones = {value.id for value in load_codebook().label("tone").values}
        return self.unsure or self.not_an_item or (self.tone in tones and self.dark_side is not None)

    def check(self) -> None:
        """Raise :class:`InputError` where it is no whole answer by the codebook."""
        book = load_codebook()
        if not self.whole:
            raise InputError(INCOMPLETE)
        if self.theme and self.theme not in {value.id for value in book.themes}:
            raise InputError("Chủ đề không có trong bộ tiêu chí. Chọn lại.")


def _open_cards(organisation: Organisation) -> QuerySet[Drawn]:
    signed = Sheet.objects.filter(organisation=organisation, month=OuterRef("draw__month"), signed_at__isnull=False)
    return Drawn.objects.filter(draw__organisation=organisation).exclude(Exists(signed))


def _in_force(turn: Turn) -> Exists:
    return Exists(Judgement.objects.filter(drawn=OuterRef("pk"), turn=turn, undone_at=None))


def _waiting(organisation: Organisation, person: UUID) -> QuerySet[Drawn]:
    """Cards this person may judge: nobody did, or a double that only another person did."""
    mine = Exists(Judgement.objects.filter(drawn=OuterRef("pk"), person=person, undone_at=None))
    return _open_cards(organisation).filter(
        Q(~_in_force(Turn.FIRST)) | Q(_in_force(Turn.FIRST), ~_in_force(Turn.SECOND), ~mine, doubled=True)
    )


def waiting(organisation: Organisation, person: UUID) -> int:
    """How many cards this person could judge."""
    return _waiting(organisation, person).count()


def done(organisation: Organisation, person: UUID) -> int:
    """How many cards of months that are not signed this person has judged."""
    mine = Judgement.objects.filter(organisation=organisation, person=person, undone_at=None)
    return mine.exclude(turn=Turn.FINAL).filter(drawn__in=_open_cards(organisation)).count()


def next_card(organisation: Organisation, person: UUID) -> Drawn | None:
    """The next card for a person, held for them; the one last put before them comes first. ``None`` where there is none."""
    cards = _waiting(organisation, person)
    while True:
        now = timezone.now()
        free = Q(held_until=None) | Q(held_until__lt=now)
        held = cards.filter(held_by=person).order_by("-held_until", "pk").first()
        card = held or cards.filter(free).order_by("draw__month", "place").first()
        if card is None:
            return None
        # A conditional update that says whether it won: two people never get one card, and who loses asks for another.
        # The row is locked in a statement before: PostgreSQL would look for judgements as they stood when the update began
        # to wait, and give out a card that was judged meanwhile.
        with transaction.atomic():
            Drawn.objects.select_for_update().filter(pk=card.pk).first()
            if cards.filter(free | Q(held_by=person), pk=card.pk).update(held_by=person, held_until=now + HOLD):
                return card


def former(card: Drawn, person: UUID) -> Answer | None:
    """What a person had answered on a card and taken back, to correct it; ``None`` where there is nothing."""
    rows = card.judgements.filter(person=person, undone_at__isnull=False).exclude(turn=Turn.FINAL)
    last = rows.order_by("-pk").first()
    return None if last is None else Answer(**label_of(last))


def _in_line(organisation: Organisation) -> None:
    """Judging, undoing and signing in one organisation wait for each other: a signed month stays as it was signed."""
    Organisation.objects.select_for_update().get(pk=organisation.pk)


def _again(card: Drawn, user: User, key: UUID) -> Judgement | None:
    """The judgement that was sent under this key before. Raises :class:`InputError` where the key is that of something else."""
    again = Judgement.objects.filter(key=key).first()
    if again is None:
        return None
    if (again.person, again.drawn_id) != (user.person, card.pk):
        raise InputError("Mã của lần chấm này đã dùng cho tin khác. Tải lại trang rồi chấm lại.")
    if again.undone_at is not None:
        raise InputError("Lần chấm này đã được hoàn tác. Chấm lại tin này trên trang đang mở.")
    return again


def judge(organisation: Organisation, user: User, card_pk: int, answer: Answer, key: UUID) -> Judgement:
    """Save a judgement; the same ``key`` again changes nothing. Raises :class:`InputError` where the card is taken.

    Raises ``Drawn.DoesNotExist`` for a card of another organisation.
    """
    card = Drawn.objects.select_related("draw").get(pk=card_pk, draw__organisation=organisation)
    with transaction.atomic():
        _in_line(organisation)
        again = _again(card, user, key)
        if again is not None:
            return again
        answer.check()
        if not _open_cards(organisation).filter(pk=card.pk).exists():
            raise InputError("Phiếu của tháng này đã ký, không chấm thêm được nữa.")
        said = {row.turn: row for row in card.judgements.filter(undone_at=None)}
        first = said.get(Turn.FIRST)
        if first is None:
            turn = Turn.FIRST
        elif card.doubled and Turn.SECOND not in said and first.person != user.person:
            turn = Turn.SECOND
        else:
            raise InputError("Tin này đã có người chấm trong lúc bạn mở. Chuyển sang tin tiếp theo.")
        return _save(card, turn, organisation, user, answer, key, Verb.JUDGE)


def _save(
    card: Drawn, turn: Turn, organisation: Organisation, user: User, answer: Answer, key: UUID, verb: Verb
) -> Judgement:
    made = _judgement(card, turn, organisation, user, answer)
    made.key = key
    made.save(force_insert=True)
    Drawn.objects.filter(pk=card.pk).update(held_by=None, held_until=None)
    record_all(organisation, [_line(made, verb)])
    return made


def _judgement(card: Drawn, turn: Turn, organisation: Organisation, user: User, answer: Answer) -> Judgement:
    settled = not (answer.unsure or answer.not_an_item)
    return Judgement(
        drawn=card, organisation=organisation, turn=turn, person=user.person,
        tone=answer.tone if settled else "", dark_side=answer.dark_side if settled else None,
        sensational=bool(answer.sensational) if settled else None,
        public_interest=bool(answer.public_interest) if settled else None,
        theme=answer.theme if settled else "", unsure=answer.unsure, not_an_item=answer.not_an_item,
    )  # fmt: skip


def _line(made: Judgement, verb: Verb) -> Line:
    card = made.drawn
    detail = {"card": card.pk, "turn": int(made.turn), "judgement": made.pk, "label": label_of(made)}
    return Line(made.person, verb, f"thẻ {card.place}, tháng {card.draw}", detail)


@dataclass(frozen=True, slots=True)
class Given:
    """One answer of several that come at once: on which card, in whose turn."""

    card: Drawn
    turn: Turn
    user: User
    answer: Answer


def judge_all(organisation: Organisation, given: Sequence[Given]) -> list[Judgement]:
    """Save answers that come at once, all of them or none, each with its entry.

    Raises :class:`InputError` where a card is signed, taken or not doubled, or both turns would be one person's.
    """
    with transaction.atomic():
        _in_line(organisation)
        pks = {one.card.pk for one in given}
        if _open_cards(organisation).filter(pk__in=pks).count() != len(pks):
            raise InputError("Có tin không còn mở để chấm: phiếu của tháng đã ký, hoặc tin của cơ quan khác.")
        rows = Judgement.objects.filter(drawn__in=pks, undone_at=None).values_list("drawn", "turn", "person")
        said = {(card, turn): person for card, turn, person in rows}
        for one in given:
            one.answer.check()
            taken = (one.card.pk, one.turn) in said
            second = one.turn == Turn.SECOND
            first = said.get((one.card.pk, Turn.FIRST))
            if taken or (second and (not one.card.doubled or first in (None, one.user.person))):
                raise InputError(f"Thẻ {one.card.place}: lượt này đã có người chấm hoặc không phải của người này.")
            said[one.card.pk, one.turn] = one.user.person
        made = [_judgement(one.card, one.turn, organisation, one.user, one.answer) for one in given]
        Judgement.objects.bulk_create(made)
        Drawn.objects.filter(pk__in=pks).update(held_by=None, held_until=None)
        record_all(organisation, [_line(one, Verb.JUDGE) for one in made])
    return made


def label_of(judgement: Judgement) -> dict[str, Any]:
    """The label as plain values, for the log; the fields of :class:`Answer`."""
    return {
        "tone": judgement.tone, "dark_side": judgement.dark_side, "sensational": judgement.sensational,
        "public_interest": judgement.public_interest, "theme": judgement.theme, "unsure": judgement.unsure,
        "not_an_item": judgement.not_an_item,
    }  # fmt: skip


def last_of(organisation: Organisation, person: UUID, *, final: bool = False) -> Judgement | None:
    """The person's last judgement (``final``: adjudication) where it can still be undone."""
    rows = Judgement.objects.filter(organisation=organisation, person=person, undone_at=None)
    rows = rows.filter(turn=Turn.FINAL) if final else rows.exclude(turn=Turn.FINAL)
    found = rows.select_related("drawn__draw", "drawn__item").order_by("-pk").first()
    if found is None or not _open_cards(organisation).filter(pk=found.drawn_id).exists():
        return None
    # what somebody else said since rests on it
    later = found.drawn.judgements.filter(undone_at=None, turn__gt=found.turn).exists()
    return None if later else found


def undo(organisation: Organisation, user: User, key: UUID) -> Judgement:
    """Take back the person's judgement of this ``key``, their last one, and hold its card for them; twice is once.

    Raises :class:`InputError` where it is none of theirs, not the last one, or where somebody's word rests on it.
    """
    mine = Judgement.objects.filter(organisation=organisation, person=user.person, key=key)
    with transaction.atomic():
        _in_line(organisation)
        found = mine.select_related("drawn__draw").first()
        if found is None:
            raise InputError("Không có lần chấm này của bạn để hoàn tác. Tải lại trang.")
        if found.undone_at is not None:
            return found
        last = last_of(organisation, user.person, final=found.turn == Turn.FINAL)
        if last is None or last.pk != found.pk:
            raise InputError(
                "Chỉ hoàn tác được lần chấm gần nhất của bạn, khi chưa ai chấm tiếp tin đó và phiếu tháng chưa ký."
            )
        found.undone_at = now = timezone.now()
        found.save(update_fields=["undone_at"])
        if found.turn != Turn.FINAL:
            Drawn.objects.filter(pk=found.drawn_id).update(held_by=user.person, held_until=now + HOLD)
        record(
            organisation, user.person, Verb.UNDO, f"thẻ {found.drawn.place}, tháng {found.drawn.draw}",
            {"card": found.drawn_id, "judgement": found.pk},
        )  # fmt: skip
    return found


def disputed(organisation: Organisation) -> list[Drawn]:
    """Cards on which two people differ and nobody has decided yet, oldest month first."""
    cards = (
        _open_cards(organisation)
        .filter(_in_force(Turn.FIRST), _in_force(Turn.SECOND), ~_in_force(Turn.FINAL))
        .select_related("draw", "item__channel")
        .prefetch_related("judgements")
        .order_by("draw__month", "place")
    )
    return [card for card in cards if differences(card)]


def said_of(card: Drawn) -> dict[Turn, Judgement]:
    """What is in force on a card, by turn."""
    return {Turn(row.turn): row for row in card.judgements.all() if row.undone_at is None}


def differences(card: Drawn) -> list[str]:
    """Ids of the labels in which the two judgements of a card differ (``audit.judge.differing_labels``)."""
    said = said_of(card)
    if not {Turn.FIRST, Turn.SECOND} <= said.keys():
        return []
    return differing_labels(said[Turn.FIRST].label, said[Turn.SECOND].label, load_codebook())


def for_third(organisation: Organisation, person: UUID) -> list[Drawn]:
    """The disputed cards that this person may decide: those they did not judge themselves."""
    return [card for card in disputed(organisation) if not judged_by(card, person)]


def judged_by(card: Drawn, person: UUID) -> bool:
    """Whether a person's own word on the card is in force."""
    return any(row.person == person for row in said_of(card).values())


def adjudicate(organisation: Organisation, user: User, card_pk: int, answer: Answer, key: UUID) -> Judgement:
    """The third person's word on a card. Raises :class:`InputError` where it is not disputed or the person judged it."""
    card = Drawn.objects.select_related("draw").get(pk=card_pk, draw__organisation=organisation)
    with transaction.atomic():
        _in_line(organisation)
        again = _again(card, user, key)
        if again is not None:
            return again
        answer.check()
        if card.pk not in {one.pk for one in disputed(organisation)}:
            raise InputError("Tin này không còn cần phân xử.")
        if judged_by(card, user.person):
            raise InputError("Bạn đã chấm tin này; người phân xử phải là người thứ ba.")
        return _save(card, Turn.FINAL, organisation, user, answer, key, Verb.ADJUDICATE)
