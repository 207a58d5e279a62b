"""Image, compose file and service units, read as far as they can be without Docker and systemd."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections import defaultdict
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from bot.cli import main
from bot.settings import Settings
from bot.stopping import AT_THE_LATEST

ROOT = Path(__file__).parents[2]
PACKAGES = ("indicators", "conversations", "storage", "bot")
UNITS = sorted((ROOT / "deploy" / "systemd").iterdir())
SERVICES = [each for each in UNITS if each.suffix == ".service"]
SETTINGS = {f"JEMPUTBOLA_{name.upper()}" for name in Settings.model_fields}
SETTING = re.compile(r"JEMPUTBOLA_[A-Z_]+")
SECRETS = {"jemputbola_database_password", "jemputbola_telegram_token"}
SYSTEMD = shutil.which("systemd-analyze")
HARDENING = {
    "CapabilityBoundingSet": "",
    "LockPersonality": "yes",
    "MemoryDenyWriteExecute": "yes",
    "NoNewPrivileges": "yes",
    "PrivateDevices": "yes",
    "PrivateTmp": "yes",
    "ProtectHome": "yes",
    "ProtectSystem": "strict",
    "RestrictNamespaces": "yes",
    "RestrictSUIDSGID": "yes",
    "UMask": "0077",
}


def instructions() -> list[tuple[str, str]]:
    """Give the Dockerfile's instructions with their arguments."""
    written = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
    lines = [line for line in written.splitlines() if line.strip() and not line.startswith("#")]
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in lines)]


def copied() -> list[str]:
    """Give what the Dockerfile copies from the folder, and not from another stage."""
    sources = [rest.split()[:-1] for word, rest in instructions() if word == "COPY" and "--from=" not in rest]
    return [each for source in sources for each in source]


def compose() -> dict[str, Any]:
    written: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
    return written


def unit(path: Path) -> dict[str, list[str]]:
    """Give the values of each key of a unit, over all its sections."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for line in path.read_text("utf-8").splitlines():
        if line and line[0] not in "#[":
            key, is_there, value = line.partition("=")
            assert is_there, f"{path.name}: no setting: {line}"
            found[key].append(value)
    return found


def seconds(written: str) -> float:
    """Read ``15s`` or ``15``."""
    return float(written.removesuffix("s"))


def test_the_image_is_built_from_what_is_there_and_let_through() -> None:
    let_through = [line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line[:1] == "!"]

    assert {*PACKAGES, "requirements.lock", "pyproject.toml"} <= set(copied())
    for source in copied():
        assert (ROOT / source).exists(), source
        assert any(fnmatch(source, each) for each in let_through), source
    assert set(let_through) == set(copied())


def test_the_image_installs_nothing_without_its_hash_and_runs_as_nobody() -> None:
    done = instructions()
    final = done[max(place for place, (word, _) in enumerate(done) if word == "FROM") :]
    installs = [each for word, rest in done if word == "RUN" for each in rest.split("&&") if "pip install" in each]

    assert all("--require-hashes" in each or "--no-index" in each for each in installs), installs
    assert [rest for word, rest in final if word == "COPY"] == ["--from=build /opt/jemputbola /opt/jemputbola"]
    assert [word for word, _ in final if word in ("USER", "HEALTHCHECK", "CMD")] == ["USER", "HEALTHCHECK", "CMD"]
    assert "latest" not in str(done)


def test_the_image_probes_the_page_that_tells_whether_it_lives() -> None:
    (probe,) = (rest for word, rest in instructions() if word == "HEALTHCHECK")
    program = re.search(r'"-c", "(.+)"\]', probe)

    assert program
    assert "/healthz" in program[1]
    compile(program[1], "probe", "exec")  # it is Python


@pytest.mark.parametrize("file", ["Dockerfile", "compose.yaml", *(str(each.relative_to(ROOT)) for each in UNITS)])
def test_every_setting_that_is_named_exists(file: str) -> None:
    named = set(SETTING.findall((ROOT / file).read_text("utf-8")))

    assert named <= SETTINGS


def test_every_page_that_is_referred_to_exists() -> None:
    deployed = (each for each in (ROOT / "deploy").rglob("*") if each.is_file())
    files = [ROOT / "Dockerfile", ROOT / "compose.yaml", *deployed]
    named = {page for each in files for page in re.findall(r"docs/[\w/-]+\.md", each.read_text("utf-8"))}

    assert named
    assert {page for page in named if not (ROOT / page).is_file()} == set()


@pytest.mark.parametrize("name", ["bot", "database"])
def test_a_service_can_do_no_more_than_it_needs(name: str) -> None:
    service = compose()["services"][name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["restart"] == "unless-stopped"
    assert service["tmpfs"]
    assert seconds(service["stop_grace_period"]) > AT_THE_LATEST.total_seconds()


def test_the_bot_waits_for_its_database_and_is_reached_from_this_machine_only() -> None:
    services = compose()["services"]

    assert services["bot"]["depends_on"] == {"database": {"condition": "service_healthy"}}
    assert "pg_isready" in services["database"]["healthcheck"]["test"][1]
    assert all(each.startswith("127.0.0.1:") for each in services["bot"]["ports"])
    assert "ports" not in services["database"]
    assert compose()["networks"]["inside"] == {"internal": True}


def test_secrets_are_files_and_named_like_settings() -> None:
    written = compose()
    used = {each for service in written["services"].values() for each in service["secrets"]}

    assert used == set(written["secrets"]) == SECRETS
    assert {each.upper() for each in used} <= SETTINGS
    assert written["services"]["database"]["environment"]["POSTGRES_PASSWORD_FILE"] == (
        "/run/secrets/jemputbola_database_password"
    )


def test_everything_that_is_mounted_is_declared() -> None:
    written = compose()
    mounted = {each.partition(":")[0] for service in written["services"].values() for each in service["volumes"]}
    networks = {each for service in written["services"].values() for each in service["networks"]}

    assert mounted == set(written["volumes"])
    assert networks == set(written["networks"])


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_a_unit_is_hardened_and_starts_a_command_that_exists(path: Path) -> None:
    written = unit(path)
    (command,) = written["ExecStart"]
    program, name, *options = command.split()

    assert {key: written[key][0] for key in HARDENING} == HARDENING
    assert program.endswith("/bin/jemputbola")
    found = main.get_command(click.Context(main), name)
    assert found
    found.make_context(name, options)


def test_the_unit_of_the_bot_waits_long_enough_and_reads_its_secret() -> None:
    written = unit(ROOT / "deploy" / "systemd" / "jemputbola.service")

    assert seconds(written["TimeoutStopSec"][0]) > AT_THE_LATEST.total_seconds()
    assert {each.partition(":")[0].upper() for each in written["LoadCredential"]} <= SETTINGS


@pytest.mark.skipif(SYSTEMD is None and os.environ.get("CI") != "true", reason="no systemd-analyze here")
def test_systemd_can_read_the_units(tmp_path: Path) -> None:
    assert SYSTEMD, "install systemd: the units are to be read where CI=true"
    for path in UNITS:
        there = path.read_text("utf-8").replace("/opt/jemputbola/.venv/bin/jemputbola", sys.executable)
        (tmp_path / path.name).write_text(there, "utf-8")
    copies = [str(tmp_path / path.name) for path in UNITS]

    command = [SYSTEMD, "verify", "--man=no", *copies]
    said = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - systemd's own

    assert (said.returncode, said.stderr) == (0, "")


def test_the_package_holds_every_file(tmp_path: Path) -> None:
    source, built = tmp_path / "source", tmp_path / "built"
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    for name in PACKAGES:
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    paths = (path for name in PACKAGES for path in (source / name).rglob("*") if path.is_file())
    files = {str(path.relative_to(source)) for path in paths}
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]

    subprocess.run([*command, "--wheel-dir", str(built), str(source)], check=True)  # noqa: S603 - our own

    (wheel,) = built.iterdir()
    assert files - set(zipfile.ZipFile(wheel).namelist()) == set()
