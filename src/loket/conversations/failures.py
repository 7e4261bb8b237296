"""Why a message did not go, as one table: what Loket does about it, and what a person of the office should know and do.

The codes are those of the WhatsApp Cloud API and Loket's own (words instead of numbers). Titles and subcodes of the
provider change; only the number decides. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from loket.core.errors import N_


class Decision(StrEnum):
    """What follows from a failure."""

    RETRY = "retry"
    WAIT_NUMBER = "wait_number"
    WAIT_CONTACT = "wait_contact"
    TEMPLATE = "template"
    TOMORROW = "tomorrow"
    FALLBACK = "fallback"
    SUPPRESS = "suppress"
    PAUSE = "pause"
    STOP = "stop"
    BLOCK_TEMPLATE = "block_template"
    DEAD = "dead"
    ASK_AGAIN = "ask_again"
    TO_PHONE = "to_phone"
    VERIFY_AGAIN = "verify_again"


# After these the same message goes again by itself; after all others it has ended.
GOES_AGAIN = frozenset(
    {Decision.RETRY, Decision.WAIT_NUMBER, Decision.WAIT_CONTACT, Decision.TEMPLATE, Decision.TOMORROW, Decision.STOP, Decision.PAUSE}
)


@dataclass(frozen=True, slots=True)
class Failure:
    """One code. `why` and `todo` are Indonesian sentences of the catalogue, for the officer who sees the message."""

    code: str
    decision: Decision
    why: str
    todo: str


_BY_ITSELF = N_("Tidak perlu apa-apa. Pesan dikirim lagi dengan sendirinya.")
_ADMIN = N_("Beri tahu admin. Pesan menunggu dan dikirim setelah ini dibereskan.")
_SUPPORT = N_("Beri tahu admin: ini kesalahan pada isi pesan dari Loket, bukan dari warga. Sementara itu tulis dengan kata sendiri.")
_TEMPLATE = N_("Beri tahu admin untuk memeriksa templat di halaman Templat. Sementara itu telepon warga kalau mendesak.")

_ROWS: tuple[tuple[Decision, tuple[str, ...], str, str], ...] = (
    (Decision.RETRY, ("1", "2", "131000", "131016", "131057", "connect"),
     N_("Layanan WhatsApp sedang terganggu."), _BY_ITSELF),
    (Decision.WAIT_NUMBER, ("4", "80007", "130429"),
     N_("Nomor kantor mengirim terlalu cepat untuk WhatsApp."), _BY_ITSELF),
    (Decision.WAIT_CONTACT, ("131056",),
     N_("Terlalu banyak pesan ke warga ini dalam waktu singkat."), _BY_ITSELF),
    (Decision.TEMPLATE, ("131047",),
     N_("Warga terakhir menulis lebih dari 24 jam lalu, jadi tulisan bebas tidak bisa dikirim."),
     N_("Pakai templat di kotak balasan, atau tunggu warga menulis.")),
    (Decision.FALLBACK, ("131026",),
     N_("Nomor ini tidak bisa menerima pesan WhatsApp."),
     N_("Periksa nomornya. Kalau benar, telepon warga atau kirim SMS.")),
    (Decision.TOMORROW, ("131049",),
     N_("WhatsApp menahan ajakan ini karena warga sudah mendapat banyak ajakan hari ini."),
     N_("Tidak perlu apa-apa. Ajakan dicoba lagi besok.")),
    (Decision.SUPPRESS, ("130472",),
     N_("WhatsApp tidak mengantar ajakan ke warga ini."),
     N_("Hubungi warga dengan cara lain. Kabar tentang permohonannya tetap dikirim.")),
    (Decision.SUPPRESS, ("131050",),
     N_("Warga meminta WhatsApp tidak mengantar ajakan dari kantor ini."),
     N_("Jangan kirim ajakan lagi. Kabar tentang permohonannya tetap dikirim.")),
    (Decision.PAUSE, ("131048",),
     N_("WhatsApp membatasi nomor kantor karena banyak warga memblokir atau melaporkan pesannya."),
     N_("Kampanye berhenti. Kepala kantor memutuskan kapan dilanjutkan.")),
    (Decision.PAUSE, ("131064",),
     N_("WhatsApp menilai templat ini salah golongan."),
     N_("Kampanye berhenti. Admin memeriksa golongan dan kata-kata templatnya.")),
    (Decision.STOP, ("368", "131031"),
     N_("Akun WhatsApp kantor diblokir atau dikunci."), _ADMIN),
    (Decision.STOP, ("130497",),
     N_("Akun WhatsApp kantor tidak boleh mengirim ke negara warga ini."), _ADMIN),
    (Decision.STOP, ("131042",),
     N_("Pembayaran akun WhatsApp kantor bermasalah."), _ADMIN),
    (Decision.STOP, ("131037",),
     N_("Nama tampilan nomor kantor belum disetujui WhatsApp."), _ADMIN),
    (Decision.STOP, ("131045", "133010"),
     N_("Nomor kantor belum terdaftar di WhatsApp."), _ADMIN),
    (Decision.STOP, ("190", "0", "3", "10", "131005", *(str(code) for code in range(200, 300))),
     N_("Kunci akses WhatsApp kantor tidak berlaku atau tidak cukup haknya."), _ADMIN),
    (Decision.BLOCK_TEMPLATE, ("132000", "132008", "132012"),
     N_("Isi pesan tidak cocok dengan templat yang disetujui."), _TEMPLATE),
    (Decision.BLOCK_TEMPLATE, ("132001",),
     N_("Templat ini belum ada di WhatsApp dalam bahasa warga."), _TEMPLATE),
    (Decision.BLOCK_TEMPLATE, ("132005", "132007"),
     N_("Templat ini terlalu panjang atau melanggar aturan WhatsApp."), _TEMPLATE),
    (Decision.PAUSE, ("132015", "132016"),
     N_("WhatsApp menghentikan templat ini karena banyak warga tidak menyukainya."), _TEMPLATE),
    (Decision.PAUSE, ("132068", "132069"),
     N_("Formulir di dalam pesan ini dihentikan oleh WhatsApp."), _TEMPLATE),
    (Decision.DEAD, ("100", "131008", "131009", "131051", "131021"),
     N_("WhatsApp menolak isi pesan ini."), _SUPPORT),
    (Decision.DEAD, ("131053",),
     N_("WhatsApp tidak bisa membaca lampiran pesan ini."),
     N_("Kirim lagi lampirannya sebagai foto JPG atau berkas PDF yang lebih kecil.")),
    (Decision.DEAD, ("131030",),
     N_("Nomor kantor masih percobaan dan nomor warga belum ada di daftar percobaannya."),
     N_("Beri tahu admin untuk menambah nomor itu atau mengaktifkan nomor kantor.")),
    (Decision.ASK_AGAIN, ("131052",),
     N_("Lampiran dari warga tidak bisa diunduh, atau lebih dari 100 MB."),
     N_("Minta warga mengirim lagi, atau mengunggahnya lewat formulir.")),
    (Decision.TO_PHONE, ("131062",),
     N_("Pesan jenis ini hanya bisa dikirim ke nomor telepon, dan nomor warga tersembunyi."),
     N_("Minta warga membagikan nomornya, lalu kirim lagi.")),
    (Decision.VERIFY_AGAIN, ("137000",),
     N_("Warga memakai HP atau WhatsApp baru."),
     N_("Pastikan dulu bahwa ini orangnya, dengan tanggal lahir atau kode permohonan, lalu kirim lagi.")),
    # Loket's own.
    (Decision.DEAD, ("no_answer",),
     N_("Tidak diketahui apakah pesan ini sampai: jawaban WhatsApp hilang dan tidak ada kabar sesudahnya."),
     N_("Kirim lagi kalau warga belum menanggapi. Warga mungkin menerimanya dua kali.")),
    (Decision.DEAD, ("too_old",),
     N_("Pesan ini terlalu lama menunggu dan sudah tidak berguna."),
     N_("Periksa apakah isinya masih benar, lalu kirim lagi.")),
    (Decision.DEAD, ("tried_often",),
     N_("Pesan ini sudah dicoba berkali-kali dan belum berhasil."),
     N_("Kirim lagi nanti, atau telepon warga.")),
    (Decision.DEAD, ("incomplete",),
     N_("Isi pesan ini tidak lengkap, jadi tidak dikirim."), _SUPPORT),
    (Decision.DEAD, ("no_address",),
     N_("Loket belum tahu nomor warga ini."),
     N_("Catat nomor warga di permohonannya, lalu kirim lagi.")),
    (Decision.DEAD, ("no_gateway",),
     N_("Kantor belum punya sambungan untuk mengirim pesan ini."),
     N_("Beri tahu admin untuk mengisi setelan pengiriman. Sementara itu telepon warga.")),
    (Decision.SUPPRESS, ("opted_out",),
     N_("Warga meminta tidak dikirimi ajakan."),
     N_("Jangan kirim ajakan. Kabar tentang permohonannya tetap dikirim.")),
    (Decision.RETRY, ("no_template",),
     N_("Templat untuk pesan ini belum disetujui WhatsApp."),
     N_("Beri tahu admin untuk memeriksa halaman Templat. Pesan dikirim setelah templat disetujui.")),
    (Decision.DEAD, ("refused",),
     N_("Layanan SMS atau surel menolak pesan ini."),
     N_("Telepon warga, dan beri tahu admin untuk memeriksa setelan layanan itu.")),
)  # fmt: skip
TABLE: dict[str, Failure] = {code: Failure(code, decision, why, todo) for decision, codes, why, todo in _ROWS for code in codes}

_UNKNOWN = N_("WhatsApp menolak pesan ini dengan kode yang belum dikenal Loket.")
_UNKNOWN_TODO = N_("Beri tahu admin kodenya. Sementara itu telepon warga kalau mendesak.")


def explain(code: object, status: int = 0) -> Failure:
    """What a code means. An unknown one keeps its name and is decided by the class of the HTTP answer: 429 waits, 401
    stops the number, 5xx goes again, everything else has ended.

    Source: error codes of the Cloud API; `code` may be a number, a text or None, `status` is 0 for a code that came in a
    status update.
    """
    name = "" if code is None else str(code)
    found = TABLE.get(name)
    if found is not None:
        return found
    return Failure((name or f"http_{status}")[:40], _by_class(status), _UNKNOWN, _UNKNOWN_TODO)


def _by_class(status: int) -> Decision:
    if status == 429:
        return Decision.WAIT_NUMBER
    if status == 401:
        return Decision.STOP
    return Decision.RETRY if status >= 500 else Decision.DEAD


def contact_pause(times: int) -> int:
    """Seconds until one contact may be written to again after the pair rate was exceeded so many times: 4^X, a day at most.

    Source: Meta's advice on 131056.
    """
    return int(min(4 ** max(1, times), 86_400))


def pause(times: int, asked: float = 0) -> float:
    """Seconds before try number `times` + 1: five, doubled each time, a quarter of an hour at most; never less than asked."""
    return max(asked, min(900.0, 5.0 * 2.0 ** max(0, times - 1)))
