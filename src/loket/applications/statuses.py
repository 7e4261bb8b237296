"""The enrolment statuses of SIAK, and what each means for the resident: what to do, and who must act.

Source: the status lists that offices publish (Purbalingga, Sambas, Banyumas; the ministry's slides of 2015).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from loket.core.errors import N_, Refusal


@dataclass(frozen=True, slots=True)
class Status:
    """One status: SIAK's own word, the words lists use for it, what it means and who acts next."""

    code: str
    aliases: tuple[str, ...]
    meaning: str
    todo: str
    who_acts: str


STATUSES = (
    Status("PRINT_READY_RECORD", ("PRR", "SIAP CETAK"), N_("Data Anda sudah siap dicetak."),
           N_("Anda tidak perlu melakukan apa pun."), "office"),
    Status("UNREGISTERED", ("BELUM REKAM", "BELUM"), N_("Sidik jari dan foto Anda belum direkam."),
           N_("Datang ke kecamatan mana saja di kota ini dengan Kartu Keluarga untuk perekaman. Gratis."), "resident"),
    Status("BIO_CAPTURED", ("BIO", "SUDAH REKAM"), N_("Sidik jari dan foto Anda sudah direkam dan menunggu dikirim ke pusat."),
           N_("Anda tidak perlu melakukan apa pun. Kami kabari kalau sudah siap."), "office"),
    Status("PROCESSING", ("PRO",), N_("Rekaman Anda sedang disiapkan untuk dikirim ke pusat."),
           N_("Anda tidak perlu melakukan apa pun. Kami kabari kalau sudah siap."), "office"),
    Status("SENT_FOR_ENROLLMENT", ("SFE", "SENT FOR ENROLMENT"), N_("Rekaman Anda sedang diperiksa di pusat."),
           N_("Anda tidak perlu melakukan apa pun. Pemeriksaan bisa beberapa hari atau lebih."), "centre"),
    Status("RECEIVED_AT_CENTRAL", ("RAC",), N_("Rekaman Anda sudah sampai di pusat."),
           N_("Anda tidak perlu melakukan apa pun. Kami kabari kalau sudah siap."), "centre"),
    Status("SENT_FOR_DEDUP", ("SFD",), N_("Rekaman Anda sedang dibandingkan dengan data lain di pusat."),
           N_("Anda tidak perlu melakukan apa pun. Kami kabari kalau sudah siap."), "centre"),
    Status("ENROLL_FAILURE_AT_CENTRAL", ("EFAC",), N_("Rekaman sidik jari atau foto Anda tidak terbaca di pusat."),
           N_("Datang ke kecamatan untuk rekam ulang. Ini bukan kesalahan Anda, dan urutan Anda tetap."), "resident"),
    Status("ENROLL_FAILURE_AT_REGIONAL", ("EFAR",), N_("Rekaman sidik jari atau foto Anda tidak lengkap."),
           N_("Datang ke kecamatan untuk rekam ulang. Ini bukan kesalahan Anda, dan urutan Anda tetap."), "resident"),
    Status("SEARCH_FAILURE_AT_CENTRAL", ("SFAC",), N_("Pemeriksaan rekaman Anda di pusat belum berhasil."),
           N_("Petugas kami mengirim ulang datanya. Anda tidak perlu melakukan apa pun."), "office"),
    Status("ADJUDICATE_RECORD", ("ADJ", "ADJUDICATE IN PROCESS"), N_("Sidik jari Anda mirip dengan data lain dan sedang diperiksa."),
           N_("Petugas kami mengurusnya ke pusat. Anda tidak perlu melakukan apa pun."), "office"),
    Status("REQUEST_VALIDATION", (), N_("Data Anda perlu divalidasi di pusat."),
           N_("Petugas kami mengurusnya ke pusat. Anda tidak perlu melakukan apa pun."), "office"),
    Status("DUPLICATE_RECORD", ("DUP", "DUPLIKAT", "GANDA"), N_("Anda tercatat pernah direkam sebelumnya, jadi kartu belum bisa dicetak."),
           N_("Jangan rekam lagi. Datang ke kantor kami dengan Kartu Keluarga supaya rekaman ganda dihapus."), "resident"),
    Status("SENT_FOR_CARD_PRINTING", (), N_("Data Anda sudah masuk antrean cetak."),
           N_("Anda tidak perlu melakukan apa pun."), "office"),
    Status("CARD_PRINTED", (), N_("Menurut data pusat, KTP-el Anda sudah pernah dicetak."),
           N_("Tanyakan kepada petugas kami. Kartu Anda mungkin sudah ada di kantor."), "office"),
    Status("CARD_SHIPPED", (), N_("Menurut data pusat, KTP-el Anda sudah dikirim ke tempat penyerahan."),
           N_("Tanyakan kepada petugas kami. Kartu Anda mungkin sudah ada di kantor."), "office"),
    Status("CARD_ISSUED", (), N_("Menurut data pusat, KTP-el Anda sudah diserahkan."),
           N_("Kalau kartunya tidak ada pada Anda, hubungi petugas kami."), "office"),
)  # fmt: skip

_FOLD = re.compile(r"[^A-Z]+")
_BY_NAME = {
    _FOLD.sub("", name.upper()): status for status in STATUSES for name in (status.code, *status.aliases)
}
_UNKNOWN = Status(
    "", (), N_("Status perekaman Anda belum kami terima dari pusat."),
    N_("Kalau belum pernah rekam, datang ke kecamatan dengan Kartu Keluarga. Kalau sudah, Anda tinggal menunggu."),
    "office",
)  # fmt: skip


def parse(text: str) -> Status:
    """The status somebody wrote, in any case, with blanks or underscores, or as the short code of a list."""
    found = _BY_NAME.get(_FOLD.sub("", text.upper()))
    if found is None:
        raise Refusal(
            "status_unknown", N_("Status {status} tidak dikenal. Contoh yang benar: PRR, SFE, DUP, EFAC."),
            field="status", status=text[:40],
        )  # fmt: skip
    return found


def explain(code: str) -> Status:
    """What a stored status means; no status yet has its own explanation."""
    return _BY_NAME.get(_FOLD.sub("", code.upper()), _UNKNOWN) if code else _UNKNOWN
