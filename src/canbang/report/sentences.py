"""The sentences beside the verdict: stories, agreement, drift, lamps, changes, and how a roll-up was made."""

from __future__ import annotations

from fractions import Fraction

from canbang.estimate.change import Change
from canbang.estimate.looks import LAMP_DAYS
from canbang.estimate.outlook import Advice
from canbang.estimate.share import Method
from canbang.estimate.verdict import Verdict
from canbang.report.balance import Balance
from canbang.report.delta import Delta, Span
from canbang.report.gap_words import channel_lines, mark
from canbang.report.lamps import Lamp
from canbang.report.rollup import Rollup
from canbang.report.words import limit_words, span_words
from canbang.text.numbers import day, decimal, integer, percent, percent_range

CHANGES = ("counted_negative", "positive", "sensational")
"""Shares whose change is shown to people; JSON holds that of every share."""


def beside_lines(report: Balance) -> list[str]:
    """What stands beside the verdict, a line each."""
    beside, lines = report.beside, []
    if beside.by_story is None:
        lines.append(f"Mỗi câu chuyện tính một lần: {percent(report.share_by_story)} (ước tính máy).")
    else:
        said = beside.by_story
        lines.append(f"Mỗi câu chuyện tính một lần: {percent(said.point)} ({percent_range(said.low, said.high)}).")
    if beside.by_views is not None:
        said = beside.by_views
        lines.append(f"Tính theo lượt xem: {percent(said.point)} ({percent_range(said.low, said.high)}).")
    agreed = beside.agreement_counted
    if agreed is not None:
        alpha = (
            f", alpha {decimal(agreed.alpha.point, 2)} ({decimal(agreed.alpha.low, 2)}–{decimal(agreed.alpha.high, 2)})"
            if agreed.alpha
            else ""
        )
        lines.append(
            f"Độ thống nhất: {integer(agreed.units)} tin chấm kép, {integer(beside.differing)} tin khác nhau về tính là tiêu cực, "
            f"giống nhau {percent(agreed.raw.point)}{alpha}."
        )
        if agreed.double_all:
            lines.append("Alpha dưới 0,667: nên chấm kép toàn bộ và đọc lại bộ tiêu chí.")
    if beside.corrected is not None:
        right = beside.corrected
        lines.append(
            f"Tính cả sai sót của người chấm (so với phân xử): {percent(right.point)} ({percent_range(right.low, right.high)}); "
            "kết luận không dựa vào dòng này."
        )
    lines += _apart_lines(report) + _machine_lines(report)
    ahead = beside.outlook
    if ahead is not None and ahead.advice is Advice.AUDIT and report.whole.verdict is not Verdict.UNDER:
        lines.append("Hướng xử lý: chấm thêm trước, vì giá trị ước tính đã đạt mà khoảng còn rộng.")
    if ahead is not None and ahead.advice is Advice.PUBLISH:
        lines.append(
            f"Nếu kỳ đo còn mở: đăng thêm khoảng {integer(ahead.likely)} tin, bài không tiêu cực thì dự kiến đạt (để chắc hơn: {integer(ahead.safe)})."
        )
    return lines


def _apart_lines(report: Balance) -> list[str]:
    """Items about events abroad apart from the others."""
    apart = report.beside.apart
    if apart is None or apart.world is None or apart.vietnam is None:
        return []
    if apart.basis == "machine":
        return [
            f"Riêng tin trong nước: {percent(apart.vietnam.point)}; riêng tin thế giới: {percent(apart.world.point)} (ước tính máy)."
        ]
    split = "theo chủ đề người chấm ghi" if apart.by_people else "theo chủ đề máy phân loại ở tin chưa ghi chủ đề"
    inside, abroad = (f"{percent(w.point)} ({percent_range(w.low, w.high)})" for w in (apart.vietnam, apart.world))
    return [f"Riêng tin trong nước: {inside}; riêng tin thế giới: {abroad} ({split}); không có kết luận riêng."]


def _machine_lines(report: Balance) -> list[str]:
    """The machine's own estimate, and the alarm where it has left the audited interval."""
    machine = report.beside.machine
    if machine is None:
        return []
    if machine.drifted:
        return [
            f"Máy có thể đã lệch: ước tính máy {percent(machine.estimate)} nằm ngoài khoảng theo mẫu chấm. "
            "Con số trên không bị ảnh hưởng; nên huấn luyện lại máy (canbang train) và chấm thêm."
        ]
    return [f"Ước tính máy để đối chiếu: {percent(machine.estimate)}, nằm trong khoảng theo mẫu chấm."]


def sign_words(report: Balance, sign: Verdict) -> str:
    """What a lamp shows. It is an early warning, so none of the words of a verdict."""
    limit = limit_words(report.limit)
    if sign is Verdict.NOT_YET_KNOWN:
        return "chưa rõ"
    return f"có dấu hiệu {limit}" if sign is Verdict.UNDER else f"có dấu hiệu từ {limit.split(' ', 1)[1]} trở lên"


def lamp_runs(report: Balance) -> list[tuple[Lamp, Lamp]]:
    """First and last lamp of each run of days with one sign, by length of the window."""
    runs: list[tuple[Lamp, Lamp]] = []
    for lamp in report.lamps:
        if runs and (runs[-1][1].days, runs[-1][1].sign) == (lamp.days, lamp.sign):
            runs[-1] = (runs[-1][0], lamp)
        else:
            runs.append((lamp, lamp))
    return runs


def lamp_lines(report: Balance) -> list[str]:
    """The last lamp of each length, and on how many days it warned."""
    lines = []
    for days in LAMP_DAYS:
        row = [lamp for lamp in report.lamps if lamp.days == days]
        if not row:
            continue
        now, warned = row[-1], sum(lamp.sign is Verdict.OVER for lamp in row)
        lines.append(
            f"Cảnh báo sớm, {days} ngày đến {day(now.last)}: {sign_words(report, now.sign)} ({percent_range(now.low, now.high)}); "
            f"trong kỳ {integer(warned)}/{integer(len(row))} ngày {sign_words(report, Verdict.OVER)}."
        )
    return [*lines, "Cảnh báo sớm không phải kết luận: kết luận là của cả kỳ."] if lines else []


def delta_words(delta: Delta) -> str:
    """What is compared with: "tháng trước (8/2026)"."""
    month = f"{delta.first.month}/{delta.first.year}"
    whole = delta.first.day == 1 and (delta.first.year, delta.first.month) == (delta.last.year, delta.last.month)
    when = month if delta.span is not Span.EARLIER and whole else span_words(delta.first, delta.last)
    return {
        Span.MONTH: f"tháng trước ({when})",
        Span.YEAR: f"cùng kỳ năm trước ({when})",
        Span.EARLIER: f"kỳ {when}",
    }[delta.span]


def points(value: float | Fraction) -> str:
    """A change in percentage points with its sign: "+1,2", "−0,4"."""
    rounded = round(100 * float(value), 1)
    return f"{'+' if rounded > 0 else '−' if rounded < 0 else ''}{decimal(abs(rounded))}"


def points_range(change: Change) -> str:
    """The interval of a change: "−1,2 đến +3,4"."""
    return f"{points(change.low)} đến {points(change.high)}"


def main_changes(delta: Delta) -> list[tuple[str, Change]]:
    """The changes that people are shown, by name of the share."""
    return [(name, delta.shares[name]) for name in CHANGES if name in delta.shares]


def delta_lines(report: Balance) -> list[str]:
    """What may be said of each comparison."""
    lines = []
    for delta in report.changes:
        change = delta.shares["counted_negative"]
        way = "giảm" if change.high < 0 else "tăng" if change.low > 0 else "chưa đủ căn cứ nói tăng hay giảm"
        other = "" if delta.same_channels else " Hai kỳ không cùng danh sách kênh."
        other += f" Kỳ trước {mark(delta.gaps)}." if mark(delta.gaps) else ""
        lines.append(
            f"So với {delta_words(delta)}, tỉ lệ tính là tiêu cực: {way} ({points_range(change)} điểm phần trăm).{other}"
        )
    return lines


def rollup_lines(joined: Rollup) -> list[str]:
    """How the joined interval was made."""
    cells = joined.cells["counted_negative"]
    opened = sum(cell.open for cell in cells)
    how = {
        Method.CENSUS: "mọi tin đều đã chấm nên không có khoảng",
        Method.HEDGED: "khoảng bê-ta nhị thức, như phiếu một tháng (đến 4 ô)",
        Method.WILSON: "khoảng Wilson phân tầng (trên 4 ô, hoặc ô có ít tin chấm)",
    }[joined.main.method]
    gaps = "; ".join(span_words(*gap) for gap in joined.gaps)
    return [
        *(f"Đã thu thập {line}." for line in channel_lines(joined.collected)),
        *([f"Những ngày không có phiếu nào đo, nên không nằm trong phép tính: {gaps}."] if gaps else []),
        f"Tính lại từ {integer(len(cells))} ô mẫu ({integer(opened)} ô chấm một phần), không lấy trung bình các tỉ lệ: {how}.",
        f"Bộ tiêu chí bản {joined.sheets[0].codebook[0]} (mã {joined.sheets[0].codebook[1][:12]}); bộ giới hạn bản {joined.limit.version}.",
    ]
