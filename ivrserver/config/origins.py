"""Where each setting has come from: remembered as the settings are read."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from ivrserver.config.secrets import FOLDERS

PREFIX: Final = "IVRSERVER_"
BETWEEN: Final = "__"


class Origin(StrEnum):
    """Where a value has come from."""

    DEFAULT = "default"
    FILE = "file"
    SEALED = "secret file"
    ENVIRONMENT = "environment"
    START = "start"
    """Chosen by the program as it started, such as a port that was free."""


Origins = Mapping[str, Origin]
"""By the name of a setting, or of an entry of one that has several."""


def origins(values: Mapping[str, Any]) -> Origins:
    """Where settings come from that are not the default, the strongest source of each.

    Args:
        values: of the settings file.
    """
    return {
        **dict.fromkeys(_names(values, ""), Origin.FILE),
        **dict.fromkeys(_secret_names(), Origin.SEALED),
        **dict.fromkeys(_variable_names(os.environ), Origin.ENVIRONMENT),
    }


def origin_of(name: str, known: Origins) -> Origin | None:
    """Where the setting `name` comes from; None: nobody has given it."""
    if name in known:
        return known[name]
    return next((origin for each, origin in known.items() if each.startswith(f"{name}.")), None)


def _names(values: Mapping[str, Any], before: str) -> Iterator[str]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _names(value, f"{before}{name}.")
        else:
            yield f"{before}{name}"


def _variable_names(variables: Mapping[str, str]) -> Iterator[str]:
    for variable, text in variables.items():
        if variable.upper().startswith(PREFIX) and variable not in FOLDERS:
            name = variable[len(PREFIX) :].lower().replace(BETWEEN, ".")
            yield name
            yield from _names(_section(text), f"{name}.")


def _section(text: str) -> Mapping[str, Any]:
    """A section that is given as a whole, as JSON."""
    try:
        value = json.loads(text) if text.startswith("{") else {}
    except ValueError:
        value = {}
    return value if isinstance(value, dict) else {}


def _secret_names() -> Iterator[str]:
    folder = next((value for name in FOLDERS if (value := os.environ.get(name))), None)
    if folder is not None and Path(folder).is_dir():
        for file in Path(folder).iterdir():
            yield file.name.lower().replace(BETWEEN, ".")
