"""integrity: complaints of residents."""

from django.apps import AppConfig


class IntegrityConfig(AppConfig):
    name = "loket.integrity"
    label = "integrity"
    default_auto_field = "django.db.models.BigAutoField"
