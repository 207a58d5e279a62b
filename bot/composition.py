"""The one place where the parts of the program are put together."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.routing import BaseRoute, Mount

import indicators
from bot.backoff import Backoff
from bot.channels.port import Channel, Editor, OpenFile, via_of
from bot.clock import Clock, SteadyClock, SystemClock
from bot.deciding import Dialog
from bot.delivery.worker import DeliveryWorker
from bot.fetching import Fetching
from bot.housekeeping import Caretaker, Chore
from bot.jobs import JobWorker, Work
from bot.leadership import CHORES, Leadership, polling, sending
from bot.listening import Listener
from bot.pipeline import Pipeline
from bot.record_writing import RecordWriting
from bot.settings import Settings
from bot.telegram_bot import TelegramBot
from bot.whatsapp_number import WhatsAppNumber
from conversations.actions import FetchFile, SendRecord
from conversations.brief import Library
from conversations.engine import anticipate, apologise, resume
from conversations.rules import load_rules
from conversations.views.broadcast_copies import TEMPLATE
from indicators.loading import load_instrument
from storage.channel_terms import ChannelTerms
from storage.database import connect
from storage.envelopes import AddressKey
from storage.files import FileLimits, FileStore
from storage.store import Store
from storage.wakeups import JOBS
from storage.ways import Notice
from storage.windows import WINDOWS

if TYPE_CHECKING:
    from bot.channels.telegram.courtesies import MembershipChange

INSTRUMENT = Path(indicators.__file__).parent / "kla_2024"
"""The instrument that comes with the program."""
DIALOG = Dialog(resume, anticipate, apologise)
SENDING = Backoff(timedelta(seconds=1), timedelta(minutes=5))
FETCHING = Backoff(timedelta(seconds=5), timedelta(minutes=5))
CALLING = Backoff(timedelta(seconds=1), timedelta(minutes=1))
LISTENING = Backoff(timedelta(seconds=1), timedelta(seconds=30))
CALENDAR_LOOKED_AT = timedelta(minutes=1)
BROADCASTS_TENDED = timedelta(seconds=5)
"""So often broadcasts that are under way are looked after, and what shows them is told anew."""
PLANNING = timedelta(minutes=1)
"""How often is looked for what is due that nobody asked for."""
MEBIBYTE = 1024 * 1024


class NothingToDoError(Exception):
    """No chat programme is switched on, nor the simulator."""


@dataclass(frozen=True, slots=True)
class Program:
    """All parts of a running program."""

    settings: Settings
    clock: Clock
    store: Store
    files: FileStore
    channels: Sequence[Channel]
    routes: Sequence[BaseRoute]
    pipeline: Pipeline
    delivery: Sequence[DeliveryWorker]
    """One for each channel."""
    jobs: JobWorker
    listener: Listener
    caretaker: Caretaker
    leadership: Leadership


def load_library(settings: Settings) -> Library:
    """Load the year's instrument with its forms.

    Raises:
        FormError: a form cannot be used; carries all the problems that were found.
    """
    settings.cache_folder.mkdir(parents=True, exist_ok=True)
    instrument = load_instrument(settings.instrument_folder or INSTRUMENT, settings.cache_folder)
    return Library(instrument, {str(key): form for key, form in instrument.forms.items()})


def open_store(settings: Settings, library: Library) -> Store:
    """Open the database; its tables have to be there.

    Raises:
        RulesError: the file of rules cannot be used.
        OSError: it cannot be read.
    """
    return Store(connect(settings.database_url), library, load_rules(settings.rules) if settings.rules else None)


def open_files(settings: Settings) -> FileStore:
    """Open the folder of evidence."""
    return FileStore(settings.files_folder, FileLimits(size_bytes=settings.largest_file_mib * MEBIBYTE))


def assemble(settings: Settings, store: Store, alone_since: datetime | None = None) -> Program:
    """Put a program together; ``alone_since``: see ``Leadership``.

    Raises:
        NothingToDoError: see there.
    """
    clock, steady = SystemClock(), SteadyClock()
    files = open_files(settings)
    channels, routes = _channels(settings, store, clock, files.open)
    store.know_channels(terms_of(settings, channels))
    worker = partial(DeliveryWorker, store.outbox, clock=clock, steady=steady, backoff=SENDING)
    delivery = [worker(each, notice=notice_of(each)) for each in channels]
    wakes: dict[str, Callable[[], None]] = {each.via: each.wake for each in delivery}
    listener = Listener(store.wakeups.listen, wakes, clock=steady, backoff=LISTENING)
    pipeline = Pipeline(store.begin_turns, DIALOG, clock, lambda committed: listener.wake(committed.words))
    works = works_of(store, files, channels, clock)
    jobs = JobWorker(store.jobs, works, accept=pipeline.submit, clock=clock, backoff=FETCHING)
    wakes[JOBS] = jobs.wake
    caretaker = Caretaker(chores_of(store, files, listener.wake), clock)
    polled = [polling(via_of(each)) for each in channels if each.is_polled]
    names = [CHORES, *(sending(each.via) for each in delivery), *polled]
    leadership = Leadership(store.leases, names, steady=steady, alone_since=alone_since)
    return Program(
        settings=settings,
        clock=clock,
        store=store,
        files=files,
        channels=channels,
        routes=routes,
        pipeline=pipeline,
        delivery=delivery,
        jobs=jobs,
        listener=listener,
        caretaker=caretaker,
        leadership=leadership,
    )


def _channels(
    settings: Settings, store: Store, clock: Clock, open_file: OpenFile
) -> tuple[Sequence[Channel], Sequence[BaseRoute]]:
    """Make the channels that are switched on, and the pages that they bring along."""
    if not (settings.has_telegram or settings.has_whatsapp or settings.has_simulator):
        raise NothingToDoError(
            "There is nobody to talk to: set JEMPUTBOLA_TELEGRAM_TOKEN to the token that @BotFather gave you, "
            "JEMPUTBOLA_WHATSAPP_NUMBER_ID and what belongs to it to Meta's, "
            "or JEMPUTBOLA_SIMULATOR=true to try the bot on a web page."
        )
    channels: list[Channel] = []
    routes: list[BaseRoute] = []
    for bot in settings.bots:
        on_block = store.roster.mark_blocked
        channel, paths = telegram_channel(bot, settings, clock, on_block=on_block, open_file=open_file)
        channels.append(channel)
        routes += paths
    if settings.has_whatsapp:
        numbers, paths = whatsapp_channels(settings, store, clock, open_file=open_file)
        channels += numbers
        routes += paths
    if settings.has_simulator:
        simulator, pages = _simulator(settings, store, clock, open_file)
        channels.append(simulator)
        routes.append(pages)
    return channels, routes


def works_of(store: Store, files: FileStore, channels: Sequence[Channel], clock: Clock) -> Mapping[type[Any], Work]:
    """Say who does what a step asked for after the commit, by the kind of action."""
    return {
        FetchFile: Fetching(files, channels, clock),
        SendRecord: RecordWriting(store.broadcast_records, files, store.library, clock),
    }


def terms_of(settings: Settings, channels: Sequence[Channel]) -> Mapping[str, ChannelTerms]:
    """Say what the channels allow and cost, by name.

    Raises:
        RatesError: the file of WhatsApp's rates cannot be used.
        OSError: it cannot be read.
    """
    prices = _prices(settings) if settings.has_whatsapp else {}
    return {
        each.name: ChannelTerms(
            unhurried_a_second=each.limits.rates.bulk_messages if each.limits.rates else None,
            can_edit=isinstance(each, Editor),
            **(prices if each.name in WINDOWS else {}),
        )
        for each in channels
    }


def _prices(settings: Settings) -> dict[str, Fraction | None]:
    """Give what templates cost in Indonesia: a broadcast's, and the one that tells that something waits."""
    from bot.channels.whatsapp.costs import RATES, load_rates
    from bot.channels.whatsapp.notices import TEMPLATE as NOTICE
    from bot.channels.whatsapp.templates import load_templates

    rates, templates = load_rates(settings.whatsapp_rates or RATES), load_templates()
    names = {"template_rupiah": TEMPLATE, "notice_rupiah": NOTICE}
    return {price: rates.rupiah("ID", templates.category(name)) for price, name in names.items()}


def telegram_channel(
    bot: TelegramBot, settings: Settings, clock: Clock, *, on_block: MembershipChange, open_file: OpenFile
) -> tuple[Channel, Sequence[BaseRoute]]:
    """Make the channel of a Telegram bot, and the route by which Telegram reaches it, if it does."""
    from bot.channels.telegram.channel import TelegramChannel
    from bot.channels.telegram.courtesies import Courtesies
    from bot.channels.telegram.libraries import open_api
    from bot.channels.telegram.menu import load_menu
    from bot.channels.telegram.polling import Poller
    from bot.channels.telegram.webhook import Webhook
    from bot.channels.telegram.webhook_watch import WebhookWatch

    api = open_api(bot, settings.telegram_base_url)
    courtesies = Courtesies(api, menu=load_menu(), clock=clock, backoff=CALLING, on_block=on_block)
    channel = partial(TelegramChannel, api, bot.id, courtesies=courtesies, open_file=open_file)
    if bot.updates == "polling":
        return channel(intake=Poller(api, bot.id, clock=clock, backoff=CALLING)), ()
    watch = WebhookWatch(api, bot.id, settings.webhook_url(bot), clock=clock, backoff=CALLING)
    webhook = Webhook(bot.id, path=bot.webhook_path, secret=bot.webhook_secret, watch=watch.run, clock=clock)
    return channel(intake=webhook), (webhook.route,)


def whatsapp_channels(
    settings: Settings, store: Store, clock: Clock, *, open_file: OpenFile
) -> tuple[Sequence[Channel], Sequence[BaseRoute]]:
    """Make the channels of all WhatsApp numbers, and the one address to which Meta brings their messages."""
    from bot.channels.whatsapp.channel import WhatsAppChannel
    from bot.channels.whatsapp.graph import GraphApi
    from bot.channels.whatsapp.reports import ReportKeeper
    from bot.channels.whatsapp.webhook import Heard, Webhook

    webhook = Webhook(settings.numbers, clock)

    async def opt_out(address: AddressKey, at: datetime | None) -> None:
        await store.roster.opt_out(address, at, now=clock.now())

    heard = Heard(statuses=ReportKeeper(store.reports, clock, SENDING), opt_out=opt_out, move=store.roster.move_chat)

    def channel(number: WhatsAppNumber) -> Channel:
        api = GraphApi(number, base_url=settings.whatsapp_base_url)
        return WhatsAppChannel(api, number.id, webhook=webhook, hear=heard, open_file=open_file, clock=clock)

    return [channel(number) for number in settings.numbers], webhook.routes


def notice_of(channel: Channel) -> Notice | None:
    """Give how people are told that something waits for them, on channels where it may have to."""
    if channel.name not in WINDOWS:
        return None
    from bot.channels.whatsapp.notices import Notices
    from bot.channels.whatsapp.templates import load_templates

    return Notices(load_templates())


def _simulator(settings: Settings, store: Store, clock: Clock, open_file: OpenFile) -> tuple[Channel, Mount]:
    from bot.channels.simulator.channel import SimulatorChannel
    from bot.channels.simulator.web import create_app
    from bot.demonstration import RosterPosts

    channel = SimulatorChannel(settings.simulator_folder, clock, open_file)
    posts = RosterPosts(store.roster, clock, store.library)
    return channel, Mount("/", create_app(channel, posts))


def chores_of(
    store: Store, files: FileStore, wake: Callable[[Collection[str]], None]
) -> Mapping[str, tuple[timedelta, Chore]]:
    """Give what is done at set times: how often, and how; ``wake`` is told whose messages it has put there."""

    async def sweep(at: datetime) -> None:
        await files.sweep(await store.housekeeping.evidence_in_use(), at)

    async def tend_broadcasts(at: datetime) -> None:
        wake(await store.broadcasts.tend(at))

    return {
        "tell_calendar_changes": (CALENDAR_LOOKED_AT, store.calendar.plan_news),
        "tend_broadcasts": (BROADCASTS_TENDED, tend_broadcasts),
        "tidy_database": (timedelta(hours=1), store.housekeeping.clean),
        "plan_reminders": (timedelta(minutes=1), store.reminders.plan),
        "sweep_files": (timedelta(hours=24), sweep),
        "plan_digests": (PLANNING, store.digests.plan),
        "plan_summaries": (PLANNING, store.plan_summaries),
    }
