"""What steps want done about people: posts, invitations, requests, names, and being forgotten."""

from __future__ import annotations

from typing import assert_never

import msgspec

from conversations.actions import (
    AcceptInvitation,
    DecideRequest,
    ForgetPerson,
    IssueInvitation,
    LeavePost,
    OptOut,
    RequestAccess,
    SetLanguage,
)
from conversations.needs import (
    ChatsNeed,
    CoordinatorsNeed,
    FreshCodeNeed,
    HolderNeed,
    InvitationNeed,
    InvitedToNeed,
    LinkNeed,
    PersonNeed,
    PhoneNeed,
    QueueNeed,
    RequestNeed,
    UnitsNeed,
)
from conversations.people import Person, answers_for
from storage.errors import StorageError
from storage.turn_state import Acceptance, Decision, Speaker, Turn, TurnState

PeopleAction = (
    AcceptInvitation | LeavePost | IssueInvitation | RequestAccess | DecideRequest | SetLanguage | ForgetPerson
)


def act_on_people(state: TurnState, action: PeopleAction, turn: Turn) -> None:
    """Note what is wanted, and let the steps that follow see it.

    Raises:
        StorageError: an invitation is to be accepted that is not free, or a post laid down that is not the person's.
    """
    at, speaker = turn.at, turn.speaker
    match action:
        case AcceptInvitation():
            _accept(state, action, speaker)
        case LeavePost():
            _leave(state, action, speaker, at)
        case IssueInvitation():
            state.pending.invitations.append((action, at))
            state.forget_needs(FreshCodeNeed, InvitationNeed, InvitedToNeed)
        case RequestAccess():
            state.pending.requests[speaker.person.id] = (action, at)
            state.forget_needs(QueueNeed, RequestNeed)
        case DecideRequest():
            _decide(state, action, speaker, at)
        case SetLanguage():
            _change(state, speaker, msgspec.structs.replace(speaker.person, language=action.language))
        case ForgetPerson():
            _forget(state, speaker, at)
        case _:
            assert_never(action)


def _accept(state: TurnState, action: AcceptInvitation, speaker: Speaker) -> None:
    invited = state.invited.pop(action.invitation, None)
    if invited is None or not invited.invitation.is_usable:
        raise StorageError(
            f"An invitation that was loaded and is free was expected; number {action.invitation} is not. "
            "Look at it (InvitationNeed) before it is accepted."
        )
    known = {"name": action.name, "honorific": action.honorific, "consented_at": action.at}
    _change(state, speaker, msgspec.structs.replace(speaker.person, **known))
    for each in invited.assignments:
        state.assignments.setdefault(each.id, each)
    speaker.posts = (*(post for post in speaker.posts if post.id != invited.post.id), invited.post)
    speaker.assignments = tuple(sorted({*speaker.assignments, *(each.id for each in invited.assignments)}))
    state.pending.acceptances.append(Acceptance(invited, speaker.person.id, action))
    state.forget(*state.shown_as.pop(action.invitation, ()))
    state.forget_needs(CoordinatorsNeed, HolderNeed, LinkNeed, PhoneNeed, UnitsNeed)


def _leave(state: TurnState, action: LeavePost, speaker: Speaker, at: int) -> None:
    if action.post not in {post.id for post in speaker.posts}:
        raise StorageError(f"A post of the person's own was expected; number {action.post} is not. Correct the dialog.")
    speaker.posts = tuple(post for post in speaker.posts if post.id != action.post)
    held = (state.assignments[number] for number in speaker.assignments)
    speaker.assignments = tuple(each.id for each in held if any(answers_for(post, each) for post in speaker.posts))
    state.pending.left.append((speaker.person.id, action.post, at))
    state.forget_needs(CoordinatorsNeed, HolderNeed, LinkNeed, PhoneNeed)


def _decide(state: TurnState, action: DecideRequest, speaker: Speaker, at: int) -> None:
    state.pending.decisions.append(Decision(action.request, action.is_granted, speaker.person.id, at))
    state.forget_needs(QueueNeed, RequestNeed)


def _change(state: TurnState, speaker: Speaker, person: Person) -> None:
    speaker.person = person
    state.pending.people.add(person.id)
    state.forget(PersonNeed(person.id))


def _forget(state: TurnState, speaker: Speaker, at: int) -> None:
    blank = Person(id=speaker.person.id, language=speaker.person.language)
    _change(state, speaker, blank)
    speaker.posts = speaker.assignments = ()
    pending = state.pending
    pending.requests.pop(blank.id, None)
    pending.acceptances = [each for each in pending.acceptances if each.person != blank.id]
    pending.chats = [each for each in pending.chats if each.person != blank.id or isinstance(each.action, OptOut)]
    pending.forgotten[blank.id] = at
    pending.sessions.add(blank.id)
    state.forget_needs(QueueNeed, RequestNeed, CoordinatorsNeed, HolderNeed, LinkNeed, PhoneNeed, ChatsNeed, UnitsNeed)
