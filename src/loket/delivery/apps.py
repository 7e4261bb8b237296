"""delivery: manifests, hand-over by post and at the counter."""

from django.apps import AppConfig


class DeliveryConfig(AppConfig):
    name = "loket.delivery"
    label = "delivery"
    default_auto_field = "django.db.models.BigAutoField"
