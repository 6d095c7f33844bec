"""Stories: reposts are found, different stories stay apart; measured on real items where they are there."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from canbang.fetch.export import file_source
from canbang.item import Item, Kind
from canbang.stories import StoryIndex
from conftest import make_item

BODY = (
    "Sáng 5/9, hơn 300 học sinh xã Khe Dâu bước vào năm học mới trong ngôi trường hai tầng vừa xây xong bên bờ sông Ngàn. "
    "Ngôi trường thay cho dãy nhà tạm bị lũ cuốn trôi năm ngoái, có tám phòng học, một thư viện và sân chơi lát gạch. "
    "Phụ huynh góp hơn hai trăm ngày công để san nền, làm hàng rào và trồng cây quanh sân trường mới."
)


def stories(*items: Item) -> list[int]:
    index = StoryIndex()
    for item in items:
        index.add(item)
    return index.cluster().tolist()


def test_a_teaser_matches_its_article() -> None:
    article = make_item(1, "Khai giảng trong trường mới", text=BODY)
    teaser = make_item(2, channel="facebook", text=BODY[:150])
    assert stories(article, replace(teaser, title="")) == [0, 0]


def test_a_link_in_a_post_and_a_share_join_the_act_they_name() -> None:
    article = make_item(1, "Khai giảng", url="https://a.vn/tin/khai-giang-12345.html")
    post = make_item(
        2, "Mời bà con đọc", text="https://www.a.vn/tin/khai-giang-12345.html?fbclid=abc", channel="facebook"
    )
    share = make_item(3, "Chia sẻ", share_of="http://a.vn/tin/khai-giang-12345.html", kind=Kind.SHARE, channel="zalo")
    assert stories(article, post, share) == [0, 0, 0]


def test_a_share_stays_its_own_act() -> None:
    index = StoryIndex()
    index.add(make_item(1, text=BODY))
    index.add(make_item(2, text=BODY, channel="facebook"))
    assert len(index) == 2


def test_short_texts_join_by_address_only() -> None:
    assert stories(
        make_item(1, "Chào buổi sáng bà con"), make_item(2, "Chào buổi sáng bà con", channel="facebook")
    ) == [0, 1]


def test_the_same_long_title_on_two_channels_is_one_story_a_series_on_one_channel_is_not() -> None:
    title = "Hơn 1.300 lao động nông thôn có nghề mới sau chín tháng"
    post = make_item(2, channel="facebook", text="📈 " + title)
    assert stories(make_item(1, title), replace(post, title="")) == [0, 0]
    series = [make_item(n, title) for n in (1, 2)]
    assert stories(*series) == [0, 1]


def test_the_same_text_long_after_is_another_story() -> None:
    early = make_item(1, text=BODY)
    assert stories(early, replace(early, platform_id="2", published_at=early.published_at + timedelta(days=40))) == [
        0,
        1,
    ]


def test_boilerplate_in_every_text_joins_nothing() -> None:
    rest = "Mọi ý kiến xin gửi về Trung tâm Văn hóa và Truyền thông tỉnh Lam Vân số điện thoại đường dây nóng không chín không một"
    rng = random.Random(1)
    words = BODY.split()
    items = [make_item(n, " ".join(rng.sample(words, 14)), text=rest) for n in range(80)]
    assert len(set(stories(*items))) == 80


def real_items(shared: Path) -> list[Item]:
    """Items of the stream without section pages (the pipeline drops those by the shape of their address)."""
    found = file_source(shared / "data" / "stream_2026_6outlets.parquet")
    return [x for x in found if isinstance(x, Item) and sum(c.isdigit() for c in x.url.rsplit("/", 1)[-1]) >= 4]


def repost(item: Item, how: str, rng: random.Random) -> Item:
    """A simulated repost on another channel up to ten days later, without a link."""

    def drop(text: str) -> str:
        return " ".join(word for word in text.split() if rng.random() > 0.05)

    if how == "teaser":
        said = {"title": "", "lead": "", "text": f"{item.title}. {item.lead} {item.text}"[:350]}
    elif how == "copy of 70 %":
        words = (item.text or item.lead).split()
        said = {"lead": item.lead if item.text else "", "text": " ".join(words[: int(0.7 * len(words))])}
    else:
        said = {"title": drop(item.title), "lead": drop(item.lead), "text": drop(item.text)}
    later = item.published_at + timedelta(days=10 * rng.random())
    return replace(item, channel="repost", url="", published_at=later, **said)


@pytest.mark.parametrize("how", ["teaser", "copy of 70 %", "5 % of words dropped"])
def test_simulated_reposts_are_found(shared: Path, how: str) -> None:
    items = real_items(shared)
    rng = random.Random(20261121)
    index = StoryIndex()
    for item in items:
        index.add(item)
    for item in items:
        index.add(repost(item, how, rng))
    story = index.cluster()
    recall = float(np.mean(story[: len(items)] == story[len(items) :]))
    print(f"\n{how}: recall {recall:.4f} of {len(items)}")
    assert recall >= 0.98


def test_different_items_stay_apart(shared: Path) -> None:
    """Joined pairs are at most 1 in 10,000 of all pairs, real doubles among outlets counted as false."""
    items = real_items(shared)
    _, sizes = np.unique(stories(*items), return_counts=True)
    joined = int((sizes * (sizes - 1) // 2).sum())
    pairs = len(items) * (len(items) - 1) // 2
    print(f"\njoined {joined} of {pairs} pairs: {10_000 * joined / pairs:.2f} in 10,000")
    assert joined <= pairs / 10_000
