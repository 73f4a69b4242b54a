"""A carrier that is an Asterisk of its own.

It listens on another address of the loopback than the server, so that the server can tell its calls
from those of phones. Each call to it is written down, answered, told something, and then recorded.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from ivrserver.config import Settings, load
from ivrserver.telephony.asterisk import Folders, ports, program, render
from ivrserver.telephony.asterisk.console import console
from ivrserver.telephony.asterisk.password import with_password
from ivrserver.telephony.asterisk.process import MESSAGES, Installation, Run
from tests.telephony.sounds import voice

ADDRESS = "127.0.0.2"
SHOWS = "3125550142"
"""Who calls when the carrier does."""
REGISTERS = """
[member](customer)
auth = member
aors = member
identify_by = auth_username,username
[member]
type = auth
auth_type = userpass
username = member
password = right\\;horse
[member]
type = aor
max_contacts = 1
remove_existing = yes
"""
"""The server logs in as ``member``, password ``right;horse``."""
BY_ADDRESS = """
[member](customer)
identify_by = ip
[member]
type = identify
endpoint = member
match = 127.0.0.1
"""
"""The server is known by its address."""
ENCRYPTED = BY_ADDRESS.replace("identify_by", "media_encryption = sdes\nidentify_by")
"""The same; audio must be encrypted."""

_PJSIP = """
[global]
type = global
endpoint_identifier_order = auth_username,username,ip

[transport-udp]
type = transport
protocol = udp
bind = {sip.bind}:{sip.port}

[transport-tls]
type = transport
protocol = tls
method = sslv23
bind = {sip.bind}:{sip.tls_port}
cert_file = {sip.tls_certificate}
priv_key_file = {sip.tls_key}
ca_list_file = {sip.tls_ca}
verify_server = yes

[customer](!)
type = endpoint
context = exchange
disallow = all
allow = ulaw
direct_media = no
"""
_EXTENSIONS = """
[exchange]
exten => _[+0-9].,1,Log(NOTICE,dialled=${{EXTEN}} shown=${{CALLERID(num)}})
 same => n,Goto(talk,1)
exten => talk,1,Answer()
 same => n,Log(NOTICE,signalling=${{CHANNEL(pjsip,secure)}} audio=${{CHANNEL(rtp,secure,audio)}})
 same => n,Wait(0.5)
 same => n,Playback({folder}/says)
 same => n,Log(NOTICE,listening)
 same => n,Record({folder}/heard.wav,0,20,kq)
exten => h,1,Log(NOTICE,over)

[outwards]
exten => s,1,Answer()
 same => n,Wait(0.5)
 same => n,Playback({folder}/says)
 same => n,Wait(20)
exten => registered,1,Set(CALLERID(num)={shows})
 same => n,Dial(${{PJSIP_DIAL_CONTACTS(member)}})
exten => _[+0-9].,1,Set(CALLERID(num)={shows})
 same => n,Dial(PJSIP/member/sip:${{EXTEN}}@{customer})
"""


@dataclass
class Exchange:
    """A running carrier.

    Attributes:
        settings: its ports, and certificates.
        says: what everybody hears who is connected with it.
        heard: what it heard on the last call to it, once it has written down ``over``.
    """

    settings: Settings
    installation: Installation
    says: Path
    heard: Path

    async def console(self, command: str) -> str:
        """Give it a command."""
        return await console(self.installation, command)

    async def calls(self, number: str) -> None:
        """Let it call the server: `number`, or ``registered``: wherever that says it is."""
        await self.console(f"channel originate Local/{number}@outwards extension s@outwards")

    @property
    def log(self) -> Path:
        """What it has written down."""
        return self.installation.folders.log / MESSAGES

    async def tells(self, pattern: str) -> re.Match[str]:
        """Wait until it has written something down."""
        async with asyncio.timeout(10):
            while (found := re.search(pattern, self.log.read_text())) is None:  # noqa: ASYNC110 - no event
                await asyncio.sleep(0.05)
        return found


def _install(
    settings: Settings, asterisk: program.AsteriskProgram, member: str, customer: str
) -> Installation:
    """Like the server's own, but for who may call and what then happens."""
    settings = with_password(settings)
    folders = Folders.of(settings.data, asterisk)
    folders.make(asterisk)
    files = render.render(settings, folders, asterisk)
    pjsip = _PJSIP if settings.uses_tls else re.sub(r"\[transport-tls\][^\[]*", "", _PJSIP)
    files["pjsip.conf"] = pjsip.format(sip=settings.sip) + member
    files["extensions.conf"] = _EXTENSIONS.format(
        folder=settings.data, shows=SHOWS, customer=customer.replace(";", "\\;")
    )
    files["modules.conf"] += "load = res_clioriginate.so\nload = app_record.so\n"
    render.write(files, folders.etc)
    voice(settings.data / "says.wav", 7)
    return Installation(asterisk, folders, settings)


@asynccontextmanager
async def exchange(
    data: Path, member: str, customer: str, *, tls: Path | None = None
) -> AsyncIterator[Exchange]:
    """Run a carrier.

    Args:
        data: an empty folder.
        member: how it knows the server: one of the constants above.
        customer: host and port of the server's SIP.
        tls: folder of ``carrier.pem`` and ``authority.pem``.
    """
    settings = load()
    files = {"tls_certificate": "carrier.pem", "tls_key": "carrier.pem", "tls_ca": "authority.pem"}
    sip = {name: tls / file for name, file in files.items()} if tls is not None else {}
    sip |= {"bind": ADDRESS, "rtp_start": 18000, "rtp_end": 19998}
    settings = settings.model_copy(
        update={"data": data, "sip": settings.sip.model_copy(update=sip)}
    )
    settings = ports.fresh(settings)
    asterisk = await asyncio.to_thread(program.obtain, settings, print)
    installation = await asyncio.to_thread(_install, settings, asterisk, member, customer)
    run = await Run.start(installation)
    try:
        await run.until_ready()
        yield Exchange(settings, installation, data / "says.wav", data / "heard.wav")
    finally:
        await run.stop(5)
