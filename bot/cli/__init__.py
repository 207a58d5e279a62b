"""The command line: ``jemputbola``."""

from __future__ import annotations

import click

from bot.cli.group import ProgramGroup

COMMANDS = {
    "answers": "bot.cli.answers:answers",
    "approve": "bot.cli.answers:approve",
    "backup": "bot.cli.backups:backup",
    "calendar": "bot.cli.calendars:calendar",
    "db": "bot.cli.service:db",
    "district": "bot.cli.districts:district",
    "doctor": "bot.cli.service:doctor",
    "failed": "bot.cli.failures:failed",
    "form": "bot.cli.forms:forms",
    "invite": "bot.cli.districts:invite",
    "outbox": "bot.cli.outbox:outbox",
    "person": "bot.cli.people:person",
    "rehearse": "bot.cli.rehearsal:rehearse",
    "restore": "bot.cli.backups:restore",
    "run": "bot.cli.service:run",
    "telegram": "bot.cli.telegram:telegram",
    "whatsapp": "bot.cli.whatsapp:whatsapp",
}
"""Where each command is; imported when it is called."""


@click.group(
    cls=ProgramGroup,
    places=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="jemput-bola")
def main() -> None:
    """Jemput Bola: a chatbot that fetches the answers for Kabupaten/Kota Layak Anak."""
