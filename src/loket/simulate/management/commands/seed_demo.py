"""Makes the demo office: Kota Cilegon on the evening of 2 June 2020."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction

from loket import home
from loket.core import clock
from loket.offices import queries as offices
from loket.offices.models import Office
from loket.simulate import office, talk
from loket.simulate.history import NOW, History
from loket.simulate.story import Book


class Command(BaseCommand):
    help = "Make the demo office in an empty database"

    def handle(self, *args: Any, **options: Any) -> None:
        if Office.objects.exists():
            raise CommandError("There is an office in this database already, and the demo would not touch it.")
        with transaction.atomic():
            logins = office.set_up(NOW)
            offices.forget()
            history = History(Book(offices.office(office.CODE)))
            for day in history.live():
                if sys.stderr.isatty():
                    self.stderr.write(f"\r  {day:%d-%m-%Y}  {len(history.apps)}", ending="")
            history.finish()
            history.book.write()
            with connection.cursor() as cursor:
                cursor.executemany(
                    "INSERT INTO offices_counter (office_id, name, value) VALUES (%s, %s, %s)",
                    [(office.CODE, "batch", history.batches), (office.CODE, "manifest", history.manifests)],
                )
            clock.move_to(NOW)
            talk.tell(offices.office(office.CODE), history.apps)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        home.write("demo.json", {**home.demo(), "logins": logins})
