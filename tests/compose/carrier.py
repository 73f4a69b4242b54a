"""A carrier outside of Docker's networks: an Asterisk of the image `asterisk` on a wire of its own.

    python3 carrier.py registers|by-address SPEAKER CUSTOMER
    python3 carrier.py call NUMBER

The first form runs it. Either it demands a registration with digest (user `12345`, password
`secret`), or it knows CUSTOMER, an address, and asks for nothing. CUSTOMER, with its port, is where
it sends calls. The second form, in the same container, lets somebody call NUMBER there.

Who calls, and who is called, says the melody `SPEAKER-caller.wav` or `SPEAKER-called.wav` over and
over, and all that they hear is recorded in the folder /said, as `heard-caller.wav` and
`heard-called.wav`. Whoever is called presses 1 after some seconds, and hangs up after some more;
who calls hangs up after half a minute.
"""

import array
import asyncio
import contextlib
import math
import random
import signal
import socket
import sys
import wave
from pathlib import Path

from ivrserver.config import load
from ivrserver.telephony.asterisk import Folders, program
from ivrserver.telephony.asterisk.console import console
from ivrserver.telephony.asterisk.process import Installation, Run
from ivrserver.telephony.asterisk.run import install

SAID = Path("/said")
RATE, TONES, TONE_SECONDS = 8000, 10, 0.2
PJSIP = """
[global]
type = global
endpoint_identifier_order = auth_username,username,ip

[transport-udp]
type = transport
protocol = udp
bind = {address}:5060

[12345]
type = endpoint
context = exchange
disallow = all
allow = ulaw
direct_media = no
"""
REGISTERS = """
auth = 12345
aors = 12345
identify_by = auth_username

[12345]
type = auth
auth_type = userpass
username = 12345
password = secret

[12345]
type = aor
max_contacts = 1
remove_existing = yes
"""
BY_ADDRESS = """
identify_by = ip

[12345]
type = identify
endpoint = 12345
match = {customer}
"""
EXTENSIONS = """
[exchange]
exten => _[+0-9].,1,Log(NOTICE,dialled=${{EXTEN}} shown=${{CALLERID(num)}})
 same => n,Answer()
 same => n,MixMonitor(/said/both-called.wav,r(/said/heard-called.wav))
 same => n,Wait(4)
 same => n,SendDTMF(1)
 same => n,Set(LEFT=4)
 same => n(again),Wait(0.5)
 same => n,Playback(/said/{speaker}-called)
 same => n,Set(LEFT=$[${{LEFT}} - 1])
 same => n,GotoIf($[${{LEFT}} > 0]?again)
 same => n,Hangup()

[outwards]
exten => s,1,Answer()
 same => n(again),Wait(0.5)
 same => n,Playback(/said/{speaker}-caller)
 same => n,Goto(again)
exten => _[0-9].,1,Set(CALLERID(num)=3125550142)
 same => n,Dial(PJSIP/12345/sip:${{EXTEN}}@{customer},20,S(30)b(recorder^caller^1))

; On the line itself, before it is answered: a busy machine puts calls through late.
[recorder]
exten => caller,1,MixMonitor(/said/both-caller.wav,r(/said/heard-caller.wav))
 same => n,Return()
"""


def melody(file, seed):
    """Write two seconds that sound like nothing else."""
    chosen, samples, phase = random.Random(seed), array.array("h"), 0.0
    for _ in range(TONES):
        step = 2 * math.pi * chosen.uniform(300, 1500) / RATE
        for _ in range(round(RATE * TONE_SECONDS)):
            phase += step
            samples.append(round(13000 * math.sin(phase)))
    with wave.open(str(file), "wb") as out:
        out.setparams((1, 2, RATE, 0, "NONE", ""))
        out.writeframes(samples.tobytes())


async def plugged_in(address):
    """Wait until this container has its wire."""
    while True:
        with (
            contextlib.suppress(OSError),
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe,
        ):
            return probe.bind((address, 0))
        await asyncio.sleep(0.1)


async def run(kind, speaker, customer):
    """Be a carrier until SIGTERM."""
    settings, ended = load(), asyncio.Event()
    await plugged_in(settings.sip.bind)
    for side in ("caller", "called"):
        melody(SAID / f"{speaker}-{side}.wav", f"{speaker} {side}")
    installation = install(settings, program.obtain(settings, print))
    etc, known = installation.folders.etc, REGISTERS if kind == "registers" else BY_ADDRESS
    known = known.format(customer=customer.partition(":")[0])
    (etc / "pjsip.conf").write_text(PJSIP.format(address=settings.sip.bind) + known)
    (etc / "extensions.conf").write_text(EXTENSIONS.format(speaker=speaker, customer=customer))
    with (etc / "modules.conf").open("a") as modules:
        for name in ("res_clioriginate", "app_mixmonitor", "app_playback", "app_senddtmf"):
            modules.write(f"load = {name}.so\n")
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    running = await Run.start(installation, aloud=True)
    try:
        await running.until_ready()
        print("the carrier is ready", flush=True)
        await ended.wait()
    finally:
        await running.stop(5)


async def call(number):
    """Let somebody call."""
    settings = load()
    asterisk = program.obtain(settings, print)
    folders = Folders.of(settings.data, asterisk, settings.asterisk.run)
    command = f"channel originate Local/{number}@outwards extension s@outwards"
    print(await console(Installation(asterisk, folders, settings), command))


if __name__ == "__main__":
    what, *rest = sys.argv[1:]
    asyncio.run(call(*rest) if what == "call" else run(what, *rest))
