"""Patterns of ``regex()``: as Python's own where they overlap, and never slower than the text is long."""

from __future__ import annotations

import re
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indicators.patterns import MOST_REMEMBERED, PatternError, read_pattern

signs = st.sampled_from(("a", "b", "0", ".", r"\d", r"\W", r"\s", r"\.", r"\n", "[a-c]", "[^ab\\d]", "[-a]", "[]", " "))
repetitions = st.sampled_from(("", "", "*", "+", "?", "*?", "{2}", "{1,3}", "{,2}", "{1,}", "{}", "{a}"))
pieces = st.recursive(
    st.builds(str.__add__, signs, repetitions),
    lambda inside: st.builds(
        "({}{}{}){}".format, st.sampled_from(("", "?:")), inside, inside | st.just("|"), repetitions
    ),
    max_leaves=6,
)
patterns = st.lists(pieces | st.sampled_from(("^", "$", "|", ")", "(", "[")), max_size=5).map("".join)
texts = st.text(alphabet="ab0 \n-.{}", max_size=12)


def pythons(written: str) -> re.Pattern[str] | None:
    """Compile with Python's own; None when it refuses."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return re.compile(written)
        except re.error:
            return None


@given(written=patterns, tried=st.lists(texts, min_size=1, max_size=8))
@settings(derandomize=True, max_examples=300)
def test_a_pattern_matches_what_pythons_own_match(written: str, tried: list[str]) -> None:
    known = pythons(written)
    try:
        pattern = read_pattern(written)
    except PatternError:
        assert known is None, written
        return

    assert known is not None, written
    for text in tried:
        # Python's "$" is also the place before a line break that ends the text
        if "$" not in written or "\n" not in text:
            assert pattern.matches(text) == (known.fullmatch(text) is not None), (written, text)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("(", "an opening bracket has no closing one"),
        ("a)", "a closing bracket has no opening one"),
        ("[a", "it ends too early"),
        ("a\\", "it ends too early"),
        ("*a", "nothing before '*'"),
        ("{2}", "nothing before '{'"),
        ("a**", "is repeated"),
        ("a++", "is repeated"),
        ("^*", "is repeated"),
        ("a{3,2}", "at least 3 and at most 2"),
        ("[z-a]", "the range z-a runs backwards"),
        (r"(a)\1", r"'\1' is not supported"),
        (r"\bx", r"'\b' is not supported"),
        ("(?=x)", "'(?=x' is not supported"),
        ("(?P<n>x)", "'(?P<' is not supported"),
        ("(" * 31 + ")" * 31, "nested too deeply"),
        ("a{2000}", "more than 1000 signs"),
        ("(((){9999}){9999}){9999}", "more than 1000 signs"),
        ("((a{50}|b){50})", "more than 1000 signs"),
    ],
)
def test_a_pattern_that_cannot_be_used_says_why(written: str, said: str) -> None:
    with pytest.raises(PatternError, match=re.escape(said)):
        read_pattern(written)


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("(a+)+$", "a" * 1_999 + "!"),
        ("(a|a)*b", "a" * 2_000),
        ("(a|aa)+$", "a" * 1_999 + "!"),
        (".*a.*a.*a.*a.*b", "a" * 2_000),
        ("(a?){100}a{100}", "a" * 2_000),
        ("(.|..|...|....){0,40}x", "ab" * 1_000),
        ("([^x]*,)*x", "," * 2_000),
    ],
)
def test_what_keeps_pythons_own_busy_for_ever_takes_a_moment(written: str, text: str) -> None:
    assert not read_pattern(written).matches(text)


def test_what_is_remembered_of_texts_stays_small() -> None:
    pattern = read_pattern("(.{1,3}x?)*")

    for first in range(0x400, 0x400 + 3 * MOST_REMEMBERED, 100):
        assert pattern.matches("".join(chr(first + each) for each in range(100)))

    assert len(pattern._remembered) <= MOST_REMEMBERED
