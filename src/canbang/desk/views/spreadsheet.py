"""Rows for a spreadsheet: opened in Vietnamese, run as nothing, sent as they are read."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence

from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header

from canbang.text.cells import safe_cell

BOM = "\ufeff"


class _Line:
    """Where a CSV writer writes to: it gives the line back."""

    def write(self, line: str) -> str:
        """The line as it is."""
        return line


def csv_response(name: str, rows: Iterator[Sequence[str]]) -> StreamingHttpResponse:
    """Rows as a CSV file that a spreadsheet opens in Vietnamese and runs nothing of."""
    writer = csv.writer(_Line())

    def lines() -> Iterator[str]:
        yield BOM
        for row in rows:
            yield writer.writerow([safe_cell(cell) for cell in row])

    response = StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return response
