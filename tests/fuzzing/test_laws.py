"""The laws of the fuzzing targets, held against what Hypothesis makes up: nearly right, and wrong in one place."""

from __future__ import annotations

import copy
import json
from fractions import Fraction
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from conversations.taps import MOST_BYTES, Verb, read_tap, tap
from indicators.form import AnswerKey
from tests.fuzzing.drawing import told
from tests.fuzzing.targets import answers, batches, bodies, expressions, forms, updates
from tests.indicators.small_forms import CHOICES, SETTINGS, line, survey
from tests.telegram_server.oddities import ODDITIES

steady = settings(derandomize=True, max_examples=150)
few = settings(derandomize=True, max_examples=50)

words = st.text(max_size=30)
scalars = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | words
anything = st.recursive(
    scalars, lambda inside: st.lists(inside, max_size=3) | st.dictionaries(words, inside, max_size=3)
)


def replaced(update: Any, path: list[int], value: object) -> Any:
    """Put something else at a place of an update, found by its turns; the update itself stays as it is."""
    whole: Any = {"update_id": 9, **copy.deepcopy(update)}
    here: Any = whole
    for turn in path:
        keys = list(here) if isinstance(here, dict) else list(range(len(here)))
        key = keys[turn % len(keys)]
        if turn == path[-1] or not isinstance(here[key], (dict, list)) or not here[key]:
            here[key] = value
            break
        here = here[key]
    return whole


mangled_updates = st.builds(
    replaced,
    st.sampled_from([odd.update for odd in ODDITIES]),
    st.lists(st.integers(0, 12), min_size=1, max_size=5),
    anything,
)


@given(st.lists(mangled_updates, min_size=1, max_size=4))
@steady
def test_updates_with_something_else_in_one_place_are_read_or_passed_over(mangled: list[object]) -> None:
    updates.check(json.dumps(mangled).encode())
    updates.check(json.dumps(mangled[0]).encode())


mangled_batches = st.builds(
    replaced,
    st.sampled_from([batches.batch(batches.message(**each), statuses=[batches.STATUS]) for each in batches.MESSAGES]),
    st.lists(st.integers(0, 12), min_size=1, max_size=9),
    anything,
)


@given(mangled_batches)
@steady
def test_batches_with_something_else_in_one_place_are_read_or_passed_over(mangled: object) -> None:
    batches.check(json.dumps(mangled).encode())


amounts = st.builds(
    "{}{}{} {}".format,
    st.sampled_from(("", "sekitar ", "Rp ", "-", "ada ", "minus ")),
    st.from_regex(r"[0-9]{1,6}([.,][0-9]{1,4}){0,3}|[0-9]{1,20}([.,][0-9]{1,40})?", fullmatch=True),
    st.sampled_from(("", " ", "-an")),
    st.lists(
        st.sampled_from("ribu juta ratus million hundred persen % anak rupiah k m lusin pak orang lebih".split()),
        max_size=3,
    ).map(" ".join),
)
number_words = st.lists(
    st.sampled_from(
        "satu dua belas puluh ratus seribu juta one twenty hundred and million thousand nineteen a".split()
    ),
    min_size=1,
    max_size=7,
).map(" ".join)
days = st.builds(
    "{}{}{}{}{}".format,
    st.integers(0, 40),
    st.sampled_from((" ", "/", "-", ".")),
    st.integers(0, 14) | st.sampled_from(("agustus", "feb", "May")),
    st.sampled_from((" ", "/", "-", ".", " '")),
    st.integers(0, 2100),
)
places = st.builds(
    "{}{}{}".format,
    st.from_regex(r"-?[0-9]{1,3}([.,][0-9]{0,17})?", fullmatch=True),
    st.sampled_from((" ", ",", ", ", ";", " ; ")),
    st.from_regex(r"-?[0-9]{1,3}([.,][0-9]{0,17})?", fullmatch=True),
)
choices = st.lists(
    st.sampled_from(("1", "3", "mangga", "mangg", "pisang", "lainnya: durian", "semua", "jeruk bali", "1-3", "9")),
    max_size=4,
).flatmap(lambda parts: st.sampled_from((", ", " dan ", "; ", "\n", " ")).map(lambda between: between.join(parts)))
keys = st.deferred(lambda: st.sampled_from(sorted(answers.form().question_by_name)))
typed = st.text(max_size=200) | amounts | number_words | days | places | choices


@given(
    key=keys,
    language=st.sampled_from(answers.LANGUAGES),
    written=typed,
)
@example(key="desimal", language="id", written="1000000," + "1" * 32)
@settings(derandomize=True, max_examples=800)
def test_whatever_is_typed_comes_to_an_outcome_and_reads_back(key: str, language: str, written: str) -> None:
    answers.check_answering(answers.form(), AnswerKey(key), language=language, written=written)


operands = st.sampled_from(
    ("${a}", "${b}", "${r}", ".", "1", "0", "0.5", "'x'", "'2025-01-01'", "today()", "${c d}", "kec")
)
operators = st.sampled_from(("+", "-", "*", "div", "mod", "=", "!=", "<", ">=", "and", "or", ",", "|"))
functions = st.sampled_from(
    "if selected concat join substr substring round pow sum max count regex not number string date format-date "
    "coalesce translate once position normalize-space foo".split()
)
written_expressions = st.recursive(
    operands,
    lambda inside: (
        st.builds("{} {} {}".format, inside, operators, inside)
        | st.builds("{}({})".format, functions, st.lists(inside, max_size=3).map(", ".join))
        | st.builds("({})".format, inside)
        | st.builds("-{}".format, inside)
    ),
    max_leaves=12,
)
known_values = st.dictionaries(
    st.sampled_from(expressions.NAMES),
    st.sampled_from(expressions.VALUES) | words | st.integers().map(str) | st.builds(Fraction, st.integers(-99, 99)),
)


@given(source=written_expressions | words, values=known_values, may_use_columns=st.booleans())
@settings(derandomize=True, max_examples=400)
def test_any_expression_is_refused_or_can_be_evaluated(
    source: str, values: dict[str, Any], may_use_columns: bool
) -> None:
    expressions.check_expression(source, values, within="rumah", may_use_columns=may_use_columns)


names = st.sampled_from(("a", "b", "c", "a b", "", "1", "dé", "other", "x" * 50))
kinds = st.sampled_from(
    ("text", "integer", "select_one ada", "select_multiple buah or_other", "select_one x", "range", "date", "calculate",
     "note", "begin_group", "end_group", "begin_repeat", "end_repeat", "image", "audio", "start", "", "rank ada", "xyz")
)  # fmt: skip
cells = st.dictionaries(
    st.sampled_from(
        ("label", "relevant", "constraint", "required", "calculation", "repeat_count", "choice_filter", "parameters",
         "row", "points", "share", "evidence", "holder", "unit", "readonly", "default", "direction", "message")
    ),
    written_expressions
    | st.sampled_from(("yes", "1", "-1", "1e9", "sk", "dinkes", "anak", "start=0 end=x", "turun", "7.1"))
    | st.text(alphabet="ab ${}|\\\"'#,\n", max_size=12),
    max_size=4,
)  # fmt: skip
rows = st.builds(lambda kind, name, further: line(kind, name, **further), kinds, names, cells)


@given(lines=st.lists(rows, max_size=6), is_csv=st.booleans())
@few
def test_any_sheet_is_a_form_or_is_refused_with_a_remedy(lines: list[dict[str, str]], is_csv: bool) -> None:
    written = SETTINGS.format(total="", unit="") + "\n" + survey(*lines) + "\n" + CHOICES
    forms.check_file(".csv" if is_csv else ".md", (forms.as_csv(written) if is_csv else written).encode())


arguments = st.lists(st.integers(0, 2**63 - 1) | st.text(alphabet="abcxyz019_.~", max_size=12), max_size=3)


@given(verb=st.sampled_from(Verb), arguments=arguments)
@steady
def test_what_a_button_carries_comes_back_as_it_was(verb: Verb, arguments: list[int | str]) -> None:
    try:
        carried = tap(verb, *arguments)
    except ValueError:
        return

    tapped = read_tap(carried)

    assert tapped is not None
    assert tapped.verb is verb
    assert [tapped.number(place) for place, each in enumerate(arguments) if isinstance(each, int)] == [
        each for each in arguments if isinstance(each, int)
    ]


@given(st.text(max_size=80) | st.builds("{}:{}".format, st.sampled_from(Verb), st.text(max_size=70)))
@steady
def test_anything_that_comes_from_a_button_is_a_tap_or_none(data: str) -> None:
    tapped = read_tap(data)

    if tapped is not None:
        assert len(data.encode()) <= MOST_BYTES
        assert ":".join((tapped.verb, *tapped.arguments)) == data
        assert all(0 <= tapped.number(place) < 2**63 for place in range(4))


fields = st.fixed_dictionaries(
    {"id": st.sampled_from(("me-text-1", "me-text-0", "x", "me text")) | anything},
    optional={
        "text": anything | words,
        "message": st.sampled_from(("me-text-0", "bot-1", "")) | anything,
        "data": anything | words,
        "latitude": st.floats(-100, 100) | anything,
        "longitude": st.floats(-200, 200) | anything,
        "kind": st.sampled_from(("village_head", "stranger", "king")),
        "unknown": anything,
    },
)


@given(place=st.integers(0, len(bodies.PATHS) - 1), posted=fields | anything)
@few
def test_whatever_is_posted_to_the_simulator_is_taken_or_refused(place: int, posted: object) -> None:
    bodies.check(told(place, 0, 0, 0, "", json.dumps(posted).encode()))
