"""What fills a publisher's page around the article: menus, styles, scripts, view state, other stories, comments."""

from __future__ import annotations

import base64
import random
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from markupsafe import Markup

from .dates import show
from .texts import Article

MENU = """Trang chủ|Giới thiệu|Tin tức - Sự kiện|Chỉ đạo điều hành|Văn bản pháp quy|Thủ tục hành chính|Dịch vụ công trực tuyến
Lịch công tác|Hỏi đáp|Góp ý dự thảo|Thư viện ảnh|Thư viện video|Cải cách hành chính|Chuyển đổi số|Đầu tư - Phát triển
Thông tin quy hoạch|Đấu thầu, mua sắm công|Ngân sách nhà nước|Chương trình, đề tài khoa học|Báo cáo thống kê|Công khai minh bạch
Tuyên truyền phổ biến pháp luật|Phòng chống thiên tai|An toàn giao thông|Nông thôn mới|Giáo dục - Đào tạo|Y tế - Sức khỏe
Văn hóa - Thể thao|Du lịch|Xây dựng Đảng|Quốc phòng - An ninh|Người tốt việc tốt|Học tập và làm theo Bác|Kinh tế|Xã hội|Thời sự
Thế giới|Pháp luật|Đời sống|Giải trí|Khoa học|Công nghệ|Xe|Nhà đất|Bạn đọc|Phóng sự ảnh|Podcast|Đa phương tiện|Sơ đồ cổng
Danh bạ điện thoại|Thông báo|Tuyển dụng|Di tích - Danh thắng|Lễ hội|Gương điển hình|Tổ chức bộ máy|Lịch phát sóng|Truyền hình trực tuyến
Phát thanh|Chuyên mục|Chuyên đề|Đất và người|Khuyến nông|Giá cả thị trường|Thời tiết|Tỷ giá|Liên kết website|Liên hệ""".replace(
    "\n", "|"
)
ITEMS = tuple(MENU.split("|"))
NAMES = (
    "Minh Hạnh",
    "Thu Trang",
    "Quốc Khánh",
    "Đức Thịnh",
    "Hoài Nam",
    "Bích Ngọc",
    "Văn Sơn",
    "Thanh Tùng",
    "Hải Yến",
    "Gia Bảo",
)
STYLE_PARTS = (
    "wrap",
    "box",
    "item",
    "title",
    "thumb",
    "list",
    "nav",
    "top",
    "bottom",
    "left",
    "right",
    "ads",
    "row",
    "col",
    "icon",
    "btn",
)
STYLE_RULES = (
    "display:block", "float:left", "margin:0 auto", "padding:{n}px", "font-size:{n}px", "line-height:1.{n}", "color:#{c}",
    "background:#{c} url(/Images/bg_{n}.gif) repeat-x", "border:1px solid #{c}", "width:{n}%", "text-decoration:none", "overflow:hidden",
    "position:relative", "z-index:{n}", "font-family:Arial,Helvetica,sans-serif", "border-radius:{n}px", "max-width:{n}00px",
)  # fmt: skip
SCRIPT_LINES = (
    "function {a}({b}){{var {c}=document.getElementById('{a}_{n}');if(!{c})return;{c}.style.display={b}?'block':'none';}}",
    "$(document).ready(function(){{$('#{a}{n} .{b}').hover(function(){{$(this).addClass('{c}');}},function(){{$(this).removeClass('{c}');}});}});",
    "var {a}={{id:{n},type:'{b}',url:'/ajax/{c}.ashx?cat={n}',cache:false,items:[{n},{n},{n}]}};",
    "window.{a}=window.{a}||[];window.{a}.push(['{b}',{n}]);",
    "if(typeof {a}!=='undefined'&&{a}.length>{n}){{for(var i=0;i<{a}.length;i++){{{b}({a}[i],'{c}');}}}}",
    "(function(w,d,s,l,i){{w[l]=w[l]||[];var f=d.getElementsByTagName(s)[0],j=d.createElement(s);j.async=true;f.parentNode.insertBefore(j,f);}})(window,document,'script','{a}','{b}-{n}');",
    "try{{{a}.init('{b}',{{width:{n},height:{n},slot:'{c}'}});}}catch(e){{}}",
)
SYLLABLES = (
    "ban",
    "tin",
    "box",
    "nav",
    "pub",
    "ads",
    "zone",
    "slide",
    "menu",
    "load",
    "view",
    "cate",
    "foc",
    "hot",
    "scr",
    "min",
)


@dataclass(frozen=True)
class Story:
    """Another story that a page links to."""

    title: str
    lead: str
    url: str
    date: str
    ago: str
    section: str
    image: str
    views: int


@dataclass(frozen=True)
class Comment:
    """A reader's comment."""

    name: str
    text: str
    date: str
    likes: int


@dataclass(frozen=True)
class Entry:
    """A line of a menu."""

    name: str
    url: str
    children: tuple[Entry, ...] = ()


@lru_cache(maxsize=4096)
def slug(text: str) -> str:
    """A title as an address carries it."""
    plain = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    words = "".join(
        letter if letter.isascii() and letter.isalnum() else " "
        for letter in plain
        if not unicodedata.combining(letter)
    )
    return "-".join(words.split())[:90].rstrip("-")


@lru_cache(maxsize=64)
def styles(seed: str, prefix: str, kilobytes: float) -> Markup:
    """A style sheet of about the size asked for."""
    rng = random.Random(seed + prefix)
    lines: list[str] = []
    size = 0
    while size < kilobytes * 1000:
        rules = ";".join(
            rule.format(n=rng.randint(1, 30), c=f"{rng.randrange(1 << 24):06x}") for rule in rng.sample(STYLE_RULES, 4)
        )
        names = " ".join(f".{prefix}-{rng.choice(STYLE_PARTS)}{rng.randint(1, 40)}" for _ in range(rng.randint(1, 3)))
        lines.append(f"{names} {rng.choice(('a', 'li', 'img', 'span', 'h3', ''))}{{{rules}}}")
        size += len(lines[-1])
    return Markup("\n".join(lines))


def scripts(rng: random.Random, kilobytes: float) -> Markup:
    """Script lines of about the size asked for."""
    lines: list[str] = []
    size = 0
    while size < kilobytes * 1000:
        a, b, c = ("".join(rng.choices(SYLLABLES, k=2)) for _ in range(3))
        lines.append(rng.choice(SCRIPT_LINES).format(a=a, b=b, c=c, n=rng.randint(1, 9999)))
        size += len(lines[-1])
    return Markup("\n".join(lines))


@lru_cache(maxsize=64)
def fixed_scripts(seed: str, kilobytes: float) -> Markup:
    """Script lines that are the same on every page of a site."""
    return scripts(random.Random(seed), kilobytes)


def state(rng: random.Random, kilobytes: float) -> str:
    """A view state: base64 of noise."""
    return base64.b64encode(rng.randbytes(int(kilobytes * 750))).decode()


@lru_cache(maxsize=256)
def menu(seed: str, top: int, children: int) -> list[Entry]:
    """A menu of some lines, each with lines under it."""
    rng = random.Random(f"{seed}:{top}:{children}")

    def entry(name: str, below: tuple[Entry, ...]) -> Entry:
        return Entry(name, f"/{slug(name)}", below)

    return [
        entry(name, tuple(entry(child, ()) for child in rng.sample(ITEMS, children))) for name in rng.sample(ITEMS, top)
    ]  # fmt: skip


def stories(rng: random.Random, pool: Sequence[Article], count: int, seen: datetime, form: str) -> list[Story]:
    """Other stories of the site, dated in the fortnight before the page was seen."""
    out: list[Story] = []
    for article in rng.sample(pool, count):
        when = seen - timedelta(minutes=rng.randint(12, 20000))
        number = rng.randint(100000, 999999)
        out.append(
            Story(
                article.title,
                article.lead,
                f"/{slug(article.title)}-{number}.html",
                show(form, when, seen),
                show("ago", when, seen),
                rng.choice(ITEMS[10:60]),
                f"/upload/{when:%Y/%m/%d}/{number}_{rng.randint(100, 999)}.jpg",
                rng.randint(3, 90000),
            )
        )
    return out


def comments(rng: random.Random, pool: Sequence[Article], count: int, after: datetime, form: str) -> list[Comment]:
    """Readers' comments: sentences of other articles, dated after the article."""
    out: list[Comment] = []
    for article in rng.sample(pool, count):
        text = " ".join(rng.sample(article.sentences, rng.randint(1, 2)))
        when = after + timedelta(minutes=rng.randint(3, 2800))
        out.append(Comment(rng.choice(NAMES), text, show(form, when), rng.randint(0, 300)))
    return out
