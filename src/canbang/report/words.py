"""The words of the report: one term for one thing on terminal, page and workbook (docs/concepts.md)."""

from __future__ import annotations

from datetime import date, timedelta

from canbang.codebook import Codebook
from canbang.estimate.verdict import Verdict
from canbang.item import DateSource, Item, Label
from canbang.label.labeller import THEMES
from canbang.limits import Limit
from canbang.report.balance import Balance, Part, ShareValue
from canbang.report.frame import DIMENSIONS
from canbang.report.gap_words import caveat, mark
from canbang.report.lamps import Lamp
from canbang.text.numbers import day, decimal, integer, percent, percent_range

VERDICTS = {Verdict.UNDER: "Đạt", Verdict.OVER: "Không đạt", Verdict.NOT_YET_KNOWN: "Chưa đủ căn cứ"}
MODES = {"one_look": "xem kết quả một lần khi khép kỳ", "until_settled": "xem đến khi rõ, tối đa 4 lần"}
BASES = {"machine": "ước tính máy", "audit": "theo mẫu chấm"}
DIMENSION = dict(zip(DIMENSIONS, ("Kênh", "Tuần", "Tháng", "Chủ đề (máy phân loại)"), strict=True))
DATE_SOURCES = {
    DateSource.FEED: "RSS", DateSource.SITEMAP: "sitemap", DateSource.JSON_LD: "JSON-LD của trang",
    DateSource.OPEN_GRAPH: "Open Graph của trang", DateSource.MICRODATA: "microdata của trang",
    DateSource.PAGE_TEXT: "chữ trên trang", DateSource.COLUMN: "cột ngày", DateSource.RECIPE: "chỗ ghi ngày đã học của trang",
}  # fmt: skip

_NEARLY_ALL = 0.9
_NEAR = 0.03

SHARES = {
    "counted_negative": "Tính là tiêu cực",
    "positive": "Sắc thái tích cực",
    "neutral": "Sắc thái trung tính",
    "negative": "Chỉ sắc thái tiêu cực",
    "negative_or_dark_side": "Tiêu cực hoặc mặt trái của xã hội",
    "sensational": "Giật gân, câu khách",
    "public_interest": "Vì lợi ích công",
    "counted_negative_public_interest": "Phần tiêu cực vì lợi ích công",
    "counted_negative_without_public_interest": "Phần tiêu cực, không kể vì lợi ích công",
}


def figure(report: Balance, share: float) -> str:
    """A share for the headline: two decimals where one would round it onto the limit."""
    return near_limit(share, float(report.limit.value))


def near_limit(share: float, limit: float) -> str:
    """A share with one decimal, with two where one would round it onto the limit."""
    near = share != limit and decimal(100 * share) == decimal(100 * limit)
    return percent(share, 2 if near else 1)


def point(part: Part, name: str) -> str:
    """A group's share; "—" where nobody read an item of the group."""
    return "—" if part.basis == "audit" and not part.audited else percent(part.shares[name].point)


def headline(item: Item, width: int = 120) -> str:
    """The title, or the start of the text cut at a word."""
    text = item.title or item.lead or item.text
    return text if len(text) <= width else text[:width].rsplit(" ", 1)[0] + "…"


def verdict(dimension: str, part: Part) -> str:
    """A group's verdict; none for themes, which no letter limits."""
    return "—" if dimension == "theme" else VERDICTS[part.verdict]


def more_labels(report: Balance) -> str:
    """How many labels plus or minus 2.5 points take; empty once they are there."""
    wanted, now = report.needed.for_half_width, report.whole.audited
    if now >= wanted:
        return ""
    have = f" (đã chấm {integer(now)}, cần thêm {integer(wanted - now)})" if now else ""
    return f"Để sai số còn ±2,5 điểm phần trăm: chấm tổng cộng khoảng {integer(wanted)} tin{have}."


def interval(value: ShareValue | Lamp, basis: str) -> str:
    """The interval in words; a machine estimate has none."""
    return "—" if basis == "machine" else percent_range(value.low, value.high)


def limit_words(limit: Limit) -> str:
    """ "dưới 15 %"."""
    return f"{'dưới' if limit.strict else 'không quá'} {decimal(float(100 * limit.value), 0)}\u00a0%"


def level(confidence: float) -> str:
    """ "98,75 %"."""
    value = round(100 * confidence, 2)
    return f"{decimal(value, 0 if value == int(value) else 2)}\u00a0%"


def confidence_words(confidence: float) -> str:
    """ "độ tin cậy 95 %"."""
    return f"độ tin cậy {level(confidence)}"


def interval_heading(confidence: float) -> str:
    """The heading of a column of intervals: "Khoảng 95 %"."""
    return f"Khoảng {level(confidence)}"


def span_words(first: date, last: date) -> str:
    """A window as "1/9/2026 – 30/9/2026"."""
    return day(first) if first == last else f"{day(first)} – {day(last)}"


def window_words(report: Balance) -> str:
    """The window of the report."""
    return span_words(report.first, report.last)


def key_words(report: Balance, dimension: str, key: str) -> str:
    """A group's key for a reader: theme names, "tuần 36/2026", "9/2026"."""
    if dimension == "theme":
        return report.codebook.label("theme").value(key).name_vi if key in THEMES else key
    if dimension == "week":
        year, week = key.split("-W")
        monday = date.fromisocalendar(int(year), int(week), 1)
        sunday = monday + timedelta(days=6)
        return f"Tuần {int(week)} ({monday.day}/{monday.month}–{sunday.day}/{sunday.month})"
    if dimension == "month":
        year, month = key.split("-")
        return f"Tháng {int(month)}/{year}"
    return key


def behind(said: str) -> str:
    """What stands behind a verdict in one breath with it: " · thiếu dữ liệu 2 ngày"."""
    return f" · {said}" if said else ""


def verdict_mark(report: Balance) -> str:
    """What is missing, to be printed behind the verdict's word; "" where nothing is."""
    return behind(mark(report.gaps))


def verdict_sentence(report: Balance) -> str:
    """What may be said, with the way on where it is not enough, and what it cannot speak of."""
    return " ".join(part for part in (_verdict_alone(report), caveat(report.gaps)) if part)


def _verdict_alone(report: Balance) -> str:
    whole = report.whole
    share = whole.shares["counted_negative"]
    limit = limit_words(report.limit)
    if whole.verdict is Verdict.UNDER:
        return f"Tỉ lệ tính là tiêu cực {limit} ({confidence_words(share.confidence)})."
    if whole.verdict is Verdict.OVER:
        return f"Tỉ lệ tính là tiêu cực từ {limit.split(' ', 1)[1]} trở lên, không đạt yêu cầu {limit} ({confidence_words(share.confidence)})."
    start = (
        "Chưa có tin nào được người chấm. " if whole.basis == "machine" else f"Mới chấm {integer(whole.audited)} tin. "
    )
    if report.needed.for_verdict >= _NEARLY_ALL * whole.items:
        why = "Tỉ lệ nằm sát giới hạn" if abs(share.point - float(report.limit.value)) < _NEAR else "Kỳ đo có ít tin"
        return f"{start}{why}: có thể phải chấm hết {integer(whole.items)} tin mới kết luận được."
    return f"{start}Cần chấm khoảng {integer(report.needed.for_verdict)} tin rút ngẫu nhiên (canbang sample) để có thể kết luận."


def computed_from(report: Balance) -> str:
    """Denominator, audited count, codebook and labeller: what every figure rests on."""
    whole = report.whole
    audited = f"{integer(whole.audited)} tin được người chấm" if whole.audited else "chưa có tin được người chấm"
    unsure = f" (không chắc: {integer(whole.unsure)})" if whole.unsure else ""
    return (
        f"Mẫu số {integer(whole.items)} tin, bài; {audited}{unsure}; bộ tiêu chí bản {report.codebook.version} "
        f"(mã {report.codebook.digest[:12]}); máy gắn nhãn {report.labeller[0]} {report.labeller[1]}"
    )


def counts_words(report: Balance) -> str:
    """How what was read became what is counted."""
    outside = f", ngoài kỳ {integer(report.outside)}" if report.outside else ""
    return (
        f"Đã đọc {integer(report.read)} dòng: tính {integer(report.whole.items)}, loại {integer(report.rejected)}{outside}; "
        f"{integer(report.whole.stories)} câu chuyện"
    )


def source_lines(report: Balance) -> list[str]:
    """Where the items came from: an own export file, or a channel whose owner enrolled it."""
    lines = [f"Tệp xuất do đơn vị đưa vào: {', '.join(report.files)}"] if report.files else []
    return lines + [f"Kênh đã ghi danh: {line}" for line in report.enrolments]


def date_line(report: Balance) -> str:
    """How many items have a date that is not sure; "" for none."""
    inside, outside = report.likely
    if not inside and not outside:
        return ""
    near = f"; ngoài kỳ còn {integer(outside)} tin như thế" if outside else ""
    return f"{integer(inside)} tin trong kỳ có ngày chưa chắc, cần người xem{near}"


def label_words(book: Codebook, label: Label) -> list[str]:
    """A person's label in the codebook's order and names; "—" where left open."""
    said: list[str] = []
    for spec in book.labels:
        value = getattr(label, spec.id)
        if label.unsure or label.not_an_item:
            mark = "Không chắc" if label.unsure else book.raw["not_an_item"]["name_vi"]
            said.append(mark if spec.id == "tone" else "—")
        elif value is None:
            said.append("—")
        else:
            said.append(spec.value(str(value).lower() if isinstance(value, bool) else value).name_vi)
    return said
