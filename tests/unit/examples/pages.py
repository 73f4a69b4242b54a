"""The pages of the documentation, for tests that try their examples."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from pathlib import Path

import click

from ivrserver.cli import main

ROOT = Path(__file__).parents[3]
HOW_TO = ROOT / "docs" / "how-to"


def examples(pages: Iterable[str], language: str) -> list[str]:
    """Every example in that language, of all those pages, which are given as text."""
    fence = rf"^```{language}\n(.*?)^```$"
    return [found for page in pages for found in re.findall(fence, page, re.DOTALL | re.MULTILINE)]


def check_command(line: str) -> None:
    """See that `ivrserver` takes this command line; nothing is run."""
    program, *words = shlex.split(line, comments=True)
    assert program == "ivrserver"
    command: click.Command = main
    context = click.Context(main)
    # A group may do something itself: then its options follow at once.
    while isinstance(command, click.Group) and not words[0].startswith("-"):
        name, found, words = command.resolve_command(context, words)
        assert name is not None
        assert found is not None
        command = found
    command.make_context(command.name, words)
