"""Names of the audio library as people write them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import PurePosixPath


def find_audio(names: Iterable[str], wanted: str) -> str:
    """The library's own name for `wanted`; empty: there is no such file.

    Upper and lower case do not matter, nor whether an extension such as ``.wav`` is there on
    either side; the closest name wins.
    """
    names = list(names)
    alike: tuple[Callable[[str], str], ...] = (str, str.casefold, _bare)
    for form in alike:
        for name in names:
            if form(name) == form(wanted.strip()):
                return name
    return ""


def _bare(name: str) -> str:
    path = PurePosixPath(name.casefold())
    return str(path.with_suffix("")) if path.name else ""
