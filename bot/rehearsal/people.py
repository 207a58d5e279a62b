"""People who take part in a rehearsal: they register, sit down now and then, and remember what was acknowledged."""

from __future__ import annotations

import random
from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta

from bot.rehearsal.answering import Answering, Deed, Errand, Errands, Key, Offered, asked_in, offers, question_of
from bot.rehearsal.channel import Arrival
from bot.rehearsal.habits import Days, Habit
from conversations.events import ChoiceTapped, TextReceived
from conversations.hours import zone_of
from conversations.people import Role
from conversations.purposes import Digest, Purpose, Reminder, Returned, Unfinished
from conversations.snoozing import Later
from conversations.taps import Verb, read_tap
from indicators.form import Form
from storage.envelopes import AddressKey, Envelope
from storage.outbox import Priority

THINKING = timedelta(seconds=10)
"""Between two things that somebody does."""
WAITS = (*6 * (THINKING,), *3 * (timedelta(hours=1),))
"""How long somebody waits for a reply that does not come, again and again, until they go on without it."""
SITS_AT = (time(9), time(19))
"""When people have time for it, where they live: seldom, so that many act at the same moments."""
NUDGE = Errand(Verb.DIGEST, "nudge")
HEEDED_AFTER = (timedelta(minutes=10), timedelta(minutes=30), timedelta(hours=2))
"""Between a reminder and sitting down."""


@dataclass(slots=True)
class Memory:
    """What somebody has done, and what of it they were told was understood."""

    acknowledged: defaultdict[Key, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Answers, in order."""
    unsure: set[Key] = field(default_factory=set)
    """Questions to which something was said last that was odd, or never acknowledged."""
    photos: set[str] = field(default_factory=set)
    """References of those that were sent."""
    events: list[str] = field(default_factory=list)
    """Keys of all that they did."""


@dataclass(frozen=True, slots=True)
class Part:
    """Whom somebody plays."""

    number: int
    name: str
    address: AddressKey
    code: str
    """Of the invitation that they were given."""
    role: Role
    region_code: str
    habit: Habit
    is_operator: bool = False


def sitting(since: datetime, region_code: str, chance: random.Random, days: Days) -> datetime:
    """Give a moment, so many days later, when somebody has time."""
    zone = zone_of(region_code)
    day = since.astimezone(zone).date() + timedelta(days=chance.randint(*days))
    return datetime.combine(day, chance.choice(SITS_AT), zone)


class Player:
    """One of them."""

    def __init__(self, part: Part, form: Form | None, chance: random.Random, begins_at: datetime | None) -> None:
        self.part = part
        self.memory = Memory()
        self.arrivals: list[Arrival] = []
        """Everything that has come to them, in order."""
        self.next_at = begins_at
        """When they do something next; None: not before something comes."""
        self.registered_at: datetime | None = None
        self.sent_at: datetime | None = None
        """When they were thanked for handing their answers over, unless a row has come back since."""
        self.has_row_back = False
        """A row was given back to them: they are reminded of it until it is completed, whatever they hand over."""
        self._chance = chance
        self._form = form
        self._errands: deque[Errand | str] = deque()
        self._answering = Answering(part.habit, form, chance, name=f"photo-{part.number}") if form else None
        self._seen: set[int] = set()
        self._offered: Sequence[Offered] = ()
        """What they see: the buttons of the last message that had some and answered them."""
        self._tried: Deed | None = None
        """What they did last, until its reply comes."""
        self._to_confirm: Deed | None = None
        self._waits = 0
        self._steps_left = 0
        """Of this sitting."""
        self._missed = 0
        """Replies that did not come in time; when they do, they answer nothing that was done since."""
        self._gives_up_at_consent = part.habit.gives_up
        self._reminded: Offered | None = None
        """The button of a reminder that leads on."""

    @property
    def is_registered(self) -> bool:
        """Tell whether they hold their post."""
        return self.registered_at is not None

    @property
    def answers_a_form(self) -> bool:
        """Tell whether anything is asked of them."""
        return self._form is not None

    def hear(self, arrival: Arrival) -> None:
        """Take a message; one that comes twice, because nobody knew whether it had come, is passed over."""
        self.arrivals.append(arrival)
        row = arrival.row
        if row.id in self._seen:
            return
        self._seen.add(row.id)
        offered = offers(row.message)
        if row.priority is Priority.REPLY:
            self._take_reply(offered, arrival.at)
        elif row.purpose is not None:
            self._be_told(row.purpose, offered, arrival.at)

    def run_errands(self, errands: Errands, at: datetime) -> None:
        """Do these things from this moment on, besides answering."""
        self._errands.extend(errands)
        self.next_at = at

    def row_of(self, question: str) -> str:
        """Give the number of the row to which a question of their form belongs."""
        assert self._form
        return self._form.question_by_name[question].row

    def act(self, at: datetime) -> Envelope | None:
        """Do the next thing, or nothing now; ``next_at`` says when it goes on."""
        if self._tried and self._waits < len(WAITS):
            self.next_at = at + WAITS[self._waits]
            self._waits += 1
            return None
        self._missed += self._tried is not None and self.is_registered
        deed = self._next_deed(at)
        if deed is None:
            self._rest(at)
            return None
        self._tried, self._waits = deed, 0
        self._steps_left -= 1
        self.next_at = at + THINKING
        return self._remembered(deed)

    def _remembered(self, deed: Deed) -> Envelope:
        key = f"rehearsal:{self.part.number}:{len(self.memory.events)}"
        self.memory.events.append(key)
        if deed.photo:
            self.memory.photos.add(deed.photo)
        elif deed.key:
            self.memory.unsure.add(deed.key)
        return Envelope(key, self.part.address, deed.event)

    def _next_deed(self, at: datetime) -> Deed | None:
        if not self.is_registered:
            return self._register(at)
        if self._errands:
            return self._run_errand(at)
        if self._answering is None or self.part.habit.answers == "never" or self.sent_at:
            return None
        if not self._steps_left:
            return self._sit_down(at)
        deed = self._answering.deed(self._offered, at) if self._steps_left > 0 else None
        if deed and self._to_confirm:
            return replace(deed, key=self._to_confirm.key, value=self._to_confirm.value)
        return deed

    def _register(self, at: datetime) -> Deed | None:
        """Take the next step from the code to consent."""
        if not self.memory.events:
            return Deed(TextReceived(at=at, text=f"daftar {self.part.code}"))
        joining = {each.tap.text(0): each for each in self._offered if each.tap.verb is Verb.JOIN}
        if self._gives_up_at_consent and "agree" in joining:
            return None
        if not joining:
            return Deed(TextReceived(at=at, text=self.part.name))
        wanted = joining.get("agree") or joining["yes"]
        return Deed(ChoiceTapped(at=at, data=wanted.data))

    def _run_errand(self, at: datetime) -> Deed | None:
        """Do the next thing that can be done of what they set out to do."""
        while self._errands:
            errand = self._errands.popleft()
            if isinstance(errand, str):
                return Deed(TextReceived(at=at, text=errand))
            if found := errand.find(self._offered):
                return Deed(ChoiceTapped(at=at, data=found.data))
        return None

    def _sit_down(self, at: datetime) -> Deed:
        self._steps_left = self._chance.randint(*self.part.habit.steps)
        button, self._reminded = self._reminded, None
        self._to_confirm = None
        return Deed(ChoiceTapped(at=at, data=button.data) if button else TextReceived(at=at, text="lanjut"))

    def _rest(self, at: datetime) -> None:
        """Put the phone away until the next time, if there is one by itself."""
        is_over = self._steps_left > 0  # there was nothing more to be done
        self._steps_left, self._tried = 0, None
        goes_on = self.is_registered and self.part.habit.answers == "by themselves" and not is_over
        self.next_at = sitting(at, self.part.region_code, self._chance, self.part.habit.every) if goes_on else None

    def _take_reply(self, offered: Sequence[Offered], at: datetime) -> None:
        if self._missed:
            self._missed -= 1
            self._offered = offered or self._offered
            return
        tried, self._tried = self._tried, None
        if not self.is_registered:
            self._offered = offered
            self._note_consent(tried, offered, at)
            return
        self._offered = offered or self._offered
        if tried:
            self._note_sent(tried, offered, at)
            self._note_answer(tried, offered)

    def _note_consent(self, tried: Deed | None, offered: Sequence[Offered], at: datetime) -> None:
        """They are registered when what follows their consent is not about registering any more."""
        tapped = read_tap(tried.event.data) if tried and isinstance(tried.event, ChoiceTapped) else None
        if tapped and tapped.verb is Verb.JOIN and tapped.text(0) == "agree" and offered:
            self.registered_at = None if any(each.tap.verb is Verb.JOIN for each in offered) else at
            self._steps_left = self._chance.randint(*self.part.habit.steps)

    def _note_sent(self, tried: Deed, offered: Sequence[Offered], at: datetime) -> None:
        tapped = read_tap(tried.event.data) if isinstance(tried.event, ChoiceTapped) else None
        if tapped and tapped.verb is Verb.SEND and not self.part.is_operator:  # they may not
            self.sent_at = None if any(each.tap.verb is Verb.SEND for each in offered) else at

    def _note_answer(self, tried: Deed, offered: Sequence[Offered]) -> None:
        """Remember an answer that was acknowledged: not asked again, nor objected to, nor to be confirmed."""
        if tried.key is None or not tried.value or not offered:
            return
        mine = {each.tap.verb for each in offered if question_of(each) == tried.key}
        self._to_confirm = tried if Verb.YES in mine else None
        if not (self._to_confirm or asked_in(offered) == tried.key or Verb.OPEN in mine):
            self.memory.acknowledged[tried.key].append(tried.value)
            self.memory.unsure.discard(tried.key)

    def _be_told(self, purpose: Purpose, offered: Sequence[Offered], at: datetime) -> None:
        """Take what they did not ask for: sit down, have others reminded, or do nothing about it."""
        if self.part.habit.answers == "never" or self._chance.random() >= self.part.habit.heeds:
            return
        soon = at + self._chance.choice(HEEDED_AFTER)
        later = [each for each in offered if each.tap.verb is Verb.REMIND and each.tap.text(0) in [*Later]]
        match purpose:
            case Reminder() if later and self._chance.random() < self.part.habit.snoozes:
                self._offered = later
                self.run_errands((Errand(Verb.REMIND, self._chance.choice(later).tap.text(0)),), soon)
            case Reminder() | Returned():
                self._be_reminded(purpose, offered, soon)
            case Digest() if NUDGE.find(offered):
                self._offered = offered
                self.run_errands((NUDGE,), soon)
            case Unfinished():
                self._gives_up_at_consent = False
                self.next_at = soon
            case _:
                return

    def _be_reminded(self, purpose: Reminder | Returned, offered: Sequence[Offered], soon: datetime) -> None:
        if self._answering is None or (self.sent_at and isinstance(purpose, Reminder)):
            return
        self.sent_at = None
        self._answering.go_on()
        self._reminded = next((each for each in offered if each.tap.verb in (Verb.CONTINUE, Verb.SEND)), None)
        if not self._steps_left:
            self.next_at = soon
