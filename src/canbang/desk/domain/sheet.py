"""The month's sheet: computed while it is open, signed once, never changed after."""

from __future__ import annotations

import hashlib
import json as plain_json
from dataclasses import replace
from datetime import date, timedelta

from django.db import transaction
from django.utils import timezone

from canbang.codebook import load_codebook
from canbang.desk.domain import draw as draws
from canbang.desk.domain import measurement
from canbang.desk.domain.basis import basis_of
from canbang.desk.domain.entry import record
from canbang.desk.models import Drawn, Intake, IntakeKind, Item, Organisation, Sheet, User, Verb
from canbang.errors import InputError
from canbang.report import json
from canbang.report.balance import Balance, drawn_of
from canbang.report.delta import Delta, delta
from canbang.report.restored import lamp_of, restore
from canbang.report.saved import Saved, saved_of
from canbang.text.numbers import day


def months(organisation: Organisation) -> list[date]:
    """Months that have items, newest first."""
    return [day for day in Item.objects.filter(organisation=organisation).dates("day", "month", order="DESC")]  # noqa: C416


def refresh(organisation: Organisation, month: date) -> Sheet:
    """The month's sheet, computed anew where anything it rests on has changed; a signed one stays. Raises :class:`InputError`."""
    sheet = Sheet.objects.filter(organisation=organisation, month=month).first()
    if sheet is not None and sheet.signed_at:
        return sheet
    # taken before the rows are read: what changes meanwhile makes the sheet stale, never looks fresh
    basis = basis_of(organisation, month)
    if sheet is not None and sheet.basis == basis:
        return sheet
    fields = _computed(organisation, month) | {"basis": basis}
    with transaction.atomic():
        held, made = Sheet.objects.select_for_update().get_or_create(
            organisation=organisation, month=month, defaults=fields
        )
        if not made and not held.signed_at:
            for name, content in fields.items():
                setattr(held, name, content)
            held.save()
        return held


def _computed(organisation: Organisation, month: date) -> dict[str, object]:
    balance = measurement.balance_of(organisation, month)
    text = json.render(replace(balance, lamps=()))
    value = plain_json.loads(text)
    lamps = json.as_dict(balance)["lamps"]
    return {"text": text, "value": value, "lamps": lamps, "verdict": value["verdict"]}


def why_not_signed(sheet: Sheet) -> str:
    """Why a sheet cannot be signed yet, as a Vietnamese line; "" where it can."""
    if sheet.signed_at:
        return "Phiếu đã ký."
    last = measurement.window_of(sheet.month).last
    if last is not None and timezone.localdate() <= last:
        return f"Tháng chưa hết: con số chính thức là của tháng đã khép, ký được sau ngày {day(last)}."
    draw = measurement.draw_of(sheet.organisation, sheet.month)
    if draw is None or draw.value is None:
        return "Chưa rút mẫu: con số là ước tính máy, chưa có kết luận để ký."
    far = measurement.progress(draw)
    if not far.done:
        return f"Chấm mẫu chưa xong: còn {far.left} lượt đọc (chấm, chấm kép hoặc phân xử)."
    if sheet.basis != basis_of(sheet.organisation, sheet.month):
        return "Dữ liệu vừa thay đổi: tải lại trang để xem con số mới rồi ký."
    return ""


def sign(sheet: Sheet, user: User, digest: str) -> Sheet:
    """Sign what was seen: ``digest`` is that of the text on the signer's screen. Raises :class:`InputError`.

    The sheet keeps the log's end from before the signing; the month's secret is published in the same transaction.
    """
    with transaction.atomic():
        # judging, undoing and signing wait for each other at the organisation's row
        organisation = Organisation.objects.select_for_update().get(pk=sheet.organisation_id)
        held = Sheet.objects.select_for_update().get(pk=sheet.pk)
        if why := why_not_signed(held):
            raise InputError(why)
        if digest != digest_of(held):
            raise InputError("Con số đã đổi từ lúc bạn mở trang. Tải lại trang, xem lại rồi ký.")
        held.anchor_count, held.anchor_head = organisation.entries, organisation.head
        held.signed_at, held.signed_by = timezone.now(), user.person
        held.signer = ", ".join(part for part in (user.name, user.position) if part)
        held.digest = digest
        held.save()
        record(
            organisation, user.person, Verb.SIGN, f"phiếu tháng {held.month.month}/{held.month.year}",
            {"month": held.month.isoformat(), "sha256": digest, "verdict": held.verdict,
             "anchor": {"count": held.anchor_count, "head": held.anchor_head}},
        )  # fmt: skip
        draw = measurement.draw_of(organisation, held.month)
        assert draw is not None
        draws.reveal(draw, user)
    return held


def digest_of(sheet: Sheet) -> str:
    """SHA-256 of the sheet's JSON."""
    return hashlib.sha256(sheet.text.encode()).hexdigest()


def check_signed(sheet: Sheet) -> None:
    """Raise :class:`InputError` where the text of a signed sheet is no longer what was signed."""
    if sheet.signed_at and digest_of(sheet) != sheet.digest:
        raise InputError(
            f"Phiếu tháng {sheet.month.month}/{sheet.month.year}: nội dung không còn khớp mã băm lúc ký "
            f"({sheet.digest[:12]}). Không dùng phiếu này; khôi phục từ bản sao lưu."
        )


def report_of(sheet: Sheet) -> Balance:
    """The sheet's balance, as its text says it. Raises :class:`InputError` where that is not what was signed."""
    check_signed(sheet)
    report = restore(plain_json.loads(sheet.text))
    collected = Intake.objects.filter(
        organisation=sheet.organisation, kind=IntakeKind.COLLECT, source__in=report.sources
    )
    names = set(collected.values_list("source", flat=True))
    files = tuple(name for name in report.sources if name not in names)
    return replace(report, files=files)


def with_lamps(sheet: Sheet, report: Balance) -> Balance:
    """The same report with the early-warning lamps that stand beside the sheet."""
    return replace(report, lamps=tuple(map(lamp_of, sheet.lamps)))


def with_drawn(sheet: Sheet, report: Balance) -> Balance:
    """The same report with the judged items in it, as files list them."""
    draw = measurement.draw_of(sheet.organisation, sheet.month)
    audit = measurement.audit_of(draw) if draw and report.draw else None
    if draw is None or audit is None:
        return report
    cards = Drawn.objects.filter(draw=draw).select_related("item__channel")
    return replace(report, drawn=drawn_of([card.item.act for card in cards], audit.settled, load_codebook()))


def saved(sheet: Sheet) -> Saved:
    """The audited figures of a sheet, to compare with or to join. Raises :class:`InputError` where it holds no audit."""
    return saved_of(plain_json.loads(sheet.text), f"phiếu tháng {sheet.month.month}/{sheet.month.year}")


def with_changes(sheet: Sheet, report: Balance) -> tuple[Balance, list[str]]:
    """The same report with the changes since last month and since the year before in it, where those months are signed.

    And why one of them cannot be compared with. They stand beside the sheet: the text that is signed is one month's.
    """
    if report.whole.basis != "audit":
        return report, []
    wanted = (measurement.month_of(sheet.month - timedelta(days=1)), sheet.month.replace(year=sheet.month.year - 1))
    earlier = Sheet.objects.filter(organisation=sheet.organisation, month__in=wanted, signed_at__isnull=False)
    found: list[Delta] = []
    refused: list[str] = []
    for one in earlier.order_by("-month"):
        try:
            found.append(delta(saved(sheet), saved(one)))
        except InputError as error:
            refused.append(f"Không so sánh được với {error}")
    return replace(report, changes=tuple(found)), refused
