"""What people may do in a small town, one move at a time, for tests of what nobody foresaw."""

from __future__ import annotations

from functools import partial

from conversations.brief import Brief
from conversations.events import IncomingFile
from conversations.forms import Filling, marked
from conversations.hours import day_there
from conversations.needs import Need, SheetNeed
from conversations.people import Person, Role, Standing
from indicators.scores import to_billionths
from tests.conversations.places import BANYUASIN, BANYUASIN_I, MARIANA, SUMSEL, SUNGAI_REBO
from tests.conversations.world import World

PEOPLE = ("ahmad", "joko", "rina", "tono", "siti", "budi", "gubernur", "tamu")
TEXTS = (
    "ya", "tidak", "belum", "sudah", "ada", "belum ada", "isi", "lanjut", "lewati", "kembali", "batal", "selesai",
    "kirim", "tetap kirim", "menu", "status", "skor", "skor banyuasin", "skor kaur", "bantuan", "nanti", "1", "2", "3",
    "7", "0", "1.200", "1500", "25 juta", "kurang lebih 900", "17 Agustus 2025", "2024", "Nomor 5 Tahun 2024", "ubah 5",
    "ubah 7", "ubah", "bukti 1", "bukti 26.6", "26.8b", "yang forum anak salah, sudah ada", "taman bermain", "1, 2, 3",
    "semua", "antrean", "bahasa", "bahasa inggris", "daftar", "daftar AB12CD34EF", "/start AB12CD34EF", "AB12CD34EF",
    "daftar isi", "hapus data saya", "privasi", "tanya koordinator", "setuju", "Budi", "sungai rebo", "banyuasin",
    "sambung", "sambung AB2CD3EF", "saluran", "lepas", "berhenti", "stop", "langganan", "langganan jumat 16.00",
    "langganan mati",
    "siarkan", "siaran", "Rapat Senin, {nama}", "{naam}", "besok 8.00", "ya, saya hadir",
    "jadwal", "jadwal perbaikan 48 jam", "sampai 7 April", "48 jam", "Banjir",
    "baca dulu", "tidak tahu", "", "   ", "<b>&", "\u200e", "🙂", "lainnya: anu", "ringkasan",
)  # fmt: skip
NAMES = ("perdes", "akta", "anak", "anggaran_untuk", "perdes_bukti", "forum", "p1_1", "kelembagaan", "26.2", "x", "")
FILES = ("a", "b", "c", "film", "hilang")

TELLING = (
    "g:2", "g:4", "g:5", "g:6", "t:2", "t:6", "t:2:26.2", "v:4", "w:4", "s:4:1", "e:3:25.2", "n2:1:yes", "o:queue",
    "n4:yes", "n4:leave!:1", "n4:leave!:9", "n4:prefer:telegram", "na:day:z", "na:hour:zz", "na:hour:g0",
    "na:always", "na:now",
    "n7:show:2", "n7:show:3", "n7:list:2", "n7:list:3", "n7:nudge:3", "n7:nudge:4", "n7:nudge:6",
    "n8:new", "n8:to", "n8:people", "n8:person:1", "n8:sub:3", "n8:role:village_head", "n8:form:dekela", "n8:preview",
    "n8:time", "n8:at:t9tnps", "n8:now", "n8:send", "n8:drop", "n8:list", "n8:show:1", "n8:undo:1", "n8:cancel!:1",
    "n8:pause:1", "n8:resume:1", "n8:retry:1", "n8:record:1", "n9:1", "n9:0", "n9:0:ask", "n9:0:FRESHAAAAB", "n9:0:yes",
    "n9:0:no", "n9:0:cancel",
    "n5:yes", "n5:stage:perbaikan", "n5:form:all", "n5:extend", "n5:region:4", "n5:region:6", "n5:office", "n5:again",
    "n5:office:dinkes", "n5:change",
)  # fmt: skip
"""What would tell or do something that is not everybody's."""


def town() -> World:
    """Give a world in which everybody has their post, and one guest an invitation."""
    world = World()
    world.appoint("ahmad", Role.VILLAGE_HEAD, SUNGAI_REBO)
    world.appoint("joko", Role.VILLAGE_HEAD, SUNGAI_REBO, standing=Standing.OPERATOR)
    world.appoint("joko", Role.VILLAGE_HEAD, MARIANA)
    world.appoint("rina", Role.SUBDISTRICT_HEAD, BANYUASIN_I)
    world.appoint("tono", Role.OFFICE, BANYUASIN, office="dinkes")
    world.appoint("siti", Role.COORDINATOR, BANYUASIN)
    world.appoint("budi", Role.OFFICIAL, BANYUASIN)
    world.appoint("gubernur", Role.OFFICIAL, SUMSEL)
    world.enter("tamu")
    world.moves_in("tamu", "whatsapp", "6281100001")
    world.moves_in("ahmad", "telegram", "6281100001")
    world.invite(Role.VILLAGE_HEAD, MARIANA, name="")
    return world


def types(name: str, text: str, world: World) -> None:
    """Type something."""
    world.says(name, text)


def taps_something_shown(name: str, shown_to: str, place: int, world: World) -> None:
    """Tap one of all buttons that were ever shown to anybody, mostly a recent one of one's own."""
    shown = [button for message in world.people[shown_to].heard for line in message.buttons for button in line]
    data = shown[-1 - place % len(shown)].data if shown else "o:home"
    world.taps_raw(name, data)


def taps_rubbish(name: str, data: str, world: World) -> None:
    """Tap a button that carries this."""
    world.taps_raw(name, data)


def replies(name: str, place: int, text: str, world: World) -> None:
    """Reply to an older message of the bot's."""
    told = world.people[name].told_at
    world.says(name, text, reply_to=told[place % len(told)] if told else "")


def edits(name: str, place: int, text: str, world: World) -> None:
    """Edit one of one's own messages."""
    typed = list(world.people[name].typed.values())
    world.edits(name, typed[place % len(typed)] if typed else "m0", text)


def sends(name: str, content: str, caption: str, album: str, world: World) -> None:
    """Send a file."""
    is_photo = content in "ab"
    file = IncomingFile(content, "photo" if is_photo else "document", name="" if is_photo else f"<{content}>.pdf")
    world.sends(name, file, caption=caption, album=album)


def sends_else(name: str, what: str, world: World) -> None:
    """Send what no form can use."""
    {
        "sticker": partial(world.sends_else, name, "sticker", "x"),
        "contact": partial(world.sends_contact, name),
        "place": partial(world.points_at, name, -2.9, 104.7),
    }[what]()


def links(name: str, other: str, answer: str, world: World) -> None:
    """Type the code that somebody else asked for last, perhaps long ago."""
    world.says(other, "sambung")
    codes = [code for code, each in world.link_codes.items() if each.mind is world.people[other].mind]
    world.says(name, f"sambung {codes[0] if codes else ''}")
    world.says(name, answer)


def time_passes(hours: int, world: World) -> None:
    """Let hours pass."""
    world.waits(hours=hours)


def comes_back(place: int, world: World) -> None:
    """The coordinator gives one of the rows back that were answered."""
    answered = sorted(world.sheets)
    if answered:
        world.return_row(*answered[place % len(answered)], f"<Mohon & {place}>")


def check_whole_store(world: World) -> None:
    """Recompute what was stored from the answers alone."""
    for assignment in world.assignments.values():
        form = world.library.forms[assignment.form]
        assert len(assignment.progress) == len(form.rows)
        known: dict[Need, object] = {
            SheetNeed(assignment.id, row.number): world.sheet(assignment.id, row.number) for row in form.rows
        }
        brief = Brief(Person(0), 0, "", (), (assignment,), world.library, known)
        filling = Filling(brief, assignment, form, day_there(world.at, assignment.region.code))
        for row in form.rows:
            if (assignment.id, row.number) in world.sheets:
                mark, state = marked(filling, row)
                assert assignment.progress[row.ordinal - 1] == mark, row.number
                share = None if state.share is None else to_billionths(state.share)
                assert world.shares[assignment.id, row.number] == share, row.number
