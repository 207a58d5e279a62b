"""Districts, villages and people for the tests, put there the way the program does it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from fractions import Fraction

from sqlalchemy import select

from conversations.actions import AcceptInvitation, Action, AnswerChange, SaveSheet
from conversations.brief import Brief
from conversations.engine import Step
from conversations.events import TextReceived
from conversations.needs import InvitationNeed, InvitedToNeed, Need, SheetNeed
from conversations.people import Invitation, Role, Standing
from conversations.session import NEW_SESSION, Home, Session
from conversations.sheets import EMPTY_SHEET, Answer, RowMark, Sheet
from storage.outbox import Room, Sender
from storage.store import Store
from storage.tables import assignment, region
from storage.turns import AddressKey, Committed, Envelope, Turns
from storage.window_rows import decode_windows
from tests.storage.forms import NOW

ONE = Fraction(1)
KAUR = "17.04"
VILLAGE = "17.04.01.2001"
OTHER_VILLAGE = "17.04.01.2002"
DISTRICTS = ("16.07", "16.03", "17.04", "62.11", "16.10", "32.06", "11.01")


MUCH_ROOM = Room(50, 50)
SENDER = Sender("telegram:1", 1)
"""Sends to the phones below, in the first tenure of its lease."""


def phone(name: str) -> AddressKey:
    return AddressKey("telegram", "1", name)


def text_from(name: str, number: int, words: str = "halo", *, at: datetime = NOW) -> Envelope:
    return Envelope(f"telegram:1:{name}-{number}", phone(name), TextReceived(at=at, message=str(number), text=words))


async def deadlines(store: Store, district: str) -> dict[str, datetime]:
    """Give when each form of a district is due, where all its units have the same window."""
    inside = region.c.code.like(f"{district}%")
    statement = select(assignment.c.form, assignment.c.windows).join(region).where(inside).distinct()
    async with store._database.reading("Looking up deadlines") as connection:
        found = [(form, decode_windows(windows)) for form, windows in await connection.execute(statement)]
    assert len({form for form, _ in found}) == len(found)
    return {form: window.due_at for form, (window,) in found if window.due_at}


async def accept(store: Store, name: str, code: str, *, at: datetime = NOW, number: int = 0) -> Brief:
    """Let somebody accept an invitation from their phone; give the brief right afterwards."""
    envelope = text_from(name, number, code, at=at)
    async with store.begin_turns(at) as turns:
        await turns.claim([envelope])
        brief = await accept_in(turns, envelope, code)
        await turns.commit()
    return brief


async def accept_in(turns: Turns, envelope: Envelope, code: str) -> Brief:
    await turns.fetch([InvitationNeed(code), InvitedToNeed(code)])
    invited = turns.brief(envelope).find(InvitationNeed(code))
    assert isinstance(invited, Invitation)
    action = AcceptInvitation(invited.id, "Ahmad", "Bapak", envelope.event.at)
    turns.apply(envelope, Step(turns.session(envelope), (action,)))
    return turns.brief(envelope)


async def take(
    store: Store,
    envelope: Envelope,
    *actions: Action,
    session: Session = NEW_SESSION,
    needs: Sequence[Need] = (),
    at: datetime = NOW,
) -> Committed:
    """Take one turn with these actions."""
    async with store.begin_turns(at) as turns:
        for fresh in await turns.claim([envelope]):
            await turns.fetch(needs)
            turns.apply(fresh, Step(session, actions))
        return await turns.commit()


async def known(store: Store, need: Need, *, at: datetime = NOW) -> object:
    """Give what a need is met with now."""
    envelope = Envelope("look", phone("looker"), TextReceived(at=at, text="?"))
    async with store.begin_turns(at) as turns:
        await turns.claim([envelope])
        await turns.fetch([need])
        return turns.brief(envelope).find(need)


async def appoint(store: Store, name: str, region: str, role: Role, office: str = "") -> Brief:
    """Put somebody into a post by an invitation."""
    post = await store.roster.find_post(region, role, office)
    assert post is not None
    code = await store.roster.issue_invitation(post, Standing.DEFINITIVE, at=NOW)
    return await accept(store, name, code, number=9000)


async def enlist_villages(store: Store, many: int) -> None:
    """Put so many village heads on the roster, with the phones ``phone-0`` and so on."""
    codes: list[str] = []
    for district in DISTRICTS:
        if len(codes) < many:
            await store.roster.add_district(district, 2026, None, at=NOW)
            issued = await store.roster.invite_vacant(district, at=NOW)
            codes += [each.code for each in issued if each.post.role is Role.VILLAGE_HEAD]
    for place, code in enumerate(codes[:many]):
        await accept(store, f"phone-{place}", code, number=9999)


def answer(
    brief: Brief, row: str, words: str, *, share: Fraction | None = ONE, mark: RowMark = RowMark.COMPLETE
) -> SaveSheet:
    """Answer the question of a row of the person's first assignment."""
    held = brief.assignments[0]
    old = brief.known.get(SheetNeed(held.id, row), EMPTY_SHEET)
    assert isinstance(old, Sheet)
    key = f"r{row.replace('.', '_')}_q"
    change = AnswerChange(key, old.values().get(key), words)
    answers = {**old.answers, key: Answer(words, brief.person.id, 0)}
    return SaveSheet(held.id, row, Sheet(answers, old.evidence), mark, share, (change,))


async def give_answer(store: Store, envelope: Envelope, row: str, words: str, share: Fraction | None = ONE) -> None:
    """Let somebody answer a row of their first assignment in a turn of its own."""
    async with store.begin_turns(envelope.event.at) as turns:
        for fresh in await turns.claim([envelope]):
            held = turns.brief(fresh).assignments[0]
            await turns.fetch([SheetNeed(held.id, row)])
            action = answer(turns.brief(fresh), row, words, share=share)
            turns.apply(fresh, Step(Session(place=Home()), (action,)))
        await turns.commit()
