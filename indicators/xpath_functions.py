"""The functions that an expression may call: XPath 1.0, and of XForms those that a pure computation allows."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType

from indicators.xpath_values import (
    MOST_TEXT_CHARACTERS,
    NAN,
    Endless,
    Number,
    Value,
    day_of,
    divide,
    exact,
    to_number,
    to_text,
    to_truth,
)

_HALF = Fraction(1, 2)
_LARGEST_POWER = 64
"""Exponents beyond this give NaN: exact powers grow without end."""
_MOST_PLACES = 30


@dataclass(frozen=True, slots=True)
class Function:
    """A function and how many arguments it takes; ``most`` is None where there is no limit."""

    call: Callable[..., Value]
    least: int
    most: int | None


def selected(answer: Value, name: Value) -> bool:
    """Tell whether this choice is among those chosen."""
    return to_text(name).strip() in to_text(answer).split()


def substring(text: Value, start: Value, length: Value | None = None) -> str:
    """Cut as XPath does: positions count from 1 and are rounded."""
    written, first = to_text(text), round_half_up(to_number(start))
    end: Number = len(written) + 1 if length is None else first + round_half_up(to_number(length))
    return "".join(sign for place, sign in enumerate(written, start=1) if first <= place < end)


def substr(text: Value, start: Value, end: Value | None = None) -> str:
    """Cut as ODK's ``substr`` does: positions count from 0, the end does not belong to it."""
    written = to_text(text)
    first, last = to_number(start), len(written) if end is None else to_number(end)
    if isinstance(first, Endless) or isinstance(last, Endless):
        return ""
    return written[math.trunc(first) : math.trunc(last)]


def substring_before(text: Value, mark: Value) -> str:
    """Give what stands before the mark; nothing when the mark is not there."""
    before, found, _ = _partition(text, mark)
    return before if found else ""


def substring_after(text: Value, mark: Value) -> str:
    """Give what stands after the mark; nothing when the mark is not there."""
    return _partition(text, mark)[2]


def _partition(text: Value, mark: Value) -> tuple[str, bool, str]:
    written, sign = to_text(text), to_text(mark)
    place = written.find(sign)
    if place < 0:
        return written, False, ""
    return written[:place], True, written[place + len(sign) :]


def translate(text: Value, signs: Value, replacements: Value) -> str:
    """Replace sign by sign; signs without a replacement go."""
    into = to_text(replacements)
    table: dict[int, str] = {}
    for place, sign in enumerate(to_text(signs)):
        table.setdefault(ord(sign), into[place : place + 1])
    return to_text(text).translate(table)


def round_half_up(amount: Number, places: Value = 0) -> Number:
    """Round as XPath does, halves towards positive infinity; with ODK's second argument to decimal places."""
    digits = to_number(places)
    if isinstance(amount, Endless):
        return amount
    if isinstance(digits, Endless) or not -_MOST_PLACES <= digits <= _MOST_PLACES:
        return NAN
    scale = Fraction(10) ** math.floor(digits)
    return math.floor(amount * scale + _HALF) / scale


def _whole(cut: Callable[[int | Fraction], int]) -> Callable[[Value], Number]:
    def rounded(value: Value) -> Number:
        amount = to_number(value)
        return amount if isinstance(amount, Endless) else cut(amount)

    return rounded


def size(value: Value) -> Number:
    """Drop the sign."""
    amount = to_number(value)
    return -amount if amount < 0 else amount


def power(base: Value, exponent: Value) -> Number:
    """Raise to a whole power between -64 and 64; everything else is NaN, because it is not exact."""
    amount, times = to_number(base), to_number(exponent)
    if isinstance(amount, Endless) or isinstance(times, Endless) or times.denominator != 1:
        return NAN
    if not -_LARGEST_POWER <= times <= _LARGEST_POWER:
        return NAN
    whole = math.floor(times)
    return exact(Fraction(amount) ** whole) if amount or whole >= 0 else divide(1, 0)


def _answers(values: Sequence[Value]) -> list[str | Value]:
    """Spread the turns of repeats; turns without an answer do not count."""
    spread: list[str | Value] = []
    for value in values:
        spread.extend([each for each in value if each] if isinstance(value, tuple) else [value])
    return spread


def total(*values: Value) -> Number:
    """Add up, over all turns of a repeat."""
    result: Number = 0
    for each in _answers(values):
        result = exact(result + to_number(each))
    return result


def smallest(*values: Value) -> Number:
    """Give the smallest; NaN when one is no number or there is none."""
    return _extreme(values, lambda left, right: left < right)


def largest(*values: Value) -> Number:
    """Give the largest; NaN when one is no number or there is none."""
    return _extreme(values, lambda left, right: left > right)


def _extreme(values: Sequence[Value], wins: Callable[[Number, Number], bool]) -> Number:
    best: Number | None = None
    for each in _answers(values):
        amount = to_number(each)
        if amount is NAN:
            return NAN
        best = amount if best is None or wins(amount, best) else best
    return NAN if best is None else best


def count(nodes: Value) -> int:
    """Count the turns of a repeat in which the question is asked."""
    return len(nodes) if isinstance(nodes, tuple) else 1


def count_answered(*values: Value) -> int:
    """Count the answers that are not empty."""
    return sum(1 for each in _answers(values) if to_text(each))


def coalesce(*values: Value) -> Value:
    """Give the first that is not empty."""
    return next((value for value in values if to_text(value)), "")


def join(separator: Value, *values: Value) -> str:
    """Join the answers that are not empty."""
    return to_text(separator).join(text for text in map(to_text, _answers(values)) if text)[:MOST_TEXT_CHARACTERS]


def concat(*values: Value) -> str:
    """Put texts one after the other."""
    return "".join(map(to_text, _answers(values)))[:MOST_TEXT_CHARACTERS]


def iso_day(value: Value) -> str:
    """Give the day as 2025-08-17; nothing when it is no day."""
    day = day_of(value)
    return day.isoformat() if day else ""


def format_day(value: Value, pattern: Value) -> str:
    """Write a day by ODK's pattern: ``%Y %y %m %n %d %e`` and the English ``%b`` and ``%a``."""
    day = day_of(value)
    if day is None:
        return ""
    parts = {
        "%Y": f"{day.year:04}", "%y": f"{day.year % 100:02}", "%m": f"{day.month:02}", "%n": str(day.month),
        "%d": f"{day.day:02}", "%e": str(day.day), "%b": _MONTHS[day.month - 1], "%a": _WEEKDAYS[day.weekday()],
    }  # fmt: skip
    written = re.sub("%[YymndeBba]", lambda found: parts.get(found[0], found[0]), to_text(pattern))
    return written[:MOST_TEXT_CHARACTERS]


_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_WEEKDAYS = "Mon Tue Wed Thu Fri Sat Sun".split()


FUNCTIONS: Mapping[str, Function] = MappingProxyType(
    {
        "selected": Function(selected, 2, 2),
        "count-selected": Function(lambda answer: len(to_text(answer).split()), 1, 1),
        "coalesce": Function(coalesce, 1, None),
        "string-length": Function(lambda text: len(to_text(text)), 1, 1),
        "substring": Function(substring, 2, 3),
        "substr": Function(substr, 2, 3),
        "substring-before": Function(substring_before, 2, 2),
        "substring-after": Function(substring_after, 2, 2),
        "contains": Function(lambda text, part: to_text(part) in to_text(text), 2, 2),
        "starts-with": Function(lambda text, part: to_text(text).startswith(to_text(part)), 2, 2),
        "ends-with": Function(lambda text, part: to_text(text).endswith(to_text(part)), 2, 2),
        "concat": Function(concat, 1, None),
        "join": Function(join, 2, None),
        "normalize-space": Function(lambda text: " ".join(to_text(text).split()), 1, 1),
        "translate": Function(translate, 3, 3),
        "number": Function(to_number, 1, 1),
        "int": Function(_whole(math.trunc), 1, 1),
        "round": Function(lambda value, places=0: round_half_up(to_number(value), places), 1, 2),
        "floor": Function(_whole(math.floor), 1, 1),
        "ceiling": Function(_whole(math.ceil), 1, 1),
        "abs": Function(size, 1, 1),
        "pow": Function(power, 2, 2),
        "min": Function(smallest, 1, None),
        "max": Function(largest, 1, None),
        "sum": Function(total, 1, None),
        "count": Function(count, 1, 1),
        "count-non-empty": Function(count_answered, 1, None),
        "not": Function(lambda value: not to_truth(value), 1, 1),
        "true": Function(lambda: True, 0, 0),
        "false": Function(lambda: False, 0, 0),
        "boolean": Function(to_truth, 1, 1),
        "string": Function(to_text, 1, 1),
        "date": Function(iso_day, 1, 1),
        "decimal-date-time": Function(to_number, 1, 1),
        "format-date": Function(format_day, 2, 2),
    }
)
"""Those that need only their arguments; ``if``, ``regex``, ``once``, ``today`` and ``position`` are in the compiler."""
