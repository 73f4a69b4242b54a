"""Listen to what a phone hears while it hears it: when has the far end finished a sentence?"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np

from ivrserver.demo import listening

_DATA: Final = b"data"
_SIZE_BYTES: Final = 4
_SAMPLE_BYTES: Final = 2
_FULL_SCALE: Final = 32768.0
_LOOK_SECONDS: Final = 0.1
_FRAMES_PER_SECOND: Final = listening.RATE // listening.FRAME


class Ear:
    """Reads the WAV file that a phone writes of a call, as it grows.

    Args:
        file: where it is; None: there is none yet.
    """

    def __init__(self, file: Callable[[], Path | None]) -> None:
        self._file = file
        self._position = 0
        self._rest = b""

    async def sentence(self, pause: float) -> float:
        """Wait until something has been said, and then nothing for `pause` seconds.

        Silence is what is not heard, too: a far end that waits for keys may send nothing at all.

        Returns:
            For how long anything was heard since the last sentence; seconds. Needs a time limit:
            it waits for ever where nobody speaks.
        """
        clock = asyncio.get_running_loop().time
        loud, heard_at = 0, clock()
        while True:
            if fresh := await asyncio.to_thread(self._loud_frames):
                loud, heard_at = loud + fresh, clock()
            elif loud and clock() - heard_at >= pause:
                return loud / _FRAMES_PER_SECOND
            await asyncio.sleep(_LOOK_SECONDS)

    def _loud_frames(self) -> int:
        """Take in the frames that have come since; how many of them are no silence."""
        path = self._file()
        if path is None:
            return 0
        with path.open("rb") as file:
            if not self._position:
                self._position = _data_begins(file.read(256))
            if not self._position:
                return 0
            file.seek(self._position)
            fresh = file.read()
        self._position += len(fresh)
        frame = listening.FRAME * _SAMPLE_BYTES
        pieces = self._rest + fresh
        whole = len(pieces) // frame * frame
        self._rest = pieces[whole:]
        samples = np.frombuffer(pieces[:whole], dtype="<i2").astype(np.float64) / _FULL_SCALE
        return int(np.count_nonzero(listening.levels(samples) >= listening.SILENCE_RMS))


def _data_begins(head: bytes) -> int:
    """Where a WAV file's samples begin; 0: its header is not there yet."""
    found = head.find(_DATA)
    return 0 if found < 0 else found + len(_DATA) + _SIZE_BYTES
