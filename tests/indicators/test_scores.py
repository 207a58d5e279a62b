"""Points: exact, between their bounds, and the tiers that they reach."""

from collections.abc import Mapping
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indicators.advice import advise, explain
from indicators.form import RowNumber
from indicators.loading import load_form, load_instrument
from indicators.scores import (
    NO_TOTAL,
    RowTotal,
    as_share,
    format_points,
    from_billionths,
    score_district,
    score_rows,
    to_billionths,
)
from indicators.tiers import next_tier, tier_of
from indicators.xpath_values import INFINITY, MINUS_INFINITY, NAN
from tests.indicators.small_forms import KLA_2024

INSTRUMENT = load_instrument(KLA_2024)
DEKELA = load_form(KLA_2024 / "dekela.md")
ROWS = sorted(INSTRUMENT.form_by_row)
OGAN_ILIR = {
    "kelembagaan": "127.66", "klaster_1": "89", "klaster_2": "93.8", "klaster_3": "137", "klaster_4": "91.6",
    "klaster_5": "163.8", "kelana_dekela": "67.5",
}  # fmt: skip
TASIKMALAYA = {
    "kelembagaan": "146", "klaster_1": "90", "klaster_2": "109", "klaster_3": "121.5", "klaster_4": "90.2",
    "klaster_5": "182.6", "kelana_dekela": "65.9",
}  # fmt: skip


def one_unit(share: Fraction) -> RowTotal:
    return RowTotal(1, 1, share, 1, share)


def totals_for(parts: Mapping[str, str]) -> dict[RowNumber, RowTotal]:
    """Let each part earn these points, the same share in every row."""
    totals = {}
    for part in INSTRUMENT.parts:
        share = Fraction(parts[part.key]) / part.max
        for indicator in part.indicators:
            rows = [row for _, row in INSTRUMENT.rows_by_indicator[indicator.number]]
            uncapped = sum(row.points for row in rows)
            for row in rows:
                totals[row.number] = one_unit(share * indicator.max / uncapped)
    return totals


@pytest.mark.parametrize(("parts", "total", "tier"), [(OGAN_ILIR, "770.36", "nindya"), (TASIKMALAYA, "805.2", "utama")])
def test_published_part_totals_give_the_published_score(parts: Mapping[str, str], total: str, tier: str) -> None:
    score = score_district(INSTRUMENT, totals_for(parts))

    reached = tier_of(INSTRUMENT, score.claimed)
    assert score.claimed == score.verified == score.highest == Fraction(total)
    assert [part.claimed for part in score.parts] == [Fraction(each) for each in parts.values()]
    assert reached is not None
    assert reached.key == tier


def test_a_village_row_is_worth_its_points_times_the_mean_over_the_roster() -> None:
    total = RowTotal(units=300, answered=200, claimed=Fraction(150), approved=90, verified=Fraction(75))

    score = score_district(INSTRUMENT, {RowNumber("26.6"): total})

    found = next(row for row in score.rows if row.number == "26.6")
    assert [found.claimed, found.verified, found.highest, found.maximum] == [2, 1, Fraction(10, 3), 4]
    assert found.answered == score.answered == Fraction(2, 3)


def test_an_unanswered_row_widens_the_range_instead_of_scoring_zero() -> None:
    score = score_district(INSTRUMENT, {})

    assert [score.claimed, score.highest, score.answered, score.maximum] == [0, 1000, 0, 1000]


def test_an_indicator_never_exceeds_its_own_maximum() -> None:
    everything = {number: one_unit(Fraction(1)) for number in INSTRUMENT.form_by_row}

    score = score_district(INSTRUMENT, everything)

    assert [score.claimed, score.verified, score.highest] == [1000, 1000, 1000]
    assert {each.indicator for each in explain(INSTRUMENT, score) if each.is_capped} == {"19"}


@st.composite
def row_totals(draw: st.DrawFn) -> RowTotal:
    units = draw(st.integers(0, 5))
    answered = draw(st.integers(0, units))
    approved = draw(st.integers(0, answered))
    verified = sum((draw(shares()) for _ in range(approved)), start=Fraction(0))
    claimed = verified + sum((draw(shares()) for _ in range(answered - approved)), start=Fraction(0))
    return RowTotal(units, answered, claimed, approved, verified)


def shares() -> st.SearchStrategy[Fraction]:
    return st.integers(0, 10**9).map(from_billionths)


@given(totals=st.dictionaries(st.sampled_from(ROWS), row_totals(), max_size=40))
def test_a_score_lies_between_its_bounds(totals: dict[RowNumber, RowTotal]) -> None:
    score = score_district(INSTRUMENT, totals)

    for each in (
        score,
        *score.parts,
        *(indicator for part in score.parts for indicator in part.indicators),
        *score.rows,
    ):
        assert 0 <= each.verified <= each.claimed <= each.highest <= each.maximum
        assert 0 <= each.answered <= 1


@given(totals=st.dictionaries(st.sampled_from(ROWS), row_totals(), max_size=40))
def test_advice_names_the_largest_gains_first_and_never_more_than_is_open(totals: dict[RowNumber, RowTotal]) -> None:
    score = score_district(INSTRUMENT, totals)

    gains = [each.gain for each in advise(INSTRUMENT, score, most=300)]

    assert gains == sorted(gains, reverse=True)
    assert all(0 < gain <= 1000 - score.claimed for gain in gains)


def test_advice_counts_the_units_that_do_not_meet_a_row() -> None:
    totals = {
        RowNumber("26.6"): RowTotal(10, 8, Fraction(5), 0, Fraction(0)),
        RowNumber("26.4"): RowTotal(10, 10, Fraction(10), 0, Fraction(0)),
        RowNumber("1.1"): RowTotal(1, 0, Fraction(0), 0, Fraction(0)),
    }

    first, second = advise(INSTRUMENT, score_district(INSTRUMENT, totals))

    assert (first.row, first.gain, first.units_open) == ("1.1", Fraction(12), 1)
    assert (second.row, second.gain, second.units_open, second.units_unanswered) == ("26.6", Fraction(2), 5, 2)


def test_each_point_leads_to_its_row_and_shares() -> None:
    score = score_district(INSTRUMENT, {RowNumber("26.6"): RowTotal(3, 2, Fraction(2), 1, Fraction(1))})

    found = next(each for each in explain(INSTRUMENT, score) if each.row == "26.6")

    assert (found.form, found.version, found.indicator) == ("dekela", "2024.1", "26")
    assert found.points * found.claimed_shares / found.units == found.claimed
    assert sum(each.claimed for each in explain(INSTRUMENT, score)) == score.claimed


def test_one_village_has_points_of_79_and_a_range() -> None:
    score = score_rows(
        DEKELA, {RowNumber("26.2"): Fraction(1, 2), RowNumber("26.4"): Fraction(0), RowNumber("26.6"): None}
    )

    assert [score.earned, score.highest, score.maximum, score.answered_rows] == [3, 72, 79, 2]
    assert len(score.rows) == 20
    assert [score_rows(DEKELA, {}).earned, score_rows(DEKELA, {}).highest] == [0, 79]


@pytest.mark.parametrize(
    ("points", "tier"),
    [
        ("0", None),
        ("499.99", None),
        ("500", "pratama"),
        ("583.17", "pratama"),
        ("600.5", "pratama"),
        ("600.99", "pratama"),
        ("601", "madya"),
        ("697.40", "madya"),
        ("797.5", "nindya"),
        ("885.40", "utama"),
        ("901", "kla"),
        ("1000", "kla"),
    ],
)
def test_a_tier_is_reached_with_its_lowest_score(points: str, tier: str | None) -> None:
    found = tier_of(INSTRUMENT, Fraction(points))

    assert (found.key if found else None) == tier


def test_the_next_tier_tells_the_way_to_it() -> None:
    found = next_tier(INSTRUMENT, Fraction("684.55"))

    assert found is not None
    assert (found.tier.key, found.distance) == ("nindya", Fraction("16.45"))
    assert next_tier(INSTRUMENT, Fraction(901)) is None


@pytest.mark.parametrize(
    ("value", "share"),
    [
        (True, "1"),
        (False, "0"),
        (Fraction(3, 4), "0.75"),
        (Fraction(2, 3), "0.666666667"),
        (Fraction(7, 5), "1"),
        (-3, "0"),
        (1, "1"),
        ("0.5", "0.5"),
        ("", "0"),
        (NAN, "0"),
        (INFINITY, "1"),
        (MINUS_INFINITY, "0"),
    ],
)
def test_a_share_is_a_whole_number_of_billionths_between_0_and_1(value: object, share: str) -> None:
    assert as_share(value) == Fraction(share)
    assert from_billionths(to_billionths(as_share(value))) == as_share(value)


def test_what_is_no_whole_number_of_billionths_cannot_be_stored() -> None:
    with pytest.raises(ValueError, match="as_share"):
        to_billionths(Fraction(1, 3))


@pytest.mark.parametrize(
    ("points", "shown"),
    [
        ("583.4", "583,4"),
        ("583.17", "583,17"),
        ("600.996", "600,99"),
        ("600.999999999", "600,99"),
        ("0.125", "0,12"),
        ("79", "79"),
        ("1000", "1.000"),
    ],
)
def test_points_are_shown_with_two_decimals_and_never_rounded_up_into_a_tier(points: str, shown: str) -> None:
    assert format_points(Fraction(points), "id") == shown


def test_points_in_english_have_a_decimal_point() -> None:
    assert format_points(Fraction("583.17"), "en") == "583.17"


def test_a_row_without_units_counts_nothing_and_can_still_earn_all() -> None:
    score = score_district(INSTRUMENT, {RowNumber("1.1"): NO_TOTAL})

    assert [score.rows[0].claimed, score.rows[0].highest] == [0, 12]
    assert advise(INSTRUMENT, score) == ()
