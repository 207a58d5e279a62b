"""How scores look: one number first, then parts with bars that survive a phone's font."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from fractions import Fraction

from conversations.hours import day_there
from conversations.needs import RowAnswers, RowTally, ScoreTotals, UnitAnswer
from conversations.people import Region
from conversations.texts import Markup, Texts
from conversations.turn import Turn, joined, lines
from conversations.views.bars import bar, long_date, percent
from conversations.views.naming import region_name
from indicators.advice import Advice, advise
from indicators.form import Row, RowNumber
from indicators.instrument import Instrument
from indicators.scores import (
    DistrictScore,
    PartScore,
    RowTotal,
    format_points,
    from_billionths,
    score_district,
    score_rows,
)
from indicators.tiers import next_tier, tier_of

DEKELA = "dekela"
MOST_ADVICE = 3


def totals_of(totals: ScoreTotals) -> dict[RowNumber, RowTotal]:
    """Give the maintained totals as the scores take them."""
    return {RowNumber(number): _total(tally) for number, tally in totals.rows.items()}


def _total(tally: RowTally) -> RowTotal:
    claimed, verified = from_billionths(tally.claimed), from_billionths(tally.verified)
    return RowTotal(tally.units, tally.answered, claimed, tally.approved, verified)


def district_text(turn: Turn, region: Region, score: DistrictScore) -> Markup:
    """Say a district's score: the three figures with tiers, the distance, the parts, what would raise it."""
    texts, instrument = turn.texts, turn.brief.library.instrument
    return joined(
        title_text(region, turn.event.at, texts),
        figures_text(score, instrument, texts),
        way_text(score, instrument, texts),
        lines(*(_part_line(part, texts) for part in score.parts)),
        advice_text(score, instrument, texts),
    )


def title_text(region: Region, at: datetime, texts: Texts) -> Markup:
    """Name a region and the day there, and say that it is an estimate."""
    return texts(
        "score.title", region=region_name(region, texts), day=long_date(day_there(at, region.code), texts.language)
    )


def figures_text(score: DistrictScore, instrument: Instrument, texts: Texts) -> Markup:
    """Say the three figures of a district with their tiers."""
    figures = (("score.claimed", score.claimed), ("score.verified", score.verified), ("score.highest", score.highest))
    return lines(
        *(
            texts(key, points=format_points(amount, texts.language), tier=tier_name(amount, instrument, texts))
            for key, amount in figures
        )
    )


def tier_name(amount: Fraction, instrument: Instrument, texts: Texts) -> str:
    """Name the tier that so many points reach."""
    tier = tier_of(instrument, amount)
    return tier.title.said(texts.language) if tier else texts.plain("score.no_tier")


def way_text(score: DistrictScore, instrument: Instrument, texts: Texts) -> Markup:
    """Say how much is answered, and how far the next tier is."""
    answered = texts("score.answered", share=percent(score.answered, texts.language))
    following = next_tier(instrument, score.claimed)
    if following is None:
        return answered
    distance = texts(
        "score.distance",
        points=format_points(following.distance, texts.language),
        tier=following.tier.title.said(texts.language),
        bound=format_points(following.tier.lowest, texts.language),
    )
    return lines(answered, distance)


def _part_line(part: PartScore, texts: Texts) -> Markup:
    return texts(
        "score.part",
        bar=bar(part.claimed, part.maximum),
        points=format_points(part.claimed, texts.language),
        whole=format_points(part.maximum, texts.language),
        part=part.title.said(texts.language).partition(":")[0],
    )


def advice_text(score: DistrictScore, instrument: Instrument, texts: Texts) -> Markup | None:
    """Say what would raise a district's score the most; ``None``: nothing would."""
    found = advise(instrument, score, most=MOST_ADVICE)
    return lines(texts("score.fastest"), *(_advice_line(each, texts) for each in found)) if found else None


def _advice_line(each: Advice, texts: Texts) -> Markup:
    title, gain = each.title.said(texts.language), format_points(each.gain, texts.language)
    if each.units_open > 1:
        return texts("score.advice_units", number=each.row, title=title, gain=gain, units=each.units_open)
    return texts("score.advice", number=each.row, title=title, gain=gain)


def subdistrict_text(turn: Turn, region: Region, totals: ScoreTotals) -> Markup:
    """Say how a kecamatan stands: its own points of Kelana, its villages' mean of Dekela."""
    texts = turn.texts
    score = score_district(turn.brief.library.instrument, totals_of(totals))
    indicators = {each.number: each for part in score.parts for each in part.indicators}
    shown = [
        texts(
            "score.indicator",
            bar=bar(each.claimed, each.maximum),
            points=format_points(each.claimed, texts.language),
            whole=format_points(each.maximum, texts.language),
            verified=format_points(each.verified, texts.language),
            title=each.title.said(texts.language),
        )
        for number in ("25", "26")
        if (each := indicators.get(number))
    ]
    counted = _answered_share(totals)
    return joined(
        title_text(region, turn.event.at, texts),
        lines(*shown),
        texts("score.answered", share=percent(counted, texts.language)),
        texts("score.units", units=max((tally.units for tally in totals.rows.values()), default=0)),
    )


def _answered_share(totals: ScoreTotals) -> Fraction:
    asked = sum(tally.units for tally in totals.rows.values())
    answered = sum(tally.answered for tally in totals.rows.values())
    return Fraction(answered, asked) if asked else Fraction(0)


def unit_text(turn: Turn, region: Region, totals: ScoreTotals) -> Markup:
    """Say how a village stands: points of 79, without a tier, which belong to districts."""
    texts, form = turn.texts, turn.brief.library.forms[DEKELA]
    score = score_rows(form, {row.number: _claimed_share(totals.rows.get(row.number)) for row in form.rows})
    verified = score_rows(form, {row.number: _verified_share(totals.rows.get(row.number)) for row in form.rows})
    figures = texts(
        "score.unit",
        bar=bar(score.earned, score.maximum),
        claimed=format_points(score.earned, texts.language),
        verified=format_points(verified.earned, texts.language),
        highest=format_points(score.highest, texts.language),
        whole=format_points(score.maximum, texts.language),
    )
    return joined(
        title_text(region, turn.event.at, texts),
        figures,
        texts("score.answered", share=percent(_answered_share(totals), texts.language)),
        texts("score.unit_note"),
    )


def _claimed_share(tally: RowTally | None) -> Fraction | None:
    return from_billionths(tally.claimed) if tally and tally.answered else None


def _verified_share(tally: RowTally | None) -> Fraction | None:
    return from_billionths(tally.verified) if tally and tally.approved else None


def why_text(turn: Turn, score: DistrictScore) -> Markup:
    """Explain the parts: claimed, verified, highest."""
    texts = turn.texts
    listed = [
        texts(
            "why.part",
            part=part.title.said(texts.language),
            claimed=format_points(part.claimed, texts.language),
            verified=format_points(part.verified, texts.language),
            highest=format_points(part.highest, texts.language),
            whole=format_points(part.maximum, texts.language),
        )
        for part in score.parts
    ]
    return joined(texts("why.title"), *listed, texts("why.choose_part"))


def why_part_text(turn: Turn, part: PartScore) -> Markup:
    """Explain a part: its indicators."""
    texts = turn.texts
    listed = [
        texts(
            "why.indicator",
            number=each.number,
            title=each.title.said(texts.language),
            claimed=format_points(each.claimed, texts.language),
            whole=format_points(each.maximum, texts.language),
        )
        for each in part.indicators
    ]
    return joined(
        texts("why.part_title", part=part.title.said(texts.language)), lines(*listed), texts("why.choose_row")
    )


def row_text(turn: Turn, row: Row, answers: RowAnswers, names: Mapping[int, str]) -> Markup:
    """Explain a row down to the answers: how many meet it, who does not, who said so and when."""
    texts = turn.texts
    head = texts(
        "why.row_title",
        number=row.number,
        title=row.title.said(texts.language),
        points=format_points(row.points, texts.language),
    )
    counts = texts("why.row_counts", units=answers.units, answered=answers.answered, meeting=answers.meeting)
    listed = [_unit_line(turn, each, names) for each in answers.furthest]
    return joined(head, counts, lines(*listed))


def _unit_line(turn: Turn, each: UnitAnswer, names: Mapping[int, str]) -> Markup:
    texts = turn.texts
    name = region_name(each.region, texts)
    if each.share is None:
        return texts("why.unit_open", region=name)
    at = datetime.fromtimestamp(each.at, tz=UTC)
    key = "why.unit_approved" if each.is_approved else "why.unit"
    return texts(
        key,
        region=name,
        share=percent(from_billionths(each.share), texts.language),
        by=names.get(each.by, ""),
        approved_by=names.get(each.approved_by, ""),
        day=long_date(day_there(at, each.region.code), texts.language),
        version=each.version,
    )
