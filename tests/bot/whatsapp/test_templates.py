"""Templates: those of the repository are as Meta wants them, and what is not is told before Meta tells it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.channels.whatsapp.notices import Notices
from bot.channels.whatsapp.templates import TEMPLATES, TemplateError, Templates, load_templates
from conversations.people import Person
from conversations.texts import texts_for
from conversations.views.templates import request_decided, rows_returned
from tests.whatsapp_server.templates import check_template

GOOD = """
[kabar]
category = "utility"
parameters = [{ name = "sapaan", example = "Bapak Ahmad", most = 80 }]
id = { body = "Yth. {{1}}, ada kabar.", buttons = ["Baca"] }
en = { body = "Dear {{1}}, there is news.", buttons = ["Read"] }
"""
UTILITY = {
    "kabar_menunggu",
    "undangan",
    "permintaan_diputuskan",
    "pengingat",
    "perlu_dilengkapi",
    "laporan",
    "jadwal_berubah",
}
NEEDED = UTILITY | {"ringkasan", "siaran"}


@pytest.fixture
def templates() -> Templates:
    return load_templates()


@pytest.fixture
def load(tmp_path: Path) -> Callable[[str], Templates]:
    def read(text: str) -> Templates:
        file = tmp_path / "templates.toml"
        file.write_text(text, encoding="utf-8")
        return load_templates(file)

    return read


def test_the_templates_of_the_repository_are_as_meta_wants_them_in_both_languages(templates: Templates) -> None:
    for name, language in templates:
        check_template(templates.as_submitted(name, language))

    assert set(templates) == {(name, language) for name in NEEDED for language in ("id", "en")}


@pytest.mark.parametrize(
    ("instead_of", "stands", "said"),
    [
        ("[kabar]", "[Kabar]", "a name of a to z"),
        ('"utility"', '"useful"', "a category of utility, marketing was expected; it is 'useful'"),
        ("Yth. {{1}}, ada", "{{1}}, ada", "id: words were expected where the body begins and ends"),
        ("ada kabar.", "ada {{2}}.", "id: words were expected where the body begins"),
        ("{{1}}, there", "{{2}}, there", r"en: \{\{1\}\} to \{\{1\}\} were expected, each once and in order"),
        ("ada kabar.", "ada kabar {{1}} ya.", "each once and in order"),
        ("Yth. {{1}},", "Yth. {{1}} {{2}},", "words were expected between"),
        ("most = 80", "most = 1010", "a body of 1 to 1024"),
        ("Bapak Ahmad", "", "parameter sapaan: an example"),
        ("most = 80", 'most = 80, otherwise = { id = "Bapak" }', "parameter sapaan: words in en"),
        ('["Baca"]', '["Baca kabarnya sekarang"]', "a button of 1 to 20 characters"),
        ('["Baca"]', '["A", "B", "C", "D"]', "at most 3 buttons"),
        ('["Baca"]', '["Baca", "Baca"]', "each with words of its own"),
        ('["Baca"]', "[]", "the same number of buttons"),
        ("most = 80", 'most = "80"', "templates.toml: Expected `int`"),
        ("en = {", "english = {", "templates.toml: Object"),
        ("[kabar]", "[kabar", "templates.toml"),
    ],
)
def test_a_template_that_meta_would_refuse_is_refused_here(
    load: Callable[[str], Templates], instead_of: str, stands: str, said: str
) -> None:
    load(GOOD)

    with pytest.raises(TemplateError, match=said):
        load(GOOD.replace(instead_of, stands))


def test_all_that_is_wrong_is_said_at_once(load: Callable[[str], Templates]) -> None:
    with pytest.raises(TemplateError) as raised:
        load(GOOD.replace("utility", "x").replace("Bapak Ahmad", ""))

    assert len(str(raised.value).splitlines()) == 2


@pytest.mark.parametrize(
    ("given", "stands"),
    [("Bapak\n Ahmad\t ", "Bapak Ahmad"), ("", "Sir or Madam"), ("x" * 90, "x" * 79 + "…"), (" ", "Sir or Madam")],
)
def test_a_parameter_is_fitted_to_its_place(templates: Templates, given: str, stands: str) -> None:
    filled = templates.fill("kabar_menunggu", "en", (given, "Desa Suka Maju"), ("o",))

    assert filled.parameters == (stands, "Desa Suka Maju")
    assert templates.text(filled).startswith(f"Dear {stands}, there is news")


def test_whoever_speaks_another_language_gets_the_first(templates: Templates) -> None:
    assert templates.fill("siaran", "jv", ("a", "", "c")).language == "id"
    assert templates.fill("siaran", "jv", ("a", "", "c")).parameters[1] == "-"


def test_a_notice_addresses_the_person_and_names_the_place(templates: Templates) -> None:
    notice = Notices(templates)

    known = notice(Person(1, "Ahmad", "Bapak", "id"), "Desa Sungai Rebo")
    unknown = notice(Person(1), "")

    assert known.text.startswith("Yth. Bapak Ahmad, ada kabar tentang")
    assert "untuk Desa Sungai Rebo." in known.text
    assert "Yth. Bapak/Ibu, ada kabar tentang evaluasi" in unknown.text
    assert known.template
    assert len(known.template.payloads) == 1


@pytest.mark.parametrize(("language", "said"), [("id", "Hasilnya: disetujui."), ("en", "The result: granted.")])
def test_what_a_dialog_wants_as_a_template_fits_the_one_of_the_repository(
    templates: Templates, language: str, said: str
) -> None:
    meant = request_decided(texts_for(language, "Ibu"), "Siti", "Camat Kaur", is_granted=True, payload="n3:x")

    fitted = templates.fill(meant.name, meant.language, meant.parameters, meant.payloads)

    assert fitted == meant
    assert said in templates.text(fitted)


@pytest.mark.parametrize(("language", "said"), [("id", "dilengkapi: PATBM"), ("en", "completed: PATBM")])
def test_rows_that_came_back_fit_their_template(templates: Templates, language: str, said: str) -> None:
    meant = rows_returned(
        texts_for(language, "Bapak"), "Ahmad", ("Kaur", "PATBM: SK"), payloads=("c:1:returned", "o:ask")
    )

    fitted = templates.fill(meant.name, meant.language, meant.parameters, meant.payloads)

    assert fitted == meant
    assert said in templates.text(fitted)


def test_the_file_that_comes_with_the_program_lies_beside_it() -> None:
    assert TEMPLATES.is_file()
