"""Numbers as Indonesians type them: ``1.200``, ``1 200``, ``1,5``, ``Rp 25 juta``, ``kurang lebih 75%``."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fractions import Fraction

from indicators.form import Lexical, Question, QuestionKind
from indicators.reading.number_words import NUMBER_WORDS, number_in_words
from indicators.reading.outcomes import Reading, Reason, Rejection, Understood
from indicators.reading.plain import plain, plain_label, without_courtesy
from indicators.xpath_values import to_text

LARGEST = 10**15
"""More than the budget of the country in rupiah; larger numbers are slips."""

_ABOUT = re.compile(
    r"^(?:kurang lebih|krg lbh|krang lebih|lebih kurang|sekitar|sekitaran|sktr|kira-kira|kira kira|kira2|kira|hampir"
    r"|lebih dari|kurang dari|paling|minimal|maksimal|mungkin|about|around|approximately|almost|\+/-|±|~|>|<|\+-)\s*"
)
_LEADING = re.compile(r"^(?:(?:ada|jumlahnya|jumlah|totalnya|total|sebanyak|sebesar|cuma|hanya|baru|sudah)\s+)+(?=\S)")
_RUPIAH = re.compile(r"^(?:rp|idr)\.?\s*")
_DIGITS = re.compile(
    r"(?P<minus>-|minus\s+)?\s*(?P<digits>\d+(?:[., ]\d+)*)(?P<about>-?an(?![a-z]))?\s*(?P<rest>.*)",
    re.DOTALL | re.ASCII,
)
_TENFOLD = {"puluh": 10, "ratus": 100, "hundred": 100}
_MAGNITUDES = {
    "ribu": 10**3, "rb": 10**3, "k": 10**3, "thousand": 10**3, "juta": 10**6, "jt": 10**6, "million": 10**6,
    "miliar": 10**9, "milyar": 10**9, "mlr": 10**9, "m": 10**9, "billion": 10**9, "bn": 10**9,
    "triliun": 10**12, "t": 10**12, "trillion": 10**12,
}  # fmt: skip
_UNCLEAR_MAGNITUDES = frozenset({"k", "m", "t"})
_SCALES = tuple(
    (re.compile(rf"(?P<word>{'|'.join(words)})(?P<about>s|-?an)?\b\.?\s*"), words) for words in (_TENFOLD, _MAGNITUDES)
)
"""Read one after the other: 5 ratus ribu."""
_NOTHING = frozenset(
    {"tidak ada", "tdk ada", "tak ada", "gak ada", "ga ada", "nggak ada", "belum ada", "blm ada", "nihil", "kosong",
     "tidak punya", "belum", "tidak", "none", "nothing", "-"}
)  # fmt: skip
_PERCENT = frozenset({"%", "persen", "percent", "pct", "prosen"})
_COUNTING = frozenset({"orang", "org", "buah", "bh", "unit", "jiwa"})
_CLOSING = re.compile(r"^,\s*-+")

_PLAIN = re.compile(r"\d+", re.ASCII)
_SPACED = re.compile(r"[1-9]\d{0,2}(?: \d{3})+(?:[.,]\d+)?", re.ASCII)
_MOST_DIGITS = 60
_FINEST = 10**20
"""Twenty decimals: a calculator shows fifteen. What is said back has to be read again, marks and all."""
_LONGEST = 200
"""Characters; nobody writes a number longer than that."""


@dataclass(frozen=True, slots=True)
class _Amount:
    value: Fraction
    is_certain: bool = True


def read_number(question: Question, written: str, language: str) -> Reading:
    """Read a whole or decimal number; one that is not whole is refused where a whole one is asked for."""
    if len(written) > _LONGEST:
        return Rejection(Reason.NOT_A_NUMBER)
    if written.isdecimal() and written.isascii():
        return _fitting(question, _Amount(Fraction(int(written))))
    folded = without_courtesy(plain(written))
    if not folded:
        return Rejection(Reason.EMPTY)
    if folded in _NOTHING:
        return Understood(Lexical("0"), is_certain=False)
    found = _amount(question, folded, language)
    return found if isinstance(found, Rejection) else _fitting(question, found)


def _fitting(question: Question, found: _Amount) -> Reading:
    if abs(found.value) > LARGEST:
        return Rejection(Reason.OUT_OF_RANGE, highest=Fraction(LARGEST))
    if question.kind is QuestionKind.INTEGER and found.value.denominator != 1:
        return Rejection(Reason.NOT_A_WHOLE_NUMBER)
    if found.value.denominator > _FINEST:
        return Rejection(Reason.NOT_A_NUMBER)
    lowest, highest = question.lowest, question.highest
    if lowest is not None and highest is not None and not lowest <= found.value <= highest:
        return Rejection(Reason.OUT_OF_RANGE, lowest, highest)
    return Understood(Lexical(to_text(found.value)), found.is_certain)


def _amount(question: Question, folded: str, language: str) -> _Amount | Rejection:
    leading = _LEADING.sub("", folded)
    bare = _ABOUT.sub("", leading)
    money = _RUPIAH.sub("", bare)
    is_about = bare != leading
    matched = _DIGITS.fullmatch(money)
    if matched is None:
        return _in_words(question, money, is_about=is_about)
    scale, rest = _scale(matched["rest"], language)
    is_whole = question.kind is QuestionKind.INTEGER and scale.value == 1
    found = _written(matched["digits"], is_whole=is_whole, language=language)
    if found is None:
        return Rejection(Reason.SEVERAL_NUMBERS if " " in matched["digits"] else Reason.NOT_A_NUMBER)
    is_unclear = is_about or matched["about"] or (money != bare and question.unit not in ("", "rupiah"))
    value = found.value * scale.value * (-1 if matched["minus"] else 1)
    amount = _Amount(value, found.is_certain and scale.is_certain and not is_unclear)
    return _with_unit(question, amount, _CLOSING.sub("", rest).strip(" .,"))


def _scale(rest: str, language: str) -> tuple[_Amount, str]:
    """Read ``juta`` or ``ratus ribu``, and give what follows; ``m`` could be metres, so that one is asked back."""
    value, is_certain = 1, True
    for pattern, words in _SCALES:
        found = pattern.match(rest)
        if found:
            word, rest = found["word"], rest[found.end() :]
            value *= 10**6 if word == "m" and language == "en" else words[word]
            is_certain = is_certain and word not in _UNCLEAR_MAGNITUDES and found["about"] in (None, "s")
    return _Amount(Fraction(value), is_certain), rest


def _in_words(question: Question, folded: str, *, is_about: bool) -> _Amount | Rejection:
    """Read number words, with or without the unit behind them."""
    words = folded.split()
    for taken in range(min(len(words), 20), 0, -1):
        value = number_in_words(" ".join(words[:taken]))
        if value is not None:
            return _with_unit(question, _Amount(value, not is_about), " ".join(words[taken:]))
    return Rejection(Reason.NOT_A_NUMBER)


def _with_unit(question: Question, found: _Amount, unit: str) -> _Amount | Rejection:
    """Accept the question's own unit; ask back for another word, refuse a percentage of what is counted."""
    if not unit or unit in _own_units(question):
        return found
    if unit in _PERCENT:
        is_plain = not question.unit and question.kind is not QuestionKind.INTEGER
        return replace(found, is_certain=False) if is_plain else Rejection(Reason.WRONG_UNIT)
    if re.search(r"\d", unit):
        return Rejection(Reason.SEVERAL_NUMBERS)
    if not NUMBER_WORDS.isdisjoint(re.split("[ -]", unit)):
        return Rejection(Reason.NOT_A_NUMBER)
    if unit == "rupiah" and question.unit:
        return Rejection(Reason.WRONG_UNIT)
    is_likely = len(unit.split()) <= 3 and re.fullmatch(r"[a-z ./-]+", unit)
    return replace(found, is_certain=False) if is_likely else Rejection(Reason.NOT_A_NUMBER)


def _own_units(question: Question) -> frozenset[str]:
    labels = {plain_label(label) for label in question.unit_label.by_language.values()}
    further = _PERCENT if question.unit == "persen" else _COUNTING if question.unit != "rupiah" else frozenset[str]()
    return further | labels | {question.unit}


def _written(digits: str, *, is_whole: bool, language: str) -> _Amount | None:
    """Read digits with their marks; None when the marks make no sense."""
    if len(digits) > _MOST_DIGITS:
        return _Amount(Fraction(LARGEST + 1))
    if _PLAIN.fullmatch(digits):
        return _Amount(Fraction(int(digits)))
    if _SPACED.fullmatch(digits):
        return _Amount(_value(digits.replace(" ", ""), point="."))
    marks = (",", ".") if language == "en" else (".", ",")
    home, abroad = _marked(digits, *marks), _marked(digits, *reversed(marks))
    if home is None or abroad is None:
        value = abroad if home is None else home
        return None if value is None else _Amount(value, is_certain=not (is_whole and _may_be_a_slip(digits)))
    if not is_whole:
        return _Amount(home, is_certain=False)
    return _Amount(max(home, abroad), is_certain=home > abroad)


def _may_be_a_slip(digits: str) -> bool:
    """Tell ``1.00``, which may be a slip for 100, from ``1.000.000`` and ``1.000,00``."""
    parts = re.split("[.,]", digits)
    return len(parts) == 2 and len(parts[1]) != 3


def _marked(digits: str, group: str, point: str) -> Fraction | None:
    """Read digits by one country's marks: ``1.200,5`` with a point between thousands and a comma before decimals."""
    if _MARKED[group, point].fullmatch(digits):
        return _value(digits.replace(group, ""), point=point)
    return None


def _by_marks(group: str, point: str) -> re.Pattern[str]:
    grouped = rf"[1-9]\d{{0,2}}(?:{re.escape(group)}\d{{3}})+(?:{re.escape(point)}\d+)?"
    return re.compile(rf"{grouped}|\d+{re.escape(point)}\d+", re.ASCII)


_MARKED = {(group, point): _by_marks(group, point) for group, point in ((".", ","), (",", "."))}


def _value(digits: str, *, point: str) -> Fraction:
    return Fraction(digits.replace(point, ".").replace(",", "."))
