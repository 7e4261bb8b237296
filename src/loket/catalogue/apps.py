"""catalogue: services as data with versions."""

from django.apps import AppConfig


class CatalogueConfig(AppConfig):
    name = "loket.catalogue"
    label = "catalogue"
    default_auto_field = "django.db.models.BigAutoField"
