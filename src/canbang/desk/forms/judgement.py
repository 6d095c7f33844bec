"""The card's form: what was answered, and the key that makes the same judgement sent twice one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms

from canbang.codebook import load_codebook
from canbang.desk.domain.judgement import Answer
from canbang.errors import InputError

UNSURE, NOT_AN_ITEM = "unsure", "not_an_item"
_TRUTH = {"true": True, "false": False, "": None}


class JudgementForm(forms.Form):
    """An answer as radio buttons, boxes and buttons send it; ``open`` is the button of who leaves the labels open."""

    tone = forms.ChoiceField(required=False)
    dark_side = forms.ChoiceField(required=False, choices=[("true", ""), ("false", "")])
    sensational = forms.BooleanField(required=False)
    public_interest = forms.BooleanField(required=False)
    theme = forms.ChoiceField(required=False)
    open = forms.ChoiceField(required=False, choices=[(UNSURE, ""), (NOT_AN_ITEM, "")])
    key = forms.UUIDField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        book = load_codebook()
        for name in ("tone", "theme"):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [(value.id, value.name_vi) for value in book.label(name).values]

    def sent(self) -> tuple[Answer, UUID]:
        """The answer and its key. Raises :class:`InputError` for values that the card does not offer."""
        if not self.is_valid():
            raise InputError("Câu trả lời không đọc được. Tải lại trang rồi chấm lại tin này.")
        said = self.cleaned_data
        answer = Answer(
            tone=said["tone"], dark_side=_TRUTH[said["dark_side"]], sensational=said["sensational"],
            public_interest=said["public_interest"], theme=said["theme"],
            unsure=said["open"] == UNSURE, not_an_item=said["open"] == NOT_AN_ITEM,
        )  # fmt: skip
        return answer, said["key"]


class KeyForm(forms.Form):
    """The key of the judgement to take back."""

    key = forms.UUIDField()

    def sent(self) -> UUID:
        """The key. Raises :class:`InputError` where there is none."""
        if not self.is_valid():
            raise InputError("Không rõ hoàn tác lần chấm nào. Tải lại trang.")
        key: UUID = self.cleaned_data["key"]
        return key
