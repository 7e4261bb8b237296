"""A press statement from the figures of a period: what to say is chosen by what happened, and every number names its source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from loket.core.errors import N_

# Keppres 12/2020 and 17/2023: between these days the sentences speak of the pandemic.
PANDEMIC = (date(2020, 4, 13), date(2023, 6, 21))
# The source of what is no figure: the service standard.
STANDARD = "standard"
# Two numbers are "about as many" within this share of the larger; a change is worth a sentence from this share on.
ALIKE, NOTABLE = 0.1, 0.02
WEEK = 7
Form = Literal["angka", "sekitar", "persen", "rupiah"]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a number can be looked up: a column of a published series between two days, or the service standard."""

    series: str
    column: str
    start: date
    end: date


@dataclass(frozen=True, slots=True)
class Number:
    """A number as a sentence shows it; `sekitar` rounds it and leaves the exact one to the list of sources, where `note`
    says what it is beside what the column counts."""

    value: float
    form: Form
    source: Source
    note: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """The days of a period, both included, as a sentence says them: Mei 2020, or 1 sampai 12 Mei 2020."""

    start: date
    end: date


Value = Number | Span | date | str


def exact(number: Number) -> Number:
    """The same number, not rounded."""
    return replace(number, form="angka") if number.form == "sekitar" else number


@dataclass(frozen=True, slots=True)
class Sentence:
    """An Indonesian template and what fills it; the door that shows it translates, formats and links."""

    template: str
    values: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Statement:
    """A headline and paragraphs of sentences."""

    title: Sentence
    paragraphs: tuple[tuple[Sentence, ...], ...]

    def numbers(self) -> list[Number]:
        """Every number once, in the order in which it is first told."""
        sentences = [self.title, *(one for paragraph in self.paragraphs for one in paragraph)]
        return list(dict.fromkeys(value for one in sentences for value in one.values.values() if isinstance(value, Number)))


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of the days from `start` to `end`, both included; None where nothing is.

    `cover` is in working days, at the pace since `pace_from`; `left` and `blanks` are as the last day ended, `before` as the day before the first ended. `online`, `counter` and the
    choices of the window are sums over `months` full months (choices: until `end`). `previous` counts the requests of the
    equally long period before.
    """

    office: str
    city: str
    wa_number: str
    start: date
    end: date
    left: int | None
    before: int | None
    letters: int
    settled: int
    blanks: int | None
    received: int
    printed: int
    cover: int | None
    pace_from: date
    low_cover: int
    online: int
    counter: int
    previous: int | None
    months: int
    window: tuple[date, date]
    average_online: int
    average_counter: int
    chosen: tuple[date, date]
    post: int
    pickup: int
    fee: int

    @property
    def is_one_day(self) -> bool:
        return self.start == self.end

    @property
    def in_pandemic(self) -> bool:
        return PANDEMIC[0] <= self.end < PANDEMIC[1]

    @property
    def is_zero(self) -> bool:
        """Whether zero is proven: there were letters, and none is outstanding. An empty register proves nothing."""
        return self.left == 0 and self.letters > 0

    @property
    def is_short(self) -> bool:
        """Whether blanks do not reach for the letters that are left, or for as many days as the office wants."""
        if self.blanks is None:
            return False
        return self.blanks < (self.left or 0) or (self.cover is not None and self.cover < self.low_cover)


def statement(facts: Facts) -> Statement:
    """What the office has to tell of a period; nothing is claimed that the figures do not carry."""
    known = facts.letters or facts.blanks or facts.online or facts.counter or facts.average_online or facts.average_counter
    if not known:
        return Statement(_say(N_("Belum ada angka dari {office}"), office=facts.office), ((_nothing(facts),), tuple(_way(facts)), tuple(_cost(facts))))
    suket, blanks = tuple(_suket(facts)), tuple(_blanks(facts))
    first = (blanks, suket) if facts.is_short else (suket, blanks)
    rest = (tuple(_channels(facts)), tuple(_way(facts)), tuple(_cost(facts)), tuple(_why(facts)))
    return Statement(_title(facts), tuple(part for part in (*first, *rest) if part))


def _say(template: str, /, **values: Value) -> Sentence:
    return Sentence(template, values)


def _level(facts: Facts, value: int, series: str, column: str, on: date | None = None) -> Number:
    day = on or facts.end
    return Number(value, "angka", Source(series, column, day, day))


def _flow(facts: Facts, value: int, series: str, column: str, note: str = "") -> Number:
    return Number(value, "angka", Source(series, column, facts.start, facts.end), note)


def _left(facts: Facts) -> Number:
    return _level(facts, facts.left or 0, "suket", "outstanding")


def _stock(facts: Facts) -> Number:
    return _level(facts, facts.blanks or 0, "blanks", "on_hand")


def _title(facts: Facts) -> Sentence:
    if facts.is_zero:
        return _say(N_("Nol Suket tercapai di {city}"), city=facts.city)
    if not facts.left:
        return _say(N_("Layanan kependudukan {city} dalam angka"), city=facts.city)
    if facts.blanks == 0:
        return _say(N_("Blangko KTP-el di {city} sedang habis, Suket yang belum ditukar {left}"), city=facts.city, left=_left(facts))
    if facts.is_short:
        return _say(N_("Blangko tinggal {blanks} keping, Suket yang belum ditukar {left}"), blanks=_stock(facts), left=_left(facts))
    if facts.before is not None and facts.left > facts.before:
        return _say(N_("Pemegang Suket di {city} bertambah menjadi {left}"), city=facts.city, left=_left(facts))
    if facts.before is not None and not facts.is_one_day and facts.left < facts.before:
        return _say(N_("Pemegang Suket di {city} tinggal {left}"), city=facts.city, left=_left(facts))
    if facts.blanks is None:
        return _say(N_("Warga {city} yang masih memegang Suket: {left}"), city=facts.city, left=_left(facts))
    return _say(N_("Blangko siap {blanks} keping, {left} pemegang Suket diundang menukar"), blanks=_stock(facts), left=_left(facts))


def _nothing(facts: Facts) -> Sentence:
    return _say(N_("Untuk {end} belum ada yang tercatat, jadi belum ada angka yang bisa diumumkan."), end=facts.end)


def _suket(facts: Facts) -> Iterator[Sentence]:
    if facts.is_zero:
        yield _say(N_("Daftar {office} menunjukkan {left} Suket yang belum selesai: tidak ada lagi warga {city} yang tercatat memegang Suket."),
                   office=facts.office, left=_left(facts), city=facts.city)  # fmt: skip
        yield _say(N_("Nol dibuktikan, bukan diumumkan saja: setiap surat di daftar punya hasil akhir dengan tanggal dan buktinya."))
        if facts.settled:
            yield _say(N_("Dalam masa ini diselesaikan {settled} yang terakhir."), settled=_flow(facts, facts.settled, "suket", "settled"))
        return
    if not facts.left:
        yield _say(N_("Daftar Suket di {office} masih kosong. Itu belum berarti nol Suket tercapai."), office=facts.office)
        return
    yield _say(N_("Sebanyak {left} warga {city} masih memegang Suket, surat pengganti sementara yang dulu diberikan ketika blangko KTP-el habis."),
               left=_left(facts), city=facts.city)  # fmt: skip
    yield from _change(facts)
    yield _say(N_("{office} mengundang mereka menukar surat itu dengan KTP-el."), office=facts.office)
    yield _say(N_("Sasarannya nol Suket, yaitu tidak ada lagi warga yang memakai Suket sebagai tanda pengenal."))


def _change(facts: Facts) -> Iterator[Sentence]:
    """What became of the number in the period, if anything."""
    if facts.before is None or facts.left is None:
        return
    change = facts.before - facts.left
    given: dict[str, Value] = {"before": _flow(facts, facts.before, "suket", "outstanding", N_("sebelumnya")), "span": Span(facts.start, facts.end)}
    if change > 0 and facts.is_one_day:
        yield _say(N_("Hari itu jumlahnya berkurang {change} dari {before}."), change=_flow(facts, change, "suket", "outstanding", N_("perubahan")), **given)
    elif change > 0:
        yield _say(N_("Selama {span} jumlahnya turun {change}, semula {before}."), change=_flow(facts, change, "suket", "outstanding", N_("perubahan")), **given)
    elif change < 0:
        yield _say(N_("Jumlah itu naik {change} dari {before}, karena daftar pemegang Suket bertambah lengkap atau ada surat baru."),
                   change=_flow(facts, -change, "suket", "outstanding", N_("perubahan")), **given)  # fmt: skip
    elif not facts.is_one_day:
        yield _say(N_("Selama {span} jumlahnya tidak berubah."), **given)


def _blanks(facts: Facts) -> Iterator[Sentence]:
    if facts.blanks is None:
        return
    cover = None if facts.cover is None else Number(facts.cover, "angka", Source("blanks", "printed", facts.pace_from, facts.end), N_("hari kerja dengan laju ini"))
    if facts.blanks == 0:
        yield _say(N_("Blangko KTP-el sedang habis: tersisa {blanks} keping."), blanks=_stock(facts))
    elif facts.is_short and cover:
        yield _say(N_("Blangko KTP-el yang siap dicetak tinggal {blanks} keping. Dengan laju cetak terakhir, itu cukup untuk {cover} hari kerja."),
                   blanks=_stock(facts), cover=cover)  # fmt: skip
    elif facts.is_short:
        yield _say(N_("Blangko KTP-el yang siap dicetak tinggal {blanks} keping, lebih sedikit daripada Suket yang belum ditukar."), blanks=_stock(facts))
    elif facts.left:
        yield _say(N_("Kartunya tidak kurang. Blangko yang siap dicetak ada {blanks} keping, cukup untuk semua pemegang Suket."), blanks=_stock(facts))
    else:
        yield _say(N_("Blangko KTP-el yang siap dicetak ada {blanks} keping."), blanks=_stock(facts))
    if facts.received:
        yield _say(N_("Dalam masa ini datang {received} keping blangko."), received=_flow(facts, facts.received, "blanks", "received"))
    if facts.is_short:
        yield _say(N_("Permohonan tetap diterima, dan urutannya dihitung dari saat berkas lengkap."))
    elif facts.left:
        yield _say(N_("Warga lain yang belum punya dokumen kependudukan juga dipersilakan mengurusnya, dengan pemegang Suket didahulukan."))
    else:
        yield _say(N_("Warga yang belum punya dokumen kependudukan dipersilakan mengurusnya."))


def _channels(facts: Facts) -> Iterator[Sentence]:
    online, counter = facts.average_online, facts.average_counter
    if online or counter:
        start, end = facts.window
        given: dict[str, Value] = {
            "online": Number(online, "sekitar", Source("requests", "online", start, end), N_("rata-rata sebulan")),
            "counter": Number(counter, "sekitar", Source("requests", "counter", start, end), N_("rata-rata sebulan")),
        }
        if not online:
            yield _say(N_("Semua permohonan masih datang lewat loket, rata-rata {counter} sebulan."), counter=given["counter"])
        elif not counter:
            yield _say(N_("Semua permohonan masuk secara online, rata-rata {online} sebulan."), online=given["online"])
        elif abs(online - counter) <= ALIKE * max(online, counter):
            yield _say(N_("Layanan online sudah dipakai sama banyaknya dengan loket: rata-rata {online} permohonan sebulan masuk secara online dan {counter} dengan datang langsung."), **given)
        elif online > counter:
            yield _say(N_("Warga lebih banyak memakai layanan online: rata-rata {online} permohonan sebulan, sedangkan yang datang ke loket {counter}."), **given)
        else:
            yield _say(N_("Loket masih lebih ramai: rata-rata {counter} permohonan sebulan, sedangkan yang masuk secara online {online}."), **given)
    total = facts.online + facts.counter
    if total:
        given = {"online": _flow(facts, facts.online, "requests", "online"), "counter": _flow(facts, facts.counter, "requests", "counter")}
        if facts.is_one_day:
            yield _say(N_("Pada {end} sendiri masuk {online} permohonan online dan {counter} di loket."), end=facts.end, **given)
        else:
            yield _say(N_("Selama {span} masuk {online} permohonan online dan {counter} di loket."), span=Span(facts.start, facts.end), **given)
    if facts.previous and (facts.end - facts.start).days + 1 >= WEEK and abs(total - facts.previous) > NOTABLE * facts.previous:
        share = Number(abs(total - facts.previous) / facts.previous, "persen", Source("requests", "online", facts.start, facts.end), N_("semua permohonan, dibanding sebelumnya"))
        yield _say(
            N_("Itu naik {share} dibanding masa sebelumnya yang sama panjang.") if total > facts.previous
            else N_("Itu turun {share} dibanding masa sebelumnya yang sama panjang."), share=share,
        )  # fmt: skip
    if facts.printed:
        yield _say(N_("KTP-el yang dicetak dalam masa ini {printed} keping.") if not facts.is_one_day else N_("KTP-el yang dicetak hari itu {printed} keping."),
                   printed=_flow(facts, facts.printed, "blanks", "printed"))  # fmt: skip


def _way(facts: Facts) -> Iterator[Sentence]:
    """What residents should do, and how cards reach them."""
    yield _say(N_("Caranya: sidik jari, iris mata, dan foto direkam di kecamatan, lalu warga memberi tahu petugas lewat WhatsApp {wa_number}."), wa_number=facts.wa_number)
    yield _say(N_("Setelah kartu dicetak, warga ditanya lebih dulu: dikirim lewat Kantor Pos atau diambil di kantor."))
    total = facts.post + facts.pickup
    if not total:
        return
    start, end = facts.chosen
    post, pickup = (Number(part / total, "persen", Source("choices", name, start, end)) for part, name in ((facts.post, "post"), (facts.pickup, "pickup")))
    if facts.post > facts.pickup:
        yield _say(N_("Kebanyakan memilih dikirim: {share} dari yang sudah menjawab."), share=post)
    elif facts.post < facts.pickup:
        yield _say(N_("Kebanyakan memilih mengambil sendiri: {share} dari yang sudah menjawab."), share=pickup)
    else:
        yield _say(N_("Yang memilih dikirim dan yang mengambil sendiri sama banyak, masing-masing {share}."), share=post)


def _cost(facts: Facts) -> Iterator[Sentence]:
    at = facts.end
    free, fee = (Number(value, "rupiah", Source(STANDARD, name, at, at)) for value, name in ((0, "cost"), (facts.fee, "cost")))
    yield _say(N_("Dokumennya gratis, {free}, baik online maupun di loket."), free=free)
    if facts.fee:
        yield _say(N_("Satu-satunya biaya adalah ongkos kirim {fee}, yang dibayar warga ke Kantor Pos. Yang mengambil sendiri tidak membayar apa pun."), fee=fee)


def _why(facts: Facts) -> Iterator[Sentence]:
    """What it is good for: in these figures' time, and against brokers."""
    if facts.in_pandemic:
        yield _say(N_("Dengan cara ini warga menghemat tenaga, waktu, dan ongkos jalan, dan pertemuan tatap muka di masa pandemi berkurang."))
    else:
        yield _say(N_("Dengan cara ini warga menghemat tenaga, waktu, dan ongkos jalan, dan tidak perlu berdesakan di kantor."))
    yield _say(N_("Calo juga tidak mendapat tempat: warga berurusan langsung dengan petugas, antreannya satu untuk semua, dan setiap blangko tercatat."))
    yield _say(N_("Siapa pun yang menawarkan jalan pintas atau meminta uang bisa dilaporkan lewat halaman keluhan."))
    if facts.in_pandemic:
        yield _say(N_("Layanan online tetap dibuka setelah pandemi berakhir."))
    else:
        yield _say(N_("Layanan online dan loket sama-sama tetap dibuka."))
