"""Regular expressions of flow files, matched in linear time (RE2).

A pattern is written by people and matched on the event loop: with Python's own engine one such as
``(a+)+$`` could hold up every call.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import re2

_OPTIONS = re2.Options()
_OPTIONS.log_errors = False


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> Any:
    return re2.compile(pattern, _OPTIONS)


def matches(pattern: str, text: str) -> bool:
    """Whether the whole `text` matches a `pattern` that has no problem."""
    return _compiled(pattern).fullmatch(text) is not None


def problem_of(pattern: str) -> str:
    """What is wrong with `pattern`; empty: nothing."""
    try:
        _compiled(pattern)
    except re2.error as error:
        text = error.args[0]
        return text.decode() if isinstance(text, bytes) else str(text)
    return ""
