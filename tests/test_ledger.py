"""The chain finds an edit, a deletion, a reorder, and against an anchor a cut tail and a rewritten whole."""

from __future__ import annotations

from dataclasses import replace

import pytest

from canbang.ledger import START, Anchor, Link, digest, faults


def chain(count: int, word: str = "việc") -> list[Link]:
    links: list[Link] = []
    for number in range(1, count + 1):
        content = {"verb": word, "object": f"{word} {number}"}
        previous = links[-1].digest if links else START
        links.append(Link(number, content, digest(previous, number, content)))
    return links


def test_a_whole_chain_has_no_fault() -> None:
    links = chain(50)
    assert faults(links, Anchor(50, links[-1].digest)) == []
    assert faults(links, Anchor(20, links[19].digest)) == []
    assert faults([]) == []


def test_an_edit_names_its_entry() -> None:
    links = chain(9)
    links[4] = replace(links[4], content={"verb": "việc", "object": "việc khác"})
    assert faults(links) == ["mục 5: nội dung không khớp mã băm, đã bị sửa hoặc đổi chỗ"]


def test_a_deletion_names_the_gap() -> None:
    links = chain(9)
    del links[2]
    assert faults(links) == ["mục 3: thiếu hoặc bị đổi chỗ (gặp mục số 4)"]


def test_a_reorder_is_found_even_with_numbers_put_right() -> None:
    links = chain(9)
    links[5], links[6] = replace(links[6], number=6), replace(links[5], number=7)
    assert faults(links) == ["mục 6: nội dung không khớp mã băm, đã bị sửa hoặc đổi chỗ"]


@pytest.mark.parametrize("kept", [0, 1, 8])
def test_a_cut_tail_shows_against_an_anchor_only(kept: int) -> None:
    links = chain(9)
    anchor = Anchor(9, links[-1].digest)
    assert faults(links[:kept]) == []
    assert faults(links[:kept], anchor) == [f"mục {kept + 1}: nhật ký bị cắt đuôi, mốc ghi 9 mục mà chỉ còn {kept}"]


def test_a_log_written_anew_shows_against_an_anchor() -> None:
    anchor = Anchor(9, chain(9)[-1].digest)
    assert faults(chain(12, "khác"), anchor) == ["mục 9: mã băm khác mốc đã ghi, nhật ký đã bị viết lại"]
