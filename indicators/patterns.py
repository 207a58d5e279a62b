"""Regular expressions that take no longer than the text is long, whatever somebody wrote into a form.

Python's own try one way after the other: ``(a+)+$`` keeps them busy for years over thirty characters. These follow all
ways at once (Thompson, https://swtch.com/~rsc/regexp/regexp1.html), so look-around and back references are refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import assert_never

MOST_STEPS = 1_000
"""Signs and branches of a pattern whose repetitions are written out."""
MOST_NESTED = 30
MOST_REMEMBERED = 2_048
_COUNTED = re.compile(r"\{(?!\})([0-9]{0,4})(?:(,)([0-9]{0,4}))?\}")
_CLASSES: Mapping[str, Callable[[str], bool]] = {
    "d": str.isdecimal,
    "w": lambda sign: sign.isalnum() or sign == "_",
    "s": str.isspace,
}
_CONTROLS = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v"}


class PatternError(ValueError):
    """A pattern that cannot be used; says why."""


@dataclass(frozen=True, slots=True)
class _Sign:
    """One character that passes a test."""

    test: Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class _Edge:
    """The place before the first character, or after the last."""

    is_end: bool


@dataclass(frozen=True, slots=True)
class _Sequence:
    parts: tuple[_Node, ...]


@dataclass(frozen=True, slots=True)
class _Either:
    options: tuple[_Node, ...]


@dataclass(frozen=True, slots=True)
class _Repeated:
    part: _Node
    least: int
    most: int | None


_Node = _Sign | _Edge | _Sequence | _Either | _Repeated


@dataclass(frozen=True, slots=True)
class _Branch:
    """Go on at each of these steps."""

    targets: tuple[int, ...]


_States = frozenset[int]


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern that is ready to be held against texts."""

    steps: Sequence[_Sign | _Edge | _Branch]
    _remembered: dict[tuple[_States, str, bool], _States] = field(default_factory=dict, compare=False)

    def matches(self, text: str) -> bool:
        """Tell whether the whole text is as the pattern says."""
        states = self._reached((0,), is_start=True, is_end=not text)
        for place, sign in enumerate(text, start=1):
            states = self._moved(states, sign, is_end=place == len(text))
            if not states:
                return False
        return len(self.steps) in states

    def _moved(self, states: _States, sign: str, *, is_end: bool) -> _States:
        key = (states, sign, is_end)
        found = self._remembered.get(key)
        if found is None:
            if len(self._remembered) >= MOST_REMEMBERED:
                self._remembered.clear()
            after = tuple(place + 1 for place in states if self._passes(place, sign))
            found = self._remembered[key] = self._reached(after, is_start=False, is_end=is_end)
        return found

    def _passes(self, place: int, sign: str) -> bool:
        step = self.steps[place] if place < len(self.steps) else None
        return isinstance(step, _Sign) and step.test(sign)

    def _reached(self, places: tuple[int, ...], *, is_start: bool, is_end: bool) -> _States:
        """Follow branches and edges from these places."""
        waiting, seen = list(places), set(places)
        while waiting:
            place = waiting.pop()
            step = self.steps[place] if place < len(self.steps) else None
            onward: tuple[int, ...] = ()
            if isinstance(step, _Branch):
                onward = step.targets
            elif isinstance(step, _Edge) and (is_end if step.is_end else is_start):
                onward = (place + 1,)
            fresh = [each for each in onward if each not in seen]
            seen.update(fresh)
            waiting.extend(fresh)
        return frozenset(seen)


def read_pattern(written: str) -> Pattern:
    """Read a pattern: signs, ``.``, classes, groups, ``|``, ``* + ? {2,3}``, ``^`` and ``$``.

    Raises:
        PatternError: it cannot be read, is too long, or uses what takes more than one look at each character.
    """
    reader = _Reader(written)
    node = reader.either()
    if reader.next:
        raise PatternError("a closing bracket has no opening one")
    if _size(node) > MOST_STEPS:
        raise PatternError(f"it is too long: with its repetitions it has more than {MOST_STEPS} signs")
    steps: list[_Sign | _Edge | _Branch] = []
    _write(node, steps)
    return Pattern(steps)


@dataclass(slots=True)
class _Reader:
    written: str
    place: int = 0
    depth: int = 0

    @property
    def next(self) -> str:
        """The character that comes next; empty at the end."""
        return self.written[self.place : self.place + 1]

    def take(self) -> str:
        """Take the next character."""
        taken = self.next
        if not taken:
            raise PatternError("it ends too early")
        self.place += 1
        return taken

    def either(self) -> _Node:
        """Read what may be divided by ``|``."""
        options = [self._sequence()]
        while self.next == "|":
            self.place += 1
            options.append(self._sequence())
        return options[0] if len(options) == 1 else _Either(tuple(options))

    def _sequence(self) -> _Node:
        parts = []
        while self.next and self.next not in "|)":
            parts.append(self._repeated(self._part()))
        return _Sequence(tuple(parts))

    def _part(self) -> _Node:
        if self._is_repetition():
            raise PatternError(f"there is nothing before {self.next!r} to be repeated")
        sign = self.take()
        match sign:
            case "(":
                return self._group()
            case "[":
                return _Sign(self._class())
            case ".":
                return _Sign(lambda each: each != "\n")
            case "^" | "$":
                return _Edge(is_end=sign == "$")
            case "\\":
                return _Sign(self._escaped())
            case _:
                return _Sign(sign.__eq__)

    def _group(self) -> _Node:
        if self.next == "?" and self.written[self.place : self.place + 2] != "?:":
            raise PatternError(f"{self.written[self.place - 1 : self.place + 3]!r} is not supported")
        self.place += 2 if self.next == "?" else 0
        self.depth += 1
        if self.depth > MOST_NESTED:
            raise PatternError("its groups are nested too deeply")
        inside = self.either()
        self.depth -= 1
        if not self.next:
            raise PatternError("an opening bracket has no closing one")
        self.place += 1
        return inside

    def _repeated(self, part: _Node) -> _Node:
        counted = _COUNTED.match(self.written, self.place)
        if counted:
            self.place = counted.end()
            least = int(counted[1] or 0)
            most = least if not counted[2] else int(counted[3]) if counted[3] else None
        elif self.next and self.next in "*+?":
            sign = self.take()
            least, most = int(sign == "+"), 1 if sign == "?" else None
        else:
            return part
        if most is not None and most < least:
            raise PatternError(f"it repeats at least {least} and at most {most} times")
        if self.next == "?":
            self.place += 1  # whether it takes much or little makes no difference for a whole text
        if self._is_repetition() or isinstance(part, _Edge):
            raise PatternError("a repetition, '^' or '$' is repeated")
        return _Repeated(part, least, most)

    def _is_repetition(self) -> bool:
        return self.next in tuple("*+?") or _COUNTED.match(self.written, self.place) is not None

    def _escaped(self) -> Callable[[str], bool]:
        sign = self.take()
        if sign.lower() in _CLASSES:
            test = _CLASSES[sign.lower()]
            return test if sign.islower() else lambda each: not test(each)
        return self._plain(sign).__eq__

    @staticmethod
    def _plain(sign: str) -> str:
        if sign in _CONTROLS:
            return _CONTROLS[sign]
        if sign.isalnum():
            raise PatternError(f"'\\{sign}' is not supported")
        return sign

    def _class(self) -> Callable[[str], bool]:
        is_negated = self.next == "^"
        self.place += is_negated
        tests = [self._item()]
        while self.next != "]":
            tests.append(self._item())
        self.place += 1
        return lambda each: any(test(each) for test in tests) is not is_negated

    def _item(self) -> Callable[[str], bool]:
        """Read a sign of a class, a range of signs, or a class within the class."""
        if self.next == "\\" and self.written[self.place + 1 : self.place + 2].lower() in tuple(_CLASSES):
            self.place += 1
            return self._escaped()
        low = self._end_of_range()
        if self.next != "-" or self.written[self.place + 1 : self.place + 2] in ("]", ""):
            return low.__eq__
        self.place += 1
        high = self._end_of_range()
        if high < low:
            raise PatternError(f"the range {low}-{high} runs backwards")
        return lambda each: low <= each <= high

    def _end_of_range(self) -> str:
        sign = self.take()
        return self._plain(self.take()) if sign == "\\" else sign


def _size(node: _Node) -> int:
    match node:
        case _Sign() | _Edge():
            return 1
        case _Sequence(parts=parts):
            return sum(map(_size, parts))
        case _Either(options=options):
            return sum(_size(each) + 2 for each in options)
        case _Repeated(part=part, least=least, most=most):
            each = max(_size(part), 1)
            return least * each + (each + 2 if most is None else (most - least) * (each + 1))
        case _:
            assert_never(node)


def _write(node: _Node, steps: list[_Sign | _Edge | _Branch]) -> None:
    """Write a pattern out as steps, of which one follows the other."""
    match node:
        case _Sign() | _Edge():
            steps.append(node)
        case _Sequence(parts=parts):
            for part in parts:
                _write(part, steps)
        case _Either(options=options):
            _write_options(options, steps)
        case _Repeated(part=part, least=least, most=most):
            for _ in range(least):
                _write(part, steps)
            _write_optional(part, None if most is None else most - least, steps)
        case _:
            assert_never(node)


def _write_options(options: tuple[_Node, ...], steps: list[_Sign | _Edge | _Branch]) -> None:
    fork, ends, targets = len(steps), [], []
    steps.append(_Branch(()))
    for option in options:
        targets.append(len(steps))
        _write(option, steps)
        ends.append(len(steps))
        steps.append(_Branch(()))
    steps[fork] = _Branch(tuple(targets))
    for end in ends:
        steps[end] = _Branch((len(steps),))


def _write_optional(part: _Node, times: int | None, steps: list[_Sign | _Edge | _Branch]) -> None:
    """Write what may come so often; None: again and again."""
    forks = []
    for _ in range(1 if times is None else times):
        forks.append(len(steps))
        steps.append(_Branch(()))
        _write(part, steps)
    if times is None:
        steps.append(_Branch((forks[0],)))
    for fork in forks:
        steps[fork] = _Branch((fork + 1, len(steps)))
