"""Which passwords are taken: long ones that nobody tries first (NIST SP 800-63B §5.1.1)."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Final

from ivrserver.errors import UserRefused

LEAST: Final = 10
"""Characters of a password."""
MOST: Final = 200

_DISTINCT: Final = 5
_COMMON: Final = frozenset(
    Path(__file__).with_name("common_passwords.txt").read_text("utf-8").split()
)
"""What stands at the top of lists of stolen passwords, without figures and signs around it."""
_ROWS: Final = ("01234567890123456789", "abcdefghijklmnopqrstuvwxyz", "1qaz2wsx3edc4rfv5tgb")


def checked_password(password: str, name: str) -> str:
    """The password as it is hashed: the same characters, whatever keyboard typed them.

    Args:
        password: as it was typed.
        name: of its user.

    Raises:
        UserRefused: it is too short, too long or too easy to guess; says how to do better.
    """
    typed = normalised(password)
    if len(typed) < LEAST:
        raise _refused(f"take at least {LEAST} characters: a few words are easy to remember")
    if len(typed) > MOST:
        raise _refused(f"at most {MOST} characters are allowed")
    plain = typed.casefold()
    if len(set(plain)) < _DISTINCT:
        raise _refused("it repeats a few characters only; take a few words")
    if name and _bare(plain) in {name, _bare(name)}:
        raise _refused("it is the user's name; take a few words")
    if _bare(plain) in _COMMON or any(plain in row or plain in row[::-1] for row in _ROWS):
        raise _refused("it is one that is tried first; take a few words")
    return typed


def normalised(password: str) -> str:
    """The same text for the same keys, on every system."""
    return unicodedata.normalize("NFKC", password)


def _bare(text: str) -> str:
    """Without the figures and signs around it, which everybody adds."""
    return text.strip("".join(each for each in set(text) if not each.isalpha()))


def _refused(why: str) -> UserRefused:
    return UserRefused(f"this password is not taken: {why}", field="password")
