"""fail2ban itself, with our filter and jail, finds who attacks, and nobody else can be blamed."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from ivrserver.programs import Program
from tests.telephony.attacks.fortress import CARRIER, PASSWORD, Fortress
from tests.telephony.attacks.stranger import Stranger, status, stranger
from tests.telephony.office import until
from tests.tools import DEPLOY, run, tool

pytestmark = [pytest.mark.telephony, pytest.mark.asyncio(loop_scope="package")]

FILTER = DEPLOY / "fail2ban" / "filter.d" / "ivrserver-asterisk.conf"
JAIL = "ivrserver-asterisk"
HONEST = "127.0.0.70"
GUESSER = "127.0.0.71"
SCANNER = "127.0.0.72"
FORGER = "127.0.0.{}"
VICTIM = "9.9.9.9"
"""An account in the log ends after 36 characters: a longer address would not fit in."""
BLAME = f'",RemoteAddress="IPV4/UDP/{VICTIM}/1'
WHOLE_LINE = (
    'x"}}{"level":"SECURITY","message":"SecurityEvent="InvalidAccountID",'
    f'EventTV="2026-11-28T08:00:00.000+0000",AccountID="x",RemoteAddress="IPV4/UDP/{VICTIM}/1"}}}}'
)
NAMES = (
    BLAME.replace('"', "%22"),
    f"%0a%7b{BLAME[1:].replace(chr(34), '%22')}",
    f'%0a{{"{VICTIM}'.replace("{", "%7b").replace('"', "%22"),
    f"%5c%22%0a%22%5c{VICTIM}",
)
CALL_IDS = (
    f'x{BLAME}",y="',
    f"x{BLAME}",
    f'x\\{BLAME}"\\',
    WHOLE_LINE,
    WHOLE_LINE.replace('"', '\\"'),
)
QUOTED = BLAME.replace('"', '\\"')


def log_of(fortress: Fortress) -> Path:
    return fortress.house.asterisk.folders.log / "security.json"


async def is_logged(fortress: Fortress, address: str, event: str = "", times: int = 1) -> None:
    """Wait until lines about that address are in the security log."""

    async def is_there() -> bool:
        lines = log_of(fortress).read_text().splitlines()
        about = [line for line in lines if f"/{address}/" in line and event in line]
        return len(about) >= times

    await until(is_there)


def found_since(mark: int, fortress: Fortress, folder: Path) -> dict[str, int]:
    """Each address that the filter finds in the log since `mark`, with how often."""
    part = folder / "part.json"
    part.write_bytes(log_of(fortress).read_bytes()[mark:])
    said = run(tool("fail2ban-regex"), "-o", "<ip>", part, FILTER)
    addresses = said.split()
    return {address: addresses.count(address) for address in addresses}


def with_header(request: bytes, name: str, value: str) -> bytes:
    """The request with another value of that header."""
    return re.sub(
        rb"^%b: .*?\r$" % name.encode(),
        lambda _: f"{name}: {value}\r".encode(),
        request,
        flags=re.MULTILINE,
    )


def forged(who: Stranger) -> list[bytes]:
    """Requests whose names and numbers read like the log's own words about somebody else."""
    requests = []
    for name in NAMES:
        request = who.request("INVITE", "8008", "nobody")
        shown = f"<sip:{name}@127.0.0.1>;tag=1"
        requests.append(with_header(request, "From", shown))
    plain = who.request("INVITE", "8008", "nobody")
    requests += [with_header(plain, "Call-ID", number) for number in CALL_IDS]
    for nonce, response in ((f"1/{QUOTED}", "ab"), ("1/ab", QUOTED), (QUOTED, QUOTED)):
        login = (
            f'Digest username="desk",realm="asterisk",nonce="{nonce}",uri="sip:8008@127.0.0.1",'
            f'response="{response}",algorithm=MD5,qop=auth,nc=00000001,cnonce="a"'
        )
        request = who.request("REGISTER", "desk", "desk", more={"Authorization": login})
        requests.append(request)
    return requests


async def test_who_guesses_and_who_scans_is_found_and_no_honest_phone(
    fortress: Fortress, tmp_path: Path
) -> None:
    mark = log_of(fortress).stat().st_size  # attacks of others were before
    async with (
        fortress.desk(),
        stranger(fortress, HONEST) as phone,
        stranger(fortress, GUESSER) as guesser,
        stranger(fortress, SCANNER) as scanner,
    ):
        assert status(await phone.log_in("OPTIONS", "8008", "desk", PASSWORD)) == 200
        assert status(await phone.ask(phone.request("OPTIONS", "8008", "desk"))) == 401
        assert status(await guesser.log_in("REGISTER", "desk", "desk", "wrong")) == 401
        for number in range(5):
            await scanner.ask(scanner.request("REGISTER", "100", f"1{number}"))
        await fortress.call("8008")
        await is_logged(fortress, SCANNER, "InvalidAccountID", times=5)
        await is_logged(fortress, GUESSER, "ChallengeResponseFailed")
        await is_logged(fortress, HONEST, "ChallengeSent", times=2)
        await is_logged(fortress, "127.0.0.1", "SuccessfulAuth")
    found = await asyncio.to_thread(found_since, mark, fortress, tmp_path)
    assert found[SCANNER] == 5
    assert found[GUESSER] == 1
    assert not {HONEST, "127.0.0.1", CARRIER} & found.keys()


async def test_nobody_can_have_another_one_blamed(fortress: Fortress, tmp_path: Path) -> None:
    async with stranger(fortress) as somebody:
        count = len(forged(somebody))
    for number in range(count):
        async with stranger(fortress, FORGER.format(80 + number)) as forger:
            forger.send(forged(forger)[number])
            await is_logged(fortress, forger.address)
    await is_logged(fortress, VICTIM)
    found = await asyncio.to_thread(found_since, 0, fortress, tmp_path)
    assert VICTIM not in found
    missing = {FORGER.format(80 + number) for number in range(count)} - found.keys()
    assert missing == set()


def sibling(program: Program, name: str) -> Program:
    """A program that lies beside it."""
    *start, path = program.argv
    return replace(program, argv=(*start, str(Path(path).with_name(name))))


def fail2ban_settings(fortress: Fortress, folder: Path) -> Path:
    """A folder like /etc/fail2ban, with our files in it; bans are written to a file, no more."""
    there = folder / "etc"
    shutil.copytree(tool("fail2ban-regex").root / "etc" / "fail2ban", there)
    shutil.copytree(DEPLOY / "fail2ban", there, dirs_exist_ok=True)
    (there / "jail.d" / "defaults-debian.conf").unlink(missing_ok=True)
    # It reads systemd's journal, which is not everywhere; tests/unit/deploy tries its filter.
    (there / "jail.d" / "ivrserver-http.conf").unlink()
    (there / "action.d" / "note.conf").write_text(
        f"[Definition]\nactionban = echo <ip> >> {folder / 'banned'}\n"
    )
    (there / "jail.d" / f"{JAIL}.local").write_text(
        f"[{JAIL}]\nignoreip = {CARRIER}\nbanaction = note\nlogpath = {log_of(fortress)}\n"
    )
    (there / "fail2ban.local").write_text(
        f"[Definition]\ndbfile = None\nlogtarget = {folder / 'fail2ban.log'}\n"
    )
    (folder / "banned").touch()
    return there


@asynccontextmanager
async def fail2ban(fortress: Fortress, folder: Path) -> AsyncIterator[Path]:
    """A fail2ban that watches Asterisk's log; the file of those whom it has banned."""
    settings = await asyncio.to_thread(fail2ban_settings, fortress, folder)
    at = ("-c", settings, "-s", folder / "socket", "-p", folder / "pid")
    server, client = (
        sibling(tool("fail2ban-regex"), f"fail2ban-{name}") for name in ("server", "client")
    )
    process = await asyncio.create_subprocess_exec(
        *server.argv, *at, "-f", "-x", "start", env={**os.environ, **server.env}
    )
    try:

        async def watches() -> bool:
            said = await asyncio.to_thread(run, client, *at, "status", JAIL, ok=False)
            return "File list" in said

        await until(watches)
        yield folder / "banned"
    finally:
        process.terminate()
        await process.wait()


async def test_who_goes_on_is_banned_and_an_honest_phone_is_not(
    fortress: Fortress, tmp_path: Path
) -> None:
    async with (
        fail2ban(fortress, tmp_path) as banned,
        stranger(fortress, HONEST) as phone,
        stranger(fortress, "127.0.0.73") as guesser,
        stranger(fortress, "127.0.0.74") as clumsy,
    ):
        for number in range(12):
            assert status(await phone.log_in("OPTIONS", "8008", "desk", PASSWORD)) == 200
            await guesser.log_in("REGISTER", "desk", "desk", f"guess{number}")
            if number < 3:
                await clumsy.log_in("REGISTER", "desk", "desk", "typing error")

        async def is_banned() -> bool:
            return guesser.address in banned.read_text().split()

        await until(is_banned)
        assert not {phone.address, clumsy.address, VICTIM} & set(banned.read_text().split())
