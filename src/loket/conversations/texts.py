"""Every text that leaves for a resident, in one table: Indonesian and English, at most three buttons, one fixed line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils import translation

from loket.core import codes, text

FOOTER = {
    "id": "Layanan gratis. Jangan beri OTP, PIN, atau uang lewat chat.",
    "en": "This service is free. Never give an OTP, PIN or money in chat.",
}


@dataclass(frozen=True, slots=True)
class Composed:
    """A message ready to be sent. `buttons` are (id, title), `link` is (label, address) of a button that opens a page.

    `notice`, `values`, `template` and `language` are what goes out as an approved template when the reply window is shut.
    """

    body: str
    footer: str
    buttons: tuple[tuple[str, str], ...] = ()
    link: tuple[str, str] | None = None
    notice: str = ""
    values: tuple[str, ...] = ()
    template: str = ""
    language: str = "id"


@dataclass(frozen=True, slots=True)
class Text:
    """One text in both languages; `{…}` are filled by `compose`."""

    id: str
    en: str
    buttons: tuple[tuple[str, str, str], ...] = ()
    link: tuple[str, str] | None = None


_OPEN = ("Lihat permohonan", "See the request")
_MENU = (
    ("menu:1:apply", "Ajukan permohonan", "Make a request"),
    ("menu:1:status", "Cek status", "Check status"),
    ("menu:1:person", "Tanya petugas", "Ask an officer"),
)
_PERSON = ("menu:1:person", "Tanya petugas", "Ask an officer")

TEXTS: dict[str, Text] = {
    # What other rooms announce.
    "received": Text(
        "Terima kasih. Permohonan Anda sudah kami terima.\nKode: *{code}*\nLayanan: {service}\nUrutan: {place}\n"
        "Kami selesaikan paling lambat {promise}.\nSimpan kode ini. Kirim kata STATUS kapan saja.",
        "Thank you. We have your request.\nCode: *{code}*\nService: {service}\nPlace: {place}\n"
        "It will be ready by {promise}.\nKeep this code. Send STATUS at any time.",
        link=_OPEN,
    ),
    "corrected": Text(
        "Perbaikan untuk permohonan *{code}* sudah masuk. Kami periksa lagi. Anda tidak perlu melakukan apa pun.",
        "Your correction of request *{code}* has arrived. We are checking it. There is nothing you need to do.",
        link=_OPEN,
    ),
    "verified": Text(
        "Data permohonan *{code}* sudah benar. Dokumennya kami siapkan. Perkiraan selesai {promise}.",
        "The data of request *{code}* are right. We are preparing the document. Expected by {promise}.",
        link=_OPEN,
    ),
    "in_line": Text(
        "Kabar baik. Data Anda sudah benar dan KTP-el masuk antrean cetak.\nKode: *{code}*\n"
        "Perkiraan selesai: {promise}\nAnda tidak perlu melakukan apa pun. Kami beri tahu kalau sudah selesai.",
        "Good news. Your data are right and your KTP-el is in line for printing.\nCode: *{code}*\n"
        "Expected by: {promise}\nThere is nothing you need to do. We will tell you when it is ready.",
        link=_OPEN,
    ),
    "status": Text(
        "Permohonan *{code}*: data yang Anda isi sudah benar, tetapi kartu belum bisa dicetak.\n{meaning}\n{todo}\n"
        "Urutan Anda tetap.",
        "Request *{code}*: what you filled in is right, but the card cannot be printed yet.\n{meaning}\n{todo}\n"
        "Your place stays the same.",
        (_PERSON,),
    ),
    "needs_fix": Text(
        "Permohonan *{code}* belum bisa kami proses.\nYang perlu diperbaiki: {reason}\n"
        "Tolong diperbaiki paling lambat {until}. Isian lain sudah benar dan tidak perlu diulang.",
        "We cannot process request *{code}* yet.\nWhat to mend: {reason}\n"
        "Please mend it by {until}. Everything else is right and need not be repeated.",
        link=("Perbaiki sekarang", "Mend it now"),
    ),
    "rejected": Text(
        "Permohonan *{code}* tidak dapat kami proses.\nAlasannya: {reason}\n"
        "Kalau Anda tidak setuju, tulis di sini. Petugas lain yang akan memeriksanya.",
        "We cannot process request *{code}*.\nThe reason: {reason}\n"
        "If you do not agree, write to us here. Another officer will look at it.",
        (_PERSON,),
    ),
    "cancelled": Text(
        "Permohonan *{code}* sudah dibatalkan. Anda boleh mengajukan lagi kapan saja, tanpa biaya.",
        "Request *{code}* is cancelled. You may file again at any time, free of charge.",
        _MENU[:1],
    ),
    "choose": Text(
        "KTP-el Anda ({code}) sudah selesai dicetak. Mau diterima dengan cara apa?\n"
        "1. Dikirim lewat Kantor Pos. Ongkos kirim {fee}, dibayar ke petugas Pos.\n"
        "2. Diambil di {pickup_place}. Gratis.\nTolong pilih dalam {days} hari. Kalau belum memilih, kartu kami simpan.",
        "Your KTP-el ({code}) has been printed. How would you like to receive it?\n"
        "1. Sent by Kantor Pos. Delivery fee {fee}, paid to the post officer.\n"
        "2. Collected at {pickup_place}. Free.\nPlease choose within {days} days. Until then we keep the card.",
        (
            ("choose:1:post:{raw}", "Kirim lewat Pos", "Send by post"),
            ("choose:1:pickup:{raw}", "Ambil di kantor", "Collect at office"),
            _PERSON,
        ),
    ),
    "choose_reminder": Text(
        "KTP-el Anda ({code}) masih kami simpan dan menunggu pilihan Anda.\n"
        "1. Dikirim lewat Kantor Pos, ongkos {fee}, dibayar ke petugas Pos.\n2. Diambil di {pickup_place}, gratis.",
        "We still keep your KTP-el ({code}) and wait for your choice.\n"
        "1. Sent by Kantor Pos, fee {fee}, paid to the post officer.\n2. Collected at {pickup_place}, free.",
        (
            ("choose:1:post:{raw}", "Kirim lewat Pos", "Send by post"),
            ("choose:1:pickup:{raw}", "Ambil di kantor", "Collect at office"),
            _PERSON,
        ),
    ),
    "chosen_post": Text(
        "Baik. KTP-el Anda ({code}) kami kirim lewat Kantor Pos.\nSiapkan {fee} untuk petugas Pos. Dokumennya gratis.\n"
        "Pilihan ini bisa diubah sampai amplop ditutup.",
        "Fine. We send your KTP-el ({code}) by Kantor Pos.\nHave {fee} ready for the post officer. The document is free.\n"
        "You may change this until the envelope is closed.",
        (("choose:1:pickup:{raw}", "Ambil di kantor", "Collect at office"),),
        None,
    ),
    "ready_pickup": Text(
        "KTP-el Anda ({code}) sudah bisa diambil.\nTempat: {pickup_place}\nJam: {hours}\nKode ambil: *{pickup_code}*\n"
        "Bawa Suket atau KTP lama kalau ada. Gratis. Jangan beri kode ambil kepada orang lain.",
        "Your KTP-el ({code}) is ready.\nPlace: {pickup_place}\nHours: {hours}\nPickup code: *{pickup_code}*\n"
        "Bring your Suket or old card if you have one. Free. Give the pickup code to nobody.",
        (("choose:1:post:{raw}", "Kirim lewat Pos", "Send by post"),),
    ),
    "posted": Text(
        "KTP-el Anda ({code}) sudah diserahkan ke Kantor Pos.\nNomor kiriman: {tracking}\n"
        "Siapkan {fee} dan Suket atau KTP lama. Petugas Pos tidak boleh meminta lebih dari jumlah itu.",
        "Your KTP-el ({code}) has been handed to Kantor Pos.\nTracking number: {tracking}\n"
        "Have {fee} and your Suket or old card ready. The post officer may not ask for more.",
        link=_OPEN,
    ),
    "attempt_failed": Text(
        "Petugas Pos sudah datang, tetapi {why}. KTP-el Anda ({code}) aman di Kantor Pos dan diantar lagi.",
        "The post officer came, but {why}. Your KTP-el ({code}) is safe at Kantor Pos and will be brought again.",
        (_PERSON,),
    ),
    "returned_home": Text(
        "Kiriman KTP-el Anda ({code}) kembali ke kantor kami karena {why}. Kartu Anda aman. Pilih lagi cara terimanya.",
        "Your KTP-el ({code}) came back to our office because {why}. Your card is safe. Please choose again.",
        (
            ("choose:1:post:{raw}", "Kirim ulang", "Send again"),
            ("choose:1:pickup:{raw}", "Ambil di kantor", "Collect at office"),
            _PERSON,
        ),
    ),
    "handed_over": Text(
        "KTP-el dengan kode *{code}* sudah diterima ({relation}).\n"
        "Kalau bukan Anda atau keluarga Anda yang menerima, tekan Bukan saya supaya langsung kami periksa.",
        "The KTP-el with code *{code}* has been received ({relation}).\n"
        "If it was neither you nor your family, press Not me and we will look into it at once.",
        (("received:1:notme:{raw}", "Bukan saya", "Not me"),),
    ),
    "sent": Text(
        "Dokumen untuk permohonan *{code}* sudah selesai dan dikirim. Gratis. Terima kasih sudah menunggu.",
        "The document of request *{code}* is finished and has been sent. Free. Thank you for waiting.",
        link=_OPEN,
    ),
    "delayed": Text(
        "Ada perubahan untuk permohonan *{code}*. Belum bisa selesai karena {cause}.\nPerkiraan baru: {promise}\n"
        "Urutan Anda tidak berubah dan Anda tidak perlu mengajukan ulang. Maaf karena Anda harus menunggu lebih lama.",
        "There is a change for request *{code}*. It cannot be finished yet because {cause}.\nNew date: {promise}\n"
        "Your place has not changed and you need not file again. We are sorry that you must wait longer.",
        link=_OPEN,
    ),
    "codes_again": Text(
        "Anda meminta kode permohonan dari nomor ini:\n{lines}\nKalau bukan Anda yang meminta, abaikan pesan ini.",
        "You asked for the request codes of this number:\n{lines}\nIf it was not you, ignore this message.",
        (_PERSON,),
    ),
    "form_again": Text(
        "Permohonan Anda belum dikirim. Isian yang sudah ada masih kami simpan. Buka tautan ini untuk melanjutkan.\n"
        "Kalau bukan Anda yang meminta, abaikan pesan ini.",
        "Your request has not been sent yet. We still keep what was filled in. Open this link to go on.\n"
        "If it was not you, ignore this message.",
        link=("Lanjutkan isian", "Go on"),
    ),
    "complaint_received": Text(
        "Keluhan Anda sudah kami catat dengan nomor *{complaint}*.\nKami jawab paling lambat {until}. Nama dan nomor Anda "
        "tidak kami tampilkan kepada petugas yang Anda keluhkan.\nMaaf atas pengalaman yang kurang baik ini.",
        "We have noted your complaint under number *{complaint}*.\nWe answer by {until}. Your name and number are not "
        "shown to the officer you complain about.\nWe are sorry for this experience.",
        link=("Lihat keluhan", "See the complaint"),
    ),
    "complaint_answered": Text(
        "Jawaban untuk keluhan *{complaint}*:\n{answer}\nApakah masalahnya sudah selesai? Kalau belum, buka keluhan ini dan "
        "tekan Belum selesai. Keluhan lalu diperiksa petugas lain.",
        "The answer to complaint *{complaint}*:\n{answer}\nIs the matter settled? If not, open the complaint and press "
        "Not settled. Another officer will then look at it.",
        link=("Lihat keluhan", "See the complaint"),
    ),
    # To the head of the office, on Mondays: each sentence stands on one line, as a template needs it.
    "digest": Text(
        "Ringkasan sampai {until}.\n1. {s1}\n2. {s2}\n3. {s3}\n4. {s4}\n5. {s5}",
        "Summary up to {until}.\n1. {s1}\n2. {s2}\n3. {s3}\n4. {s4}\n5. {s5}",
    ),
    "survey": Text(
        "Permohonan *{code}* sudah selesai. Bagaimana layanan kami? Ada 9 pertanyaan, sekitar 1 menit. Jawaban Anda tidak "
        "ditampilkan bersama nama.",
        "Request *{code}* is finished. How was our service? There are 9 questions, about 1 minute. Your answers are not "
        "shown with your name.",
        link=("Isi survei", "Fill in the survey"),
    ),
    # What the bot says.
    "welcome": Text(
        "Selamat datang di layanan KTP-el {office}.\nMau urus apa hari ini? Pilih tombol di bawah, atau tulis saja:\n"
        "1. Ajukan permohonan\n2. Cek status\n3. Tanya petugas",
        "Welcome to the KTP-el service of {office}.\nWhat would you like to do? Press a button, or write:\n"
        "1. Make a request\n2. Check status\n3. Ask an officer",
        _MENU,
    ),
    "form_link": Text(
        "Silakan isi permohonan di halaman resmi kami. Butuh sekitar 5 menit.\nSiapkan foto Kartu Keluarga. "
        "Tautan ini khusus untuk Anda dan berlaku 7 hari.",
        "Fill in your request on our official page. It takes about 5 minutes.\nHave a photo of your family card ready. "
        "This link is yours alone and works for 7 days.",
        link=("Isi permohonan", "Fill in the form"),
    ),
    "form_link_kindly": Text(
        "Terima kasih, pesan Anda sudah masuk. Supaya data Anda aman, isi permohonan di halaman resmi kami, "
        "bukan lewat chat. Tautan ini khusus untuk Anda dan berlaku 7 hari.",
        "Thank you, your message has arrived. To keep your data safe, fill in the form on our official page, "
        "not in chat. This link is yours alone and works for 7 days.",
        link=("Isi permohonan", "Fill in the form"),
    ),
    "status_list": Text("{lines}", "{lines}", (_PERSON,), _OPEN),
    "status_elsewhere": Text(
        "{lines}\nUntuk memilih cara terima atau memperbaiki, tulis dari nomor yang dipakai saat mengajukan, atau buka {page}",
        "{lines}\nTo choose or to correct, write from the number you filed with, or open {page}",
        (_PERSON,),
    ),
    "sent_elsewhere": Text(
        "Permohonan dari formulir ini sudah terkirim. Kabarnya kami kirim ke nomor WhatsApp yang ditulis di formulir.",
        "The request of this form has been sent. Its news goes to the WhatsApp number written in the form.",
        _MENU,
    ),
    "code_unknown": Text(
        "Kode {shown} tidak kami temukan. Periksa lagi huruf dan angkanya di bukti permohonan Anda.",
        "We do not find the code {shown}. Check its letters and digits on your receipt.",
        _MENU,
    ),
    "status_none": Text(
        "Belum ada permohonan dari nomor ini. Kalau mengajukan dengan nomor lain, kirim STATUS dari nomor itu.",
        "There is no request from this number. If you filed with another number, send STATUS from that one.",
        _MENU,
    ),
    "person_open": Text(
        "Baik. Petugas kami membalas di sini pada jam kerja, {hours}. Pesan Anda sudah masuk antrean.",
        "Fine. An officer will answer here in office hours, {hours}. Your message is in line.",
    ),
    "person_closed": Text(
        "Pesan Anda sudah masuk. Kantor sedang tutup. Petugas membalas pada jam kerja, {hours}.",
        "Your message has arrived. The office is closed. An officer will answer in office hours, {hours}.",
    ),
    "not_understood": Text(
        "Maaf, kami belum mengerti. Pilih tombol di bawah, atau tulis 1, 2, atau 3.",
        "Sorry, we did not understand. Press a button, or write 1, 2 or 3.",
        _MENU,
    ),
    "media": Text(
        "Foto Anda sudah kami terima. Supaya langsung masuk ke permohonan Anda, unggah fotonya lewat formulir.",
        "We have your photo. To put it straight into your request, upload it with the form.",
        _MENU,
    ),
    "not_me": Text(
        "Terima kasih sudah memberi tahu. Petugas kami memeriksanya sekarang dan menghubungi Anda di sini.",
        "Thank you for telling us. An officer is looking into it now and will contact you here.",
    ),
    "stopped": Text(
        "Baik, kami tidak mengirim ajakan lagi. Kabar tentang permohonan Anda tetap kami kirim. Tulis MENU kapan saja.",
        "Fine, we will send no more invitations. News about your own requests still comes. Write MENU at any time.",
    ),
    "refused": Text("{sentence}", "{sentence}", (_PERSON,)),
}

STATES = {
    "id": {
        "submitted": "sedang diperiksa", "needs_fix": "perlu Anda perbaiki", "verified": "data benar, menunggu siap cetak",
        "ready": "menunggu dicetak", "printing": "sedang dicetak", "printed": "selesai dicetak, pilih cara terimanya",
        "on_shelf": "siap diambil", "enveloped": "disiapkan untuk Pos", "manifested": "menunggu diambil Pos",
        "in_transit": "dikirim Pos", "returned_home": "kembali ke kantor, pilih lagi cara terimanya",
        "delivered": "selesai, sudah diterima", "collected": "selesai, sudah diambil", "signed": "sudah ditandatangani",
        "sent": "selesai, sudah dikirim", "rejected": "tidak dapat diproses", "cancelled": "dibatalkan",
        "withdrawn": "ditarik karena tidak diambil",
    },
    "en": {
        "submitted": "being checked", "needs_fix": "needs your correction", "verified": "data right, waiting to be printable",
        "ready": "waiting to be printed", "printing": "being printed", "printed": "printed, choose how to receive it",
        "on_shelf": "ready to collect", "enveloped": "being prepared for the post", "manifested": "waiting for the post",
        "in_transit": "with the post", "returned_home": "back at the office, choose again",
        "delivered": "finished, received", "collected": "finished, collected", "signed": "signed",
        "sent": "finished, sent", "rejected": "cannot be processed", "cancelled": "cancelled",
        "withdrawn": "withdrawn, not collected",
    },
}  # fmt: skip
RELATIONS = {
    "id": {"self": "diri sendiri", "family": "keluarga", "proxy": "kuasa"},
    "en": {"self": "the holder", "family": "family", "proxy": "a proxy"},
}
REASONS = {
    "id": {
        "not_home": "rumah kosong", "address_incomplete": "alamat tidak lengkap", "moved": "penerima sudah pindah",
        "refused": "kiriman ditolak", "unknown_person": "penerima tidak dikenal", "other": "ada kendala lain",
    },
    "en": {
        "not_home": "nobody was at home", "address_incomplete": "the address is incomplete", "moved": "the holder has moved",
        "refused": "it was refused", "unknown_person": "nobody knew the name", "other": "of another obstacle",
    },
}  # fmt: skip


def compose(
    name: str, values: Mapping[str, Any], *, language: str, link: str = "", private: Mapping[str, str] | None = None
) -> Composed:
    """A text with its values filled in: codes, dates and money as people write them.

    `values` may hold `code`, ISO dates `promise_on` and `until`, `fee` in rupiah and plain words; `private` what a
    person wrote. A missing value raises KeyError: such a message is not sent.
    """
    given = TEXTS[name]
    filled = {**_words(values, language), **(private or {})}
    body = (given.en if language == "en" else given.id).format_map(filled)
    buttons = tuple(
        (id_.format_map(filled), english if language == "en" else indonesian)
        for id_, indonesian, english in given.buttons
    )
    opening = given.link[1 if language == "en" else 0] if given.link else ""
    page = (opening, link) if opening and link else None
    # A template has one place for the text; its line breaks are not allowed there.
    return Composed(body, FOOTER[language], buttons, page, name, (body,), f"loket_{name}", language)


# Sentences of other rooms that travel as their Indonesian original and are translated here.
_TRANSLATED = ("meaning", "todo", "cause", "sentence")


def _words(values: Mapping[str, Any], language: str) -> dict[str, Any]:
    words = {key: value[language] if isinstance(value, dict) else value for key, value in values.items()}
    with translation.override(language):
        words |= {key: translation.gettext(words[key]) for key in _TRANSLATED if words.get(key)}
    if isinstance(values.get("place"), int):
        words["place"] = text.angka(values["place"], lang=language)
    if "code" in values:
        words["raw"], words["code"] = values["code"], codes.shown(values["code"])
    if values.get("promise_on"):
        words["promise"] = text.tanggal(date.fromisoformat(values["promise_on"]), language)
    if values.get("until"):
        words["until"] = text.tanggal(date.fromisoformat(values["until"]), language)
    if isinstance(values.get("fee"), int):
        words["fee"] = text.rupiah(values["fee"], language)
    if "reason" in values:
        words["why"] = REASONS[language].get(values["reason"], REASONS[language]["other"])
    if "relation" in values:
        words["relation"] = RELATIONS[language].get(values["relation"], values["relation"])
    if "tracking" in values:
        words["tracking"] = values["tracking"] or ("menyusul" if language == "id" else "follows")
    return words


def status_line(code: str, state: str, place: int | None, promise_on: date | None, language: str) -> str:
    """Where one request stands, in a sentence or two; `promise_on` while it is open."""
    english = language == "en"
    line = f"*{code}*: {STATES[language][state]}."
    if place:
        line += f" Place {place}." if english else f" Urutan {place}."
    if promise_on:
        day = text.tanggal(promise_on, language)
        line += f" Expected by {day}." if english else f" Perkiraan selesai {day}."
    return line
