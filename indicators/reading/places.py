"""A place on the map as two numbers, which is what a shared location becomes."""

from __future__ import annotations

import re
from fractions import Fraction

from indicators.form import Lexical
from indicators.reading.outcomes import Reading, Reason, Rejection, Understood
from indicators.reading.plain import plain

_PLACE = re.compile(r"(-?\d{1,2}(?:\.\d{1,15})?)(?: ?[,;] ?| )(-?\d{1,3}(?:\.\d{1,15})?)", re.ASCII)
_LONGEST = 60
_UNKNOWN = "0 0"
"""Height and accuracy, as ODK writes them when they are not known."""


def read_place(written: str) -> Reading:
    """Read latitude and longitude in degrees, as maps copy them: ``-3.316, 114.59``."""
    found = _PLACE.fullmatch(plain(written[:_LONGEST]))
    if found is None or abs(Fraction(found[1])) > 90 or abs(Fraction(found[2])) > 180:
        return Rejection(Reason.NOT_A_PLACE)
    return Understood(Lexical(f"{found[1]} {found[2]} {_UNKNOWN}"))


def say_place(value: str) -> str:
    """Write latitude and longitude; height and accuracy are left out."""
    return ", ".join(value.split()[:2])
