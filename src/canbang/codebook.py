"""The codebook: the rubric as data, with its version and digest.

The TOML file is the one place where labels, values, definitions and rulings stand; a change of one word changes the
digest, and no share mixes two digests.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from canbang.item import Label


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a label, with its names."""

    id: str
    name_vi: str
    name_en: str
    definition_vi: str
    definition_en: str


@dataclass(frozen=True, slots=True)
class LabelSpec:
    """One label: its question as the audit asks it, and its values in order."""

    id: str
    type: str
    name_vi: str
    name_en: str
    question_vi: str
    definition_vi: str
    values: tuple[Value, ...]
    clauses: tuple[str, ...]

    def value(self, value_id: str) -> Value:
        """The value with this id; KeyError where there is none."""
        for value in self.values:
            if value.id == value_id:
                return value
        raise KeyError(value_id)


@dataclass(frozen=True, slots=True)
class Variant:
    """A definition of "counted": an item belongs where one of ``any_of`` holds."""

    id: str
    name_vi: str
    name_en: str
    definition_vi: str
    any_of: tuple[dict[str, tuple[str, ...]], ...]

    def holds(self, label: Label) -> bool | None:
        """Whether the item belongs; ``None`` while tone or dark side is undecided."""
        if label.tone is None or label.dark_side is None:
            return None
        said = {"tone": label.tone, "dark_side": "true" if label.dark_side else "false"}
        return any(all(said[name] in values for name, values in case.items()) for case in self.any_of)


@dataclass(frozen=True, slots=True)
class Codebook:
    """The whole codebook; ``raw`` is the parsed file, for screens that show all of it."""

    version: str
    digest: str
    labels: tuple[LabelSpec, ...]
    variants: tuple[Variant, ...]
    raw: dict[str, Any]

    def label(self, label_id: str) -> LabelSpec:
        """The label with this id; KeyError where there is none."""
        for label in self.labels:
            if label.id == label_id:
                return label
        raise KeyError(label_id)

    def variant(self, variant_id: str) -> Variant:
        """The definition with this id; KeyError where there is none."""
        for variant in self.variants:
            if variant.id == variant_id:
                return variant
        raise KeyError(variant_id)

    @property
    def themes(self) -> tuple[Value, ...]:
        """The thirteen themes in the codebook's order."""
        return self.label("theme").values


def data_digest(parsed: dict[str, Any]) -> str:
    """SHA-256 of the parsed content, so that comments and layout do not count."""
    text = json.dumps(parsed, sort_keys=True, ensure_ascii=False, default=str, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _pick(cls: type[Any], table: dict[str, Any], **more: Any) -> Any:
    names = [name for name in cls.__dataclass_fields__ if name not in more]
    return cls(**{name: table[name] for name in names}, **more)


@cache
def load_codebook() -> Codebook:
    """The codebook that ships with the package."""
    parsed = tomllib.loads(files("canbang").joinpath("data/codebook.toml").read_text("utf-8"))
    labels = tuple(
        _pick(
            LabelSpec,
            table,
            values=tuple(_pick(Value, value) for value in table["values"]),
            clauses=tuple(clause["ref"] for clause in table.get("clause", [])),
        )
        for table in parsed["labels"]
    )
    variants = tuple(
        _pick(Variant, table, any_of=tuple({k: tuple(v) for k, v in case.items()} for case in table["any_of"]))
        for table in parsed["counted"]["variants"]
    )
    return Codebook(parsed["version"], data_digest(parsed), labels, variants, parsed)
