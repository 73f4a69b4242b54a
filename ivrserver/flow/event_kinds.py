"""What events are called on the wire and in the database."""

from __future__ import annotations

import re
from typing import get_args

from ivrserver.flow.events import Event


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


KINDS: dict[str, type[Event]] = {_snake(kind.__name__): kind for kind in get_args(Event)}
_NAMES: dict[type, str] = {kind: name for name, kind in KINDS.items()}


def kind_of(event: Event) -> str:
    """The event's name on the wire, such as ``question_asked``."""
    return _NAMES[type(event)]
