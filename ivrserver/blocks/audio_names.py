"""Names of the audio library as people write them.

Web servers write ``whisper_audio`` by hand: capitals do not count, nor whether the extension of a
sound file is there on either side.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

_EXTENSION = re.compile(r"\.(?:wav|mp3|ogg|oga|opus|flac)$")


def _bare(name: str) -> str:
    return _EXTENSION.sub("", name.casefold())


_ALIKE: tuple[Callable[[str], str], ...] = (str, str.casefold, _bare)


def find_audio(names: Iterable[str], wanted: str) -> str:
    """The library's own name for `wanted`, the closest one; empty: there is no such file."""
    known, asked = list(names), wanted.strip()
    for form in _ALIKE:
        for name in known:
            if asked and form(name) == form(asked):
                return name
    return ""
