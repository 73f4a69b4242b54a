"""What is different between two accounts, as lines of their flow files. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from ivrserver.blocks.files import dump
from ivrserver.blocks.model import Account

_AROUND = 3
"""Lines that stay, shown around those that do not."""


def difference(old: Account, new: Account, old_name: str, new_name: str) -> Iterator[str]:
    """The lines of a unified diff of both flow files; none: they are equal.

    Raises:
        FlowFileError: an account holds what no flow file can hold.
    """
    before, after = dump(old).splitlines(), dump(new).splitlines()
    yield from difflib.unified_diff(before, after, old_name, new_name, lineterm="", n=_AROUND)
