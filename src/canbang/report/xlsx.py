"""The report as a workbook: the same tables as the page, numbers as numbers, no live formula."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from canbang.errors import InputError, reason
from canbang.report import gap_words, sentences, words
from canbang.report.balance import Balance, Part
from canbang.report.gaps import Standing
from canbang.text.cells import safe_cell
from canbang.text.numbers import day

_PERCENT = "0.0%"


def write_xlsx(report: Balance, path: Path) -> None:
    """Write the workbook; raises :class:`InputError` where the file cannot be written."""
    import openpyxl

    book = openpyxl.Workbook()
    _summary(book.active, report)
    for dimension, parts in report.by.items():
        _groups(
            book.create_sheet(f"Theo {words.DIMENSION[dimension].split(' (')[0].lower()}"),
            report,
            dimension,
            parts,
        )
    if report.gaps.channels:
        _coverage(book.create_sheet("Dữ liệu"), report)
    sheet = book.create_sheet("Chủ đề")
    _line(sheet, ["Chủ đề", "Tỉ lệ", "Thấp", "Cao", "Căn cứ"], bold=True)
    for theme, value in report.themes.items():
        _line(
            sheet,
            [
                report.codebook.label("theme").value(theme).name_vi,
                value.point,
                *_ends(value, report.themes_basis),
                words.BASES[report.themes_basis],
            ],
        )
    if report.changes:
        _changes(book.create_sheet("Chênh lệch"), report)
    if report.lamps:
        _lamps(book.create_sheet("Cảnh báo sớm"), report)
    if report.drawn:
        _drawn(book.create_sheet("Tin chấm mẫu"), report)
    for sheet in book.worksheets:
        sheet.column_dimensions["A"].width = 46
        for letter in "BCDEFGHIJK":
            sheet.column_dimensions[letter].width = 16
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        book.save(path)
    except OSError as error:
        raise InputError(f"{path}: không ghi được tệp ({reason(error)}).") from error


def _line(sheet: Any, values: list[Any], *, bold: bool = False) -> None:
    from openpyxl.styles import Font

    sheet.append([safe_cell(value) if isinstance(value, str) else value for value in values])
    for cell in sheet[sheet.max_row]:
        if isinstance(cell.value, str):
            cell.data_type = "s"
        if isinstance(cell.value, float):
            cell.number_format = _PERCENT
        if bold:
            cell.font = Font(bold=True)


def _changes(sheet: Any, report: Balance) -> None:
    _line(sheet, ["So với", "Tỉ lệ", "Chênh lệch", "Thấp", "Cao", "Độ tin cậy"], bold=True)
    for delta in report.changes:
        for name, change in sentences.main_changes(delta):
            numbers = [float(change.point), change.low, change.high, words.level(change.confidence)]
            _line(sheet, [sentences.delta_words(delta), words.SHARES[name], *numbers])


def _lamps(sheet: Any, report: Balance) -> None:
    _line(sheet, ["Đến ngày", "Số ngày", "Tin", "Đã chấm", "Thấp", "Cao", "Dấu hiệu"], bold=True)
    for lamp in report.lamps:
        sign = sentences.sign_words(report, lamp.sign)
        _line(sheet, [day(lamp.last), lamp.days, lamp.items, lamp.audited, lamp.low, lamp.high, sign])


def _ends(value: Any, basis: str) -> list[Any]:
    return ["—", "—"] if basis == "machine" else [value.low, value.high]


def _summary(sheet: Any, report: Balance) -> None:
    whole = report.whole
    sheet.title = "Cân bằng nội dung"
    _line(sheet, [f"Cân bằng nội dung · {words.window_words(report)}"], bold=True)
    _line(sheet, ["Kết luận", words.VERDICTS[whole.verdict] + words.verdict_mark(report)], bold=True)
    for name, text in (
        ("Yêu cầu", words.limit_words(report.limit)),
        ("Diễn giải", words.verdict_sentence(report)),
        ("Phép đếm", words.counts_words(report)),
        ("Tính từ", words.computed_from(report)),
    ):
        _line(sheet, [name, text])
    _line(sheet, [])
    _line(sheet, [f"Tỉ lệ ({words.BASES[whole.basis]})", "Giá trị", "Thấp", "Cao", "Độ tin cậy"], bold=True)
    for name, label in words.SHARES.items():
        value = whole.shares[name]
        _line(
            sheet,
            [
                label,
                value.point,
                *_ends(value, whole.basis),
                "—" if whole.basis == "machine" else words.level(value.confidence),
            ],
        )
    for line in (*sentences.beside_lines(report), *sentences.lamp_lines(report), *sentences.delta_lines(report)):
        _line(sheet, ["Bên cạnh kết luận", line])
    _line(sheet, [])
    for line in words.source_lines(report):
        _line(sheet, line.split(": ", 1))
    for line in (words.date_line(report), *report.notes):
        if line:
            _line(sheet, ["Lưu ý", line])


def _coverage(sheet: Any, report: Balance) -> None:
    _line(
        sheet, ["Kênh", "Tin", "Ngày thiếu dữ liệu", "Bị gỡ sau khi đăng", "Được sửa sau khi đăng", "Dữ liệu"], bold=True
    )  # fmt: skip
    for one in report.gaps.channels:
        counted = "—" if one.standing is Standing.NO_DATA else one.items
        said = gap_words.standing_words(one, report.gaps.until)
        _line(sheet, [one.channel, counted, len(one.missing), one.deleted, one.revised, said])


def _groups(sheet: Any, report: Balance, dimension: str, parts: tuple[Part, ...]) -> None:
    _line(
        sheet,
        [
            words.DIMENSION[dimension],
            "Tin",
            "Câu chuyện",
            "Đã chấm",
            *words.SHARES.values(),
            "Tính là tiêu cực, thấp",
            "Tính là tiêu cực, cao",
            "Kết luận",
            "Ngày thiếu dữ liệu",
        ],
        bold=True,
    )
    for part in parts:
        share = part.shares["counted_negative"]
        _line(sheet, [
            words.key_words(report, dimension, part.key), part.items, part.stories, part.audited,
            *((part.shares[name].point if part.audited or part.basis == "machine" else "—") for name in words.SHARES), *_ends(share, part.basis), words.verdict(dimension, part), len(part.missing),
        ])  # fmt: skip
    for key in report.gaps.no_data.get(dimension, ()):
        _line(sheet, [words.key_words(report, dimension, key), gap_words.NO_DATA])


def _drawn(sheet: Any, report: Balance) -> None:
    book = report.codebook
    _line(
        sheet,
        ["Tiêu đề", "Kênh", "Ngày đăng", *(label.name_vi for label in book.labels), "Liên kết"],
        bold=True,
    )
    for drawn in report.drawn:
        said = words.label_words(report.codebook, drawn.label)
        item = drawn.item
        _line(
            sheet,
            [words.headline(item), item.channel, day(item.published_at.date()), *said, item.url],
        )
