"""Rows into the same frozen values that ``canbang measure`` works on, and the same functions called on them.

On the same items, predictions and draw the JSON is that of the command line, byte for byte. Where the desk's differs, it is by
nature: its rows come in over weeks. Items that came in after the draw stand in a note and nowhere else (the command line would
refuse them), and an intake counts its rows only in months that some of its items lie in.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from itertools import chain

import numpy as np
from django.db.models import Count, Q, QuerySet, Sum
from numpy.typing import NDArray

from canbang import pipeline
from canbang.audit.draw import Draw as FrozenDraw
from canbang.audit.drawfile import from_dict
from canbang.audit.judge import Audit, differing
from canbang.codebook import load_codebook
from canbang.desk.domain import prediction
from canbang.desk.models import Channel, CoverageAttempt, Draw, Intake, IntakeKind, Item, Judgement, Organisation, Turn
from canbang.errors import InputError
from canbang.fetch.collected import CollectedSource
from canbang.fetch.coverage import Coverage, coverage
from canbang.fetch.source import Source
from canbang.item import VIETNAM, Confidence
from canbang.item import Item as Act
from canbang.item import Judgement as Said
from canbang.report.balance import Balance
from canbang.report.frame import Frame, Window

BY = ("channel", "week", "theme")
"""How every sheet of the desk is divided."""
_CHUNK = 2000


def month_of(day: date) -> date:
    """The first day of a day's month."""
    return day.replace(day=1)


def window_of(month: date) -> Window:
    """The days of a month."""
    return Window(month, month.replace(day=monthrange(month.year, month.month)[1]))


def items_of(organisation: Organisation, month: date) -> QuerySet[Item]:
    """The items that were published in a month."""
    window = window_of(month)
    return Item.objects.filter(organisation=organisation, day__gte=window.first, day__lte=window.last)


def name_of(month: date) -> str:
    """ "Tháng 9/2026", as messages begin."""
    return f"Tháng {month.month}/{month.year}"


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


def _labeller(organisation: Organisation, month: date, draw: FrozenDraw | None) -> StoredLabeller:
    """The labeller of the month: the one of the draw, else the only one whose labels its items carry."""
    if draw is not None:
        name, version = draw.labeller
    else:
        machine = ("prediction__labeller", "prediction__version")
        made = set(items_of(organisation, month).order_by().values_list(*machine).distinct())
        if not made:
            raise InputError(f"{name_of(month)} chưa có tin nào. Nạp dữ liệu của tháng rồi xem lại.")
        if (None, None) in made:
            raise InputError(f"{name_of(month)} còn tin chưa gắn nhãn máy. Đợi gắn nhãn xong rồi xem lại.")
        # what a month was drawn by stays; items that came since are labelled by today's machine, for the next look
        if len(made) > 1 and not Draw.objects.filter(organisation=organisation, month=month, drawn_at__isnull=False):
            raise InputError(
                f"{name_of(month)} có nhãn của {len(made)} phiên bản máy. Gắn nhãn lại cả tháng rồi xem lại."
            )
        name, version = max(made)
    known = prediction.labeller()
    prior = known.prior if (known.name, known.version) == (name, version) else pipeline.PRIOR
    return StoredLabeller(name, version, prior)


@dataclass(slots=True)
class _Reading:
    """One pass over a month's rows. ``known`` are the ids that stood in the draw of ``drawn_at``; without a draw all count.

    Of the others ``late`` came in since, ``refused`` were there and were found to be no items. ``intakes`` are those that
    brought an item that counts.
    """

    organisation: Organisation
    month: date
    labeller: StoredLabeller
    known: frozenset[str]
    drawn_at: datetime | None
    codebook: str
    late: int = 0
    refused: int = 0
    intakes: set[int] = field(default_factory=set)

    def sources(self) -> Iterator[Source]:
        """One source for each name under which items of the month came in, in the order of their first coming."""
        intakes = Intake.objects.filter(pk__in=items_of(self.organisation, self.month).values("intake")).order_by("pk")
        groups: dict[tuple[str, int | None], list[Intake]] = {}
        for intake in intakes:
            collected = intake.channel_id if intake.kind == IntakeKind.COLLECT else None
            groups.setdefault((intake.source, collected), []).append(intake)
        ledgers = _ledgers(self.organisation, self.month)
        for (name, channel), group in groups.items():
            rows = self._acts(group)
            first = next(rows, None)
            ledger = ledgers.pop(channel, None) if channel else None
            if first is not None or ledger is not None:
                yield _source(name, ledger, self._reader(group, chain([first] if first else [], rows)))
        # a channel that was tried and gave nothing of the month: never to be read as "nothing published"
        for ledger in ledgers.values():
            yield _source(ledger.coverage.channel, ledger, lambda _: iter(()))

    def _acts(self, group: Sequence[Intake]) -> Iterator[Act]:
        came = {intake.pk: intake.at for intake in group}
        rows = items_of(self.organisation, self.month).filter(intake__in=came)
        for row in rows.select_related("channel", "prediction").order_by("pk").iterator(chunk_size=_CHUNK):
            act = row.act
            if self.drawn_at and act.id not in self.known:
                late = came[row.intake_id] > self.drawn_at
                self.late += late
                self.refused += not late
                continue
            label = getattr(row, "prediction", None)
            if label is None or label.codebook != self.codebook:
                raise InputError(
                    f"{name_of(self.month)}: tin “{act.title[:60]}” chưa có nhãn máy theo bộ tiêu chí đang dùng. "
                    "Gắn nhãn lại rồi xem lại."
                )
            self.intakes.add(row.intake_id)
            self.labeller.scores[act.id] = label.probabilities
            yield act

    def _reader(self, group: Sequence[Intake], acts: Iterator[Act]) -> Callable[[Source], Iterator[Act]]:
        def read(source: Source) -> Iterator[Act]:
            yield from acts
            counted = [intake for intake in group if intake.pk in self.intakes]
            source.notes.extend(dict.fromkeys(str(note) for intake in counted for note in intake.notes))

        return read

    def complete(self, frame: Frame) -> None:
        """Add what the intakes brought and does not count: rejects, doubles, items of other months."""
        rejects = Intake.objects.filter(pk__in=self.intakes).aggregate(n=Sum("doubled") + Sum("rejected"))["n"] or 0
        window = window_of(self.month)
        others = Item.objects.filter(intake__in=self.intakes).exclude(day__gte=window.first, day__lte=window.last)
        outside = others.aggregate(n=Count("pk"), likely=Count("pk", filter=~Q(date_confidence=Confidence.SURE.value)))
        frame.read += self.refused + rejects + outside["n"]
        frame.rejected += self.refused + rejects
        frame.outside += outside["n"]
        frame.likely_outside += outside["likely"]
        if self.late:
            frame.notes.append(f"{self.late} tin đăng trong kỳ nhưng nạp sau khi rút mẫu: không thuộc phiếu này")


@dataclass(frozen=True, slots=True)
class _Ledger:
    """What was tried of a collected channel, and the line of its enrolment."""

    coverage: Coverage
    enrolment: str


def _ledgers(organisation: Organisation, month: date) -> dict[int, _Ledger]:
    """The ledgers of the channels that are collected, by their keys. A reading vouches for no day after it."""
    start = datetime.combine(month, time(), VIETNAM)
    tried = CoverageAttempt.objects.filter(channel__organisation=organisation, ended_at__gte=start)
    rows = tried.order_by("channel__name", "place")
    attempts: dict[int, list[CoverageAttempt]] = {}
    for row in rows:
        attempts.setdefault(row.channel_id, []).append(row)
    channels = Channel.objects.select_related("enrolment").in_bulk(attempts)
    here = items_of(organisation, month).filter(channel__in=attempts)
    removed = _ids(here.filter(removed_at__isnull=False))
    revised = _ids(here.filter(revisions__isnull=False))
    found = {}
    for key, own in attempts.items():
        channel = channels[key]
        enrolment = getattr(channel, "enrolment", None)
        ledger = coverage(
            channel.name, [row.attempt for row in own], (), sorted(removed.get(key, ())), sorted(revised.get(key, ()))
        )
        found[key] = _Ledger(ledger, enrolment.record.line if enrolment else "")
    return found


def _ids(items: QuerySet[Item]) -> dict[int, set[str]]:
    """Ids of items as draws know them, by channel."""
    found: dict[int, set[str]] = {}
    for channel, name, platform_id in items.values_list("channel", "channel__name", "platform_id"):
        found.setdefault(channel, set()).add(f"{name}/{platform_id}")
    return found


def _source(name: str, ledger: _Ledger | None, read: Callable[[Source], Iterator[Act]]) -> Source:
    if ledger is None:
        return Source(name, read)
    return CollectedSource(name, read, enrolment=ledger.enrolment, coverage=ledger.coverage)


def frame_of(organisation: Organisation, month: date, draw: Draw | None = None) -> Frame:
    """The month's items as a frame; with a ``draw``, those that stood in it and no other.

    Raises :class:`InputError` where nothing is there, an item has no label yet, or labels of two labellers stand together.
    """
    made = frozen(draw) if draw else None
    labeller = _labeller(organisation, month, made)
    known = frozenset(made.frame_ids if made else ())
    reading = _Reading(organisation, month, labeller, known, draw.drawn_at if draw else None, load_codebook().digest)
    frame = pipeline.read_frame(reading.sources(), labeller, window=window_of(month))
    reading.complete(frame)
    return frame


def frozen(draw: Draw, *, reveal: bool = False) -> FrozenDraw:
    """The draw as the estimators know it; raises :class:`InputError` where it is not drawn yet."""
    if draw.value is None:
        raise InputError(f"{name_of(draw.month)} chưa rút mẫu.")
    found = from_dict(draw.value)
    return replace(found, secret=draw.secret) if reveal or draw.revealed_at else found


Words = dict[Turn, list[Said]]
"""What people said, by turn, in the order of the cards."""


def judgements_of(draw: Draw) -> Words:
    """What people said of a draw so far."""
    rows = (
        Judgement.objects.filter(drawn__draw=draw, undone_at=None)
        .select_related("drawn__item__channel")
        .defer("drawn__item__text", "drawn__item__lead", "drawn__item__title", "drawn__item__folded")
        .order_by("drawn__place")
    )
    found: Words = {turn: [] for turn in Turn}
    for row in rows:
        item = row.drawn.item
        found[Turn(row.turn)].append(Said(f"{item.channel.name}/{item.platform_id}", row.label))
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


def progress(draw: Draw, said: Words | None = None) -> Progress:
    """How far the audit of ``draw`` is."""
    said = judgements_of(draw) if said is None else said
    counts = draw.cards.aggregate(n=Count("pk"), doubled=Count("pk", filter=Q(doubled=True)))
    one = {judgement.item_id for judgement in said[Turn.FIRST]}
    both = [judgement for judgement in said[Turn.SECOND] if judgement.item_id in one]
    disputed = set(differing(said[Turn.FIRST], both, load_codebook()))
    final = sum(judgement.item_id in disputed for judgement in said[Turn.FINAL])
    return Progress(counts["n"], len(said[Turn.FIRST]), counts["doubled"], len(said[Turn.SECOND]), len(disputed), final)


def audit_of(draw: Draw) -> Audit | None:
    """The audit once it is whole; ``None`` before: a part of it would be looked at before its time.

    The month's secret is in it: signing publishes it in the same transaction, so the sheet says nothing of a secret that
    is kept back.
    """
    if draw.value is None:
        return None
    said = judgements_of(draw)
    if not progress(draw, said).done:
        return None
    return Audit(frozen(draw, reveal=True), *(tuple(said[turn]) for turn in (Turn.FIRST, Turn.SECOND, Turn.FINAL)))


def draw_of(organisation: Organisation, month: date) -> Draw | None:
    """The month's draw, drawn or only opened."""
    return Draw.objects.filter(organisation=organisation, month=month).first()


def balance_of(organisation: Organisation, month: date) -> Balance:
    """The month's balance with its early-warning lamps: by the audit where it is whole, else by the machine alone.

    Raises :class:`InputError`.
    """
    draw = draw_of(organisation, month)
    audit = audit_of(draw) if draw else None
    frame = frame_of(organisation, month, draw if draw and draw.value else None)
    return pipeline.measure(frame, by=BY, audit=audit, with_lamps=audit is not None)
