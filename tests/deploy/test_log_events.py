"""The table of log events says what the code logs: every event with its level and fields, and nothing else."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "docs" / "operations.md"
ROW = re.compile(r"^\| `(\w+)` \| ([a-z ]+) \| (.*?) ?\| (.+) \|$", re.MULTILINE)
LEVELS = {"debug": "debug", "info": "info", "warning": "warning", "error": "error", "exception": "error"}
LOGGERS = ("_log", "LOG")


class Logged(NamedTuple):
    """One place in the code."""

    event: str
    level: str
    """Empty where it depends."""
    fields: frozenset[str]


def logged() -> Iterator[Logged]:
    for package in ("bot", "storage"):
        for path in (ROOT / package).rglob("*.py"):
            yield from logged_in(path.read_text("utf-8"))


def logged_in(code: str) -> Iterator[Logged]:
    for node in ast.walk(ast.parse(code)):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=logger), attr=method)) if logger in LOGGERS:
                event = node.args[1 if method == "log" else 0]
                fields = [each.arg for each in node.keywords]
                assert None not in fields, f"fields are named: {ast.unparse(node)}"
                for word in words(event):
                    yield Logged(word, LEVELS.get(method, ""), frozenset(map(str, fields)))


def words(node: ast.expr) -> tuple[str, ...]:
    """Give the events that a place can log."""
    match node:
        case ast.Constant(value=str(word)):
            return (word,)
        case ast.IfExp(body=first, orelse=second):
            return (*words(first), *words(second))
        case _:
            raise AssertionError(f"an event is a fixed word: {ast.unparse(node)}")


def documented() -> dict[str, tuple[set[str], frozenset[str]]]:
    rows = ROW.findall(TABLE.read_text("utf-8"))
    return {
        event: (set(level.split(" or ")), frozenset(re.findall(r"`(\w+)`", fields))) for event, level, fields, _ in rows
    }


def test_every_event_is_documented_with_its_level_and_fields_and_no_other() -> None:
    known, found = documented(), list(logged())

    assert {each.event for each in found} == set(known)
    for each in found:
        levels, fields = known[each.event]
        assert each.fields == fields, each.event
        assert each.level in levels or (not each.level and len(levels) > 1), each.event


def test_the_events_are_in_alphabetical_order() -> None:
    assert list(documented()) == sorted(documented())


def test_what_is_logged_is_found_in_code() -> None:
    code = '_log.log(level, "a_b", x=1)\n_log.exception("c" if x else "d", y=2)\nmath.log(2)'

    assert set(logged_in(code)) == {
        Logged("a_b", "", frozenset("x")),
        Logged("c", "error", frozenset("y")),
        Logged("d", "error", frozenset("y")),
    }
