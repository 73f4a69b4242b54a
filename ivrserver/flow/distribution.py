"""In which order the people of a FindMe list are tried (SPEC §6)."""

from __future__ import annotations

import random
from collections import Counter
from typing import assert_never

from ivrserver.blocks import Distribution, FindMe


class Distributor:
    """Remembers, for round-robin lists, where the call before began; one for all calls.

    Args:
        chance: for lists in random order.
    """

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._calls: Counter[int] = Counter()

    def order(self, findme: FindMe) -> tuple[str, ...]:
        """The list of `findme` as this call tries it."""
        phones = findme.phones
        match findme.distribution:
            case Distribution.SEQUENTIAL:
                return phones
            case Distribution.RANDOM:
                return tuple(self._chance.sample(phones, len(phones)))
            case Distribution.ROUND_ROBIN:
                start = self._calls[findme.block_id] % max(1, len(phones))
                self._calls[findme.block_id] += 1
                return phones[start:] + phones[:start]
            case _:
                assert_never(findme.distribution)
