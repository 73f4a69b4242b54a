"""What somebody dials on a softphone of the portal, and where that leads. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Final

from ivrserver.blocks import Destination, ToBlock, ToNumber
from ivrserver.flow.dialling import understand

_BLOCK: Final = re.compile(r"block-([0-9]{1,9})", re.ASCII)


def block_number(block_id: int) -> str:
    """What is dialled to enter a block; from anywhere else it leads nowhere."""
    return f"block-{block_id}"


def route(
    dialled: str, blocks: Collection[int], extensions: Mapping[str, str], region: str
) -> tuple[Destination, str] | None:
    """Where it leads and why, if it is no number of the account; None: nowhere.

    Numbers outside are for the dial policy to allow, and who is there is for the dialer to find.

    Args:
        blocks: ids of the account's blocks.
        extensions: extension → name of each registered phone.
        region: country whose national numbers may be meant.
    """
    if found := _BLOCK.fullmatch(dialled):
        block_id = int(found[1])
        if block_id not in blocks:
            return None
        return ToBlock(block_id), f"{dialled} was dialled on a softphone"
    if phone := extensions.get(dialled, ""):
        return ToNumber(phone), f"{dialled} is the extension of {phone}"
    if understand(dialled, {}, region) is None:
        return None
    return ToNumber(dialled), f"{dialled} was dialled on a softphone"
