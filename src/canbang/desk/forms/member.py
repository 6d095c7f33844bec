"""Adding a person, what they are called, and their roles. Only these fields: nothing else of an account is settable."""

from __future__ import annotations

from django import forms

from canbang.desk.roles import NAMES, Role


class RolesForm(forms.Form):
    """The roles of one person here."""

    roles = forms.MultipleChoiceField(
        label="Vai trò",
        choices=[(role.value, words) for role, words in NAMES.items()],
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": "Chọn ít nhất một vai trò. Người nghỉ việc thì bấm “Cho ra khỏi cơ quan”.",
            "invalid_choice": "Vai trò không có trong danh sách. Tải lại trang rồi chọn lại.",
        },
    )

    def chosen(self) -> list[Role]:
        """The roles as the domain knows them; call it on a valid form."""
        return [Role(value) for value in self.cleaned_data["roles"]]


class DescriptionForm(forms.Form):
    """Address, name and position."""

    email = forms.EmailField(
        label="Thư điện tử", max_length=254, help_text="Dùng để đăng nhập.",
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Ghi địa chỉ thư điện tử.", "invalid": "Địa chỉ thư không đúng, ví dụ lan@coquan.gov.vn."},
    )  # fmt: skip
    name = forms.CharField(
        label="Họ tên", max_length=100, help_text="In ở chỗ người ký trên phiếu cân bằng.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}), error_messages={"required": "Ghi họ tên."},
    )  # fmt: skip
    position = forms.CharField(label="Chức vụ", max_length=100, required=False)


class MemberForm(DescriptionForm, RolesForm):
    """A person who is added."""

    field_order = ("email", "name", "position", "roles")
