"""How far the units of one's region are, and having those reminded who are not done."""

from __future__ import annotations

from conversations.actions import NudgeUnits
from conversations.dialogs.asking import pause
from conversations.dialogs.offers import menu_button
from conversations.escalation import DIGEST_ROLES, Progress, Units
from conversations.messages import Button
from conversations.needs import RegionNeed, UnitsNeed
from conversations.people import Post, Region
from conversations.taps import Tap, Verb, tap
from conversations.turn import Turn, column, joined
from conversations.views.digests import card_buttons, card_text, list_buttons, list_text, nudged_text, others, unit_name


def take_tap(turn: Turn, tapped: Tap) -> None:
    """Show the card or the list of a region, or have its units reminded; others' regions are none of one's own."""
    pause(turn)
    region = turn.find(RegionNeed(tapped.number(1)))
    mine = _post_around(turn, region) if isinstance(region, Region) else None
    if mine is None or not isinstance(region, Region):
        turn.say(turn.texts("digest.not_yours"), column(menu_button(turn)))
        return
    around = mine.region if region.kind == "village" else region
    units = turn.find(UnitsNeed(around.id))
    if not isinstance(units, Units):
        turn.say(turn.texts("digest.closed", region=unit_name(around, turn.texts)), column(menu_button(turn)))
    elif tapped.text(0) == "nudge":
        _nudge(turn, units, region)
    elif tapped.text(0) == "list":
        turn.say(list_text(units, turn.texts), (*list_buttons(units, turn.texts), (menu_button(turn),)))
    else:
        turn.say(card_text(units, turn.event.at, turn.texts), (*card_buttons(units, turn.texts), (menu_button(turn),)))


def _post_around(turn: Turn, region: Region) -> Post | None:
    """Find the post of a camat or coordinator in whose region this one lies."""
    for post in turn.brief.posts:
        if post.role in DIGEST_ROLES and f"{region.code}.".startswith(f"{post.region.code}."):
            return post
    return None


def _nudge(turn: Turn, units: Units, region: Region) -> None:
    """Remind those of a region who are not done and were not reminded today."""
    chosen = [each for each in others(units) if region.kind != "village" or each.region.id == region.id]
    behind = [each for each in chosen if each.can_be_nudged]
    fresh = [each for each in behind if not each.is_nudged]
    texts = turn.texts
    if fresh:
        turn.do(NudgeUnits(tuple(each.region.id for each in fresh)))
    said = nudged_text(fresh, texts) if fresh else texts("digest.nudged_before" if behind else "digest.nobody")
    has_strangers = any(each.progress is Progress.UNREGISTERED for each in chosen)
    see = Button(texts.plain("button.see_list"), tap(Verb.DIGEST, "list", units.region.id))
    turn.say(joined(said, texts("digest.unregistered") if has_strangers else None), column(see, menu_button(turn)))
