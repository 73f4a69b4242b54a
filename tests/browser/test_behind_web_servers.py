"""The portal behind the web servers of the page about the softphone: from nothing to a call."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
import soundfile
import trustme
from playwright.async_api import Page, async_playwright, expect

from ivrserver.config import load
from ivrserver.demo import baresip
from ivrserver.telephony.asterisk import ports
from tests.browser.chromium import CALLING, FLAGS, find
from tests.browser.newcomer import call_the_sample, make_first_user
from tests.browser.pages import watch
from tests.telephony.program import environment, running_program
from tests.tools import listens, tool
from tests.unit.examples.pages import HOW_TO, examples

pytestmark = [pytest.mark.telephony, pytest.mark.asyncio(loop_scope="session")]

PAGE = (HOW_TO / "softphone.md").read_text().replace("\n   ", "\n")
PORTAL = "127.0.0.1:8080"
HOST = "ivr.example.com"
LARGE = 2_000_000


def nginx(folder: Path, port: int, portal: str) -> list[str]:
    """Write its configuration around the page's; how it is started."""
    (site,) = examples([PAGE], "nginx")
    issued = trustme.CA().issue_cert(HOST)
    issued.private_key_pem.write_to_path(str(folder / f"{HOST}.key"))
    issued.cert_chain_pems[0].write_to_path(str(folder / f"{HOST}.pem"))
    here = {PORTAL: portal, "listen 443": f"listen 127.0.0.1:{port}", "/etc/ssl": str(folder)}
    for written, tried in here.items():
        assert written in site
        site = site.replace(written, tried)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "".join(f"{kind}_temp_path {folder / kind};\n" for kind in kinds)
    file = folder / "nginx.conf"
    file.write_text(
        f"daemon off;\nmaster_process off;\npid {folder / 'pid'};\nevents {{}}\n"
        f"http {{\naccess_log off;\n{temporary}{site}}}\n"
    )
    return ["-e", "stderr", "-p", str(folder), "-c", str(file)]


def caddy(folder: Path, port: int, portal: str) -> list[str]:
    """Write its configuration around the page's; how it is started."""
    (site,) = (text for text in examples([PAGE], "text") if text.startswith(HOST))
    file = folder / "Caddyfile"
    # Its own certificates, for nobody can ask about this name.
    file.write_text(
        f"{{\nadmin off\nlocal_certs\nskip_install_trust\nauto_https disable_redirects\n"
        f"default_bind 127.0.0.1\nhttps_port {port}\nstorage file_system {folder}\n}}\n"
        f"{site.replace(PORTAL, portal)}"
    )
    return ["run", "--adapter", "caddyfile", "--config", str(file)]


SERVERS: dict[str, Callable[[Path, int, str], list[str]]] = {"nginx": nginx, "caddy": caddy}


@asynccontextmanager
async def in_front(name: str, folder: Path, portal: str) -> AsyncIterator[int]:
    """Run the web server of that name in front of the portal; its port."""
    program, port = await asyncio.to_thread(tool, name), baresip.free_port()
    arguments = SERVERS[name](folder, port, portal)
    home = {"HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "XDG_DATA_HOME": str(folder)}
    process = await asyncio.create_subprocess_exec(
        *program.argv, *arguments, env={**os.environ, **program.env, **home}
    )
    try:
        await listens(port, process)
        yield port
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
        baresip.give_back(port)


async def uploads(page: Page, file: Path) -> None:
    """Upload more than a web server takes that was not told."""
    noise = np.random.default_rng(1).uniform(-0.3, 0.3, LARGE // 2)
    await asyncio.to_thread(soundfile.write, file, noise, 8000, subtype="PCM_16")
    await page.goto("/audio")
    await page.get_by_role("button", name="Upload").click()
    await page.get_by_role("dialog").locator("input[type=file]").set_input_files(file)
    listed = page.get_by_role("list", name="Sound files").get_by_role("listitem")
    await expect(listed.filter(has_text=file.name)).to_be_visible()


@pytest.mark.parametrize("name", SERVERS)
async def test_a_newcomer_calls_the_sample_by_https(name: str, tmp_path: Path) -> None:
    (folder := tmp_path / name).mkdir()
    settings = ports.fresh(load().model_copy(update={"data": tmp_path / "var"}))
    known = environment(settings) | {"IVRSERVER_HTTP__PUBLIC_URL": f"https://{HOST}"}
    async with (
        running_program("up", env=known) as server,
        in_front(name, folder, f"127.0.0.1:{settings.http.port}") as port,
        async_playwright() as playwright,
    ):
        address, path = (await server.says(r"portal +(https://[^/]+)(\S+)")).groups()
        assert address == f"https://{HOST}"
        there = f"--host-resolver-rules=MAP {HOST}:443 127.0.0.1:{port}"
        browser = await playwright.chromium.launch(
            executable_path=find(), headless=False, args=[*FLAGS, *CALLING, there]
        )
        watched = await watch(browser, address, ignore_https_errors=True)
        await make_first_user(watched.page, path, "grace")
        names = {cookie["name"] for cookie in await watched.context.cookies()}
        assert "__Host-ivrserver" in names
        measured = await call_the_sample(watched.page, settings)
        assert measured["lost"] == 0
        await uploads(watched.page, tmp_path / "large.wav")
        await browser.close()
        watched.nothing_is_wrong()
        assert await server.stops(signal.SIGINT) == 0
