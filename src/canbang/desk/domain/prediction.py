"""The machine's labels of stored items. Months with a draw keep the labels they were drawn by."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from canbang.codebook import load_codebook
from canbang.desk.models import Draw, Item, Organisation, Prediction
from canbang.label.labeller import COLUMN, THEMES, TONES, Labeller
from canbang.label.linear import EmbeddedLabeller

BATCH = 512


@cache
def labeller() -> EmbeddedLabeller:
    """The labeller that ships, loaded once for each process."""
    return EmbeddedLabeller.load()


def waiting(organisation: Organisation, machine: Labeller) -> QuerySet[Item]:
    """Items without a label, or with an older one in a month that nobody drew from."""
    drawn = Draw.objects.filter(
        organisation=organisation, value__isnull=False,
        month__year=OuterRef("day__year"), month__month=OuterRef("day__month"),
    )  # fmt: skip
    book = load_codebook().digest
    older = ~Q(prediction__labeller=machine.name, prediction__version=machine.version, prediction__codebook=book)
    return Item.objects.filter(organisation=organisation).filter(Q(prediction=None) | (older & ~Exists(drawn)))


def label(
    organisation: Organisation, machine: Labeller | None = None, done: Callable[[int], None] = lambda _: None
) -> int:
    """Label everything that waits, in batches that each stand once written; how many were labelled."""
    machine = machine or labeller()
    book, count = load_codebook().digest, 0
    while batch := list(waiting(organisation, machine).select_related("channel")[:BATCH]):
        scores = machine.predict([item.act for item in batch])
        rows = [
            Prediction(
                item=item, organisation=organisation, labeller=machine.name, version=machine.version, codebook=book,
                scores=row.astype("float32").tobytes(), counted=float(row[COLUMN["counted_negative"]]),
                tone=TONES[int(row[: len(TONES)].argmax())], theme=THEMES[int(row[COLUMN[f"theme:{THEMES[0]}"] :].argmax())],
            )
            for item, row in zip(batch, scores, strict=True)
        ]  # fmt: skip
        with transaction.atomic():
            Prediction.objects.filter(item__in=batch).delete()
            # somebody else may be labelling the same items: whose label comes second is not needed
            Prediction.objects.bulk_create(rows, ignore_conflicts=True)
        count += len(batch)
        done(count)
    return count
