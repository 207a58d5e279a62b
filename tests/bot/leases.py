"""Leases in memory: what ``storage.leases`` promises, and as much trouble as is asked for."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from storage.errors import StorageError
from storage.leases import NOBODY, SeenLease


class FakeLeases:
    """One dictionary; several processes of a test may share it."""

    def __init__(self, kept: dict[str, SeenLease] | None = None) -> None:
        self.kept: dict[str, SeenLease] = {} if kept is None else kept
        self.is_away = False
        """The database does not answer."""
        self.looks = 0

    async def look(self, names: Collection[str]) -> Sequence[SeenLease]:
        """Tell how these leases stand."""
        self._answer()
        return [self.kept.setdefault(name, SeenLease(name)) for name in names]

    async def beat(self, tenures: Mapping[str, int], holder: str) -> frozenset[str]:
        """Give a sign of life."""
        self._answer()
        held = [each for each in self.kept.values() if each.name in tenures and each.holder == holder]
        for each in held:
            self.kept[each.name] = SeenLease(each.name, holder, each.tenure, each.beat + 1)
        return frozenset(each.name for each in held if each.tenure == tenures[each.name])

    async def take(self, seen: SeenLease, holder: str) -> int | None:
        """Take a lease if it is as it was seen."""
        self._answer()
        kept = self.kept[seen.name]
        if (kept.tenure, kept.beat) != (seen.tenure, seen.beat):
            return None
        self.kept[seen.name] = SeenLease(seen.name, holder, seen.tenure + 1, seen.beat + 1)
        return seen.tenure + 1

    async def release(self, tenures: Mapping[str, int], holder: str) -> None:
        """Give leases back."""
        self._answer()
        for name, number in tenures.items():
            kept = self.kept[name]
            if (kept.holder, kept.tenure) == (holder, number):
                self.kept[name] = SeenLease(name, NOBODY, number, kept.beat + 1)

    def _answer(self) -> None:
        self.looks += 1
        if self.is_away:
            raise StorageError("away")
