"""Requests that are far too large are refused by their length, before a byte of them is kept."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler

FACTOR = 3
"""A file a little over the limit is let through, to be refused on its own screen with the way out."""


class LengthLimit(FileUploadHandler):
    """The first of the upload handlers: it takes no file, it only looks at the length."""

    def handle_raw_input(
        self, input_data: Any, META: Any, content_length: int, boundary: Any, encoding: Any = None
    ) -> None:
        """Raise ``RequestDataTooBig`` (400) for a request of more than three times the limit of a file."""
        if content_length > FACTOR * settings.UPLOAD_MAX:
            raise RequestDataTooBig

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Hand the chunk on to the next handler."""
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """The next handler has the file."""
