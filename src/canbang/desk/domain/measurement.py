"""Rows into the same frozen values that ``canbang measure`` works on, and the same functions called on them."""

from __future__ import annotations

import hashlib
from calendar import monthrange
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np
from django.db.models import Count, Max
from numpy.typing import NDArray

from canbang import pipeline
from canbang.audit.draw import Draw as FrozenDraw
from canbang.audit.drawfile import from_dict
from canbang.audit.judge import Audit, differing
from canbang.codebook import load_codebook
from canbang.desk.models import Draw, Intake, Item, Judgement, Organisation, RejectedRow, Turn
from canbang.errors import InputError
from canbang.fetch.source import Reject, Source
from canbang.item import Item as Act
from canbang.item import Judgement as Said
from canbang.label.labeller import COLUMNS
from canbang.report.balance import Balance
from canbang.report.frame import Frame, Window

BY = ("channel", "week", "theme")
"""How every sheet of the desk is divided."""


def month_of(day: date) -> date:
    """The first day of a day's month."""
    return day.replace(day=1)


def window_of(month: date) -> Window:
    """The days of a month."""
    return Window(month, month.replace(day=monthrange(month.year, month.month)[1]))


@dataclass(slots=True)
class StoredLabeller:
    """The labels that are stored beside the items, as a labeller: nothing is predicted anew."""

    name: str
    version: str
    prior: float = pipeline.PRIOR
    scores: dict[str, NDArray[np.float32]] = field(default_factory=dict)

    def predict(self, items: Sequence[Act]) -> NDArray[np.float32]:
        """Stored probabilities, ``shape (len(items), len(COLUMNS))``."""
        return np.stack([self.scores.pop(item.id) for item in items])


def frame_of(organisation: Organisation, month: date, draw: FrozenDraw | None = None) -> Frame:
    """The month's items as a frame; where there is a draw, those that stood in it and no other.

    Raises :class:`InputError` where nothing is there, an item has no label yet, or labels of two labellers stand together.
    """
    window = window_of(month)
    made = set(
        Item.objects.filter(organisation=organisation, day__gte=window.first, day__lte=window.last).values_list(
            "prediction__labeller", "prediction__version", "prediction__codebook"
        )
    )
    if None in {row[0] for row in made}:
        raise InputError(f"Tháng {month.month}/{month.year} còn tin chưa gắn nhãn máy. Đợi gắn nhãn xong rồi xem lại.")
    known = set(draw.frame_ids) if draw else None
    if known is None and len(made) > 1:
        raise InputError(
            f"Tháng {month.month}/{month.year} có nhãn của {len(made)} phiên bản máy. Gắn nhãn lại cả tháng rồi xem lại."
        )
    digests = {row[2] for row in made} - {load_codebook().digest}
    if digests:
        raise InputError("Nhãn máy được gắn theo bộ tiêu chí khác với bản đang dùng. Gắn nhãn lại rồi xem lại.")
    name, version = draw.labeller if draw else next(iter(made), ("", "", ""))[:2]
    labeller = StoredLabeller(name, version)
    late = [0]
    frame = pipeline.read_frame(_sources(organisation, window, labeller, known, late), labeller, window=window)
    if late[0]:
        frame.notes.append(f"{late[0]} tin đăng trong kỳ nhưng nạp sau khi rút mẫu: không thuộc phiếu này")
    return frame


def _sources(
    organisation: Organisation, window: Window, labeller: StoredLabeller, known: set[str] | None, late: list[int]
) -> Iterator[Source]:
    """One source for each name under which items of the window came in, in the order of their first coming."""
    touched = Item.objects.filter(organisation=organisation, day__gte=window.first, day__lte=window.last)
    intakes = list(Intake.objects.filter(pk__in=touched.values("intake")).order_by("pk"))
    names: dict[str, list[Intake]] = {}
    for intake in intakes:
        names.setdefault(intake.source, []).append(intake)
    for name, group in names.items():
        yield Source(name, _reader(group, window, labeller, known, late), notes=_notes(group))


def _notes(group: Sequence[Intake]) -> list[str]:
    return list(dict.fromkeys(str(note) for intake in group for note in intake.notes))


def _reader(
    group: Sequence[Intake], window: Window, labeller: StoredLabeller, known: set[str] | None, late: list[int]
) -> Callable[[Source], Iterator[Act | Reject]]:
    def read(source: Source) -> Iterator[Act | Reject]:
        rows = (
            Item.objects.filter(intake__in=group, day__gte=window.first, day__lte=window.last)
            .select_related("channel", "prediction")
            .order_by("pk")
        )
        for row in rows.iterator(chunk_size=2000):
            act = row.act
            if known is not None and act.id not in known:
                late[0] += 1
                continue
            labeller.scores[act.id] = row.prediction.probabilities
            yield act
        for reject in RejectedRow.objects.filter(intake__in=group).iterator(chunk_size=2000):
            yield Reject(source.name, reject.place, reject.reason, reject.start)

    return read


def frozen(draw: Draw, *, reveal: bool = False) -> FrozenDraw:
    """The draw as the estimators know it; raises :class:`InputError` where it is not drawn yet."""
    if draw.value is None:
        raise InputError(f"Tháng {draw.month.month}/{draw.month.year} chưa rút mẫu.")
    found = from_dict(draw.value)
    return replace(found, secret=draw.secret) if reveal or draw.revealed_at else found


def judgements_of(draw: Draw) -> dict[Turn, list[Said]]:
    """What people said, by turn, in the order of the cards."""
    rows = (
        Judgement.objects.filter(drawn__draw=draw, undone_at=None)
        .select_related("drawn__item__channel")
        .order_by("drawn__place")
    )
    found: dict[Turn, list[Said]] = {turn: [] for turn in Turn}
    for row in rows:
        found[Turn(row.turn)].append(row.said)
    return found


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the audit of a draw is: cards, those with a first word, doubles with a second one, disputed, settled."""

    cards: int
    first: int
    doubled: int
    second: int
    disputed: int
    final: int

    @property
    def done(self) -> bool:
        """Whether every card was read, every double twice, and every dispute settled."""
        return self.cards > 0 and (self.first, self.second, self.final) == (self.cards, self.doubled, self.disputed)

    @property
    def left(self) -> int:
        """Readings that are still to be made."""
        return self.cards - self.first + self.doubled - self.second + self.disputed - self.final


def progress(draw: Draw) -> Progress:
    """How far the audit of ``draw`` is."""
    said = judgements_of(draw)
    cards = draw.cards.count()
    doubled = draw.cards.filter(doubled=True).count()
    one = {judgement.item_id for judgement in said[Turn.FIRST]}
    both = [judgement for judgement in said[Turn.SECOND] if judgement.item_id in one]
    disputed = set(differing(said[Turn.FIRST], both, load_codebook()))
    final = sum(judgement.item_id in disputed for judgement in said[Turn.FINAL])
    return Progress(cards, len(said[Turn.FIRST]), doubled, len(said[Turn.SECOND]), len(disputed), final)


def audit_of(draw: Draw) -> Audit | None:
    """The audit once it is whole; ``None`` before: a part of it would be looked at before its time."""
    if draw.value is None or not progress(draw).done:
        return None
    said = judgements_of(draw)
    return Audit(frozen(draw), tuple(said[Turn.FIRST]), tuple(said[Turn.SECOND]), tuple(said[Turn.FINAL]))


def draw_of(organisation: Organisation, month: date) -> Draw | None:
    """The month's draw, drawn or only opened."""
    return Draw.objects.filter(organisation=organisation, month=month).first()


def balance_of(organisation: Organisation, month: date, by: Sequence[str] = BY) -> Balance:
    """The month's balance: by the audit where it is whole, else by the machine alone. Raises :class:`InputError`."""
    draw = draw_of(organisation, month)
    audit = audit_of(draw) if draw else None
    frame = frame_of(organisation, month, frozen(draw) if draw and draw.value else None)
    return pipeline.measure(frame, by=by, audit=audit)


def basis_of(organisation: Organisation, month: date) -> str:
    """A digest of what a month's balance is computed from, without reading the items."""
    window = window_of(month)
    items = Item.objects.filter(organisation=organisation, day__gte=window.first, day__lte=window.last)
    counted = items.aggregate(
        n=Count("pk"), last=Max("pk"), made=Max("prediction__made_at"), edited=Max("revisions__pk")
    )
    rejects = RejectedRow.objects.filter(intake__in=items.values("intake")).aggregate(n=Count("pk"), last=Max("pk"))
    said = Judgement.objects.filter(drawn__draw__organisation=organisation, drawn__draw__month=month)
    judged = said.aggregate(n=Count("pk"), last=Max("pk"), undone=Count("undone_at"))
    draw = draw_of(organisation, month)
    parts = [counted, rejects, judged, draw and (draw.drawn_at, draw.revealed_at), load_codebook().digest, COLUMNS]
    return hashlib.sha256(repr(parts).encode()).hexdigest()
