"""How the templates of the repository stand with Meta, and what to do about each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bot.channels.whatsapp.templates import Templates


class Standing(StrEnum):
    """How far a template has come."""

    APPROVED = "approved"
    MISSING = "missing"
    PENDING = "pending"
    REJECTED = "rejected"
    STOPPED = "stopped"
    DIFFERENT = "different"
    """Meta has another text, other buttons, or charges it as something else."""


STANDINGS: Mapping[str, Standing] = {
    "APPROVED": Standing.APPROVED,
    "PENDING": Standing.PENDING,
    "IN_APPEAL": Standing.PENDING,
    "REJECTED": Standing.REJECTED,
}
"""By Meta's status; all others (PAUSED, DISABLED, ...) keep the template from being sent."""
REMEDIES: Mapping[Standing, str] = {
    Standing.APPROVED: "",
    Standing.MISSING: "submit it: jemputbola whatsapp templates submit",
    Standing.PENDING: "wait: Meta takes minutes as a rule, a day at most",
    Standing.REJECTED: "correct it here and in WhatsApp Manager > Message templates, or ask there for a review",
    Standing.STOPPED: "look in WhatsApp Manager > Message templates: people have reported it, or it breaks a rule",
    Standing.DIFFERENT: "make the two alike: in WhatsApp Manager > Message templates, or in templates.toml",
}


@dataclass(frozen=True, slots=True)
class Found:
    """How one template in one language stands."""

    name: str
    language: str
    standing: Standing
    said: str = ""
    """What Meta says about it, or what is different."""

    @property
    def is_usable(self) -> bool:
        """Tell whether it can be sent."""
        return self.standing is Standing.APPROVED

    def __str__(self) -> str:
        said = f" ({self.said})" if self.said else ""
        remedy = f"; {REMEDIES[self.standing]}" if REMEDIES[self.standing] else ""
        return f"{self.name} [{self.language}]: {self.standing}{said}{remedy}"


def compare(templates: Templates, there: Sequence[Mapping[str, Any]]) -> list[Found]:
    """Compare the templates of the repository with those that Meta has, in the repository's order."""
    known = {(each.get("name"), each.get("language")): each for each in there}
    return [_judge(templates.as_submitted(*each), known.get(each)) for each in templates]


def _judge(ours: Mapping[str, Any], theirs: Mapping[str, Any] | None) -> Found:
    name, language = ours["name"], ours["language"]
    if theirs is None:
        return Found(name, language, Standing.MISSING)
    status = str(theirs.get("status", ""))
    standing = STANDINGS.get(status, Standing.STOPPED)
    if standing is Standing.REJECTED:
        return Found(name, language, standing, str(theirs.get("rejected_reason", "")).lower())
    if standing is Standing.STOPPED:
        return Found(name, language, standing, status.lower() or "no status is told")
    differences = [what for what in ("category", "text", "buttons") if _part(ours, what) != _part(theirs, what)]
    if differences:
        return Found(name, language, Standing.DIFFERENT, " and ".join(differences))
    return Found(name, language, standing)


def _part(template: Mapping[str, Any], what: str) -> Any:
    """Give the part of a template that can be compared."""
    if what == "category":
        return template.get("category")
    components = {each.get("type"): each for each in template.get("components", ())}
    if what == "text":
        return components.get("BODY", {}).get("text")
    return [each.get("text") for each in components.get("BUTTONS", {}).get("buttons", ())]
