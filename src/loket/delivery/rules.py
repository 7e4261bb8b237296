"""How a card may change hands, as values."""

from __future__ import annotations

from loket.core.errors import N_, Refusal

# Who may receive, by the words of the form; an office may narrow this in its settings later.
RELATIONS = ("self", "family", "proxy")
SUKET = ("withdrawn", "shown", "declared_lost", "not_available", "none")
FAILURES = ("not_home", "address_incomplete", "moved", "refused", "unknown_person", "other")
CODE_DIGITS = 6
# After so many wrong ones a code opens nothing any more; a new one may be sent so often in a day.
CODE_TRIES, CODES_A_DAY, DAY_MINUTES = 5, 6, 24 * 60


def check_receiver(receiver: str, relation: str, suket: str, takes_back: str) -> str:
    """The receiver's name in clean form; refuses what the form does not know, and silence about a Suket that is to be
    taken back."""
    name = " ".join(receiver.split())
    if len(name) < 2:
        raise Refusal("receiver", N_("Tulis nama penerima."), field="receiver")
    if relation not in RELATIONS:
        raise Refusal("relation", N_("Pilih hubungan penerima: diri sendiri, keluarga, atau kuasa."), field="relation")
    if suket not in SUKET or (takes_back == "suket" and suket == "none"):
        raise Refusal(
            "suket", N_("Catat Suket atau KTP lama: ditarik, ditunjukkan, hilang, atau tidak ada."), field="suket"
        )
    return name[:120]


def bare_tracking(text: str) -> str:
    """A tracking number as it is stored: capitals, without blanks and hyphens."""
    return "".join(text.split()).upper().replace("-", "")


def clean_tracking(text: str) -> str | None:
    """The same, checked; None when it is not known yet."""
    number = bare_tracking(text)
    if not number:
        return None
    if not (8 <= len(number) <= 20 and number.isascii() and number.isalnum()):
        raise Refusal(
            "tracking", N_("Nomor kiriman berisi 8 sampai 20 huruf dan angka. Pindai ulang, atau kosongkan dulu."),
            field="tracking_number",
        )  # fmt: skip
    return number
