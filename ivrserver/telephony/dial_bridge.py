"""Where Asterisk keeps a leg after it has been dialled: an invisible bridge of its own.

Nothing can be recorded there ("Cannot record channel while in bridge", asterisk/asterisk#2044, of
22.10 and before). A leg that has been put into another bridge and taken out of it again is free.
"""

from __future__ import annotations

from ulid import ULID

from ivrserver.telephony.client import Ari
from ivrserver.telephony.surely import surely


async def leave_dial_bridge(ari: Ari, channel_id: str) -> None:
    """Free an answered leg, whose media has ended.

    Raises:
        ChannelGone: it has left.
        AriRefused, AriUnavailable: it could not be done.
    """
    bridge_id = f"{ari.application}-{ULID()}"
    await ari.create_bridge(bridge_id)
    try:
        await ari.add_to_bridge(bridge_id, [channel_id])
        await ari.remove_from_bridge(bridge_id, channel_id)
    finally:
        await surely(ari.destroy_bridge(bridge_id))
