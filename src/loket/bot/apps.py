"""bot: the conversation as a table of steps."""

from django.apps import AppConfig


class BotConfig(AppConfig):
    name = "loket.bot"
    label = "bot"
    default_auto_field = "django.db.models.BigAutoField"
