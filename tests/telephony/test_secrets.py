"""No secret and no sensitive answer where it does not belong, with all logged that can be."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from sqlalchemy import select

from ivrserver.demo.phone import Phone, PhoneAccount
from ivrserver.flow.events import AnswerAccepted
from ivrserver.storage import database, tables
from ivrserver.telephony.asterisk import running
from tests.telephony.caller import Caller
from tests.telephony.customer import Customer
from tests.telephony.house import ask, fetch_programs, flow_file, house_settings
from tests.telephony.program import environment, ivrserver, running_program

pytestmark = [pytest.mark.telephony, pytest.mark.asyncio(loop_scope="module")]

PIN = "73914682"
PASSWORD = "ari-password-5b1f"
SECRET = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
TOKEN = "open-sesame-4471"
NUMBER = "2125550002"


@asynccontextmanager
async def tapped(port: int) -> AsyncIterator[tuple[int, bytearray]]:
    """A way to `port` of the loopback on which everything that is sent there can be read."""
    sent = bytearray()
    tasks: set[asyncio.Task[None]] = set()

    async def pass_on(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter, log: bool
    ) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                if log:
                    sent.extend(data)
                writer.write(data)
                await writer.drain()
        writer.close()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
        for task in (pass_on(reader, far_writer, True), pass_on(far_reader, writer, False)):
            tasks.add(asyncio.create_task(task))

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], sent
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def everything_but_answers(caller: Caller) -> str:
    """All rows of all tables but those that must hold an answer or a secret."""
    rows: list[str] = []
    async with caller.engine.connect() as connection:
        for table in tables.metadata.sorted_tables:
            if table not in (tables.answers, tables.blocks, tables.jobs):
                rows += map(str, await connection.execute(select(table)))
    return "\n".join(rows)


async def test_secrets_and_sensitive_answers_are_only_where_they_belong(tmp_path: Path) -> None:
    settings = house_settings(tmp_path / "data")
    settings = settings.model_copy(
        update={
            "asterisk": settings.asterisk.model_copy(update={"console_log": True}),
            "ari": settings.ari.model_copy(
                update={"password": type(settings.ari.password)(PASSWORD)}
            ),
        }
    )
    await asyncio.to_thread(fetch_programs, settings)
    async with (
        Customer() as customer,
        database(settings) as engine,
        running(settings, print) as asterisk,
    ):
        file = flow_file(tmp_path / "flows", customer.url)
        async with tapped(settings.ari.port) as (port, sent):
            env = environment(settings) | {
                "IVRSERVER_ARI__PORT": str(port),
                "IVRSERVER_ARI__PASSWORD": PASSWORD,
                "IVRSERVER_LOG_LEVEL": "debug",
            }
            applied = await ivrserver("apply", file, env=env)
            async with (
                running_program("serve", env=env) as program,
                Phone(settings.packages, PhoneAccount(user=NUMBER)) as phone,
            ):
                await program.says("serving calls")
                caller = Caller(phone, NUMBER, settings.sip.port, engine)
                await caller.dial("8004")
                await caller.asked("pin")
                await caller.press(PIN)
                await caller.asked("secret choice")
                await caller.press("7")
                call = await caller.waits()
                assert await ask(asterisk.settings, "channels", "bridges") == [[], []]
                shown = await ivrserver("calls", "show", caller.call_id, env=env)
                await program.stops(15)
        rows = await everything_but_answers(caller)
        logs = "\n".join(path.read_text() for path in asterisk.folders.log.iterdir())
        configuration = "\n".join(
            path.read_text() for path in asterisk.folders.etc.iterdir() if path.name != "ari.conf"
        )
    (asked,) = customer.asked[NUMBER]
    assert (asked["pin"], asked.query) == (PIN, f"token={TOKEN}"), "the web server is told"
    assert call.answers == {"pin": PIN, "secret choice": "7"}, "and the database"
    assert [event.value for event in call.all(AnswerAccepted)] == ["•••", "•••"]
    assert "-- <PJSIP/" in logs, "Asterisk's console is in there"
    assert "asterisk_connected" in program.text
    told = {
        "the server's log": program.text,
        "calls show": shown.out + shown.err,
        "apply": applied.out + applied.err,
        "the rows": rows,
        "Asterisk's logs": logs,
        "Asterisk's configuration": configuration,
    }
    for where, text in told.items():
        for what in (PIN, PASSWORD, SECRET, TOKEN):
            assert what not in text, f"{what} in {where}"
    assert "confidential" not in shown.out, "a label tells the key"
    assert NUMBER not in program.text, "the log does not say who called"
    logged = [json.loads(line) for line in program.text.splitlines() if line.startswith("{")]
    ours = [line["event"] for line in logged if line.get("call") == caller.call_id]
    assert ours == ["call_started", "call_ended"], "and says which call it was about"
    requests = [line for line in sent.split(b"\r\n") if line.endswith(b" HTTP/1.1")]
    assert any(b"/ari/events" in line for line in requests)
    for line in requests:
        assert PASSWORD.encode() not in line
        assert b"api_key" not in line
