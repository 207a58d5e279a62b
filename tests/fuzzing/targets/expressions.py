"""Whatever a secretariat writes as an expression, and whatever the answers are when it is evaluated."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from typing import Any

from indicators.expressions import ExpressionError, compile_expression
from indicators.form import Expression, Scope
from indicators.shares import as_share
from indicators.xpath_values import Endless, to_number, to_text
from tests.fuzzing.drawing import Draw, told
from tests.indicators.small_forms import TODAY

NAMES = ("a", "b", "r~1", "r~2", "r", "@kec", "~")
VALUES: tuple[Any, ...] = (
    "", "0", "1", "-1", "12", "1.5", "2025-11-22", "9999-12-31", "a b c", "ada", "NaN", "true", "9" * 40, "9" * 900,
    "0." + "0" * 300 + "1", "x" * 1000, "\u0661", "\ud800", "'\"", Fraction(1, 3), Fraction(10**30), True, False,
)  # fmt: skip
"""What people answer, and what calculations come to."""
MOST_RESULT_CHARACTERS = 20_000
REPEATS = {"r": "rumah", "s": "rumah"}


def check(content: bytes) -> None:
    """Draw the answers, the place where the expression stands, and the expression."""
    draw = Draw(content)
    values = {name: draw.pick(VALUES) for name in NAMES if draw.number(4)}
    within, may_use_columns = draw.pick(("", "rumah")), draw.number(2) == 1
    check_expression(
        draw.rest_text("surrogateescape"), values, within=within, may_use_columns=may_use_columns, scopes=3
    )


def check_expression(
    source: str, values: Mapping[str, Any], *, within: str = "", may_use_columns: bool = False, scopes: int = 1
) -> None:
    """Compile and evaluate: refused with a sentence, or of use for any answers, with a result of bounded size."""
    try:
        compiled = compile_expression(source, repeats=REPEATS, within=within, may_use_columns=may_use_columns)
    except ExpressionError as error:
        _check_refusal(error, source)
        return
    for known in _variations(values, scopes):
        _check_result(compiled, Scope(known, TODAY, to_text(known.get("a", ""))))


def _variations(values: Mapping[str, Any], many: int) -> Iterator[Mapping[str, Any]]:
    """Turn the values around, so that each name has each of them."""
    kept = tuple(values.values())
    for turn in range(many):
        yield dict(zip(values, kept[turn:] + kept[:turn], strict=True))


def _check_refusal(error: ExpressionError, source: str) -> None:
    assert 1 <= error.position <= max(1, len(source) + 1), (error.position, source)
    assert error.reason
    assert "\n" not in error.reason
    assert len(str(error)) <= 1_000, "a message fits on a screen"


def _check_result(compiled: Expression, scope: Scope) -> None:
    result = compiled.evaluate(scope)
    assert isinstance(result, (bool, str, Fraction, Endless)), result
    assert compiled.is_true(scope) in (True, False)
    assert len(to_text(result)) <= MOST_RESULT_CHARACTERS
    to_number(result)
    assert 0 <= (as_share(result) or 0) <= 1


def seeds() -> Iterable[bytes]:
    """Give an expression of every kind, with answers of every kind."""
    for place, source in enumerate(WRITTEN):
        drawn = b"".join(told(1, (place + each) % len(VALUES)) for each in range(len(NAMES)))
        yield drawn + told(place % 2, place % 2) + source.encode()


WRITTEN = (
    "${a} > 0.9 and not(${b} = 'ada')", "${a} div ${b} >= 0.9", ". >= 0 and . <= 100000",
    "selected(${a}, 'x') or true()",
    "if(${a} > 5, 'ya', concat('t', ${b}))", "round(${a} * 100 div 3, 2)", "pow(${a}, 2) mod 7", "-${a} + -1.5",
    "sum(${r}) + count(${r}) * max(${r}) - min(${r}, 3)", "regex(., '[a-z]+\\d{2,3}|(x|y)*')", "today() - date(${a})",
    "substring(${a}, 2, 3)", "substr(${a}, 0, 2)", "substring-before(${a}, ' ')", "translate(${a}, 'abc', 'x')",
    "join(', ', ${r}, ${a})", "format-date(${a}, '%Y-%m-%d %b %e')", "coalesce(${a}, ${b}, '')", "count-selected(${a})",
    "normalize-space(${a})", "string-length(.) < 10", "once(${a})", "../s + position(..)", "kec = ${a}", "int(${a})",
    "floor(1 div 0)", "number('x') != 1", "boolean(${a}) = true()", "ceiling(abs(${a}))", "decimal-date-time(${a})",
    "((((1))))", "1 + 2 * 3 - 4 div 5", "count-non-empty(${r}, ${a})", "string(${a}) = \"x\"", "starts-with(${a}, 'x')",
    "$x", "/a/b", "1 +", "foo(1)", "''", "*", "a | b", "now()", "${}", "${ a }", "1e5", ".5", "a:b", "@x", "..", "a[1]",
)  # fmt: skip
"""Expressions that forms use, and some that they cannot."""
