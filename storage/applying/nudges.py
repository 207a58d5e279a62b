"""What steps want done about those who have not finished."""

from __future__ import annotations

from conversations.actions import NudgeUnits
from conversations.escalation import DIGEST_ROLES
from conversations.needs import UnitsNeed
from storage.errors import StorageError
from storage.turn_state import Nudge, Turn, TurnState


def act_on_units(state: TurnState, action: NudgeUnits, turn: Turn) -> None:
    """Note whom to remind; the steps that follow look again who was reminded.

    Raises:
        StorageError: a region does not lie in one for which the person is told.
    """
    own = {post.region.id for post in turn.speaker.posts if post.role in DIGEST_ROLES}
    for region in action.regions:
        if not own.intersection(state.shared.regions.ancestors(region)):
            raise StorageError(
                f"A region in one of the person's own was expected; number {region} is none. Correct the dialog."
            )
    state.pending.nudges += [Nudge(region, turn.speaker.person.id, turn.at) for region in action.regions]
    state.forget_needs(UnitsNeed)
