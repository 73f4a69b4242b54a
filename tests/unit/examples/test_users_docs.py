"""The page about users gives commands and settings that are taken, and names every right."""

from __future__ import annotations

import re
import tomllib

import pytest

from ivrserver.access import Right, Role, meaning
from ivrserver.config import Settings
from tests.unit.examples.pages import HOW_TO, check_command, examples

PAGE = (HOW_TO / "manage-users.md").read_text(encoding="utf-8")
COMMANDS = [line for text in examples([PAGE], "sh") for line in text.splitlines()]


@pytest.mark.parametrize("line", COMMANDS)
def test_the_commands_of_the_page_are_taken(line: str) -> None:
    check_command(line)


@pytest.mark.parametrize("text", examples([PAGE], "toml"))
def test_the_settings_of_the_page_are_taken(text: str) -> None:
    assert Settings(**tomllib.loads(text))


def test_the_page_names_every_right_and_role() -> None:
    rows = dict(re.findall(r"^\| `([a-z:]+)` \| (.+) \|$", PAGE, re.MULTILINE))
    assert rows.keys() == {right.value for right in Right} | {role.value for role in Role}
    for right in Right:
        assert rows[right.value] == meaning(right)
