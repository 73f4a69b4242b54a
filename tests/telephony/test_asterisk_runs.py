"""Asterisk itself: fetched, configured, started, watched over."""

from __future__ import annotations

import asyncio
import base64
import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import aiohttp
import pytest

from ivrserver import resources
from ivrserver.config import Settings, load
from ivrserver.errors import SetupError
from ivrserver.telephony.asterisk import Asterisk, ports, running
from tests.asterisk_fixture import asterisk, asterisk_settings
from tests.telephony.bare_sip import call

__all__ = ["asterisk", "asterisk_settings"]

pytestmark = pytest.mark.telephony

PATIENCE = 20.0

ORPHANING = """
import asyncio, os, sys
from ivrserver.config import load
from ivrserver.telephony.asterisk import ports, running
async def main():
    settings = ports.fresh(load())
    async with running(settings, say=lambda line: None) as asterisk:
        print(asterisk.pid, flush=True)
        await asyncio.sleep(60)
asyncio.run(main())
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return ports.fresh(load().model_copy(update={"data": tmp_path}))


async def eventually(fact: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not fact():  # noqa: ASYNC110 - what another process does sets no event here
            await asyncio.sleep(0.05)


def alive(pid: int) -> bool:
    return Path(f"/proc/{pid}/exe").exists()


def mapped_libraries(pid: int) -> set[Path]:
    lines = Path(f"/proc/{pid}/maps").read_text().splitlines()
    return {Path(line.split(maxsplit=5)[5]) for line in lines if ".so" in line}


def with_port(settings: Settings, section: str, port: int) -> Settings:
    changed = getattr(settings, section).model_copy(update={"port": port})
    return settings.model_copy(update={section: changed})


async def test_every_module_of_the_list_is_running(asterisk: Asterisk) -> None:
    configured = {
        line.partition("=")[2].strip()
        for line in (asterisk.folders.etc / "modules.conf").read_text().splitlines()
        if line.startswith(("load", "require"))
    }
    running_now = {
        line.split()[0]
        for line in (await asterisk.console("module show")).splitlines()
        if " Running " in line
    }
    assert len(configured) > 50
    assert configured - running_now == set()


async def test_it_starts_without_a_complaint(asterisk: Asterisk) -> None:
    log = (asterisk.folders.log / "messages.log").read_text()
    assert " ERROR[" not in log
    assert " WARNING[" not in log


async def test_a_fetched_one_uses_no_library_of_the_machine(asterisk: Asterisk) -> None:
    root = asterisk.program.root
    if root == Path("/"):
        pytest.skip("Asterisk is installed on this machine")
    assert {path for path in mapped_libraries(asterisk.pid) if root not in path.parents} == set()


async def test_a_caller_hears_the_apology_when_no_controller_is_there(asterisk: Asterisk) -> None:
    outcome = await call(asterisk.settings.sip.port, "8005550100")
    apology = (resources.folder("asterisk-config") / "sounds" / "unavailable.ulaw").read_bytes()
    whole = apology[: len(apology) // 160 * 160]
    assert outcome.status == 200
    assert whole in outcome.audio


async def test_it_is_refused_instead_when_the_proxy_can_try_another(asterisk: Asterisk) -> None:
    outcome = await call(asterisk.settings.sip.port, "8005550100", more="X-Elsewhere: yes\r\n")
    assert outcome.status == 503
    assert outcome.audio == b""


async def test_a_stranger_is_refused_unless_guests_are_let_in(settings: Settings) -> None:
    async with running(settings, say=print) as server:
        outcome = await call(settings.sip.port, "8005550100")
        log = server.folders.log / "messages.log"
        await eventually(lambda: "SECURITY[" in log.read_text())
    assert outcome.status == 401


async def test_it_is_started_again_when_it_dies(settings: Settings) -> None:
    said: list[str] = []
    async with running(settings, said.append) as server:
        first = server.pid
        os.kill(first, signal.SIGKILL)
        await eventually(lambda: "Asterisk is back" in said)
        assert server.pid != first
        assert "System uptime" in await server.console("core show uptime")
        second = server.pid
    assert not alive(second)
    assert said[0] == "Asterisk died (status -9)."


async def test_it_does_not_outlive_us(tmp_path: Path) -> None:
    owner = await asyncio.create_subprocess_exec(
        sys.executable, "-c", ORPHANING,
        env={**os.environ, "IVRSERVER_DATA": str(tmp_path)},
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert owner.stdout is not None
    pid = int(await asyncio.wait_for(owner.stdout.readline(), PATIENCE))
    assert alive(pid)
    owner.kill()
    await owner.communicate()
    await eventually(lambda: not alive(pid))


async def test_a_port_that_is_taken_is_named(settings: Settings) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        taken = other.getsockname()[1]
        with pytest.raises(SetupError, match=rf"sip\.port {taken} on 127\.0\.0\.1 is taken"):
            async with running(with_port(settings, "sip", taken), say=print):
                pass


async def test_a_second_one_does_not_use_the_same_folders(asterisk: Asterisk) -> None:
    others = ports.fresh(asterisk.settings)
    with pytest.raises(SetupError, match="another ivrserver is running on the data folder"):
        async with running(others, say=print):
            pass


async def test_there_is_hold_music(asterisk: Asterisk) -> None:
    assert "/moh/hold" in await asterisk.console("moh show files")


async def test_an_endpoint_can_be_added_without_a_reload(asterisk: Asterisk) -> None:
    ari = asterisk.settings.ari
    login = f"{ari.username}:{ari.password.get_secret_value()}"
    headers = {"Authorization": f"Basic {base64.b64encode(login.encode()).decode()}"}
    url = f"http://{ari.host}:{ari.port}/ari/asterisk/config/dynamic/res_pjsip/endpoint/softphone"
    fields = {"fields": [{"attribute": "context", "value": "inbound"}]}
    async with aiohttp.ClientSession(headers=headers) as http:
        async with http.put(url, json=fields) as reply:
            assert reply.status == 200
        assert "softphone" in await asterisk.console("pjsip show endpoints")
        async with http.delete(url) as reply:
            assert reply.status == 204


async def test_a_mistake_in_an_own_file_is_shown(settings: Settings) -> None:
    custom = settings.data / "asterisk" / "custom"
    custom.mkdir(parents=True)
    (custom / "modules.conf").write_text("require = no_such_module.so\n")
    with pytest.raises(SetupError, match=r"ended while it started[\s\S]*no_such_module"):
        async with running(settings, say=print):
            pass


async def test_a_long_data_folder_is_no_hindrance(settings: Settings) -> None:
    room = 200 - len(f"{settings.data}//")
    deep = settings.data / ("x" * (room // 2)) / ("y" * (room - room // 2))
    async with running(settings.model_copy(update={"data": deep}), say=print) as server:
        assert "System uptime" in await server.console("core show uptime")


async def test_its_log_is_rotated(asterisk: Asterisk) -> None:
    await asterisk.console("logger rotate")
    assert {"messages.log", "messages.log.0"} <= {
        path.name for path in asterisk.folders.log.iterdir()
    }
