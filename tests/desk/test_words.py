"""One term for one thing, on screens, on the command line and in reports: the terms of docs/concepts.md."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from canbang.text.normalise import strip_accents
from conftest import ROOT

SOURCES = ROOT / "src" / "canbang"
CONCEPTS = (ROOT / "docs" / "concepts.md").read_text("utf-8")

# The term, and what nobody may write in its place (a pattern, without regard to case).
TERMS = {
    "độ tin cậy": r"mức tin cậy|mức độ tin cậy|độ tin tưởng|độ chắc",
    "khoảng tin cậy": r"khoảng tin tưởng|khoảng ước lượng|biên độ sai số",
    "Chưa đủ căn cứ": r"chưa đủ cơ sở|không đủ căn cứ|chưa kết luận được",
    "chấm mẫu": r"kiểm toán|hậu kiểm|chấm điểm",
    "người chấm": r"người gắn nhãn|kiểm duyệt viên|chấm viên|giám định viên",
    "kết quả chấm": r"phán quyết của người|phán đoán",
    "phân xử": r"trọng tài|hòa giải",
    "độ thống nhất": r"độ đồng thuận|độ nhất quán|mức thống nhất|mức độ thống nhất",
    "không chắc": r"không rõ ràng|lưỡng lự",
    "rút mẫu": r"bốc mẫu|lấy mẫu|chọn mẫu",
    "mã rút mẫu": r"mã bí mật|khóa rút mẫu",
    "khung mẫu": r"khung chọn",
    "dải điểm": r"khoảng điểm|nhóm điểm",
    "máy gắn nhãn": r"gán nhãn|dán nhãn|trí tuệ nhân tạo|thuật toán",
    "ước tính máy": r"ước lượng máy|dự báo máy|máy ước lượng",
    "theo mẫu chấm": r"theo kiểm toán|đã kiểm toán",
    "bộ tiêu chí": r"sổ mã|bộ tiêu chuẩn|bộ quy tắc",
    "sắc thái": r"thái độ|cảm xúc tin|tông giọng",
    "mặt trái của xã hội": r"mặt tối|mặt xấu",
    "giật gân, câu khách": r"câu view|câu like|giật tít câu",
    "chủ đề": r"chuyên đề|đề tài",
    "vì lợi ích công": r"lợi ích công cộng|lợi ích cộng đồng",
    "tính là tiêu cực": r"được coi là tiêu cực|xem là tiêu cực",
    "tỉ lệ": r"tỷ lệ|tỷ số|tỉ số",
    "giới hạn": r"ngưỡng|mức trần",
    "kênh": r"kênh truyền thông|kênh thông tin",
    "ghi danh": r"đăng ký kênh|kênh đăng ký",
    "bằng chứng sở hữu": r"xác minh kênh|chứng thực kênh",
    "tệp xuất": r"tập tin|(?<![\w.\-/])file(?![\w.\-/=])",
    "chia sẻ lại": r"repost|chia sẻ chéo",
    "câu chuyện": r"cụm tin|sự kiện trùng",
    "sapo": r"chapeau|đoạn dẫn|lời dẫn",
    "dòng bị loại": r"dòng lỗi|bản ghi lỗi",
    "khoảng thiếu dữ liệu": r"khoảng trống dữ liệu|lỗ hổng dữ liệu",
    "phiếu cân bằng": r"báo cáo cân bằng|bảng cân bằng",
    "phiếu chấm": r"phiếu đánh giá|bảng chấm",
    "máy lệch": r"máy trôi|trôi mô hình",
    "chênh lệch kỳ": r"biến động kỳ",
    "cảnh báo sớm": r"cảnh báo đỏ|báo động|(?<!cảnh )báo sớm",
    "gợi ý": r"khuyến nghị|lời khuyên",
    "phê duyệt": r"(?<!không phải )(?<!không là )chữ ký số",
    "nhật ký": r"sổ log|lịch sử thao tác",
    "thư điện tử": r"(?<![\w@.\-])e-?mail(?![\w@.\-])",
    "đường dẫn": r"(?<![\w.\-/])(?<!desk )link(?![\w.\-/])|(?-i:\bURL\b)",
    "mật khẩu": r"(?<![\w.\-])password(?![\w.\-=])|mật mã",
    "đăng nhập": r"(?<![\w.\-])log ?in(?![\w.\-])",
    "xác thực hai lớp": r"2FA|hai yếu tố|hai bước",
    "vai trò": r"nhóm quyền|phân quyền",
}
NEVER = re.compile("chắc chắn", re.IGNORECASE)
"""No figure of ours is."""

# Files that hold other people's words: headings of exports, what pages write, legacy letters, quoted letters of instruction.
OTHERS = {
    "fetch/columns.py", "text/legacy.py", "text/page_dates.py", "text/date_places.py", "text/dates.py", "label/phrases.py",
    "fetch/not_item.py", "label/features.py",
}  # fmt: skip
_TEMPLATE_CODE = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}|<[^>]*>", re.DOTALL)
_SAID_IN_TAG = re.compile(r'(?:aria-label|title|placeholder|data-confirm|alt|value|content)="([^"]*)"')


def is_vietnamese(text: str) -> bool:
    """Whether a string is one that people read: it has letters with diacritics."""
    return strip_accents(text) != text


def spoken_in_python(path: Path) -> Iterator[tuple[int, str]]:
    """Strings of a module that people may read, docstrings aside."""
    tree = ast.parse(path.read_text("utf-8"))
    silent = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body and isinstance(node.body[0], ast.Expr) and not _is_help(node)
    }  # fmt: skip
    # a string that stands alone behind an assignment is its documentation
    silent |= {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)} - _helps(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in silent:
            yield node.lineno, node.value


def _is_help(node: ast.AST) -> bool:
    """A command's docstring is its help."""
    return any(
        "command" in ast.unparse(one) or "group" in ast.unparse(one) for one in getattr(node, "decorator_list", [])
    )


def _helps(tree: ast.AST) -> set[int]:
    return {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and _is_help(node) and isinstance(node.body[0], ast.Expr)
    }


def spoken_in_template(path: Path) -> Iterator[tuple[int, str]]:
    """The words of a template, line by line, and those in attributes that are read out."""
    text = path.read_text("utf-8")
    for found in _SAID_IN_TAG.finditer(text):
        yield text[: found.start()].count("\n") + 1, _TEMPLATE_CODE.sub(" ", found[1])
    bare = _TEMPLATE_CODE.sub(lambda found: "\n" * found[0].count("\n") or " · ", text)
    yield from enumerate(bare.splitlines(), 1)


@cache
def spoken() -> tuple[tuple[str, str], ...]:
    """Everything that people read, with its place."""
    found: list[tuple[str, str]] = []
    for path in sorted(SOURCES.rglob("*")):
        name = str(path.relative_to(SOURCES))
        if name in OTHERS or "migrations" in name:
            continue
        if path.suffix == ".py":
            lines = spoken_in_python(path)
        elif path.suffix == ".html":
            lines = spoken_in_template(path)
        else:
            continue
        found += [(f"{name}:{line}", text) for line, text in lines if is_vietnamese(text)]
    return tuple(found)


def test_what_people_read_was_found() -> None:
    assert len(spoken()) > 1000


@pytest.mark.parametrize("term", TERMS)
def test_one_term_for_one_thing(term: str) -> None:
    assert term.lower() in CONCEPTS.lower()
    wrong = re.compile(TERMS[term], re.IGNORECASE)
    assert not wrong.search(term)
    assert [f"{place}: {found[0]}" for place, text in spoken() for found in [wrong.search(text)] if found] == []


def test_no_figure_is_called_certain() -> None:
    assert [f"{place}: {text[:80]}" for place, text in spoken() if NEVER.search(text)] == []
