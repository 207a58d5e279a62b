"""A place on the map as two numbers, which is what a shared location becomes."""

from __future__ import annotations

import re
from fractions import Fraction

from indicators.form import Lexical
from indicators.reading.outcomes import Reading, Reason, Rejection, Understood
from indicators.reading.plain import plain

_WITH_POINTS = re.compile(r"(-?\d{1,2}(?:\.\d{1,15})?)(?: ?[,;] ?| )(-?\d{1,3}(?:\.\d{1,15})?)", re.ASCII)
_WITH_COMMAS = re.compile(r"(-?\d{1,2}(?:,\d{1,15})?)(?: ?; ?|, | )(-?\d{1,3}(?:,\d{1,15})?)", re.ASCII)
_ONE_NUMBER = re.compile(r"-?\d+,\d+", re.ASCII)
"""``-2,99`` is more likely half a place than 2 degrees south, 99 degrees east."""
_UNKNOWN = "0 0"
"""Height and accuracy, as ODK writes them when they are not known."""


def read_place(written: str) -> Reading:
    """Read latitude and longitude in degrees: ``-3.316, 114.59`` as maps copy them, or ``-3,316; 114,59``."""
    folded = plain(written)
    found = _WITH_POINTS.fullmatch(folded) or _WITH_COMMAS.fullmatch(folded)
    if found is None or _ONE_NUMBER.fullmatch(folded):
        return Rejection(Reason.NOT_A_PLACE)
    latitude, longitude = (each.replace(",", ".") for each in found.groups())
    if abs(Fraction(latitude)) > 90 or abs(Fraction(longitude)) > 180:
        return Rejection(Reason.NOT_A_PLACE)
    return Understood(Lexical(f"{latitude} {longitude} {_UNKNOWN}"))


def say_place(value: str) -> str:
    """Write latitude and longitude; height and accuracy are left out."""
    return ", ".join(value.split()[:2])
