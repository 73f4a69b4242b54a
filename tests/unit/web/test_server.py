import asyncio
import logging
import signal
import socket
from pathlib import Path

import aiohttp
import pytest
from fastapi import FastAPI

from ivrserver.errors import SetupError
from ivrserver.monitoring.health import Checkup
from ivrserver.web import create_app, health_routes, serve
from tests.unit.web.serving import serving


@pytest.fixture
def app(tmp_path: Path) -> FastAPI:
    return create_app(tmp_path, health_routes(Checkup({}), Checkup({})))


async def test_signals_stay_with_whoever_runs_the_loop(app: FastAPI) -> None:
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.getsignal(number) for number in numbers]
    async with serving(app) as address, aiohttp.ClientSession(address) as client:
        await client.get("/healthz")
        assert [signal.getsignal(number) for number in numbers] == before


async def test_it_says_nothing_while_all_is_well(
    app: FastAPI, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.INFO):
        async with serving(app) as address, aiohttp.ClientSession(address) as client:
            await client.get("/healthz")
    assert [record for record in caplog.records if record.name.startswith("uvicorn")] == []
    assert capfd.readouterr() == ("", "")


async def test_no_part_of_an_answer_waits_for_another(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nagle's algorithm would hold back the body until the head is acknowledged."""
    accepted: list[socket.socket] = []
    accept = socket.socket.accept

    def watched(listener: socket.socket) -> tuple[socket.socket, object]:
        made, peer = accept(listener)
        accepted.append(made)
        return made, peer

    monkeypatch.setattr(socket.socket, "accept", watched)
    async with serving(app) as address, aiohttp.ClientSession(address) as client:
        await client.get("/healthz")
        (one,) = accepted
        assert one.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


async def test_a_request_under_way_is_finished_before_it_closes(app: FastAPI) -> None:
    begun = asyncio.Event()

    @app.get("/slow")
    async def slow() -> str:
        begun.set()
        await asyncio.sleep(0.2)
        return "done"

    port = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(serve(app, "127.0.0.1", 0, port.set_result))
    async with aiohttp.ClientSession(f"http://127.0.0.1:{await port}") as client:
        asking = asyncio.create_task(client.get("/slow"))
        await begun.wait()
        task.cancel()
        reply = await asking
        assert await reply.json() == "done"
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port.result())


async def test_a_taken_port_is_a_clear_error(app: FastAPI) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SetupError, match=rf"127\.0\.0\.1 port {port}: .*http\.port"):
            await serve(app, "127.0.0.1", port)
