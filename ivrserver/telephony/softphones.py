"""Softphones: SIP endpoints that exist while somebody has the portal open in a browser.

Asterisk itself is the register of them, so that every controller knows them all and none has to be
told: an endpoint's name says whose it is and which of a user's is the newest, its state whether the
browser is there. One that stays away is removed, whoever made it.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import structlog
from ulid import ULID

from ivrserver.config import SoftphoneSettings
from ivrserver.errors import TelephonyError
from ivrserver.telephony.client import Ari
from ivrserver.telephony.router import Event

log = structlog.get_logger(__name__)

_FIRST: Final = "softphone."
"""No phone and no trunk of the settings may be called so: their names have no dot."""

_PASSWORD_BYTES: Final = 24
_AWAY_SECONDS: Final = 60.0
"""How long a browser may be away, be it that its network is or that its controller is restarted."""
_LOOK_SECONDS: Final = 15.0
_MOST_OF_A_USER: Final = 8
"""Pages that one user may have open at one Asterisk; the oldest makes room."""

_OPUS: Final = ("codec_opus_open_source.so", "codec_opus.so")
_KINDS: Final = ("endpoint", "aor", "auth")
"""In the order in which they are removed: nobody logs in at what is going."""

_ENDPOINT: Final = {
    # DTLS with a certificate that Asterisk makes for itself, SRTP, ICE, RTP and RTCP on one port.
    "webrtc": "yes",
    "context": "softphone",
    "identify_by": "username",
    "disallow": "all",
    "dtmf_mode": "rfc4733",
    # As every phone's (pjsip.conf, `party`).
    "direct_media": "no",
    "rtp_symmetric": "yes",
    "force_rport": "yes",
    "rewrite_contact": "yes",
    "allow_transfer": "no",
    "allow_subscribe": "no",
    # A browser sends audio all the time: one that does not is gone.
    "rtp_timeout": "60",
    "rtp_timeout_hold": "600",
}
_AOR: Final = {
    "max_contacts": "1",
    "remove_existing": "yes",
    # Asterisk forgets a browser as its connection ends; this is for ends that nobody sees.
    "minimum_expiration": "30",
    "default_expiration": "120",
    "maximum_expiration": "120",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A softphone's account at one Asterisk; the browser logs in with it."""

    name: str
    password: str = field(repr=False)


def user_of(endpoint: str) -> str:
    """The user whose softphone an endpoint is; empty: it is none."""
    if not endpoint.startswith(_FIRST):
        return ""
    return endpoint.removeprefix(_FIRST).rpartition(".")[0]


def _age_first(endpoint: str) -> str:
    """By this they are sorted: the oldest first."""
    return endpoint.rpartition(".")[2]


class Softphones:
    """Those of one Asterisk.

    Args:
        clock: seconds; only goes forward.
    """

    def __init__(
        self,
        ari: Ari,
        settings: SoftphoneSettings,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ari, self._settings, self._clock = ari, settings, clock
        self._away_since: dict[str, float] = {}

    async def open(self, user: str) -> Line:
        """Make a softphone for a user whose page has been opened; a browser has a minute to come.

        Raises:
            TelephonyError: Asterisk cannot make it.
        """
        mine = sorted((each for each in await self._all() if user_of(each) == user), key=_age_first)
        for old in mine[: max(0, len(mine) + 1 - _MOST_OF_A_USER)]:
            log.warning("softphone_makes_room", user=user, most=_MOST_OF_A_USER)
            await self.close(old)
        name = f"{_FIRST}{user}.{str(ULID()).lower()}"
        line = Line(name, secrets.token_urlsafe(_PASSWORD_BYTES))
        login = {"auth_type": "userpass", "username": name, "password": line.password}
        shown = {"callerid": f'"{user}" <{user}>', "allow": await self._codecs()}
        try:
            await self._ari.configure("auth", name, login)
            await self._ari.configure("aor", name, _AOR)
            # The endpoint last: it is there when everything that it names is.
            endpoint = {**_ENDPOINT, **shown, "auth": name, "aors": name}
            await self._ari.configure("endpoint", name, endpoint)
        except TelephonyError:
            with suppress(TelephonyError):
                await self.close(name)
            raise
        return line

    async def _codecs(self) -> str:
        for module in _OPUS:
            if await self._ari.has_module(module):
                return "opus,ulaw,alaw"
        return "ulaw,alaw"

    def belongs(self, name: str, user: str) -> bool:
        """Whether a softphone of that name is that user's: its name says whose it is."""
        return user_of(name) == user

    async def exists(self, name: str) -> bool:
        """Whether there still is such a softphone; none after a restart of Asterisk."""
        return bool(user_of(name)) and await self._ari.endpoint(name) is not None

    async def close(self, name: str) -> None:
        """Take it away, and hang up the calls that it is on: its page is gone.

        Raises:
            TelephonyError: Asterisk cannot be asked.
        """
        if not user_of(name):
            raise ValueError("only softphones are taken away")
        found = await self._ari.endpoint(name)
        for kind in _KINDS:
            await self._ari.remove(kind, name)
        self._away_since.pop(name, None)
        for channel_id in found["channel_ids"] if found else ():
            with suppress(TelephonyError):
                await self._ari.hang_up(channel_id)

    async def newest_of(self, user: str) -> str:
        """The endpoint by which a user can be called; empty: they have no page open.

        Raises:
            TelephonyError: Asterisk cannot be asked.
        """
        there = [name for name, state in (await self._all()).items() if state == "online"]
        return max((name for name in there if user_of(name) == user), key=_age_first, default="")

    async def reachable(self) -> Collection[str]:
        """Users who can be called now.

        Raises:
            TelephonyError: Asterisk cannot be asked.
        """
        return {user_of(name) for name, state in (await self._all()).items() if state == "online"}

    async def keep(self, connected: asyncio.Event) -> None:
        """Remove those whose browser stays away, until cancelled."""
        while self._settings.enabled:
            await connected.wait()
            try:
                await self.sweep()
            except TelephonyError as error:
                log.warning("softphones_not_looked_at", error=type(error).__name__)
            await asyncio.sleep(_LOOK_SECONDS)

    async def sweep(self) -> None:
        """Look once; whoever has been away at every look for a minute is removed.

        Raises:
            TelephonyError: Asterisk cannot be asked.
        """
        now = self._clock()
        away = {name for name, state in (await self._all()).items() if state != "online"}
        self._away_since = {name: self._away_since.get(name, now) for name in away}
        for name, since in list(self._away_since.items()):
            if now - since >= _AWAY_SECONDS:
                log.info("softphone_removed", user=user_of(name))
                await self.close(name)

    async def _all(self) -> dict[str, str]:
        """The state of each, by its name."""
        found: list[Event] = await self._ari.endpoints()
        return {each["resource"]: each["state"] for each in found if user_of(each["resource"])}
