"""The texts of a form: which languages it has, and one text in all of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from indicators.form import NO_TEXT, Text

_TAG = re.compile(r"\(([A-Za-z-]{2,12})\)\s*$")
_NAMES = {"english": "en", "indonesian": "id", "bahasa indonesia": "id", "bahasa": "id", "indonesia": "id"}
WITHOUT_LANGUAGE = "default"
"""Code of the texts of a form that names no language."""


def language_code(written: str) -> str:
    """Give the code of a language as XLSForm writes it: ``id`` of ``Bahasa Indonesia (id)``."""
    tag = _TAG.search(written)
    return tag[1].lower() if tag else _NAMES.get(written.strip().lower(), written.strip().lower())


def languages_in(survey: Mapping[str, Any]) -> tuple[str, ...]:
    """Find the languages of a form's labels, the form's default language first."""
    first = language_code(str(survey.get("default_language", WITHOUT_LANGUAGE)))
    codes = dict.fromkeys(language_code(name) for label in _labels(survey) for name in label)
    if not codes:
        return (first,)
    return tuple(sorted(codes, key=lambda code: code != first))


def _labels(element: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    label = element.get("label")
    if isinstance(label, dict):
        yield label
    for child in element.get("children", ()):
        yield from _labels(child)


def text_of(written: object, languages: tuple[str, ...]) -> Text:
    """Take a text as pyxform gives it: one string, or one for each language."""
    if isinstance(written, Mapping):
        by_code = {language_code(name): str(text).strip() for name, text in written.items() if text}
        ordered = {code: by_code[code] for code in languages if code in by_code}
        return Text(ordered | by_code) if by_code else NO_TEXT
    return Text({languages[0]: str(written).strip()}) if written else NO_TEXT
