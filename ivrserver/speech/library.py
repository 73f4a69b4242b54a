"""Files of the audio library, known by what is in them."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ivrserver.errors import SpeechError
from ivrserver.speech.audio import PROCESSING
from ivrserver.speech.store import key_of

_LOOK_AGAIN: Final = 1.0


@dataclass(frozen=True, slots=True)
class _Seen:
    """A file as it was when it was read: where its content lay, its size and time, and its key."""

    identity: tuple[int, ...]
    key: str
    looked: float


class LibraryFiles:
    """Keys of sound files. A file is read again when it has changed."""

    def __init__(self, rate: int, now: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._now = now
        self._seen: dict[Path, _Seen] = {}

    def recall(self, path: Path) -> str | None:
        """Key of a file that was read before; None if it has changed or is gone.

        Looks at the file at most once in a second.
        """
        seen = self._seen.get(path)
        if seen is None:
            return None
        if (now := self._now()) - seen.looked >= _LOOK_AGAIN:
            del self._seen[path]
            if _identity(path) != seen.identity:
                return None
            self._seen[path] = _Seen(seen.identity, seen.key, now)
        return seen.key

    def read(self, path: Path) -> tuple[bytes, str]:
        """Read a file: its content and its key. Blocks.

        Raises:
            SpeechError: it is not there or cannot be read; the text names it.
        """
        identity = _identity(path)
        try:
            data = path.read_bytes()
        except OSError as error:
            raise SpeechError(f"cannot read the audio file {path}: {error.strerror}") from error
        key = key_of("file", hashlib.sha256(data).hexdigest(), self._rate, PROCESSING)
        self._seen[path] = _Seen(identity, key, self._now())
        return data, key


def _identity(path: Path) -> tuple[int, ...]:
    try:
        found = path.stat()
    except OSError:
        return ()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
