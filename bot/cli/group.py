"""The group of all commands: each is imported when it is called, and its errors are told as a person wants them."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click


class ProgramGroup(click.Group):
    """Imports no more than the command that is called, which makes the start a good deal faster."""

    def __init__(self, *arguments: Any, places: Mapping[str, str], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._places = places

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Give the names, in order."""
        return sorted(self._places)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Import a command."""
        if cmd_name not in self._places:
            return None
        module, _, name = self._places[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; an error that can be explained becomes one sentence and exit code 1, without a traceback."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            from bot.cli.errors import explained

            if explanation := explained(error):
                raise click.ClickException(explanation) from error
            raise
