"""residents: residents as this office met them, never a copy of the national register."""

from django.apps import AppConfig


class ResidentsConfig(AppConfig):
    name = "loket.residents"
    label = "residents"
    default_auto_field = "django.db.models.BigAutoField"
