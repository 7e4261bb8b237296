"""applications: the life of an application: one table of moves."""

from django.apps import AppConfig


class ApplicationsConfig(AppConfig):
    name = "loket.applications"
    label = "applications"
    default_auto_field = "django.db.models.BigAutoField"
