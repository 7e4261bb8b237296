"""The figures as sentences: the head's page and digest, the public page and its data say the same ones."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from loket.core import text
from loket.insight.alerts import Alert, alerts
from loket.insight.queries import Attention, Today
from loket.offices.rules import Settings

DAY, HOUR = 1440, 60

# What each constraint of the plan is called, and what loosens it.
CONSTRAINTS = {
    "printing": (gettext_lazy("Kapasitas cetak"), gettext_lazy("Tambah operator, giliran, atau hari Sabtu.")),
    "blanks": (gettext_lazy("Blangko"), gettext_lazy("Minta kiriman lebih awal atau lebih banyak.")),
    "status": (
        gettext_lazy("Status di SIAK"),
        gettext_lazy("Ajukan daftar yang tertahan ke ADB, rekam ulang yang gagal, dan catat yang meninggal, pindah, atau ganda."),
    ),
    "response": (gettext_lazy("Kedatangan pemegang Suket"), gettext_lazy("Undang pemegang yang siap cetak, gelombang demi gelombang.")),
}


def inside(constraint: str) -> str:
    """A constraint's name inside a sentence."""
    name = str(CONSTRAINTS[constraint][0])
    return name[0].lower() + name[1:]


def _language() -> str:
    return get_language() or "id"


def _n(value: float, digits: int = 0) -> str:
    return text.angka(value, digits, lang=_language())


def _p(share: float, digits: int = 0) -> str:
    return text.persen(share, digits, _language())


def duration(minutes: int) -> str:
    """Minutes as people say them: hours below a day, then days."""
    if minutes < DAY:
        return _("{count} jam").format(count=_n(minutes / HOUR, 0 if minutes >= 10 * HOUR else 1))
    return _("{count} hari").format(count=_n(minutes / DAY, 1))


def suket_sentence(today: Today) -> str:
    """How many Suket are left and how that changed in thirty days."""
    change = today.suket_30_days_ago - today.suket_outstanding
    if change > 0:
        return _("Sisa Suket {left}, turun {change} dalam 30 hari.").format(left=_n(today.suket_outstanding), change=_n(change))
    if change < 0:
        return _("Sisa Suket {left}, naik {change} dalam 30 hari.").format(left=_n(today.suket_outstanding), change=_n(-change))
    return _("Sisa Suket {left}, tidak berubah dalam 30 hari.").format(left=_n(today.suket_outstanding))


def zero_sentence(today: Today) -> str:
    """When the last Suket would be gone, as this morning's plan says, or that nobody can know yet."""
    found = today.expected
    if found is None:
        return _("Nol Suket belum bisa diperkirakan: rencananya dihitung tiap malam, dan yang pertama belum ada.")
    if found.unknown:
        reasons = " ".join(_(sentence).format(**places) for sentence, places in found.unknown)
        return _("Nol Suket belum bisa diperkirakan: {reasons}").format(reasons=reasons)
    if not today.suket_outstanding:
        return _("Nol Suket sudah tercapai.")
    if found.zero_on is None:
        what = _("Nol Suket belum bisa diperkirakan: dengan keadaan sekarang {left} Suket tetap tersisa karena {what}.")
        return what.format(left=_n(found.remaining or 0), what=inside(found.binding))
    on, first, last = (text.bulan(day, _language()) if day else "" for day in (found.zero_on, found.earliest, found.latest))
    if not last:
        return _("Perkiraan nol Suket {on}, paling cepat {first}; paling lambat belum bisa diperkirakan.").format(on=on, first=first)
    if first == last:
        return _("Perkiraan nol Suket {on}.").format(on=on)
    return _("Perkiraan nol Suket {on}, antara {first} dan {last}.").format(on=on, first=first, last=last)


def blanks_sentence(today: Today) -> str:
    """Blanks, for how long they last, and how many are spoiled."""
    if today.cover_days is None:
        return _("Blangko {blanks} keping. Dalam 30 hari terakhir belum ada yang dicetak.").format(blanks=_n(today.blanks))
    return _("Blangko {blanks} keping, cukup untuk {days} hari kerja. Rusak {spoiled}.").format(
        blanks=_n(today.blanks), days=_n(today.cover_days), spoiled=_p(today.spoiled_share, 1)
    )


def channel_sentence(today: Today) -> str:
    """Online and counter, this month and on average."""
    return _(
        "Bulan ini {online} permohonan online dan {counter} di loket. Rata-rata sebulan {online_average} dan {counter_average}."
    ).format(
        online=_n(today.this_month.first),
        counter=_n(today.this_month.second),
        online_average=_n(today.monthly_average.first),
        counter_average=_n(today.monthly_average.second),
    )


def waiting_sentence(today: Today) -> str:
    """How long complete papers wait for the printed card, by channel."""
    return waiting([today.last.get(f"waiting.median.{channel}") for channel in ("online", "counter")])


def waiting(minutes: Sequence[int | None]) -> str:
    """Two waiting times in minutes, online and counter; None where no card was printed."""
    online, counter = minutes
    if online is None and counter is None:
        return _("Waktu tunggu belum bisa dihitung: dalam 30 hari terakhir belum ada kartu yang dicetak.")
    said = [duration(one) if one is not None else _("belum ada") for one in (online, counter)]
    return _("Waktu tunggu tengah: online {online}, loket {counter}.").format(online=said[0], counter=said[1])


def choice_sentence(today: Today) -> str:
    """How residents want their cards."""
    return _("{share} pemohon memilih Kantor Pos, sisanya mengambil sendiri.").format(share=_p(today.choice.share))


def attention_sentence(today: Today, found: Attention, settings: Settings, alarms: int) -> str:
    """How many things need the head's eye, and the most pressing of them."""
    needs = needed(today, found, settings, alarms)
    if not needs:
        return _("Tidak ada yang perlu perhatian khusus.")
    return _("{count} hal perlu perhatian. Yang paling mendesak: {first}").format(count=_n(len(needs)), first=needs[0][0])


def needed(today: Today, found: Attention, settings: Settings, alarms: int) -> list[tuple[str, Alert]]:
    """What needs the head's eye, the most pressing first, as a sentence and what it is about."""
    return [(_(one.sentence).format(**{name: _shown(value) for name, value in one.places.items()}), one)
            for one in alerts(today, found, settings, alarms)]  # fmt: skip


def _shown(value: float) -> str:
    """Counts as they are, shares as per cent."""
    return _p(value, 1) if isinstance(value, float) else _n(value)


def five(today: Today, found: Attention, settings: Settings, alarms: int) -> list[str]:
    """The five sentences of the head."""
    return [
        suket_sentence(today), zero_sentence(today), blanks_sentence(today),
        f"{channel_sentence(today)} {waiting_sentence(today)}", attention_sentence(today, found, settings, alarms),
    ]  # fmt: skip
