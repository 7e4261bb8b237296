"""core: what knows no word of the domain."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "loket.core"
    label = "core"
    default_auto_field = "django.db.models.BigAutoField"
