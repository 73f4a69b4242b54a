"""Message lamps of registered phones (message waiting indication, RFC 3842)."""

from __future__ import annotations

from typing import Final

from ivrserver.telephony.client import Ari

_DOMAIN: Final = "ivrserver"
"""The phones' endpoints have `mailboxes = NAME@ivrserver`."""


class Lamps:
    """Tells Asterisk how many messages wait for whom; it tells the phones, also later ones.

    Asterisk's own way to do that over ARI is missing from most builds, Debian's among them: it
    excludes its own voicemail. So a place in the dialplan does it, with what every build has.
    """

    def __init__(self, ari: Ari) -> None:
        self._ari = ari

    async def show(self, phone: str, new: int, saved: int) -> None:
        """Light the lamp of the registered phone of this name, or put it out.

        Asterisk forgets it when it is restarted.

        Args:
            new: messages that nobody has kept yet; 0: the lamp is out.
            saved: messages that were kept.

        Raises:
            TelephonyError: Asterisk cannot be told.
        """
        await self._ari.run_dialplan(
            "controller",
            "lamp",
            {"MAILBOX": f"{phone}@{_DOMAIN}", "NEW": str(new), "SAVED": str(saved)},
        )
