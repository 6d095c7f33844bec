"""A month's draw: opened with a commitment, drawn once the items are there, drawn on, and its secret published."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date

import numpy as np
from django.db import IntegrityError, transaction
from django.db.models import Count
from django.db.models.fields.json import KeyTransform
from django.db.models.functions import TruncMonth
from django.utils import timezone
from numpy.typing import NDArray

from canbang.audit.draw import Draw as FrozenDraw
from canbang.audit.draw import commitment_of, make_draw, next_look
from canbang.audit.drawfile import as_dict
from canbang.audit.drawlog import drawn_digest
from canbang.audit.judge import rates_rise
from canbang.codebook import load_codebook
from canbang.desk.domain import measurement
from canbang.desk.domain.entry import record
from canbang.desk.models import Draw, Drawn, Item, Organisation, Sheet, Turn, User, Verb
from canbang.errors import InputError
from canbang.estimate.design import Plan, plan
from canbang.estimate.looks import Looks, Mode
from canbang.label.labeller import COLUMN
from canbang.limits import load_limits
from canbang.report.balance import HALF_WIDTH
from canbang.report.frame import Frame
from canbang.text.numbers import day


def open_month(organisation: Organisation, month: date, mode: Mode, user: User | None = None) -> Draw:
    """Make the month's secret and write its commitment into the log. Raises :class:`InputError` where it stands already."""
    if month > measurement.month_of(timezone.localdate()):
        raise InputError(f"Tháng {month.month}/{month.year} chưa tới. Mở kỳ từ ngày đầu tháng.")
    secret = secrets.token_hex(16)
    try:
        with transaction.atomic():
            draw = Draw.objects.create(
                organisation=organisation, month=month, mode=mode.value, secret=secret, commitment=commitment_of(secret)
            )
            record(
                organisation, user.person if user else None, Verb.OPEN, f"tháng {month.month}/{month.year}",
                {"month": month.isoformat(), "mode": mode.value, "commitment": draw.commitment},
            )  # fmt: skip
    except IntegrityError:
        raise InputError(f"Tháng {month.month}/{month.year} đã mở từ trước; cách xem kết quả không đổi được.") from None
    return draw


def _scores(frame: Frame) -> NDArray[np.float64]:
    return frame.probability[:, COLUMN["counted_negative"]].astype(np.float64)


@dataclass(frozen=True, slots=True)
class Month:
    """Where a month stands: its items, its draw (without its frame), looks drawn, how far the audit is, whether it is signed."""

    month: date
    items: int
    draw: Draw | None
    looks: int
    progress: measurement.Progress | None
    signed: bool

    @property
    def state(self) -> str:
        """One of: unopened, opened, judging, judged, signed."""
        if self.signed or self.draw is None:
            return "signed" if self.signed else "unopened"
        if self.progress is None:
            return "opened"
        return "judged" if self.progress.done else "judging"

    @property
    def may_draw(self) -> bool:
        """Whether a look, the first or a further one, can be drawn now."""
        if self.draw is None or self.signed:
            return False
        if not self.looks:
            return self.items > 0 and not why_not_drawn(self.draw)
        looks = Looks(Mode(self.draw.mode), self.looks)
        return looks.mode is Mode.UNTIL_SETTLED and bool(looks.left) and self.state == "judged"


def months(organisation: Organisation) -> list[Month]:
    """Every month with items or a draw, and the running one, newest first."""
    counted = Item.objects.filter(organisation=organisation).values_list(TruncMonth("day")).annotate(n=Count("pk"))
    items = dict(counted.order_by())
    rows = Draw.objects.filter(organisation=organisation).defer("value").annotate(taken=KeyTransform("looks", "value"))
    found = {row.month: row for row in rows}
    looks = {row.month: len(row.taken or ()) for row in rows}
    signed = set(
        Sheet.objects.filter(organisation=organisation, signed_at__isnull=False).values_list("month", flat=True)
    )
    running = measurement.month_of(timezone.localdate())
    return [
        Month(
            month, items.get(month, 0), found.get(month), looks.get(month, 0),
            measurement.progress(found[month]) if looks.get(month) else None, month in signed,
        )
        for month in sorted({*items, *found, running}, reverse=True)
    ]  # fmt: skip


def why_not_drawn(draw: Draw) -> str:
    """Why the first look has to wait, as a Vietnamese line; "" where it need not."""
    last = measurement.window_of(draw.month).last
    if draw.mode == Mode.ONE_LOOK and last is not None and timezone.localdate() <= last:
        return f"Kỳ này xem kết quả một lần khi khép kỳ: rút mẫu được sau ngày {day(last)}, khi tháng đã có đủ tin."
    return ""


def planned(draw: Draw) -> tuple[int, Plan]:
    """Items of the month, and how many labels a verdict or ±2.5 points would take in all. Raises :class:`InputError`.

    Before the first look by the scores; afterwards by what people found, once the audit so far is whole.
    """
    frame = measurement.frame_of(draw.organisation, draw.month)
    if draw.value is not None:
        return len(frame.ids), measurement.balance_of(draw.organisation, draw.month).needed
    return len(frame.ids), _first_plan(draw, frame)


def _first_plan(draw: Draw, frame: Frame) -> Plan:
    confidence = Looks(Mode(draw.mode)).confidence
    limit = load_limits()["negative_share"].value
    return plan(_scores(frame), [], limit, HALF_WIDTH, confidence=confidence)


def codebooks(organisation: Organisation) -> list[tuple[str, str, list[date]]]:
    """Version and digest of every codebook that months were drawn under, with those months; newest first."""
    rows = Draw.objects.filter(organisation=organisation, value__isnull=False).order_by("-month")
    found: dict[tuple[str, str], list[date]] = {}
    for month, version, digest in rows.values_list("month", "value__codebook__version", "value__codebook__digest"):
        found.setdefault((str(version), str(digest)), []).append(month)
    return [(version, digest, months) for (version, digest), months in found.items()]


def draw_first(draw: Draw, budget: int | None, user: User) -> Draw:
    """Draw the first look: ``budget`` items, or as many as the planning figure wants. Raises :class:`InputError`."""
    if draw.value is not None:
        raise InputError(f"Tháng {draw.month.month}/{draw.month.year} đã rút mẫu, không rút lại.")
    if why := why_not_drawn(draw):
        raise InputError(why)
    frame = measurement.frame_of(draw.organisation, draw.month)
    wanted = budget or _first_plan(draw, frame).for_half_width
    book = load_codebook()
    window = measurement.window_of(draw.month)
    made = make_draw(
        frame.ids, _scores(frame), min(wanted, len(frame.ids)), draw.secret, labeller=frame.labeller,
        codebook=(book.version, book.digest), window=(str(window.first), str(window.last)), mode=draw.mode,
    )  # fmt: skip
    return _store(draw, None, made, user)


def draw_more(draw: Draw, budget: int, user: User) -> Draw:
    """One more look of a month that is looked at until settled: ``budget`` items in all, new ones in bands of their own."""
    before = measurement.frozen(draw, reveal=True)
    looks = Looks(Mode(draw.mode), len(before.looks))
    if looks.mode is not Mode.UNTIL_SETTLED:
        raise InputError("Kỳ này đã chọn xem kết quả một lần, không rút thêm sau khi chấm.")
    if not looks.left:
        raise InputError(f"Đã rút đủ {len(before.looks)} lần, kỳ này không xem thêm lần nào nữa.")
    if not measurement.progress(draw).done:
        raise InputError("Chấm và phân xử xong các tin đã rút rồi mới rút thêm.")
    frame = measurement.frame_of(draw.organisation, draw.month)
    known = set(before.frame_ids)
    new = [position for position, item_id in enumerate(frame.ids) if item_id not in known]
    first = measurement.judgements_of(draw)[Turn.FIRST]
    made = next_look(
        before, budget, draw.secret, [frame.ids[i] for i in new], _scores(frame)[new],
        by_scores=rates_rise(before, first, load_codebook()),
    )  # fmt: skip
    return _store(draw, before, made, user)


def _store(draw: Draw, before: FrozenDraw | None, made: FrozenDraw, user: User) -> Draw:
    """Freeze a look: the draw's JSON, its cards in their order, and the entry, together."""
    already = set(before.drawn) if before else set()
    fresh = [item_id for item_id in made.drawn if item_id not in already]
    pks = _pks(draw, set(fresh))
    doubled = set(made.doubled)
    with transaction.atomic():
        held = Draw.objects.select_for_update().get(pk=draw.pk)
        if (held.value is None) != (before is None) or (before and len(held.value["looks"]) != len(before.looks)):  # type: ignore[index]
            raise InputError("Người khác vừa rút mẫu của tháng này. Tải lại trang.")
        held.value, held.drawn_at = as_dict(made, reveal=False), timezone.now()
        held.save(update_fields=["value", "drawn_at"])
        Drawn.objects.bulk_create(
            Drawn(draw=held, item_id=pks[item_id], place=place, doubled=item_id in doubled)
            for place, item_id in enumerate(fresh, len(already) + 1)
        )
        if already:
            twice = _pks(draw, doubled - set(fresh))
            held.cards.filter(item_id__in=twice.values()).update(doubled=True)
        record(
            held.organisation, user.person, Verb.DRAW, f"tháng {held.month.month}/{held.month.year}",
            {"month": held.month.isoformat(), "look": len(made.looks), "items": len(made.frame_ids), "drawn": len(made.drawn),
             "mode": made.mode, "commitment": made.commitment, "drawn_digest": drawn_digest(made)},
        )  # fmt: skip
    return held


def _pks(draw: Draw, ids: set[str]) -> dict[str, int]:
    """Primary keys of items of the month by the ids that draws know them by."""
    window = measurement.window_of(draw.month)
    rows = Item.objects.filter(organisation=draw.organisation, day__gte=window.first, day__lte=window.last)
    named = rows.values_list("pk", "channel__name", "platform_id")
    return {f"{channel}/{name}": pk for pk, channel, name in named.iterator() if f"{channel}/{name}" in ids}


def reveal(draw: Draw, user: User) -> None:
    """Publish the secret of a closed month; call it inside the transaction that closes it."""
    draw.revealed_at = timezone.now()
    draw.save(update_fields=["revealed_at"])
    record(
        draw.organisation, user.person, Verb.REVEAL, f"tháng {draw.month.month}/{draw.month.year}",
        {"month": draw.month.isoformat(), "secret": draw.secret, "commitment": draw.commitment},
    )  # fmt: skip
