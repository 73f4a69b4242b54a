"""Regular expressions of flow files, matched in linear time (RE2).

A pattern is written by people and matched on the event loop: with Python's own engine one such as
``(a+)+$`` could hold up every call.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

import re2

_OPTIONS = re2.Options()
_OPTIONS.log_errors = False

_LONGEST_GUESS: Final = 40


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> Any:
    return re2.compile(pattern, _OPTIONS)


def matches(pattern: str, text: str) -> bool:
    """Whether the whole `text` matches a `pattern` that has no problem."""
    return _compiled(pattern).fullmatch(text) is not None


def possible_match(pattern: str) -> str:
    """A text that a `pattern` without a problem may match, often the least; empty: none is known.

    It is a guess: ask `matches`.
    """
    try:
        least, _ = _compiled(pattern).possiblematchrange(_LONGEST_GUESS)
    except re2.error:
        return ""
    return bytes(least).decode("ascii", errors="ignore")


def problem_of(pattern: str) -> str:
    """What is wrong with `pattern`; empty: nothing."""
    try:
        _compiled(pattern)
    except re2.error as error:
        text = error.args[0]
        return text.decode() if isinstance(text, bytes) else str(text)
    return ""
