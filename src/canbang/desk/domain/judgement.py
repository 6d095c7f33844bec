"""What people say of drawn items: the next card for a person, a judgement, its undoing, and adjudication."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from canbang.audit.judge import differing
from canbang.codebook import Codebook, load_codebook
from canbang.desk.domain.entry import record
from canbang.desk.models import Drawn, Judgement, Organisation, Sheet, Turn, User, Verb
from canbang.errors import InputError
from canbang.item import Judgement as Said

HOLD = timedelta(minutes=10)
"""How long a card on one person's screen is kept from the others."""


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

    def check(self) -> None:
        """Raise :class:`InputError` where it is no whole answer by the codebook."""
        book = load_codebook()
        if self.unsure or self.not_an_item:
            return
        if self.tone not in {value.id for value in book.label("tone").values} or self.dark_side is None:
            raise InputError("Chọn sắc thái và mặt trái (hoặc “không chắc”) rồi mới lưu được.")
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


def next_card(organisation: Organisation, person: UUID) -> Drawn | None:
    """The next card for a person, held for them; the one they hold already comes first. ``None`` where all is done."""
    now = timezone.now()
    cards = _waiting(organisation, person)
    for _ in range(5):
        held = cards.filter(held_by=person).order_by("draw__month", "place").first()
        card = held or cards.filter(Q(held_until=None) | Q(held_until__lt=now)).order_by("draw__month", "place").first()
        if card is None:
            return None
        # a conditional update that says whether it won: two people never get one card
        won = Drawn.objects.filter(Q(held_by=person) | Q(held_until=None) | Q(held_until__lt=now), pk=card.pk)
        if won.update(held_by=person, held_until=now + HOLD):
            return card
    return None


def judge(organisation: Organisation, user: User, card_pk: int, answer: Answer, key: UUID) -> Judgement:
    """Save a judgement; the same ``key`` again changes nothing. Raises :class:`InputError` where the card is taken.

    Raises ``Drawn.DoesNotExist`` for a card of another organisation.
    """
    card = Drawn.objects.select_related("draw").get(pk=card_pk, draw__organisation=organisation)
    again = Judgement.objects.filter(key=key).first()
    if again is not None:
        if (again.person, again.drawn_id) != (user.person, card.pk):
            raise InputError("Mã của lần chấm này đã dùng cho tin khác. Tải lại trang rồi chấm lại.")
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
    settled = not (answer.unsure or answer.not_an_item)
    try:
        with transaction.atomic():
            made = Judgement.objects.create(
                drawn=card, organisation=organisation, turn=turn, person=user.person, key=key,
                tone=answer.tone if settled else "", dark_side=answer.dark_side if settled else None,
                sensational=bool(answer.sensational) if settled else None,
                public_interest=bool(answer.public_interest) if settled else None,
                theme=answer.theme if settled else "", unsure=answer.unsure, not_an_item=answer.not_an_item,
            )  # fmt: skip
            Drawn.objects.filter(pk=card.pk).update(held_by=None, held_until=None)
            detail = {"card": card.pk, "turn": int(turn), "judgement": made.pk, "label": label_of(made)}
            record(organisation, user.person, verb, f"thẻ {card.place}, tháng {card.draw}", detail)
    except IntegrityError:
        again = Judgement.objects.filter(key=key, person=user.person, drawn=card).first()
        if again is not None:
            return again
        raise InputError("Tin này vừa có người khác chấm. Chuyển sang tin tiếp theo.") from None
    return made


def label_of(judgement: Judgement) -> dict[str, str | bool | None]:
    """The label as plain values, for the log."""
    return {
        "tone": judgement.tone, "dark_side": judgement.dark_side, "sensational": judgement.sensational,
        "public_interest": judgement.public_interest, "theme": judgement.theme, "unsure": judgement.unsure,
        "not_an_item": judgement.not_an_item,
    }  # fmt: skip


def last_of(organisation: Organisation, person: UUID) -> Judgement | None:
    """The person's last judgement that can still be undone."""
    found = (
        Judgement.objects.filter(organisation=organisation, person=person, undone_at=None)
        .exclude(turn=Turn.FINAL)
        .select_related("drawn__draw")
        .order_by("-pk")
        .first()
    )
    if found is None or not _open_cards(organisation).filter(pk=found.drawn_id).exists():
        return None
    final = found.drawn.judgements.filter(turn=Turn.FINAL, undone_at=None).exists()
    later = found.turn == Turn.FIRST and found.drawn.judgements.filter(turn=Turn.SECOND, undone_at=None).exists()
    return None if final or later else found


def undo(organisation: Organisation, user: User) -> Drawn | None:
    """Take the person's last judgement back, and hold its card for them. ``None`` where there is nothing to take back."""
    found = last_of(organisation, user.person)
    if found is None:
        return None
    now = timezone.now()
    with transaction.atomic():
        if not Judgement.objects.filter(pk=found.pk, undone_at=None).update(undone_at=now):
            return None
        Drawn.objects.filter(pk=found.drawn_id).update(held_by=user.person, held_until=now + HOLD)
        record(
            organisation, user.person, Verb.UNDO, f"thẻ {found.drawn.place}, tháng {found.drawn.draw}",
            {"card": found.drawn_id, "judgement": found.pk},
        )  # fmt: skip
    return found.drawn


def disputed(organisation: Organisation) -> list[Drawn]:
    """Cards on which two people differ and nobody has decided yet, oldest month first."""
    cards = (
        _open_cards(organisation)
        .filter(_in_force(Turn.FIRST), _in_force(Turn.SECOND), ~_in_force(Turn.FINAL))
        .select_related("draw", "item__channel")
        .prefetch_related("judgements")
        .order_by("draw__month", "place")
    )
    book = load_codebook()
    return [card for card in cards if _differ(card, book)]


def _differ(card: Drawn, book: Codebook) -> bool:
    said = {row.turn: Said("", row.label) for row in card.judgements.all() if row.undone_at is None}
    return bool(differing([said[Turn.FIRST]], [said[Turn.SECOND]], book))


def adjudicate(organisation: Organisation, user: User, card_pk: int, answer: Answer, key: UUID) -> Judgement:
    """The third person's word on a card. Raises :class:`InputError` where it is not disputed or the person judged it."""
    card = Drawn.objects.select_related("draw").get(pk=card_pk, draw__organisation=organisation)
    again = Judgement.objects.filter(key=key, person=user.person, drawn=card).first()
    if again is not None:
        return again
    answer.check()
    if card.pk not in {one.pk for one in disputed(organisation)}:
        raise InputError("Tin này không còn cần phân xử.")
    if card.judgements.filter(undone_at=None, person=user.person).exists():
        raise InputError("Bạn đã chấm tin này; người phân xử phải là người thứ ba.")
    return _save(card, Turn.FINAL, organisation, user, answer, key, Verb.ADJUDICATE)
