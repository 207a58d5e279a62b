"""The operators of XPath 1.0 as closures, chosen when an expression is compiled by what is known of its parts."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from indicators.form import Scope
from indicators.xpath_values import Number, Value, divide, exact, is_equal, number_in, remainder, to_number

Run = Callable[[Scope], "Value"]
Part = tuple[type, Run]
"""What is known of a part's results, and the part."""

COMPARISONS: Mapping[str, Callable[[object, object], bool]] = MappingProxyType(
    {
        "=": is_equal,
        "!=": lambda left, right: not is_equal(left, right),
        "<": lambda left, right: to_number(left) < to_number(right),
        "<=": lambda left, right: to_number(left) <= to_number(right),
        ">": lambda left, right: to_number(left) > to_number(right),
        ">=": lambda left, right: to_number(left) >= to_number(right),
    }
)
_ON_NUMBERS: Mapping[str, Callable[[Number, Number], bool]] = MappingProxyType(
    {
        "=": operator.eq,
        "!=": operator.ne,
        "<": operator.lt,
        "<=": operator.le,
        ">": operator.gt,
        ">=": operator.ge,
    }
)
_ARITHMETIC: Mapping[str, Callable[[Number, Number], Number]] = MappingProxyType(
    {"+": operator.add, "-": operator.sub, "*": operator.mul, "div": divide, "mod": remainder}
)


def as_number(kind: type, run: Run) -> Callable[[Scope], Number]:
    """Convert a part's results to numbers, unless they are."""
    if kind is int:
        return run  # type: ignore[return-value]  # the compiler knows that these are numbers

    def converted(scope: Scope) -> Number:
        value = run(scope)
        return number_in(value) if type(value) is str else to_number(value)

    return converted


def compute(symbol: str, numbers: Sequence[Callable[[Scope], Number]]) -> Run:
    """Compile arithmetic; with one operand, the minus sign."""
    if len(numbers) == 1:
        (only,) = numbers
        return lambda scope: -only(scope)
    left, right = numbers
    apply = _ARITHMETIC[symbol]
    return lambda scope: exact(apply(left(scope), right(scope)))


def compare(symbol: str, left: Part, right: Part) -> Run:
    """Compile a comparison; with the turns of a repeat it is true when it is true for one of them."""
    kinds = {left[0], right[0]}
    if tuple in kinds:
        return _compare_turns(symbol, left[1], right[1])
    if symbol in ("=", "!=") and (int not in kinds or bool in kinds):
        return _compare_any(symbol, left[1], right[1])
    on_numbers, low, high = _ON_NUMBERS[symbol], as_number(*left), as_number(*right)
    return lambda scope: on_numbers(low(scope), high(scope))


def _compare_any(symbol: str, left: Run, right: Run) -> Run:
    """Compare what is mostly text with text, which needs no conversion."""
    wanted = symbol == "="

    def test(scope: Scope) -> bool:
        one, other = left(scope), right(scope)
        if type(one) is str and type(other) is str:
            return (one == other) is wanted
        return is_equal(one, other) is wanted

    return test


def _compare_turns(symbol: str, left: Run, right: Run) -> Run:
    test = COMPARISONS[symbol]

    def any_turn(scope: Scope) -> bool:
        return any(test(one, other) for one in _turns(left(scope)) for other in _turns(right(scope)))

    return any_turn


def _turns(value: Value) -> Sequence[Value]:
    return value if isinstance(value, tuple) else (value,)
