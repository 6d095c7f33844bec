"""A labeller from an operator's folder: an ONNX text classifier with its tokenizer. Nothing is ever downloaded.

The folder holds ``model.onnx``, the tokenizer (``tokenizer.json``, XLM-R style, or ``vocab.txt`` with ``bpe.codes``,
PhoBERT style) and ``labels.json``, which says what the outputs mean::

    {"name": "phobert-tinh", "version": "3", "max_length": 256, "temperature": 1.2,
     "outputs": {"logits": {"columns": ["tone:negative", "tone:neutral", "tone:positive", "dark_side", null],
                            "activation": {"tone": "softmax", "dark_side": "sigmoid"}}}}

``outputs`` maps each output that is read to columns of :data:`~canbang.label.labeller.COLUMNS`, place by place; ``null``
is not read, ``"!dark_side"`` is the "no" of a two-way softmax. ``activation`` ("softmax", "sigmoid", or "probability" that
the model made itself) and ``temperature`` are one value, or a table by group: ``tone``, ``theme`` or a flag. By default
tone, theme and a flag with its "!" are softmax, the rest sigmoid. Optional: ``fields`` (title, lead, text), ``separator``
(a blank), and ``tokenizer`` ("tokenizer.json" or "bpe.codes") where the folder holds both.

A group is given whole or not at all, since tones and themes sum to 1. Columns that the model does not give are NaN and
stand in ``missing``; no other labeller fills them. One is derived: ``counted_negative`` by :func:`derive_counted`.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, pairwise, product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from canbang.codebook import load_codebook
from canbang.errors import InputError
from canbang.item import Item, Label
from canbang.label.labeller import COLUMN, COLUMNS, TONES
from canbang.text.normalise import plain

Floats = NDArray[np.float32]

_KEYS = {"name", "version", "max_length", "temperature", "outputs", "fields", "separator", "tokenizer"}
_FIELDS = ("title", "lead", "text")
_NO = {f"!{column}" for column in COLUMNS if ":" not in column}
_INPUTS = ("input_ids", "attention_mask", "token_type_ids")
_INTEGERS = {"tensor(int64)": np.int64, "tensor(int32)": np.int32}
_CHARS_PER_TOKEN = 16  # text beyond max_length * 16 characters cannot reach the model; it is not tokenized either
_WORD_MAX = 200  # a longer "word" is no word, and merging it takes its length squared
_MEMO = 100_000  # words remembered
_BUILTIN = {"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3}  # fairseq's dictionary starts with these four


def derive_counted(out: Floats) -> None:
    """Fill ``counted_negative`` of ``out`` (n, 21) in place from tone and dark side.

    The sum of P(tone) x P(dark side) over the pairs that the codebook counts, the two taken as independent given the
    item: under codebook 1 P(negative) + P(neutral) x P(dark side). NaN where either label is missing.
    """
    counted = load_codebook().variant("counted_negative")
    dark = out[:, COLUMN["dark_side"]]
    total = np.zeros(len(out), np.float32)
    for tone, (said, p) in product(TONES, ((True, dark), (False, 1 - dark))):
        if counted.holds(Label(tone=tone, dark_side=said)):
            total += out[:, COLUMN[f"tone:{tone}"]] * p
    out[:, COLUMN["counted_negative"]] = np.clip(total, 0, 1)


def _library(name: str) -> Any:
    """An optional library: it may be absent, and not every one ships types, hence the dynamic import."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise InputError(f"encoder: chưa cài thư viện {name}. Chạy: pip install 'canbang[encoder]'.") from error


def _read(path: Path, way_out: str) -> str:
    try:
        return path.read_text("utf-8")
    except FileNotFoundError as error:
        raise InputError(f"{path}: không có tệp này. {way_out}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: tệp hỏng, không phải UTF-8. Chép lại tệp của mô hình.") from error


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _require(holds: object, message: str) -> None:
    if not holds:
        raise InputError(message)


@dataclass(frozen=True, slots=True)
class Group:
    """Places of one output that are activated together, in the model's order."""

    output: str
    name: str
    places: tuple[int, ...]
    columns: tuple[str, ...]
    activation: str
    temperature: float


def read_spec(path: Path) -> tuple[dict[str, Any], list[Group]]:
    """``labels.json``, checked, with its groups. Raises :class:`InputError` naming the field that is wrong."""
    try:
        raw = json.loads(_read(path, "Viết labels.json cho biết mỗi đầu ra của mô hình là nhãn nào."))
    except json.JSONDecodeError as error:
        raise InputError(f"{path}: dòng {error.lineno}: không phải JSON đúng ({error.msg}). Sửa lại tệp.") from error
    _require(isinstance(raw, dict), f"{path}: phải là một bảng JSON {{...}}.")
    unknown = ", ".join(sorted(set(raw) - _KEYS))
    _require(not unknown, f"{path}: không có mục “{unknown}”. Các mục dùng được: {', '.join(sorted(_KEYS))}.")
    for key, default in (("name", ""), ("version", ""), ("separator", " "), ("tokenizer", "?")):
        said: Any = raw.get(key, default)
        fits = isinstance(said, str) and (said.strip() or key == "separator")
        _require(fits, f"{path}: thiếu “{key}” (một chuỗi không rỗng).")
    length, fields, outputs = raw.get("max_length"), raw.get("fields", list(_FIELDS)), raw.get("outputs")
    fits = type(length) is int and 4 <= length <= 1 << 15
    _require(fits, f"{path}: “max_length” phải là số nguyên từ 4 đến 32768 (PhoBERT: 256, XLM-R: 512).")
    fits = isinstance(fields, list) and fields != [] and all(name in _FIELDS for name in fields)
    _require(fits, f"{path}: “fields” phải là danh sách lấy từ {', '.join(_FIELDS)}.")
    _require(isinstance(outputs, dict) and outputs, f'{path}: thiếu “outputs”: {{"tên": {{"columns": [...]}}}}.')
    groups = [g for name, table in outputs.items() for g in _groups(path, name, table, raw.get("temperature", 1.0))]
    twice = ", ".join({one.name for one, other in combinations(groups, 2) if one.name == other.name})
    _require(not twice, f"{path}: nhóm “{twice}” được khai ở hai đầu ra. Chỉ giữ một.")
    return {"fields": fields, "separator": " ", "tokenizer": ""} | raw, groups


def _group_of(column: str) -> str:
    """``tone`` of ``tone:negative``, ``dark_side`` of ``!dark_side``."""
    return column.removeprefix("!").split(":", maxsplit=1)[0]


def _groups(path: Path, output: str, table: Any, temperature: Any) -> list[Group]:
    """The groups of one output, each whole."""
    where = f"{path}: outputs.{output}"
    columns: Any = table.get("columns") if isinstance(table, dict) else None
    fits = isinstance(columns, list) and any(columns) and not set(table) - {"columns", "activation", "temperature"}
    _require(fits, f"{where}: cần “columns” (danh sách tên cột), và chỉ thêm “activation”, “temperature”.")
    places: dict[str, list[int]] = {}
    for place, column in enumerate(columns):
        if column is not None:
            known = isinstance(column, str) and (column in COLUMN or column in _NO)
            _require(known, f"{where}: không có cột “{column}”. Các cột: {', '.join(COLUMNS)}.")
            places.setdefault(_group_of(column), []).append(place)
    groups = []
    for name, at in places.items():
        named = tuple(columns[place] for place in at)
        _require(len(set(named)) == len(named), f"{where}: nhóm “{name}” có cột lặp lại. Mỗi cột ghi một lần.")
        lost = ", ".join(column for column in COLUMNS if _group_of(column) == name and column not in named)
        _require(not lost, f"{where}: nhóm “{name}” thiếu cột {lost}. Khai đủ cả nhóm, hoặc bỏ cả nhóm.")
        activation = _by_group(table.get("activation"), name, "softmax" if len(named) > 1 else "sigmoid")
        can = ("softmax", "sigmoid", "probability")[len(named) == 1 :]
        _require(activation in can, f"{where}: activation của “{name}” phải là một trong: {', '.join(can)}.")
        heat = _by_group(table.get("temperature", temperature), name, 1.0)
        fits = type(heat) in (int, float) and 0.01 <= heat <= 100
        _require(fits, f"{where}: temperature của “{name}” phải là số từ 0,01 đến 100.")
        groups.append(Group(output, name, tuple(at), named, activation, float(heat)))
    return groups


def _by_group(said: Any, name: str, default: Any) -> Any:
    """A setting that is one value for all groups, or a table by group."""
    found = said.get(name) if isinstance(said, dict) else said
    return default if found is None else found


class FileTokenizer:
    """A ``tokenizer.json`` (XLM-R style), which puts its own special tokens around the text."""

    def __init__(self, folder: Path, max_length: int) -> None:
        path, library = folder / "tokenizer.json", _library("tokenizers")
        text = _read(path, "Chép tokenizer.json của mô hình vào thư mục.")
        try:
            self._inner = library.Tokenizer.from_str(text)
        except Exception as error:  # the library raises bare Exception for every damaged file
            raise InputError(f"{path}: không đọc được tokenizer ({str(error)[:160]}). Chép lại tệp.") from error
        names = (str((self._inner.padding or {}).get("pad_token")), "<pad>", "[PAD]")
        self.pad: int = next((at for name in names if (at := self._inner.token_to_id(name)) is not None), -1)
        _require(self.pad >= 0, f"{path}: không thấy ký hiệu đệm <pad> hay [PAD]. Bật “padding” khi lưu tokenizer.")
        self._inner.no_padding()
        self._inner.enable_truncation(max_length)
        # "</s>" written in an item is text; it must not end the item for the model.
        self._inner.encode_special_tokens = True
        special = [token.content for token in self._inner.get_added_tokens_decoder().values() if token.special]
        self._special = re.compile("|".join(map(re.escape, special)) or "(?!)")

    def encode(self, text: str) -> list[int]:
        """Token numbers of one text. One at a time: a batch would start threads that nobody asked for."""
        seen = self._inner.normalizer.normalize_str(text) if self._inner.normalizer else text
        # The vocabulary may hold a special token as an ordinary piece, too: it is spelt letter by letter.
        text = self._special.sub(lambda found: " ".join(found[0]), seen) if self._special.search(seen) else text
        return list(self._inner.encode(text).ids) or [self.pad]


class BpeTokenizer:
    """PhoBERT's byte-pair encoding: fastBPE merges from ``bpe.codes``, fairseq's dictionary from ``vocab.txt``.

    A word is what stands between blanks. PhoBERT learnt on segmented words ("học_sinh"); no segmenter runs here, so
    syllables come one by one, unless the operator's texts are segmented already.
    """

    def __init__(self, folder: Path, max_length: int) -> None:
        way_out = "PhoBERT cần cả vocab.txt và bpe.codes."
        vocabulary, codes = folder / "vocab.txt", folder / "bpe.codes"
        # The four special tokens are not among the numbers: spelt in an item they are text.
        self.pad, self._max, self._numbers = _BUILTIN["<pad>"], max_length, dict[str, int]()
        for number, line in enumerate(_read(vocabulary, way_out).split("\n"), 1):
            if line.strip():
                token, blank, count = line.strip().rpartition(" ")
                fits = blank and count.isdigit() and token not in self._numbers and token not in _BUILTIN
                _require(fits, f"{vocabulary}: dòng {number}: cần “ký hiệu số lần”, không lặp lại. Chép lại tệp.")
                self._numbers[token] = len(_BUILTIN) + len(self._numbers)
        _require(self._numbers, f"{vocabulary}: tệp rỗng. Chép lại tệp.")
        self._ranks: dict[tuple[str, str], int] = {}
        for number, line in enumerate(_read(codes, way_out).split("\n"), 1):
            if (parts := line.split()) and not line.startswith("#version"):
                _require(len(parts) in (2, 3), f"{codes}: dòng {number}: cần “trái phải số lần”. Chép lại tệp.")
                self._ranks.setdefault((parts[0], parts[1]), number)
        self._known = lru_cache(_MEMO)(self._word)

    def pieces(self, word: str) -> list[str]:
        """The pieces of one word; all but the last end in ``@@``."""
        parts = [*word[:-1], word[-1] + "</w>"]
        while len(parts) > 1:
            rank, best = min((self._ranks.get(pair, math.inf), pair) for pair in pairwise(parts))
            if rank == math.inf:
                break
            merged, at = [], 0
            while at < len(parts):
                step = 2 if tuple(parts[at : at + 2]) == best else 1
                merged.append("".join(parts[at : at + step]))
                at += step
            parts = merged
        return [part + "@@" for part in parts[:-1]] + [parts[-1].removesuffix("</w>")]

    def _word(self, word: str) -> list[int]:
        pieces = self.pieces(word) if len(word) <= _WORD_MAX else [word]
        return [self._numbers.get(piece, _BUILTIN["<unk>"]) for piece in pieces]

    def encode(self, text: str) -> list[int]:
        """``<s>``, the text's token numbers, ``</s>``."""
        out = [_BUILTIN["<s>"]]
        for word in text.split():
            if len(out) >= self._max - 1:
                break
            out += self._known(word)
        return [*out[: self._max - 1], _BUILTIN["</s>"]]


def open_tokenizer(folder: Path, chosen: str, max_length: int) -> FileTokenizer | BpeTokenizer:
    """The folder's tokenizer. Raises :class:`InputError` where there is none, or two and ``labels.json`` names none."""
    kinds = {"tokenizer.json": ("tokenizer.json",), "bpe.codes": ("bpe.codes", "vocab.txt")}
    _require(chosen in ("", *kinds), f"{folder / 'labels.json'}: “tokenizer” phải là {' hoặc '.join(kinds)}.")
    found = [chosen] if chosen else [kind for kind in kinds if any((folder / name).is_file() for name in kinds[kind])]
    _require(found, f"{folder}: không có tokenizer. Chép vào tokenizer.json, hoặc vocab.txt và bpe.codes.")
    _require(
        len(found) == 1, f"{folder}: có hai tokenizer: {', '.join(found)}. Chọn bằng “tokenizer” trong labels.json."
    )
    return (BpeTokenizer if found[0] == "bpe.codes" else FileTokenizer)(folder, max_length)


class EncoderLabeller:
    """A :class:`~canbang.label.labeller.Labeller` over an operator's ONNX model.

    ``columns`` are the columns that hold numbers (given or derived), ``derived`` those computed from others,
    ``missing`` those that are NaN. ``threads`` bounds what the model uses. Opening tries the model on one text and raises
    :class:`InputError` for whatever does not fit. It may be pickled: the other process opens the folder again.
    """

    def __init__(self, folder: Path, *, batch_size: int = 32, threads: int = 1) -> None:
        self.folder, self.batch_size, self.threads = Path(folder), batch_size, threads
        _require(min(batch_size, threads) >= 1, f"{folder}: batch_size và threads phải từ 1 trở lên.")
        _require(self.folder.is_dir(), f"{folder}: không có thư mục này. Cần thư mục chứa model.onnx và labels.json.")
        self._model, self._labels = self.folder / "model.onnx", self.folder / "labels.json"
        self._spec, self._groups = read_spec(self._labels)
        self.name: str = self._spec["name"]
        self._widths = {name: len(table["columns"]) for name, table in self._spec["outputs"].items()}
        self._tokenizer = open_tokenizer(self.folder, self._spec["tokenizer"], self._spec["max_length"])
        self._session = self._open()
        self._inputs = self._check_inputs()
        have = [output.name for output in self._session.get_outputs()]
        lost = ", ".join(name for name in self._widths if name not in have)
        _require(not lost, f"{self._labels}: mô hình không có đầu ra “{lost}”, chỉ có: {', '.join(have)}.")
        given = {column for group in self._groups for column in group.columns}
        derive = {"tone:negative", "dark_side"} <= given and "counted_negative" not in given
        self.derived: tuple[str, ...] = ("counted_negative",) if derive else ()
        self.columns = tuple(column for column in COLUMNS if column in given.union(self.derived))
        self.missing = tuple(column for column in COLUMNS if column not in self.columns)
        self.version = self._fingerprint()
        self._probabilities([self._tokenizer.encode("Xã họp bàn việc làm đường")])

    @classmethod
    def load(cls, folder: Path, batch_size: int = 32, threads: int = 1) -> EncoderLabeller:
        """The labeller in ``folder``; the same as the constructor, under the name that all labellers share."""
        return cls(folder, batch_size=batch_size, threads=threads)

    def __reduce__(self) -> tuple[Any, ...]:
        return EncoderLabeller.load, (self.folder, self.batch_size, self.threads)

    def predict(self, items: Sequence[Item]) -> Floats:
        """Probabilities, ``shape (len(items), len(COLUMNS))``; NaN in the columns of ``missing``.

        Raises :class:`InputError` where the model fails or gives something that is no probability.
        """
        rows = [self._tokenizer.encode(self._text(item)) for item in items]
        out = np.full((len(items), len(COLUMNS)), np.nan, np.float32)
        # Alike lengths together: padding is computed like text.
        order = sorted(range(len(rows)), key=lambda at: len(rows[at]))
        for start in range(0, len(order), self.batch_size):
            chosen = order[start : start + self.batch_size]
            out[chosen] = self._probabilities([rows[at] for at in chosen])
        return out

    def _text(self, item: Item) -> str:
        most = self._spec["max_length"] * _CHARS_PER_TOKEN
        parts = (plain(getattr(item, field)[:most]) for field in self._spec["fields"])
        return str(self._spec["separator"].join(filter(None, parts))[:most])

    def _open(self) -> Any:
        _require(self._model.is_file(), f"{self._model}: không có tệp này. Chép mô hình ONNX vào với tên model.onnx.")
        runtime = _library("onnxruntime")
        runtime.disable_telemetry_events()
        options = runtime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = self.threads, 1
        options.log_severity_level = 4  # what goes wrong is raised; its log lines would land between ours
        try:
            return runtime.InferenceSession(str(self._model), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # the runtime's exceptions share no base of their own
            way_out = "Xuất lại sang ONNX, chép đủ tệp trọng số đi kèm."
            raise InputError(f"{self._model}: không mở được mô hình ({str(error)[:160]}). {way_out}") from error

    def _check_inputs(self) -> dict[str, Any]:
        """Input names with their integer types."""
        found = {}
        for tensor in self._session.get_inputs():
            where, fits = f"{self._model}: đầu vào “{tensor.name}”", tensor.name in _INPUTS and tensor.type in _INTEGERS
            _require(fits, f"{where} ({tensor.type}) lạ. Chỉ nhận {', '.join(_INPUTS)} kiểu số nguyên.")
            fixed = any(isinstance(size, int) for size in tensor.shape)
            _require(not fixed, f"{where} có cỡ cố định. Xuất lại mô hình với trục động (dynamic axes).")
            found[tensor.name] = _INTEGERS[tensor.type]
        _require("input_ids" in found, f"{self._model}: không có đầu vào input_ids. Cần mô hình phân loại văn bản.")
        return found

    def _fingerprint(self) -> str:
        """``VERSION+MODEL.REST``: 12 hex digits for the model's file, 8 for all others: tokenizer, weights kept beside."""
        files = (path for path in self.folder.rglob("*") if path.is_file() and path != self._model)
        seen = sorted(path for path in files if not any(p[0] == "." for p in path.relative_to(self.folder).parts))
        rest = hashlib.sha256("".join(map(_digest, seen)).encode()).hexdigest()
        return f"{self._spec['version']}+{_digest(self._model)[:12]}.{rest[:8]}"

    def _forward(self, rows: list[list[int]]) -> dict[str, Floats]:
        """Raw outputs (n, width) of one padded batch."""
        ids = np.full((len(rows), max(map(len, rows))), self._tokenizer.pad, np.int64)
        mask = np.zeros_like(ids)
        for at, row in enumerate(rows):
            ids[at, : len(row)], mask[at, : len(row)] = row, 1
        feeds = dict(zip(_INPUTS, (ids, mask, np.zeros_like(ids)), strict=True))
        wanted = {name: feeds[name].astype(kind) for name, kind in self._inputs.items()}
        try:
            arrays = self._session.run(list(self._widths), wanted)
            given = [np.asarray(array, np.float32).reshape(len(array), -1) for array in arrays]
        except Exception as error:  # as above
            way_out = "Kiểm tra tokenizer và max_length có đúng của mô hình này."
            raise InputError(f"{self._model}: mô hình chạy lỗi ({str(error)[:160]}). {way_out}") from error
        for (name, width), array in zip(self._widths.items(), given, strict=True):
            got = f"khai {width} cột, mô hình trả về cỡ {array.shape} cho {len(rows)} tin"
            _require(array.shape == (len(rows), width), f"{self._labels}: outputs.{name}: {got}. Sửa “columns”.")
        return dict(zip(self._widths, given, strict=True))

    def _probabilities(self, rows: list[list[int]]) -> Floats:
        """All columns (n, 21) of one batch."""
        out, scores = np.full((len(rows), len(COLUMNS)), np.nan, np.float32), self._forward(rows)
        for group in self._groups:
            p = self._activate(group, scores[group.output][:, group.places])
            for place, column in enumerate(group.columns):
                if column in COLUMN:
                    out[:, COLUMN[column]] = p[:, place]
        if self.derived:
            derive_counted(out)
        return out

    def _activate(self, group: Group, z: Floats) -> Floats:
        """Scores (n, k) of one group to probabilities that sum to 1 where k > 1."""
        if group.activation == "softmax":  # made to sum to 1 below
            z = np.exp((z - z.max(axis=1, keepdims=True)) / group.temperature)
        elif group.activation == "sigmoid":
            z = 1 / (1 + np.exp(-np.clip(z / group.temperature, -60, 60)))
        sums = z.sum(axis=1, keepdims=True) if len(group.columns) > 1 else np.ones((len(z), 1), np.float32)
        fits = np.isfinite(z).all() and z.min() >= 0 and z.max() <= 1.0001 and sums.all()
        _require(fits, f"{self._labels}: “{group.name}”: mô hình trả về số không phải xác suất. Kiểm tra “activation”.")
        return np.asarray((z / sums).clip(0, 1), np.float32)
