"""Templates as Meta checks and shows them.

Source: https://developers.facebook.com/docs/whatsapp/business-management-api/message-templates
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from tests.whatsapp_server.messages import Bubble, RefusedError, units

VARIABLE = re.compile(r"\{\{(\d+)\}\}")
MOST_BODY, MOST_BUTTON = 1024, 20


def check_template(given: Mapping[str, Any]) -> None:
    """Look at what is submitted.

    Raises:
        RefusedError: it is not as Meta wants it.
    """
    parts = {each["type"]: each for each in given["components"]}
    text = parts["BODY"]["text"]
    variables = VARIABLE.findall(text)
    examples = parts["BODY"].get("example", {}).get("body_text", [[]])[0]
    wrong = {
        "name": not re.fullmatch(r"[a-z0-9_]{1,512}", given["name"]),
        "category": given["category"] not in {"UTILITY", "MARKETING", "AUTHENTICATION"},
        "body": not text or units(text) > MOST_BODY,
        "edges": bool(re.match(r"\s*\{\{", text) or re.search(r"\}\}\W*$", text)),
        "example": len(examples) != len(variables),
        "buttons": any(not 0 < units(each["text"]) <= MOST_BUTTON for each in _buttons(parts)),
    }
    for what, is_wrong in wrong.items():
        if is_wrong:
            raise RefusedError(100, f"(#100) Invalid parameter: {what}")


def read_template(identifier: str, given: Mapping[str, Any], known: Sequence[Mapping[str, Any]]) -> Bubble:
    """Give what the reader of a template sees.

    Raises:
        RefusedError: there is no such template, or what stands in it does not fit.
    """
    asked = given["template"]
    wanted = (asked["name"], asked["language"]["code"])
    found = next((each for each in known if (each["name"], each["language"]) == wanted), None)
    if found is None or found["status"] not in {"APPROVED", "PAUSED"}:
        raise RefusedError(132001, "(#132001) Template name does not exist in the translation", status=404)
    if found["status"] == "PAUSED":
        raise RefusedError(132015, "(#132015) Template is paused")
    parts = {each["type"]: each for each in found["components"]}
    words = [word["text"] for each in asked["components"] if each["type"] == "body" for word in each["parameters"]]
    if len(words) != len(VARIABLE.findall(parts["BODY"]["text"])):
        raise RefusedError(132000, "(#132000) Number of parameters does not match")
    if any(not word or re.search(r"[\n\t]| {5}", word) for word in words):
        raise RefusedError(132018, "(#132018) Param text cannot have new-line/tab characters or 4 consecutive spaces")
    text = VARIABLE.sub(lambda place: str(words[int(place[1]) - 1]), parts["BODY"]["text"])
    if units(text) > MOST_BODY:
        raise RefusedError(132005, "(#132005) Translated text too long")
    carried = {each["index"]: each["parameters"][0]["payload"] for each in asked["components"] if "index" in each}
    buttons = _buttons(parts)
    choices = tuple((each["text"], carried.get(str(place), each["text"])) for place, each in enumerate(buttons))
    tracker = given.get("biz_opaque_callback_data", "")
    return Bubble(identifier, text, is_ours=True, choices=choices, is_template=True, tracker=tracker)


def _buttons(parts: Mapping[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = parts.get("BUTTONS", {}).get("buttons", [])
    return found
