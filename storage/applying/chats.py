"""What steps want done about chats: linking and letting go, opting out, what is preferred and known of them."""

from __future__ import annotations

from typing import assert_never

import msgspec

from conversations.actions import (
    IssueLinkCode,
    KeepPhone,
    LeaveChat,
    LinkChat,
    OptOut,
    PreferChannel,
    Snooze,
    Subscribe,
)
from conversations.needs import (
    ChatsNeed,
    CoordinatorsNeed,
    FreshCodeNeed,
    HolderNeed,
    LinkNeed,
    PhoneNeed,
    QueueNeed,
    RequestNeed,
    SubscriptionNeed,
)
from conversations.people import Person
from conversations.session import NEW_SESSION
from storage.errors import StorageError
from storage.turn_state import ChatAction, ChatChange, Speaker, Turn, TurnState


def act_on_chats(state: TurnState, action: ChatAction, turn: Turn) -> None:
    """Note what is wanted, and let the steps that follow see it.

    Raises:
        StorageError: a chat is to join somebody who was not looked at, or would leave a post behind.
    """
    change = ChatChange(action, turn.speaker.person.id, turn.address.id, turn.at)
    match action:
        case LinkChat():
            _join(state, action, change)
        case LeaveChat():
            _leave(state, change, action.address)
        case OptOut():
            _note(state, change.address, is_opted_out=action.is_out)
        case KeepPhone():
            _note(state, change.address, phone=action.phone)
        case IssueLinkCode():
            state.forget_needs(FreshCodeNeed)
        case Subscribe():
            state.forget(SubscriptionNeed(change.person))
        case PreferChannel() | Snooze():
            pass
        case _:
            assert_never(action)
    state.pending.chats.append(change)
    state.forget_needs(LinkNeed, PhoneNeed, ChatsNeed, HolderNeed)


def _note(state: TurnState, number: int, **values: object) -> None:
    for key, known in list(state.addresses.items()):
        if known.id == number:
            state.addresses[key] = msgspec.structs.replace(known, **values)


def _join(state: TurnState, action: LinkChat, change: ChatChange) -> None:
    if action.person not in state.speakers or action.person == change.person:
        raise StorageError(
            f"Somebody else who was looked at (LinkNeed, PhoneNeed) was expected; number {action.person} was not. "
            "Correct the dialog."
        )
    if state.speakers[change.person].posts:
        raise StorageError(
            f"A chat of somebody without a post was expected; number {change.person} holds one. Correct the dialog."
        )
    _note(state, change.address, person=action.person)
    state.speakers[action.person].last_address = change.address
    pending = state.pending
    pending.sessions.add(action.person)
    pending.sessions.discard(change.person)
    if change.person in pending.requests:
        pending.requests[action.person] = pending.requests.pop(change.person)
    state.forget_needs(QueueNeed, RequestNeed, CoordinatorsNeed)


def _leave(state: TurnState, change: ChatChange, number: int) -> None:
    """Until the stranger has a number, it is that of the chat, below zero."""
    left = state.addresses.get(number)
    if left is None:
        return
    stranger = Person(-number, language=state.speakers[change.person].person.language)
    state.speakers[-number] = Speaker(stranger, NEW_SESSION, number, is_stored=False)
    _note(state, number, person=-number)
    if number == change.address:
        state.pending.sessions.discard(change.person)
