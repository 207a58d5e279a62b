"""Expressions of XLSForm: read by elementpath, compiled once into closures that compute exactly and fast."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

from indicators.form import MOST_REPEATS, REPEAT_MARK, Expression, Meaning, Scope
from indicators.patterns import PatternError, read_pattern
from indicators.xpath_functions import FUNCTIONS
from indicators.xpath_operators import COMPARISONS, as_number, compare, compute
from indicators.xpath_parsing import COLUMN_MARK, TURN, ExpressionError, Syntax, parse
from indicators.xpath_values import Nodes, Number, Value, to_number, to_text

if TYPE_CHECKING:
    from indicators.xpath_operators import Run

__all__ = ["COLUMN_MARK", "TURN", "ExpressionError", "compile_expression", "compiled"]

_NO_REPEATS: Mapping[str, str] = {}
MOST_MATCHED_CHARACTERS = 2_000
"""A longer text matches no pattern; answers have at most 1,000."""


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
    syntax = parse(source)
    compiler = _Compiler(source, repeats, within, may_use_columns)
    run = _exact(compiler.node(syntax))
    around = {name: repeats[name] for name in compiler.references if name in repeats}
    return Expression(source, frozenset(compiler.references), Meaning(syntax, around, within), run)


def compiled(expression: Expression) -> Run:
    """Compile an expression that was compiled before, and kept without what that gave."""
    meaning = expression.meaning
    compiler = _Compiler(expression.source, meaning.repeats, meaning.within, may_use_columns=True)
    return _exact(compiler.node(meaning.syntax))


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
        if type(result) is int:
            return Fraction(result)
        return to_text(result) if type(result) is tuple else result

    return evaluate


@dataclass(slots=True)
class _Compiler:
    source: str
    repeats: Mapping[str, str]
    within: str
    may_use_columns: bool
    references: set[str] = field(default_factory=set)

    def node(self, syntax: Syntax) -> _Node:
        """Compile a part with everything below it."""
        match syntax.kind:
            case "answer":
                return self._answer(syntax.value)
            case "column":
                return self._column(syntax)
            case "itself":
                return _Node(str, lambda scope: scope.current)
            case "number":
                return _constant(int, to_number(syntax.value))
            case "text":
                return _constant(str, syntax.value)
            case "function":
                return self._function(syntax)
            case "and" | "or":
                return self._junction(syntax)
            case _:
                return self._comparison(syntax) if syntax.kind in COMPARISONS else self._arithmetic(syntax)

    def _junction(self, syntax: Syntax) -> _Node:
        left, right = self.node(syntax.parts[0]).run, self.node(syntax.parts[1]).run
        if syntax.kind == "and":
            return _Node(bool, lambda scope: bool(left(scope)) and bool(right(scope)))
        return _Node(bool, lambda scope: bool(left(scope)) or bool(right(scope)))

    def _arithmetic(self, syntax: Syntax) -> _Node:
        return _Node(int, compute(syntax.kind, [self._number(each) for each in syntax.parts]))

    def _number(self, syntax: Syntax) -> Callable[[Scope], Number]:
        node = self.node(syntax)
        return as_number(node.kind, node.run)

    def _comparison(self, syntax: Syntax) -> _Node:
        left, right = (self.node(each) for each in syntax.parts)
        return _Node(bool, compare(syntax.kind, (left.kind, left.run), (right.kind, right.run)))

    def _answer(self, name: str) -> _Node:
        self.references.add(name)
        if self.repeats.get(name, self.within) != self.within:
            return _Node(tuple, lambda scope: _all_turns(scope, name))
        return _Node(object, lambda scope: scope.values.get(name, ""))

    def _column(self, syntax: Syntax) -> _Node:
        if not self.may_use_columns:
            reason = f"{syntax.value!r} is neither a number nor a text; for an answer write ${{{syntax.value}}}"
            raise self._refused(syntax, reason)
        key = COLUMN_MARK + syntax.value
        self.references.add(key)
        return _Node(str, lambda scope: scope.values.get(key, ""))

    def _function(self, syntax: Syntax) -> _Node:
        special = {
            "if": self._if,
            "regex": self._regex,
            "once": self._once,
            "today": self._today,
            "position": self._turn,
        }
        if syntax.value in special:
            return special[syntax.value](syntax)
        function = FUNCTIONS[syntax.value]
        runs = [self.node(each).run for each in syntax.parts]
        if function.least and not runs:  # ``string()`` and the like without an argument look at the answer itself
            runs = [lambda scope: scope.current]
        return _Node(_RESULTS.get(syntax.value, object), _call(function.call, runs))

    def _if(self, syntax: Syntax) -> _Node:
        test, yes, no = (self.node(each) for each in syntax.parts)
        ask, then, otherwise = test.run, yes.run, no.run
        kind = yes.kind if yes.kind is no.kind else object
        return _Node(kind, lambda scope: then(scope) if ask(scope) else otherwise(scope))

    def _regex(self, syntax: Syntax) -> _Node:
        text = self.node(syntax.parts[0]).run
        if syntax.parts[1].kind != "text":
            raise self._refused(syntax, "the pattern of regex() must be a text in quotation marks")
        try:
            matches = read_pattern(syntax.parts[1].value).matches
        except PatternError as error:
            raise self._refused(syntax, f"the pattern of regex() cannot be read: {error}") from error

        def run(scope: Scope) -> bool:
            written = to_text(text(scope))
            return len(written) <= MOST_MATCHED_CHARACTERS and matches(written)

        return _Node(bool, run)

    def _once(self, syntax: Syntax) -> _Node:
        first = self.node(syntax.parts[0]).run
        return _Node(object, lambda scope: scope.current or first(scope))

    def _today(self, _: Syntax) -> _Node:
        return _Node(str, lambda scope: scope.today.isoformat())

    def _turn(self, _: Syntax) -> _Node:
        return _Node(int, lambda scope: to_number(scope.values.get(TURN, "1")))

    def _refused(self, syntax: Syntax, reason: str) -> ExpressionError:
        return ExpressionError(self.source, syntax.position, reason)


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
