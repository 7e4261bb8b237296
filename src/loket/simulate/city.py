"""People who belong to nobody: names, families, addresses and numbers of a synthetic Cilegon, from one seed."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta

from loket.residents import nik as niks

MEN = (
    "AHMAD", "MUHAMMAD", "BUDI", "AGUS", "ASEP", "DEDI", "HENDRA", "RUDI", "SUHERMAN", "MULYADI", "IMAN", "FAUZI", "RIZKI",
    "HASAN", "SAEPUDIN", "TUBAGUS", "ENTUS", "JAJANG", "WAHYU", "BAYU", "DIMAS", "FAJAR", "GILANG", "IRFAN", "YUSUF",
)  # fmt: skip
WOMEN = (
    "SITI", "NUR", "DEWI", "SRI", "RATNA", "LILIS", "EUIS", "YANI", "FITRI", "INDAH", "AYU", "RINA", "WULAN", "MARYAM",
    "AISYAH", "HALIMAH", "ENENG", "NENG", "IMAS", "TATI", "MELATI", "PUTRI", "KARTIKA", "LAILA", "ZAHRA",
)  # fmt: skip
LAST = (
    "HIDAYAT", "SANTOSO", "RAHMAWATI", "NURHAYATI", "FATIMAH", "SAPUTRA", "LESTARI", "MAULANA", "RAMADHAN", "SOLIHAH",
    "KURNIAWAN", "SURYANA", "PERMANA", "HANDAYANI", "AMINAH", "WIJAYA", "FIRMANSYAH", "ROHMAN", "SAFITRI", "UTAMI",
    "BASRI", "JUNAEDI", "SOBARI", "ROHIMAH", "SUKAESIH",
)  # fmt: skip
STREETS = ("Mawar", "Melati", "Kenanga", "Anggrek", "Cempaka", "Flamboyan", "Teratai", "Dahlia", "Bougenville", "Seruni")
WAYS = ("Jalan", "Gang", "Kampung", "Komplek", "Link.")

# Numbers that no operator hands out: the 0899-0 block with eleven digits stays inside the emulator.
PHONE_PREFIX = "+6289900"


@dataclass(frozen=True, slots=True)
class Figure:
    """One synthetic resident."""

    nik: str
    kk_number: str
    name: str
    birth_date: date
    is_woman: bool
    phone: str
    line: str
    kelurahan: str


class City:
    """Makes residents one after the other; the same seed makes the same city."""

    def __init__(self, seed: int, kelurahan: list[str], serial: int = 0, made: int = 0):
        self.random = random.Random(seed)
        self.kelurahan = kelurahan
        self.weights = [self.random.uniform(0.6, 2.2) for _ in kelurahan]
        self.serial, self.made = serial, made
        self._born: dict[date, int] = {}

    def person(self, youngest: date) -> Figure:
        """A resident born at the latest on `youngest`."""
        rng = self.random
        is_woman = rng.random() < 0.5
        # Nine thousand people can share a birth date before their NIK would run out of serials.
        born = youngest - timedelta(days=int(rng.random() ** 1.6 * 21_000))
        number = self._born.get(born, self.serial)
        self._born[born] = number + 1
        self.made += 1
        first = rng.choice(WOMEN if is_woman else MEN)
        middle = f" {rng.choice(WOMEN if is_woman else MEN)}" if rng.random() < 0.35 else ""
        issued = date(2008, 1, 1) + timedelta(days=rng.randrange(4300))
        return Figure(
            nik=niks.synthetic_nik(number, born, is_woman=is_woman),
            kk_number=f"{niks.SYNTHETIC_PREFIX}{issued:%d%m%y}{1 + self.made % 9998:04d}",
            name=f"{first}{middle} {rng.choice(LAST)}",
            birth_date=born,
            is_woman=is_woman,
            phone=f"{PHONE_PREFIX}{self.made:06d}",
            line=f"{rng.choice(WAYS)} {rng.choice(STREETS)} {rng.randrange(1, 90)} RT {rng.randrange(1, 9):02d} "
            f"RW {rng.randrange(1, 7):02d}",
            kelurahan=rng.choices(self.kelurahan, self.weights)[0],
        )
