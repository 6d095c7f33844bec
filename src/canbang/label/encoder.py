"""A labeller from an operator's folder: an ONNX text classifier with its tokenizer. Nothing is ever downloaded.

The folder holds ``model.onnx``, the tokenizer (``tokenizer.json``, XLM-R style, or ``vocab.txt`` with ``bpe.codes``,
PhoBERT style) and ``labels.json``, which says what the outputs mean::

    {"name": "phobert-tinh", "version": "3", "max_length": 256, "temperature": 1.2,
     "outputs": {"logits": {"columns": ["tone:negative", "tone:neutral", "tone:positive", "dark_side", null],
                            "activation": {"tone": "softmax", "dark_side": "sigmoid"}}}}

``outputs`` maps each output of the model that is read to the columns of :data:`~canbang.label.labeller.COLUMNS`, in the
order of the output; ``null`` is a place that is not read, ``"!dark_side"`` the "no" of a two-way softmax. ``activation``
and ``temperature`` are one value for all, or a table by group (``tone``, ``theme``, or the name of a flag): "softmax",
"sigmoid" or "probability" (the model did it itself). Without ``activation`` tone, theme and a flag with its "!" are
softmax, the rest sigmoid. Optional: ``fields`` (default title, lead, text), ``separator`` between them (a blank),
``pad_token``, and ``tokenizer`` ("tokenizer.json" or "bpe.codes"), needed where the folder holds both.

A group is given whole or not at all, since tones and themes sum to 1. Columns that the model does not give are NaN and
stand in ``missing``; no other labeller fills them. One is derived: ``counted_negative`` by :func:`derive_counted`.
"""

from __future__ import annotations

import hashlib
import importlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from canbang.codebook import load_codebook
from canbang.errors import InputError
from canbang.item import Label
from canbang.label.labeller import COLUMN, COLUMNS, TONES

Floats = NDArray[np.float32]

_KEYS = {"name", "version", "max_length", "temperature", "outputs", "fields", "separator", "pad_token", "tokenizer"}
_FIELDS = ("title", "lead", "text")
_ACTIVATIONS = ("softmax", "sigmoid", "probability")
_CHARS_PER_TOKEN = 16  # text beyond max_length * 16 characters cannot reach the model; it is not tokenized either
_WORD_MAX = 200  # a longer "word" is no word, and merging it takes its length squared
_MEMO = 200_000  # words remembered; beyond it the memory is emptied
_BUILTIN = {"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3}  # fairseq's dictionary starts with these four


def derive_counted(out: Floats) -> None:
    """Fill ``counted_negative`` of ``out`` (n, 21) in place from tone and dark side.

    The sum, over the pairs of tone and dark side that the codebook counts, of P(tone) x P(dark side): the two labels
    are taken as independent given the item. Under codebook 1 that is P(negative) + P(neutral) x P(dark side), which is
    NaN where either label is missing.
    """
    book = load_codebook()
    variant = book.variant(book.raw["counted"]["default"])
    dark = out[:, COLUMN["dark_side"]]
    total = np.zeros(len(out), np.float32)
    for tone in TONES:
        for said, p in ((True, dark), (False, 1 - dark)):
            if variant.holds(Label(tone=tone, dark_side=said)):
                total += out[:, COLUMN[f"tone:{tone}"]] * p
    out[:, COLUMN["counted_negative"]] = np.clip(total, 0, 1)


def _library(name: str) -> Any:
    """Optional libraries ship no types on every platform, hence the dynamic import."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise InputError(f"encoder: chưa cài thư viện {name}. Chạy: pip install 'canbang[encoder]'.") from error


def _read(path: Path, need: str) -> str:
    try:
        return path.read_text("utf-8")
    except FileNotFoundError as error:
        raise InputError(f"{path}: không có tệp này. {need}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: tệp hỏng, không phải UTF-8. Chép lại tệp của mô hình.") from error


def _digest(*paths: Path) -> str:
    """SHA-256 of the files, in order; one file gives what ``sha256sum`` prints."""
    found = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                found.update(block)
    return found.hexdigest()


# ------------------------------------------------------------------------------------------------------- labels.json


def group_of(column: str) -> str:
    """"tone:negative" and "!dark_side" belong to "tone" and "dark_side"."""
    return column.lstrip("!").split(":", maxsplit=1)[0]


@dataclass(frozen=True, slots=True)
class Group:
    """Places of one output that are activated together, in the model's order."""

    output: str
    name: str
    places: tuple[int, ...]
    columns: tuple[str, ...]
    activation: str
    temperature: float


@dataclass(frozen=True, slots=True)
class Spec:
    """What ``labels.json`` says; ``widths`` maps each output that is read to its number of columns."""

    name: str
    version: str
    max_length: int
    fields: tuple[str, ...]
    separator: str
    pad_token: str
    tokenizer: str
    widths: dict[str, int]
    groups: tuple[Group, ...]


def read_spec(path: Path) -> Spec:
    """Read and check ``labels.json``. Raises :class:`InputError` naming the field that is wrong."""
    try:
        raw = json.loads(_read(path, "Viết labels.json cho biết mỗi đầu ra của mô hình là nhãn nào."))
    except json.JSONDecodeError as error:
        raise InputError(f"{path}: dòng {error.lineno}: không phải JSON đúng ({error.msg}). Sửa lại tệp.") from error
    if not isinstance(raw, dict):
        raise InputError(f"{path}: phải là một bảng JSON {{...}}.")
    if unknown := sorted(set(raw) - _KEYS):
        raise InputError(f"{path}: không có mục “{unknown[0]}”. Các mục dùng được: {', '.join(sorted(_KEYS))}.")
    for key in ("name", "version"):
        if not isinstance(raw.get(key), str) or not raw[key].strip():
            raise InputError(f"{path}: thiếu “{key}” (một chuỗi không rỗng).")
    for key in ("separator", "pad_token", "tokenizer"):
        if not isinstance(raw.get(key, ""), str):
            raise InputError(f"{path}: “{key}” phải là một chuỗi.")
    length = raw.get("max_length")
    if not isinstance(length, int) or isinstance(length, bool) or not 4 <= length <= 1 << 15:
        raise InputError(f"{path}: “max_length” phải là số nguyên từ 4 đến 32768 (PhoBERT: 256, XLM-R: 512).")
    fields = raw.get("fields", list(_FIELDS))
    if not isinstance(fields, list) or not fields or any(name not in _FIELDS for name in fields):
        raise InputError(f"{path}: “fields” phải là danh sách lấy từ {', '.join(_FIELDS)}.")
    outputs = raw.get("outputs")
    if not isinstance(outputs, dict) or not outputs:
        raise InputError(f'{path}: thiếu “outputs”: {{"tên đầu ra": {{"columns": [...]}}}}.')
    groups, seen = [], set[str]()
    for output, table in outputs.items():
        for group in _groups(path, output, table, raw.get("temperature", 1.0)):
            if group.name in seen:
                raise InputError(f"{path}: nhóm “{group.name}” được khai ở hai đầu ra. Chỉ giữ một.")
            seen.add(group.name)
            groups.append(group)
    widths = {output: len(table["columns"]) for output, table in outputs.items()}
    return Spec(raw["name"].strip(), raw["version"].strip(), length, tuple(fields), raw.get("separator", " "),
                raw.get("pad_token", ""), raw.get("tokenizer", ""), widths, tuple(groups))  # fmt: skip


def _groups(path: Path, output: str, table: Any, temperature: Any) -> list[Group]:
    """The groups of one output, each whole."""
    where = f"{path}: outputs.{output}"
    columns = table.get("columns") if isinstance(table, dict) else None
    if not isinstance(columns, list) or not any(columns) or set(table) - {"columns", "activation", "temperature"}:
        raise InputError(f"{where}: cần “columns” (danh sách tên cột), và chỉ thêm “activation”, “temperature”.")
    places: dict[str, list[int]] = {}
    for place, column in enumerate(columns):
        if column is None:
            continue
        plain_name = column.removeprefix("!") if isinstance(column, str) else ""
        if plain_name not in COLUMN or (column[0] == "!" and ":" in column):
            raise InputError(f"{where}: không có cột “{column}”. Các cột: {', '.join(COLUMNS)}.")
        places.setdefault(group_of(column), []).append(place)
    groups = []
    for name, at in places.items():
        named = [columns[place] for place in at]
        whole = {column for column in COLUMNS if group_of(column) == name}
        if len(set(named)) < len(named):
            raise InputError(f"{where}: nhóm “{name}” có cột lặp lại. Mỗi cột ghi một lần.")
        if lost := sorted(whole - set(named)):
            raise InputError(f"{where}: nhóm “{name}” thiếu cột {', '.join(lost)}. Khai đủ cả nhóm, hoặc bỏ cả nhóm.")
        activation = _by_group(table.get("activation"), name, "softmax" if len(named) > 1 else "sigmoid")
        if activation not in _ACTIVATIONS or (activation == "softmax" and len(named) == 1):
            raise InputError(f"{where}: activation của “{name}” phải là softmax (từ hai cột), sigmoid hoặc probability.")
        heat = _by_group(table.get("temperature", temperature), name, 1.0)
        if not isinstance(heat, int | float) or isinstance(heat, bool) or not 0.01 <= heat <= 100:
            raise InputError(f"{where}: temperature của “{name}” phải là số từ 0,01 đến 100.")
        groups.append(Group(output, name, tuple(at), tuple(named), activation, float(heat)))
    return groups


def _by_group(said: Any, name: str, default: Any) -> Any:
    """A setting that is one value for all groups, or a table by group."""
    found = said.get(name) if isinstance(said, dict) else said
    return default if found is None else found


# -------------------------------------------------------------------------------------------------------- tokenizers


class Tokenizer(Protocol):
    """Text to numbers, special tokens included; ``pad`` fills a short row."""

    pad: int

    def encode(self, text: str, limit: int) -> list[int]:
        """At most ``limit`` token numbers."""


class FileTokenizer:
    """A ``tokenizer.json`` (XLM-R style), with its own special tokens around the text."""

    def __init__(self, path: Path, pad_token: str = "") -> None:
        text = _read(path, "Chép tokenizer.json của mô hình vào thư mục.")
        try:
            self._inner = _library("tokenizers").Tokenizer.from_str(text)
        except InputError:
            raise
        except Exception as error:  # the library raises bare Exception for every damaged file
            raise InputError(f"{path}: không đọc được tokenizer ({str(error)[:120]}). Chép lại tệp.") from error
        padding = self._inner.padding or {}
        names = [pad_token] if pad_token else [str(padding.get("pad_token", "")), "<pad>", "[PAD]"]
        numbers = [number for name in names if (number := self._inner.token_to_id(name)) is not None]
        if not numbers:
            raise InputError(f"{path}: không thấy ký hiệu đệm. Ghi “pad_token” trong labels.json.")
        self.pad = int(numbers[0])
        self._inner.no_padding()
        # "</s>" written in an item is text; without this it would end the item for the model.
        self._inner.encode_special_tokens = True
        self._limit = 0

    def encode(self, text: str, limit: int) -> list[int]:
        """At most ``limit`` token numbers."""
        if limit != self._limit:
            self._inner.enable_truncation(limit)
            self._limit = limit
        # One at a time: a batch would start threads that the operator did not ask for.
        return list(self._inner.encode(text).ids)


class BpeTokenizer:
    """PhoBERT's byte-pair encoding: fastBPE merges from ``bpe.codes``, fairseq's dictionary from ``vocab.txt``.

    A word is what stands between blanks. PhoBERT learnt on segmented words ("học_sinh"); no segmenter runs here, so
    syllables come one by one, unless the operator's texts are segmented already.
    """

    def __init__(self, folder: Path) -> None:
        need = "PhoBERT cần cả vocab.txt và bpe.codes trong thư mục."
        self.pad = _BUILTIN["<pad>"]
        self._numbers = dict(_BUILTIN)
        for number, line in enumerate(_read(folder / "vocab.txt", need).split("\n"), 1):
            if not line.strip():
                continue
            token, blank, count = line.strip().rpartition(" ")
            if not blank or not count.isdigit() or token in self._numbers:
                raise InputError(
                    f"{folder / 'vocab.txt'}: dòng {number}: cần “ký hiệu số lần”, mỗi ký hiệu một dòng. Chép lại tệp."
                )
            self._numbers[token] = len(self._numbers)
        self._ranks: dict[tuple[str, str], int] = {}
        for number, line in enumerate(_read(folder / "bpe.codes", need).split("\n"), 1):
            parts = line.split()
            if not parts or line.startswith("#version"):
                continue
            if len(parts) not in (2, 3):
                raise InputError(f"{folder / 'bpe.codes'}: dòng {number}: cần “trái phải số lần”. Chép lại tệp.")
            self._ranks.setdefault((parts[0], parts[1]), number)
        if len(self._numbers) == len(_BUILTIN):
            raise InputError(f"{folder / 'vocab.txt'}: tệp rỗng. Chép lại tệp.")
        self._known: dict[str, list[int]] = {}

    def pieces(self, word: str) -> list[str]:
        """The pieces of one word; all but the last end in ``@@``."""
        parts = [*word[:-1], word[-1] + "</w>"]
        while len(parts) > 1:
            rank, best = min((self._ranks.get(pair, len(self._ranks) + 9), pair) for pair in zip(parts, parts[1:]))
            if best not in self._ranks or rank != self._ranks[best]:
                break
            merged, at = [], 0
            while at < len(parts):
                step = 2 if tuple(parts[at : at + 2]) == best else 1
                merged.append("".join(parts[at : at + step]))
                at += step
            parts = merged
        return [part + "@@" for part in parts[:-1]] + [parts[-1].removesuffix("</w>")]

    def encode(self, text: str, limit: int) -> list[int]:
        """``<s>``, the text's token numbers, ``</s>``: at most ``limit``."""
        out = [_BUILTIN["<s>"]]
        for word in text.split():
            if len(out) >= limit - 1:
                break
            numbers = self._known.get(word)
            if numbers is None:
                if len(self._known) >= _MEMO:
                    self._known.clear()
                unknown = _BUILTIN["<unk>"]
                # A piece spelt like a special token is text: only this class puts those in.
                numbers = self._known[word] = (
                    [unknown if p in _BUILTIN else self._numbers.get(p, unknown) for p in self.pieces(word)]
                    if len(word) <= _WORD_MAX
                    else [unknown]
                )
            out += numbers
        return [*out[: limit - 1], _BUILTIN["</s>"]]


def open_tokenizer(folder: Path, spec: Spec) -> Tokenizer:
    """The folder's tokenizer. Raises :class:`InputError` where there is none, or two and ``labels.json`` names none."""
    kinds = {
        "tokenizer.json": (folder / "tokenizer.json").is_file(),
        "bpe.codes": any((folder / name).is_file() for name in ("bpe.codes", "vocab.txt")),
    }
    found = [spec.tokenizer] if spec.tokenizer else [name for name, there in kinds.items() if there]
    if spec.tokenizer and spec.tokenizer not in kinds:
        raise InputError(f"{folder / 'labels.json'}: “tokenizer” phải là {' hoặc '.join(kinds)}.")
    if not found:
        raise InputError(f"{folder}: không có tokenizer. Chép tokenizer.json, hoặc vocab.txt và bpe.codes, vào thư mục.")
    if len(found) > 1:
        raise InputError(f"{folder}: có cả tokenizer.json và bpe.codes. Ghi “tokenizer” trong labels.json để chọn.")
    return FileTokenizer(folder / found[0], spec.pad_token) if found[0] == "tokenizer.json" else BpeTokenizer(folder)


# ---------------------------------------------------------------------------------------------------------- labeller
