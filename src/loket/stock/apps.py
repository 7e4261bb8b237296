"""stock: the ledger of blanks; no balance is ever edited."""

from django.apps import AppConfig


class StockConfig(AppConfig):
    name = "loket.stock"
    label = "stock"
    default_auto_field = "django.db.models.BigAutoField"
