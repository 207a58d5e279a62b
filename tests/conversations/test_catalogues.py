"""The catalogues of texts: complete, used, and alike in every language."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest
from babel import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

import conversations
from conversations.broadcasts import BroadcastChange, BroadcastState, Failure, Fate, LeftOut
from conversations.dialogs.audiences import WAYS
from conversations.dialogs.requests import ROLES
from conversations.escalation import Progress
from conversations.form_states import FormState
from conversations.people import Role
from conversations.snoozing import Later
from conversations.texts import DOMAIN, LANGUAGES, LOCALES, Markup, Texts, texts_for
from conversations.views.broadcast_records import COLUMNS
from indicators.reading import Reason
from tests.conversations.laws import check_markup

CODE = Path(conversations.__file__).parent
TAG = re.compile(r"</?\w+>")
BEHIND = tuple(state.value for state in Progress if state is not Progress.SENT)
FAMILIES = {
    "button.later.": tuple(each.value for each in Later),
    "word.later.": tuple(each.value for each in Later),
    "broadcast.button.": tuple(change.value for change in BroadcastChange),
    "broadcast.count.": (
        *("delivered", "read", "held", "uncertain", "dropped"),
        *(f"failed.{why.value}" for why in Failure),
        *(f"left_out.{why.value}" for why in LeftOut),
    ),
    "broadcast.count.left_out.": tuple(why.value for why in LeftOut),
    "broadcast.column.": COLUMNS,
    "broadcast.fate.": tuple(fate.value for fate in Fate),
    "broadcast.summary.": ("starts", "ends"),
    "broadcast.why.": tuple(why.value for why in (*Failure, *LeftOut)),
    "digest.line.": BEHIND,
    "digest.short.": BEHIND,
    "digest.state.": tuple(state.value for state in Progress),
    "broadcasts.changed.": ("undo", "pause", "resume", "cancel"),
    "broadcasts.state.": tuple(state.name.lower() for state in BroadcastState),
    "button.draft.": WAYS,
    "button.draft_do.": ("now", "time", "text", "to"),
    "draft.audience.": ("people", "roles", "subdistricts", "form", "states", "channel"),
    "draft.role.": tuple(role.value for role in Role),
    "draft.state.": tuple(state.value for state in FormState),
    "draft.which.": (*WAYS, "unknown", "nobody"),
    "evidence.": ("too_large", "wrong_type", "unavailable", "photo", "document"),
    "language.": LANGUAGES,
    "rejected.": tuple(reason.value for reason in Reason),
    "request.region.": tuple(kinds[0] for _, _, kinds in ROLES.values()),
    "request.role.": tuple(ROLES),
    "role.": tuple(role.value for role in Role),
    "unsupported.": ("voice", "video", "other"),
}
"""Keys that are put together as the program runs: how they begin, and how they go on."""


def catalogue_of(language: str) -> dict[str, Message]:
    with (LOCALES / language / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as source:
        read: Catalog = read_po(source, locale=language, abort_invalid=True)
    return {key_of(message): message for message in read if message.id}


def key_of(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def forms_of(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ())


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None} - {"you"}


def trees() -> Iterator[ast.AST]:
    for path in sorted(CODE.rglob("*.py")):
        yield from ast.walk(ast.parse(path.read_text(encoding="utf-8")))


def literals() -> set[str]:
    return {node.value for node in trees() if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def beginnings() -> set[str]:
    firsts = {node.values[0] for node in trees() if isinstance(node, ast.JoinedStr) and node.values}
    return {each.value for each in firsts if isinstance(each, ast.Constant) and isinstance(each.value, str)}


def calls() -> Iterator[tuple[str, str, set[str]]]:
    """Give each text that is asked for by a literal key: how, which, and with which values (no ``**`` ones)."""
    for node in trees():
        if not isinstance(node, ast.Call) or not node.args:
            continue
        first, how = node.args[0], ast.unparse(node.func).rpartition(".")[2]
        values = {each.arg for each in node.keywords if each.arg}
        is_whole = all(each.arg for each in node.keywords)
        if how in ("texts", "plain", "count") and isinstance(first, ast.Constant) and is_whole:
            yield how, str(first.value), values


ID, EN = catalogue_of("id"), catalogue_of("en")
USED = literals() | {beginning + end for beginning, ends in FAMILIES.items() for end in ends}


def test_the_catalogues_hold_the_same_keys_in_the_same_order() -> None:
    assert list(ID) == list(EN)


def test_every_text_that_is_asked_for_is_there() -> None:
    wanted = {key for _, key, _ in calls()} | {beginning + end for beginning, ends in FAMILIES.items() for end in ends}

    assert wanted - set(ID) == set()


def test_every_key_that_is_put_together_belongs_to_a_known_family() -> None:
    groups = {key.rpartition(".")[0] + "." for key in ID if "." in key}

    assert beginnings() & groups == set(FAMILIES)


def test_no_text_is_left_over() -> None:
    assert set(ID) - USED == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_says_something_and_its_markup_is_closed(language: str) -> None:
    for message in catalogue_of(language).values():
        for text in forms_of(message):
            assert text.strip()
            check_markup(text)


@pytest.mark.parametrize("key", list(ID))
def test_a_text_has_the_same_placeholders_and_markup_in_every_language(key: str) -> None:
    indonesian, english = forms_of(ID[key])[-1], forms_of(EN[key])[-1]

    assert placeholders(indonesian) == placeholders(english)
    assert Counter(TAG.findall(indonesian)) == Counter(TAG.findall(english))


def test_the_values_of_a_call_are_those_that_its_text_has_places_for() -> None:
    for how, key, values in calls():
        given = values | {"amount"} if how == "count" else values

        assert placeholders(forms_of(ID[key])[-1]) == given, key


def test_counted_texts_have_the_plural_forms_of_their_language() -> None:
    counted = {key for how, key, _ in calls() if how == "count"}
    for language in LANGUAGES:
        forms = len(Locale(language).plural_form.tags) + 1
        for key, message in catalogue_of(language).items():
            assert len(forms_of(message)) == (forms if key in counted else 1), (language, key)


def test_one_and_many_are_said_differently_in_english_and_alike_in_indonesian() -> None:
    english, indonesian = texts_for("en"), texts_for("id")

    assert english.count("evidence.count", 1) == "1 file"
    assert english.count("evidence.count", 2) == "2 files"
    assert [indonesian.count("evidence.count", amount) for amount in (1, 2)] == ["1 berkas", "2 berkas"]


def test_a_key_that_does_not_exist_is_our_mistake_and_says_where_to_add_it() -> None:
    with pytest.raises(KeyError, match="locales"):
        Texts("id")("no.such.text")


def test_values_are_made_safe_and_markup_stays_as_it_is() -> None:
    texts = texts_for("id")

    assert texts("answer.understood", answer="<b>& lain</b>") == "✅ &lt;b&gt;&amp; lain&lt;/b&gt;."
    assert texts("answer.understood", answer=Markup("<b>ya</b>")) == "✅ <b>ya</b>."
    assert texts.plain("menu.greeting", hello="Halo", name="A & B") == "Halo, A & B."


def test_an_unknown_language_is_answered_in_indonesian() -> None:
    assert texts_for("fr").language == "id"
