"""Message lamps of registered phones (message waiting indication, RFC 3842)."""

from __future__ import annotations

import asyncio
from typing import Final

from ulid import ULID

from ivrserver.errors import AriUnavailable
from ivrserver.telephony.client import Ari
from ivrserver.telephony.router import Event, Router

_DOMAIN: Final = "ivrserver"
"""The phones' endpoints have `mailboxes = NAME@ivrserver`."""

_SECONDS: Final = 3.0
"""How long Asterisk may take."""


class Lamps:
    """Tells Asterisk how many messages wait for whom; it tells the phones, also later ones.

    Asterisk's own ARI requests for that (res_mwi_external) are missing from most builds, Debian's
    among them, as they exclude its own voicemail. So a place in the dialplan does it, with what
    every build has.
    """

    def __init__(self, ari: Ari, router: Router) -> None:
        self._ari, self._router = ari, router
        self._order = asyncio.Lock()

    async def show(self, phone: str, new: int, saved: int) -> None:
        """Light the lamp of the registered phone of this name, or put it out.

        Several are shown in the order in which they were asked for. Asterisk forgets them when it
        is restarted.

        Args:
            new: messages that nobody has kept yet; 0: the lamp is out.
            saved: messages that were kept.

        Raises:
            TelephonyError: Asterisk could not be told.
        """
        counts = {"MAILBOX": f"{phone}@{_DOMAIN}", "NEW": str(new), "SAVED": str(saved)}
        over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def on_event(event: Event) -> None:
            if event["type"] == "ChannelDestroyed" and not over.done():
                over.set_result(None)

        async with self._order:
            channel_id = f"lamp-{ULID()}"
            self._router.listen(channel_id, on_event)
            try:
                await self._ari.run_dialplan(channel_id, "controller", "lamp", counts)
                async with asyncio.timeout(_SECONDS):
                    await over
            except TimeoutError as error:
                raise AriUnavailable(f"the lamp was not set within {_SECONDS:g} s") from error
            finally:
                self._router.forget(channel_id)
