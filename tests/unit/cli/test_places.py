"""A command loads what it needs, and no more."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest

from ivrserver.cli import main


@pytest.mark.parametrize("name", main.places)
def test_each_command_is_where_it_is_said_to_be(name: str) -> None:
    command = main.get_command(click.Context(main), name)
    assert command is not None
    assert command.name == name


def test_an_unknown_command_is_told() -> None:
    assert main.get_command(click.Context(main), "nothing") is None


def test_who_starts_asterisk_loads_no_database() -> None:
    program = (
        "import sys; from ivrserver.cli import main;"
        "main(['asterisk', '--help'], standalone_mode=False);"
        "print(*{'sqlalchemy', 'fastapi', 'numpy'} & {*sys.modules}, sep=', ')"
    )
    said = subprocess.check_output([sys.executable, "-c", program], text=True)
    assert said.splitlines()[-1] == ""
