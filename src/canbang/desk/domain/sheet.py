"""The month's sheet: computed while it is open, signed once, never changed after."""

from __future__ import annotations

import hashlib
import json as plain_json
from datetime import date

from django.db import transaction
from django.utils import timezone

from canbang.desk.domain import draw as draws
from canbang.desk.domain import measurement
from canbang.desk.domain.entry import record
from canbang.desk.models import Item, Organisation, Sheet, User, Verb
from canbang.errors import InputError
from canbang.report import json


def months(organisation: Organisation) -> list[date]:
    """Months that have items, newest first."""
    return [day for day in Item.objects.filter(organisation=organisation).dates("day", "month", order="DESC")]  # noqa: C416


def refresh(organisation: Organisation, month: date) -> Sheet:
    """The month's sheet, computed anew where anything it rests on has changed; a signed one stays. Raises :class:`InputError`."""
    sheet = Sheet.objects.filter(organisation=organisation, month=month).first()
    if sheet is not None and sheet.signed_at:
        return sheet
    basis = measurement.basis_of(organisation, month)
    if sheet is not None and sheet.basis == basis:
        return sheet
    text = json.render(measurement.balance_of(organisation, month))
    value = plain_json.loads(text)
    fields = {"text": text, "value": value, "verdict": value["verdict"], "basis": basis}
    with transaction.atomic():
        held = Sheet.objects.select_for_update().filter(organisation=organisation, month=month).first()
        if held is None:
            return Sheet.objects.create(organisation=organisation, month=month, **fields)
        if held.signed_at:
            return held
        for name, content in fields.items():
            setattr(held, name, content)
        held.save()
        return held


def why_not_signed(sheet: Sheet) -> str:
    """Why a sheet cannot be signed yet, as a Vietnamese line; "" where it can."""
    if sheet.signed_at:
        return "Phiếu đã ký."
    draw = measurement.draw_of(sheet.organisation, sheet.month)
    if draw is None or draw.value is None:
        return "Chưa rút mẫu: con số là ước tính máy, chưa có kết luận để ký."
    far = measurement.progress(draw)
    if not far.done:
        return f"Chấm mẫu chưa xong: còn {far.left} lượt đọc (chấm, chấm kép hoặc phân xử)."
    if sheet.basis != measurement.basis_of(sheet.organisation, sheet.month):
        return "Dữ liệu vừa thay đổi: tải lại trang để xem con số mới rồi ký."
    return ""


def sign(sheet: Sheet, user: User, digest: str) -> Sheet:
    """Sign what was seen: ``digest`` is that of the text on the signer's screen. Raises :class:`InputError`.

    The sheet keeps the log's end from before the signing; the month's secret is published in the same transaction.
    """
    with transaction.atomic():
        held = Sheet.objects.select_for_update().select_related("organisation").get(pk=sheet.pk)
        if why := why_not_signed(held):
            raise InputError(why)
        if digest != digest_of(held):
            raise InputError("Con số đã đổi từ lúc bạn mở trang. Tải lại trang, xem lại rồi ký.")
        organisation = Organisation.objects.select_for_update().get(pk=held.organisation_id)
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
