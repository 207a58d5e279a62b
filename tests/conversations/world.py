"""An in-memory twin of what surrounds the conversation: it loads what steps need and carries out what they want.

Between every two steps, session and sheets are written as JSON and read back.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import assert_never

import msgspec
from rapidfuzz import fuzz, process

from conversations.actions import (
    AcceptInvitation,
    Action,
    DecideRequest,
    FetchFile,
    ForgetPerson,
    IssueInvitation,
    RememberMessage,
    RequestAccess,
    SaveSheet,
    Say,
    SendAnswers,
    SetLanguage,
    Tell,
)
from conversations.brief import Brief, Library
from conversations.engine import anticipate, resume
from conversations.events import (
    ChoiceTapped,
    Event,
    FileReceived,
    FileStored,
    IncomingFile,
    StoredFile,
    TextEdited,
    TextReceived,
)
from conversations.messages import Message
from conversations.needs import (
    AllSheetsNeed,
    CoordinatorsNeed,
    FreshCodeNeed,
    InvitationNeed,
    InvitedToNeed,
    Missing,
    Need,
    PersonNeed,
    QueueNeed,
    RegionNeed,
    RegionSearchNeed,
    RequestNeed,
    RowAnswers,
    RowAnswersNeed,
    RowTally,
    ScoreNeed,
    ScoreTotals,
    SheetNeed,
    Topic,
    TopicNeed,
    UnitAnswer,
)
from conversations.people import AccessRequest, Assignment, Invitation, Person, Post, Region, Role, Standing
from conversations.session import NEW_SESSION, Session
from conversations.sheets import RowMark, Sheet
from indicators.form import RowNumber
from indicators.instrument import Instrument
from indicators.loading import load_instrument
from indicators.scores import to_billionths

KLA_2024 = Path(__file__).parents[2] / "indicators" / "kla_2024"
START = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
DUE = datetime(2026, 3, 31, 16, 59, 59, tzinfo=UTC)
UNIT_OF_ROLE = {
    Role.VILLAGE_HEAD: ("desa",),
    Role.SUBDISTRICT_HEAD: ("kecamatan",),
    Role.OFFICE: ("kabupaten",),
    Role.COORDINATOR: ("kabupaten",),
    Role.OFFICIAL: (),
}
FORM_OF_KIND = {"village": "dekela", "subdistrict": "kelana", "district": "kabupaten"}
MOST_ROUNDS = 20

SUMSEL = Region(1, "16", "Sumatera Selatan", "province")
BANYUASIN = Region(2, "16.07", "Kabupaten Banyuasin", "district", "", "Kabupaten Banyuasin", 2)
BANYUASIN_I = Region(3, "16.07.01", "Banyuasin I", "subdistrict", "", "Kabupaten Banyuasin", 2)
SUNGAI_REBO = Region(4, "16.07.01.2001", "Sungai Rebo", "village", "Banyuasin I", "Kabupaten Banyuasin", 2)
MARIANA = Region(5, "16.07.01.1016", "Mariana", "village", "Banyuasin I", "Kabupaten Banyuasin", 2)
KAUR = Region(6, "17.04", "Kabupaten Kaur", "district", "", "Kabupaten Kaur", 6)
REGIONS = (SUMSEL, BANYUASIN, BANYUASIN_I, SUNGAI_REBO, MARIANA, KAUR)
CODE_OF_REGION = {region.code: region for region in REGIONS}


@cache
def instrument() -> Instrument:
    """Give the real instrument of 2024."""
    return load_instrument(KLA_2024)


@cache
def library() -> Library:
    """Give the instrument with its forms."""
    return Library(instrument(), {str(key): form for key, form in instrument().forms.items()})


@dataclass
class Inhabitant:
    """One person, with what they hold and what they were told."""

    person: Person
    posts: list[Post] = field(default_factory=list)
    session: bytes = msgspec.json.encode(NEW_SESSION)
    heard: list[Message] = field(default_factory=list)
    topics: dict[str, Topic] = field(default_factory=dict)
    told_at: list[str] = field(default_factory=list)


@dataclass
class World:
    """Everything there is, in dictionaries."""

    at: datetime = START
    people: dict[str, Inhabitant] = field(default_factory=dict)
    sheets: dict[tuple[int, str], bytes] = field(default_factory=dict)
    shares: dict[tuple[int, str], int | None] = field(default_factory=dict)
    assignments: dict[int, Assignment] = field(default_factory=dict)
    invitations: dict[str, Invitation] = field(default_factory=dict)
    requests: dict[int, AccessRequest] = field(default_factory=dict)
    saved: list[SaveSheet] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    library: Library = field(default_factory=library)
    messages: int = 0

    def __post_init__(self) -> None:
        for number, region in enumerate(REGIONS, 1):
            form = FORM_OF_KIND.get(region.kind)
            if form and form in self.library.forms and region is not KAUR:
                self.assign(number, form, region)

    def assign(self, number: int, form: str, region: Region) -> None:
        """Give a region a form to answer."""
        held = self.library.forms[form]
        progress = RowMark.UNTOUCHED * len(held.rows)
        self.assignments[number] = Assignment(number, form, held.version, region, 1, DUE, progress)

    def enter(self, name: str) -> Inhabitant:
        """Give the person of this name, new ones unknown to everybody."""
        if name not in self.people:
            self.people[name] = Inhabitant(Person(len(self.people) + 1))
        return self.people[name]

    def appoint(
        self, name: str, role: Role, region: Region, *, standing: Standing = Standing.DEFINITIVE, office: str = ""
    ) -> Inhabitant:
        """Make somebody hold a post, without the registration."""
        inhabitant = self.enter(name)
        inhabitant.person = msgspec.structs.replace(
            inhabitant.person, name=name.title(), honorific="Bapak", consented_at=self.at
        )
        inhabitant.posts.append(Post(len(inhabitant.posts) + 1, role, region, standing, office))
        return inhabitant

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

    # what people do

    def says(self, name: str, text: str, *, reply_to: str = "") -> str:
        """Type something; give the id of the message."""
        message = self._next_message()
        self.step(name, TextReceived(at=self.at, message=message, text=text, reply_to=reply_to))
        return message

    def edits(self, name: str, message: str, text: str) -> None:
        """Edit an older message."""
        self.step(name, TextEdited(at=self.at, message=message, text=text))

    def taps(self, name: str, label: str, *, back: int = 1) -> None:
        """Tap the button that begins like this in one of the last messages (1: the last one)."""
        heard = self.enter(name).heard[-back]
        labels = [button for line in heard.buttons for button in line]
        found = next((button for button in labels if button.label.casefold().startswith(label.casefold())), None)
        assert found, f"no button {label!r} among {[button.label for button in labels]} under:\n{heard.text}"
        self.step(name, ChoiceTapped(at=self.at, message=self._next_message(), data=found.data))

    def sends(
        self,
        name: str,
        content: str = "isi",
        *,
        caption: str = "",
        kind: str = "photo",
        album: str = "",
        reply_to: str = "",
    ) -> None:
        """Send a file; the same content is the same file."""
        file = IncomingFile(
            content,
            "photo" if kind == "photo" else "document",
            name="" if kind == "photo" else f"{content}.pdf",
            size_bytes=1000,
        )
        self.step(
            name,
            FileReceived(
                at=self.at, message=self._next_message(), file=file, caption=caption, album=album, reply_to=reply_to
            ),
        )

    def waits(self, **time: float) -> None:
        """Let time pass."""
        self.at += timedelta(**time)

    def _next_message(self) -> str:
        self.messages += 1
        return f"m{self.messages}"

    # what follows

    def step(self, name: str, event: Event) -> tuple[Action, ...]:
        """Take one step, with the session saved and reloaded, and carry its actions out."""
        inhabitant = self.enter(name)
        session = msgspec.json.decode(inhabitant.session, type=Session)
        known: dict[Need, object] = {}
        brief = Brief(
            inhabitant.person,
            inhabitant.person.id,
            "Telegram",
            tuple(inhabitant.posts),
            self._assignments_of(inhabitant),
            self.library,
            known,
        )
        self._load(known, anticipate(session, event, brief), inhabitant)
        for _ in range(MOST_ROUNDS):
            try:
                step = resume(brief, session, event)
            except Missing as missing:
                assert not any(need in known for need in missing.needs), missing
                self._load(known, missing.needs, inhabitant)
                continue
            again = resume(brief, session, event)
            assert step == again, "a step must be pure"
            inhabitant.session = msgspec.json.encode(step.session)
            for action in step.actions:
                self.do(inhabitant, name, action)
            return step.actions
        raise AssertionError("the step asks for ever more")

    def _assignments_of(self, inhabitant: Inhabitant) -> tuple[Assignment, ...]:
        found = {
            each.id: each
            for post in inhabitant.posts
            for each in self.assignments.values()
            if each.region.id == post.region.id and self.library.forms[each.form].unit in UNIT_OF_ROLE[post.role]
        }
        return tuple(found.values())

    def do(self, inhabitant: Inhabitant, name: str, action: Action) -> None:
        """Carry one action out."""
        self.actions.append(action)
        match action:
            case Say(message=message, topic=topic):
                self._hear(inhabitant, message, topic)
            case Tell(person=person, message=message):
                other = next(each for each in self.people.values() if each.person.id == person)
                self._hear(other, message, None)
            case SaveSheet():
                self._save(action)
            case SendAnswers(assignment=assignment):
                self.assignments[assignment] = msgspec.structs.replace(self.assignments[assignment], sent_at=self.at)
            case RememberMessage(message=message, topic=topic):
                inhabitant.topics[message] = topic
            case AcceptInvitation():
                self._accept(inhabitant, action)
            case IssueInvitation():
                region = next(each for each in REGIONS if each.id == action.region)
                self.invite(
                    action.role,
                    region,
                    code=action.code,
                    standing=action.standing,
                    office=action.office,
                    name=action.name,
                )
            case RequestAccess():
                region = next(each for each in REGIONS if each.id == action.region)
                identifier = len(self.requests) + 1
                self.requests[identifier] = AccessRequest(
                    identifier,
                    inhabitant.person.id,
                    action.name,
                    action.role,
                    action.standing,
                    region,
                    action.office,
                    self.at,
                )
            case DecideRequest(request=request):
                del self.requests[request]
            case SetLanguage(language=language):
                inhabitant.person = msgspec.structs.replace(inhabitant.person, language=language)
            case ForgetPerson():
                inhabitant.person = Person(inhabitant.person.id)
                inhabitant.posts.clear()
            case FetchFile(file=file, target=target):
                stored = StoredFile(f"sha-{file.reference}", file.name, file.kind, file.size_bytes)
                self.step(name, FileStored(at=self.at, file=stored, target=target))
            case _:
                assert_never(action)

    def _hear(self, inhabitant: Inhabitant, message: Message, topic: Topic | None) -> None:
        identifier = self._next_message()
        inhabitant.heard.append(msgspec.json.decode(msgspec.json.encode(message), type=Message))
        inhabitant.told_at.append(identifier)
        if topic:
            inhabitant.topics[identifier] = topic

    def _save(self, action: SaveSheet) -> None:
        self.saved.append(action)
        self.sheets[action.assignment, action.row] = msgspec.json.encode(action.sheet)
        self.shares[action.assignment, action.row] = None if action.share is None else to_billionths(action.share)
        assignment = self.assignments[action.assignment]
        place = self.library.forms[assignment.form].row_by_number[RowNumber(action.row)].ordinal - 1
        progress = assignment.progress[:place] + action.mark + assignment.progress[place + 1 :]
        self.assignments[action.assignment] = msgspec.structs.replace(assignment, progress=progress)

    def _accept(self, inhabitant: Inhabitant, action: AcceptInvitation) -> None:
        code, invitation = next((code, each) for code, each in self.invitations.items() if each.id == action.invitation)
        self.invitations[code] = msgspec.structs.replace(invitation, is_usable=False)
        inhabitant.person = msgspec.structs.replace(
            inhabitant.person, name=action.name, honorific=action.honorific, consented_at=action.at
        )
        inhabitant.posts.append(
            Post(len(inhabitant.posts) + 1, invitation.role, invitation.region, invitation.standing, invitation.office)
        )

    # what steps need

    def _load(self, known: dict[Need, object], needs: Iterable[Need], inhabitant: Inhabitant) -> None:
        for need in needs:
            known[need] = self.lookup(need, inhabitant)

    def lookup(self, need: Need, inhabitant: Inhabitant) -> object:
        """Give what a need names."""
        match need:
            case SheetNeed(assignment=assignment, row=row):
                return self.sheet(assignment, row)
            case AllSheetsNeed(assignment=assignment):
                return {row: self.sheet(assignment, row) for number, row in self.sheets if number == assignment}
            case PersonNeed(person=person):
                return next((each.person for each in self.people.values() if each.person.id == person), None)
            case InvitationNeed(code=code):
                return self.invitations.get(code)
            case InvitedToNeed(code=code):
                invitation = self.invitations.get(code)
                if invitation is None:
                    return ()
                guest = Inhabitant(
                    Person(0), [Post(0, invitation.role, invitation.region, invitation.standing, invitation.office)]
                )
                return self._assignments_of(guest)
            case FreshCodeNeed(purpose=purpose):
                return f"FRESH{abs(hash(purpose)) % 10**5:05d}"
            case TopicNeed(message=message):
                return inhabitant.topics.get(message)
            case RegionSearchNeed(words=words, kinds=kinds, within=within):
                names = {
                    each: each.name.casefold()
                    for each in REGIONS
                    if each.kind in kinds and each.code.startswith(within)
                }
                found = process.extract(words, names, scorer=fuzz.WRatio, score_cutoff=75, limit=8)
                return tuple(region for _, _, region in found)
            case RegionNeed(region=region):
                return next((each for each in REGIONS if each.id == region), None)
            case ScoreNeed(region=region):
                return self._totals(next(each for each in REGIONS if each.id == region))
            case RowAnswersNeed(region=region, row=row):
                return self._row_answers(next(each for each in REGIONS if each.id == region), row)
            case QueueNeed(district=district):
                return tuple(each for each in self.requests.values() if each.region.district_id == district)
            case RequestNeed(request=request):
                return self.requests.get(request)
            case CoordinatorsNeed(district=district):
                return tuple(
                    each.person.id
                    for each in self.people.values()
                    for post in each.posts
                    if post.role is Role.COORDINATOR and post.region.id == district
                )
            case _:
                assert_never(need)

    def sheet(self, assignment: int, row: str) -> Sheet:
        """Give a sheet, read back from JSON."""
        return msgspec.json.decode(self.sheets.get((assignment, row), b"{}"), type=Sheet)

    def _below(self, region: Region) -> list[Assignment]:
        return [each for each in self.assignments.values() if each.region.code.startswith(region.code)]

    def _totals(self, region: Region) -> ScoreTotals | None:
        below = self._below(region)
        if not below:
            return None
        rows: dict[str, RowTally] = {}
        for assignment in below:
            for row in self.library.forms[assignment.form].rows:
                before = rows.get(row.number, RowTally(0, 0, 0, 0, 0))
                share = self.shares.get((assignment.id, row.number))
                rows[row.number] = RowTally(
                    before.units + 1, before.answered + (share is not None), before.claimed + (share or 0), 0, 0
                )
        return ScoreTotals(rows)

    def _row_answers(self, region: Region, row: str) -> RowAnswers:
        below = [each for each in self._below(region) if RowNumber(row) in self.library.forms[each.form].row_by_number]
        shares = [self.shares.get((each.id, row)) for each in below]
        units = tuple(
            UnitAnswer(each.region, share, is_approved=False, by=1, at=int(self.at.timestamp()), version=each.version)
            for each, share in zip(below, shares, strict=True)
        )
        return RowAnswers(
            len(below), sum(share is not None for share in shares), sum(share == 10**9 for share in shares), units[:12]
        )
