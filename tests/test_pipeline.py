"""The main job over iterables: everything read is accounted for, and an audit turns an estimate into a measurement."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

import numpy as np
import pytest

from canbang.audit.draw import Draw, make_draw
from canbang.audit.judge import Audit
from canbang.codebook import load_codebook
from canbang.errors import InputError
from canbang.fetch.source import Reject, Source
from canbang.item import VIETNAM, Item, Judgement, Label
from canbang.label.labeller import COLUMN
from canbang.pipeline import measure, read_frame
from canbang.report import html
from canbang.report.balance import SHARES
from canbang.report.frame import Frame, Window
from canbang.report.json import as_dict, render
from canbang.report.sentences import beside_lines
from conftest import WordLabeller, make_item


def source(things: Iterable[Item | Reject], name: str = "nguon.csv") -> Source:
    kept = list(things)
    return Source(name, lambda _: iter(kept))


def month(n: int = 200, bad: int = 20) -> list[Item]:
    return [make_item(k, f"Cháy nhà kho thứ {k}" if k < bad else "") for k in range(n)]


def drawn(frame: Frame, budget: int = 80) -> Draw:
    book = load_codebook()
    scores = frame.probability[:, COLUMN["counted_negative"]].astype(float)
    return make_draw(
        frame.ids, scores, budget, "s", labeller=frame.labeller, codebook=(book.version, book.digest)
    )  # fmt: skip


def judged(draw: Draw, bad: int = 20, unsure: int = 0) -> Audit:
    result = []
    for row, item_id in enumerate(draw.drawn):
        negative = int(item_id.split("/")[1]) < bad
        label = Label(
            "negative" if negative else "positive", negative, False, "law_crime" if negative else "society", negative
        )
        result.append(Judgement(item_id, Label(unsure=True) if row < unsure else label, row + 2))
    return Audit(draw, tuple(result))


def test_everything_read_is_counted_rejected_or_outside(labeller: WordLabeller) -> None:
    seen: list[Reject] = []
    things: list[Item | Reject] = [*month(50), make_item(3), Reject("x", "dòng 9", "hỏng")]
    things.append(make_item(400, published_at=datetime(2026, 10, 1, 0, 0, tzinfo=VIETNAM)))
    window = Window(date(2026, 9, 1), date(2026, 9, 30))
    frame = read_frame([source(things)], labeller, window=window, on_reject=seen.append)
    assert (frame.read, len(frame), frame.rejected, frame.outside) == (53, 50, 2, 1)
    assert [reject.reason for reject in seen] == ["trùng mã với một tin khác, giữ tin đọc trước", "hỏng"]


def test_months_are_cut_in_vietnam(labeller: WordLabeller) -> None:
    from datetime import UTC

    late = make_item(1, published_at=datetime(2026, 8, 31, 17, 30, tzinfo=UTC))
    frame = read_frame([source([late])], labeller, window=Window(date(2026, 9, 1), date(2026, 9, 30)))
    assert (len(frame), frame.groups("month")[0]) == (1, ["2026-09"])


def test_the_machine_alone_gives_an_estimate_and_no_verdict(labeller: WordLabeller) -> None:
    report = measure(read_frame([source(month())], labeller), by=["channel", "week"])
    value = as_dict(report)
    assert (value["basis"], value["verdict"], value["audited"]) == ("machine", "not_yet_known", 0)
    assert set(value["shares"]) == set(SHARES)
    assert all((share["low"], share["high"]) == (0.0, 1.0) for share in value["shares"].values())
    assert value["shares"]["counted_negative"]["point"] == pytest.approx((20 * 0.9 + 180 * 0.05) / 200)
    assert 30 <= value["needed"]["for_verdict"] <= 200


def test_an_audit_gives_an_interval_and_a_verdict(labeller: WordLabeller) -> None:
    frame = read_frame([source(month(400, 20))], labeller)
    draw = drawn(frame, 120)
    report = measure(frame, by=["channel"], audit=judged(draw))
    value = as_dict(report)
    share = value["shares"]["counted_negative"]
    assert (value["basis"], value["audited"], value["verdict"]) == ("audit", 120, "under")
    assert share["low"] <= 0.05 <= share["high"] < 0.15
    assert share["point"] == pytest.approx(0.05, abs=0.02)
    rest = value["shares"]["counted_negative_without_public_interest"]
    public = value["shares"]["counted_negative_public_interest"]
    assert rest["point"] + public["point"] == pytest.approx(share["point"])
    assert value["themes"]["basis"] == "audit"
    assert value["by"]["channel"][0]["shares"]["counted_negative"] == share


def test_shares_of_groups_add_up_to_the_whole(labeller: WordLabeller) -> None:
    items = month(400, 40)
    frame = read_frame([source(items)], labeller)
    draw = drawn(frame, 400)
    report = measure(frame, by=["week", "theme"], audit=judged(draw, 40))
    for dimension in ("week", "theme"):
        parts = report.by[dimension]
        assert sum(part.items for part in parts) == 400
        total = sum(part.items * part.shares["counted_negative"].point for part in parts)
        assert total == pytest.approx(40)


def test_unsure_widens_the_interval_and_is_printed(labeller: WordLabeller) -> None:
    frame = read_frame([source(month())], labeller)
    draw = drawn(frame)
    sure = measure(frame, audit=judged(draw)).whole
    unsure = measure(frame, audit=judged(draw, unsure=5)).whole
    assert unsure.unsure == 5
    assert unsure.shares["counted_negative"].high > sure.shares["counted_negative"].high


def test_items_marked_away_make_no_verdict(labeller: WordLabeller) -> None:
    """A page that is no item is undecided, not harmless: marking everything away must not end in "under"."""
    frame = read_frame([source(month())], labeller)
    draw = drawn(frame)
    away = tuple(Judgement(item_id, Label(not_an_item=True), 2) for item_id in draw.drawn)
    report = measure(frame, audit=Audit(draw, away))
    assert (report.whole.unsure, report.whole.verdict.value) == (80, "not_yet_known")
    assert any("80 tin chấm được đánh dấu không phải tin, bài" in note for note in report.notes)


def test_tones_of_every_group_add_up_to_one_read_or_not(labeller: WordLabeller) -> None:
    """A group with an unread band takes that band's rate in the whole window, so its parts still add up."""
    items = [make_item(k, f"Cháy nhà kho thứ {k}" if k % 9 == 0 else "", channel=f"kênh {k % 23}") for k in range(230)]
    frame = read_frame([source(items)], labeller)
    draw = drawn(frame, 40)
    labels = [
        Judgement(i, Label("negative" if int(i.split("/")[1]) % 9 == 0 else "positive", False, False, "society", False))
        for i in draw.drawn
    ]
    for part in measure(frame, by=["channel"], audit=Audit(draw, tuple(labels))).by["channel"]:
        shares = part.shares
        assert sum(shares[tone].point for tone in ("positive", "neutral", "negative")) == pytest.approx(1)
        assert shares["counted_negative"].low <= shares["counted_negative"].point <= shares["counted_negative"].high


def test_the_three_definitions_are_nested_in_the_machines_estimate_too(labeller: WordLabeller) -> None:
    frame = read_frame([source(month())], labeller)
    frame.probability[:, COLUMN["counted_negative"]] *= 0.9
    shares = measure(frame).whole.shares
    assert shares["negative"].point <= shares["counted_negative"].point <= shares["negative_or_dark_side"].point
    assert sum(shares[tone].point for tone in ("positive", "neutral", "negative")) == pytest.approx(1)


def test_rounded_ids_with_different_addresses_are_different_acts(labeller: WordLabeller) -> None:
    items = [make_item(7, f"Bài khác nhau số {k}", url=f"https://fb.example/p/{k}") for k in range(5)]
    frame = read_frame([source(items)], labeller)
    assert (len(frame), frame.rejected) == (5, 0)
    assert any("lấy đường dẫn làm mã" in note for note in frame.notes)


def test_many_rejected_rows_are_said_before_anything_else(labeller: WordLabeller) -> None:
    things: list[Item | Reject] = [*month(20), *(Reject("x", f"dòng {k}", "thiếu ngày đăng") for k in range(10))]
    assert measure(read_frame([source(things)], labeller)).notes[0].startswith("loại 10/30 dòng")


def test_a_labeller_without_all_labels_is_refused(labeller: WordLabeller) -> None:
    class Half(WordLabeller):
        def predict(self, items: Sequence[Item]) -> np.ndarray:
            out = super().predict(items)
            out[:, COLUMN["sensational"]] = np.nan
            return out

    with pytest.raises(InputError, match="chưa có đủ năm nhãn"):
        read_frame([source(month(5))], Half())


def test_two_auditors_who_differ_leave_an_item_unsure_until_it_is_adjudicated(labeller: WordLabeller) -> None:
    frame = read_frame([source(month())], labeller)
    draw = drawn(frame)
    first = judged(draw).first
    odd = Label("neutral", True, False, "society", False)
    second = tuple(
        Judgement(i, odd if i == draw.doubled[0] else next(j.label for j in first if j.item_id == i))
        for i in draw.doubled
    )
    assert measure(frame, audit=Audit(draw, first)).whole.unsure == 0
    assert measure(frame, audit=Audit(draw, first, second)).whole.unsure == 1
    final = (Judgement(draw.doubled[0], odd),)
    assert measure(frame, audit=Audit(draw, first, second, final)).whole.unsure == 0


def test_the_report_is_the_same_bytes_every_time(labeller: WordLabeller) -> None:
    def once() -> str:
        frame = read_frame([source(month())], labeller)
        draw = drawn(frame)
        return render(measure(frame, by=["channel", "month"], audit=judged(draw)))

    assert once() == once()


def test_a_changed_frame_is_refused_and_named(labeller: WordLabeller) -> None:
    draw = drawn(read_frame([source(month())], labeller))
    changed = read_frame([source([*month()[1:], make_item(900)])], labeller)
    with pytest.raises(InputError, match=r"mất 1 tin .*portal/0.*thêm 1 tin .*portal/900"):
        measure(changed, audit=judged(draw))


def test_another_codebook_is_refused(labeller: WordLabeller) -> None:
    from dataclasses import replace

    frame = read_frame([source(month())], labeller)
    draw = replace(drawn(frame), codebook=("0", "khac"))
    with pytest.raises(InputError, match="bộ tiêu chí khác"):
        measure(frame, audit=judged(draw))


def test_a_newer_labeller_changes_no_band(labeller: WordLabeller) -> None:
    frame = read_frame([source(month())], labeller)
    draw = drawn(frame)
    before = measure(frame, audit=judged(draw))
    frame.probability = np.flip(frame.probability, axis=0).copy()
    frame.labeller = ("word", "2")
    after = measure(frame, audit=judged(draw))
    assert after.whole.shares == before.whole.shares
    assert any("lúc rút mẫu" in note for note in after.notes)


def test_one_id_for_many_texts_stops_the_run(labeller: WordLabeller) -> None:
    things = [make_item(1, f"Tin khác nhau số {k}") for k in range(10)]
    with pytest.raises(InputError, match=r"nguon\.csv: cột mã bài không phân biệt"):
        read_frame([source(things)], labeller)


def test_section_pages_of_a_numbered_site_are_dropped_with_a_reason(labeller: WordLabeller) -> None:
    seen: list[Reject] = []
    items = [make_item(k, url=f"https://a.vn/tin-{10000 + k}.html") for k in range(40)]
    items.append(make_item(90, "Giáo dục", url="https://a.vn/giao-duc.html"))
    items.append(make_item(91, "Bài dài không số", url="https://a.vn/le-khai-giang-nam-hoc-moi-tai-xa-khe-dau.html"))
    items.append(
        make_item(92, "Chuyện dài", url="https://a.vn/special/chuyen-dai-ve-cay-cau-moi-qua-song-ngan/index.html")
    )
    items.append(
        make_item(93, "Phát biểu của lãnh đạo tỉnh tại lễ khánh thành cầu Khe Dâu", url="https://a.vn/phat-bieu.html")
    )
    items.append(
        make_item(94, "Sách - Báo Lam Vân - Tin tức mới nhất, tin nhanh, tin nóng 24h", url="https://a.vn/sach.htm")
    )
    frame = read_frame([source(items)], labeller, on_reject=seen.append)
    assert [reject.start for reject in seen] == [
        "Giáo dục",
        "Sách - Báo Lam Vân - Tin tức mới nhất, tin nhanh, tin nóng 24h",
    ]
    assert len(frame) == 43


def test_nothing_left_is_named(labeller: WordLabeller) -> None:
    with pytest.raises(InputError, match="Không có tin bài nào"):
        read_frame([source([])], labeller)


def test_a_machine_that_left_the_audited_interval_raises_an_alarm_and_no_verdict(labeller: WordLabeller) -> None:
    """44 items look bad to the machine and people find none of them so; then people find what the machine does."""
    frame = read_frame([source(month(200, 44))], labeller)
    draw = drawn(frame, 30)
    wrong, right = (measure(frame, audit=judged(draw, bad)) for bad in (0, 44))
    assert wrong.beside.machine is not None and right.beside.machine is not None
    assert (wrong.beside.machine.drifted, right.beside.machine.drifted) == (True, False)
    assert wrong.whole.verdict == "under"
    assert any("Máy có thể đã lệch" in line for line in beside_lines(wrong))
    assert not any("lệch" in line for line in beside_lines(right))
    assert "Máy có thể đã lệch" in html.render(wrong)


def test_what_happens_abroad_stands_apart(labeller: WordLabeller) -> None:
    """By people's themes where they gave them: 20 of 40 world items are negative, none of the 160 others."""
    frame = read_frame([source(month(200, 20))], labeller)
    draw = drawn(frame, 200)

    def label(item_id: str) -> Label:
        number = int(item_id.split("/")[1])
        return Label(
            "negative" if number < 20 else "neutral", False, False, "world" if number < 40 else "society", False
        )

    apart = measure(frame, audit=Audit(draw, tuple(Judgement(i, label(i)) for i in draw.drawn))).beside.apart
    assert apart is not None and apart.world is not None and apart.vietnam is not None
    assert (apart.world.point, apart.vietnam.point, apart.by_people) == (0.5, 0.0, True)
    machine = measure(frame).beside.apart
    assert machine is not None and machine.basis == "machine"


def test_a_month_that_is_looked_at_until_settled_plans_for_its_own_confidence(labeller: WordLabeller) -> None:
    from dataclasses import replace

    frame = read_frame([source(month(400, 60))], labeller)
    draw = drawn(frame)
    once = measure(frame, audit=judged(draw, 60)).needed
    often = measure(frame, audit=judged(replace(draw, mode="until_settled"), 60)).needed
    assert often.for_half_width > once.for_half_width
