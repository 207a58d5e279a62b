"""Errors as a person at a terminal wants them: what was expected, what came, what to do; no traceback."""

from __future__ import annotations

from pydantic import ValidationError

from bot.channels.port import ChannelError
from bot.channels.whatsapp.costs import RatesError
from bot.channels.whatsapp.templates import TemplateError
from bot.composition import NothingToDoError
from bot.exclusive import RunningAlreadyError
from conversations.rules import RulesError
from indicators.problems import FormError
from storage.errors import StorageError

EXPECTED = (
    ChannelError,
    NothingToDoError,
    RunningAlreadyError,
    FormError,
    StorageError,
    RatesError,
    RulesError,
    TemplateError,
    OSError,
)


def explained(error: Exception) -> str:
    """Put an error into a sentence; empty for one that nobody expected."""
    if isinstance(error, ValidationError):
        return _settings_problem(error)
    return str(error) if isinstance(error, EXPECTED) else ""


def _settings_problem(error: ValidationError) -> str:
    problems = (f"{_setting(each['loc'])}{each['msg'].removeprefix('Value error, ')}" for each in error.errors())
    return "The settings cannot be used:\n" + "\n".join(f"  {problem}" for problem in problems)


def _setting(place: tuple[int | str, ...]) -> str:
    """Name a setting, or the field of a bot in a list: ``JEMPUTBOLA_TELEGRAM_BOTS 1 token: ``."""
    if not place:
        return ""
    within = "".join(f" {each + 1 if isinstance(each, int) else each}" for each in place[1:])
    return f"JEMPUTBOLA_{str(place[0]).upper()}{within}: "
