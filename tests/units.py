"""Our systemd units, read as systemd reads them."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.tools import DEPLOY

ASTERISK = DEPLOY / "systemd" / "ivrserver-asterisk.service"
CONTROLLER = DEPLOY / "systemd" / "ivrserver.service"
UNITS = (ASTERISK, CONTROLLER)


@dataclass(frozen=True)
class Unit:
    """A unit file: every value of each directive, in order."""

    values: Mapping[str, list[str]]

    def one(self, name: str) -> str:
        """The value of a directive that is there once."""
        (value,) = self.values[name]
        return value

    def command(self, name: str) -> list[str]:
        """A command line."""
        return shlex.split(self.one(name))

    @property
    def environment(self) -> dict[str, str]:
        """What Environment= gives."""
        pairs = (text.partition("=") for text in self.values["Environment"])
        return {name: value for name, _, value in pairs}


def moved(text: str, places: Mapping[str, Path]) -> str:
    """The text with its folders elsewhere."""
    for place, folder in places.items():
        text = text.replace(place, str(folder))
    return text


def read_unit(file: Path, places: Mapping[str, Path] = {}) -> Unit:
    """Read a unit file, with its folders elsewhere."""
    values: dict[str, list[str]] = {}
    for line in moved(file.read_text(), places).splitlines():
        if line and not line.startswith(("#", "[")):
            name, _, value = line.partition("=")
            values.setdefault(name, []).append(value)
    return Unit(values)
