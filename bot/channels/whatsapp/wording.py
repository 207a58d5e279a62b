"""The words around the conversation, from ``wording.toml``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

WORDING = Path(__file__).with_name("wording.toml")


@dataclass(frozen=True, slots=True)
class Wording:
    """Words that are the same for everybody: Meta does not tell which language a phone speaks."""

    choose: str
    """On the button that opens a list; at most 20 characters."""


def load_wording(path: Path = WORDING) -> Wording:
    """Read the words."""
    return Wording(**tomllib.loads(path.read_text(encoding="utf-8")))
