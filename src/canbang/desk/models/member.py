"""People who log in, and their roles in organisations."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.db import models

from canbang.desk.models.organisation import Organisation
from canbang.desk.roles import NAMES, Role


class UserManager(BaseUserManager["User"]):
    """Users are known by their address."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """A user; without a password nobody can log in until one is set."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractUser):
    """A person. ``person`` is what decisions keep of them: erasing the rest breaks no record."""

    username = None  # type: ignore[assignment]
    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    email = models.EmailField("thư điện tử", unique=True)
    name = models.CharField("họ tên", max_length=100)
    position = models.CharField("chức vụ", max_length=100, blank=True)
    person = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    erased_at = models.DateTimeField(null=True, editable=False)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]
    objects = UserManager()  # type: ignore[misc,assignment]

    class Meta:
        verbose_name = "người dùng"

    def __str__(self) -> str:
        return self.name or "(đã xóa)"

    def get_full_name(self) -> str:
        """The name as the person wrote it."""
        return self.name


class Membership(models.Model):
    """One role of a person in an organisation."""

    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="memberships")
    role = models.CharField("vai trò", max_length=12, choices=[(role.value, NAMES[role]) for role in Role])

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "organisation", "role"], name="one_role_once")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.role} {self.organisation_id}"
