"""The command line: ``jemputbola``."""

from __future__ import annotations

import click

from bot.cli.backups import backup, restore
from bot.cli.districts import district, invite
from bot.cli.errors import FriendlyGroup
from bot.cli.failures import failed
from bot.cli.forms import forms
from bot.cli.people import approve, person
from bot.cli.service import db, doctor, run
from bot.cli.telegram import telegram


@click.group(cls=FriendlyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="jemput-bola")
def main() -> None:
    """Jemput Bola: a chatbot that fetches the answers for Kabupaten/Kota Layak Anak."""


for command in (run, db, backup, restore, doctor, forms, district, invite, approve, person, failed, telegram):
    main.add_command(command)
