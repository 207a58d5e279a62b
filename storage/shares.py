"""Shares as the tables keep them: whole billionths, as ``indicators`` rounds them."""

from __future__ import annotations

from fractions import Fraction

from storage.errors import StorageError

BILLION = 1_000_000_000


def as_billionths(share: Fraction | None) -> int | None:
    """Give the billionths of a share; ``None`` when it is not known.

    Raises:
        StorageError: it is not between 0 and 1 (both allowed), or not a whole number of billionths.
    """
    if share is None:
        return None
    if not 0 <= share.numerator <= share.denominator or BILLION % share.denominator:
        raise StorageError(
            f"A share from 0 to 1 in whole billionths was expected; {share} came. Round it with as_share first."
        )
    return share.numerator * (BILLION // share.denominator)
