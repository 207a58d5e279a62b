"""How long to wait before trying again: exponential, with full jitter."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import timedelta

MOST_DOUBLINGS = 20


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waits between nothing and a bound that doubles with every attempt.

    Full jitter keeps those who failed together from coming back together.
    Source: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    """

    first: timedelta
    """Bound of the wait after the first attempt."""
    most: timedelta
    chance: random.Random = field(default_factory=random.Random)

    def wait(self, attempts: int) -> timedelta:
        """Give the wait after so many failed attempts (from 1)."""
        doublings = min(max(attempts - 1, 0), MOST_DOUBLINGS)
        bound: timedelta = min(self.first * (1 << doublings), self.most)
        return bound * self.chance.random()
