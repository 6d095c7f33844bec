"""Training: leaks are found and refused, figures and calibration are right, a student learns, packing keeps it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from canbang.label import linear, metrics
from canbang.label.labeller import COLUMN, COLUMNS
from canbang.label.train import calibrate as train_calibrate
from canbang.label.train import data as train_data
from canbang.label.train import make as train
from canbang.label.train import summary as train_metrics

TITLES = [
    "Công an Quảng Ngãi triệt phá đường dây cá độ bóng đá hơn 600 tỉ đồng",
    "Thông báo lịch tiếp công dân tháng 12 của Chủ tịch UBND xã",
    "Mất nước",
]


@pytest.mark.parametrize(
    "planted",
    [
        "CÔNG AN QUẢNG NGÃI triệt phá đường dây cá độ bóng đá hơn 600 tỉ đồng!",
        "Trước World Cup, Công an Quảng Ngãi triệt phá đường dây cá độ bóng đá hơn 600 tỉ",
        "(NLĐO) - Mất nước",
    ],
)
def test_a_planted_dev_title_is_found_and_refused(planted: str) -> None:
    """The same title in another spelling, a near-duplicate and a tagged short one all stop the training."""
    clean = ["Lễ hội đua ghe ngo khai mạc tại Sóc Trăng", "Giá lúa tăng nhẹ tại Đồng bằng sông Cửu Long"]
    train.refuse_leaks(clean, TITLES)
    with pytest.raises(train.Leak, match="1 training titles repeat"):
        train.refuse_leaks([*clean, planted], TITLES)


def test_leaks_give_both_indices() -> None:
    """Every pair is named, and titles that merely share a phrase are not pairs."""
    found = train_data.leaks(["Giá vàng hôm nay", "mất nước"], TITLES)
    assert found == [(1, 2)]
    assert train_data.leaks(["Công an Quảng Ngãi tuyển sinh năm 2027"], TITLES) == []


def test_one_story_is_one_group() -> None:
    """Near-duplicates share a story number; others do not."""
    story = train_data.stories([*TITLES, "Quảng Ngãi: triệt phá đường dây cá độ bóng đá hơn 600 tỉ đồng"])
    assert story[0] == story[3]
    assert len(set(story)) == 3


def test_macro_f1_auc_and_ece_by_hand() -> None:
    """The three figures equal what one computes on paper."""
    truth = np.array([True, True, False, False])
    assert metrics.macro_f1(truth, np.array([True, False, False, False])) == pytest.approx((2 / 3 + 0.8) / 2)
    assert metrics.auc(truth, np.array([0.9, 0.4, 0.4, 0.1])) == pytest.approx(0.875)
    assert metrics.ece(truth, np.array([0.9, 0.7, 0.2, 0.2]), bins=2) == pytest.approx(0.2)
    assert np.isnan(metrics.auc(np.array([True, True]), np.array([0.1, 0.2])))


def test_calibration_finds_the_slope_that_was_planted() -> None:
    """Scores that are twice too sure and shifted come back honest."""
    rng = np.random.default_rng(0)
    n = 4000
    honest = rng.normal(0, 2, n)
    y = np.full((n, len(COLUMNS)), np.nan, np.float32)
    column = COLUMN["counted_negative"]
    y[:, 3:8] = 0
    y[:, column] = rng.random(n) < 1 / (1 + np.exp(-honest))
    y[:, :3], y[:, 8:] = np.eye(3)[rng.integers(0, 3, n)], np.eye(13)[rng.integers(0, 13, n)]
    scores = rng.normal(size=y.shape).astype(np.float32)
    scores[:, column] = 2 * honest + 1
    rows = train_data.Rows([("", "")] * n, y, np.array(["x"] * n), np.array(["x"] * n))
    slope, offset, _ = train_calibrate.calibrate(scores, rows)
    assert slope[column] == pytest.approx(0.5, abs=0.05)
    assert offset[column] == pytest.approx(-0.5, abs=0.12)


def test_dev_titles_are_not_in_the_training_texts(shared: Path) -> None:
    """What training reads from the shared data holds no dev title, nor nearly one."""
    corpus = train.gather(shared, (), train.Plan(loose=3000), seed=1)
    dev = [pair[0] for pair in corpus.dev.pairs]
    for rows in (corpus.learn, corpus.hold, corpus.loose):
        assert train_data.leaks([pair[0] for pair in rows.pairs], dev) == []


def test_our_own_labels_join_the_shared_texts(shared: Path, tmp_path: Path) -> None:
    """A label finds its text by corpus and id, a shell is left out of everything, and an unknown id is an error."""
    rows = train_data.read(shared / "data" / "stream_2026_6outlets.parquet")[:2]
    head = "corpus,id,tone,dark_side,sensational,public_interest,theme\n"
    own = tmp_path / "labels.csv"
    own.write_text(
        f"{head}stream_2026,{rows[0]['id']},positive,1,0,1,good_deed\nstream_2026,{rows[1]['id']},not_item,,,,\n",
        "utf-8",
    )
    without, joined = train_data.labelled(shared), train_data.labelled(shared, labels=own)
    assert len(joined) == len(without) + 1
    added = [
        k for k, pair in enumerate(joined.pairs) if joined.source[k] == "stream_2026" and pair not in without.pairs
    ]
    y = joined.y[added[0]]
    assert [y[COLUMN[name]] for name in ("tone:positive", "dark_side", "counted_negative", "public_interest")] == [
        1,
        1,
        0,
        1,
    ]
    own.write_text(f"{head}stream_2026,nobody,neutral,0,0,0,society\n", "utf-8")
    with pytest.raises(ValueError, match="1 ids of stream_2026"):
        train_data.labelled(shared, labels=own)


def test_the_labels_in_the_repository_are_all_found(shared: Path) -> None:
    """Every line of training/labels.csv names an item of the shared data, and none of them is in the evaluation set."""
    labels = Path(__file__).parents[2] / "training" / "labels.csv"
    rows = train_data.labelled(shared, labels=labels)
    dev = [pair[0] for pair in train_data.development(shared).pairs]
    assert len(rows) > 13_500
    own = [pair[0] for pair, source in zip(rows.pairs, rows.source, strict=True) if source == "vnnews2016"]
    assert train_data.leaks(own, dev) == []


def test_a_student_learns_and_its_file_computes_the_same(tmp_path: Path) -> None:
    """A small student separates two kinds of titles, and numpy repeats torch's scores from the written file."""
    torch = pytest.importorskip("torch", reason="training needs torch (extra `train`)")
    pytest.importorskip("sklearn", reason="training needs scikit-learn (extra `train`)")
    from canbang.label.features import Tokeniser
    from canbang.label.train import pack as train_pack
    from canbang.label.train import student as train_student
    from canbang.label.train.wide import Wide

    torch.set_num_threads(1)
    rng = np.random.default_rng(1)
    kinds = ("Bắt giữ đối tượng trộm xe số {}", "Trao quà cho học sinh nghèo đợt {}")
    pairs = [(kinds[i % 2].format(i), "Tin từ xã") for i in range(200)]
    y = np.zeros((200, len(COLUMNS)), np.float32)
    y[::2, 2] = y[1::2, 0] = 1
    y[:, 3:8] = rng.random((200, 5)) < 0.5
    y[:, COLUMN["counted_negative"]] = np.arange(200) % 2 == 0
    y[np.arange(200), 8 + rng.integers(0, 13, 200)] = 1
    shape = train_student.Shape(word_bits=10, pair_bits=10, word_width=8, pair_width=8, channels=16, hidden=16)
    rows = train_student.encode(pairs, shape, Tokeniser())
    model = train_student.fit(train_student.Lesson(rows, y), shape, seed=1, epochs=12, rate=1e-2, size=32)
    scores = train_student.scores(model, rows)
    assert metrics.auc(np.arange(200) % 2 == 0, scores[:, COLUMN["counted_negative"]]) > 0.99

    wide = Wide(train_data.Rows(pairs, y, np.array(["x"] * 200), np.array(["x"] * 200)))
    arrays = train_pack.pack(model, wide, shape, np.ones(len(COLUMNS)), np.zeros(len(COLUMNS)))
    meta = {"kind": "student", "version": "t", "prior": 0.5}
    linear.EmbeddedLabeller(arrays, meta).save(tmp_path / "m.npz")
    labeller = linear.EmbeddedLabeller.load(tmp_path / "m.npz")
    share = arrays["wide_share"]
    expected = (1 - share) * scores + 2 * share * wide.scores(pairs)
    assert np.allclose(labeller.scores(pairs), expected, atol=0.1)


def test_a_card_names_its_figures_with_intervals() -> None:
    """A summary gives what the labels allow: every figure inside its interval, unknown labels left out."""
    rng = np.random.default_rng(5)
    y = np.full((300, len(COLUMNS)), np.nan, np.float32)
    column = COLUMN["clickbait"]
    y[:, column] = rng.random(300) < 0.3
    p = np.full((300, len(COLUMNS)), 0.5, np.float32)
    p[:, column] = np.clip(y[:, column] * 0.4 + rng.random(300) * 0.6, 0, 1)
    figures = train_metrics.summary(y, p, {"clickbait": 0.5})
    assert set(figures) == {"items", "clickbait"}
    low, high = figures["clickbait"]["macro_f1_interval"]
    assert low <= figures["clickbait"]["macro_f1"] <= high
