"""What the messages of a month cost, by Meta's rates: exact figures of an estimate."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import msgspec

from storage.charges import Charged

RATES = Path(__file__).with_name("rates.toml")
SERVICE = "service"


class RatesError(Exception):
    """A file of rates cannot be used."""


class Rates(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A rate card."""

    source: str
    as_of: dt.date
    is_checked: bool
    rupiah_per_dollar: Decimal
    free_service_messages: int
    """Of each number, each month."""
    dollars: Mapping[str, Mapping[str, Decimal]]
    """By market and category, for one message."""

    def rupiah(self, market: str, category: str) -> Fraction | None:
        """Give what one message costs; None: the card does not tell."""
        dollars = self.dollars.get(market, {}).get(category)
        return None if dollars is None else Fraction(dollars) * Fraction(self.rupiah_per_dollar)


@dataclass(frozen=True, slots=True)
class Cost:
    """What the messages of one category to one country cost in a month."""

    charged: Charged
    paid: int
    """Messages that cost something."""
    rupiah: Fraction | None
    """None: the rate is not known."""


def load_rates(path: Path = RATES) -> Rates:
    """Read a rate card.

    Raises:
        RatesError: it is none.
        OSError: it cannot be read.
    """
    try:
        rates = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Rates, strict=False)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise RatesError(f"A file like {RATES} was expected; {path} is none: {error}") from error
    figures = [rates.rupiah_per_dollar, *(each for card in rates.dollars.values() for each in card.values())]
    if any(not each.is_finite() or each < 0 for each in figures) or rates.free_service_messages < 0:
        raise RatesError(f"Figures of 0 or more were expected; correct {path}")
    return rates


def cost(charges: Sequence[Charged], rates: Rates) -> list[Cost]:
    """Say what messages cost, line by line.

    What is free each month is taken from the service messages of a number in the order in which they are given.
    25 utility messages at 0.02 dollars of 16,500 rupiah each: Rp 8,250.
    """
    free: dict[tuple[str, int], int] = {}
    found = []
    for each in charges:
        paid = each.billable
        if each.category == SERVICE:
            left = free.get((each.via, each.month), rates.free_service_messages)
            free[each.via, each.month] = max(left - each.messages, 0)
            paid = min(paid, max(each.messages - left, 0))
        rate = rates.rupiah(each.market, each.category)
        found.append(Cost(each, paid, None if rate is None else rate * paid))
    return found
