"""Inputs that are kept: what once broke a law, with what went wrong, and what leads into every corner of the code."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "corpus"


@dataclass(frozen=True, slots=True)
class Kept:
    """One input."""

    content: bytes
    was: str = ""
    """What went wrong once; empty where nothing did."""


def kept(name: str) -> list[Kept]:
    """Read what is kept for a target, one JSON object a line, each byte as the character of its number."""
    path = FOLDER / f"{name}.jsonl"
    lines = path.read_text("ascii").splitlines() if path.is_file() else []
    return [Kept(each["input"].encode("latin-1"), each.get("was", "")) for each in map(json.loads, lines)]


def keep(name: str, inputs: Iterable[Kept]) -> None:
    """Write what is kept for a target: what went wrong first, then by size."""
    ordered = sorted(set(inputs), key=lambda each: (not each.was, len(each.content), each.content))
    lines = (json.dumps({"input": each.content.decode("latin-1"), **_was(each)}) + "\n" for each in ordered)
    (FOLDER / f"{name}.jsonl").write_text("".join(lines), "ascii")


def _was(each: Kept) -> dict[str, str]:
    return {"was": each.was} if each.was else {}
