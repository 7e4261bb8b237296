"""printing: order of service, batches and their results."""

from django.apps import AppConfig


class PrintingConfig(AppConfig):
    name = "loket.printing"
    label = "printing"
    default_auto_field = "django.db.models.BigAutoField"
