"""Numbers in words, Indonesian and English: ``dua belas``, ``seratus lima puluh ribu``, ``twenty-five million``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

_MOST_WORDS = 20


@dataclass(frozen=True, slots=True)
class _Tongue:
    """How a language builds its numbers."""

    units: Mapping[str, int]
    tens: Mapping[str, int]
    """What may be followed by a unit from 1 to 9, in one word or two."""
    hundred: str
    magnitudes: Mapping[str, int]
    spelled: Mapping[str, str]
    """Words that stand for two others."""

    def total(self, words: Sequence[str]) -> int | None:
        """Add words up; None when they make no number."""
        total, last, group = 0, 10**15, list[str]()
        for word in " ".join(self.spelled.get(each, each) for each in words).split():
            if word not in self.magnitudes:
                group.append(word)
                continue
            amount, magnitude = self._below_thousand(group), self.magnitudes[word]
            if not amount or magnitude >= last:
                return None
            total, last, group = total + amount * magnitude, magnitude, []
        rest = self._below_thousand(group) if group else 0
        return None if rest is None else total + rest

    def _below_thousand(self, words: list[str]) -> int | None:
        if self.hundred not in words:
            return self._below_hundred(words)
        place = words.index(self.hundred)
        hundreds = self._below_hundred(words[:place])
        rest = self._below_hundred(words[place + 1 :]) if words[place + 1 :] else 0
        return hundreds * 100 + rest if hundreds in range(1, 10) and rest is not None and hundreds else None

    def _below_hundred(self, words: list[str]) -> int | None:
        whole = " ".join(words)
        if whole in self.units or whole in self.tens:
            return self.units.get(whole, self.tens.get(whole))
        tens, _, unit = whole.rpartition(" ")
        return (
            self.tens[tens] + self.units[unit] if tens in self.tens and self.units.get(unit) in range(1, 10) else None
        )


_DIGITS = "nol satu dua tiga empat lima enam tujuh delapan sembilan".split()
_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_INDONESIAN = _Tongue(
    units={word: value for value, word in enumerate(_DIGITS)}
    | {"kosong": 0, "sepuluh": 10, "sebelas": 11}
    | {f"{word} belas": value for value, word in enumerate(_DIGITS[2:], start=12)},
    tens={f"{word} puluh": value * 10 for value, word in enumerate(_DIGITS[2:], start=2)},
    hundred="ratus",
    magnitudes={"ribu": 10**3, "juta": 10**6, "miliar": 10**9, "milyar": 10**9, "triliun": 10**12},
    spelled={"seratus": "satu ratus", "seribu": "satu ribu", "sejuta": "satu juta", "semiliar": "satu miliar"},
)
_ENGLISH = _Tongue(
    units={word: value for value, word in enumerate(_SMALL)},
    tens={word: value * 10 for value, word in enumerate(_TENS, start=2)},
    hundred="hundred",
    magnitudes={"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12},
    spelled={},
)
_PARTS_AND_PACKS = "setengah separuh seperempat half quarter lusin kodi gros dozen".split()
NUMBER_WORDS = frozenset(
    word
    for tongue in (_INDONESIAN, _ENGLISH)
    for known in (tongue.units, tongue.tens, tongue.magnitudes, tongue.spelled, (tongue.hundred,))
    for phrase in known
    for word in phrase.split()
).union(_PARTS_AND_PACKS)
"""Words that make another number of the one before them: they are no units."""


def number_in_words(folded: str) -> Fraction | None:
    """Read a number written out; None when a word is no number word or they make no number."""
    words = folded.replace("-", " ").split()
    if not words or len(words) > _MOST_WORDS:
        return None
    amount = _INDONESIAN.total(words)
    if amount is None:
        amount = _ENGLISH.total(_without_and(words))
    return None if amount is None else Fraction(amount)


def _without_and(words: Sequence[str]) -> list[str]:
    """``a hundred and five`` is ``one hundred five``."""
    first = "one" if words[0] == "a" and len(words) > 1 else words[0]
    return [first, *(word for word in words[1:-1] if word != "and"), *words[1:][-1:]]
