"""The desk as a Django app."""

from __future__ import annotations

from django.apps import AppConfig


class DeskConfig(AppConfig):
    """One app; its label names the tables."""

    name = "canbang.desk"
    label = "desk"
    verbose_name = "Cân bằng"
    default_auto_field = "django.db.models.BigAutoField"
