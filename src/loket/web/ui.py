"""The pattern book at `/_ui/`, in the demo only: every part and every state with made-up values, for eyes and for tests."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from loket.web import charts

AT = datetime(2020, 6, 2, 10, 5, tzinfo=UTC)
ERRORS = ("400", "403", "404", "413", "429", "500", "503")
PAGES = ("warga", "status", "langkah", "salah", "petugas", "kasus", "pindai", "struk", "surat", *ERRORS)


@require_safe
def book(request: HttpRequest, page: str = "warga") -> HttpResponse:
    """One page of the book by name."""
    if not (settings.IS_DEMO or settings.DEBUG) or page not in PAGES:
        raise Http404
    if page in ERRORS:
        return render(request, f"{page}.html", {"menit": 15}, status=int(page))
    return render(request, f"_ui/{page}.html", _fixtures(page) | {"halaman_ui": PAGES})


def _fixtures(page: str) -> dict[str, Any]:
    context: dict[str, Any] = {
        "at": AT,
        "hari": date(2020, 6, 5),
        "kembali": "/_ui/",
        "steps": _steps(),
        "ringkasan": _summary(),
        "pilihan": _choices(),
        "kelurahan": [("36.72.01.1001", "Ciwedus"), ("36.72.01.1002", "Bendungan")],
        "kinds": ("info", "ok", "awas", "bahaya", "netral"),
        "typed": {},
    }
    if page == "salah":
        context |= _mistakes()
    if page == "warga":
        context |= _charts()
    if page in ("petugas", "kasus", "pindai"):
        context |= _desk()
    return context


def _steps() -> list[dict[str, Any]]:
    return [
        {"title": "Berkas diterima", "state": "selesai", "at": AT - timedelta(days=3), "note": ""},
        {"title": "Data diperiksa", "state": "selesai", "at": AT - timedelta(days=1), "note": ""},
        {"title": "KTP-el dicetak", "state": "sekarang", "at": None, "note": "Urutan 61 dari 309."},
        {"title": "Sampai di tangan Anda", "state": "belum", "at": None, "note": "Paling lambat 12 Juni 2020."},
    ]


def _summary() -> list[dict[str, str]]:
    return [
        {"key": "Layanan", "value": "Tukar Suket dengan KTP-el", "href": "#", "what": "layanan"},
        {"key": "NIK", "value": "36••••••••••••••", "href": "#", "what": "NIK"},
        {"key": "Tanggal lahir", "value": "27 Maret 1990", "href": "#", "what": "tanggal lahir"},
        {"key": "Biaya dokumen", "value": "Rp0"},
    ]


def _choices() -> list[tuple[str, str, str]]:
    return [
        ("post", "Dikirim Kantor Pos, Rp14.000", "Ongkos kirim dibayar kepada Kantor Pos. Sampai dalam 3 hari kerja."),
        ("pickup", "Diambil di kantor, gratis", "Senin sampai Jumat, pukul 08.00–15.00. Bawa Suket Anda."),
    ]


def _mistakes() -> dict[str, Any]:
    return {
        "typed": {"nik": "367201270390000", "lahir_hari": "81", "lahir_bulan": "3", "lahir_tahun": "1990"},
        "problems": [
            ("nik", "NIK berisi 16 angka. Yang Anda tulis 15 angka; periksa lagi di KTP-el atau KK."),
            ("birth_date", "Tulis hari antara 1 dan 31, misalnya 27 3 1990."),
            ("KK", "Pilih foto KK. Foto boleh dari kamera atau galeri."),
            ("method", "Pilih cara terima: dikirim Pos atau diambil di kantor."),
            ("setuju", "Centang persetujuan supaya data boleh diproses."),
        ],
    }


def _charts() -> dict[str, Any]:
    lang = get_language() or "id"
    months = ["Mar 2020", "Apr 2020", "Mei 2020"]
    weeks = [f"{day} {month}" for month in ("Apr", "Mei") for day in (1, 8, 15, 22, 29)]
    left = [6212.0, 6080, 5941, 5799, 5640, 5512, 5390, 5230, 5081, 4921]
    return {
        "garis": charts.lines(
            "Sisa Suket turun 1.291 dalam dua bulan", weeks, [charts.Series("Suket", left)], first="Minggu", lang=lang
        ),
        "dua_garis": charts.lines(
            "Menunggu lewat online kini secepat di loket",
            weeks,
            [
                charts.Series("Online", [3.1, 2.9, 2.8, 2.4, 2.2, 2.0, 1.8, 1.6, 1.5, 1.4]),
                charts.Series("Loket", [1.2, 1.1, 1.0, 1.1, 0.9, 1.0, 0.9, 0.9, 1.0, 0.9]),
            ],
            first="Minggu",
            lang=lang,
        ),
        "kolom": charts.columns(
            "Separuh permohonan datang lewat online",
            months,
            [charts.Series("Online", [1986, 2011, 2003]), charts.Series("Loket", [2054, 1975, 1990])],
            first="Bulan",
            lang=lang,
        ),
        "batang": charts.bars(
            "Suket terbanyak di Jombang dan Cibeber",
            ["Jombang", "Cibeber", "Citangkil", "Pulomerak", "Purwakarta"],
            [861, 790, 702, 655, 431],
            first="Kecamatan",
            unit="Suket",
            lang=lang,
        ),
    }


def _desk() -> dict[str, Any]:
    codes = ["7K4M-2QX9-AB3", "8H2N-4RT7-CD5", "9J3P-5SV8-EF6", "0C4Q-6TW9-GH7"]
    return {
        "nav": [("/_ui/petugas/", "Antrean", True), ("/_ui/kasus/", "Obrolan", False), ("/_ui/pindai/", "Cetak", False)],
        "antre": [
            (code, name, "awas" if late else "info", "Lewat janji" if late else "Baru")
            for code, name, late in zip(codes, ("Siti Aminah", "Budi", "Rahmawati", "I Made Arta"), (1, 0, 0, 0), strict=True)
        ],
        "messages_shown": [
            {"text": "Assalamualaikum, Suket saya sudah habis. Bagaimana caranya?", "out": False, "by": "Warga", "at": AT},
            {"text": "Anda bisa menukarnya dengan KTP-el, gratis.", "out": True, "by": "Rina", "at": AT, "state": "Dibaca"},
            {
                "text": "Ini tautan sekali pakai Anda.", "out": True, "by": "Rina", "at": AT, "failed": True,
                "state": "Gagal: nomor tidak di WhatsApp. Hubungi lewat telepon.",
            },
        ],
        "closes_at": AT + timedelta(hours=2),
        "photos": [{"src": f"{settings.STATIC_URL}loket/ikon.svg", "label": "Foto KK", "alt": "Contoh foto KK"}],
        "tombol_halaman": [("s", "Buka panel setujui"), ("p", "Buka panel perbaikan"), ("r", "Putar foto")],
    }  # fmt: skip
