"""What steps want done about broadcasts."""

from __future__ import annotations

from conversations.actions import ChangeBroadcast, LaunchBroadcast
from conversations.needs import AudienceNeed, BroadcastNeed, BroadcastsNeed
from storage.errors import StorageError
from storage.turn_state import BroadcastWish, Turn, TurnState


def act_on_broadcasts(state: TurnState, action: LaunchBroadcast | ChangeBroadcast, turn: Turn) -> None:
    """Note what is wanted; the steps that follow look at broadcasts again.

    Raises:
        StorageError: a broadcast is for a region in which the person holds no post.
    """
    person = turn.speaker.person
    if isinstance(action, LaunchBroadcast):
        region = action.draft.audience.region
        if region not in {post.region.id for post in turn.speaker.posts}:
            raise StorageError(
                f"A broadcast for a region of the person's own was expected; number {region} is none. "
                "Correct the dialog."
            )
    state.pending.broadcasts.append(BroadcastWish(action, person, turn.address, turn.at))
    state.forget_needs(AudienceNeed, BroadcastNeed, BroadcastsNeed)
