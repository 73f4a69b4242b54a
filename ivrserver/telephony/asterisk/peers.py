"""What Asterisk knows about trunks and phones: are they there, are we registered."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import aiohttp

from ivrserver.config import AriSettings, Settings
from ivrserver.errors import AriUnavailable, SetupError
from ivrserver.telephony.asterisk import program, registrations
from ivrserver.telephony.asterisk.console import console
from ivrserver.telephony.asterisk.folders import Folders
from ivrserver.telephony.asterisk.password import with_kept_password
from ivrserver.telephony.asterisk.process import Installation

_TIMEOUT: Final = aiohttp.ClientTimeout(total=2.0)


@dataclass(frozen=True, slots=True)
class Peers:
    """What Asterisk knows.

    Attributes:
        online: whether each trunk or phone that it has is there, by name.
        registrations: Asterisk's word for each trunk that registers, such as ``Registered`` or
            ``Rejected``; None: it runs elsewhere, and nobody there tells.
    """

    online: Mapping[str, bool]
    registrations: Mapping[str, str] | None


async def peers(settings: Settings) -> Peers:
    """Ask the running Asterisk.

    Raises:
        AriUnavailable: it does not answer.
    """
    ari = (with_kept_password(settings) or settings).ari
    endpoints = await ask(ari, "endpoints/PJSIP")
    online = {each["resource"]: each["state"] == "online" for each in endpoints}
    here = await installed(settings)
    shown = await on_console(here, registrations.COMMAND) if here else None
    told: Mapping[str, str] | None = None
    if shown is not None:
        told = registrations.shown(shown)
    else:
        variable = await ask(ari, f"asterisk/variable?variable={registrations.VARIABLE}")
        told = registrations.published(variable["value"])
    return Peers(online, told)


async def ask(ari: AriSettings, path: str) -> Any:
    """What ARI answers.

    Raises:
        AriUnavailable: it does not answer, or refuses.
    """
    host = f"[{ari.host}]" if ":" in ari.host else ari.host
    login = base64.b64encode(f"{ari.username}:{ari.password.get_secret_value()}".encode()).decode()
    try:
        async with (
            aiohttp.ClientSession(timeout=_TIMEOUT) as http,
            http.get(
                f"http://{host}:{ari.port}/ari/{path}",
                headers={"Authorization": f"Basic {login}"},
                raise_for_status=True,
            ) as reply,
        ):
            return await reply.json()
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
        message = f"Asterisk does not tell about trunks and phones: {type(error).__name__}"
        raise AriUnavailable(message) from error


async def installed(settings: Settings) -> Installation | None:
    """The Asterisk of this machine whose console may be asked; None: there is none."""
    try:
        asterisk = await asyncio.to_thread(program.find, settings, lambda _: None)
    except SetupError:
        return None
    if asterisk is None:
        return None
    folders = Folders.of(settings.data, asterisk, settings.asterisk.run)
    return Installation(asterisk, folders, settings)


async def on_console(installation: Installation, command: str) -> str | None:
    """What Asterisk's console prints; None: it does not run here."""
    try:
        return await console(installation, command)
    except (SetupError, OSError):
        return None
