"""One item: whose label it shows, why the machine says so, and a person's correction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from canbang.desk.domain import prediction
from canbang.desk.domain.entry import record
from canbang.desk.domain.items import being_audited
from canbang.desk.domain.judgement import Answer
from canbang.desk.domain.search import search
from canbang.desk.models import Correction, Item, Judgement, Organisation, Prediction, Sheet, Turn, User, Verb
from canbang.errors import InputError
from canbang.item import Label
from canbang.label.hints import hint
from canbang.stories import WINDOW_DAYS, StoryIndex
from canbang.text.normalise import nfc

REASON_MAX = 300
_CANDIDATES = 60
_REASONS = 6


@dataclass(frozen=True, slots=True)
class Shown:
    """The label that an item shows and who set it: "máy" with its version, "người chấm", "sửa nhãn".

    ``hidden``: the viewer audits and the item is being audited, so that nothing of it is shown. ``confidence`` is the
    machine's probability of its tone, ``counted`` that of the item being counted negative.
    """

    by: str = ""
    tone: str = ""
    theme: str = ""
    dark_side: bool | None = None
    unsure: bool = False
    not_an_item: bool = False
    confidence: float | None = None
    counted: float | None = None
    hidden: bool = False


def shown(organisation: Organisation, items: Sequence[Item], *, blind: bool) -> dict[int, Shown]:
    """What each of the items shows, by its key; one query for each kind of word on it."""
    pks = [item.pk for item in items]
    hidden = set(_audited(organisation, pks)) if blind else set()
    # the second of two readers only checks the first; where they differ the third one's word counts
    said = {row.drawn.item_id: row for row in judgements(organisation, pks) if row.turn != Turn.SECOND}
    corrected = {row.item_id: row for row in Correction.objects.filter(item__in=pks).order_by("pk")}
    machine = {row.item_id: row for row in Prediction.objects.filter(item__in=pks)}
    return {
        pk: Shown(hidden=True) if pk in hidden else _shown(machine.get(pk), corrected.get(pk), said.get(pk))
        for pk in pks
    }


def _audited(organisation: Organisation, pks: Sequence[int]) -> QuerySet[Item, int]:
    found = Item.objects.filter(pk__in=pks, organisation=organisation).filter(being_audited(organisation))
    return found.values_list("pk", flat=True)


def judgements(organisation: Organisation, pks: Sequence[int]) -> QuerySet[Judgement]:
    """What people said of items in months that are signed, the first word first and the third person's last."""
    signed = Sheet.objects.filter(organisation=organisation, signed_at__isnull=False).values("month")
    said = Judgement.objects.filter(organisation=organisation, drawn__item__in=pks, drawn__draw__month__in=signed)
    return said.filter(undone_at=None).select_related("drawn__draw").order_by("turn", "pk")


def _shown(machine: Prediction | None, corrected: Correction | None, said: Judgement | None) -> Shown:
    confidence = machine.probability(f"tone:{machine.tone}") if machine else None
    counted = machine.counted if machine else None
    if said:
        label, by = said.label, "người chấm"
    elif corrected:
        label, by = Label(**corrected.label), "sửa nhãn"
    elif machine:
        return Shown(f"máy {machine.version}", machine.tone, machine.theme, confidence=confidence, counted=counted)
    else:
        return Shown()
    return Shown(
        by, label.tone or "", label.theme or (machine.theme if machine else ""), label.dark_side, label.unsure,
        label.not_an_item, confidence, counted,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reasons:
    """Why the machine said so: phrases with the log-odds that each is worth to being counted negative, and phrases that
    make it sound sensational with the question that each puts to an editor."""

    phrases: list[tuple[str, float]]
    sensational: list[tuple[str, str]]


def reasons(item: Item) -> Reasons | None:
    """The machine's reasons; ``None`` where the label is not of the labeller at hand."""
    machine, row = prediction.labeller(), Prediction.objects.filter(item=item).first()
    if row is None or (row.labeller, row.version) != (machine.name, machine.version):
        return None
    act = item.act
    telling: list[tuple[str, str]] = []
    if row.probability("sensational") >= machine.thresholds["sensational"]:
        loud = [phrase for phrase, worth in machine.explain(act, "sensational") if worth > 0]
        telling = [(phrase, hint(phrase).text) for phrase in loud]
    return Reasons(machine.explain(act, "counted_negative", _REASONS), telling)


@dataclass(frozen=True, slots=True)
class Told:
    """A story that several acts tell: the earliest of them, and how many there are."""

    first: Item
    acts: int


def story_of(item: Item) -> Told | None:
    """The story of an item as far as a quick look finds it (same words, a link to it); ``None`` where it stands alone.

    Looks at acts within the days in which ``stories`` joins texts, so it never joins what the report would not.
    """
    span = timedelta(days=WINDOW_DAYS)
    near = (
        Item.objects.filter(organisation_id=item.organisation_id)
        .filter(published_at__gte=item.published_at - span, published_at__lte=item.published_at + span)
        .exclude(pk=item.pk)
        .select_related("channel")
        .order_by("published_at", "pk")
    )
    named = [name for name in (item.url, item.platform_id) if name]
    linked = near.filter(Q(share_of__in=named) | (Q(url=item.share_of, url__gt="") | Q(platform_id=item.share_of)))
    alike = search(near, item.title) if item.title else near.none()
    acts = [item, *{one.pk: one for one in (*linked[:_CANDIDATES], *alike[:_CANDIDATES])}.values()]
    index = StoryIndex()
    for one in acts:
        index.add(one.act)
    numbers = index.cluster()
    same = [one for one, number in zip(acts, numbers.tolist(), strict=True) if number == numbers[0]]
    return Told(min(same, key=lambda one: (one.published_at, one.pk)), len(same)) if len(same) > 1 else None


def correct(
    organisation: Organisation, item: Item, user: User, answer: Answer, reason: str, *, blind: bool
) -> Correction:
    """Correct the machine's label of an item, with the reason. No share changes: those rest on the audit.

    Raises :class:`InputError` for a label or reason that is none, and where the person audits and the item is being audited.
    """
    reason = nfc(reason)
    if not reason or len(reason) > REASON_MAX:
        raise InputError(f"Ghi lý do sửa nhãn, không quá {REASON_MAX} ký tự.")
    answer.check()
    if blind and _audited(organisation, [item.pk]):
        raise InputError(
            "Tin này đang được chấm mẫu. Sửa nhãn sau khi phiếu tháng đã ký, để việc chấm không bị ảnh hưởng."
        )
    label = {
        "tone": answer.tone, "dark_side": answer.dark_side, "sensational": answer.sensational,
        "public_interest": answer.public_interest, "theme": answer.theme or None,
    }  # fmt: skip
    with transaction.atomic():
        last = Correction.objects.filter(item=item).order_by("-pk").first()
        if last and (last.person, last.label, last.reason) == (user.person, label, reason):
            return last  # the same form sent twice
        made = Correction.objects.create(item=item, person=user.person, label=label, reason=reason)
        record(
            organisation,
            user.person,
            Verb.RELABEL,
            f"tin {item.pk}",
            {"item": item.pk, "correction": made.pk, "label": label},
        )
    return made
