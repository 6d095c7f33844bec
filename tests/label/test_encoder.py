"""An operator's ONNX model and tokenizer, both real and both made here, against numpy by hand."""

from __future__ import annotations

import hashlib
import json
import pickle
import socket
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from canbang.errors import InputError
from canbang.label.encoder import BpeTokenizer, EncoderLabeller, FileTokenizer, derive_counted
from canbang.label.labeller import COLUMN, COLUMNS, THEMES, TONES
from conftest import make_item

onnx = pytest.importorskip("onnx", reason="onnx is not installed (extra dev)")
pytest.importorskip("onnxruntime", reason="onnxruntime is not installed (extra encoder)")
tokenizers = pytest.importorskip("tokenizers", reason="tokenizers is not installed (extra encoder)")

VOCABULARY = ["cháy", "lớn", "xã", "khánh", "thành", "kh@@", "án@@", "h", "lắm@@", "lắm"]
CODES = "á n 90\nán h</w> 80\nkh ánh</w> 70\nk h 95\nl ớ 60\nlớ n</w> 50\nx ã</w> 40\nc h 30\ná y</w> 20\nch áy</w> 10\nt h 9\nà n 9\nàn h</w> 9\nth ành</w> 9\n"
NUMBERS = {"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3} | {word: 4 + at for at, word in enumerate(VOCABULARY)}
TONE = ["tone:negative", "tone:neutral", "tone:positive"]
SIX = [*TONE, "dark_side", None, "sensational"]
TITLES = ["cháy lớn", "xã khánh thành", "cháy", "khánh thành xã lớn lớn lớn xã"]
RNG = np.random.default_rng(7)
TABLE = RNG.normal(size=(len(NUMBERS), 8)).astype(np.float32)
WEIGHT = RNG.normal(size=(8, 24)).astype(np.float32)


def write_model(path: Path, heads: dict[str, int], *, inputs: Sequence[str] = ("input_ids", "attention_mask"),
                shape: Sequence[Any] = ("n", "length"), kind: int = onnx.TensorProto.INT64) -> None:  # fmt: skip
    """Embedding, mean over the attention mask, one linear map per output of the given width."""
    make, proto = onnx.helper, onnx.TensorProto
    mask = "attention_mask" if "attention_mask" in inputs else "ones"
    nodes = [
        make.make_node("Gather", ["table", "input_ids"], ["words"]),
        make.make_node("Cast", [mask], ["mask_f"], to=proto.FLOAT),
        make.make_node("Unsqueeze", ["mask_f", "last"], ["mask_3"]),
        make.make_node("Mul", ["words", "mask_3"], ["kept"]),
        make.make_node("ReduceSum", ["kept", "middle"], ["sum"], keepdims=0),
        make.make_node("ReduceSum", ["mask_f", "middle"], ["count"], keepdims=1),
        make.make_node("Div", ["sum", "count"], ["mean"]),
    ]
    if mask == "ones":
        nodes.insert(0, make.make_node("Sign", ["input_ids_plus"], ["ones"]))
        nodes.insert(0, make.make_node("Add", ["input_ids", "one"], ["input_ids_plus"]))
    constants = [
        onnx.numpy_helper.from_array(TABLE, "table"),
        onnx.numpy_helper.from_array(np.array([2]), "last"),
        onnx.numpy_helper.from_array(np.array([1]), "middle"),
        onnx.numpy_helper.from_array(np.array([1]), "one"),
    ]
    start = 0
    for name, width in heads.items():
        constants.append(onnx.numpy_helper.from_array(WEIGHT[:, start : start + width].copy(), f"w_{name}"))
        nodes.append(make.make_node("MatMul", ["mean", f"w_{name}"], [name]))
        start += width
    graph = make.make_graph(
        nodes, "tiny", [make.make_tensor_value_info(name, kind, list(shape)) for name in inputs],
        [make.make_tensor_value_info(name, proto.FLOAT, ["n", width]) for name, width in heads.items()], constants,
    )  # fmt: skip
    model = make.make_model(graph, opset_imports=[make.make_opsetid("", 17)], ir_version=8)
    path.write_bytes(model.SerializeToString())


def write_bpe(folder: Path) -> None:
    (folder / "vocab.txt").write_text("".join(f"{word} {99 - at}\n" for at, word in enumerate(VOCABULARY)), "utf-8")
    (folder / "bpe.codes").write_text(CODES, "utf-8")


def write_file_tokenizer(folder: Path) -> None:
    """A word-level tokenizer.json over the same numbers, with XLM-R's special tokens around the text."""
    inner = tokenizers.Tokenizer(tokenizers.models.WordLevel(NUMBERS, unk_token="<unk>"))
    inner.add_special_tokens(["<s>", "<pad>", "</s>", "<unk>"])
    inner.normalizer = tokenizers.normalizers.NFKC()  # as XLM-R's: a wide "＜" becomes "<"
    inner.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    inner.post_processor = tokenizers.processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    inner.enable_padding(pad_id=1, pad_token="<pad>", length=50)  # a saved padding must not reach the model
    inner.save(str(folder / "tokenizer.json"))


def write_labels(folder: Path, **changes: Any) -> None:
    labels: dict[str, Any] = {"name": "thử", "version": "3", "max_length": 16, "outputs": {"logits": {"columns": SIX}}}
    (folder / "labels.json").write_text(json.dumps(labels | changes, ensure_ascii=False), "utf-8")


@pytest.fixture(params=[write_bpe, write_file_tokenizer], ids=["phobert", "xlm-r"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A whole folder, once in each tokenizer's style."""
    request.param(tmp_path)
    write_model(tmp_path / "model.onnx", {"logits": 6})
    write_labels(tmp_path)
    return tmp_path


@pytest.fixture
def bpe(tmp_path: Path) -> Path:
    """A whole folder in PhoBERT's style."""
    write_bpe(tmp_path)
    write_model(tmp_path / "model.onnx", {"logits": 6})
    write_labels(tmp_path)
    return tmp_path


def logits(title: str) -> np.ndarray:
    """The model by hand, for titles whose words are all in the vocabulary."""
    numbers = [0, *(NUMBERS[word] for word in title.split()), 2]
    return TABLE[numbers].mean(axis=0) @ WEIGHT


def softmax(z: np.ndarray) -> np.ndarray:
    e = np.exp(z - z.max())
    return e / e.sum()


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def items(titles: Sequence[str] = TITLES) -> list[Any]:
    return [make_item(number, title) for number, title in enumerate(titles)]


def expected(title: str) -> np.ndarray:
    z, row = logits(title), np.full(len(COLUMNS), np.nan, np.float32)
    negative, neutral, positive = softmax(z[:3])
    row[[COLUMN[name] for name in TONE]] = negative, neutral, positive
    row[COLUMN["dark_side"]], row[COLUMN["sensational"]] = sigmoid(z[3]), sigmoid(z[5])
    row[COLUMN["counted_negative"]] = negative + neutral * sigmoid(z[3])
    return row


def test_predictions_equal_numpy_by_hand(folder: Path) -> None:
    given = EncoderLabeller(folder).predict(items())
    assert (given.shape, given.dtype) == ((4, len(COLUMNS)), np.float32)
    np.testing.assert_allclose(given, np.array([expected(title) for title in TITLES]), atol=1e-6)


@pytest.mark.parametrize("batch_size", [1, 2, 3, 100])
def test_the_size_of_a_batch_changes_neither_numbers_nor_order(folder: Path, batch_size: int) -> None:
    alone = EncoderLabeller(folder).predict(items())
    np.testing.assert_allclose(EncoderLabeller.load(folder, batch_size, 2).predict(items()), alone, atol=1e-6)


def test_columns_that_the_model_does_not_give_are_nan_and_reported(folder: Path) -> None:
    labeller = EncoderLabeller(folder)
    given = labeller.predict(items())
    assert labeller.columns == (*(f"tone:{t}" for t in TONES), "dark_side", "sensational", "counted_negative")
    assert labeller.derived == ("counted_negative",)
    assert labeller.missing == ("public_interest", "clickbait", *(f"theme:{theme}" for theme in THEMES))
    assert [c for c in COLUMNS if np.isnan(given[:, COLUMN[c]]).all()] == list(labeller.missing)


def test_no_items_give_no_rows(folder: Path) -> None:
    assert EncoderLabeller(folder).predict([]).shape == (0, len(COLUMNS))


def test_an_item_without_words_still_gets_probabilities(folder: Path) -> None:
    assert np.isfinite(EncoderLabeller(folder).predict([make_item(1, " ", lead="")])[0, COLUMN["dark_side"]])


def test_lead_and_body_follow_the_title(folder: Path) -> None:
    labeller = EncoderLabeller(folder)
    apart = labeller.predict([make_item(1, "cháy", lead="<p>lớn</p>", text="xã")])
    np.testing.assert_array_equal(apart, labeller.predict(items(["cháy lớn xã"])))


def test_fields_choose_what_the_model_reads(bpe: Path) -> None:
    write_labels(bpe, fields=["title"])
    labeller = EncoderLabeller(bpe)
    np.testing.assert_array_equal(
        labeller.predict([make_item(1, "cháy", lead="lớn")]), labeller.predict(items(["cháy"]))
    )


def test_a_text_is_cut_at_max_length_with_its_end_token(folder: Path) -> None:
    write_labels(folder, max_length=5)
    labeller = EncoderLabeller(folder)
    np.testing.assert_array_equal(
        labeller.predict(items(["cháy lớn xã khánh thành"])), labeller.predict(items(["cháy lớn xã"]))
    )


def test_special_tokens_written_in_an_item_are_text(folder: Path) -> None:
    """An item cannot end itself for the model: "</s>" becomes unknown words."""
    tokenizer = (BpeTokenizer if (folder / "bpe.codes").exists() else FileTokenizer)(folder, 32)
    numbers = tokenizer.encode("cháy </s> ＜pad＞<s> lớn")
    assert (numbers[:2], numbers[-2:], {0, 1, 2} & set(numbers[2:-2])) == ([0, 4], [5, 2], set())


# ------------------------------------------------------------------------------------------------------------- bpe


def test_the_lowest_merge_goes_first_and_marks_what_continues(bpe: Path) -> None:
    """Merges by rank in the file, "@@" on all pieces but the last, and unknown pieces kept apart."""
    tokenizer = BpeTokenizer(bpe, 16)
    words = ("lớn", "khánh", "cháy", "xã", "lớnlớn", "y")
    assert {word: tokenizer.pieces(word) for word in words} == {
        "lớn": ["lớn"],
        # "á n" ranks before "k h" (by line, not by count); "án h" then makes "ánh", and "kh ánh" needs "kh" first
        "khánh": ["khánh"],
        "cháy": ["cháy"],
        "xã": ["xã"],
        "lớnlớn": ["lớ@@", "n@@", "lớn"],
        "y": ["y"],
    }


def test_a_word_without_merges_falls_into_letters(bpe: Path) -> None:
    (bpe / "bpe.codes").write_text("#version: 0.2\nk h\n", "utf-8")
    tokenizer = BpeTokenizer(bpe, 16)
    assert tokenizer.pieces("khánh") == ["kh@@", "á@@", "n@@", "h"]
    assert tokenizer.encode("khánh") == [0, NUMBERS["kh@@"], 3, 3, NUMBERS["h"], 2]


def reference_bpe(word: str, ranks: dict[tuple[str, str], int]) -> list[str]:
    """Sennrich's loop written plainly: join the best pair everywhere, left to right, until none is known."""
    symbols = " ".join([*word[:-1], word[-1] + "</w>"]).split(" ")
    while True:
        known = [pair for pair in pairwise(symbols) if pair in ranks]
        if not known:
            break
        best = min(known, key=lambda pair: ranks[pair])
        out: list[str] = []
        for symbol in symbols:
            if out and (out[-1], symbol) == best:
                out[-1] += symbol
            else:
                out.append(symbol)
        symbols = out
    text = "@@ ".join(symbols)
    return text.removesuffix("</w>").split(" ")


def test_random_words_are_cut_as_the_plain_algorithm_cuts_them(bpe: Path) -> None:
    rng = np.random.default_rng(3)
    letters = np.array(list("abcđ"))
    parts = ["a", "b", "c", "đ", "ab", "ca", "đa", "a</w>", "b</w>", "ab</w>", "ca</w>"]
    pairs = {(str(rng.choice(parts[:7])), str(rng.choice(parts))) for _ in range(40)}
    ranks = {
        pair: at for at, pair in enumerate(sorted(pairs, key=lambda pair: hashlib.md5(repr(pair).encode()).digest()))
    }
    (bpe / "bpe.codes").write_text("".join(f"{a} {b} 9\n" for a, b in ranks), "utf-8")
    tokenizer = BpeTokenizer(bpe, 16)
    words = ["".join(rng.choice(letters, size=rng.integers(1, 12))) for _ in range(300)]
    # "aa aa" joined left to right: a pair that overlaps itself is where careless loops differ
    assert {word: tokenizer.pieces(word) for word in [*words, "aaaaaaa"]} == {
        word: reference_bpe(word, ranks) for word in [*words, "aaaaaaa"]
    }


def test_a_word_of_many_letters_is_one_unknown(bpe: Path) -> None:
    assert BpeTokenizer(bpe, 16).encode("x" * 5000 + " cháy") == [0, 3, 4, 2]


# ------------------------------------------------------------------------------------------------- meaning of outputs


def test_several_outputs_with_two_way_softmax_and_temperature(bpe: Path) -> None:
    """Groups come from outputs of their own; "!dark_side" is the no of a pair; temperature divides the scores."""
    write_model(bpe / "model.onnx", {"sentiment": 3, "dark": 2, "counted": 1})
    write_labels(bpe, temperature=2.0, outputs={
        "sentiment": {"columns": TONE, "temperature": {"tone": 4}},
        "dark": {"columns": ["!dark_side", "dark_side"]},
        "counted": {"columns": ["counted_negative"]},
    })  # fmt: skip
    labeller = EncoderLabeller(bpe)
    z, given = logits("cháy lớn"), labeller.predict(items(["cháy lớn"]))[0]
    np.testing.assert_allclose(given[[COLUMN[name] for name in TONE]], softmax(z[:3] / 4), atol=1e-6)
    np.testing.assert_allclose(given[COLUMN["dark_side"]], softmax(z[3:5] / 2)[1], atol=1e-6)
    np.testing.assert_allclose(given[COLUMN["counted_negative"]], sigmoid(z[5] / 2), atol=1e-6)
    assert labeller.derived == ()


def test_a_sigmoid_tone_is_made_to_sum_to_one(bpe: Path) -> None:
    write_labels(bpe, outputs={"logits": {"columns": SIX, "activation": "sigmoid"}})
    p = sigmoid(logits("xã")[:3])
    given = EncoderLabeller(bpe).predict(items(["xã"]))[0]
    np.testing.assert_allclose(given[[COLUMN[name] for name in TONE]], p / p.sum(), atol=1e-6)


def test_without_a_dark_side_nothing_is_derived(bpe: Path) -> None:
    write_labels(bpe, outputs={"logits": {"columns": [*TONE, None, None, None]}})
    labeller = EncoderLabeller(bpe)
    assert (labeller.derived, "counted_negative" in labeller.missing) == ((), True)
    assert np.isnan(labeller.predict(items())[:, COLUMN["counted_negative"]]).all()


def test_the_derived_share_follows_the_codebook() -> None:
    """Negative counts, dark and not positive counts: 0.5 + 0.2 x 0.25; certain labels give 0 or 1."""
    out = np.full((3, len(COLUMNS)), np.nan, np.float32)
    for row, (p, dark) in zip(out, (((0.3, 0.2, 0.5), 0.25), ((1, 0, 0), 1), ((0, 1, 0), 1)), strict=True):
        row[[COLUMN[f"tone:{tone}"] for tone in TONES]], row[COLUMN["dark_side"]] = p, dark
    derive_counted(out)
    np.testing.assert_allclose(out[:, COLUMN["counted_negative"]], [0.55, 0, 1], atol=1e-6)


def test_a_model_with_int32_and_token_types_is_fed(bpe: Path) -> None:
    names = ("input_ids", "attention_mask", "token_type_ids")
    write_model(bpe / "model.onnx", {"logits": 6}, inputs=names, kind=onnx.TensorProto.INT32)
    np.testing.assert_allclose(EncoderLabeller(bpe).predict(items(["cháy"]))[0], expected("cháy"), atol=1e-6)


# ------------------------------------------------------------------------------------------- version, pickle, network


def test_the_version_holds_the_given_one_and_the_models_digest(bpe: Path) -> None:
    labeller = EncoderLabeller(bpe)
    digest = hashlib.sha256((bpe / "model.onnx").read_bytes()).hexdigest()
    assert (labeller.name, labeller.version.rpartition(".")[0]) == ("thử", f"3+{digest[:12]}")


def test_the_version_changes_with_the_tokenizer_and_the_labels(bpe: Path) -> None:
    versions = {EncoderLabeller(bpe).version}
    (bpe / "bpe.codes").write_text(CODES + "z z 1\n", "utf-8")
    versions.add(EncoderLabeller(bpe).version)
    write_labels(bpe, temperature=1.5)
    versions.add(EncoderLabeller(bpe).version)
    (bpe / ".DS_Store").write_bytes(b"x")
    versions.add(EncoderLabeller(bpe).version)
    assert len(versions) == 3


def test_another_process_opens_the_folder_again(folder: Path) -> None:
    labeller = EncoderLabeller(folder, batch_size=2)
    again = pickle.loads(pickle.dumps(labeller))
    assert (again.version, again.batch_size) == (labeller.version, 2)
    np.testing.assert_array_equal(again.predict(items()), labeller.predict(items()))


def test_nothing_is_looked_up_on_the_network(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert EncoderLabeller(folder).predict(items()).shape == (4, len(COLUMNS))


# --------------------------------------------------------------------------------------------------- what is refused


def fail(folder: Path, part: str) -> None:
    with pytest.raises(InputError) as refusal:
        EncoderLabeller(folder)
    message = str(refusal.value)
    assert (part in message, str(folder) in message, "\n" in message) == (True, True, False), message


@pytest.mark.parametrize("name", ["model.onnx", "labels.json", "vocab.txt", "bpe.codes"])
def test_a_missing_file_is_named(bpe: Path, name: str) -> None:
    (bpe / name).unlink()
    fail(bpe, name)


@pytest.mark.parametrize("name", ["model.onnx", "labels.json", "vocab.txt", "bpe.codes"])
@pytest.mark.parametrize("content", [b"\xff\xfe\x00damaged", b"one", b"{", b"a b c d e\n"])
def test_a_damaged_file_is_named(bpe: Path, name: str, content: bytes) -> None:
    (bpe / name).write_bytes(content)
    fail(bpe, name)


def test_a_truncated_model_is_named(bpe: Path) -> None:
    whole = (bpe / "model.onnx").read_bytes()
    (bpe / "model.onnx").write_bytes(whole[: len(whole) // 2])
    fail(bpe, "model.onnx")


@pytest.mark.parametrize("content", [b"\xff", b"{}", b'{"model": {"type": "Nothing"}}'])
def test_a_damaged_tokenizer_json_is_named(tmp_path: Path, content: bytes) -> None:
    write_model(tmp_path / "model.onnx", {"logits": 6})
    write_labels(tmp_path)
    (tmp_path / "tokenizer.json").write_bytes(content)
    fail(tmp_path, "tokenizer.json")


def test_a_folder_without_a_tokenizer_says_what_to_copy(bpe: Path) -> None:
    (bpe / "vocab.txt").unlink()
    (bpe / "bpe.codes").unlink()
    fail(bpe, "không có tokenizer")


def test_two_tokenizers_are_not_guessed_between(bpe: Path) -> None:
    write_file_tokenizer(bpe)
    fail(bpe, "có hai tokenizer")
    write_labels(bpe, tokenizer="bpe.codes")
    assert EncoderLabeller(bpe).predict(items()).shape == (4, len(COLUMNS))


def test_no_folder_is_named(tmp_path: Path) -> None:
    fail(tmp_path / "nowhere", "không có thư mục này")


def columns(*names: Any, **more: Any) -> dict[str, Any]:
    return {"outputs": {"logits": {"columns": list(names), **more}}}


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        (columns(*SIX, "public_interest"), "khai 7 cột"),
        (columns(*SIX[:5]), "khai 5 cột"),
        (columns(*TONE, "darkside", None, None), "không có cột “darkside”"),
        (columns(*TONE, "!theme:world", None, None), "không có cột “!theme:world”"),
        (columns(*TONE, ["dark_side"], None, None), "không có cột"),
        (columns(*TONE[:2], "dark_side", None, None, None), "thiếu cột tone:positive"),
        (columns("!dark_side", None, None, None, None, None), "thiếu cột dark_side"),
        (columns(*TONE, "dark_side", "dark_side", None), "lặp lại"),
        (columns(*SIX, activation="relu"), "activation"),
        (columns(*SIX, activation={"dark_side": "softmax"}), "activation"),
        (columns(*SIX, temperature=0), "temperature"),
        (columns(*SIX, temperature=True), "temperature"),
        (columns(*SIX, axis=1), "cần “columns”"),
        (columns(*SIX, activation="probability"), "không phải xác suất"),
        ({"outputs": {}}, "thiếu “outputs”"),
        ({"outputs": {"logits": ["tone:negative"]}}, "cần “columns”"),
        ({"outputs": {"scores": {"columns": SIX}}}, "không có đầu ra “scores”"),
        ({"outputs": {"logits": {"columns": SIX}, "b": {"columns": TONE}}}, "nhóm “tone” được khai ở hai đầu ra"),
        ({"max_length": 2}, "max_length"),
        ({"max_length": "256"}, "max_length"),
        ({"name": ""}, "thiếu “name”"),
        ({"version": 3}, "thiếu “version”"),
        ({"fields": ["author"]}, "fields"),
        ({"tokenizer": "vocab.json"}, "tokenizer"),
        ({"colums": []}, "không có mục “colums”"),
    ],
)
def test_a_wrong_labels_json_names_the_field(bpe: Path, changes: dict[str, Any], part: str) -> None:
    write_labels(bpe, **changes)
    fail(bpe, part)


@pytest.mark.parametrize(
    ("write", "part"),
    [
        (lambda path: write_model(path, {"logits": 6}, shape=(1, 16)), "có cỡ cố định"),
        (lambda path: write_model(path, {"logits": 6}, inputs=("input_ids", "attention_mask", "position_ids")), "position_ids"),
    ],
)  # fmt: skip
def test_a_model_with_other_inputs_is_refused(bpe: Path, write: Callable[[Path], None], part: str) -> None:
    write(bpe / "model.onnx")
    fail(bpe, part)


def test_a_tokenizer_of_another_model_is_caught_when_it_runs_past_the_table(bpe: Path) -> None:
    """Numbers beyond the embedding make the runtime fail; the message names the tokenizer as the suspect."""
    with (bpe / "vocab.txt").open("a", encoding="utf-8") as file:
        file.write("".join(f"thêm{number} 1\n" for number in range(50)) + "mới 1\n")
    (bpe / "bpe.codes").write_text("m ớ 9\nmớ i</w> 8\n", "utf-8")
    labeller = EncoderLabeller(bpe)
    with pytest.raises(InputError, match="Kiểm tra tokenizer"):
        labeller.predict(items(["mới"]))
