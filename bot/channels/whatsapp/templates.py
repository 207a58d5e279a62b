"""The templates of ``templates.toml``: checked when they are loaded, and fitted to Meta's limits before they are sent.

Source: https://developers.facebook.com/docs/whatsapp/message-templates/guidelines
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from bot.channels.port import ChannelError
from conversations.messages import Template

TEMPLATES = Path(__file__).with_name("templates.toml")
LANGUAGES = ("id", "en")
"""Every template has a text in each; the first is for whoever speaks none of them."""
CATEGORIES = ("utility", "marketing")
NAME = re.compile(r"[a-z0-9_]{1,512}")
MOST_BODY, MOST_BUTTON, MOST_BUTTONS, MOST_PARAMETERS = 1024, 20, 3, 10
VARIABLE = re.compile(r"\{\{(\d+)\}\}")
NOTHING = "-"
"""Stands for an empty parameter that has no other words: Meta refuses it."""


class TemplateError(Exception):
    """A file of templates cannot be used; all problems, one a line."""


class Parameter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What stands for a variable."""

    name: str
    example: str
    most: int
    """Characters."""
    otherwise: Mapping[str, str] = {}
    """By language, what stands there when it is not known."""


class Wording(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A template in one language."""

    body: str
    buttons: tuple[str, ...] = ()


class Definition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A template in all languages."""

    category: str
    parameters: tuple[Parameter, ...]
    id: Wording
    en: Wording

    def wording(self, language: str) -> Wording:
        """Give it in a language of ``LANGUAGES``."""
        return self.en if language == "en" else self.id


class Templates:
    """All of them, by name."""

    def __init__(self, definitions: Mapping[str, Definition]) -> None:
        self._definitions = definitions

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Give every template in every language, in the order of the file."""
        return ((name, language) for name in self._definitions for language in LANGUAGES)

    def category(self, name: str) -> str:
        """Give what a template is charged as."""
        return self._definitions[name].category

    def as_submitted(self, name: str, language: str) -> dict[str, Any]:
        """Write a template as Meta wants it for approval."""
        definition = self._definitions[name]
        wording = definition.wording(language)
        body: dict[str, Any] = {"type": "BODY", "text": wording.body}
        if definition.parameters:
            body["example"] = {"body_text": [[each.example for each in definition.parameters]]}
        components = [body]
        if wording.buttons:
            buttons = [{"type": "QUICK_REPLY", "text": each} for each in wording.buttons]
            components.append({"type": "BUTTONS", "buttons": buttons})
        category = definition.category.upper()
        return {"name": name, "language": language, "category": category, "components": components}

    def fill(self, name: str, language: str, parameters: Sequence[str], payloads: Sequence[str] = ()) -> Template:
        """Give a template to be sent, with parameters as Meta takes them: on one line, and no longer than they may be.

        Raises:
            ChannelError: there is no such template, or it has more or fewer parameters or buttons.
        """
        definition = self._definitions.get(name)
        if definition is None:
            known = ", ".join(self._definitions)
            raise ChannelError(f"a template of templates.toml was expected ({known}); there is no {name!r}", alert=True)
        spoken = language if language in LANGUAGES else LANGUAGES[0]
        expected = (len(definition.parameters), len(definition.wording(spoken).buttons))
        if (len(parameters), len(payloads)) != expected:
            raise ChannelError(
                f"template {name} has {expected[0]} parameters and {expected[1]} buttons; "
                f"it was given {len(parameters)} and {len(payloads)}",
                alert=True,
            )
        fitted = tuple(
            _fit(given.strip() or each.otherwise.get(spoken, NOTHING), each.most)
            for given, each in zip(parameters, definition.parameters, strict=True)
        )
        return Template(name, spoken, fitted, tuple(payloads))

    def text(self, template: Template) -> str:
        """Give what its reader sees, without the buttons."""
        body = self._definitions[template.name].wording(template.language).body
        return VARIABLE.sub(lambda found: template.parameters[int(found[1]) - 1], body)

    def labels(self, template: Template) -> tuple[str, ...]:
        """Give what its buttons say, in order."""
        return self._definitions[template.name].wording(template.language).buttons


def _fit(given: str, most: int) -> str:
    """Put it on one line, and cut what is too long."""
    line = " ".join(given.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def load_templates(path: Path = TEMPLATES) -> Templates:
    """Read the file.

    Raises:
        TemplateError: something in it is not as Meta wants it; says all that was found.
    """
    try:
        definitions = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), dict[str, Definition])
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise TemplateError(f"{path.name}: {error}") from error
    problems = [f"{path.name}: {name}: {said}" for name, each in definitions.items() for said in _problems(name, each)]
    if problems:
        raise TemplateError("\n".join(problems))
    return Templates(definitions)


def _problems(name: str, definition: Definition) -> Iterator[str]:
    if not NAME.fullmatch(name):
        yield "a name of a to z, 0 to 9 and _ was expected"
    if definition.category not in CATEGORIES:
        yield f"a category of {', '.join(CATEGORIES)} was expected; it is {definition.category!r}"
    if len(definition.parameters) > MOST_PARAMETERS:
        yield f"at most {MOST_PARAMETERS} parameters were expected; there are {len(definition.parameters)}"
    for each in definition.parameters:
        yield from (f"parameter {each.name}: {said}" for said in _problems_of_parameter(each))
    for language in LANGUAGES:
        for said in _problems_of_wording(definition.wording(language), definition.parameters):
            yield f"{language}: {said}"
    if len(definition.id.buttons) != len(definition.en.buttons):
        yield "the same number of buttons was expected in each language"


def _problems_of_parameter(parameter: Parameter) -> Iterator[str]:
    if not 0 < len(parameter.example) <= parameter.most or "\n" in parameter.example:
        yield f"an example on one line of 1 to {parameter.most} characters was expected"
    for language in LANGUAGES if parameter.otherwise else ():
        if not 0 < len(parameter.otherwise.get(language, "")) <= parameter.most:
            yield f"words in {language} for when it is not known were expected, at most {parameter.most} characters"


def _problems_of_wording(wording: Wording, parameters: Sequence[Parameter]) -> Iterator[str]:
    body = wording.body
    longest = len(VARIABLE.sub("", body)) + sum(each.most for each in parameters)
    if not body or longest > MOST_BODY:
        yield f"a body of 1 to {MOST_BODY} characters was expected; with its longest parameters it has {longest}"
    if re.match(r"\s*\{\{", body) or re.search(r"\}\}\W*$", body):
        yield "words were expected where the body begins and ends; there is a parameter"
    if re.search(r"\}\}\s*\{\{", body):
        yield "words were expected between two parameters"
    numbers = [int(each) for each in VARIABLE.findall(body)]
    if numbers != list(range(1, len(parameters) + 1)):
        yield f"{{{{1}}}} to {{{{{len(parameters)}}}}} were expected, each once and in order; there are {numbers}"
    if len(wording.buttons) > MOST_BUTTONS or len(set(wording.buttons)) != len(wording.buttons):
        yield f"at most {MOST_BUTTONS} buttons were expected, each with words of its own"
    for button in wording.buttons:
        if not 0 < len(button) <= MOST_BUTTON:
            yield f"a button of 1 to {MOST_BUTTON} characters was expected; {button!r} has {len(button)}"
