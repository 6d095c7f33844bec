"""A labeller by its name on the command line: ``embedded``, ``encoder:FOLDER`` or ``llm:CONFIG.toml``."""

from __future__ import annotations

from pathlib import Path

from canbang.errors import InputError
from canbang.label.labeller import Labeller

EMBEDDED = "embedded"


def load_labeller(spec: str = EMBEDDED) -> Labeller:
    """The labeller that ``spec`` names; raises :class:`InputError` for a name that is none."""
    kind, _, where = spec.partition(":")
    if kind == EMBEDDED:
        from canbang.label.linear import EmbeddedLabeller

        try:
            return EmbeddedLabeller.load(Path(where)) if where else EmbeddedLabeller.load()
        except (OSError, ValueError) as error:
            raise InputError(f"{where or EMBEDDED}: không nạp được mô hình gắn nhãn ({error}).") from error
    if kind == "encoder" and where:
        from canbang.label.encoder import EncoderLabeller

        return EncoderLabeller.load(Path(where))
    if kind == "llm" and where:
        from canbang.label.llm import LlmLabeller

        return LlmLabeller.load(Path(where))
    raise InputError(
        f"--labeller: không có máy gắn nhãn “{spec}”. Dùng embedded, encoder:THƯ-MỤC hoặc llm:CẤU-HÌNH.toml."
    )
