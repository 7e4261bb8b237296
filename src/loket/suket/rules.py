"""The segments of the register: where each letter stands and who must act. They always add up to all letters."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from loket.core.actor import Role
from loket.core.errors import N_, Refusal


class Segment(StrEnum):
    """Where an outstanding letter stands. A letter is in the first segment of this order that fits it."""

    WAITING = "waiting"
    BLOCKED = "blocked"
    UNREACHABLE = "unreachable"
    SILENT = "silent"
    PRINTABLE = "printable"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a segment says: its name, what to do, and who must act."""

    name: str
    todo: str
    who_acts: str


MEANINGS: dict[Segment, Meaning] = {
    Segment.WAITING: Meaning(
        N_("Kartu sudah dicetak, belum di tangan warga"),
        N_("Antar lewat Pos, siapkan di loket, atau hubungi lagi. Suket tetap terhitung sampai kartunya diterima."),
        "office",
    ),
    Segment.BLOCKED: Meaning(
        N_("Belum bisa dicetak karena statusnya"),
        N_("Lihat statusnya satu per satu: sebagian harus rekam ulang, sebagian diurus kantor ke pusat."),
        "office",
    ),
    Segment.UNREACHABLE: Meaning(
        N_("Tidak bisa dihubungi"),
        N_("Minta bantuan kelurahan atau RT. Yang tidak ditemukan tetap dihitung."),
        "office",
    ),
    Segment.SILENT: Meaning(
        N_("Sudah dihubungi, belum menjawab"),
        N_("Ingatkan lewat jalan lain: SMS, kelurahan, atau kunjungan."),
        "resident",
    ),
    Segment.PRINTABLE: Meaning(
        N_("Bisa dicetak sekarang"),
        N_("Undang, atau lanjutkan permohonannya."),
        "office",
    ),
}

# States of an open card whose card exists but is not in the hand.
CARD_EXISTS = ("printed", "enveloped", "manifested", "in_transit", "returned_home", "on_shelf", "withdrawn")
PRINT_READY = "PRINT_READY_RECORD"

# Who may settle a letter with which outcome by hand; an exchange is settled by the hand-over alone.
BY_HAND = ("died", "moved", "duplicate", "holds_card")
SETTLERS = (Role.VERIFIER, Role.COUNTER, Role.ADMIN)


def check_outcome(outcome: str, evidence: str) -> None:
    """Refuses an outcome that is no outcome, or one without evidence."""
    if outcome not in BY_HAND:
        raise Refusal(
            "outcome_unknown",
            N_("Pilih hasilnya: meninggal, pindah, Suket ganda, atau sudah punya KTP-el."),
            field="outcome",
        )
    if len(evidence.strip()) < 3:
        raise Refusal(
            "evidence_missing",
            N_("Tulis buktinya, misalnya nomor akta kematian atau nomor surat pindah."),
            field="evidence",
        )


_PLACE = re.compile(r"\{(?:number(?::0[1-9]d)?|office|year)\}")


def check_pattern(pattern: str) -> None:
    """Refuses a pattern of numbers without a serial, or with a place that nobody fills.

    Only the places themselves are let through to `str.format`, which would also follow attributes, fill gigabytes with
    zeros, and cut a serial so that two letters get one number.
    """
    if "{number" not in pattern or set("{}") & set(_PLACE.sub("", pattern)):
        raise Refusal(
            "pattern_odd",
            N_("Pola nomor memakai [number], [office], dan [year] dalam kurung kurawal. Contoh: 471.13/[number]/SKT/[office]/[year]."),
            field="pattern",
        )
