"""`ivrserver asterisk`: Asterisk alone, for a container or a service manager to watch over."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from ivrserver import resources
from ivrserver.config import NetworkSettings, Settings, TrunkSettings, load
from ivrserver.doctor.sip import examine_sip
from ivrserver.errors import SetupError
from ivrserver.telephony.asterisk import ports, program, service
from ivrserver.telephony.asterisk.ping import Ping
from tests.telephony.bare_sip import call
from tests.telephony.carrier import carrier
from tests.telephony.office import until
from tests.telephony.program import environment, ivrserver, processes_about, running_program

pytestmark = pytest.mark.telephony

PATIENCE = 20.0


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return ports.fresh(load().model_copy(update={"data": tmp_path / "data"}))


def changed(settings: Settings, section: str, **values: object) -> Settings:
    part = getattr(settings, section).model_copy(update=values)
    return settings.model_copy(update={section: part})


class Served:
    """A service in this process: what it said, and how it ends."""

    def __init__(self, settings: Settings) -> None:
        self.said: list[str] = []
        self.ready = asyncio.Event()
        self.task = asyncio.create_task(service.serve(settings, self._hear))

    def _hear(self, line: str) -> None:
        self.said.append(line)
        if ": SIP on " in line:
            self.ready.set()


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[Served]:
    served = Served(settings)
    ready = asyncio.create_task(served.ready.wait())
    try:
        async with asyncio.timeout(PATIENCE):
            await asyncio.wait({served.task, ready}, return_when=asyncio.FIRST_COMPLETED)
        assert ready.done(), served.task.exception()
        yield served
    finally:
        ready.cancel()
        served.task.cancel()
        await asyncio.wait({served.task})


def the_asterisk_of(settings: Settings) -> int:
    (pid,) = [
        pid
        for pid in processes_about(settings.data)
        if pid != os.getpid() and b"asterisk.conf" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]
    return pid


async def test_told_to_stop_it_refuses_new_calls_and_lets_live_ones_end(
    settings: Settings, tmp_path: Path
) -> None:
    run_folder = tmp_path / "run"
    env = environment(settings) | {
        "IVRSERVER_SIP__GUESTS": "true", "IVRSERVER_ASTERISK__RUN": str(run_folder),
        "IVRSERVER_ASTERISK__LOG_TO_OUTPUT": "true",
    }  # fmt: skip
    async with running_program("asterisk", env=env, cwd=tmp_path) as program:
        await program.says(r"Asterisk [\d.]+: SIP on 127\.0\.0\.1:\d+, ARI on 127\.0\.0\.1:\d+")
        live = asyncio.create_task(call(settings.sip.port, "8005550100"))
        # What its messages log would say is on the output too.
        await program.says("WARNING.*not claimed within 800ms timeout")
        shown = await ivrserver("asterisk", "console", "core show uptime", env=env)
        assert shown.out.startswith("System uptime: ")
        program.process.send_signal(signal.SIGTERM)
        await program.says("no more calls are taken; 1 channels are still there")
        assert (await call(settings.sip.port, "8005550100")).status == 503
        outcome = await live
        async with asyncio.timeout(PATIENCE):
            assert await program.process.wait() == 0
    apology = (resources.folder("asterisk-config") / "sounds" / "unavailable.ulaw").read_bytes()
    assert apology[: len(apology) // 160 * 160] in outcome.audio
    assert (run_folder / service.ANSWERS).exists()
    assert processes_about(tmp_path) == []


async def test_live_calls_are_given_no_more_than_their_time(settings: Settings) -> None:
    short = changed(changed(settings, "sip", guests=True), "limits", drain_seconds=0.5)
    async with serving(short) as served:
        live = asyncio.create_task(call(settings.sip.port, "8005550100"))
        while "1 active channel" not in await service.ask_console(short, "core show channels"):
            pass
        os.kill(os.getpid(), signal.SIGTERM)
        async with asyncio.timeout(PATIENCE):
            await served.task
        await asyncio.wait_for(live, PATIENCE)
    assert served.said[-2:] == [
        "no more calls are taken; 1 channels are still there", "Asterisk has stopped",
    ]  # fmt: skip


async def test_it_ends_when_asterisk_dies_so_that_it_is_started_again(settings: Settings) -> None:
    async with serving(settings) as served:
        os.kill(the_asterisk_of(settings), signal.SIGKILL)
        with pytest.raises(SetupError, match=r"Asterisk died \(status -9\)"):
            await asyncio.wait_for(served.task, PATIENCE)


async def test_it_ends_when_asterisk_no_longer_answers(settings: Settings) -> None:
    impatient = changed(settings, "asterisk", silent_seconds=0.1)
    async with serving(impatient) as served:
        pid = the_asterisk_of(settings)
        os.kill(pid, signal.SIGSTOP)
        with pytest.raises(SetupError, match=r"Asterisk has not answered for 0\.1 s"):
            await asyncio.wait_for(served.task, PATIENCE)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def softphone_logs_in(settings: Settings) -> str:
    """What a softphone that Asterisk does not know hears first: whether it may try at all."""
    request = [
        "REGISTER sip:ivrserver SIP/2.0",
        "Via: SIP/2.0/WS browser.invalid;branch=z9hG4bKone",
        "Max-Forwards: 70",
        "From: <sip:softphone.anna.one@ivrserver>;tag=one",
        "To: <sip:softphone.anna.one@ivrserver>",
        "Call-ID: one",
        "CSeq: 1 REGISTER",
        "Contact: <sip:anna@browser.invalid;transport=ws>",
        "Content-Length: 0",
    ]
    url = f"http://127.0.0.1:{settings.ari.port}/ws"
    async with aiohttp.ClientSession() as http, http.ws_connect(url, protocols=("sip",)) as socket:
        await socket.send_str("\r\n".join([*request, "", ""]))
        answer = await socket.receive_str(timeout=PATIENCE)
        return answer.split("\r\n", 1)[0]


MET_THE_TRUNK_BEFORE_CALLS = re.compile(
    r' WARNING\[\d+\] pjproject: .* Module "mod-invite" registered during operation\.'
)
"""Says nothing of the configuration: a trunk is first asked whether it is there at a random moment
of two seconds, now and then just before PJSIP has loaded its calls; it waits 0.1 s then."""


async def test_asterisk_takes_the_configuration_for_networks_without_a_complaint(
    settings: Settings,
) -> None:
    carrier = TrunkSettings.model_validate({"host": "127.0.0.9"})
    behind_nat = changed(
        settings.model_copy(
            update={
                "network": NetworkSettings(public_address="192.0.2.10", public_sip_port=5070),
                "trunks": {"carrier": carrier},
            }
        ),
        "ari",
        accept_from=("127.0.0.1",),
    )
    behind_proxy = ports.fresh(
        behind_nat.model_copy(
            update={
                "data": settings.data.with_name("proxy"),
                "network": NetworkSettings(proxy="127.0.0.9", public_address="192.0.2.10"),
                "sip": behind_nat.sip.model_copy(update={"guests": False}),
            }
        )
    )
    async with serving(behind_nat), serving(behind_proxy):
        for each in (behind_nat, behind_proxy):
            log = (each.data / "asterisk" / "log" / "messages.log").read_text()
            told = [line for line in log.splitlines() if " ERROR[" in line or " WARNING[" in line]
            assert [line for line in told if not MET_THE_TRUNK_BEFORE_CALLS.search(line)] == []
        transport = await service.ask_console(behind_nat, "pjsip show transport transport-udp")
        assert "192.0.2.10" in transport
        assert (await call(behind_proxy.sip.port, "100")).status == 401
        by_trunk = {"number": "100", "more": "X-Trunk: carrier\r\n", "leave_after": 0.1}
        assert (await call(behind_proxy.sip.port, **by_trunk)).status == 401
        assert (await call(behind_proxy.sip.port, **by_trunk, address="127.0.0.9")).status == 200
        assert await softphone_logs_in(behind_proxy) == "SIP/2.0 401 Unauthorized"
        url = f"http://127.0.0.1:{settings.ari.port}/ari/asterisk/ping"
        elsewhere = aiohttp.TCPConnector(local_addr=("127.0.0.2", 0))
        async with aiohttp.ClientSession(connector=elsewhere) as http, http.get(url) as reply:
            assert reply.status == 403
        async with aiohttp.ClientSession() as http, http.get(url) as reply:
            assert reply.status == 401


async def test_a_doctor_elsewhere_is_told_whether_we_are_registered(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with carrier() as (_, port):
        login = {"username": "12345", "password": "secret", "registers": True}
        trunk = TrunkSettings.model_validate({"host": "127.0.0.1", "port": port} | login)
        with_trunk = settings.model_copy(update={"trunks": {"carrier": trunk}})
        async with serving(with_trunk):
            # As where Asterisk is not installed: its console cannot be asked.
            monkeypatch.setattr(program, "find", lambda _settings, _say: None)

            async def is_told() -> bool:
                (found,) = await examine_sip(with_trunk, Ping.READY)
                return found.ok and found.detail.endswith(": answers, registered")

            await until(is_told)
