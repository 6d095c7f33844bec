"""The balance as a value: shares with their intervals, the verdict, and everything that they were computed from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from canbang.audit.draw import Draw
from canbang.audit.judge import Audit, Question, Settled, answers_to, themes_of
from canbang.codebook import Codebook, load_codebook
from canbang.estimate.design import Plan, plan
from canbang.estimate.looks import Looks, Mode
from canbang.estimate.share import CONFIDENCE, Cell, estimate_share
from canbang.estimate.verdict import Verdict, decide
from canbang.item import Item, Label
from canbang.label.labeller import COLUMN
from canbang.limits import Limit, load_limits
from canbang.report.beside import Beside, figures_beside, machine_apart
from canbang.report.delta import Delta, delta
from canbang.report.frame import Frame
from canbang.report.gaps import Gaps, gaps_of
from canbang.report.lamps import Lamp, lamps
from canbang.report.saved import Saved

HALF_WIDTH = 0.025
"""Half-width (a share) that the planning figure aims at: plus or minus 2.5 points."""

MANY_REJECTED = 0.1
"""Share of rejected rows from which a report warns before anything else."""

SHARES = (
    "counted_negative", "positive", "neutral", "negative", "negative_or_dark_side", "sensational",
    "public_interest", "counted_negative_public_interest", "counted_negative_without_public_interest",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ShareValue:
    """A share in 0..1 with its interval; a machine estimate has the interval 0..1, which claims nothing."""

    point: float
    low: float
    high: float
    confidence: float = CONFIDENCE


@dataclass(frozen=True, slots=True)
class Part:
    """The shares of the whole window or of one group of it; ``missing`` are its days that are not known whole."""

    key: str
    items: int
    stories: int
    audited: int
    unsure: int
    shares: Mapping[str, ShareValue]
    verdict: Verdict
    basis: str
    missing: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True)
class Drawn:
    """A drawn item with what the person said."""

    item: Item
    label: Label


@dataclass(frozen=True, slots=True)
class Balance:
    """The report of one window.

    ``cells`` are those of each audited share ("theme:..." for themes), by band; empty without an audit. ``gaps`` are what
    collecting missed of the window; ``likely`` counts items whose date is for a person to look at, in the window and
    outside it; ``files`` are the sources that are the unit's own export files.
    """

    first: date
    last: date
    read: int
    rejected: int
    outside: int
    whole: Part
    share_by_story: float
    beside: Beside
    cells: Mapping[str, tuple[Cell, ...]]
    changes: tuple[Delta, ...]
    lamps: tuple[Lamp, ...]
    channels: tuple[str, ...]
    by: Mapping[str, tuple[Part, ...]]
    themes: Mapping[str, ShareValue]
    themes_basis: str
    needed: Plan
    limit: Limit
    codebook: Codebook
    labeller: tuple[str, str]
    draw: Draw | None
    drawn: tuple[Drawn, ...]
    gaps: Gaps
    likely: tuple[int, int]
    sources: tuple[str, ...]
    files: tuple[str, ...]
    enrolments: tuple[str, ...]
    notes: tuple[str, ...]


def properties(book: Codebook) -> dict[str, Question]:
    """What each share counts, as a question to a person's label; ``None`` means undecided."""
    counted = book.variant("counted_negative").holds

    def also(label: Label, public: bool) -> bool | None:
        negative = counted(label)
        if negative is None or label.public_interest is None:
            return None
        return negative and label.public_interest is public

    def tone(value: str) -> Question:
        return lambda label: None if label.tone is None else label.tone == value

    return {
        "counted_negative": counted,
        "positive": tone("positive"),
        "neutral": tone("neutral"),
        "negative": book.variant("negative").holds,
        "negative_or_dark_side": book.variant("negative_or_dark_side").holds,
        "sensational": lambda label: label.sensational,
        "public_interest": lambda label: label.public_interest,
        "counted_negative_public_interest": lambda label: also(label, True),
        "counted_negative_without_public_interest": lambda label: also(label, False),
    }


def expected(probability: NDArray[np.float32]) -> dict[str, NDArray[np.float64]]:
    """The machine's probability of each share's property, ``shape (n,)`` each.

    Two of them join labels that the labeller gives one by one; they are taken as independent given the text.
    """

    def column(name: str) -> NDArray[np.float64]:
        return probability[:, COLUMN[name]].astype(np.float64)

    counted, dark, public = column("counted_negative"), column("dark_side"), column("public_interest")
    # a negative tone is counted by definition; the labeller's two heads may differ a little, the report's may not
    negative = np.minimum(column("tone:negative"), counted)
    rest = (1 - negative) / np.maximum(1 - column("tone:negative"), 1e-6)
    return {
        "counted_negative": counted,
        "positive": column("tone:positive") * rest,
        "neutral": column("tone:neutral") * rest,
        "negative": negative,
        "negative_or_dark_side": np.minimum(1.0, counted + dark * column("tone:positive")),
        "sensational": column("sensational"),
        "public_interest": public,
        "counted_negative_public_interest": counted * public,
        "counted_negative_without_public_interest": counted * (1 - public),
    }


def drawn_of(items: Sequence[Item], settled: Sequence[Settled], book: Codebook) -> tuple[Drawn, ...]:
    """The judged items as a report lists them: those counted negative, or left open, first, then by time."""
    said = {one.item_id: one for one in settled}
    counted = book.variant("counted_negative").holds
    ordered = sorted(items, key=lambda item: (said[item.id].answer(counted) is False, item.published_at, item.id))
    return tuple(Drawn(item, said[item.id].shown) for item in ordered)


class _Estimator:
    """Shares of any subset of the frame: by the audit where there is one, else by the machine."""

    def __init__(self, frame: Frame, book: Codebook, audit: Audit | None) -> None:
        self.frame = frame
        self.everything = np.ones(len(frame), np.bool_)
        self.limit = load_limits()["negative_share"]
        self.machine = expected(frame.probability)
        self.draw = audit.draw if audit else None
        self.questions = properties(book)
        self.settled = audit.settled if audit else []
        self.answers: dict[str, NDArray[np.float64]] = {}
        self.confidence = CONFIDENCE
        if audit is None:
            return
        draw = audit.draw
        self.confidence = Looks(Mode(draw.mode), len(draw.looks)).confidence
        place = {item_id: position for position, item_id in enumerate(frame.ids)}
        self.band = np.zeros(len(frame), np.int8)
        self.band[[place[item_id] for item_id in draw.frame_ids]] = draw.bands
        self.judged = np.array([place[one.item_id] for one in self.settled], np.int64)
        self.answers = {name: answers_to(question, self.settled) for name, question in self.questions.items()}

    def cells(self, inside: NDArray[np.bool_], answers: NDArray[np.float64]) -> list[Cell]:
        """The audit of a subset by band: given the counts, it is a random sample of the subset in each band.

        ``answers`` run beside the judged items: 1, 0, or NaN for undecided.
        """
        assert self.draw is not None
        bands = len(self.draw.sizes)
        here = inside[self.judged]
        band, said = self.band[self.judged][here], answers[here]
        counts = (self.band[inside], band, band[said == 1], band[np.isnan(said)])
        rows = np.stack([np.bincount(part, minlength=bands) for part in counts], axis=1).tolist()
        return [Cell(str(h), *row) for h, row in enumerate(rows) if row[0]]

    def point(self, cells: list[Cell], answers: NDArray[np.float64]) -> Fraction:
        """The point of a group with unread bands: those take the rate that the band has in the whole window."""
        whole = {cell.name: cell for cell in self.cells(self.everything, answers)}
        total = Fraction(0)
        for cell in cells:
            best = cell if cell.audited - cell.unsure else whole[cell.name]
            settled = best.audited - best.unsure
            total += cell.items * (Fraction(best.positive, settled) if settled else Fraction(1, 2))
        return total / sum(cell.items for cell in cells)

    def share(self, inside: NDArray[np.bool_], answers: NDArray[np.float64]) -> tuple[ShareValue, Verdict]:
        """The audited share of a subset, and its verdict against the limit."""
        cells = self.cells(inside, answers)
        share = estimate_share(cells, confidence=self.confidence)
        point = self.point(cells, answers) if any(not cell.audited - cell.unsure for cell in cells) else share.point
        value = ShareValue(float(point), share.low_share, share.high_share, share.confidence)
        return value, decide(share, self.limit.value, strict=self.limit.strict)

    def part(self, key: str, inside: NDArray[np.bool_]) -> Part:
        """All shares of a subset that is not empty."""
        items, stories = int(inside.sum()), len(np.unique(self.frame.story[inside]))
        if self.draw is None:
            shares = {name: ShareValue(float(self.machine[name][inside].mean()), 0.0, 1.0) for name in SHARES}
            return Part(key, items, stories, 0, 0, shares, Verdict.NOT_YET_KNOWN, "machine")
        found = {name: self.share(inside, answers) for name, answers in self.answers.items()}
        here = inside[self.judged]
        unsure = int(np.isnan(self.answers["counted_negative"][here]).sum())
        shares = {name: value for name, (value, _) in found.items()}
        return Part(key, items, stories, int(here.sum()), unsure, shares, found["counted_negative"][1], "audit")

    def themes(self, book: Codebook) -> tuple[dict[str, ShareValue], str]:
        """Share of each theme; audited only where every judged item has a theme. Adds their answers."""
        if self.draw is not None and all(
            label.unsure or label.not_an_item or label.theme for one in self.settled for label in one.labels
        ):
            given = themes_of(self.settled)
            answers = {
                theme.id: np.array([np.nan if one is None else float(one == theme.id) for one in given])
                for theme in book.themes
            }
            self.answers |= {f"theme:{theme}": said for theme, said in answers.items()}
            return {theme: self.share(self.everything, said)[0] for theme, said in answers.items()}, "audit"
        return {
            theme.id: ShareValue(float(self.frame.probability[:, COLUMN[f"theme:{theme.id}"]].mean()), 0.0, 1.0)
            for theme in book.themes
        }, "machine"

    def all_cells(self) -> dict[str, tuple[Cell, ...]]:
        """The cells of every audited share of the whole window."""
        return {name: tuple(self.cells(self.everything, said)) for name, said in self.answers.items()}

    def lamps(self) -> tuple[Lamp, ...]:
        """The early-warning lamps; none without an audit."""
        if self.draw is None:
            return ()
        return lamps(self.frame.day, self.band, self.judged, self.answers["counted_negative"], self.limit)

    def beside(self, audit: Audit | None) -> Beside:
        """The figures that stand beside the share."""
        if audit is None:
            world = self.frame.probability[:, COLUMN["theme:world"]].astype(np.float64)
            return Beside(apart=machine_apart(self.machine["counted_negative"], world))
        counted, found = self.questions["counted_negative"], self.answers["counted_negative"]
        alone = answers_to(counted, [Settled(judgement.item_id, (judgement.label,)) for judgement in audit.first])
        share = estimate_share(self.cells(self.everything, found), confidence=self.confidence)
        return figures_beside(
            audit, counted, share, self.cells(self.everything, alone), self.limit, self.frame, found=found,
            band=self.band, judged=self.judged,
        )  # fmt: skip

    def plan(self) -> Plan:
        """How many labels a verdict, and plus or minus 2.5 points, would take."""
        cells = self.cells(self.everything, self.answers["counted_negative"]) if self.draw is not None else []
        scores = self.machine["counted_negative"]
        return plan(scores, cells, self.limit.value, HALF_WIDTH, confidence=self.confidence)


def balance(
    frame: Frame,
    *,
    by: Sequence[str] = (),
    audit: Audit | None = None,
    notes: Sequence[str] = (),
    earlier: Sequence[Saved] = (),
    with_lamps: bool = False,
) -> Balance:
    """The balance of a frame that is not empty; the ``audit``'s draw must have been checked against it (``pipeline``)."""
    book = load_codebook()
    estimator = _Estimator(frame, book, audit)
    gaps = gaps_of(frame)
    whole = replace(estimator.part("all", estimator.everything), missing=gaps.missing)
    groups: dict[str, tuple[Part, ...]] = {}
    for dimension in by:
        keys, codes = frame.groups(dimension)
        groups[dimension] = tuple(
            replace(estimator.part(key, codes == code), missing=gaps.of(dimension, key))
            for code, key in enumerate(keys)
            if (codes == code).any()
        )
    per_story = np.bincount(frame.story)
    chance = np.bincount(frame.story, weights=estimator.machine["counted_negative"]) / per_story
    themes, themes_basis = estimator.themes(book)
    first, last = frame.span()
    said_of = {one.item_id: one for one in estimator.settled}
    if frame.rejected > MANY_REJECTED * frame.read:
        notes = [
            f"loại {frame.rejected}/{frame.read} dòng đã đọc: xem lý do trong tệp dòng bị loại trước khi dùng con số này",
            *notes,
        ]
    draw = audit.draw if audit else None
    drawn = drawn_of(frame.items(draw.drawn), estimator.settled, book) if draw else ()
    shells = [d.item.title or d.item.id for d in drawn if said_of[d.item.id].not_an_item]
    if shells:
        notes = [
            *notes,
            f"{len(shells)} tin chấm được đánh dấu không phải tin, bài (ví dụ “{shells[0][:60]}”), tính như không chắc; "
            "loại các trang này khỏi nguồn rồi rút mẫu lại",
        ]
    cells = estimator.all_cells()
    now = Saved(
        "phiếu đang đo", first, last, whole.items, whole.stories, tuple(frame.channels), cells, estimator.confidence,
        (book.version, book.digest), estimator.limit.version, (draw.frame_digest,) if draw else (),
        gaps,
    )  # fmt: skip
    return Balance(
        first=first, last=last, read=frame.read, rejected=frame.rejected, outside=frame.outside, whole=whole,
        share_by_story=float(chance.mean()),
        beside=estimator.beside(audit), cells=cells, changes=tuple(delta(now, before) for before in earlier),
        lamps=estimator.lamps() if with_lamps else (), channels=now.channels, by=groups, themes=themes, themes_basis=themes_basis,
        needed=estimator.plan(), limit=estimator.limit, codebook=book, labeller=frame.labeller, draw=draw,
        drawn=drawn, gaps=gaps, likely=(frame.likely, frame.likely_outside), sources=tuple(frame.sources), files=tuple(frame.files),
        enrolments=tuple(frame.enrolments),
        notes=(*frame.notes, *notes),
    )  # fmt: skip
