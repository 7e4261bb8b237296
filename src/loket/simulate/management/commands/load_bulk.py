"""Fills the demo office with years of finished requests, for measuring."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import connection

from loket.offices import queries as offices
from loket.simulate import bulk, office


class Command(BaseCommand):
    help = "Add finished applications to the demo office by COPY, each with its trail and its movements"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("count", type=int, help="how many applications at least")

    def handle(self, *args: Any, **options: Any) -> None:
        for done in bulk.load(offices.office(office.CODE), options["count"]):
            self.stderr.write(f"\r  {done} / {options['count']}", ending="")
        with connection.cursor() as cursor:
            cursor.execute("VACUUM (ANALYZE)")
