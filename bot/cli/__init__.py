"""The command line: ``jemputbola``."""

from __future__ import annotations

import click

from bot.cli import districts, failures, forms, people, service
from bot.cli.errors import FriendlyGroup


@click.group(cls=FriendlyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="jemput-bola")
def main() -> None:
    """Jemput Bola: a chatbot that fetches the answers for Kabupaten/Kota Layak Anak."""


for command in (
    service.run,
    service.db,
    service.doctor,
    forms.form,
    districts.district,
    districts.invite,
    people.approve,
    people.person,
    failures.failed,
):
    main.add_command(command)
