"""insight: figures frozen per day, forecasts and invariants."""

from django.apps import AppConfig


class InsightConfig(AppConfig):
    name = "loket.insight"
    label = "insight"
    default_auto_field = "django.db.models.BigAutoField"
