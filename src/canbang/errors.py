"""The one exception for bad input: the command line and the desk show its text and nothing else."""

from __future__ import annotations

import re

_BREAKS = re.compile(r"[\s\x00-\x1f\x7f\u2028\u2029]*[\n\r\x00-\x1f\x7f\x85\u2028\u2029]+\s*")


class InputError(ValueError):
    """Something a person handed in cannot be used.

    The message is one Vietnamese line that names the row, field or file and the way out. Line breaks and control
    characters in it (a quoted cell, a hostile file name) become blanks, so that it stays one line on any screen.
    """

    def __init__(self, message: str) -> None:
        super().__init__(_BREAKS.sub(" ", message))
