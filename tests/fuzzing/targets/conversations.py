"""Whatever people do in a small town: any tap by anybody, words, edits, files, in any order."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from bot.channels.incoming import legible
from conversations.taps import Verb
from tests.conversations import moves
from tests.conversations.world import World
from tests.fuzzing.drawing import Draw, told

MOST_MOVES = 40
VERBS = tuple(Verb)
ARGUMENTS = ("1", "2", "3", "4", "5", "6", "zz", "~", *moves.NAMES, "akta~1", "yes", "home", "forget!", "role", "head")
UNUSABLE = ("sticker", "contact", "place")


def check(content: bytes) -> None:
    """Draw moves; every step is held against its laws, and in the end all that was stored is computed anew."""
    draw, world = Draw(content), moves.town()
    for _ in range(MOST_MOVES):
        if not draw:
            break
        draw.pick(MOVES)(draw.pick(moves.PEOPLE), draw, world)
    moves.check_whole_store(world)


def _type_known(name: str, draw: Draw, world: World) -> None:
    moves.types(name, draw.pick(moves.TEXTS), world)


def _type(name: str, draw: Draw, world: World) -> None:
    moves.types(name, legible(draw.text()), world)


def _tap_own(name: str, draw: Draw, world: World) -> None:
    moves.taps_something_shown(name, name, draw.number(), world)


def _tap_others(name: str, draw: Draw, world: World) -> None:
    moves.taps_something_shown(name, draw.pick(moves.PEOPLE), draw.number(), world)


def _tap_mangled(name: str, draw: Draw, world: World) -> None:
    arguments = [draw.pick(ARGUMENTS) for _ in range(draw.number(4))]
    moves.taps_rubbish(name, ":".join((draw.pick(VERBS), *arguments)), world)


def _tap_anything(name: str, draw: Draw, world: World) -> None:
    moves.taps_rubbish(name, legible(draw.text()), world)


def _reply(name: str, draw: Draw, world: World) -> None:
    moves.replies(name, draw.number(), draw.pick(moves.TEXTS), world)


def _edit(name: str, draw: Draw, world: World) -> None:
    moves.edits(name, draw.number(), draw.pick(moves.TEXTS), world)


def _send(name: str, draw: Draw, world: World) -> None:
    moves.sends(name, draw.pick(moves.FILES), legible(draw.text()), draw.pick(("", "x", "y")), world)


def _send_unusable(name: str, draw: Draw, world: World) -> None:
    moves.sends_else(name, draw.pick(UNUSABLE), world)


def _wait(_name: str, draw: Draw, world: World) -> None:
    moves.time_passes(draw.number() * 8, world)


MOVES: tuple[Callable[[str, Draw, World], None], ...] = (
    _type_known,
    _tap_own,
    _type,
    _tap_mangled,
    _tap_others,
    _tap_anything,
    _reply,
    _edit,
    _send,
    _send_unusable,
    _wait,
)


def seeds() -> Iterable[bytes]:
    """Let everybody begin, and then do one thing after the other."""
    type_known, people = MOVES.index(_type_known), range(len(moves.PEOPLE))
    for text in range(len(moves.TEXTS)):
        who = text % len(moves.PEOPLE)
        begun = told(type_known, who, moves.TEXTS.index("isi"), MOVES.index(_tap_own), who, 3)
        yield begun + told(type_known, who, text, MOVES.index(_tap_mangled), who, 2, text % 10, 1, text % 30, 0)
    yield b"".join(told(MOVES.index(_tap_others), one, other, 2) for one in people for other in people)[
        : 3 * MOST_MOVES
    ]
    yield b"".join(told(MOVES.index(_send), one, 0, "nomor 5", 1, MOVES.index(_edit), one, 0, 16) for one in people)
    yield told(MOVES.index(_type), 7, "daftar AB12CD34EF", type_known, 7, 0, MOVES.index(_type), 7, "Sri\u202e")
