"""What Asterisk knows about trunks and phones: are they there, are we registered."""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import aiohttp

from ivrserver.config import Settings
from ivrserver.errors import AriUnavailable, SetupError
from ivrserver.telephony.asterisk import program
from ivrserver.telephony.asterisk.console import console
from ivrserver.telephony.asterisk.folders import Folders
from ivrserver.telephony.asterisk.password import with_kept_password
from ivrserver.telephony.asterisk.process import Installation

_TIMEOUT: Final = aiohttp.ClientTimeout(total=2.0)
_REGISTRATION: Final = re.compile(
    r"^ *([^ /]+)/sip:.* ([A-Z][a-z]+) *(?:\(exp\. .*\))? *$", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Peers:
    """What Asterisk knows.

    Attributes:
        online: whether each trunk or phone that it has is there, by name.
        registrations: Asterisk's word for each trunk that registers, such as ``Registered`` or
            ``Rejected``; None: Asterisk runs elsewhere, its console cannot be asked.
    """

    online: Mapping[str, bool]
    registrations: Mapping[str, str] | None


async def peers(settings: Settings) -> Peers:
    """Ask the running Asterisk.

    Raises:
        AriUnavailable: it does not answer.
    """
    online = await _online(with_kept_password(settings) or settings)
    return Peers(online, await _registrations(settings))


async def _online(settings: Settings) -> dict[str, bool]:
    ari = settings.ari
    host = f"[{ari.host}]" if ":" in ari.host else ari.host
    login = base64.b64encode(f"{ari.username}:{ari.password.get_secret_value()}".encode()).decode()
    try:
        async with (
            aiohttp.ClientSession(timeout=_TIMEOUT) as http,
            http.get(
                f"http://{host}:{ari.port}/ari/endpoints/PJSIP",
                headers={"Authorization": f"Basic {login}"},
                raise_for_status=True,
            ) as reply,
        ):
            endpoints = await reply.json()
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
        message = f"Asterisk does not tell about trunks and phones: {type(error).__name__}"
        raise AriUnavailable(message) from error
    return {each["resource"]: each["state"] == "online" for each in endpoints}


async def _registrations(settings: Settings) -> dict[str, str] | None:
    """ARI does not tell these; the console does, where the program is ours."""
    try:
        asterisk = await asyncio.to_thread(program.find, settings, lambda _: None)
        if asterisk is None:
            return None
        folders = Folders.of(settings.data, asterisk, settings.asterisk.run)
        shown = await console(Installation(asterisk, folders, settings), "pjsip show registrations")
    except (SetupError, OSError):
        return None
    return dict(_REGISTRATION.findall(shown))
