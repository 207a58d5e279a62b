"""Small forms for tests, written as Markdown tables the way a secretariat's form is."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from indicators.form import AnswerKey, Form, Lexical
from indicators.loading import load_form
from indicators.reading import Reading, Understood, read_answer

TODAY = date(2025, 11, 22)
KLA_2024 = Path(__file__).parent.parent.parent / "indicators" / "kla_2024"

SETTINGS = """
| settings |
| | form_title | form_id | version | default_language | namespaces | attribute::kla:unit | attribute::kla:total |
| | Uji | uji | 1 | Bahasa Indonesia (id) | kla="https://jemputbola.id/kla" | {unit} | {total} |
"""
CHOICES = """
| choices |
| | list_name | name | label::Bahasa Indonesia (id) | label::English (en) | kec |
| | ada | ada | Sudah ada | Yes, there is | |
| | ada | belum | Belum ada | Not yet | |
| | ya | ya | Ya | Yes | |
| | ya | tidak | Tidak | No | |
| | buah | m | Mangga | Mango | |
| | buah | mm | Manggis | Mangosteen | |
| | buah | p | Pisang | Banana | |
| | buah | j | Jeruk bali, kupas | Pomelo, peeled | |
| | desa | d1 | Suka Maju | Forward | k1 |
| | desa | d2 | Suka Damai | Peace | k2 |
| | satuan | anak | anak | children | |
| | satuan | rupiah | rupiah | rupiah | |
| | satuan | persen | persen | percent | |
| | bukti | sk | SK | decree | |
| | opd | dinkes | Dinas Kesehatan | Health office | |
"""
COLUMNS = (
    "type", "name", "label::Bahasa Indonesia (id)", "label::English (en)", "relevant", "constraint",
    "constraint_message::Bahasa Indonesia (id)", "constraint_message::English (en)", "required", "calculation",
    "repeat_count", "choice_filter", "parameters", "readonly", "default", "instance::kla:row", "instance::kla:points",
    "instance::kla:share", "instance::kla:direction", "instance::kla:evidence", "instance::kla:holder",
    "instance::kla:unit",
)  # fmt: skip
_SHORT = {heading.split(":")[-1]: heading for heading in COLUMNS if "kla:" in heading}


def line(kind: str, name: str = "", **cells: str) -> dict[str, str]:
    """Write one row of the survey sheet; label and message are given in both languages."""
    row = {"type": kind, "name": name}
    if kind not in ("calculate", "end_group", "end_repeat"):
        label = cells.pop("label", name)
        row |= {} if not label else {"label::Bahasa Indonesia (id)": label, "label::English (en)": f"{label} (en)"}
    if message := cells.pop("message", ""):
        row |= {"constraint_message::Bahasa Indonesia (id)": message, "constraint_message::English (en)": message}
    return row | {_SHORT.get(column, column): written for column, written in cells.items()}


def survey(*lines: Mapping[str, str]) -> str:
    """Write the survey sheet."""
    rows = (" | ".join(row.get(heading, "") for heading in COLUMNS) for row in lines)
    return "| survey |\n" + "".join(f"| | {row} |\n" for row in (" | ".join(COLUMNS), *rows))


def write_form(
    folder: Path,
    *lines: Mapping[str, str],
    total: str = "",
    unit: str = "",
    choices: str = CHOICES,
    name: str = "uji.md",
) -> Path:
    """Write a form into a folder."""
    path = folder / name
    path.write_text(SETTINGS.format(total=total, unit=unit) + "\n" + survey(*lines) + "\n" + choices, encoding="utf-8")
    return path


def form_of(folder: Path, *lines: Mapping[str, str], total: str = "", unit: str = "", choices: str = CHOICES) -> Form:
    """Write and load a form."""
    return load_form(write_form(folder, *lines, total=total, unit=unit, choices=choices))


def row(number: str, *questions: Mapping[str, str], **cells: str) -> tuple[Mapping[str, str], ...]:
    """Write a row group around questions."""
    name = "r" + number.replace(".", "_")
    return (line("begin_group", name, row=number, **cells), *questions, line("end_group"))


def read(
    form: Form, key: str, written: str, *, language: str = "id", values: Mapping[str, str] | None = None
) -> Reading:
    """Read a typed answer on the day of the tests."""
    return read_answer(form, AnswerKey(key), written, values=values or {}, today=TODAY, language=language)


def understood(value: str, *, is_certain: bool = True, other: str = "") -> Understood:
    """Say what is expected of a reading."""
    return Understood(Lexical(value), is_certain, other)
