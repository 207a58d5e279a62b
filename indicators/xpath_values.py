"""The values of XPath 1.0, computed exactly: texts, booleans, and numbers that are never floats."""

from __future__ import annotations

import math
import re
from datetime import date, timedelta
from decimal import Decimal, localcontext
from fractions import Fraction
from functools import lru_cache
from typing import NewType

_NUMBER = re.compile(r"[ \t\r\n]*(-?)(?:([0-9]{1,1000})(?:\.([0-9]{0,1000}))?|\.([0-9]{1,1000}))[ \t\r\n]*")
_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:T.{0,40})?")
_EPOCH = date(1970, 1, 1)
_SHOWN_DIGITS = 17
"""As many significant digits as a double has; only numbers without an end, such as 1 div 3, are cut there."""


class Endless:
    """What XPath has beside the finite numbers: NaN and the two infinities, with the arithmetic of IEEE 754."""

    __slots__ = ("sign",)

    def __init__(self, sign: int | None) -> None:
        self.sign = sign

    def __repr__(self) -> str:
        return {None: "NaN", 1: "Infinity", -1: "-Infinity"}[self.sign]

    def __hash__(self) -> int:
        return hash(repr(self))

    def __bool__(self) -> bool:
        return self.sign is not None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Endless) and self.sign is not None and self.sign == other.sign

    def __lt__(self, other: object) -> bool:
        return self._differs(other, -1)

    def __le__(self, other: object) -> bool:
        return self._differs(other, -1) or self == other

    def __gt__(self, other: object) -> bool:
        return self._differs(other, 1)

    def __ge__(self, other: object) -> bool:
        return self._differs(other, 1) or self == other

    def __neg__(self) -> Endless:
        return _ENDLESS[None if self.sign is None else -self.sign]

    def __add__(self, other: Number) -> Number:
        if not isinstance(other, Endless) or self == other:
            return self
        return NAN

    __radd__ = __add__

    def __sub__(self, other: Number) -> Number:
        return self + -other

    def __rsub__(self, other: Number) -> Number:
        return -self + other

    def __mul__(self, other: Number) -> Number:
        sign = _sign_of(other)
        return _ENDLESS[self.sign * sign if self.sign and sign else None]

    __rmul__ = __mul__

    def _differs(self, other: object, direction: int) -> bool:
        """Tell whether it lies above (1) or below (-1) the other; finite numbers lie between the infinities."""
        if self.sign is None or (isinstance(other, Endless) and other.sign is None):
            return False
        return self.sign == direction and self != other


MOST_DIGITS = 2_400
"""A number that needs more to be written exactly counts as NaN; otherwise it would double with each multiplication."""
_LARGEST = 10**MOST_DIGITS
_LOWEST = -_LARGEST
MOST_TEXT_CHARACTERS = 10_000
"""What is put together to a longer text is cut off."""
Number = int | Fraction | Endless
Nodes = NewType("Nodes", tuple[str, ...])
"""The answers to one question in all turns of a repeat."""
Value = int | Fraction | Endless | str | bool | Nodes

NAN = Endless(None)
INFINITY = Endless(1)
MINUS_INFINITY = Endless(-1)
_ENDLESS = {None: NAN, 1: INFINITY, -1: MINUS_INFINITY}


def _sign_of(other: Number) -> int | None:
    if isinstance(other, Endless):
        return other.sign
    return (other > 0) - (other < 0)


def exact(amount: Number) -> Number:
    """Give the number; NaN when it is too long to be kept exactly."""
    if isinstance(amount, Endless):
        return amount
    return amount if _LOWEST < amount.numerator < _LARGEST and amount.denominator < _LARGEST else NAN


def divide(left: Number, right: Number) -> Number:
    """Divide as ``div`` does: 1 div 0 is Infinity, 0 div 0 is NaN."""
    if type(left) is int and type(right) is int and right:
        return Fraction(left, right)
    if isinstance(right, Endless):
        return NAN if isinstance(left, Endless) or right is NAN else 0
    if right == 0:
        return NAN if left is NAN or left == 0 else INFINITY if left > 0 else MINUS_INFINITY
    if isinstance(left, Endless):
        return left if right > 0 else -left
    return Fraction(left) / right


def remainder(left: Number, right: Number) -> Number:
    """Give what ``mod`` gives: the rest has the sign of the dividend (5 mod -2 is 1, -5 mod 2 is -1)."""
    if isinstance(left, Endless) or right is NAN or right == 0:
        return NAN
    if isinstance(right, Endless):
        return left
    size, step = (left if left >= 0 else -left), (right if right >= 0 else -right)
    return size % step if left >= 0 else -(size % step)


@lru_cache(maxsize=16384)
def number_in(text: str) -> Number:
    """Read the number in a text; NaN where there is none. A date counts its days since 1 January 1970."""
    if text.isdecimal() and text.isascii() and len(text) <= 1000:
        return int(text)
    found = _NUMBER.fullmatch(text)
    if not found:
        return _days_in(text)
    minus, whole, decimals, only_decimals = found.groups()
    digits = decimals or only_decimals or ""
    amount = Fraction(int((whole or "") + digits), 10 ** len(digits))
    return -amount if minus else amount


def _days_in(text: str) -> Number:
    found = _DAY.fullmatch(text)
    if not found:
        return NAN
    try:
        return (date(*map(int, found.groups())) - _EPOCH).days
    except ValueError:
        return NAN


def day_of(value: Value) -> date | None:
    """Read a date: an ISO text, or a number of days since 1 January 1970."""
    days = to_number(value)
    if isinstance(days, Endless):
        return None
    try:
        return _EPOCH + timedelta(days=math.floor(days))
    except OverflowError:
        return None


def to_number(value: object) -> Number:
    """Convert as ``number()`` does."""
    if type(value) is str:
        return number_in(value)
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, (int, Fraction, Endless)):
        return value
    return number_in(to_text(value))


def to_text(value: object) -> str:
    """Convert as ``string()`` does; a list of answers gives its first."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case Fraction():
            return _decimal_text(value)
        case tuple():
            return str(value[0]) if value else ""
        case _:
            return str(value)


def _decimal_text(amount: Fraction) -> str:
    if amount.denominator == 1:
        return str(amount.numerator)
    with localcontext() as context:
        context.prec = max(_SHOWN_DIGITS, _digits_to_the_end(amount))
        shown = Decimal(amount.numerator) / Decimal(amount.denominator)
    return f"{shown:f}"


def _digits_to_the_end(amount: Fraction) -> int:
    """Count the digits that write the number exactly; 0 when there is no end."""
    rest, places = amount.denominator, 0
    for prime in (2, 5):
        times = 0
        while rest % prime == 0:
            rest, times = rest // prime, times + 1
        places = max(places, times)
    return len(str(abs(amount.numerator))) + places if rest == 1 else 0


def to_truth(value: object) -> bool:
    """Convert as ``boolean()`` does: numbers other than 0 and NaN, texts and lists that are not empty."""
    return bool(value)


def is_equal(left: object, right: object) -> bool:
    """Compare as ``=`` does: as truths if one is a truth, else as numbers if one is a number, else as texts."""
    if type(left) is str and type(right) is str:
        return left == right
    if isinstance(left, bool) or isinstance(right, bool):
        return to_truth(left) == to_truth(right)
    if isinstance(left, (int, Fraction, Endless)) or isinstance(right, (int, Fraction, Endless)):
        return to_number(left) == to_number(right)
    return to_text(left) == to_text(right)
