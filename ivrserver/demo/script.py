"""A scripted phone for any server: it calls, presses keys when it is asked, and tells about it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from ivrserver.config import Settings
from ivrserver.demo import listening
from ivrserver.demo.ear import Ear
from ivrserver.demo.phone import Phone, PhoneAccount, PhoneError
from ivrserver.errors import SetupError

Say = Callable[[str], None]
T = TypeVar("T")

_PAUSE_SECONDS: Final = 0.8
"""Silence after which a prompt is over."""
_STEP_SECONDS: Final = 60.0
_SIP_PORT: Final = 5060


@dataclass(frozen=True, slots=True)
class Errand:
    """What the phone is to do.

    Attributes:
        uri: SIP address to call, such as ``sip:100@192.0.2.7``.
        keys: groups of keys; each is pressed when the far end has finished speaking.
        user: who calls; a phone of the settings proves it by its password.
    """

    uri: str
    keys: Sequence[str] = ()
    user: str = "phone"


async def run_errand(errand: Errand, settings: Settings, say: Say) -> bool:
    """Place the call and say what happens, with seconds since it was dialled.

    Returns:
        Whether it was answered, all keys were pressed, and the far end spoke.

    Raises:
        SetupError: there is no baresip, or no way to the far end.
    """
    began = asyncio.get_running_loop().time()

    def tell(what: str) -> None:
        say(f"{asyncio.get_running_loop().time() - began:7.2f} s  {what}")

    async with Phone(settings.packages, _account(errand, settings)) as phone:
        say(f"calling {errand.uri} as {errand.user}")
        began = asyncio.get_running_loop().time()
        try:
            await phone.call(errand.uri)
            tell("answered")
            return await _converse(phone, errand.keys, tell)
        except PhoneError as error:
            tell(str(error))
            return False


async def _converse(phone: Phone, keys: Sequence[str], tell: Say) -> bool:
    ear = Ear(lambda: phone.hearing)
    for group in keys:
        seconds = await _unless_closed(phone, ear.sentence(_PAUSE_SECONDS))
        await phone.press(group)
        tell(f"heard {seconds:.1f} s of speech; pressed {group}")
    heard = await phone.wait_closed(timeout=_STEP_SECONDS)
    tell("the far end hung up")
    levels = listening.levels(await asyncio.to_thread(listening.load, heard.path))
    speech = float((levels >= listening.SILENCE_RMS).sum()) * listening.FRAME / listening.RATE
    tell(f"heard {heard.seconds:.1f} s in all, {speech:.1f} s of it speech")
    return speech > 0


async def _unless_closed(phone: Phone, listen: Coroutine[Any, Any, T]) -> T:
    """What `listen` hears.

    Raises:
        PhoneError: the call ended before, or nothing was said for long.
    """
    hearing = asyncio.create_task(listen)
    closing = asyncio.create_task(phone.wait_for("call_closed", timeout=_STEP_SECONDS))
    try:
        await asyncio.wait({hearing, closing}, return_when=asyncio.FIRST_COMPLETED)
        if hearing.done():
            return await hearing
        closed = await closing
        raise PhoneError(f"the far end hung up before all keys were pressed: {closed.detail}")
    finally:
        for task in (hearing, closing):
            task.cancel()
        await asyncio.gather(hearing, closing, return_exceptions=True)


def _account(errand: Errand, settings: Settings) -> PhoneAccount:
    place = urlsplit(f"//{errand.uri.partition(':')[2]}")
    if not place.hostname:
        raise SetupError(f"{errand.uri} is no SIP address; write one such as sip:100@192.0.2.7")
    phone = settings.phones.get(errand.user)
    return PhoneAccount(
        user=errand.user,
        domain=place.netloc.rpartition("@")[2],
        password=phone.password.get_secret_value() if phone else "",
        address=_own_address(place.hostname, place.port or _SIP_PORT),
    )


def _own_address(host: str, port: int) -> str:
    """The IPv4 address of this machine that the far end sees. Nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((host, port))
        except OSError as error:
            raise SetupError(f"there is no way to {host}: {error.strerror}") from error
        return str(probe.getsockname()[0])
