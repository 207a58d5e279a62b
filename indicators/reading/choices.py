"""Choices as people type them: by number, label, name, a word for yes or no, or nearly right."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rapidfuzz import fuzz

from indicators.form import Choice, Lexical
from indicators.reading.outcomes import Ambiguous, Reading, Reason, Rejection, Understood
from indicators.reading.plain import plain, plain_label, without_courtesy, without_invisible

OTHER = "other"
_YES_NAMES = frozenset({"ya", "ada", "sudah", "yes"})
_NO_NAMES = frozenset({"tidak", "belum", "no"})
_YES = frozenset(
    {"ya", "iya", "iy", "y", "yes", "yup", "sudah", "sdh", "udah", "sudah ada", "ada", "betul", "benar", "bener",
     "ya ada", "ya sudah", "iya sudah", "iya ada", "punya", "sudah punya", "\u2705", "\U0001f44d"}
)  # fmt: skip
_NO = frozenset(
    {"tidak", "tdk", "tak", "nggak", "enggak", "ngga", "engga", "gak", "ga", "g", "n", "no", "not yet", "bukan",
     "belum", "blm", "blum", "belom", "belum ada", "blm ada", "tidak ada", "tdk ada", "gak ada", "ga ada",
     "nggak ada", "tidak punya", "belum punya", "\u274c", "\U0001f44e"}
)  # fmt: skip
_ALL = frozenset({"semua", "semuanya", "all", "seluruhnya", "ya semua", "semua ada", "ada semua"})
_NOT_IN_ALL = _NO_NAMES | {OTHER, "tidak_ada", "belum_ada", "none"}
"""Who says "semua" means neither "belum ada" nor "lainnya"."""
_OTHER_TYPED = re.compile(
    r"\s*(?:yang\s+)?(?:lainnya|lain|other)\s*[:,=\-(]*\s*(?P<said>.*?)\s*\)?\s*", re.IGNORECASE | re.DOTALL
)
_SEPARATORS = re.compile(r"\s*(?:[,;/&+\n]|\bdan\b|\bserta\b|\band\b)\s*", re.IGNORECASE)
_STRONG = re.compile(r"\s*[;\n]\s*")
_NUMBERS = re.compile(r"\d{1,3}(?: \d{1,3})+", re.ASCII)
_SPAN = re.compile(r"(\d{1,3}) ?(?:-|sampai|s/d|sd|to) ?(\d{1,3})", re.ASCII)
_NUMBER = re.compile(r"(?:no\.? ?|nomor |pilihan )?(\d{1,3})", re.ASCII)
_LONGEST = 300
_NEAR, _CLEARLY_NEARER = 80, 8
"""Of 100 points of likeness: what counts as a slip, and how far the second must lie behind."""
_SHORTEST_SLIP = 4
_SHORTEST_PART = 3


def read_choice(choices: Sequence[Choice], written: str) -> Reading:
    """Read one choice; what fits several is asked back, never guessed."""
    if len(written) > _LONGEST:
        return Rejection(Reason.NOT_A_CHOICE)
    folded = plain(written)
    if not folded:
        return Rejection(Reason.EMPTY)
    found = _exact(choices, folded) or _exact(choices, without_courtesy(folded))
    if found:
        return found
    return _other(choices, written) or _nearly(choices, without_courtesy(folded))


def read_choices(choices: Sequence[Choice], written: str) -> Reading:
    """Read several choices: ``1, 3 dan 4``, ``1-3``, ``semua``; the value lists them in the form's order."""
    if len(written) > _LONGEST:
        return Rejection(Reason.NOT_A_CHOICE)
    folded = plain(written)
    if without_courtesy(folded) in _ALL:
        return _together(choices, [Understood(Lexical(each.name)) for each in choices if each.name not in _NOT_IN_ALL])
    whole = _exact(choices, folded)
    if whole:
        return whole
    pieces = _pieces(without_invisible(written))
    return _together(choices, [read_choice(choices, piece) for piece in pieces]) if pieces else Rejection(Reason.EMPTY)


def _pieces(written: str) -> list[str]:
    """Split at semicolons or line breaks if there are any, else at commas and "dan"."""
    strong = [piece for piece in _STRONG.split(written) if piece]
    rough = strong if len(strong) > 1 else _SEPARATORS.split(written)
    return [piece for each in rough for piece in _numbers(each.strip()) if piece]


def _numbers(piece: str) -> list[str]:
    span = _SPAN.fullmatch(piece.casefold())
    if span and int(span[1]) < int(span[2]):
        return [str(number) for number in range(int(span[1]), int(span[2]) + 1)]
    return piece.split() if _NUMBERS.fullmatch(piece) else [piece]


def _together(choices: Sequence[Choice], readings: Sequence[Reading]) -> Reading:
    names: set[str] = set()
    is_certain, other = True, ""
    for reading in readings:
        if not isinstance(reading, Understood):
            return reading
        names.update(reading.value.split())
        is_certain, other = is_certain and reading.is_certain, other or reading.other
    return Understood(Lexical(" ".join(each.name for each in choices if each.name in names)), is_certain, other)


def _exact(choices: Sequence[Choice], folded: str) -> Understood | Ambiguous | Rejection | None:
    """Find by label, then by the number in the list, by name, and by words for yes and no."""
    found = [each for each in choices if folded in _labels(each)]
    if found:
        return _one_of(found)
    numbered = _NUMBER.fullmatch(folded)
    if numbered and 1 <= int(numbered[1]) <= len(choices):
        return Understood(Lexical(choices[int(numbered[1]) - 1].name))
    found = [each for each in choices if folded in _own_name(each)]
    if found or numbered:
        return _one_of(found) if found else Rejection(Reason.NO_SUCH_NUMBER)
    for words, meant in ((_YES, _YES_NAMES), (_NO, _NO_NAMES)):
        found = [each for each in choices if each.name in meant]
        if folded in words and len(found) == 1:
            return Understood(Lexical(found[0].name))
    return None


def _labels(choice: Choice) -> set[str]:
    return {plain_label(label) for label in choice.label.by_language.values()}


def _own_name(choice: Choice) -> set[str]:
    return {choice.name.casefold(), choice.name.casefold().replace("_", " ")}


def _one_of(found: Sequence[Choice], *, is_certain: bool = True) -> Understood | Ambiguous:
    return Understood(Lexical(found[0].name), is_certain) if len(found) == 1 else Ambiguous(tuple(found))


def _other(choices: Sequence[Choice], written: str) -> Understood | None:
    """Take what stands after "lainnya" as the answer to the question that asks to specify."""
    typed = _OTHER_TYPED.fullmatch(without_invisible(written))
    if typed is None or all(each.name != OTHER for each in choices):
        return None
    return Understood(Lexical(OTHER), other=typed["said"])


def _nearly(choices: Sequence[Choice], folded: str) -> Reading:
    """Find by a part of the label, or a slip of the finger; never certain."""
    if len(folded) >= _SHORTEST_PART:
        part = re.compile(rf"\b{re.escape(folded)}")
        found = [each for each in choices if any(part.search(label) for label in _labels(each))]
        if found:
            return _one_of(found, is_certain=False)
    if len(folded) < _SHORTEST_SLIP:
        return Rejection(Reason.NOT_A_CHOICE)
    likeness = {each.name: max(fuzz.ratio(folded, label) for label in _labels(each)) for each in choices}
    best = max(likeness.values(), default=0)
    if best < _NEAR:
        return Rejection(Reason.NOT_A_CHOICE)
    near = [each for each in choices if likeness[each.name] > best - _CLEARLY_NEARER]
    return _one_of(near, is_certain=False)
