"""What is asked, given the answers so far, and how far each row has come."""

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indicators.effective import plan_of
from indicators.filling import (
    Objection,
    ObjectionReason,
    RowState,
    RowStatus,
    asked,
    check_answer,
    choices_for,
    row_state,
)
from indicators.form import AnswerKey, Form, RowNumber
from indicators.loading import load_form
from tests.indicators.small_forms import KLA_2024, TODAY, form_of, line, row

ROW = RowNumber("26.6")
AKTA = row(
    "26.6",
    line("note", "pengantar"),
    line("integer", "anak", required="yes", constraint=". >= 0", message="Isi angka."),
    line(
        "integer", "akta", relevant="${anak} > 0", required="yes", constraint=". <= ${anak}", message="Terlalu banyak."
    ),
    line("text", "sebab", relevant="${akta} < ${anak}"),
    line("calculate", "bagian", calculation="${akta} div ${anak}"),
    line("file", "bukti", relevant="${akta} > 0"),
    points="4",
    share="if(${anak} > 0, ${bagian} > 0.9, true())",
)


DEKELA = load_form(KLA_2024 / "dekela.md")


@pytest.fixture
def form(tmp_path: Path) -> Form:
    return form_of(tmp_path, *AKTA, total="4")


def state(form: Form, values: Mapping[str, str], number: RowNumber = ROW) -> RowState:
    return row_state(form, form.row_by_number[number], values, TODAY)


def keys(form: Form, values: Mapping[str, str], number: RowNumber = ROW) -> list[str]:
    return [each.key for each in asked(form, form.row_by_number[number], values, TODAY)]


def test_only_relevant_questions_are_asked_and_calculations_never(form: Form) -> None:
    assert keys(form, {}) == ["pengantar", "anak"]
    assert keys(form, {"anak": "10"}) == ["pengantar", "anak", "akta"]
    assert keys(form, {"anak": "10", "akta": "9"}) == ["pengantar", "anak", "akta", "sebab", "bukti"]


def test_a_row_goes_from_untouched_over_started_to_answered(form: Form) -> None:
    untouched, started, answered = (
        state(form, {}),
        state(form, {"anak": "10"}),
        state(form, {"anak": "10", "akta": "10"}),
    )

    assert untouched == RowState(RowStatus.UNTOUCHED, None, (AnswerKey("anak"),), False, False)
    assert started == RowState(RowStatus.STARTED, None, (AnswerKey("akta"),), False, True)
    assert answered == RowState(RowStatus.ANSWERED, Fraction(1), (), True, True)


def test_evidence_that_came_is_no_longer_missing(form: Form) -> None:
    assert not state(form, {"anak": "10", "akta": "10", "bukti": "2"}).missing_evidence


def test_answers_to_what_is_not_relevant_count_as_unanswered_and_come_back(form: Form) -> None:
    answered = {"anak": "10", "akta": "10", "bukti": "1"}

    hidden = state(form, answered | {"anak": "0"})

    assert (hidden.status, hidden.share) == (RowStatus.ANSWERED, Fraction(1))
    assert keys(form, answered | {"anak": "0"}) == ["pengantar", "anak"]
    assert state(form, answered).share == 1


def test_relevance_reaches_through_questions_that_are_not_relevant(tmp_path: Path) -> None:
    form = form_of(
        tmp_path,
        line("select_one ya", "a"),
        line("select_one ya", "b", relevant="${a} = 'ya'"),
        line("select_one ya", "c", relevant="${b} = 'ya'"),
        line("text", "d", relevant="${c} = 'ya'"),
    )
    everything = {"a": "ya", "b": "ya", "c": "ya", "d": "x"}

    (only,) = form.rows

    assert keys(form, everything, only.number) == ["a", "b", "c", "d"]
    assert keys(form, everything | {"a": "tidak"}, only.number) == ["a"]


def test_only_an_answer_that_is_not_relevant_leaves_a_row_started(tmp_path: Path) -> None:
    form = form_of(
        tmp_path, line("integer", "a"), *row("1.1", line("text", "b", relevant="${a} > 0"), line("text", "c"))
    )

    found = state(form, {"b": "x"}, RowNumber("1.1"))

    assert (found.status, found.has_answers) == (RowStatus.STARTED, True)


def test_a_row_that_asks_nothing_now_is_not_relevant(tmp_path: Path) -> None:
    form = form_of(
        tmp_path,
        line("integer", "a"),
        *row("1.1", line("text", "b", relevant="${a} > 0"), share="true()"),
        *row("1.2", line("note", "n")),
    )

    found = [state(form, {}, RowNumber(number)) for number in ("1.1", "1.2")]

    assert [(each.status, each.share) for each in found] == [(RowStatus.NOT_RELEVANT, None)] * 2


def test_a_row_of_optional_questions_is_answered_as_soon_as_one_is(tmp_path: Path) -> None:
    form = form_of(tmp_path, *row("1.1", line("text", "a"), line("text", "b")))

    assert state(form, {"b": "x"}, RowNumber("1.1")).status is RowStatus.ANSWERED
    assert state(form, {}, RowNumber("1.1")).status is RowStatus.UNTOUCHED


def test_whether_a_question_is_required_can_depend_on_answers(tmp_path: Path) -> None:
    form = form_of(tmp_path, *row("1.1", line("integer", "a"), line("text", "b", required="${a} > 5")))

    assert state(form, {"a": "5"}, RowNumber("1.1")).missing == ()
    assert state(form, {"a": "6"}, RowNumber("1.1")).missing == ("b",)


def test_a_share_may_look_at_other_rows(tmp_path: Path) -> None:
    form = form_of(
        tmp_path,
        *row("1.1", line("integer", "anak")),
        *row("1.2", line("integer", "gizi", required="yes"), points="4", share="1 - ${gizi} div ${anak}"),
        total="4",
    )

    assert state(form, {"anak": "3", "gizi": "1"}, RowNumber("1.2")).share == Fraction(666_666_667, 10**9)


@pytest.fixture
def household(tmp_path: Path) -> Form:
    return form_of(
        tmp_path,
        *row(
            "1.1",
            line("integer", "n", required="yes"),
            line("begin_repeat", "anggota", repeat_count="${n}", relevant="${n} != 9"),
            line("text", "nama", required="yes", constraint="string-length(.) < 20 and . != ${ibu}", message="Lain."),
            line("integer", "umur", relevant="${nama} != ''", constraint=". <= position(..) * 100"),
            line("calculate", "muda", calculation="if(${umur} < 18, 1, 0)"),
            line("end_repeat"),
            line("text", "ibu"),
            points="1",
            share="sum(${muda}) > 0",
        ),
        *row("1.2", line("integer", "lain", relevant="${umur} > 60")),
        total="1",
    )


def test_a_repeat_is_asked_turn_by_turn(household: Form) -> None:
    found = asked(household, household.rows[0], {"n": "2", "nama~1": "Budi"}, TODAY)

    assert [(each.key, each.instance) for each in found] == [
        ("n", 1), ("nama~1", 1), ("umur~1", 1), ("nama~2", 2), ("ibu", 1)
    ]  # fmt: skip


def test_a_repeat_counts_turns_within_bounds(household: Form) -> None:
    counts = [
        len(keys(household, {"n": written}, RowNumber("1.1"))) - 2 for written in ("", "0", "-3", "2.7", "1000", "9")
    ]

    assert counts == [0, 0, 0, 2, 50, 0]


def test_a_name_in_a_repeat_means_the_same_turn_inside_and_all_turns_outside(household: Form) -> None:
    answers = {"n": "2", "nama~1": "Budi", "umur~1": "70", "nama~2": "Siti", "umur~2": "7", "umur~3": "3"}

    whole = state(household, answers, RowNumber("1.1"))

    assert (whole.status, whole.share) == (RowStatus.ANSWERED, Fraction(1))
    assert keys(household, answers, RowNumber("1.2")) == ["lain"]
    assert keys(household, answers | {"umur~1": "7"}, RowNumber("1.2")) == []


def test_a_required_question_is_missing_in_each_turn(household: Form) -> None:
    found = state(household, {"n": "2", "nama~2": "Siti"}, RowNumber("1.1"))

    assert (found.missing, found.status) == (("nama~1",), RowStatus.STARTED)
    assert state(household, {"nama~1": "x"}, RowNumber("1.1")).has_answers


def test_a_constraint_in_a_repeat_sees_its_own_turn(household: Form) -> None:
    values = {"n": "2", "nama~1": "Budi", "nama~2": "Siti", "ibu": "Siti"}

    assert check_answer(household, AnswerKey("umur~2"), "150", values, TODAY) is None
    assert check_answer(household, AnswerKey("umur~1"), "150", values, TODAY) is not None
    objection = check_answer(household, AnswerKey("nama~1"), "Siti", values, TODAY)
    assert objection is not None
    assert objection.references == ("ibu",)


def test_the_turns_of_a_repeat_are_a_mapping_like_any_other(household: Form) -> None:
    from indicators.effective import effective_values

    scope = effective_values(household, household.rows[0], {"n": "1", "nama~1": "A"}, TODAY).scope("umur~1")

    assert set(scope.values) >= {"nama", "umur", "n"}
    assert len(scope.values) == len(list(scope.values))


def test_an_objection_names_the_answers_it_was_held_against(form: Form) -> None:
    objection = check_answer(form, AnswerKey("akta"), "11", {"anak": "10"}, TODAY)

    assert objection is not None
    assert (objection.message.said("id"), objection.references) == ("Terlalu banyak.", ("anak",))
    assert check_answer(form, AnswerKey("akta"), "10", {"anak": "10"}, TODAY) is None
    assert check_answer(form, AnswerKey("sebab"), "x", {"anak": "10"}, TODAY) is None


def test_an_objection_looks_through_calculations(tmp_path: Path) -> None:
    form = form_of(
        tmp_path,
        line("integer", "l"),
        line("integer", "p"),
        line("calculate", "semua", calculation="${l} + ${p}"),
        line("integer", "akta", constraint=". <= ${semua} and . >= ${l} and . < ${kosong}"),
        line("integer", "kosong"),
    )

    objection = check_answer(form, AnswerKey("akta"), "9", {"l": "1", "p": "2"}, TODAY)

    assert objection is not None
    assert objection.references == ("l", "p")


def test_a_range_ends_where_it_says_and_keeps_its_steps(tmp_path: Path) -> None:
    form = form_of(tmp_path, line("range", "r", parameters="start=10 end=20 step=5"))

    objections = [check_answer(form, AnswerKey("r"), value, {}, TODAY) for value in ("10", "15", "20", "12", "25", "x")]

    assert [each.reason if each else None for each in objections] == [None] * 3 + [ObjectionReason.OUT_OF_RANGE] * 3


def test_choices_follow_their_filter(tmp_path: Path) -> None:
    form = form_of(tmp_path, line("text", "kec"), line("select_one desa", "desa", choice_filter="kec = ${kec}"))

    offered = [each.name for each in choices_for(form, AnswerKey("desa"), {"kec": "k2"}, TODAY)]
    objection = check_answer(form, AnswerKey("desa"), "d1", {"kec": "k2"}, TODAY)

    assert offered == ["d2"]
    assert isinstance(objection, Objection)
    assert objection.reason is ObjectionReason.NOT_A_CHOICE
    assert check_answer(form, AnswerKey("desa"), "d2", {"kec": "k2"}, TODAY) is None
    assert [each.name for each in choices_for(form, AnswerKey("desa"), {}, TODAY)] == []


def test_without_a_filter_all_choices_are_offered(tmp_path: Path) -> None:
    form = form_of(tmp_path, line("select_multiple buah", "b"))

    assert len(choices_for(form, AnswerKey("b"), {}, TODAY)) == 4
    assert check_answer(form, AnswerKey("b"), "m p", {}, TODAY) is None
    assert check_answer(form, AnswerKey("b"), "m x", {}, TODAY) is not None


DEKELA = load_form(KLA_2024 / "dekela.md")
NAMES = sorted(DEKELA.question_by_name)


@given(
    values=st.dictionaries(
        st.sampled_from(NAMES), st.sampled_from(["0", "1", "5", "100", "2024", "ada", "belum", "ya", "tidak", ""])
    )
)
def test_any_answers_keep_the_promises_of_a_row(values: dict[str, str]) -> None:
    for each in DEKELA.rows:
        found = row_state(DEKELA, each, values, TODAY)
        shown = {question.key for question in asked(DEKELA, each, values, TODAY)}

        assert (found.share is not None) == (found.status is RowStatus.ANSWERED)
        assert found.share is None or 0 <= found.share <= 1
        assert set(found.missing) <= shown
        assert not any(values.get(key) for key in found.missing)
        assert found.has_answers or found.status in (RowStatus.UNTOUCHED, RowStatus.NOT_RELEVANT)


@given(answers=st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=40))
def test_what_is_remembered_of_a_row_equals_what_is_worked_out_afresh(answers: list[tuple[int, int]]) -> None:
    remembering, afresh = DEKELA, replace(DEKELA)
    row = RowNumber("26.6")

    for anak, akta in answers:
        values = {"anak": str(anak), "akta": str(akta)}
        afresh.derived.clear()

        assert state(remembering, values, row) == state(afresh, values, row)


def test_a_row_forgets_what_it_remembered_before_that_grows_too_large(
    form: Form, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("indicators.filling.MOST_REMEMBERED", 2)

    states = [state(form, {"anak": "10", "akta": str(akta)}).share for akta in (9, 10, 8, 9, 10)]

    assert states == [0, 1, 0, 0, 1]
    assert len(plan_of(form, form.row_by_number[ROW]).remembered) <= 2
