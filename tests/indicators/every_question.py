"""A form with a question of every kind, as short as can be."""

from __future__ import annotations

from pathlib import Path

from indicators.form import Form
from tests.indicators.small_forms import form_of, line


def every_question(folder: Path) -> Form:
    """Write it into a folder, and load it."""
    return form_of(
        folder,
        line("integer", "anak", unit="anak"),
        line("integer", "hitung"),
        line("decimal", "desimal"),
        line("decimal", "persen", unit="persen"),
        line("integer", "rupiah", unit="rupiah"),
        line("range", "skor", parameters="start=0 end=10 step=1"),
        line("select_one ada", "ada"),
        line("select_one ya", "ya"),
        line("select_one buah", "satu"),
        line("select_multiple buah or_other", "banyak"),
        line("select_multiple ada", "centang"),
        line("date", "tanggal"),
        line("text", "teks"),
        line("geopoint", "tempat"),
        line("image", "foto"),
        line("file", "berkas"),
        line("note", "catatan"),
        line("calculate", "c", calculation="1"),
        line("acknowledge", "setuju"),
    )
