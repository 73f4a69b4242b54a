"""The command `ivrserver asterisk`. It needs none of what only the controller needs."""

from __future__ import annotations

import asyncio

import click

from ivrserver.config import Settings
from ivrserver.programs.command import Context
from ivrserver.telephony.asterisk import service


@click.group(invoke_without_command=True)
@click.pass_context
def asterisk(context: click.Context) -> None:
    """Run Asterisk alone, for a container or a service manager to watch over."""
    if context.invoked_subcommand is None:
        asyncio.run(service.serve(_settings(context), click.echo))


@asterisk.command("console")
@click.argument("words", nargs=-1, required=True)
@click.pass_context
def on_console(context: click.Context, words: tuple[str, ...]) -> None:
    """Give a command to the running Asterisk's console, such as: core show channels."""
    answer = service.ask_console(_settings(context), " ".join(words))
    click.echo(asyncio.run(answer), nl=False)


def _settings(context: click.Context) -> Settings:
    source: Context = context.obj
    return source.settings()
