"""The command `ivrserver fetch`; and commands that run by themselves, as images want them."""

from __future__ import annotations

import sys
from typing import Protocol

import click

from ivrserver.config import Settings, load
from ivrserver.errors import IvrError
from ivrserver.programs.catalogue import CATALOGUE
from ivrserver.programs.fetch import fetch as fetch_programs


class Context(Protocol):
    """What every command is given as its object."""

    def settings(self) -> Settings:
        """Read the settings."""
        ...


@click.command()
@click.argument("names", nargs=-1, required=True, type=click.Choice(sorted(CATALOGUE)))
@click.pass_obj
def fetch(context: Context, names: tuple[str, ...]) -> None:
    """Bring programs into the cache folder: Debian's own packages, checked by its signature."""
    fetch_programs(names, context.settings().packages, click.echo)


class _Alone:
    """Settings from the environment and, if there is one, the current folder's file."""

    def settings(self) -> Settings:
        return load()


def alone(command: click.Command, name: str) -> None:
    """Run a command of `ivrserver` where the rest of it is not installed.

    An error that explains itself ends it with status 1.
    """
    try:
        command(obj=_Alone(), prog_name=name)
    except IvrError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(1)
