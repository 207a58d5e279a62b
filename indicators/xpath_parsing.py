"""Reading XPath 1.0 with the functions of XForms: elementpath's parser, told which functions there are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

import msgspec

from indicators.xpath_functions import FUNCTIONS

COLUMN_MARK = "@"
"""Before the name of a choice's further column, where a choice filter looks it up among the answers."""
TURN = "~"
"""The key under which an expression in a repeat finds which turn it is, from 1."""

MOST_CHARACTERS = 4_000
MOST_NESTED = 80
"""How deeply brackets, functions and chains of operators may stand in one another: each costs the machine's stack."""
_MOST_SHOWN = 300
_ANSWER = re.compile(r"\$\{\s*([^\W\d][\w.-]*)\s*\}")
_SPECIAL = {"if": (3, 3), "regex": (2, 2), "once": (1, 1), "today": (0, 0), "position": (0, 1)}
_ON_THE_ANSWER_ITSELF = frozenset({"number", "string", "string-length", "normalize-space"})
"""XPath lets these stand without an argument."""


class ExpressionError(ValueError):
    """An expression that cannot be compiled; ``position`` is that of the character, from 1."""

    def __init__(self, source: str, position: int, reason: str) -> None:
        self.source = source
        self.position = position
        self.reason = _shortened(reason)
        shown = _shortened(repr(source))
        super().__init__(f"The expression {shown} cannot be used; at character {position}: {self.reason}.")


def _shortened(written: str) -> str:
    said = " ".join(written.split())
    return said if len(said) <= _MOST_SHOWN else f"{said[:_MOST_SHOWN]}..."


class Syntax(msgspec.Struct, frozen=True, array_like=True):
    """A part of an expression that we can compute."""

    kind: str
    """``answer``, ``column``, ``itself``, ``number``, ``text``, ``function``, or the sign of an operator."""
    position: int
    """Of its first character in the expression, from 1; of an operator, its sign's."""
    value: str = ""
    """Name of the answer, column or function; the number or text as it is written."""
    parts: tuple[Syntax, ...] = ()
    """Arguments and operands, in order."""


def parse(source: str) -> Syntax:
    """Read an expression; ``${name}`` is read as the variable ``$name`` at the same place.

    Raises:
        ExpressionError: elementpath cannot read it, or it uses what we do not support.
    """
    from elementpath.exceptions import ElementPathError
    from elementpath.tdop import Parser

    written = _ANSWER.sub(_as_variable, source)
    if not written.strip():
        raise ExpressionError(source, 1, "nothing is written")
    if len(source) > MOST_CHARACTERS:
        raise ExpressionError(source, MOST_CHARACTERS, f"it is longer than {MOST_CHARACTERS} characters")
    try:
        return _Reader(source).read(Parser.parse(_parser(), written))
    except (ElementPathError, RecursionError) as error:
        raise ExpressionError(source, _position(error), _reason(error)) from error


@dataclass(frozen=True, slots=True)
class _Reader:
    """Takes elementpath's tokens over into what we support."""

    source: str

    def read(self, token: Any, depth: int = 0) -> Syntax:
        """Take a token over with everything below it."""
        symbol, position = token.symbol, int(token.position[1])
        if depth >= MOST_NESTED:
            reason = f"it is nested more than {MOST_NESTED} times; divide it with calculations"
            raise ExpressionError(self.source, position, reason)
        if token.label == "function":
            parts = () if symbol == _TURN_FUNCTION else self._parts(token, depth)
            return Syntax("function", position, symbol, parts)
        if symbol in ("(integer)", "(decimal)"):
            return Syntax("number", position, f"{token.value:f}")
        if symbol in _NAMED:
            return Syntax(_NAMED[symbol], position, token.value)
        if symbol in OPERATORS and len(token):
            return Syntax(symbol, position, parts=self._parts(token, depth))
        return self.read(token[0], depth + 1) if symbol == "(" else self._other(token, symbol, position)

    def _other(self, token: Any, symbol: str, position: int) -> Syntax:
        if symbol == "$":
            return Syntax("answer", position, token[0].value)
        if symbol == ".":
            return Syntax("itself", position)
        if symbol not in ("/", "*"):
            raise ExpressionError(self.source, position, f"{token.source!r} is not supported")
        if len(token) == 2 and token[0].symbol in ("..", ".") and token[1].symbol == "(name)":
            return Syntax("answer", position, token[1].value)
        raise ExpressionError(self.source, position, f"the path {token.source!r} is not supported; write ${{name}}")

    def _parts(self, token: Any, depth: int) -> tuple[Syntax, ...]:
        return tuple(self.read(each, depth + 1) for each in token)


_TURN_FUNCTION = "position"
"""Written ``position(..)``; whatever stands in the brackets, the turn of the repeat is meant."""
_NAMED = {"(string)": "text", "(name)": "column"}
OPERATORS = frozenset({"and", "or", "+", "-", "*", "div", "mod", "=", "!=", "<", "<=", ">", ">="})


def _as_variable(found: re.Match[str]) -> str:
    """Keep the length, so that positions stay true."""
    return f"${found[1]}".ljust(len(found[0]))


@cache
def _parser() -> Any:
    from elementpath.xpath1 import XPath1Parser

    class XFormsParser(XPath1Parser):
        """XPath 1.0 with the functions of XForms."""

    known = {symbol for symbol, token in XPath1Parser.symbol_table.items() if token.label == "function"}
    for symbol in known:
        XFormsParser.unregister(symbol)
    arities = {name: (function.least, function.most) for name, function in FUNCTIONS.items()}
    for name, (least, most) in {**arities, **_SPECIAL}.items():
        fewest = 0 if name in _ON_THE_ANSWER_ITSELF else least
        XFormsParser.function(name, nargs=fewest if fewest == most else (fewest, most))
    XFormsParser.build()
    return XFormsParser()


def _position(error: BaseException) -> int:
    token = getattr(error, "token", None)
    return int(token.position[1]) if token is not None else 1


def _reason(error: BaseException) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    return str(getattr(error, "message", error)).replace("'fn:", "'")
