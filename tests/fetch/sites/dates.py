"""Dates as Vietnamese pages show them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

ZONE = timezone(timedelta(hours=7), "+07:00")
DAYS = ("Thứ Hai", "Thứ Ba", "Thứ Tư", "Thứ Năm", "Thứ Sáu", "Thứ Bảy", "Chủ Nhật")
MONTHS = ("Một", "Hai", "Ba", "Tư", "Năm", "Sáu", "Bảy", "Tám", "Chín", "Mười", "Mười Một", "Mười Hai")

# {wd} day name, {mw} month in words, {h12} hour of twelve, {sc} SA/CH, {ap} AM/PM; the rest are plain numbers.
FORMS = {
    "day-dmy-hm-gmt": "{wd}, {d}/{m}/{y} - {H:02}:{M:02} GMT+7",
    "day-dmy-hm": "{wd}, {d:02}/{m:02}/{y}, {H:02}:{M:02}",
    "hm-dmy": "{H:02}:{M:02} {d:02}/{m:02}/{y}",
    "hm-dmy-bar": "{H:02}:{M:02} | {d:02}/{m:02}/{y}",
    "dmy-hm": "{d:02}/{m:02}/{y} {H:02}:{M:02}",
    "dmy": "{d:02}/{m:02}/{y}",
    "dash": "{d:02}-{m:02}-{y}",
    "dash-hm": "{d:02}-{m:02}-{y} {H:02}:{M:02}",
    "dot": "{d:02}.{m:02}.{y}",
    "long": "ngày {d} tháng {m} năm {y}",
    "place-long": "Lam Vân, ngày {d} tháng {m} năm {y}",
    "hour-h": "{H:02}h{M:02}, ngày {d:02}/{m:02}/{y}",
    "sa-ch": "{d:02}/{m:02}/{y} {h12}:{M:02}:00 {sc}",
    "ampm": "{d:02}/{m:02}/{y} {h12:02}:{M:02} {ap}",
    "words": "{d} Tháng {mw}, {y}",
    "joomla": "{wd}, {d:02} Tháng {m} {y} {H:02}:{M:02}",
    "posted": "Đăng lúc {H:02}:{M:02} ngày {d:02}/{m:02}/{y}",
}


def has_time(form: str) -> bool:
    """Whether a form shows the hour and minute."""
    return form == "ago" or "{M:02}" in FORMS[form]


def show(form: str, when: datetime, seen: datetime | None = None) -> str:
    """A date in one visible form; "ago" counts from when the page was seen."""
    if form == "ago":
        assert seen is not None
        minutes = int((seen - when).total_seconds() // 60)
        if minutes < 60:
            return f"{minutes} phút trước"
        return f"{minutes // 60} giờ trước" if minutes < 1440 else f"{minutes // 1440} ngày trước"
    return FORMS[form].format(
        wd=DAYS[when.weekday()],
        mw=MONTHS[when.month - 1],
        d=when.day,
        m=when.month,
        y=when.year,
        H=when.hour,
        M=when.minute,
        h12=when.hour % 12 or 12,
        sc="SA" if when.hour < 12 else "CH",
        ap="AM" if when.hour < 12 else "PM",
    )
