"""A sheet as files. Each says what the sheet's text says; taking one out is logged."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from django.db import transaction

from canbang.desk.domain import sheet as sheets
from canbang.desk.domain.entry import record
from canbang.desk.models import Sheet, User, Verb
from canbang.report import html, xlsx
from canbang.report.balance import Balance


def json_file(sheet: Sheet, user: User) -> str:
    """The JSON, byte for byte as it was computed, or signed. Raises :class:`InputError` where that is not what was signed."""
    sheets.check_signed(sheet)
    _exported(sheet, user, "JSON")
    return sheet.text


def xlsx_file(sheet: Sheet, user: User) -> bytes:
    """The report as a workbook. Raises :class:`InputError` as :func:`json_file` does."""
    report = _report(sheet)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "phieu.xlsx"
        xlsx.write_xlsx(report, path)
        content = path.read_bytes()
    _exported(sheet, user, "XLSX")
    return content


def html_file(sheet: Sheet, user: User) -> str:
    """The report as one page that stands alone. Raises :class:`InputError` as :func:`json_file` does."""
    page = html.render(_report(sheet))
    _exported(sheet, user, "HTML")
    return page


def _report(sheet: Sheet) -> Balance:
    return sheets.with_drawn(sheet, sheets.with_changes(sheet, sheets.report_of(sheet))[0])


def _exported(sheet: Sheet, user: User, kind: str) -> None:
    with transaction.atomic():
        record(
            sheet.organisation, user.person, Verb.EXPORT, f"phiếu tháng {sheet.month.month}/{sheet.month.year}, {kind}",
            {"month": sheet.month.isoformat(), "file": kind, "sha256": sheets.digest_of(sheet), "signed": bool(sheet.signed_at)},
        )  # fmt: skip
