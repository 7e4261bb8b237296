"""`plan`: when Suket will be zero, what holds it back, and what would change that."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

from loket import home
from loket.commands import refuse, say, speaks_english, start_django, told
from loket.commands.database import no_database
from loket.core import text
from loket.core.errors import Refusal
from loket.insight import forecast
from loket.insight.forecast import Plan, Scenario

# With these five nothing is asked of the office but its calendar; whatever else is left out is then unlimited or none.
BY_HAND = ("start", "suket", "blanks", "printers", "per_printer")
# Longer than any office's backlog, and short enough to be worked out.
MOST = 10**9
WORDS = {
    "printing": ("kapasitas cetak", "printing capacity"),
    "blanks": ("blangko", "blank cards"),
    "status": ("status di SIAK", "statuses in SIAK"),
    "response": ("kedatangan pemegang Suket", "holders coming forward"),
}


def add(commands: Any) -> None:
    plan = commands.add_parser(
        "plan", help="when Suket will be zero, and what holds it back",
        description="From the office's last eight weeks; whatever is given takes their place. With --start, --suket, --blanks, "
        "--printers and --per-printer nothing else is read from the office, and without --seed the answer is exact.",
    )  # fmt: skip
    plan.add_argument("--json", action="store_true", help="print one JSON document")
    plan.add_argument("--start", type=_day, metavar="DATE", help="first day; counts if it is a working day")
    plan.add_argument("--suket", type=_number, metavar="N", help="letters outstanding")
    plan.add_argument("--ready", type=_number, metavar="N", help="how many of them can be printed at all")
    plan.add_argument("--blanks", type=_number, metavar="N", help="blank cards on hand")
    plan.add_argument("--delivery", type=_delivery, metavar="DATE:N", action="append", dest="deliveries",
                      help="blanks that come, usable from that day's opening; may be repeated")  # fmt: skip
    plan.add_argument("--printers", type=_number, metavar="N", help="printers with an operator on a working day")
    plan.add_argument("--per-printer", type=_number, metavar="N", help="attempts of one printer on a working day")
    plan.add_argument("--demand", type=_rate, metavar="N", help="other cards per working day, served first")
    plan.add_argument("--spoilage", type=_share, metavar="P", help="share of attempts that are spoiled, such as 0.02")
    plan.add_argument("--response", type=_share, metavar="P", help="share of the ready holders who ever come, such as 0.8")
    plan.add_argument("--asking", type=_rate, metavar="N", help="holders who come per working day; all at once without it")
    plan.add_argument("--released", type=_rate, metavar="N", help="blocked letters that become ready per working day")
    plan.add_argument("--closed", type=_rate, metavar="N", help="letters that end without a card per working day")
    plan.add_argument("--saturdays", action="store_true", help="Saturdays are working days")
    plan.add_argument("--holidays", metavar="FILE|none", help="one date a line (2020-12-25), # begins a comment; "
                      "the office's own calendar without it")  # fmt: skip
    plan.add_argument("--seed", type=_number, metavar="N", help="median and 80 %% range of draws instead of the exact day")
    plan.add_argument("--runs", type=_number, metavar="N", default=forecast.RUNS, help="draws (default %(default)s)")
    plan.add_argument("--office", default="36.72", help="office code (default 36.72)")
    plan.set_defaults(run=run_plan, fail=plan.error)


def run_plan(given: argparse.Namespace) -> int:
    """By hand or from the office's own weeks; a plan that does not reach zero is an answer, too (exit code 0)."""
    if not 1 <= given.runs <= 10_000:
        given.fail(_told("--runs antara 1 dan 10.000.", "--runs must be between 1 and 10,000."))
    holidays = None if given.holidays is None else _holidays(given)
    if all(getattr(given, name) is not None for name in BY_HAND):
        return _by_hand(given, holidays)
    return _from_the_office(given, holidays)


def _by_hand(given: argparse.Namespace, holidays: frozenset[date] | None) -> int:
    ready = given.suket if given.ready is None else given.ready
    if ready > given.suket:
        given.fail(_told("--ready tidak boleh lebih besar daripada --suket.", "--ready cannot be more than --suket."))
    if holidays is None:
        if not (home.path() / "database.json").exists():
            holidays = frozenset()
            say("Belum ada kantor di sini: hari libur tidak dihitung. Beri --holidays FILE.",
                "There is no office here: holidays are not counted. Give --holidays FILE.")  # fmt: skip
        else:
            if (problem := no_database()) is not None:
                return problem
            start_django("web")
            from loket.offices import queries as offices

            try:
                holidays = offices.office(given.office).holidays
            except Refusal as refusal:
                return refuse(*told(refusal), "./loket plan --holidays none …")
    values = {name: value for name, value in _values(given).items() if name != "ready"}
    scenario = Scenario(**{**values, "ready": ready, "holidays": holidays})
    found = forecast.plan(scenario, seed=given.seed, runs=given.runs)
    if given.json:
        _print(forecast.as_dict(found, inputs=_inputs(scenario)))
    else:
        _tell(scenario, found)
    return 0


def _from_the_office(given: argparse.Namespace, holidays: frozenset[date] | None) -> int:
    if (problem := no_database()) is not None:
        return problem
    start_django("web")
    from loket.insight import planning

    try:
        found = planning.recent(given.office)
    except Refusal as refusal:
        return refuse(*told(refusal), "./loket plan --office …")
    by_hand = _values(given) | ({} if holidays is None else {"holidays": holidays})
    suket = by_hand.get("suket", found.scenario.suket)
    if given.ready is not None and given.ready > suket:
        given.fail(_told(f"--ready tidak boleh lebih besar daripada jumlah Suket ({suket}).",
                         f"--ready cannot be more than the number of Suket ({suket})."))  # fmt: skip
    seed = planning.SEED if given.seed is None else given.seed
    answer = planning.answer(found, by_hand, seed=seed, runs=given.runs)
    reasons = [told(Refusal("unknown", sentence, **places)) for sentence, places in answer.unknown]
    more = {"inputs": _inputs(answer.scenario), "given": sorted(by_hand), "outstanding": found.outstanding,
            "printed": found.printed, "since": found.since}  # fmt: skip
    if answer.plan is None:
        if given.json:
            _print(_silence(answer.scenario, more, [_told(*reason) for reason in reasons]))
        else:
            print(_told("Nol Suket belum bisa diperkirakan: ", "Zero Suket cannot be estimated yet: ")
                  + " ".join(_told(*reason) for reason in reasons))  # fmt: skip
        return 0
    if given.json:
        _print(forecast.as_dict(answer.plan, **more, reasons=[]))
    else:
        _tell(answer.scenario, answer.plan, found.printed)
    return 0


def _values(given: argparse.Namespace) -> dict[str, Any]:
    """What was given on the line, by the names of a scenario."""
    names = ("start", "suket", "ready", "blanks", "printers", "per_printer", "demand", "spoilage", "response", "asking",
             "released", "closed", "deliveries")  # fmt: skip
    values = {name: getattr(given, name) for name in names if getattr(given, name) is not None}
    if given.deliveries:
        values["deliveries"] = tuple(given.deliveries)
    if given.saturdays:
        values["saturdays"] = True
    return values


def _inputs(scenario: Scenario) -> dict[str, Any]:
    """The scenario as plain values, so that a plan can be made again; rates and shares to six digits."""
    names = ("start", "suket", "ready", "asked", "blanks", "printers", "per_printer", "saturdays")
    rates = ("demand", "spoilage", "response", "asking", "released", "closed")
    return {
        **{name: getattr(scenario, name) for name in names},
        **{name: None if (rate := getattr(scenario, name)) is None else round(float(rate), 6) for name in rates},
        "deliveries": [{"date": day, "blanks": quantity} for day, quantity in scenario.deliveries],
        "holidays": len(scenario.holidays),
    }


def _silence(scenario: Scenario, more: dict[str, Any], reasons: list[str]) -> dict[str, Any]:
    """The document when nobody can know: the same fields, empty, and why."""
    empty = dict.fromkeys(
        ("zero_on", "earliest", "latest", "working_days", "binding", "blanks_out_on", "last_print_on", "last_print_earliest",
         "last_print_latest")
    )  # fmt: skip
    return {
        "reaches_zero": False, **empty, "remaining": scenario.suket, "blanks_left": scenario.blanks, "others_unserved": 0,
        "runs": 0, **more, "reasons": reasons, "reliefs": [], "stretches": [], "weeks": [], "days": [],
    }  # fmt: skip


def _print(document: dict[str, Any]) -> None:
    json.dump(document, sys.stdout, ensure_ascii=False, default=str)
    print()


def _tell(scenario: Scenario, found: Plan, printed: int = 0) -> None:
    """The answer as sentences, on standard output: it is what was asked for."""
    lang = "en" if speaks_english() else "id"
    for indonesian, english in _sentences(scenario, found, printed, lang):
        print(english if lang == "en" else indonesian)


def _sentences(scenario: Scenario, found: Plan, printed: int, lang: str) -> list[tuple[str, str]]:
    def n(value: int) -> str:
        return text.angka(value, lang=lang)

    def day(value: date | None) -> str:
        return text.tanggal(value, lang) if value else _told("entah kapan", "nobody knows when")

    said = []
    if printed:
        said.append((f"{n(printed)} kartu sudah tercetak dan tinggal diserahkan; rencana ini tentang {n(scenario.suket)} lainnya.",
                     f"{n(printed)} cards are printed and only wait to be handed over; this plan is about the other {n(scenario.suket)}."))  # fmt: skip
    if found.zero_on:
        between = (f", antara {day(found.earliest)} dan {day(found.latest)}", f", between {day(found.earliest)} and {day(found.latest)}")
        said.append((f"Nol Suket {day(found.zero_on)}{between[0] if found.runs else ''}: {n(found.working_days or 0)} hari kerja.",
                     f"Zero Suket on {day(found.zero_on)}{between[1] if found.runs else ''}: {n(found.working_days or 0)} working days."))  # fmt: skip
    else:
        said.append((f"Nol Suket tidak tercapai: {n(found.remaining)} dari {n(scenario.suket)} tersisa.",
                     f"Zero Suket is not reached: {n(found.remaining)} of {n(scenario.suket)} are left."))  # fmt: skip
    last, first, latest = found.last_print
    if last and last != found.zero_on:
        between = (f", antara {day(first)} dan {day(latest)}", f", between {day(first)} and {day(latest)}")
        said.append((f"Kartu terakhir untuk Suket dicetak {day(last)}{between[0] if found.runs else ''}.",
                     f"The last card for a Suket is printed on {day(last)}{between[1] if found.runs else ''}."))  # fmt: skip
    if scenario.suket and found.is_relieved:
        what = WORDS[found.binding]
        said.append((f"Yang paling menahan: {what[0]}.", f"What holds it back most: {what[1]}."))
    elif scenario.suket:
        said.append(("Melonggarkan satu hambatan saja tidak mempercepatnya.", "Loosening just one constraint would not bring it earlier."))
    for stretch in found.stretches:
        what = WORDS[stretch.binding]
        said.append((f"  {day(stretch.first)} sampai {day(stretch.last)}: {what[0]}",
                     f"  {day(stretch.first)} to {day(stretch.last)}: {what[1]}"))  # fmt: skip
    if found.blanks_out_on:
        said.append((f"Blangko habis {day(found.blanks_out_on)} kalau tidak ada kiriman lain.",
                     f"Blank cards run out on {day(found.blanks_out_on)} if nothing else is delivered."))  # fmt: skip
    else:
        said.append((f"Sisa blangko {n(found.blanks_left)}.", f"Blank cards left: {n(found.blanks_left)}."))
    if found.unserved and not found.blanks_out_on:
        said.append((f"{n(found.unserved)} kartu lain tidak terlayani pada harinya.",
                     f"{n(found.unserved)} other cards could not be served on their day."))  # fmt: skip
    return said


def _told(indonesian: str, english: str) -> str:
    return english if speaks_english() else indonesian


def _holidays(given: argparse.Namespace) -> frozenset[date]:
    if given.holidays == "none":
        return frozenset()
    try:
        lines = Path(given.holidays).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError):
        given.fail(_told(f"Berkas hari libur {given.holidays} tidak bisa dibaca.", f"The file of holidays {given.holidays} cannot be read."))
    found = set()
    for number, line in enumerate(lines, start=1):
        if written := line.split("#")[0].strip():
            try:
                found.add(_day(written))
            except argparse.ArgumentTypeError as problem:
                given.fail(_told(f"{given.holidays}, baris {number}: {problem}", f"{given.holidays}, line {number}: {problem}"))
    return frozenset(found)


def _day(written: str) -> date:
    try:
        if len(written) != 10:
            raise ValueError
        return date.fromisoformat(written)
    except ValueError:
        raise argparse.ArgumentTypeError(
            _told(f"{written!r} bukan tanggal; tulis seperti 2020-06-02.", f"{written!r} is not a date; write it like 2020-06-02.")
        ) from None


def _number(written: str) -> int:
    if not (written.isascii() and written.isdecimal() and len(written) < 11 and int(written) <= MOST):
        raise argparse.ArgumentTypeError(
            _told(f"{written!r} bukan bilangan bulat dari 0 sampai 1.000.000.000.", f"{written!r} is not a whole number from 0 to 1,000,000,000.")
        )
    return int(written)


def _delivery(written: str) -> tuple[date, int]:
    day, mark, quantity = written.partition(":")
    if not mark:
        raise argparse.ArgumentTypeError(
            _told(f"{written!r} bukan kiriman; tulis seperti 2020-06-15:4000.", f"{written!r} is not a delivery; write it like 2020-06-15:4000.")
        )
    return _day(day), _number(quantity)


def _fraction(written: str) -> Fraction | None:
    """A decimal number as it was written: 0.29 is 29 hundredths, not the nearest binary."""
    whole, _mark, part = written.partition(".")
    digits = (whole + part).isascii() and (whole + part).isdecimal() and len(written) <= 20
    return Fraction(written) if digits and whole and (part or "." not in written) else None


def _rate(written: str) -> Fraction:
    found = _fraction(written)
    if found is None or found > MOST:
        raise argparse.ArgumentTypeError(
            _told(f"{written!r} bukan jumlah per hari kerja; tulis seperti 40 atau 2.5.", f"{written!r} is not a number per working day; write it like 40 or 2.5.")
        )
    return found


def _share(written: str) -> Fraction:
    found = _fraction(written)
    if found is None or found > 1:
        raise argparse.ArgumentTypeError(
            _told(f"{written!r} bukan bagian antara 0 dan 1; tulis seperti 0.02.", f"{written!r} is not a share between 0 and 1; write it like 0.02.")
        )
    return found
