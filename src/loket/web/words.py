"""Turns what the rooms say into the language of the page: refusals, states, places, trails."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from loket.core.errors import Refusal, Refusals

# (what the office says, what the resident reads, colour): one word for one thing on every screen.
STATES: dict[str, tuple[Any, Any, str]] = {
    "draft": (_("Belum dikirim"), _("Belum dikirim"), "netral"),
    "submitted": (_("Baru"), _("Sedang diperiksa"), "info"),
    "needs_fix": (_("Menunggu warga"), _("Perlu diperbaiki"), "awas"),
    "verified": (_("Menunggu status SIAK"), _("Data benar, menunggu siap cetak"), "info"),
    "ready": (_("Siap cetak"), _("Menunggu dicetak"), "info"),
    "printing": (_("Dalam batch"), _("Sedang dicetak"), "info"),
    "printed": (_("Tercetak"), _("Selesai dicetak"), "ok"),
    "on_shelf": (_("Di rak"), _("Siap diambil"), "ok"),
    "enveloped": (_("Dalam amplop"), _("Disiapkan untuk Pos"), "info"),
    "manifested": (_("Di manifes"), _("Menunggu diambil Pos"), "info"),
    "in_transit": (_("Di Pos"), _("Dikirim Pos"), "info"),
    "returned_home": (_("Retur"), _("Kembali ke kantor"), "awas"),
    "delivered": (_("Diterima"), _("Selesai, sudah diterima"), "ok"),
    "collected": (_("Diambil"), _("Selesai, sudah diambil"), "ok"),
    "signed": (_("Ditandatangani"), _("Sudah ditandatangani"), "info"),
    "sent": (_("Terkirim"), _("Selesai, sudah dikirim"), "ok"),
    "rejected": (_("Ditolak"), _("Tidak dapat diproses"), "netral"),
    "cancelled": (_("Dibatalkan"), _("Dibatalkan"), "netral"),
    "withdrawn": (_("Ditarik"), _("Ditarik, tidak diambil"), "netral"),
}

PLACES = {
    "centre": _("Pusat"),
    "in_transit": _("Dalam perjalanan"),
    "store": _("Gudang"),
    "drawer": _("Laci operator"),
    "printed": _("Tercetak"),
    "spoiled": _("Rusak"),
    "destroyed": _("Dimusnahkan"),
    "returned": _("Dikembalikan"),
    "missing": _("Dinyatakan hilang"),
}

RELATIONS = {"self": _("Diri sendiri"), "family": _("Keluarga satu KK"), "proxy": _("Kuasa dengan surat")}
SUKET = {
    "withdrawn": _("Ditarik"),
    "shown": _("Ditunjukkan"),
    "declared_lost": _("Dinyatakan hilang"),
    "not_available": _("Tidak dibawa"),
    "none": _("Tidak punya"),
}
FAILURES = {
    "not_home": _("Rumah kosong"),
    "address_incomplete": _("Alamat tidak lengkap"),
    "moved": _("Sudah pindah"),
    "refused": _("Menolak menerima"),
    "unknown_person": _("Penerima tidak dikenal"),
    "other": _("Sebab lain"),
}
PRINT_RESULTS = {
    "printed": _("Tercetak baik"),
    "print_failure": _("Gagal cetak"),
    "encode_failure": _("Gagal encode"),
    "factory_defect": _("Cacat pabrik"),
}
MESSAGES = {
    "queued": _("menunggu dikirim"),
    "sending": _("sedang dikirim"),
    "unknown": _("belum ada kabar"),
    "sent": _("terkirim"),
    "delivered": _("sampai"),
    "read": _("dibaca"),
    "failed": _("gagal"),
    "dead": _("gagal"),
}
COMPLAINT_KINDS = {
    "late": _("Permohonan lama atau lewat janji"),
    "money": _("Ada yang meminta uang"),
    "manner": _("Pelayanan petugas kurang baik"),
    "mistake": _("Data atau kartu keliru"),
    "other": _("Hal lain"),
}
# (what the office says, what the resident reads, colour)
COMPLAINT_STATES: dict[str, tuple[Any, Any, str]] = {
    "filed": (_("Baru"), _("Sudah kami catat"), "info"),
    "answered": (_("Dijawab"), _("Sudah dijawab"), "ok"),
    "reopened": (_("Dibuka lagi"), _("Dibuka lagi, sedang diperiksa"), "awas"),
    "closed": (_("Ditutup"), _("Selesai"), "netral"),
}
# What the worker saw in a photo: a hint beside it, decided by the officer.
PHOTO_FAULTS = {
    "dark": _("Foto gelap"),
    "bright": _("Foto silau"),
    "small": _("Tulisan kecil"),
    "blurred": _("Foto buram"),
    "cut": _("Ada bagian terpotong"),
}
ACTIONS = {
    "application.file": _("Permohonan diajukan"),
    "application.approve": _("Disetujui"),
    "application.return": _("Dikembalikan untuk diperbaiki"),
    "application.correct": _("Diperbaiki warga"),
    "application.reject": _("Ditolak"),
    "application.change_phone": _("Nomor WhatsApp diubah petugas"),
    "application.cancel": _("Dibatalkan"),
    "application.release": _("Siap cetak menurut SIAK"),
    "application.hold": _("Status SIAK berubah, menunggu lagi"),
    "application.start_print": _("Masuk batch cetak"),
    "application.put_back": _("Kembali ke antrean cetak, urutan tetap"),
    "application.print": _("Tercetak"),
    "application.choose": _("Cara terima dipilih"),
    "application.shelve": _("Pilih ambil di kantor, disimpan di rak"),
    "application.unshelve": _("Pilih dikirim Pos"),
    "application.envelope": _("Dimasukkan amplop"),
    "application.open_envelope": _("Dikeluarkan dari amplop"),
    "application.manifest": _("Manifes ditutup"),
    "application.hand_over": _("Diserahkan ke Kantor Pos"),
    "application.deliver": _("Diterima warga lewat Pos"),
    "application.bring_home": _("Kembali ke kantor"),
    "application.collect": _("Diambil di loket"),
    "application.sign": _("Ditandatangani"),
    "application.send": _("Dikirim ke warga"),
    "application.slip": _("Janji bergeser"),
    "application.withdraw": _("Ditarik karena tidak diambil"),
    "card.spoil": _("Kartu rusak saat dicetak"),
    "delivery.attempt_failed": _("Pengantaran gagal"),
    "delivery.wrong_code": _("Kode ambil salah"),
    "delivery.resend_code": _("Kode ambil dikirim ulang"),
    "read.case": _("Data dibuka petugas"),
    "read.photo": _("Foto berkas dibuka petugas"),
    "read.chat_photo": _("Foto obrolan dibuka petugas"),
    "case.photos_deleted": _("Foto berkas dihapus sesuai masa simpannya"),
    "read.nik": _("NIK dibuka petugas"),
    "read.search_nik": _("Dicari petugas dengan NIK"),
}


def sentence(refusal: Refusal | Refusals) -> str:
    """The sentence of a refusal in the active language, its parameters filled in."""
    if isinstance(refusal, Refusals):
        return " ".join(sentence(problem) for problem in refusal.problems)
    template = gettext(refusal.message)
    return template.format(**refusal.shown) if refusal.params else template


def problems(refusal: Refusal | Refusals) -> list[tuple[str, str]]:
    """Each problem as (field, sentence), for the summary on top and the line by the field."""
    items = refusal.problems if isinstance(refusal, Refusals) else [refusal]
    return [(item.field or "", sentence(item)) for item in items]


def staff_state(state: str) -> str:
    return str(STATES[state][0])


def resident_state(state: str) -> str:
    return str(STATES[state][1])


def colour(state: str) -> str:
    return STATES[state][2]


def complaint_kinds() -> list[tuple[str, str]]:
    """What may have happened, as choices of a form."""
    return [(kind, str(label)) for kind, label in COMPLAINT_KINDS.items()]
