"""Expressions of XLSForm: read by elementpath, compiled once into closures that compute exactly and fast."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from indicators.form import MOST_REPEATS, REPEAT_MARK, Expression, Scope
from indicators.xpath_functions import FUNCTIONS
from indicators.xpath_operators import COMPARISONS, as_number, compare, compute
from indicators.xpath_parsing import COLUMN_MARK, TURN, ExpressionError, parse
from indicators.xpath_values import Nodes, Number, Value, to_number, to_text

if TYPE_CHECKING:
    from indicators.xpath_operators import Run

__all__ = ["COLUMN_MARK", "TURN", "ExpressionError", "compile_expression"]

_NO_REPEATS: Mapping[str, str] = {}


def compile_expression(
    source: str,
    *,
    repeats: Mapping[str, str] = _NO_REPEATS,
    within: str = "",
    may_use_columns: bool = False,
) -> Expression:
    """Compile an expression; its results are ``Fraction``, ``str`` and ``bool``, or one of XPath's endless numbers.

    ``repeats`` tells for each question in a repeat the name of the repeat, ``within`` the repeat in which the
    expression stands (a sibling is then the one of the same turn). ``may_use_columns`` allows bare names: in a
    choice filter they mean the further columns of the choice.

    Raises:
        ExpressionError: it cannot be read, or uses what is not supported; says what and where.
    """
    compiler = _Compiler(source, repeats, within, may_use_columns)
    node = compiler.node(parse(source))
    return Expression(source, frozenset(compiler.references), _exact(node))


@dataclass(frozen=True, slots=True)
class _Node:
    """A part of an expression: ``kind`` is bool, int (any number), str, tuple (turns of a repeat) or object."""

    kind: type
    run: Run


def _exact(node: _Node) -> Run:
    if node.kind in (bool, str):
        return node.run
    run = node.run

    def evaluate(scope: Scope) -> Value:
        result = run(scope)
        return Fraction(result) if type(result) is int else result

    return evaluate


@dataclass(slots=True)
class _Compiler:
    source: str
    repeats: Mapping[str, str]
    within: str
    may_use_columns: bool
    references: set[str] = field(default_factory=set)

    def node(self, token: Any) -> _Node:
        """Compile a token of elementpath's tree with everything below it."""
        symbol = token.symbol
        if token.label == "function":
            return self._function(token)
        if symbol in COMPARISONS:
            return self._comparison(token)
        if symbol in ("(integer)", "(decimal)"):
            return _constant(int, to_number(f"{token.value:f}"))
        if symbol == "(string)":
            return _constant(str, token.value)
        compile_token = self._by_symbol().get(symbol)
        if compile_token is None:
            raise self._refused(token, f"{token.source!r} is not supported")
        return compile_token(token)

    def _by_symbol(self) -> Mapping[str, Callable[[Any], _Node]]:
        return {
            "and": self._junction,
            "or": self._junction,
            "+": self._arithmetic,
            "-": self._arithmetic,
            "*": self._arithmetic,
            "div": self._arithmetic,
            "mod": self._arithmetic,
            "(": lambda token: self.node(token[0]),
            "$": lambda token: self._answer(token[0].value),
            ".": lambda _: _Node(str, lambda scope: scope.current),
            "/": self._path,
            "(name)": self._column,
        }

    def _junction(self, token: Any) -> _Node:
        left, right = self.node(token[0]).run, self.node(token[1]).run
        if token.symbol == "and":
            return _Node(bool, lambda scope: bool(left(scope)) and bool(right(scope)))
        return _Node(bool, lambda scope: bool(left(scope)) or bool(right(scope)))

    def _arithmetic(self, token: Any) -> _Node:
        if token.symbol == "*" and not len(token):
            raise self._refused(token, "the path '*' is not supported")
        return _Node(int, compute(token.symbol, [self._number(each) for each in token]))

    def _number(self, token: Any) -> Callable[[Scope], Number]:
        node = self.node(token)
        return as_number(node.kind, node.run)

    def _comparison(self, token: Any) -> _Node:
        left, right = self.node(token[0]), self.node(token[1])
        return _Node(bool, compare(token.symbol, (left.kind, left.run), (right.kind, right.run)))

    def _answer(self, name: str) -> _Node:
        self.references.add(name)
        if self.repeats.get(name, self.within) != self.within:
            return _Node(tuple, lambda scope: _all_turns(scope, name))
        return _Node(object, lambda scope: scope.values.get(name, ""))

    def _path(self, token: Any) -> _Node:
        if len(token) == 2 and token[0].symbol in ("..", ".") and token[1].symbol == "(name)":
            return self._answer(token[1].value)
        raise self._refused(token, f"the path {token.source!r} is not supported; write ${{name}}")

    def _column(self, token: Any) -> _Node:
        if not self.may_use_columns:
            reason = f"{token.value!r} is neither a number nor a text; for an answer write ${{{token.value}}}"
            raise self._refused(token, reason)
        key = COLUMN_MARK + token.value
        self.references.add(key)
        return _Node(str, lambda scope: scope.values.get(key, ""))

    def _function(self, token: Any) -> _Node:
        special = {
            "if": self._if,
            "regex": self._regex,
            "once": self._once,
            "today": self._today,
            "position": self._turn,
        }
        if token.symbol in special:
            return special[token.symbol](token)
        call = FUNCTIONS[token.symbol].call
        runs = [self.node(each).run for each in token] or self._itself(token)
        return _Node(_RESULTS.get(token.symbol, object), _call(call, runs))

    def _itself(self, token: Any) -> list[Run]:
        """``string()`` and the like without an argument look at the answer itself."""
        return [lambda scope: scope.current] if FUNCTIONS[token.symbol].least and not len(token) else []

    def _if(self, token: Any) -> _Node:
        test, yes, no = (self.node(each) for each in token)
        ask, then, otherwise = test.run, yes.run, no.run
        kind = yes.kind if yes.kind is no.kind else object
        return _Node(kind, lambda scope: then(scope) if ask(scope) else otherwise(scope))

    def _regex(self, token: Any) -> _Node:
        text = self.node(token[0]).run
        if token[1].symbol != "(string)":
            raise self._refused(token, "the pattern of regex() must be a text in quotation marks")
        try:
            pattern = re.compile(token[1].value)
        except re.error as error:
            raise self._refused(token, f"the pattern of regex() cannot be read: {error}") from error
        return _Node(bool, lambda scope: pattern.fullmatch(to_text(text(scope))) is not None)

    def _once(self, token: Any) -> _Node:
        first = self.node(token[0]).run
        return _Node(object, lambda scope: scope.current or first(scope))

    def _today(self, _: Any) -> _Node:
        return _Node(str, lambda scope: scope.today.isoformat())

    def _turn(self, _: Any) -> _Node:
        return _Node(int, lambda scope: to_number(scope.values.get(TURN, "1")))

    def _refused(self, token: Any, reason: str) -> ExpressionError:
        return ExpressionError(self.source, token.position[1], reason)


_RESULTS: Mapping[str, type] = {
    **dict.fromkeys(("selected", "contains", "starts-with", "ends-with", "not", "true", "false", "boolean"), bool),
    **dict.fromkeys(("number", "int", "round", "floor", "ceiling", "abs", "pow", "min", "max", "sum", "count"), int),
    **dict.fromkeys(("count-selected", "string-length", "count-non-empty", "decimal-date-time"), int),
    **dict.fromkeys(("string", "concat", "join", "substring", "normalize-space", "translate", "date"), str),
}


def _constant(kind: type, value: Value) -> _Node:
    return _Node(kind, lambda _: value)


def _call(call: Callable[..., Value], runs: list[Run]) -> Run:
    if len(runs) == 1:
        (only,) = runs
        return lambda scope: call(only(scope))
    if len(runs) == 2:
        first, second = runs
        return lambda scope: call(first(scope), second(scope))
    return lambda scope: call(*[run(scope) for run in runs])


def _all_turns(scope: Scope, name: str) -> Nodes:
    keys = (f"{name}{REPEAT_MARK}{turn}" for turn in range(1, MOST_REPEATS + 1))
    return Nodes(tuple(to_text(scope.values[key]) for key in keys if key in scope.values))
