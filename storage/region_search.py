"""Finds regions by the words a person typed: misspelt, shortened, with or without what they are."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from conversations.people import Region

MOST_FOUND = 8
MOST_CONSIDERED = 60
"""Names that are compared closely after a first look at all of them."""
LOWEST_LIKENESS = 60.0
"""Of 100; below it, a name is not offered."""
MOST_CHARACTERS = 120
KIND_BY_PREFIX = {
    "desa": "village",
    "ds": "village",
    "kelurahan": "village",
    "kel": "village",
    "kecamatan": "subdistrict",
    "kec": "subdistrict",
    "kabupaten": "district",
    "kab": "district",
    "kota": "district",
    "provinsi": "province",
    "prov": "province",
}
LONG_FORMS = {
    "sei": "sungai", "sgi": "sungai", "tj": "tanjung", "tjg": "tanjung", "tg": "tanjung", "mr": "muara", "ma": "muara",
    "kp": "kampung", "bt": "batu", "pd": "padang", "gn": "gunung", "gg": "gunung", "tl": "talang",
    "1": "i", "2": "ii", "3": "iii", "4": "iv", "5": "v", "6": "vi", "7": "vii", "8": "viii", "9": "ix", "10": "x",
}  # fmt: skip
KIND_BONUS = 6.0
"""What ``kecamatan`` before a name adds to the kecamatan of that name."""
AROUND_BONUS = 25.0
"""What a right kecamatan or kabupaten after the name adds at most."""


@dataclass(frozen=True, slots=True)
class Wording:
    """What was typed, taken apart."""

    name: str
    kind: str
    is_city: bool
    around: str
    """The words after the name: the kecamatan or kabupaten it lies in."""
    whole: str


class RegionIndex:
    """The names of all regions, by kind, ready to be compared."""

    def __init__(self, regions: Iterable[Region]) -> None:
        self._by_kind: defaultdict[str, _Names] = defaultdict(_Names)
        for region in sorted(regions, key=lambda each: each.code):
            self._by_kind[region.kind].add(region)

    def search(self, words: str, kinds: Sequence[str], within: str = "") -> tuple[Region, ...]:
        """Give the regions nearest to the words, best first, at most 8; of equal ones the lower code first."""
        wording = understand(words)
        found: dict[int, tuple[float, Region]] = {}
        for region in self._considered(wording, kinds, within):
            found[region.id] = (_likeness(wording, region), region)
        ranked = sorted(found.values(), key=lambda each: (-each[0], each[1].code))
        return tuple(region for likeness, region in ranked[:MOST_FOUND] if likeness >= LOWEST_LIKENESS)

    def _considered(self, wording: Wording, kinds: Sequence[str], within: str) -> Iterator[Region]:
        for kind in kinds:
            if kind in self._by_kind:
                for asked in {wording.name, wording.whole}:
                    yield from self._by_kind[kind].nearest(asked, within)


class _Names:
    """The names of one kind of region, in the order of their codes."""

    def __init__(self) -> None:
        self._regions: list[Region] = []
        self._codes: list[str] = []
        self._names: list[str] = []

    def add(self, region: Region) -> None:
        self._regions.append(region)
        self._codes.append(region.code)
        self._names.append(_bare(region))

    def nearest(self, asked: str, within: str) -> Iterator[Region]:
        """Give what is worth a closer look; regions elsewhere cost nothing."""
        first = bisect_left(self._codes, within)
        last = bisect_left(self._codes, f"{within}/")  # a slash comes right after a dot
        for _, _, place in process.extract(
            asked,
            self._names[first:last] if within else self._names,
            scorer=fuzz.ratio,
            limit=MOST_CONSIDERED,
            score_cutoff=LOWEST_LIKENESS - AROUND_BONUS,
        ):
            yield self._regions[first + place]


def understand(words: str) -> Wording:
    """Take typed words apart: ``desa sungai rebo, kec banyuasin 1`` is a name, its kind, and what is around it."""
    parts = [_tokens(part) for part in re.split(r"[,;()\n/]", words[:MOST_CHARACTERS])]
    tokens, *others = [part for part in parts if part] or [[]]
    prefix = tokens[0] if len(tokens) > 1 and tokens[0] in KIND_BY_PREFIX else ""
    name = tokens[1:] if prefix else tokens
    end = next((place for place, token in enumerate(name) if place and token in KIND_BY_PREFIX), len(name))
    around = [token for part in [name[end:], *others] for token in part if token not in KIND_BY_PREFIX]
    return Wording(
        name=" ".join(name[:end]),
        kind=KIND_BY_PREFIX.get(prefix, ""),
        is_city=prefix == "kota",
        around=" ".join(around),
        whole=" ".join(tokens),
    )


def _tokens(text: str) -> list[str]:
    return [LONG_FORMS.get(token, token) for token in re.findall(r"\w+", text.lower())]


def _bare(region: Region) -> str:
    """Give a name in lower case without ``Kabupaten`` or ``Kota`` before it."""
    tokens = _tokens(region.name)
    if region.kind == "district" and len(tokens) > 1 and tokens[0] in ("kabupaten", "kota"):
        tokens = tokens[1:]
    return " ".join(tokens)


def _likeness(wording: Wording, region: Region) -> float:
    """Compare what was typed with a region: 100 for the very name, more where kind and surroundings agree."""
    bare = _bare(region)
    likeness = max(fuzz.ratio(wording.name, bare), fuzz.ratio(wording.whole, bare))
    if wording.kind == region.kind:
        is_same = wording.kind != "district" or region.name.startswith("Kota ") == wording.is_city
        likeness += KIND_BONUS if is_same else 0
    if wording.around:
        around = " ".join(_tokens(f"{region.subdistrict} {region.district}"))
        likeness += AROUND_BONUS * (fuzz.token_set_ratio(wording.around, around) / 100 - 0.5)
    return likeness
