"""Numbers in Indonesian words: ``dua belas``, ``seratus lima puluh ribu``."""

from __future__ import annotations

from fractions import Fraction

_DIGITS = "nol satu dua tiga empat lima enam tujuh delapan sembilan".split()
_UNITS = {word: value for value, word in enumerate(_DIGITS)} | {"kosong": 0, "sepuluh": 10, "sebelas": 11}
_ENGLISH = "zero one two three four five six seven eight nine ten eleven twelve".split()
_MAGNITUDES = {"ribu": 10**3, "juta": 10**6, "miliar": 10**9, "milyar": 10**9, "triliun": 10**12}
_ONE_OF = {"seratus": "satu ratus", "seribu": "satu ribu", "sejuta": "satu juta", "semiliar": "satu miliar"}
_MOST_WORDS = 20


def number_in_words(folded: str) -> Fraction | None:
    """Read a number written out; None when a word is no number word or they make no number."""
    if folded in _ENGLISH:
        return Fraction(_ENGLISH.index(folded))
    words = " ".join(_ONE_OF.get(word, word) for word in folded.split()[: _MOST_WORDS + 1]).split()
    if not words or len(words) > _MOST_WORDS:
        return None
    total = 0
    last = None
    group: list[str] = []
    for word in words:
        if word not in _MAGNITUDES:
            group.append(word)
            continue
        amount = _below_thousand(group)
        if not amount or (last is not None and _MAGNITUDES[word] >= last):
            return None
        total, last, group = total + amount * _MAGNITUDES[word], _MAGNITUDES[word], []
    rest = _below_thousand(group) if group else 0
    return None if rest is None else Fraction(total + rest)


def _below_thousand(words: list[str]) -> int | None:
    if "ratus" in words:
        place = words.index("ratus")
        hundreds = _below_hundred(words[:place])
        rest = _below_hundred(words[place + 1 :]) if words[place + 1 :] else 0
        return hundreds * 100 + rest if hundreds in range(1, 10) and rest is not None and hundreds else None
    return _below_hundred(words)


def _below_hundred(words: list[str]) -> int | None:
    match words:
        case [word]:
            return _UNITS.get(word)
        case [word, "belas"]:
            return _tens(word, times=1, plus=10)
        case [word, "puluh"]:
            return _tens(word, times=10, plus=0)
        case [word, "puluh", unit] if unit in _DIGITS[1:]:
            return _tens(word, times=10, plus=_UNITS[unit])
        case _:
            return None


def _tens(word: str, *, times: int, plus: int) -> int | None:
    return _UNITS[word] * times + plus if word in _DIGITS[2:] else None
