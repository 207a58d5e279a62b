"""Carrying actions out in the store."""

from __future__ import annotations

from dataclasses import dataclass
from functools import singledispatchmethod

import msgspec

from conversations.actions import (
    AcceptInvitation,
    ChangeBroadcast,
    DecideRequest,
    Extend,
    ForgetPerson,
    IssueInvitation,
    IssueLinkCode,
    KeepPhone,
    LaunchBroadcast,
    LeaveChat,
    LeavePost,
    LinkChat,
    NudgeUnits,
    OptOut,
    PreferChannel,
    RememberMessage,
    RequestAccess,
    SaveSheet,
    Say,
    SendAnswers,
    SetLanguage,
    SetTimes,
    Snooze,
    Subscribe,
    Tell,
)
from conversations.broadcasts import Broadcast, BroadcastChange, BroadcastState
from conversations.calendar import Extension
from conversations.messages import Message
from conversations.needs import Topic
from conversations.people import AccessRequest, Invitation, Person, Post, Region, Role, Standing
from conversations.texts import texts_for
from conversations.views.broadcast_progress import progress_message
from tests.conversations.inhabitants import Inhabitant
from tests.conversations.laws import check_message
from tests.conversations.places import REGIONS
from tests.conversations.readable_store import ReadableStore
from tests.conversations.store import LinkCode


@dataclass
class WritableStore(ReadableStore):
    """The store, changed by actions."""

    messages: int = 0
    asked: int = 0
    """Requests for access that were ever made."""

    def next_message(self) -> str:
        """Give the id of a new message."""
        self.messages += 1
        return f"m{self.messages}"

    def invite(
        self,
        role: Role,
        region: Region,
        *,
        code: str = "AB12CD34EF",
        standing: Standing = Standing.DEFINITIVE,
        office: str = "",
        name: str = "Ahmad",
    ) -> str:
        """Make an invitation."""
        self.invitations[code] = Invitation(
            len(self.invitations) + 1, role, region, standing, office, name, "Bapak" if name else "", is_usable=True
        )
        return code

    def hear(self, inhabitant: Inhabitant, message: Message, topic: Topic | None) -> None:
        """Let somebody read a message."""
        check_message(message)
        identifier = self.next_message()
        inhabitant.heard.append(msgspec.json.decode(msgspec.json.encode(message), type=Message))
        inhabitant.told_at.append(identifier)
        if topic:
            inhabitant.topics[identifier] = topic

    @singledispatchmethod
    def do(self, action: object, inhabitant: Inhabitant) -> None:
        """Carry one action of somebody's step out."""
        raise NotImplementedError(action)

    @do.register
    def _(self, action: Say, inhabitant: Inhabitant) -> None:
        self.hear(inhabitant, action.message, action.topic)

    @do.register
    def _(self, action: Tell, inhabitant: Inhabitant) -> None:
        chats = [each for each in self.chats_of(action.person) if not each.is_opted_out]
        meant = action.address or (chats[0].mind.wrote_last if chats else 0)
        other = next((each for each in chats if each.address == meant), None)
        if other is None and not action.address:
            other = next(iter(chats), None)
        if other is None:
            return
        self.hear(other, action.message, None)
        if action.letter:
            self.letters[action.letter.code] = action.letter
            other.letters[other.told_at[-1]] = action.letter.code

    @do.register
    def _(self, action: LaunchBroadcast, inhabitant: Inhabitant) -> None:
        self.show_progress(inhabitant, self.launch(action.draft, inhabitant.person.id))

    @do.register
    def _(self, action: ChangeBroadcast, inhabitant: Inhabitant) -> None:
        if action.change is BroadcastChange.RETRY_FAILED:
            draft = self.broadcasts[action.broadcast].draft
            self.show_progress(inhabitant, self.launch(draft, inhabitant.person.id))
        else:
            self.change_broadcast(action.broadcast, action.change)

    def show_progress(self, inhabitant: Inhabitant, broadcast: Broadcast) -> None:
        """Let the author see how far a broadcast is."""
        texts = texts_for(inhabitant.person.language, inhabitant.person.honorific)
        code = next(each.code for each in REGIONS if each.id == broadcast.district)
        self.hear(inhabitant, progress_message(texts, broadcast, code, at=self.at), None)

    def send_broadcasts(self) -> None:
        """Send what is due."""
        for number, kept in self.broadcasts.items():
            if kept.broadcast.state is BroadcastState.SCHEDULED and kept.broadcast.starts_at <= self.at:
                for chat, message in self.start_sending(number):
                    self.hear(chat, message, None)
                    kept.received.setdefault(chat.person.id, []).append(chat.told_at[-1])

    def finish_broadcasts(self) -> None:
        """What is being sent has been sent."""
        for kept in self.broadcasts.values():
            if kept.broadcast.state is BroadcastState.SENDING:
                kept.broadcast = msgspec.structs.replace(
                    kept.broadcast, state=BroadcastState.FINISHED, ended_at=self.at
                )

    @do.register
    def _(self, action: SaveSheet, inhabitant: Inhabitant) -> None:
        self.save(action)

    @do.register
    def _(self, action: SendAnswers, inhabitant: Inhabitant) -> None:
        sent = msgspec.structs.replace(self.assignments[action.assignment], sent_at=self.at)
        self.assignments[action.assignment] = sent

    @do.register
    def _(self, action: RememberMessage, inhabitant: Inhabitant) -> None:
        inhabitant.topics[action.message] = action.topic

    @do.register
    def _(self, action: AcceptInvitation, inhabitant: Inhabitant) -> None:
        code, invitation = next((code, each) for code, each in self.invitations.items() if each.id == action.invitation)
        self.invitations[code] = msgspec.structs.replace(invitation, is_usable=False)
        inhabitant.person = msgspec.structs.replace(
            inhabitant.person, name=action.name, honorific=action.honorific, consented_at=action.at
        )
        inhabitant.posts.append(
            Post(len(inhabitant.posts) + 1, invitation.role, invitation.region, invitation.standing, invitation.office)
        )

    @do.register
    def _(self, action: IssueInvitation, inhabitant: Inhabitant) -> None:
        region = next(each for each in REGIONS if each.id == action.region)
        code, standing, office = action.code, action.standing, action.office
        self.invite(action.role, region, code=code, standing=standing, office=office, name=action.name)

    @do.register
    def _(self, action: RequestAccess, inhabitant: Inhabitant) -> None:
        region = next(each for each in REGIONS if each.id == action.region)
        person, name, office = inhabitant.person.id, action.name, action.office
        self.requests = {number: each for number, each in self.requests.items() if each.person != person}
        self.asked += 1
        self.requests[self.asked] = AccessRequest(
            self.asked, person, name, action.role, action.standing, region, office, self.at
        )

    @do.register
    def _(self, action: DecideRequest, inhabitant: Inhabitant) -> None:
        del self.requests[action.request]

    @do.register
    def _(self, action: SetLanguage, inhabitant: Inhabitant) -> None:
        inhabitant.person = msgspec.structs.replace(inhabitant.person, language=action.language)

    @do.register
    def _(self, action: ForgetPerson, inhabitant: Inhabitant) -> None:
        inhabitant.person = Person(inhabitant.person.id)
        inhabitant.posts.clear()

    @do.register
    def _(self, action: IssueLinkCode, inhabitant: Inhabitant) -> None:
        kept = {code: each for code, each in self.link_codes.items() if each.mind is not inhabitant.mind}
        self.link_codes = {**kept, action.code: LinkCode(inhabitant.mind, inhabitant.address, action.expires_at)}

    @do.register
    def _(self, action: LinkChat, inhabitant: Inhabitant) -> None:
        assert not inhabitant.posts, "nobody leaves a post behind"
        if action.code:
            assert not self.link_codes[action.code].is_used
            self.link_codes[action.code].is_used = True
        inhabitant.mind = self.chats_of(action.person)[0].mind
        inhabitant.mind.wrote_last, inhabitant.linked_at = inhabitant.address, self.at

    @do.register
    def _(self, action: LeaveChat, inhabitant: Inhabitant) -> None:
        chats = self.chats_of(inhabitant.person.id)
        assert len(chats) > 1, "the only chat stays"
        left = next(each for each in chats if each.address == action.address)
        left.mind, left.linked_at = self.new_mind(), None

    @do.register
    def _(self, action: PreferChannel, inhabitant: Inhabitant) -> None:
        inhabitant.mind.preferred = action.channel

    @do.register
    def _(self, action: NudgeUnits, inhabitant: Inhabitant) -> None:
        fresh = {(number, self.at.date()) for number in action.regions}
        assert not fresh & self.nudged, "a region is reminded once a day"
        self.nudged |= fresh

    @do.register
    def _(self, action: OptOut, inhabitant: Inhabitant) -> None:
        inhabitant.is_opted_out = action.is_out

    @do.register
    def _(self, action: Subscribe, inhabitant: Inhabitant) -> None:
        inhabitant.mind.subscription = action.subscription

    @do.register
    def _(self, action: SetTimes, inhabitant: Inhabitant) -> None:
        assert any(post.role is Role.COORDINATOR for post in inhabitant.posts)
        others = [
            each for each in self.calendar.times if (each.key, each.form) != (action.times.key, action.times.form)
        ]
        self.calendar = msgspec.structs.replace(self.calendar, times=(*others, action.times))

    @do.register
    def _(self, action: Extend, inhabitant: Inhabitant) -> None:
        assert any(post.role is Role.COORDINATOR for post in inhabitant.posts)
        number = 1000 + len(self.extended)
        self.extended[number] = action.holder
        granted = Extension(number, action.stage, action.until, action.reason, self.at, by=inhabitant.person.id)
        self.calendar = msgspec.structs.replace(self.calendar, extensions=(*self.calendar.extensions, granted))

    @do.register
    def _(self, action: KeepPhone, inhabitant: Inhabitant) -> None:
        inhabitant.phone = action.phone

    @do.register
    def _(self, action: Snooze, inhabitant: Inhabitant) -> None:
        assert action.until > self.at
        inhabitant.mind.reminded_at = action.until

    @do.register
    def _(self, action: LeavePost, inhabitant: Inhabitant) -> None:
        kept = [post for post in inhabitant.posts if post.id != action.post]
        assert len(kept) == len(inhabitant.posts) - 1, "only one's own post can be laid down"
        inhabitant.posts[:] = kept
