"""suket: the register of Suket and its outcomes."""

from django.apps import AppConfig


class SuketConfig(AppConfig):
    name = "loket.suket"
    label = "suket"
    default_auto_field = "django.db.models.BigAutoField"
