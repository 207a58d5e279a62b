"""The texts around the conversation, from ``menu.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

MENU = Path(__file__).with_name("menu.toml")
DEFAULT_LANGUAGE = "id"


@dataclass(frozen=True, slots=True)
class Menu:
    """Commands by language, and the sentence for groups with ``{bot}`` in it."""

    commands: Mapping[str, Mapping[str, str]]
    group: str


def load_menu(path: Path = MENU) -> Menu:
    """Read the texts."""
    read = tomllib.loads(path.read_text(encoding="utf-8"))
    return Menu(commands=read["commands"], group=read["group"][DEFAULT_LANGUAGE])
