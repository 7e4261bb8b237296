"""offices: regions as the ministry codes them; offices with hours, holidays, fees and settings."""

from django.apps import AppConfig


class OfficesConfig(AppConfig):
    name = "loket.offices"
    label = "offices"
    default_auto_field = "django.db.models.BigAutoField"
