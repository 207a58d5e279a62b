"""Meeting needs: what a step asked to be told, looked up in the store."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import singledispatchmethod

from rapidfuzz import fuzz, process

from conversations.escalation import Units, open_windows, unit_of
from conversations.needs import (
    AllSheetsNeed,
    AudienceNeed,
    BroadcastNeed,
    BroadcastsNeed,
    CalendarNeed,
    ChatsNeed,
    CoordinatorsNeed,
    FreshCodeNeed,
    HolderNeed,
    HoldersNeed,
    InvitationNeed,
    InvitedToNeed,
    LetterNeed,
    LinkNeed,
    Need,
    PersonNeed,
    PhoneNeed,
    QueueNeed,
    ReceivedBroadcastNeed,
    RegionNeed,
    RegionSearchNeed,
    RequestNeed,
    RowAnswers,
    RowAnswersNeed,
    RowTally,
    ScoreNeed,
    ScoreTotals,
    SheetNeed,
    ShownCalendar,
    SubscriptionNeed,
    SummaryNeed,
    TopicNeed,
    UnitAnswer,
    UnitsNeed,
)
from conversations.people import Assignment, Chat, Chats, Counterpart, Holder, Person, Post, Region, Role, Standing
from conversations.summaries import NOTHING_TOLD, Outlook, outlook_on_forms, outlook_on_scores
from indicators.form import RowNumber
from tests.conversations.broadcasting import BroadcastStore
from tests.conversations.inhabitants import Inhabitant, Mind
from tests.conversations.places import REGIONS

UNIT_HEADS = (Role.VILLAGE_HEAD, Role.SUBDISTRICT_HEAD)


@dataclass
class ReadableStore(BroadcastStore):
    """The store with an answer for every need."""

    def load(self, known: dict[Need, object], needs: Iterable[Need], inhabitant: Inhabitant) -> None:
        """Meet needs, for somebody's chat."""
        for need in needs:
            known[need] = inhabitant.topics.get(need.message) if isinstance(need, TopicNeed) else self.lookup(need)

    @singledispatchmethod
    def lookup(self, need: object) -> object:
        """Give what a need names."""
        raise NotImplementedError(need)

    @lookup.register
    def _(self, need: SheetNeed) -> object:
        return self.sheet(need.assignment, need.row)

    @lookup.register
    def _(self, need: AllSheetsNeed) -> object:
        return {row: self.sheet(number, row) for number, row in self.sheets if number == need.assignment}

    @lookup.register
    def _(self, need: CalendarNeed) -> object:
        return ShownCalendar(self.calendar, self.extended) if need.district == self.calendar.district else None

    @lookup.register
    def _(self, need: PersonNeed) -> object:
        return next((each.person for each in self.people.values() if each.person.id == need.person), None)

    @lookup.register
    def _(self, need: InvitationNeed) -> object:
        return self.invitations.get(need.code)

    @lookup.register
    def _(self, need: InvitedToNeed) -> object:
        invitation = self.invitations.get(need.code)
        if invitation is None:
            return ()
        post = Post(0, invitation.role, invitation.region, invitation.standing, invitation.office)
        return self.assignments_of(Inhabitant("", Mind(Person(0), [post])))

    @lookup.register
    def _(self, need: FreshCodeNeed) -> object:
        self.codes += 1
        spelled = f"{self.codes:05d}".translate(str.maketrans("01", "AB"))
        return f"FRESH{spelled}"[-need.characters :]

    @lookup.register
    def _(self, need: LinkNeed) -> object:
        code = self.link_codes.get(need.code)
        chat = next((each for each in self.people.values() if code and each.address == code.address), None)
        if code is None or chat is None:
            return None
        is_usable = not code.is_used and self.at < code.expires_at
        return self._counterpart(chat, code.mind, is_usable=is_usable)

    @lookup.register
    def _(self, need: LetterNeed) -> object:
        mine = {each.code: each for each in self.letters.values() if each.reader == need.reader}
        if need.code:
            return mine.get(need.code)
        if not need.message:
            return max(mine.values(), key=lambda each: each.sent_at, default=None)
        chat = next(each for each in self.people.values() if each.address == need.address)
        return mine.get(chat.letters.get(need.message, ""))

    @lookup.register
    def _(self, need: AudienceNeed) -> object:
        return self.preview(need.draft, need.author)

    @lookup.register
    def _(self, need: BroadcastsNeed) -> object:
        found = [each.broadcast for each in self.broadcasts.values() if each.broadcast.district == need.district]
        return tuple(reversed(found))

    @lookup.register
    def _(self, need: BroadcastNeed) -> object:
        kept = self.broadcasts.get(need.broadcast)
        return kept.broadcast if kept else None

    @lookup.register
    def _(self, need: ReceivedBroadcastNeed) -> object:
        return self.received_by(need.person, need.message, need.broadcast)

    @lookup.register
    def _(self, need: HoldersNeed) -> object:
        return tuple(
            Holder(each.person, post)
            for each in self.people.values()
            for post in each.posts
            if post.region.id in need.regions
        )

    @lookup.register
    def _(self, need: PhoneNeed) -> object:
        others = [each for each in self.people.values() if each.phone == need.phone and each.person.id != need.person]
        holders = {each.person.id: each for each in others if each.posts}
        chat = next(iter(holders.values())) if len(holders) == 1 else None
        return self._counterpart(chat, chat.mind) if chat else None

    @lookup.register
    def _(self, need: HolderNeed) -> object:
        invitation = self.invitations.get(need.code)
        leads = [
            each
            for each in self.people.values()
            for post in each.posts
            if invitation
            and Standing.OPERATOR not in (invitation.standing, post.standing)
            and (post.role, post.region, post.office) == (invitation.role, invitation.region, invitation.office)
        ]
        return self._counterpart(leads[0], leads[0].mind) if leads else None

    @lookup.register
    def _(self, need: ChatsNeed) -> object:
        chats = self.chats_of(need.person)
        listed = [
            Chat(
                each.address,
                each.channel,
                each.channel_name,
                each.phone,
                each.linked_at,
                is_opted_out=each.is_opted_out,
                is_blocked=each.is_blocked,
            )
            for each in chats
        ]
        return Chats(tuple(listed), chats[0].mind.preferred)

    @lookup.register
    def _(self, need: SubscriptionNeed) -> object:
        return self.chats_of(need.person)[0].mind.subscription

    @lookup.register
    def _(self, need: SummaryNeed) -> object:
        return tuple(self._outlook(post) for post in self.chats_of(need.person)[0].posts)

    def _outlook(self, post: Post) -> Outlook:
        if post.role is Role.OFFICIAL:
            districts = [each for each in REGIONS if each.kind == "district" and each.code.startswith(post.region.code)]
            found = [(each, totals) for each in districts if (totals := self._totals(each))]
            return outlook_on_scores(post, found, self.library, NOTHING_TOLD)
        looks_after = post.role in (Role.SUBDISTRICT_HEAD, Role.COORDINATOR)
        within = [each for each in self._below(post.region) if looks_after or each.region == post.region]
        return outlook_on_forms(post, within, self.library, NOTHING_TOLD)

    def _counterpart(self, chat: Inhabitant, mind: Mind, *, is_usable: bool = True) -> Counterpart:
        return Counterpart(mind.person, tuple(mind.posts), chat.address, chat.channel_name, is_usable)

    @lookup.register
    def _(self, need: RegionSearchNeed) -> object:
        names = {
            each: each.name.casefold()
            for each in REGIONS
            if each.kind in need.kinds and each.code.startswith(need.within)
        }
        found = process.extract(need.words, names, scorer=fuzz.WRatio, score_cutoff=75, limit=8)
        return tuple(region for _, _, region in found)

    @lookup.register
    def _(self, need: RegionNeed) -> object:
        return region_by_id(need.region)

    @lookup.register
    def _(self, need: ScoreNeed) -> object:
        return self._totals(region_by_id(need.region))

    @lookup.register
    def _(self, need: RowAnswersNeed) -> object:
        return self._row_answers(region_by_id(need.region), need.row)

    @lookup.register
    def _(self, need: QueueNeed) -> object:
        return tuple(each for each in self.requests.values() if each.region.district_id == need.district)

    @lookup.register
    def _(self, need: RequestNeed) -> object:
        return self.requests.get(need.request)

    @lookup.register
    def _(self, need: UnitsNeed) -> object:
        region = next((each for each in REGIONS if each.id == need.region), None)
        return self.units(region) if region else None

    def units(self, region: Region) -> Units | None:
        """Give how far the units of a region are."""
        asked = {
            place.id: [each for each in self.assignments.values() if each.region == place and each.is_open(self.at)]
            for place in REGIONS
            if place.kind in ("village", "subdistrict") and f"{place.code}.".startswith(f"{region.code}.")
        }
        held = {post.region.id for each in self.people.values() for post in each.posts if post.role in UNIT_HEADS}
        found = [
            unit_of(each[0].region, each, is_held=number in held, is_nudged=(number, self.at.date()) in self.nudged)
            for number, each in asked.items()
            if each
        ]
        villages, subdistricts = (
            tuple(each for each in found if each.region.kind == kind) for kind in ("village", "subdistrict")
        )
        windows = open_windows((each for some in asked.values() for each in some), self.at)
        return Units(region, villages, subdistricts, windows) if found else None

    @lookup.register
    def _(self, need: CoordinatorsNeed) -> object:
        found = [
            each.person.id
            for each in self.people.values()
            for post in each.posts
            if post.role is Role.COORDINATOR and post.region.id == need.district
        ]
        return tuple(dict.fromkeys(found))

    def _below(self, region: Region | None) -> list[Assignment]:
        return [each for each in self.assignments.values() if region and each.region.code.startswith(region.code)]

    def _totals(self, region: Region | None) -> ScoreTotals | None:
        below = self._below(region)
        if not below:
            return None
        rows: dict[str, RowTally] = {}
        for assignment in below:
            for row in self.library.forms[assignment.form].rows:
                before = rows.get(row.number, RowTally(0, 0, 0, 0, 0))
                share = self.shares.get((assignment.id, row.number))
                is_approved = (assignment.id, row.number) in self.approved
                rows[row.number] = RowTally(
                    before.units + 1,
                    before.answered + (share is not None),
                    before.claimed + (share or 0),
                    before.approved + is_approved,
                    before.verified + (share or 0) * is_approved,
                )
        return ScoreTotals(rows)

    def _row_answers(self, region: Region | None, row: str) -> RowAnswers:
        below = [each for each in self._below(region) if RowNumber(row) in self.library.forms[each.form].row_by_number]
        shares = [self.shares.get((each.id, row)) for each in below]
        units = tuple(self._unit(each, row, share) for each, share in zip(below, shares, strict=True))
        return RowAnswers(
            len(below), sum(share is not None for share in shares), sum(share == 10**9 for share in shares), units[:12]
        )

    def _unit(self, assignment: Assignment, row: str, share: int | None) -> UnitAnswer:
        answers = self.sheet(assignment.id, row).answers.values()
        last = max(answers, key=lambda each: each.at, default=None)
        is_approved = (assignment.id, row) in self.approved
        return UnitAnswer(
            assignment.region,
            share,
            is_approved=is_approved,
            by=last.by if last else 0,
            at=last.at if last else 0,
            version=assignment.version,
            approved_by=1 if is_approved else 0,
        )


def region_by_id(identifier: int) -> Region | None:
    """Find a region of the corner."""
    return next((each for each in REGIONS if each.id == identifier), None)
