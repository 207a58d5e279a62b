"""What steps want done about a district's calendar."""

from __future__ import annotations

from conversations.actions import Extend, SetTimes
from conversations.needs import CalendarNeed
from conversations.people import Role
from storage.errors import StorageError
from storage.turn_state import CalendarWish, Turn, TurnState


def act_on_calendar(state: TurnState, action: SetTimes | Extend, turn: Turn) -> None:
    """Note what is wanted, and let the steps that follow see it.

    Raises:
        StorageError: whoever wants it does not coordinate the district.
    """
    if not any(post.role is Role.COORDINATOR and post.region.id == action.district for post in turn.speaker.posts):
        raise StorageError(
            f"The coordinator of district {action.district} was expected; it is somebody else. Correct the dialog."
        )
    state.pending.calendar.append(CalendarWish(action, turn.speaker.person.id, turn.envelope.event.at))
    state.forget_needs(CalendarNeed)
