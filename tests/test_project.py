"""What the project promises about its own files: locks, requirements and their documentation."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LOCKS = ("requirements.lock", "requirements-dev.lock")
PIN = re.compile(r"^([a-z0-9-]+)==\S+", re.MULTILINE)


def normal_name(requirement: str) -> str:
    """Reduce ``uvicorn[standard]>=0.54,<1`` to ``uvicorn``, spelled as the locks spell it."""
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert found, requirement
    return re.sub(r"[._-]+", "-", found[0]).lower()


def required() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    written = [
        *project["project"]["dependencies"],
        *(each for extra in project["project"]["optional-dependencies"].values() for each in extra),
        *(each for group in project["dependency-groups"].values() for each in group if isinstance(each, str)),
    ]
    return {normal_name(each) for each in written}


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_address(lock: str) -> None:
    written = (ROOT / lock).read_text("utf-8")

    assert not re.findall(r".*(?:://|--(?:extra-)?index-url|--find-links).*", written)


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_in_a_lock_has_a_hash(lock: str) -> None:
    written = (ROOT / lock).read_text("utf-8")

    pins = re.split(r"^(?=[a-z0-9-]+==)", written, flags=re.MULTILINE)[1:]

    assert pins
    assert [pin.splitlines()[0] for pin in pins if "--hash=sha256:" not in pin] == []


def test_both_locks_agree_on_every_version() -> None:
    runtime, development = (
        {match[1]: match[0] for match in PIN.finditer((ROOT / lock).read_text("utf-8"))} for lock in LOCKS
    )

    assert {name: development.get(name) for name in runtime} == runtime


def test_everything_that_is_required_is_locked() -> None:
    locked = set(PIN.findall((ROOT / "requirements-dev.lock").read_text("utf-8")))

    assert required() <= locked


def test_the_documentation_explains_every_requirement_and_no_other() -> None:
    rows = re.findall(r"^\| `([^`]+)` \|", (ROOT / "docs/dependencies.md").read_text("utf-8"), re.MULTILINE)

    assert sorted(normal_name(row) for row in rows) == sorted(required())
