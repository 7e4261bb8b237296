"""visits: biometrics recorded at the kecamatan, as a fact."""

from django.apps import AppConfig


class VisitsConfig(AppConfig):
    name = "loket.visits"
    label = "visits"
    default_auto_field = "django.db.models.BigAutoField"
