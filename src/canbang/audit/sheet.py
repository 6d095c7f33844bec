"""The audit sheet: what a person fills in, as xlsx with drop-downs or as csv. Scores are not in it."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from canbang.codebook import Codebook, LabelSpec, load_codebook
from canbang.errors import InputError, reason
from canbang.fetch.table import SUFFIXES
from canbang.item import Item, Judgement, Label
from canbang.label.evaluate import read_labelled
from canbang.text.cells import safe_cell, unsafe_cell
from canbang.text.encodings import detect_file
from canbang.text.normalise import heading_key, nfc
from canbang.text.numbers import day

UNSURE = "Không chắc"
_FACTS = ("STT", "Mã", "Kênh", "Ngày đăng", "Tiêu đề", "Sapo", "Nội dung (đầu)", "Liên kết")
TEXT_START = 400
"""How many characters of the body an auditor sees, on the sheet as on the desk's card."""
_WIDTHS = (6, 24, 18, 12, 52, 52, 52, 30)
OPTIONAL = ("theme",)
"""Labels that may stay blank: they then stay a machine estimate."""


def _choices(label: LabelSpec, book: Codebook) -> list[str]:
    names = [value.name_vi for value in label.values]
    return [*names, UNSURE, _not_an_item(book)] if label.id == "tone" else names


def _not_an_item(book: Codebook) -> str:
    return str(book.raw["not_an_item"]["name_vi"])


def _row(number: int, item: Item) -> list[str]:
    return [
        str(number), item.id, item.channel, day(item.published_at.date()), item.title, item.lead,
        item.text[:TEXT_START], item.url,
    ]  # fmt: skip


def _filled(label: Label | None, book: Codebook) -> list[str]:
    """The cells of a judged row; blank where nobody judged it or a label stayed open."""
    if label is None:
        return [""] * len(book.labels)
    if label.unsure or label.not_an_item:
        word = UNSURE if label.unsure else _not_an_item(book)
        return [word if spec.id == "tone" else "" for spec in book.labels]
    said = {spec.id: getattr(label, spec.id) for spec in book.labels}
    ids = {name: str(value).lower() if isinstance(value, bool) else value for name, value in said.items()}
    return ["" if ids[spec.id] is None else spec.value(ids[spec.id]).name_vi for spec in book.labels]


def write_sheet(
    path: Path, items: Sequence[Item], codebook: Codebook | None = None, notes: Mapping[str, str] | None = None,
    labels: Mapping[str, Label] | None = None,
) -> None:  # fmt: skip
    """Write the sheet for ``items`` in the order given; the suffix tells xlsx or csv. ``notes`` by id, as are ``labels``,
    which fill the rows in."""
    book = codebook or load_codebook()
    heading = [*_FACTS, *(label.name_vi for label in book.labels), "Ghi chú"]
    rows = [
        [*_row(number, item), *_filled((labels or {}).get(item.id), book), (notes or {}).get(item.id, "")]
        for number, item in enumerate(items, 1)
    ]
    try:
        if path.suffix.lower() == ".csv":
            with path.open("w", encoding="utf-8-sig", newline="") as stream:
                csv.writer(stream).writerows([heading, *([safe_cell(cell) for cell in row] for row in rows)])
        elif path.suffix.lower() == ".xlsx":
            _write_xlsx(path, heading, rows, book)
        else:
            raise InputError(f"{path}: phiếu chấm phải là tệp .xlsx hoặc .csv.")
    except OSError as error:
        raise InputError(f"{path}: không ghi được tệp ({reason(error)}).") from error


def _write_xlsx(path: Path, heading: list[str], rows: list[list[str]], book: Codebook) -> None:
    import openpyxl
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.title = "Chấm mẫu"
    sheet.append(heading)
    for row in rows:
        sheet.append([safe_cell(cell) for cell in row])
    for column, width in enumerate((*_WIDTHS, 16, 18, 18, 24, 18, 30), 1):
        letter = get_column_letter(column)
        sheet.column_dimensions[letter].width = width
    for cell in sheet[1]:
        cell.font = Font(bold=True, color="FFFFFF")
        cell.fill = PatternFill("solid", fgColor="1F4E79")
        cell.alignment = Alignment(wrap_text=True, vertical="center")
    for line in sheet.iter_rows(min_row=2):
        for cell in line:
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            if isinstance(cell.value, str):
                cell.data_type = "s"
    for offset, label in enumerate(book.labels if rows else ()):
        letter = get_column_letter(len(_FACTS) + 1 + offset)
        names = ",".join(_choices(label, book))
        # a list inside the rule holds 255 characters and is cut at commas; other lists stand on a sheet of their own
        if len(names) > 250 or any("," in name for name in _choices(label, book)):
            names = _list_sheet(workbook, label, book)
        rule = DataValidation(type="list", formula1=names if names.startswith("=") else f'"{names}"', allow_blank=True)
        rule.error, rule.errorTitle = "Chọn một giá trị trong danh sách.", label.name_vi
        rule.prompt, rule.promptTitle = label.question_vi[:250], label.name_vi[:30]
        rule.showErrorMessage = rule.showInputMessage = True
        sheet.add_data_validation(rule)
        rule.add(f"{letter}2:{letter}{len(rows) + 1}")
    sheet.freeze_panes = "E2"
    _guide(workbook, book)
    workbook.save(path)


def _list_sheet(workbook: Any, label: LabelSpec, book: Codebook) -> str:
    lists = workbook.create_sheet(f"Danh sách {label.name_vi}")
    for name in _choices(label, book):
        lists.append([name])
    return f"='{lists.title}'!$A$1:$A${len(_choices(label, book))}"


def _guide(workbook: Any, book: Codebook) -> None:
    """The codebook beside the sheet, so that nobody judges from memory."""
    from openpyxl.styles import Alignment, Font

    guide = workbook.create_sheet("Bộ tiêu chí")
    guide.column_dimensions["A"].width, guide.column_dimensions["B"].width = 30, 110
    for label in book.labels:
        guide.append([label.name_vi, label.definition_vi])
        guide.cell(guide.max_row, 1).font = Font(bold=True)
        for value in label.values:
            guide.append([f"   {value.name_vi}", value.definition_vi])
    for ruling in book.raw["rulings"]:
        guide.append([f"{ruling['n']}. {ruling['title_vi']}", ruling["text_vi"]])
    for line in guide.iter_rows():
        for cell in line:
            cell.alignment = Alignment(wrap_text=True, vertical="top")


def _read_rows(path: Path) -> Iterable[tuple[int, Sequence[Any]]]:
    if not path.exists():
        raise InputError(f"{path}: không có phiếu chấm này.")
    kind = SUFFIXES.get(path.suffix.lower())
    if kind == "csv":
        with path.open(encoding=detect_file(path), errors="replace", newline="") as stream:
            sample = stream.readline()
            stream.seek(0)
            mark = max(",;\t", key=sample.count)
            try:
                yield from ((number, row) for number, row in enumerate(csv.reader(stream, delimiter=mark), 1))
            except csv.Error as error:
                raise InputError(f"{path}: phiếu chấm CSV hỏng ({error}). Lưu lại từ Excel.") from error
    elif kind == "xlsx":
        import openpyxl

        try:
            workbook = openpyxl.load_workbook(path, read_only=True, data_only=True)
        except Exception as error:  # openpyxl raises whatever the broken part raises
            raise InputError(f"{path}: không phải tệp XLSX hợp lệ hoặc tệp bị hỏng.") from error
        try:
            # somebody may have put a sheet of their own before ours
            for sheet in workbook.worksheets:
                first = next(sheet.iter_rows(max_row=1, values_only=True), ())
                if "ma" in [heading_key("" if cell is None else str(cell)) for cell in first]:
                    break
            else:
                sheet = workbook.worksheets[0]
            yield from enumerate(sheet.iter_rows(values_only=True), 1)
        finally:
            workbook.close()
    else:
        raise InputError(f"{path}: phiếu chấm phải là tệp .xlsx hoặc .csv.")


class _Sheet:
    """Reads judgements row by row; every message names the file and the row."""

    def __init__(self, path: Path, book: Codebook) -> None:
        self.path = path
        self.book = book
        self.names = {
            label.id: {heading_key(v.name_vi): v.id for v in label.values}
            | {heading_key(v.id): v.id for v in label.values}
            for label in book.labels
        }
        self.column: dict[str, int] = {}

    def heading(self, row: Sequence[Any]) -> None:
        keys = [heading_key("" if cell is None else str(cell)) for cell in row]
        wanted = {"id": "ma"} | {label.id: heading_key(label.name_vi) for label in self.book.labels}
        for field, key in wanted.items():
            if key not in keys:
                name = "Mã" if field == "id" else self.book.label(field).name_vi
                raise InputError(
                    f"{self.path}: thiếu cột “{name}”. Dùng lại phiếu do canbang sample tạo, không đổi tên cột."
                )
            self.column[field] = keys.index(key)

    def cell(self, row: Sequence[Any], field: str) -> str:
        position = self.column[field]
        value = row[position] if position < len(row) else None
        return nfc("" if value is None else str(value))

    def value(self, number: int, row: Sequence[Any], label: LabelSpec) -> str | None:
        """The value id in a cell, ``None`` where it is blank."""
        written = self.cell(row, label.id)
        if not written:
            return None
        found = self.names[label.id].get(heading_key(written))
        if found is None:
            allowed = ", ".join(f"“{name}”" for name in _choices(label, self.book)[:6])
            raise InputError(
                f"{self.path}, dòng {number}, cột “{label.name_vi}”: giá trị “{written[:40]}” không có trong bộ tiêu chí. "
                f"Chọn: {allowed}{'…' if len(_choices(label, self.book)) > 6 else ''}."
            )
        return found

    def judgement(self, number: int, row: Sequence[Any]) -> Judgement:
        item_id = unsafe_cell(self.cell(row, "id"))
        tone = heading_key(self.cell(row, "tone"))
        if tone == heading_key(UNSURE):
            return Judgement(item_id, Label(unsure=True), number)
        if tone == heading_key(_not_an_item(self.book)):
            return Judgement(item_id, Label(not_an_item=True), number)
        values = {label.id: self.value(number, row, label) for label in self.book.labels}
        for label in self.book.labels:
            if values[label.id] is None and label.id not in OPTIONAL:
                raise InputError(
                    f"{self.path}, dòng {number}: chưa chấm “{label.name_vi}” cho tin “{item_id}”. "
                    f"Điền đủ, hoặc chọn “{UNSURE}” ở cột “{self.book.label('tone').name_vi}” nếu không quyết được."
                )
        flags = {name: values[name] == "true" for name in ("dark_side", "sensational", "public_interest")}
        return Judgement(item_id, Label(tone=values["tone"], theme=values["theme"], **flags), number)


def read_sheets(
    paths: Sequence[Path], wanted: Sequence[str], codebook: Codebook | None = None, where: str = "tệp rút mẫu"
) -> list[Judgement]:
    """Judgements of exactly the ``wanted`` ids, which the sheets hold together, in the sheets' order.

    Raises :class:`InputError` naming the row for a blank or wrong value, an id that was not drawn or stands twice,
    and for drawn items that the sheets lack: an unjudged drawn item may not be dropped.
    """
    book = codebook or load_codebook()
    allowed, seen = set(wanted), dict[str, str]()
    judgements: list[Judgement] = []
    for path in paths:
        sheet = _Sheet(path, book)
        rows = iter(_read_rows(path))
        first = next(rows, None)
        if first is None:
            raise InputError(f"{path}: phiếu chấm rỗng.")
        sheet.heading(first[1])
        blank: list[int] = []
        for number, row in rows:
            if not any(cell not in (None, "") for cell in row):
                continue
            item_id = unsafe_cell(sheet.cell(row, "id"))
            if item_id not in allowed:
                raise InputError(
                    f"{path}, dòng {number}: mã “{item_id[:60]}” không có trong {where}. "
                    "Không sửa cột Mã, không thêm dòng; dùng đúng tệp rút mẫu của phiếu này."
                )
            if item_id in seen:
                raise InputError(f"{path}, dòng {number}: mã “{item_id[:60]}” đã có ở {seen[item_id]}. Bỏ một dòng.")
            seen[item_id] = f"{path.name} dòng {number}"
            if any(sheet.cell(row, label.id) for label in book.labels):
                judgements.append(sheet.judgement(number, row))
            else:
                blank.append(number)
        if blank:
            rows_named = ", ".join(map(str, blank[:12])) + (", …" if len(blank) > 12 else "")
            raise InputError(
                f"{path}: chưa chấm {len(blank)} tin (dòng {rows_named}). Tin đã rút không được bỏ; chấm nốt rồi nộp lại."
            )
    missing = [item_id for item_id in wanted if item_id not in seen]
    if missing:
        names = ", ".join(str(path) for path in paths)
        raise InputError(
            f"{names}: thiếu {len(missing)} tin đã rút (ví dụ “{missing[0][:60]}”). "
            "Tin đã rút không được bỏ; chấm nốt rồi nộp lại."
        )
    return judgements


def labelled_rows(path: Path, codebook: Codebook | None = None) -> list[dict[str, Any]]:
    """The judged rows of a sheet as labelled texts, for training; rows left open or undecided are passed over.

    A csv file without the sheet's columns is read as a plain labelled file (title, tone, dark_side...).
    Raises :class:`InputError` for a value outside the codebook, naming the row.
    """
    sheet = _Sheet(path, codebook or load_codebook())
    rows = iter(_read_rows(path))
    first = next(rows, (1, ()))[1]
    keys = [heading_key("" if cell is None else str(cell)) for cell in first]
    if path.suffix.lower() == ".csv" and "tone" in keys:
        return read_labelled(path)
    sheet.heading(first)
    texts = {"title": "tieu de", "lead": "sapo", "text": "noi dung dau", "channel": "kenh", "published_at": "ngay dang"}
    sheet.column |= {field: keys.index(key) for field, key in texts.items() if key in keys}
    found: list[dict[str, Any]] = []
    for number, row in rows:
        if not sheet.cell(row, "tone") or not sheet.cell(row, "dark_side"):
            continue
        tone = sheet.names["tone"].get(heading_key(sheet.cell(row, "tone")))
        if tone is None and heading_key(sheet.cell(row, "tone")) in (
            heading_key(UNSURE),
            heading_key(_not_an_item(sheet.book)),
        ):
            continue
        values: dict[str, Any] = {label.id: sheet.value(number, row, label) for label in sheet.book.labels}
        found.append({field: unsafe_cell(sheet.cell(row, field)) for field in texts if field in sheet.column} | values)
    return found
