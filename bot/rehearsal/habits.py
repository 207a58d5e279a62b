"""Of what kinds people are: when they register, how often they sit down, how much they get wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Days = tuple[int, int]
"""From so many days to so many, both included."""
Start = Literal["by themselves", "when reminded", "never"]


@dataclass(frozen=True, slots=True)
class Habit:
    """One kind of people."""

    name: str
    share: float
    """Of all people."""
    registers: Days | None
    """So many days after the invitations went out; None: never."""
    answers: Start = "by themselves"
    every: Days = (1, 2)
    """Between two sittings."""
    steps: tuple[int, int] = (40, 90)
    """Of a sitting."""
    mistakes: float = 0.03
    """Share of the questions that get an odd reply first."""
    photos: float = 0.15
    """Share of the questions for evidence that get a photo."""
    is_sending: bool = True
    """Hands the answers over when they are complete; otherwise waits to be reminded of it."""
    heeds: float = 0.6
    """Share of the reminders after which they sit down, if they answer at all."""
    gives_up: bool = False
    """Shows the invitation, and puts the phone away where consent is asked for."""
    snoozes: float = 0.0
    """Share of the reminders that they put off."""


HABITS = (
    Habit("prompt", 0.20, (0, 2), photos=0.4),
    Habit("steady", 0.22, (0, 6), every=(2, 5), steps=(15, 30)),
    Habit("late", 0.22, (2, 12), answers="when reminded", steps=(20, 60), is_sending=False),
    Habit("careless", 0.08, (0, 9), every=(1, 6), steps=(15, 40), mistakes=0.35, photos=0.1, is_sending=False),
    Habit("snoozer", 0.07, (1, 8), answers="when reminded", steps=(20, 50), heeds=0.9, snoozes=0.7),
    Habit("silent", 0.10, (1, 10), answers="never"),
    Habit("undecided", 0.03, (1, 6), gives_up=True, heeds=0.4),
    Habit("absent", 0.08, None, answers="never"),
)
"""What one meets; a guess of ours, to be replaced by what a real cycle shows."""
HELPED = 0.08
"""Share of the villages whose secretary fills in beside the head, often at the same hour."""
ON_WHATSAPP = 0.3
"""Share of the people who write on WhatsApp; the others write on Telegram."""


def habit_at(place: float) -> Habit:
    """Give the habit at this place of the line on which each takes its share; from 0 up to 1."""
    for each in HABITS:
        if place < each.share:
            return each
        place -= each.share
    return HABITS[-1]
