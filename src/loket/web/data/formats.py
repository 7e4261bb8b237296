"""Series as CSV and JSON, and the two descriptions that programs read: Frictionless Data Package and DCAT."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext

from loket.insight.publication import CHANGES, COVER, LICENCE, SERIES, SMALL, VERSION, Cell, Column, Row, Series
from loket.offices.queries import OfficeView

KEYWORDS = ("adminduk", "KTP-el", "Suket", "blangko", "dukcapil", "civil registry")
_FREQUENCY = {"day": "R/P1D", "month": "R/P1M", "semester": "R/P6M"}
# What a cell may not begin with: a spreadsheet would take the text for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def english(text: str) -> str:
    """An Indonesian sentence of the catalogue in English."""
    with translation.override("en"):
        return gettext(text) if text else ""


def as_csv(one: Series, rows: Iterable[Row]) -> str:
    """RFC 4180: machine names on top, ISO dates, `<5` or `*` where a number is withheld, nothing where there is none."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    names = [column.name for column in one.columns]
    writer.writerow(names)
    for row in rows:
        writer.writerow([row.hidden.get(name) or _written(cell) for name, cell in zip(names, row.cells, strict=True)])
    return out.getvalue()


def _written(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, date):
        return cell.isoformat()
    return f"'{cell}" if isinstance(cell, str) and len(cell) > 1 and cell.startswith(_FORMULA) else str(cell)


def as_json(one: Series, rows: Iterable[Row], office: OfficeView, at: datetime) -> dict[str, Any]:
    """The same rows as objects by column; a withheld number is null, and `suppressed` says why."""
    names = [column.name for column in one.columns]
    return {
        "series": one.name,
        "title": {"id": one.title, "en": english(one.title)},
        "description": {"id": one.what, "en": english(one.what)},
        "office": office.code,
        "publisher": office.name,
        "licence": {"name": LICENCE[0], "url": LICENCE[1]},
        "version": VERSION,
        "as_of": at.isoformat(timespec="seconds"),
        "period": one.period,
        "columns": [_described(column) for column in one.columns],
        "rows": [_object(names, row) for row in rows],
    }


def _object(names: list[str], row: Row) -> dict[str, Any]:
    found: dict[str, Any] = {name: cell.isoformat() if isinstance(cell, date) else cell for name, cell in zip(names, row.cells, strict=True)}
    return found | ({"suppressed": dict(row.hidden)} if row.hidden else {})


def _described(column: Column) -> dict[str, Any]:
    return {
        "name": column.name,
        "type": column.kind,
        "unit": column.unit,
        "title": {"id": column.title, "en": english(column.title)},
        "description": {"id": column.how, "en": english(column.how)},
    }


def datapackage(office: OfficeView, base: str, at: datetime) -> dict[str, Any]:
    """https://specs.frictionlessdata.io/tabular-data-package/: every CSV with its schema. Paths are relative to the file."""
    return {
        "profile": "tabular-data-package",
        "name": f"loket-{office.code.replace('.', '-')}",
        "id": f"{base}{reverse('data:paket')}",
        "title": gettext("Angka layanan kependudukan {city}").format(city=office.city),
        "description": gettext("Suket, blangko, permohonan, waktu tunggu, keluhan, dan kepuasan, setiap hari."),
        "homepage": f"{base}{reverse('data:data')}",
        "version": VERSION,
        "created": at.isoformat(timespec="seconds"),
        "keywords": list(KEYWORDS),
        "licenses": [{"name": LICENCE[0], "path": LICENCE[1], "title": LICENCE[2]}],
        "contributors": [{"title": office.name, "role": "publisher", "path": base}],
        "sources": [{"title": office.name, "path": f"{base}{reverse('data:data')}"}],
        "resources": [_resource(one) for one in SERIES.values()],
    }


def _resource(one: Series) -> dict[str, Any]:
    return {
        "profile": "tabular-data-resource",
        "name": one.name,
        "path": f"{one.name}.csv",
        "title": gettext(one.title),
        "description": gettext(one.what),
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "dialect": {"delimiter": ",", "lineTerminator": "\r\n", "header": True},
        "licenses": [{"name": LICENCE[0], "path": LICENCE[1], "title": LICENCE[2]}],
        "schema": {
            "fields": [{"name": c.name, "type": c.kind, "title": gettext(c.title), "description": gettext(c.how)} for c in one.columns],
            "primaryKey": [column.name for column in one.columns[: one.keys]],
            "missingValues": ["", SMALL, COVER],
        },
    }


# The names of DCAT 3 and their meaning, so that the file is JSON-LD without anything from elsewhere.
_CONTEXT = {
    "dcat": "http://www.w3.org/ns/dcat#", "dct": "http://purl.org/dc/terms/", "foaf": "http://xmlns.com/foaf/0.1/",
    "vcard": "http://www.w3.org/2006/vcard/ns#", "conformsTo": {"@id": "dct:conformsTo", "@type": "@id"},
    "dataset": {"@id": "dcat:dataset"}, "distribution": {"@id": "dcat:distribution"}, "title": "dct:title", "description": "dct:description",
    "identifier": "dct:identifier", "issued": "dct:issued", "modified": "dct:modified", "language": "dct:language",
    "keyword": "dcat:keyword", "publisher": {"@id": "dct:publisher"}, "name": "foaf:name", "homepage": {"@id": "foaf:homepage", "@type": "@id"},
    "contactPoint": {"@id": "dcat:contactPoint"}, "fn": "vcard:fn", "hasTelephone": {"@id": "vcard:hasTelephone", "@type": "@id"},
    "hasURL": {"@id": "vcard:hasURL", "@type": "@id"}, "license": {"@id": "dct:license", "@type": "@id"},
    "accessLevel": "dct:accessRights", "accrualPeriodicity": "dct:accrualPeriodicity", "spatial": "dct:spatial",
    "landingPage": {"@id": "dcat:landingPage", "@type": "@id"}, "accessURL": {"@id": "dcat:accessURL", "@type": "@id"},
    "downloadURL": {"@id": "dcat:downloadURL", "@type": "@id"}, "mediaType": "dcat:mediaType", "format": "dct:format",
    "version": "dcat:version",
}  # fmt: skip


def catalogue(office: OfficeView, base: str, on: date) -> dict[str, Any]:
    """https://www.w3.org/TR/vocab-dcat-3/ as JSON-LD, in the place where portals look for it."""
    publisher = {"@type": "foaf:Agent", "name": office.name, "homepage": base}
    contact = {
        "@type": "vcard:Kind", "fn": office.name, "hasTelephone": f"tel:{office.wa_number}", "hasURL": f"{base}{reverse('public:bantuan')}",
    }  # fmt: skip
    shared = {
        "publisher": publisher, "contactPoint": contact, "license": LICENCE[1], "accessLevel": "public", "language": ["id", "en"],
        "issued": CHANGES[0][0].isoformat(), "modified": on.isoformat(), "spatial": office.city, "version": VERSION,
    }  # fmt: skip
    page = f"{base}{reverse('data:data')}"
    database = {
        "@type": "dcat:Dataset", "identifier": f"{base}{reverse('data:basis')}", "title": gettext("Semua seri dalam satu basis data"),
        "description": gettext("Satu berkas SQLite yang ditulis setiap hari, siap untuk datasette."), "keyword": list(KEYWORDS),
        "landingPage": page, "accrualPeriodicity": "R/P1D",
        "distribution": [_distribution(f"{base}{reverse('data:basis')}", "application/vnd.sqlite3", "SQLite")], **shared,
    }  # fmt: skip
    return {
        "@context": _CONTEXT, "@id": f"{base}{reverse('data:dcat')}", "@type": "dcat:Catalog",
        "conformsTo": "https://www.w3.org/TR/vocab-dcat-3/", "title": gettext("Data terbuka {office}").format(office=office.name),
        "description": gettext("Angka layanan kependudukan {city}, bebas dipakai dengan menyebut sumbernya.").format(city=office.city),
        "homepage": page, "publisher": publisher, "license": LICENCE[1], "language": ["id", "en"], "issued": shared["issued"],
        "modified": shared["modified"], "dataset": [*(_dataset(one, base, page, shared) for one in SERIES.values()), database],
    }  # fmt: skip


def _dataset(one: Series, base: str, page: str, shared: dict[str, Any]) -> dict[str, Any]:
    address = f"{base}{reverse('data:seri', args=[one.name])}"
    return {
        "@type": "dcat:Dataset", "identifier": address, "title": gettext(one.title), "description": gettext(one.what),
        "keyword": list(KEYWORDS), "landingPage": address, "accrualPeriodicity": _FREQUENCY[one.period],
        "distribution": [
            _distribution(f"{base}{reverse('data:csv', args=[one.name])}", "text/csv", "CSV"),
            _distribution(f"{base}{reverse('data:json', args=[one.name])}", "application/json", "JSON"),
        ], **shared,
    }  # fmt: skip


def _distribution(address: str, kind: str, shown: str) -> dict[str, str]:
    return {"@type": "dcat:Distribution", "title": shown, "downloadURL": address, "accessURL": address, "mediaType": kind, "format": shown, "license": LICENCE[1]}
