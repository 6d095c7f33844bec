"""Hints: a phrase that the labeller pointed to is put into a newsroom's words."""

from __future__ import annotations

import unicodedata

import pytest

from canbang.label.hints import OTHER, SHOUT, hint


@pytest.mark.parametrize(
    ("phrase", "kind"),
    [
        ("và cái kết", "withheld"),
        ("Hoá ra người này", "withheld"),
        ("SỐC: cảnh tượng", "exaggeration"),
        ("rúng động cả nước", "exaggeration"),
        ("tử thần rình rập", "fear"),
        ("lộ clip nóng", "gore_gossip"),
        ("XEM NGAY KẺO HẾT", "shout"),
        ("trời ơi!!!", "shout"),
        ("lịch tiếp công dân", "other"),
        ("sốcôla", "other"),
    ],
)
def test_a_phrase_gets_the_hint_of_its_kind(phrase: str, kind: str) -> None:
    """Whole words decide, in any case, composed or not, with the tone mark in either place."""
    assert hint(phrase).id == kind
    assert hint(unicodedata.normalize("NFD", phrase)).id == kind


def test_every_hint_says_what_to_do() -> None:
    """A hint without words would leave the editor where he was."""
    for found in (hint("sốc"), hint("vì sao"), hint("ám ảnh"), hint("tin đồn"), SHOUT, OTHER):
        assert found.name
        assert len(found.text) > 20
