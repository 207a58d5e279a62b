"""What is fuzzed, by name. A target has ``check``, which raises when a law is broken, and ``seeds`` to begin with."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import Protocol, cast

NAMES = ("updates", "webhooks", "batches", "answers", "expressions", "forms", "conversations", "bodies")


class Target(Protocol):
    """A module of this folder."""

    def check(self, content: bytes) -> None:
        """Hand in whatever these bytes tell; whatever is raised is a finding."""
        ...

    def seeds(self) -> Iterable[bytes]:
        """Give inputs that lead far into the code."""
        ...


def target(name: str) -> Target:
    """Import a target."""
    return cast("Target", import_module(f"{__name__}.{name}"))
