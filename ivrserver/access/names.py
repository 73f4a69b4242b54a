"""How users are called: as phones are, because FindMe lists call a user's softphone by it."""

from __future__ import annotations

import re
from typing import Final

from ivrserver.errors import UserRefused

NAME_PATTERN: Final = r"[a-z][a-z0-9_\-]{0,31}"
"""A regular expression, for web pages and the API too: browsers want the - escaped."""
NAME_HINT: Final = "1 to 32 of a-z, 0-9, _ and -, a letter first"

_NAME: Final = re.compile(NAME_PATTERN, re.ASCII)


def checked_name(text: str) -> str:
    """The name as it is stored.

    Raises:
        UserRefused: nobody can be called that.
    """
    if not _NAME.fullmatch(text):
        raise UserRefused(f"a user's name is {NAME_HINT}", field="name")
    return text
