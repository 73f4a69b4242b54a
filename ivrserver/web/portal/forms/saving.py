"""What was typed is stored, unless somebody has stored something newer: then both are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ivrserver.access import Author
from ivrserver.blocks import Account, Block
from ivrserver.blocks.compare import difference
from ivrserver.blocks.editing import block_in, without_secrets
from ivrserver.web.api.editing import Editor


class SavedMeanwhile(Exception):
    """Somebody else has saved a newer version than the one the form was made from.

    Attributes:
        now: the block as it is stored now.
        mine: as it would be with what was typed.
        version: what the form must show to be saved over that.
    """

    def __init__(self, now: Block, mine: Block, version: str) -> None:
        super().__init__("somebody else has saved this meanwhile")
        self.now, self.mine, self.version = now, mine, version


@dataclass(frozen=True, slots=True)
class Saving:
    """Stores what was typed into one block.

    Attributes:
        editor: stores.
        version_of: of the part of a block that the form shows: what others save beside it does not
            matter.
    """

    editor: Editor
    version_of: Callable[[Any], str]

    async def put(
        self, block_id: int, shown: str, make: Callable[[Account, Any], Block], by: Author
    ) -> Block:
        """Replace the block by what `make` makes of it.

        Args:
            shown: the version that the form was made from.

        Raises:
            SavedMeanwhile: there is a newer one.
            NothingThere: there is no such block any more.
            FlowFileError: something of it would lead nowhere.
        """

        def put(account: Account) -> Block:
            before = block_in(account, block_id)
            mine = make(account, before)
            version = self.version_of(before)
            if version != shown and mine != before:
                raise SavedMeanwhile(before, mine, version)
            return mine

        return await self.editor.put_block(put, by)


def difference_of(now: Block, mine: Block) -> Iterator[str]:
    """The lines of a unified diff: ``-`` as it is stored now, ``+`` as it was typed."""
    stored, typed = (without_secrets(Account(blocks=(each,))) for each in (now, mine))
    return difference(stored, typed, "saved meanwhile", "yours")
