"""API keys and other long random texts, of which only hashes are kept.

A key is ``ivr_ID_SECRET``: ten characters that name it, and 32 that prove it. The beginning lets
scanners of source code find what should not be there. A plain SHA-256 is enough for what is random
and as long as this: nobody can try them all.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import string
from dataclasses import dataclass, field
from typing import Final

_LETTERS: Final = string.ascii_letters + string.digits
_KEY: Final = re.compile("ivr_([a-z0-9]{10})_([A-Za-z0-9]{32})", re.ASCII)


@dataclass(frozen=True, slots=True)
class KeyText:
    """What a client shows: which key it is, and the hash of what proves it."""

    key_id: str
    digest: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class MadeKey:
    """A new key. `text` is shown once; `key_id` and `digest` are kept."""

    key_id: str
    text: str = field(repr=False)
    digest: str = field(repr=False)


def make_key() -> MadeKey:
    """A new random key."""
    key_id = _random(string.ascii_lowercase + string.digits, 10)
    secret = _random(_LETTERS, 32)
    return MadeKey(key_id, f"ivr_{key_id}_{secret}", digest(secret))


def read_key(text: str) -> KeyText | None:
    """Take a key apart; None: it is none."""
    found = _KEY.fullmatch(text)
    return KeyText(found[1], digest(found[2])) if found else None


def make_token() -> str:
    """A random text that nobody guesses, for cookies and links: 43 letters, figures, - and _."""
    return secrets.token_urlsafe(32)


def digest(text: str) -> str:
    """What is kept of a random text: its SHA-256, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def _random(letters: str, many: int) -> str:
    return "".join(secrets.choice(letters) for _ in range(many))
