"""The words of the bot in one person's language, from the gettext catalogues in ``locales/``."""

from __future__ import annotations

import gettext
import html
import io
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from conversations.messages import escaped

DOMAIN = "jemputbola"
LOCALES = Path(__file__).parent / "locales"
MOST_REMEMBERED = 4096
"""Filled texts kept for each way of addressing people: few differ, and those come again and again."""
LANGUAGES = ("id", "en")
"""Languages that people can choose; the first is the one they start with."""


class Markup(str):
    """Text that is already in our markup and goes into a message as it is."""

    __slots__ = ()


class Texts:
    """Gives the texts of one language, addressing one person; every value put into a text is escaped."""

    def __init__(self, language: str, honorific: str = "") -> None:
        self.language = language
        self._catalogue = catalogue(language)
        self._you = Markup(escaped(honorific) or "Bapak/Ibu")
        self._fixed_plain: dict[str, str] = {}
        self._remembered: dict[tuple[object, ...], Markup] = {}

    def __call__(self, key: str, /, **values: object) -> Markup:
        """Give a text; ``values`` fill its placeholders.

        Raises:
            KeyError: no such text, or a placeholder without a value: a mistake of ours.
        """
        remembered = (key, *values.items(), *map(type, values.values()))  # what is markup already is not escaped
        found = self._remembered.get(remembered)
        return found if found is not None else self._remember(remembered, self._catalogue.gettext(key), values)

    def plain(self, key: str, /, **values: object) -> str:
        """Give a text for a button's label, where there is no markup and nothing is escaped."""
        if values:
            return str(html.unescape(self(key, **values)))
        if key not in self._fixed_plain:
            self._fixed_plain[key] = str(html.unescape(self(key)))
        return self._fixed_plain[key]

    def count(self, key: str, amount: int, /, **values: object) -> Markup:
        """Give a text in the form that fits an amount, which fills ``{amount}``."""
        return self._filled(self._catalogue.ngettext(key, key, amount), key, {"amount": amount, **values})

    def _remember(self, remembered: tuple[object, ...], pattern: str, values: Mapping[str, object]) -> Markup:
        if len(self._remembered) >= MOST_REMEMBERED:
            self._remembered.clear()
        found = self._remembered[remembered] = self._filled(pattern, str(remembered[0]), values)
        return found

    def _filled(self, pattern: str, key: str, values: Mapping[str, object]) -> Markup:
        if pattern == key:
            raise KeyError(f"no text {key!r} in the catalogue of language {self.language!r}; add it to locales/")
        safe = {name: value if isinstance(value, Markup) else escaped(str(value)) for name, value in values.items()}
        safe.setdefault("you", self._you)
        return Markup(pattern.format_map(safe))


@cache
def catalogue(language: str) -> gettext.GNUTranslations:
    """Read a language's catalogue once."""
    with (LOCALES / language / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as source:
        messages = read_po(source, locale=language, abort_invalid=True)
    compiled = io.BytesIO()
    write_mo(compiled, messages)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


@cache
def texts_for(language: str, honorific: str = "") -> Texts:
    """Give the texts for somebody who speaks this language and is addressed like this."""
    return Texts(language if language in LANGUAGES else LANGUAGES[0], honorific)
