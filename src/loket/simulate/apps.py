"""simulate: a city to try Loket on; shares no code with the rooms' actions."""

from django.apps import AppConfig


class SimulateConfig(AppConfig):
    name = "loket.simulate"
    label = "simulate"
    default_auto_field = "django.db.models.BigAutoField"
