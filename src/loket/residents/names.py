"""Names as the office writes them: upper case, single blanks, letters."""

from __future__ import annotations

from loket.core.errors import N_, Refusal

MAX_NAME = 120


def clean_name(text: str) -> str:
    """A name as cards write it; refuses an empty one, one with digits and one that is too long."""
    name = " ".join("".join(letter for letter in text if letter.isprintable() or letter.isspace()).split()).upper()
    if len(name) < 2 or not any(map(str.isalpha, name)):
        raise Refusal("name_missing", N_("Tulis nama lengkap seperti di Kartu Keluarga."), field="name")
    if len(name) > MAX_NAME or any(map(str.isdigit, name)):
        raise Refusal(
            "name_odd", N_("Nama hanya berisi huruf, paling panjang {limit}. Periksa lagi isiannya."), field="name",
            limit=MAX_NAME,
        )  # fmt: skip
    return name
