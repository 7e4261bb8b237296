"""Every text that leaves for a resident, in one table: Indonesian and English, at most three buttons, one fixed line."""

from __future__ import annotations

from dataclasses import dataclass

FOOTER = {
    "id": "Layanan gratis. Jangan beri OTP, PIN, atau uang lewat chat.",
    "en": "This service is free. Never give OTP, PIN or money in chat.",
}


@dataclass(frozen=True, slots=True)
class Text:
    """One text in both languages; `{…}` are filled by `composing.compose`. `list_label` opens the rows that come with its values."""

    id: str
    en: str
    buttons: tuple[tuple[str, str, str], ...] = ()
    link: tuple[str, str] | None = None
    list_label: tuple[str, str] | None = None


_OPEN = ("Lihat permohonan", "See the request")
_MENU = (
    ("menu:1:apply", "Ajukan permohonan", "Make a request"),
    ("menu:1:status", "Cek status", "Check status"),
    ("menu:1:person", "Tanya petugas", "Ask an officer"),
)
_PERSON = ("menu:1:person", "Tanya petugas", "Ask an officer")
_RESUME = (("menu:1:resume", "Lanjutkan isian Anda", "Go on with your form"), *_MENU[1:])
_BACK = ("menu:1:menu", "Pilihan lain", "Other choices")

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
        "Data permohonan *{code}* sudah benar. Perkiraan selesai {promise}. Dokumennya sedang kami siapkan.",
        "The data of request *{code}* are right. Expected by {promise}. We are preparing the document.",
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
        "Permohonan *{code}*: data yang Anda isi sudah benar, tetapi kartu belum bisa dicetak.\nArtinya: {meaning}\n"
        "Yang perlu Anda lakukan: {todo}\n"
        "Urutan Anda tetap.",
        "Request *{code}*: what you filled in is right, but the card cannot be printed yet.\nIt means: {meaning}\n"
        "What to do: {todo}\n"
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
    # What the office begins: a conversation whose window is shut, and the invitation to exchange a Suket.
    "go_on": Text(
        "Petugas kami ingin melanjutkan percakapan dengan Anda di {office}.\nBalas pesan ini supaya kami bisa menjawab.",
        "An officer would like to go on with your conversation at {office}.\nAnswer this message so that we can reply.",
        (("menu:1:person", "Lanjutkan", "Go on"),),
    ),
    "suket_invite": Text(
        "Pemberitahuan dari {office}: KTP-el pengganti Suket Anda sudah bisa dibuat.\n"
        "Tukarkan Suket lewat chat ini, tanpa datang ke kantor. Dokumennya gratis.\n"
        "Kalau sudah punya KTP-el, tekan Sudah punya KTP.",
        "Notice from {office}: the KTP-el that replaces your Suket can now be made.\n"
        "Exchange your Suket in this chat, without coming to the office. The document is free.\n"
        "If you already have a KTP-el, press I have a KTP.",
        (
            ("menu:1:apply", "Tukar Suket", "Exchange Suket"),
            ("invite:1:has_card", "Sudah punya KTP", "I have a KTP"),
            ("menu:1:stop", "Berhenti", "Stop"),
        ),
    ),
    # What goes by SMS or e-mail when WhatsApp cannot: the code alone, no link into the case, no number of a person.
    "sms_choose": Text(
        "{office}: KTP-el {code} sudah dicetak. Pilih cara terima di {page} dengan kode itu. Gratis.",
        "{office}: KTP-el {code} has been printed. Choose how to receive it at {page} with that code. Free.",
    ),
    "sms_pickup": Text(
        "{office}: KTP-el {code} siap diambil, {hours}. Lihat {page} dengan kode itu. Gratis.",
        "{office}: KTP-el {code} is ready to collect, {hours}. See {page} with that code. Free.",
    ),
    "sms_posted": Text(
        "{office}: KTP-el {code} sudah diserahkan ke Kantor Pos. Siapkan {fee}. Lihat {page} dengan kode itu.",
        "{office}: KTP-el {code} has been handed to Kantor Pos. Have {fee} ready. See {page} with that code.",
    ),
    # What the bot says.
    "welcome": Text(
        "Selamat datang di layanan KTP-el {office}.\nMau urus apa hari ini? Pilih tombol di bawah, atau tulis saja:\n"
        "1. Ajukan permohonan\n2. Cek status\n3. Tanya petugas",
        "Welcome to the KTP-el service of {office}.\nWhat would you like to do? Press a button, or write:\n"
        "1. Make a request\n2. Check status\n3. Ask an officer",
        _MENU,
    ),
    "welcome_back": Text(
        "Selamat datang kembali di layanan KTP-el {office}.\nIsian Anda belum dikirim. Pilih tombol di bawah, atau tulis saja:\n"
        "1. Lanjutkan isian Anda\n2. Cek status\n3. Tanya petugas",
        "Welcome back to the KTP-el service of {office}.\nYour form has not been sent yet. Press a button, or write:\n"
        "1. Go on with your form\n2. Check status\n3. Ask an officer",
        _RESUME,
    ),
    "expired": Text(
        "Pertanyaan yang tadi sudah lewat waktunya, jadi jawaban Anda belum kami pakai. Pilih lagi yang Anda perlukan.",
        "That question is too old, so we have not used your answer. Please choose again what you need.",
        _MENU,
    ),
    "expired_back": Text(
        "Pertanyaan yang tadi sudah lewat waktunya, jadi jawaban Anda belum kami pakai. Isian permohonan Anda masih tersimpan.",
        "That question is too old, so we have not used your answer. Your form is still kept.",
        _RESUME,
    ),
    "old_button": Text(
        "Tombol itu dari pesan lama dan tidak dipakai lagi. Tidak ada yang berubah. Pilih yang Anda perlukan sekarang.",
        "That button is from an old message and no longer in use. Nothing has changed. Choose what you need now.",
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
    "form_link_read": Text(
        "Terima kasih, pesan Anda sudah kami baca: {read}.\nIsiannya sudah kami siapkan di halaman resmi kami. "
        "Periksa, lengkapi, lalu kirim. Tautan ini khusus untuk Anda dan berlaku 7 hari.",
        "Thank you, we have read your message: {read}.\nIt stands ready on our official page. "
        "Check it, complete it, then send it. This link is yours alone and works for 7 days.",
        link=("Periksa isian", "Check the form"),
    ),
    "form_link_kindly_short": Text(
        "Terima kasih, pesan Anda sudah masuk. NIK dan Nomor KK berisi 16 angka, yang Anda tulis {count} angka. "
        "Salin dari Kartu Keluarga ke halaman resmi kami, bukan lewat chat. Tautan ini berlaku 7 hari.",
        "Thank you, your message has arrived. A NIK and a KK number have 16 digits, yours has {count}. "
        "Copy it from the family card into our official page, not into the chat. This link works for 7 days.",
        link=("Isi permohonan", "Fill in the form"),
    ),
    "form_resume": Text(
        "Isian Anda belum dikirim dan masih tersimpan. Lanjutkan isian Anda lewat tautan ini, yang khusus untuk Anda.\n"
        "Mau mulai dari awal? Tulis BARU.",
        "Your form has not been sent and is still kept. Go on with it by this link, which is yours alone.\n"
        "To start over, write BARU.",
        link=("Lanjutkan isian Anda", "Go on with your form"),
    ),
    "form_waiting": Text(
        "Isian permohonan Anda belum dikirim, jadi belum masuk antrean. Isiannya masih tersimpan.\n"
        "Lanjutkan isian Anda lewat tautan ini, yang khusus untuk Anda.",
        "Your form has not been sent, so it is not in line yet. What you filled in is still kept.\n"
        "Go on with it by this link, which is yours alone.",
        link=("Lanjutkan isian Anda", "Go on with your form"),
    ),
    "status_list": Text(
        "{lines}\nMau bertanya? Tulis PETUGAS.", "{lines}\nAny question? Write PETUGAS.", link=_OPEN
    ),
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
    "own_codes": Text(
        "Kode permohonan dari nomor ini:\n{lines}\nSimpan kode ini. Kode saja tidak membuka data Anda.",
        "The request codes of this number:\n{lines}\nKeep them. A code alone does not open your data.",
        (_PERSON,),
    ),
    "fix_link": Text(
        "Permohonan *{code}* menunggu perbaikan dari Anda. Hanya bagian yang ditandai yang perlu diisi lagi.",
        "Request *{code}* waits for your correction. Only the marked parts are asked again.",
        link=("Perbaiki sekarang", "Mend it now"),
    ),
    "fix_none": Text(
        "Tidak ada permohonan dari nomor ini yang perlu diperbaiki. Kalau salah isi, tanya petugas kami di sini.",
        "No request from this number needs a correction. If you filled something in wrongly, ask our officer here.",
        (_PERSON, _BACK),
    ),
    "cancel_link": Text(
        "Untuk membatalkan permohonan *{code}*, buka halamannya dan pilih Batalkan. Tidak ada yang batal sebelum Anda memilihnya di sana.",
        "To cancel request *{code}*, open its page and choose Cancel. Nothing is cancelled before you choose it there.",
        link=_OPEN,
    ),
    "cancel_none": Text(
        "Baik. Tidak ada permohonan dari nomor ini yang bisa dibatalkan. Kalau perlu apa-apa, pilih di bawah.",
        "Fine. There is no request from this number that can be cancelled. Choose below if you need anything.",
        _MENU,
    ),
    "confirm_post": Text(
        "KTP-el Anda ({code}) akan dikirim lewat Kantor Pos. Ongkos kirim {fee}, dibayar ke petugas Pos. Dokumennya Rp0. Benar?",
        "Your KTP-el ({code}) will be sent by Kantor Pos. The delivery fee is {fee}, paid to the post officer. The document costs Rp0. Right?",
        (
            ("choose:1:post:{raw}", "Ya, kirim lewat Pos", "Yes, send by post"),
            ("choose:1:pickup:{raw}", "Ambil di kantor", "Collect at office"),
            _PERSON,
        ),
    ),
    "confirm_pickup": Text(
        "KTP-el Anda ({code}) akan Anda ambil di {pickup_place}. Gratis. Benar?",
        "You will collect your KTP-el ({code}) at {pickup_place}. Free. Right?",
        (
            ("choose:1:pickup:{raw}", "Ya, saya ambil", "Yes, I collect it"),
            ("choose:1:post:{raw}", "Kirim lewat Pos", "Send by post"),
            _PERSON,
        ),
    ),
    "chosen_before": Text(
        "Pilihan Anda untuk *{code}* sudah kami catat sebelumnya dan tidak berubah.",
        "Your choice for *{code}* was noted before and has not changed.",
        (_PERSON,),
    ),
    "choose_not_yet": Text(
        "Belum ada KTP-el Anda yang menunggu pilihan ini. Setelah kartu dicetak, kami tanya cara terimanya di sini: lewat Kantor Pos atau diambil.",
        "No KTP-el of yours waits for this choice yet. Once a card is printed we ask you here: by post or at the office.",
        _MENU,
    ),
    "pickup_where": Text(
        "KTP-el Anda ({code}) bisa diambil di {pickup_place}, pukul {hours}. Pengambilan gratis. Kode ambilnya ada di halaman permohonan Anda.",
        "You can collect your KTP-el ({code}) at {pickup_place}, {hours}. Free. The pickup code is on the page of your request.",
        link=_OPEN,
    ),
    "fees": Text(
        "Semua dokumen Rp0. Tidak ada biaya untuk membuat, mengganti, atau mempercepat.\n"
        "Kalau dikirim lewat Kantor Pos, ongkosnya {fee}, dibayar ke petugas Pos. Diambil di kantor gratis.",
        "Every document costs Rp0. There is no charge for making, replacing or hurrying one.\n"
        "Sent by Kantor Pos the delivery fee is {fee}, paid to the post officer. Collecting at the office is free.",
        (_MENU[0], _PERSON),
    ),
    "hours": Text(
        "{pickup_place}\nBuka Senin sampai Jumat, pukul {hours}.\n{now}",
        "{pickup_place}\nOpen Monday to Friday, {hours}.\n{now}",
        (_MENU[0], _PERSON),
    ),
    "needs_list": Text(
        "Syarat untuk layanan yang mana? Pilih dari daftar, atau tulis angkanya.",
        "Requirements of which service? Choose from the list, or write its number.",
        list_label=("Pilih layanan", "Choose a service"),
    ),
    "needs": Text(
        "*{service}*\n{about}\nYang disiapkan:\n{papers}\nSelesai dalam {promise_days} hari kerja sejak berkas lengkap. Biayanya Rp0.",
        "*{service}*\n{about}\nWhat to prepare:\n{papers}\nReady within {promise_days} working days from complete papers. It costs Rp0.",
        (_MENU[0], ("menu:1:needs", "Layanan lain", "Another service"), _PERSON),
    ),
    "complaint": Text(
        "Maaf atas pengalaman yang kurang baik. Tulis keluhan Anda di halaman resmi kami, boleh tanpa nama. "
        "Yang menjawab bukan petugas yang Anda keluhkan.",
        "We are sorry for this experience. Write your complaint on our official page, without your name if you like. "
        "It is not answered by the officer you complain about.",
        link=("Tulis keluhan", "Write a complaint"),
    ),
    "complaint_person": Text(
        "Maaf atas pengalaman yang kurang baik. Ceritakan di sini. Petugas kami membacanya pada jam kerja, {hours}.",
        "We are sorry for this experience. Tell us here. An officer reads it in office hours, {hours}.",
    ),
    "broker": Text(
        "Semua dokumen Rp0 dan urutan tidak bisa dibeli. Tidak ada petugas yang boleh meminta uang, selain ongkos Pos {fee} kepada petugas Pos.\n"
        "Jangan bayar siapa pun. Ceritakan di sini siapa, di mana, dan kapan. Petugas kami memeriksanya, dan nama Anda kami jaga.\n"
        "Ragu sebuah pesan dari kami? Periksa di {page}",
        "Every document costs Rp0 and a place in line cannot be bought. No officer may ask for money, but for the delivery fee of {fee} to the post officer.\n"
        "Pay nobody. Tell us here who, where and when. An officer looks into it, and we protect your name.\n"
        "Not sure that a message is ours? Check it at {page}",
        (_PERSON, _BACK),
    ),
    "thanks": Text(
        "Sama-sama. Tulis MENU kapan saja kalau perlu kami.",
        "You are welcome. Write MENU whenever you need us.",
    ),
    "merged_case": Text(
        "Pesan tambahan Anda sudah kami gabungkan dengan yang pertama. Urutan Anda tetap nomor {place} untuk permohonan *{code}*, tidak mundur.",
        "Your further message is joined to the first one. Your place stays number {place} for request *{code}*.",
        (_PERSON,),
    ),
    "merged_chat": Text(
        "Pesan tambahan Anda sudah kami gabungkan dengan yang pertama. Urutan Anda tetap nomor {place}, tidak mundur. Petugas membalas di sini.",
        "Your further message is joined to the first one. Your place stays number {place}. An officer will answer here.",
        (_MENU[1],),
    ),
    "merged": Text(
        "Pesan yang sama sudah kami terima tadi dan kami gabungkan. Anda tidak perlu mengirim lagi.",
        "We had the same message before and have joined the two. There is no need to send it again.",
        (_PERSON,),
    ),
    "person_open": Text(
        "Baik. Pesan Anda sudah masuk antrean. Petugas kami membalas di sini pada jam kerja, {hours}.",
        "Fine. Your message is in line. An officer will answer here in office hours, {hours}.",
    ),
    "person_closed": Text(
        "Pesan Anda sudah masuk. Kantor sedang tutup. Petugas membalas mulai {opens}.\n"
        "Untuk perkembangan permohonan, kirim STATUS. Jawabannya otomatis, kapan saja.",
        "Your message has arrived. The office is closed. An officer will answer from {opens}.\n"
        "For the progress of a request send STATUS. The answer comes by itself, at any time.",
        (_MENU[1],),
    ),
    "urgent_open": Text(
        "Kami mengerti ini mendesak. Percakapan ini kami tandai dan petugas kami membalas secepatnya. Dokumennya tetap Rp0.\n"
        "Kalau bisa, keluarga boleh datang langsung ke {pickup_place}.",
        "We understand that this is urgent. We have marked this conversation and an officer answers as soon as possible. The document still costs Rp0.\n"
        "If you can, somebody of the family may come straight to {pickup_place}.",
    ),
    "urgent_closed": Text(
        "Kami mengerti ini mendesak. Percakapan ini kami tandai. Kantor sedang tutup, petugas membalas mulai {opens}.\n"
        "Rumah sakit tetap menolong dalam keadaan darurat tanpa KTP-el.",
        "We understand that this is urgent. We have marked this conversation. The office is closed, an officer answers from {opens}.\n"
        "A hospital helps in an emergency also without a KTP-el.",
    ),
    "not_understood": Text(
        "Maaf, kami belum mengerti. Pilih tombol di bawah, atau tulis 1, 2, atau 3.",
        "Sorry, we did not understand. Press a button, or write 1, 2 or 3.",
        _MENU,
    ),
    "offer_person": Text(
        "Maaf, kami masih belum mengerti. Mau dibantu petugas?",
        "Sorry, we still do not understand. Would you like the help of an officer?",
        (("menu:1:person", "Ya, hubungi petugas", "Yes, ask an officer"), _BACK),
    ),
    "other_kind": Text(
        "Terima kasih. Kiriman seperti ini belum bisa kami baca di sini. Tulis saja pesannya, atau minta bantuan petugas.",
        "Thank you. We cannot read this kind of message here. Please write it, or ask an officer.",
        (_PERSON, _BACK),
    ),
    "photos": Text(
        "{lines}\nSupaya masuk ke permohonan Anda, unggah fotonya di halaman resmi kami. Tautan ini khusus untuk Anda dan "
        "berlaku 7 hari.",
        "{lines}\nTo put them into your request, upload them on our official page. This link is yours alone and works for "
        "7 days.",
        link=("Isi permohonan", "Fill in the form"),
    ),
    "photos_case": Text(
        "{lines}\nPetugas kami akan melihatnya untuk permohonan *{code}*. Lebih cepat lagi lewat tombol di bawah.",
        "{lines}\nAn officer will look at it for request *{code}*. The button below is quicker still.",
        link=("Perbaiki sekarang", "Mend it now"),
    ),
    "photos_person": Text(
        "{lines}\nAnda tidak perlu memotret lagi: petugas kami yang melihatnya dan membalas di sini pada jam kerja, {hours}.",
        "{lines}\nYou need not take it again: an officer will look at it and answer here in office hours, {hours}.",
        _MENU,
    ),
    "photos_other": Text("{lines}", "{lines}", (_PERSON, _MENU[0])),
    "not_me": Text(
        "Terima kasih sudah memberi tahu. Petugas kami memeriksanya sekarang dan menghubungi Anda di sini.",
        "Thank you for telling us. An officer is looking into it now and will contact you here.",
    ),
    "has_card": Text(
        "Terima kasih sudah memberi tahu. Petugas kami mencocokkannya. Anda tidak perlu melakukan apa pun.",
        "Thank you for telling us. An officer will compare it. There is nothing you need to do.",
        (_PERSON,),
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

# Answers to what people send in a chat, by what became of it.
PHOTOS = {
    "id": {
        "one": "Foto Anda sudah kami terima dan kami simpan untuk petugas.",
        "many": "{count} foto diterima dan kami simpan untuk petugas.",
        "same": "{count} di antaranya foto yang sama.",
        "which": "Foto ke-{places}: ",
        "paper": "berkas",
        "again": "{count} foto tidak bisa kami ambil. Tolong kirim lagi.",
        "audio": "Pesan suara belum bisa kami dengar. Tulis pesan Anda, atau tekan Tanya petugas.",
        "video": "Video belum bisa kami buka. Kirim fotonya saja, atau tekan Tanya petugas.",
        "sticker": "Terima kasih. Kalau ada yang bisa kami bantu, tulis di sini atau tekan Tanya petugas.",
        "photo_is_pdf": "Berkas PDF belum bisa kami buka di sini. Kirim fotonya, atau tekan Tanya petugas.",
        "photo_is_heic": "Foto berformat HEIC belum bisa kami buka. Kirim sebagai foto biasa, bukan sebagai dokumen.",
        "photo_heavy": "Ada foto yang terlalu besar. Kirim lagi sebagai foto biasa, bukan sebagai dokumen.",
        "photo_pixels": "Ada foto yang terlalu besar. Kirim lagi sebagai foto biasa, bukan sebagai dokumen.",
        "photo_small": "Ada foto yang terlalu kecil, tulisannya tidak terbaca. Ambil foto lagi dari dekat.",
        "photo_broken": "Ada foto yang rusak atau tidak lengkap. Tolong ambil foto lagi, lalu kirim.",
        "photo_empty": "Ada foto yang kosong. Tolong ambil foto lagi, lalu kirim.",
        "unknown": "Berkas ini belum bisa kami buka. Kirim fotonya, atau tekan Tanya petugas.",
    },
    "en": {
        "one": "We have your photo and keep it for an officer.",
        "many": "We have {count} photos and keep them for an officer.",
        "same": "{count} of them are the same photo again.",
        "which": "Photo {places}: ",
        "paper": "the paper",
        "again": "We could not get {count} of your photos. Please send them again.",
        "audio": "We cannot listen to voice notes yet. Please write, or press Ask an officer.",
        "video": "We cannot open videos yet. Please send a photo instead, or press Ask an officer.",
        "sticker": "Thank you. If there is something we can do for you, write it here or press Ask an officer.",
        "photo_is_pdf": "We cannot open PDF files here yet. Please send a photo of it, or press Ask an officer.",
        "photo_is_heic": "We cannot open photos in HEIC format yet. Send it as an ordinary photo, not as a document.",
        "photo_heavy": "A photo is too large. Please send it again as an ordinary photo, not as a document.",
        "photo_pixels": "A photo is too large. Please send it again as an ordinary photo, not as a document.",
        "photo_small": "A photo is too small to be read. Please take it again from near.",
        "photo_broken": "A photo is damaged or incomplete. Please take it again and send it.",
        "photo_empty": "A photo is empty. Please take it again and send it.",
        "unknown": "We cannot open this file yet. Please send a photo of it, or press Ask an officer.",
    },
}  # fmt: skip
