"""Kota Cilegon as an office: its regions, hours, holidays of 2020 and people."""

from __future__ import annotations

import secrets
from datetime import date, datetime, time

from django.contrib.auth.hashers import make_password

from loket.conversations.models import Canned
from loket.core.actor import Role
from loket.offices import regions
from loket.offices.models import Holiday, Office, Region
from loket.staff.models import Account

CODE = "36.72"

# Fixed holidays of 2020 by the joint decree of three ministers, as changed on 9 April and 20 May 2020: the
# collective leave of Idul Fitri moved to the end of the year.
HOLIDAYS = {
    date(2020, 1, 1): "Tahun Baru", date(2020, 1, 25): "Imlek", date(2020, 3, 22): "Isra Mikraj",
    date(2020, 3, 25): "Nyepi", date(2020, 4, 10): "Wafat Isa Almasih", date(2020, 5, 1): "Hari Buruh",
    date(2020, 5, 7): "Waisak", date(2020, 5, 21): "Kenaikan Isa Almasih", date(2020, 5, 24): "Idul Fitri",
    date(2020, 5, 25): "Idul Fitri", date(2020, 6, 1): "Hari Lahir Pancasila", date(2020, 7, 31): "Idul Adha",
    date(2020, 8, 17): "Hari Kemerdekaan", date(2020, 8, 20): "Tahun Baru Hijriah", date(2020, 8, 21): "Cuti bersama",
    date(2020, 10, 28): "Cuti bersama", date(2020, 10, 29): "Maulid Nabi", date(2020, 10, 30): "Cuti bersama",
    date(2020, 12, 24): "Cuti bersama", date(2020, 12, 25): "Natal", date(2020, 12, 31): "Cuti bersama",
}  # fmt: skip

PEOPLE = (
    ("verifier", "verifikator1", "Rina Verifikator", (Role.VERIFIER,)),
    ("verifier", "verifikator2", "Dimas Verifikator", (Role.VERIFIER,)),
    ("counter", "loket1", "Yani Loket", (Role.COUNTER,)),
    ("recorder", "rekam1", "Fajar Perekam", (Role.RECORDER,)),
    ("printer", "cetak1", "Hasan Cetak", (Role.PRINTER,)),
    ("printer", "cetak2", "Wulan Cetak", (Role.PRINTER,)),
    ("custodian", "gudang1", "Tati Blangko", (Role.CUSTODIAN,)),
    ("dispatcher", "kirim1", "Iman Pengirim", (Role.DISPATCHER,)),
    ("courier", "pos1", "Bayu Kantor Pos", (Role.COURIER,)),
    ("head", "kadis", "Kepala Dinas", (Role.HEAD,)),
    ("auditor", "inspektorat", "Inspektorat", (Role.AUDITOR,)),
    ("admin", "admin", "Admin", (Role.ADMIN,)),
)

# What officers say most, with places that are filled from the case.
ANSWERS = (
    ("Salam dan tunggu", "Halo {nama}, terima kasih sudah menulis. Saya periksa dulu, mohon tunggu sebentar.",
     "Hello {nama}, thank you for writing. Let me check, one moment please."),
    ("Status permohonan", "Permohonan {kode} ({layanan}): {status}. Kami selesaikan paling lambat {janji}.",
     "Request {kode} ({layanan}): {status}. It will be ready by {janji}."),
    ("Jam buka", "{kantor} buka Senin sampai Jumat, {jam_buka}, di {alamat}. Tidak perlu datang kalau mengajukan lewat chat ini.",
     "{kantor} is open Monday to Friday, {jam_buka}, at {alamat}. There is no need to come if you file in this chat."),
    ("Biaya", "Dokumennya gratis. Kalau dikirim Kantor Pos, ongkosnya {biaya_pos}, dibayar ke petugas Pos. Jangan bayar siapa pun selain itu.",
     "The document is free. If Kantor Pos brings it, the fee is {biaya_pos}, paid to the post officer. Pay nobody else."),
)  # fmt: skip


def set_up(at: datetime) -> list[dict[str, str]]:
    """The office with its people; returns one login each, with passwords made for this installation."""
    office = Office.objects.create(
        code=CODE,
        name="Disdukcapil Kota Cilegon",
        city="Kota Cilegon",
        address="Jalan Contoh Nomor 1, Kota Cilegon",
        wa_number="+62 254 000 000",
        opens_at=time(8),
        closes_at=time(15),
    )
    found = regions.kelurahan_of(CODE)
    kecamatan = {item.code.rsplit(".", 1)[0]: item.kecamatan for item in found}
    Region.objects.bulk_create(Region(code=code, office=office, name=name) for code, name in kecamatan.items())
    Region.objects.bulk_create(
        Region(
            code=item.code, office=office, name=item.name, parent_id=item.code.rsplit(".", 1)[0],
            postal_code=item.postal_code,
        )
        for item in found
    )  # fmt: skip
    Holiday.objects.bulk_create(Holiday(office=office, on=day, name=name) for day, name in HOLIDAYS.items())
    Canned.objects.bulk_create(
        Canned(office=office, name=name, version=1, text_id=indonesian, text_en=english, author="admin", at=at)
        for name, indonesian, english in ANSWERS
    )
    logins = []
    for role, username, full_name, roles in PEOPLE:
        password = f"{secrets.token_hex(3)}-{secrets.token_hex(3)}"
        Account.objects.create(
            username=username, full_name=full_name, office=office, roles=[item.value for item in roles],
            password=make_password(password),
        )  # fmt: skip
        logins.append({"role": role, "username": username, "password": password})
    return logins
