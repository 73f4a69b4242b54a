"""``python -m ivrserver.telephony.asterisk``: `ivrserver asterisk` where nothing else is installed.

The packages that it needs are in ``requirements/asterisk.txt``; the controller's are many more.
"""

from __future__ import annotations

import sys

import click

from ivrserver.config import Settings, load
from ivrserver.errors import IvrError
from ivrserver.telephony.asterisk.command import asterisk


class _Environment:
    """Settings from the environment and, if there is one, the current folder's file."""

    def settings(self) -> Settings:
        return load()


def main() -> None:
    """Run the command; an error that explains itself ends it with status 1."""
    try:
        asterisk(obj=_Environment(), prog_name="ivrserver asterisk")
    except IvrError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
