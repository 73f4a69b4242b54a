"""Examine this machine: is every part there, does it work, and if not, how is it mended."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Final

import aiohttp

from ivrserver import speech
from ivrserver.config import Settings
from ivrserver.doctor import machine
from ivrserver.doctor.finding import Finding
from ivrserver.doctor.sip import examine_sip
from ivrserver.errors import IvrError, SetupError, StoreError
from ivrserver.recordings import probe
from ivrserver.speech import listening
from ivrserver.storage import database, place_of, schema_state
from ivrserver.storage.database import is_sqlite, url_of
from ivrserver.telephony.asterisk import AsteriskProgram, Folders, ports, program
from ivrserver.telephony.asterisk.password import with_kept_password
from ivrserver.telephony.asterisk.ping import Ping, ping
from ivrserver.telephony.asterisk.render import render
from ivrserver.web.health import PROGRAM

__all__ = ["Finding", "examination", "examine"]

_OLDEST_PYTHON: Final = (3, 11)
_REQUIRED: Final = re.compile(r"^require = (\S+)$", re.MULTILINE)
_HTTP_TIMEOUT: Final = aiohttp.ClientTimeout(total=2.0)


async def examine(settings: Settings) -> list[Finding]:
    """Examine every part. Nothing is changed, started or downloaded, and nothing is raised."""
    return [finding async for findings in examination(settings) for finding in findings]


async def examination(settings: Settings) -> AsyncIterator[list[Finding]]:
    """The same, part by part: some take seconds."""
    reached = await _reach_ari(settings)
    checks: list[tuple[str, Callable[[], Awaitable[list[Finding]]]]] = [
        ("Python", _python),
        ("Asterisk", lambda: asyncio.to_thread(_asterisk, settings, reached)),
        ("ARI", lambda: _ari(settings, reached)),
        ("ports", lambda: _ports(settings, reached)),
        ("trunks and phones", lambda: examine_sip(settings, reached)),
        ("database", lambda: _database(settings)),
        ("store", lambda: _store(settings)),
        ("speech", lambda: _speech(settings)),
        ("listening", lambda: _listening(settings)),
        ("transcription", lambda: _transcription(settings)),
        ("machine", lambda: asyncio.to_thread(_machine, settings)),
    ]
    for name, check in checks:
        try:
            yield await check()
        except (IvrError, OSError) as error:
            yield [Finding(name, ok=False, detail=str(error), mend="see the message")]


async def _python() -> list[Finding]:
    version = ".".join(str(part) for part in sys.version_info[:3])
    if sys.version_info >= _OLDEST_PYTHON:
        return [Finding("Python", ok=True, detail=version)]
    oldest = ".".join(str(part) for part in _OLDEST_PYTHON)
    return [Finding("Python", ok=False, detail=version, mend=f"install Python {oldest} or newer")]


def _asterisk(settings: Settings, reached: Ping) -> list[Finding]:
    rejected: list[str] = []
    found = program.find(settings, rejected.append)
    if found is None and reached is Ping.READY:
        return [Finding("Asterisk", ok=True, detail="not on this machine; one elsewhere is used")]
    if found is None:
        detail = "; ".join(["not here", *rejected])
        mend = "make up fetches it on Debian; elsewhere: apt-get install asterisk"
        return [Finding("Asterisk", ok=False, detail=detail, mend=mend)]
    where = f"{found.version}, {found.program.argv[-1]}"
    missing = sorted(_required_modules(settings, found) - found.present)
    if missing:
        detail = f"{where}: modules are missing: {', '.join(missing)}"
        mend = "install the whole of it (Debian, Ubuntu: apt-get install asterisk-modules)"
        return [Finding("Asterisk", ok=False, detail=detail, mend=mend)]
    if not found.broadcasts:
        where += "; before 22.10 only one controller can take calls"
    return [Finding("Asterisk", ok=True, detail=where)]


def _required_modules(settings: Settings, found: AsteriskProgram) -> frozenset[str]:
    files = render(settings, Folders.of(settings.data, found, settings.asterisk.run), found)
    return frozenset(_REQUIRED.findall(files["modules.conf"]))


async def _reach_ari(settings: Settings) -> Ping:
    known = with_kept_password(settings)
    async with aiohttp.ClientSession() as http:
        return await ping(http, (known or settings).ari)


async def _ari(settings: Settings, reached: Ping) -> list[Finding]:
    address = f"{settings.ari.host} port {settings.ari.port}"
    detail = f"{address}: {reached.value}"
    match reached:
        case Ping.READY:
            return [Finding("ARI", ok=True, detail=detail)]
        case Ping.STARTING:
            return [Finding("ARI", ok=False, detail=detail, mend="try again in a moment")]
        case Ping.SILENT:
            mend = "make up starts Asterisk; if it runs elsewhere, set ari.host and ari.port"
        case Ping.REFUSED:
            mend = (
                "ari.username and ari.password must be those of Asterisk's ari.conf; without a"
                f" setting the password in {settings.data}/asterisk/ari-password is used"
            )
        case Ping.STRANGER:
            mend = "set ari.port to a port that is free, or to Asterisk's"
    return [Finding("ARI", ok=False, detail=detail, mend=mend)]


async def _ports(settings: Settings, reached: Ping) -> list[Finding]:
    ours = (
        {"sip.port", "sip.tls_port", "ari.port"} if reached in (Ping.READY, Ping.REFUSED) else set()
    )
    if await _our_http_answers(settings):
        ours.add("http.port")
    findings = []
    here = await asyncio.to_thread(program.find, settings, lambda _: None) is not None
    examined = ports.listeners if here else ports.controller_listeners
    for listener in examined(settings):
        where = f"{listener.port} on {listener.host}"
        if ports.is_free(listener):
            findings.append(Finding(listener.name, ok=True, detail=f"{where}: free"))
        elif listener.name in ours:
            findings.append(Finding(listener.name, ok=True, detail=f"{where}: in use by us"))
        else:
            findings.append(
                Finding(
                    listener.name,
                    ok=False,
                    detail=f"{where}: taken by another program",
                    mend=f"stop that one, or set {listener.name}; make up chooses another itself",
                )
            )
    return findings


async def _our_http_answers(settings: Settings) -> bool:
    host = f"[{settings.http.host}]" if ":" in settings.http.host else settings.http.host
    try:
        async with (
            aiohttp.ClientSession(timeout=_HTTP_TIMEOUT) as http,
            http.get(f"http://{host}:{settings.http.port}/healthz") as reply,
        ):
            return bool((await reply.json()).get("program") == PROGRAM)
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError, AttributeError):
        return False


async def _database(settings: Settings) -> list[Finding]:
    url = url_of(settings)
    where = place_of(url)
    # Opening a file that is not there would make it.
    if is_sqlite(url) and not await asyncio.to_thread(Path(where).exists):
        return [Finding("database", ok=True, detail=f"{where}: not yet made (make up makes it)")]
    async with database(settings) as engine:
        state = await schema_state(engine)
    if state.ready:
        return [Finding("database", ok=True, detail=f"{where}: schema {state.current}")]
    has = state.current or "no schema"
    mend = (
        "ivrserver database upgrade, or a start of make up or ivrserver serve, brings it up to date"
    )
    if state.newer:
        mend = "it is of a newer version of this program: run that one"
    return [
        Finding(
            "database",
            ok=False,
            detail=f"{where}: {has}, this program needs {state.newest}",
            mend=mend,
        )
    ]


async def _speech(settings: Settings) -> list[Finding]:
    return [_engine("speech", state) for state in await speech.check(settings)]


async def _listening(settings: Settings) -> list[Finding]:
    return [_engine("listening", state) for state in await listening.check(settings)]


async def _transcription(settings: Settings) -> list[Finding]:
    return [_engine("transcription", state) for state in await listening.check_writing(settings)]


def _engine(kind: str, state: speech.EngineState) -> Finding:
    return Finding(
        f"{kind} {state.name}",
        ok=not state.problem,
        detail=state.version or "not here",
        mend=state.problem,
    )


async def _store(settings: Settings) -> list[Finding]:
    try:
        return [Finding("store", ok=True, detail=await probe(settings))]
    except StoreError as error:
        mend = "set store.url, and for S3 store.endpoint, store.access_key and store.secret_key"
        return [Finding("store", ok=False, detail=str(error), mend=mend)]


def _machine(settings: Settings) -> list[Finding]:
    try:
        asterisk_is_here = program.find(settings, lambda _: None) is not None
    except SetupError:  # said already: there should be one here
        asterisk_is_here = True
    return [
        *(machine.ari_reach(settings) if asterisk_is_here else ()),
        machine.open_files(settings, asterisk_is_here),
        machine.clock(settings),
        *machine.disks(settings),
    ]
