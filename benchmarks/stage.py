"""Start what is measured: one Asterisk that knows both IVRs, the controller, a web server."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from benchmarks import script, sound
from benchmarks.contest import Bench
from benchmarks.usage import read, resident
from benchmarks.web import WebhookServer
from ivrserver.blocks import Account, Prompt
from ivrserver.blocks.files import dump
from ivrserver.config import DialSettings, Settings, TrunkSettings
from ivrserver.errors import SetupError
from ivrserver.programs import Program, fetch, find
from ivrserver.speech.build import build
from ivrserver.telephony.asterisk import Asterisk, ports, running
from tests.postgres_fixture import PostgresServer

_READY_SECONDS: Final = 30.0
_STOP_SECONDS: Final = 15.0
_SETTLE_SECONDS: Final = 2.0
_POLL_SECONDS: Final = 0.1
_READY: Final = "serving calls"  # what `ivrserver serve` prints
_MANY: Final = 1_000_000
_DATABASE: Final = "ivrserver"
_AUDIO_PORTS: Final = {"rtp_start": 16000, "rtp_end": 19999}


@asynccontextmanager
async def bench(
    settings: Settings, folder: Path, keying: script.Keying, say: Callable[[str], None]
) -> AsyncIterator[Bench]:
    """Start everything on free ports of the loopback, with its data in `folder`.

    Raises:
        SetupError: something is missing and cannot be had, or does not start.
    """
    sipp = await asyncio.to_thread(sipp_program, settings, say)
    settings = settings_in(folder, settings)
    async with WebhookServer() as web:
        files = await spoken(settings, [question.text for question in script.QUESTIONS], say)
        sounds = [str(file.with_suffix("")) for file in files]
        dialplan = script.dialplan(web.url, sounds)
        contestants = both(settings, folder, dialplan, script.account(web.url), say)
        async with contestants as (asterisk, pids):
            yield Bench(
                asterisk,
                web,
                pids,
                {name: resident(read(pid)) for name, pid in pids.items()},
                sipp,
                [sound.frames_of(file) for file in files],
                folder,
                keying,
            )


@asynccontextmanager
async def both(
    settings: Settings,
    folder: Path,
    dialplan: str,
    account: Account,
    say: Callable[[str], None],
) -> AsyncIterator[tuple[Asterisk, Mapping[str, int]]]:
    """Run Asterisk with `dialplan`, and the controller with `account`; and their process ids."""
    async with (
        asterisk_with(settings, dialplan, say) as asterisk,
        controller(asterisk.settings, folder, account, say) as pid,
    ):
        yield asterisk, {"asterisk": asterisk.pid, "controller": pid}


@asynccontextmanager
async def asterisk_with(
    settings: Settings, dialplan: str, say: Callable[[str], None]
) -> AsyncIterator[Asterisk]:
    """Run an Asterisk with `dialplan` besides the server's own."""
    custom = settings.data / "asterisk" / "custom"
    custom.mkdir(parents=True)
    (custom / "extensions.conf").write_text(dialplan)
    (custom / "modules.conf").write_text(script.MODULES)
    async with running(settings, say) as asterisk:
        yield asterisk


def beside(settings: Settings) -> Settings:
    """Settings of another controller on the same machine, Asterisks and database."""
    http = settings.http.model_copy(update={"port": ports.fresh(settings).http.port})
    ari = settings.ari.model_copy(update={"instance": settings.ari.instance + 1})
    return settings.model_copy(update={"http": http, "ari": ari})


@asynccontextmanager
async def postgres(kept: Path | None = None) -> AsyncIterator[str]:
    """The URL of a database of a PostgreSQL of our own: empty, or as it was left in `kept`."""
    folder = kept or Path(tempfile.mkdtemp(prefix="ivrserver-postgres-"))
    folder.mkdir(exist_ok=True)
    server = PostgresServer(folder)
    try:
        await asyncio.to_thread(server.initialise)
        await asyncio.to_thread(server.start)
        yield await server.database(_DATABASE)
    finally:
        await asyncio.to_thread(server.stop)
        if kept is None:
            shutil.rmtree(folder)


def sipp_program(settings: Settings, say: Callable[[str], None]) -> Program:
    """SIPp, fetched if it is not there.

    Raises:
        SetupError: it cannot be had.
    """
    if find("sipp", settings.packages) is None:
        fetch(["sipp"], settings.packages, say)
    program = find("sipp", settings.packages)
    if program is None:
        raise SetupError("SIPp is missing and could not be fetched: install sip-tester")
    return program


def settings_in(folder: Path, settings: Settings) -> Settings:
    """Settings of a bench whose data is in `folder`: free ports, and anybody may call."""
    update = {
        "data": folder / "data",
        "log_level": "warning",
        "sip": settings.sip.model_copy(update={"guests": True, **_AUDIO_PORTS}),
        "webhook": settings.webhook.model_copy(update={"allow_private": True}),
    }
    return ports.fresh(settings.model_copy(update=update))


def with_people(settings: Settings, trunk: str, port: int) -> Settings:
    """The same with a trunk to people on a port here, as often as a measurement calls them."""
    dial = DialSettings(legs_per_minute=_MANY, per_destination_per_minute=_MANY)
    trunks = {trunk: TrunkSettings(host="127.0.0.1", port=port)}
    return settings.model_copy(update={"trunks": trunks, "dial": dial})


async def spoken(
    settings: Settings, texts: Sequence[str], say: Callable[[str], None]
) -> Sequence[Path]:
    """Speak the prompts into the cache that the controller will use; both play these files."""
    names = [name for name in ("flite",) if find(name, settings.packages) is None]
    if names:
        await asyncio.to_thread(fetch, names, settings.packages, say)
    speech = build(settings)
    try:
        sounds = [await speech.sound(Prompt(text=text), script.LANGUAGE, "", "") for text in texts]
    finally:
        await speech.close()
    return [Path(sound.uri.removeprefix("sound:") + ".wav") for sound in sounds]


@asynccontextmanager
async def controller(
    settings: Settings, folder: Path, account: Account, say: Callable[[str], None]
) -> AsyncIterator[int]:
    """Run a controller with `account` on the running Asterisk; gives its process id."""
    flow = folder / "flow.yaml"
    flow.write_text(dump(account), encoding="utf-8")
    environment = {**os.environ, **environment_of(settings)}
    command = [str(Path(sys.executable).with_name("ivrserver"))]
    log = folder / f"{settings.ari.application}.log"
    with log.open("wb") as output:
        applied = await asyncio.create_subprocess_exec(
            *command, "apply", str(flow), env=environment, stdout=output,
            stderr=output,
        )  # fmt: skip
        if await applied.wait() != 0:
            raise SetupError(f"the flow could not be applied:\n{_text(log)}")
        process = await asyncio.create_subprocess_exec(
            *command, "serve", env=environment, stdout=output, stderr=output,
            stdin=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
    try:
        await _until_ready(process, log)
        say(f"the controller is ready; its log is {log}")
        yield process.pid
    finally:
        if process.returncode is None:
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), _STOP_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()


async def _until_ready(process: asyncio.subprocess.Process, log: Path) -> None:
    for _ in range(int(_READY_SECONDS / _POLL_SECONDS)):
        if _READY in _text(log):
            await asyncio.sleep(_SETTLE_SECONDS)
            return
        if process.returncode is not None:
            break
        await asyncio.sleep(_POLL_SECONDS)
    raise SetupError(f"the controller does not start:\n{_text(log)}")


def _text(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace")


def environment_of(settings: Settings) -> Mapping[str, str]:
    """The settings that differ from one bench to the next, as environment variables."""
    limits = settings.limits.model_dump(exclude_defaults=True)
    return {
        **{f"IVRSERVER_LIMITS__{name.upper()}": str(value) for name, value in limits.items()},
        "IVRSERVER_DATA": str(settings.data),
        "IVRSERVER_LOG_LEVEL": settings.log_level,
        "IVRSERVER_SIP__PORT": str(settings.sip.port),
        "IVRSERVER_SIP__GUESTS": "true",
        "IVRSERVER_ARI__INSTANCE": str(settings.ari.instance),
        "IVRSERVER_ARI__PORT": str(settings.ari.port),
        "IVRSERVER_ARI__PASSWORD": settings.ari.password.get_secret_value(),
        "IVRSERVER_HTTP__PORT": str(settings.http.port),
        "IVRSERVER_WEBHOOK__ALLOW_PRIVATE": "true",
        "IVRSERVER_LIMITS__DRAIN_SECONDS": "0",
        "IVRSERVER_STORE__REMOVE_AFTER": str(settings.store.remove_after),
        "IVRSERVER_DATABASE__URL": settings.database.url.get_secret_value(),
        **{
            f"IVRSERVER_DIAL__{name.upper()}": str(value)
            for name, value in settings.dial.model_dump(exclude_defaults=True).items()
        },
        **{
            f"IVRSERVER_TRUNKS__{name.upper()}__{field.upper()}": str(value)
            for name, trunk in settings.trunks.items()
            for field, value in trunk.model_dump(exclude_defaults=True).items()
        },
        **{
            f"IVRSERVER_ASTERISKS__{name.upper()}__{field}": value
            for name, place in settings.asterisks.items()
            for field, value in (
                ("HOST", place.host),
                ("PORT", str(place.port)),
                ("PASSWORD", place.password.get_secret_value()),
            )
        },
    }
