"""Alarms: raised and ended from what is stored, each by a rule that a person can read; muted with a reason."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, Min, Q
from django.utils import timezone

from canbang.desk.domain import measurement
from canbang.desk.domain.entry import record
from canbang.desk.models import Alarm, AlarmKind, Channel, Draw, Organisation, Sheet, User, Verb
from canbang.errors import InputError
from canbang.estimate.looks import LAMP_CONFIDENCE, LAMP_DAYS
from canbang.estimate.verdict import Verdict
from canbang.fetch.coverage import missing_words
from canbang.report.gap_words import NO_DATA
from canbang.report.gaps import Standing, from_dict
from canbang.text.numbers import day, integer, percent, percent_range

REASON_MAX = 300
FALSE_ALARMS = len(LAMP_DAYS) * (1 - LAMP_CONFIDENCE)
"""How often, a day, one of the lamps may light wrongly: all of a day hold together at the rest (``estimate.looks``)."""
_GAP_MONTHS = 3
"""Closed months that are looked at for missing data; what is older is history."""

RULES = {
    AlarmKind.EARLY: (
        f"Trong {' hoặc '.join(map(str, LAMP_DAYS))} ngày cuối của tháng đã chấm xong và chưa ký, cả khoảng tin cậy nằm từ giới hạn trở lên. "
        f"Tỉ lệ báo sai: không quá {percent(FALSE_ALARMS)} mỗi ngày. Cảnh báo sớm không phải kết luận."
    ),
    AlarmKind.GAP: (
        "Kênh có ngày chưa thu thập đủ, hoặc trước đó có tin mà cả tháng đã khép không có tin nào trong kho. Thiếu dữ liệu không có "
        "nghĩa là kênh không đăng."
    ),
    AlarmKind.BEHIND: "Tháng đã hết mà mẫu đã rút còn lượt chưa đọc (chấm, chấm kép hoặc phân xử).",
    AlarmKind.DRIFT: (
        "Ở tháng chấm xong gần nhất, ước tính máy nằm ngoài khoảng theo mẫu chấm. Con số của phiếu không bị ảnh hưởng; "
        "máy chọn chỗ đọc kém hơn nên phải chấm nhiều hơn."
    ),
}
"""What raises an alarm of each kind, as people read it."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """An alarm that the data call for now."""

    kind: AlarmKind
    key: str
    text: str
    detail: dict[str, Any] = field(default_factory=dict)


def review(organisation: Organisation) -> None:
    """Raise what the data call for and is not raised yet, end what they no longer call for. Muted ones stay muted."""
    wanted = {(one.kind.value, one.key): one for one in _wanted(organisation)}
    with transaction.atomic():
        # in line with other reviews: one alarm a key
        Organisation.objects.select_for_update().get(pk=organisation.pk)
        raised = {(one.kind, one.key): one for one in Alarm.objects.filter(organisation=organisation, ended_at=None)}
        over = [alarm.pk for key, alarm in raised.items() if key not in wanted]
        if over:
            Alarm.objects.filter(pk__in=over).update(ended_at=timezone.now())
        for key, one in wanted.items():
            alarm = raised.get(key)
            if alarm is None:
                Alarm.objects.create(
                    organisation=organisation, kind=one.kind, key=one.key, text=one.text, detail=one.detail
                )
            elif (alarm.text, alarm.detail) != (one.text, one.detail):
                Alarm.objects.filter(pk=alarm.pk).update(text=one.text, detail=one.detail)


def _wanted(organisation: Organisation) -> Iterator[Wanted]:
    yield from _behind(organisation)
    yield from _gaps(organisation)
    last = Sheet.objects.filter(organisation=organisation, value__basis="audit").order_by("-month").first()
    if last is not None:
        yield from _drift(last)
        if last.signed_at is None:  # a signed month has its verdict: nothing to be early about
            yield from _early(last)


def _key(month: date) -> str:
    return f"{month:%Y-%m}"


def _words(month: date) -> str:
    return f"{month.month}/{month.year}"


def _behind(organisation: Organisation) -> Iterator[Wanted]:
    """Months that are over, drawn, not signed, and not read to the end."""
    over = measurement.month_of(timezone.localdate())
    signed = Sheet.objects.filter(organisation=organisation, signed_at__isnull=False).values("month")
    drawn = Draw.objects.filter(organisation=organisation, drawn_at__isnull=False, month__lt=over)
    for draw in drawn.exclude(month__in=signed).defer("value"):
        far = measurement.progress(draw)
        if not far.done:
            text = (
                f"Tháng {_words(draw.month)} đã hết mà mới chấm {integer(far.first)}/{integer(far.cards)} tin, "
                f"còn {integer(far.left)} lượt đọc."
            )
            yield Wanted(AlarmKind.BEHIND, _key(draw.month), text, {"month": _key(draw.month)})


def _gaps(organisation: Organisation) -> Iterator[Wanted]:
    """What is missing of the last closed months, by channel; signed months are settled."""
    month = measurement.month_of(timezone.localdate())
    sheets = {sheet.month: sheet for sheet in Sheet.objects.filter(organisation=organisation)}
    for _ in range(_GAP_MONTHS):
        month = measurement.month_of(month - timedelta(days=1))
        sheet = sheets.get(month)
        if sheet is not None and sheet.signed_at:
            continue
        said = _uncollected(sheet) if sheet is not None else {}
        for channel, text in {**_silent(organisation, month), **said}.items():
            yield Wanted(
                AlarmKind.GAP, f"{_key(month)} {channel}"[:200], f"{channel}, tháng {_words(month)}: {text}."[:500],
                {"month": _key(month), "channel": channel},
            )  # fmt: skip


def _uncollected(sheet: Sheet) -> dict[str, str]:
    """Collected channels that are not known whole in the sheet's month."""
    channels = from_dict(sheet.value["coverage"]).channels
    return {
        one.channel: NO_DATA if one.standing is Standing.NO_DATA else missing_words(one.missing, one.unread)
        for one in channels
        if one.standing is not Standing.WHOLE
    }


def _silent(organisation: Organisation, month: date) -> dict[str, str]:
    """Channels at work that had items before the month and have none in it."""
    window = measurement.window_of(month)
    here = Q(items__day__gte=window.first, items__day__lte=window.last)
    channels = Channel.objects.filter(organisation=organisation, active=True)
    counted = channels.annotate(begun=Min("items__day"), n=Count("items", filter=here)).filter(begun__lt=month, n=0)
    return {channel.name: f"{NO_DATA} nào trong kho" for channel in counted.order_by("name")}


def _drift(sheet: Sheet) -> Iterator[Wanted]:
    machine = sheet.value["beside"]["machine"]
    if machine and machine["drifted"]:
        share = sheet.share()
        text = (
            f"Tháng {_words(sheet.month)}: ước tính máy {percent(machine['estimate'], 2)} nằm ngoài khoảng theo mẫu chấm "
            f"({percent_range(share['low'], share['high'], 2)})."
        )
        yield Wanted(AlarmKind.DRIFT, _key(sheet.month), text, {"month": _key(sheet.month)})


def _early(sheet: Sheet) -> Iterator[Wanted]:
    """The last lamp of each length, where it is lit."""
    last = {lamp["days"]: lamp for lamp in sheet.lamps}
    for days, lamp in sorted(last.items()):
        if lamp["sign"] == Verdict.OVER:
            limit = sheet.value["limit"]["value"]
            text = (
                f"{days} ngày đến {day(date.fromisoformat(lamp['to']))}: có dấu hiệu từ {percent(limit, 0)} trở lên "
                f"(khoảng {percent_range(lamp['low'], lamp['high'])}, đã chấm {integer(lamp['audited'])} tin)."
            )
            yield Wanted(AlarmKind.EARLY, f"{_key(sheet.month)} {days}", text, {"month": _key(sheet.month)})


def mute(alarm: Alarm, user: User, reason: str) -> None:
    """Take an alarm off the desk until it ends. Raises :class:`InputError` without a reason, and where it is muted or over."""
    reason = " ".join(reason.split())
    if not reason:
        raise InputError("Ghi lý do tắt cảnh báo: người khác cần biết vì sao không phải xử lý.")
    if len(reason) > REASON_MAX:
        raise InputError(f"Lý do dài {integer(len(reason))} ký tự, nhiều nhất {REASON_MAX}. Viết gọn lại.")
    with transaction.atomic():
        won = Alarm.objects.filter(pk=alarm.pk, ended_at=None, muted_at=None).update(
            muted_at=timezone.now(), muted_by=user.person, muted_because=reason
        )
        if not won:
            raise InputError("Cảnh báo này đã tắt hoặc đã hết. Tải lại trang.")
        record(
            alarm.organisation, user.person, Verb.MUTE, alarm.text,
            {"alarm": alarm.pk, "kind": alarm.kind, "key": alarm.key, "reason": reason},
        )  # fmt: skip
