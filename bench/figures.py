"""Ten years of frozen rows: the head's page, the public page and a series beside an office of some months."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from bench.stage import Stage, figure, p95, stage

# Rows for days before the office's first one, every measure and kelurahan on every day, until there are so many.
_FILL = """
INSERT INTO insight_figure (office_id, kelurahan, measure, on_date, value)
SELECT '36.72', k, m, d::date, 1 + abs(hashint4(extract(doy FROM d)::int)) %% 90
FROM generate_series((SELECT since - %(days)s FROM insight_frozen), (SELECT since - 1 FROM insight_frozen), interval '1 day') d,
     unnest(%(measures)s::text[]) m,
     unnest(ARRAY['', '-'] || ARRAY(SELECT code FROM offices_region WHERE parent_id IS NOT NULL AND office_id = '36.72')::text[]) k
ON CONFLICT DO NOTHING
"""
_YEARS = 10


def frozen(size: int | None, visits: Callable[[Stage], dict[str, Callable[[int], None]]]) -> list[dict[str, Any]]:
    """p95 of the pages with `size` frozen rows of ten years (10 million unless said otherwise) beside the demo's own."""
    rows: list[dict[str, Any]] = []
    wanted = size or 10_000_000
    with ExitStack() as stack:
        places = {name: stack.enter_context(stage()) for name in ("demo", "ten years")}
        asked = {"demo": visits(places["demo"])}
        begun = time.perf_counter()
        count = int(places["ten years"].python(_filled(wanted), role="owner"))
        rows.append(figure("frozen rows", count, "", goal=wanted * 0.9))
        rows.append(figure("filling", time.perf_counter() - begun, "s"))
        asked["ten years"] = visits(places["ten years"])
        for page in ("head's page", "public page", "public series"):
            spent: dict[str, list[float]] = {name: [] for name in asked}
            for number in range(110):
                for name, found in asked.items():
                    before = time.perf_counter()
                    found[page](number)
                    if number >= 10:
                        spent[name].append((time.perf_counter() - before) * 1000)
            at = {name: p95(values) for name, values in spent.items()}
            rows += [figure(f"{page}, {name}", value, "ms", goal=50, more=False) for name, value in at.items()]
            rows.append(figure(f"{page}, growth", at["ten years"] / at["demo"], "times", goal=1.2, more=False))
    return rows


def _filled(wanted: int) -> str:
    """A few lines that freeze the office and put years before it, and print how many rows there are."""
    return f"""
from django.db import connection
from loket.insight import actions
from loket.insight.measures import MEASURES
actions.freeze_due('36.72')
with connection.cursor() as cursor:
    cursor.execute("SELECT count(*) FROM offices_region WHERE parent_id IS NOT NULL AND office_id = '36.72'")
    a_day = len(MEASURES) * (cursor.fetchone()[0] + 2)
    days = min({wanted} // a_day + 1, {_YEARS} * 366)
    cursor.execute({_FILL!r}, {{"days": days, "measures": list(MEASURES)}})
    cursor.execute("UPDATE insight_frozen SET since = since - %s", [days])
    cursor.execute("ANALYZE insight_figure")
    cursor.execute("SELECT count(*) FROM insight_figure")
    print(cursor.fetchone()[0])
"""
