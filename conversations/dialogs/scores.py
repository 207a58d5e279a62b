"""What an official asks: the score, the tier, why, and what would raise it; only for regions they may see."""

from __future__ import annotations

from conversations.dialogs.asking import pause
from conversations.dialogs.home import lost_buttons
from conversations.dialogs.offers import menu_button
from conversations.messages import Button
from conversations.needs import (
    PersonNeed,
    RegionNeed,
    RegionSearchNeed,
    RowAnswers,
    RowAnswersNeed,
    ScoreNeed,
    ScoreTotals,
)
from conversations.people import Person, Region, Role
from conversations.taps import Tap, Verb, tap
from conversations.turn import Turn, column
from conversations.views.naming import region_name, shortened
from conversations.views.scores import (
    district_text,
    row_text,
    subdistrict_text,
    totals_of,
    unit_text,
    why_part_text,
    why_text,
)
from indicators.form import RowNumber
from indicators.scores import DistrictScore, PartScore, score_district

MOST_REGIONS_OFFERED = 5
MOST_ROWS_OFFERED = 12
MOST_LABEL = 60
ANY_KIND = ("district", "subdistrict", "village")


def may_see(turn: Turn, region: Region) -> bool:
    """Tell whether one of the person's posts lies at or above this region."""
    return any(
        region.code == post.region.code or region.code.startswith(f"{post.region.code}.") for post in turn.brief.posts
    )


def show_own(turn: Turn) -> None:
    """Show the score of the region that the person is there for."""
    post = turn.holds(Role.OFFICIAL, Role.COORDINATOR, Role.OFFICE) or next(iter(turn.brief.posts), None)
    if post is None:
        turn.say(turn.texts("score.no_post"), lost_buttons(turn))
        return
    assignment = turn.current_assignment
    region = assignment.region if assignment else post.region
    if region.kind == "province":
        turn.say(turn.texts("score.name_a_district"), column(menu_button(turn)))
        return
    show(turn, region)


def search(turn: Turn, words: str) -> None:
    """Show the score of the region that was named, if the person may see it."""
    allowed = _search_own(turn, words)
    if not allowed:
        is_elsewhere = turn.find(RegionSearchNeed(words, ANY_KIND))
        turn.say(turn.texts("score.not_yours" if is_elsewhere else "score.unknown_region"), column(menu_button(turn)))
        return
    exact = [region for region in allowed if _is_named(region, words)]
    if len(exact) == 1 or len(allowed) == 1:
        show(turn, (exact or allowed)[0])
        return
    buttons = [
        Button(region_name(region, turn.texts), tap(Verb.SCORE, region.id)) for region in allowed[:MOST_REGIONS_OFFERED]
    ]
    turn.say(turn.texts("score.which_region"), column(*buttons))


def _search_own(turn: Turn, words: str) -> list[Region]:
    """Look within the person's posts alone: elsewhere, many others may have the same name."""
    found: dict[int, Region] = {}
    for code in dict.fromkeys(post.region.code for post in turn.brief.posts):
        some = turn.find(RegionSearchNeed(words, ANY_KIND, code))
        assert isinstance(some, tuple)
        found |= {region.id: region for region in some}
    return list(found.values())


def _is_named(region: Region, words: str) -> bool:
    name = region.name.casefold()
    return name == words or name.removeprefix("kabupaten ").removeprefix("kota ") == words


def show(turn: Turn, region: Region) -> None:
    """Show a region's score: figures, tier, distance, parts."""
    totals = _totals(turn, region)
    if totals is None:
        return
    pause(turn)
    if region.kind == "village":
        turn.say(unit_text(turn, region, totals), column(menu_button(turn)))
    elif region.kind == "subdistrict":
        turn.say(subdistrict_text(turn, region, totals), column(menu_button(turn)))
    else:
        buttons = column(
            Button(turn.texts.plain("button.why"), tap(Verb.WHY, region.id)),
            menu_button(turn),
        )
        turn.say(district_text(turn, region, _score(turn, totals)), buttons)


def _totals(turn: Turn, region: Region) -> ScoreTotals | None:
    if not may_see(turn, region):
        turn.say(turn.texts("score.not_yours"), column(menu_button(turn)))
        return None
    found = turn.find(ScoreNeed(region.id))
    if isinstance(found, ScoreTotals) and found.rows:
        return found
    turn.say(turn.texts("score.no_cycle"), column(menu_button(turn)))
    return None


def _score(turn: Turn, totals: ScoreTotals) -> DistrictScore:
    return score_district(turn.brief.library.instrument, totals_of(totals))


def tapped_score(turn: Turn, tapped: Tap) -> None:
    """Take a tap on a region."""
    region = turn.find(RegionNeed(tapped.number(0)))
    if isinstance(region, Region):
        show(turn, region)
        return
    turn.say(turn.texts("score.unknown_region"), column(menu_button(turn)))


def why(turn: Turn, tapped: Tap) -> None:
    """Explain a district's score, down to rows and answers: parts, then indicators, then one row."""
    region = turn.find(RegionNeed(tapped.number(0)))
    if not isinstance(region, Region):
        turn.say(turn.texts("score.unknown_region"), column(menu_button(turn)))
        return
    totals = _totals(turn, region)
    if totals is None:
        return
    subject = tapped.text(1)
    if subject and all(part.key != subject for part in turn.brief.library.instrument.parts):
        _explain_row(turn, region, subject)
        return
    score = _score(turn, totals)
    part = next((each for each in score.parts if each.key == subject), None)
    if part is not None:
        turn.say(why_part_text(turn, part), column(*_row_buttons(turn, region, part), _back(turn, region)))
    else:
        turn.say(why_text(turn, score), column(*_part_buttons(turn, region, score), _back(turn, region)))


def _part_buttons(turn: Turn, region: Region, score: DistrictScore) -> list[Button]:
    return [
        Button(shortened(each.title.said(turn.texts.language), MOST_LABEL), tap(Verb.WHY, region.id, each.key))
        for each in score.parts
    ]


def _row_buttons(turn: Turn, region: Region, part: PartScore) -> list[Button]:
    """Give the rows that would add most, largest first."""
    rows = [row for indicator in part.indicators for row in indicator.rows if row.claimed < row.maximum]
    rows.sort(key=lambda row: row.claimed - row.maximum)
    return [
        Button(
            shortened(f"{row.number} {row.title.said(turn.texts.language)}", MOST_LABEL),
            tap(Verb.WHY, region.id, row.number),
        )
        for row in rows[:MOST_ROWS_OFFERED]
    ]


def _back(turn: Turn, region: Region) -> Button:
    return Button(turn.texts.plain("button.score"), tap(Verb.SCORE, region.id))


def _explain_row(turn: Turn, region: Region, number: str) -> None:
    row = next(
        (
            form.row_by_number[RowNumber(number)]
            for form in turn.brief.library.instrument.forms.values()
            if number in form.row_by_number
        ),
        None,
    )
    if row is None:
        turn.say(turn.texts("score.unknown_row"), column(_back(turn, region)))
        return
    answers = turn.find(RowAnswersNeed(region.id, number))
    assert isinstance(answers, RowAnswers)
    names = {by: _name(turn, by) for each in answers.furthest for by in (each.by, each.approved_by) if by}
    turn.say(row_text(turn, row, answers, names), column(_back(turn, region)))


def _name(turn: Turn, person: int) -> str:
    found = turn.find(PersonNeed(person))
    return found.name if isinstance(found, Person) and found.name else turn.texts.plain("somebody")
