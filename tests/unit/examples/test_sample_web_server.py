"""The sample web server and the sample account fit together."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from ivrserver.actions.model import EndCall, RunIvr, TransferCall
from ivrserver.actions.parameters import IVR_PARAMETERS
from ivrserver.actions.parser import parse
from ivrserver.actions.substitution import substitute
from ivrserver.blocks import FlowBook, Ivr, WebhookMethod
from ivrserver.blocks.files import FlowSource, load
from ivrserver.config import WebhookSettings
from ivrserver.flow.ports import WebhookRequest, WebhookResult
from ivrserver.sample import at, port_of, serving
from ivrserver.webhooks.client import HttpWebhookClient

EXAMPLES = Path(__file__).parents[3] / "examples"
ACCOUNT = load([FlowSource("sample.yaml", (EXAMPLES / "sample.yaml").read_bytes())])
BOOK = FlowBook.of(ACCOUNT)
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
GENERATED = {parameter.name: "" for parameter in IVR_PARAMETERS} | {"ivr_completed": "True"}


class Now:
    """The server compares signatures with the time of day."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class Sample:
    """The server as its own process, and what it printed."""

    def __init__(self, process: asyncio.subprocess.Process, url: str) -> None:
        self.process = process
        self.url = url

    async def line(self) -> str:
        assert self.process.stdout is not None
        return (await asyncio.wait_for(self.process.stdout.readline(), 5)).decode()

    async def ask(self, ivr: Ivr, secret: str = "", **answers: str) -> WebhookResult:
        """What the IVR's webhook sends: its own parameters, and the generated ones."""
        mine = {one.name: answers.pop(one.name, "") for one in ivr.webhook.parameters}
        async with HttpWebhookClient(WebhookSettings(allow_private=True), Now()) as client:
            return await client.send(
                WebhookRequest(
                    webhook_id="msg",
                    method=ivr.webhook.method,
                    url=ivr.webhook.url.replace("http://127.0.0.1:8901/", self.url),
                    parameters=tuple((mine | GENERATED | answers).items()),
                    secret=secret,
                )
            )


@asynccontextmanager
async def running(*arguments: str) -> AsyncIterator[Sample]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(EXAMPLES / "webhook_server.py"), "--port", "0", *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        sample = Sample(process, "")
        first = await sample.line()
        assert first.startswith("listening on http://127.0.0.1:")
        sample.url = first.split()[-1]
        yield sample
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()


async def test_the_survey_leads_to_thanks_in_the_caller_s_name() -> None:
    async with running() as sample:
        answers = {"customer": "10001", "pin": "4711", "score": "3", "again": "1"}
        result = await sample.ask(BOOK.blocks[101], **answers)
        printed = await sample.line()
    understood = parse(result.body, charset=result.charset)
    assert understood.warnings == ()
    assert understood.pass_through == "step|thanks||customer|10001"
    assert isinstance(understood.action, RunIvr)
    thanks = BOOK.blocks[understood.action.block_id]
    spoken, missing = substitute(thanks.questions[0].prompt.text, understood.action.user_parameters)
    assert (spoken, missing) == ("Thank you, Alex. You rated us excellent.", ())
    assert "POST /sample/survey" in printed
    assert "4711" not in printed


async def test_a_stranger_is_thanked_too() -> None:
    async with running() as sample:
        result = await sample.ask(BOOK.blocks[101], customer="99999", score="")
    action = parse(result.body).action
    assert isinstance(action, RunIvr)
    assert action.user_parameters == {"firstname": "dear caller", "score": "nothing yet"}


@pytest.mark.parametrize(
    ("wish", "action"), [("1", TransferCall("2125550123")), ("2", EndCall()), ("", EndCall())]
)
async def test_after_thanks_the_caller_is_connected_or_says_goodbye(
    wish: str, action: object
) -> None:
    async with running() as sample:
        passed = "step|thanks||customer|10001"
        result = await sample.ask(BOOK.blocks[102], wish=wish, ivr_pass_through=passed)
    assert BOOK.blocks[102].webhook.method is WebhookMethod.GET
    assert parse(result.body).action == action


async def test_a_caller_who_left_gets_no_further() -> None:
    async with running() as sample:
        result = await sample.ask(BOOK.blocks[101], customer="10001", ivr_completed="False")
    assert parse(result.body).action == EndCall()


async def test_with_a_secret_only_signed_requests_are_answered() -> None:
    async with running("--secret", SECRET) as sample:
        for ivr in (BOOK.blocks[101], BOOK.blocks[102]):  # POST and GET
            assert (await sample.ask(ivr, secret=SECRET)).error == ""
            assert (await sample.ask(ivr)).status == 403
            assert (await sample.ask(ivr, secret="whsec_" + SECRET[6:][::-1])).status == 403


async def test_a_port_in_use_is_explained_and_ctrl_c_is_quiet() -> None:
    async with running() as first:
        port = first.url.rstrip("/").rpartition(":")[2]
        second = await asyncio.create_subprocess_exec(
            sys.executable, str(EXAMPLES / "webhook_server.py"), "--port", port,
            stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        _, said = await second.communicate()
        assert f"port {port}: Address already in use. Choose another" in said.decode()
        assert second.returncode == 2
        first.process.send_signal(signal.SIGINT)
        assert await first.line() == "stopped\n"
        assert await first.process.wait() == 0


async def test_where_its_port_is_taken_it_takes_another_and_the_account_follows() -> None:
    async with serving(0) as first:
        taken = urlsplit(first).port
        assert taken
        async with serving(taken) as second:
            assert urlsplit(second).port != taken
            account = at(ACCOUNT, second)
            assert port_of(account) == urlsplit(second).port
            for place in (first, second):
                _, writer = await asyncio.open_connection("127.0.0.1", urlsplit(place).port)
                writer.close()
                await writer.wait_closed()
