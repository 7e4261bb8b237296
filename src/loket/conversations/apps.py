"""conversations: every message in and out, the reply window and the gateways."""

from django.apps import AppConfig


class ConversationsConfig(AppConfig):
    name = "loket.conversations"
    label = "conversations"
    default_auto_field = "django.db.models.BigAutoField"
