"""``@name`` in prompts, whispers and destinations, replaced by user parameters (SPEC §3).

- The longest known name wins: with ``first`` and ``firstname`` known, ``@firstname`` is the latter.
- A name is as the reply gave it; upper and lower case differ.
- A name that nobody supplied (letters, digits and ``_``, not beginning with a digit) is read as
  nothing and reported.
- An ``@`` directly after a letter or digit begins no parameter, so ``me@example.com`` stays, but
  ``@area@number`` is two parameters when ``number`` is known. ``@@`` is read as one ``@``.
- What a value contains is never looked at again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_NAME = re.compile(r"[^\W\d]\w*")


def substitute(text: str, parameters: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """Replace every ``@name``.

    Args:
        text: as the flow has it.
        parameters: value by name.

    Returns:
        The text as it is to be used, and the names that nobody supplied, each once, in order.
    """
    lengths = sorted({len(name) for name in parameters if name}, reverse=True)
    parts: list[str] = []
    missing: dict[str, None] = {}
    done = 0
    while (at := text.find("@", done)) >= 0:
        parts.append(text[done:at])
        follows_value = at == done and at > 0
        follows_word = at > 0 and (text[at - 1].isalnum() or text[at - 1] == "_")
        start = done = at + 1
        known = _known(text, start, lengths, parameters)
        unknown = _NAME.match(text, start)
        if text.startswith("@", start):
            parts.append("@")
            done = start + 1
        elif follows_word and not (follows_value and known):
            parts.append("@")
        elif known:
            parts.append(parameters[known])
            done = start + len(known)
        elif unknown:
            missing[unknown.group()] = None
            done = unknown.end()
        else:
            parts.append("@")
    parts.append(text[done:])
    return "".join(parts), tuple(missing)


def _known(text: str, start: int, lengths: list[int], parameters: Mapping[str, str]) -> str:
    """The longest known name that `text` has at `start`; empty: none."""
    for length in lengths:
        name = text[start : start + length]
        if name in parameters:
            return name
    return ""
