"""What the documentation says of the webhook is what the code does; its examples run.

A table in the reference that differs from the code's is printed whole, ready to be pasted.
"""

from __future__ import annotations

import re
import shlex
import threading
import time
import urllib.request
from collections.abc import Iterable
from datetime import UTC, datetime
from http.server import HTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from standardwebhooks import WebhookVerificationError

from ivrserver.actions import reference
from ivrserver.actions.model import RunIvr, TransferCall
from ivrserver.actions.parameters import (
    IVR_PARAMETERS,
    POSTBACK_PARAMETERS,
    SOURCETRAK_PARAMETERS,
    Generated,
)
from ivrserver.actions.parser import parse
from ivrserver.actions.reference import App, Parameter
from ivrserver.blocks.ivr_forms import WebhookForm
from ivrserver.blocks.webhook import valid_secret
from ivrserver.config import WebhookSettings
from ivrserver.webhooks.signing import signature_headers
from tests.unit.examples.pages import check_command

DOCS = Path(__file__).parents[3] / "docs"
PAGE = (DOCS / "reference" / "webhook.md").read_text(encoding="utf-8")
GUIDE = (DOCS / "how-to" / "write-a-webhook.md").read_text(encoding="utf-8")
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def rows(*header: str, lines: Iterable[tuple[str, ...]]) -> str:
    table = [header, ("---",) * len(header), *lines]
    return "\n".join(
        f"| {' | '.join(line)} |".replace(" --- ", "---").replace("|  |", "| |") for line in table
    )


def generated(parameters: tuple[Generated, ...]) -> str:
    lines = ((f"`{one.name}`", one.description, one.form or "text") for one in parameters)
    return rows("parameter", "meaning", "form", lines=lines)


def values(parameter: Parameter) -> str:
    if parameter.choices:
        return "<br>".join(f"`{value}` {text}" for value, text in parameter.choices.items())
    if parameter.high is not None:
        return f"{parameter.low} to {parameter.high}"
    if parameter.low is not None:
        return f"{parameter.low} or more"
    return parameter.kind.value.replace("|", r"`\|`")


def required(parameter: Parameter) -> str:
    return "yes" if parameter.required else parameter.condition or "no"


def default(parameter: Parameter) -> str:
    return "" if parameter.default is None else f"`{parameter.default}`"


def parameters(app: App) -> str:
    title = f"### {app.name}\n\n"
    if not app.parameters:
        return f"{title}No parameters."
    lines = (
        (f"`{one.name}`", one.description, values(one), required(one), default(one))
        for one in app.parameters
    )
    return title + rows("parameter", "meaning", "values", "required", "default", lines=lines)


def apps() -> str:
    lines = ((f"`{app.name}`", app.description) for app in reference.APPS)
    return rows("app", "what happens", lines=lines)


TABLES = {
    "ivr parameters": generated(IVR_PARAMETERS),
    "sourcetrak parameters": generated(SOURCETRAK_PARAMETERS),
    "postback parameters": generated(POSTBACK_PARAMETERS),
    "apps": apps(),
    "pass-through": rows(
        "parameter",
        "meaning",
        lines=[(f"`{reference.PASS_THROUGH.name}`", reference.PASS_THROUGH.description)],
    ),
    "parameters": "\n\n".join(parameters(app) for app in reference.APPS),
}


@pytest.mark.parametrize("name", TABLES)
def test_the_reference_s_tables_are_those_of_the_code(name: str) -> None:
    marked = f"<!-- table: {name} -->\n\n{TABLES[name]}\n"
    assert marked in PAGE, f"paste this into docs/reference/webhook.md:\n{marked}"


def test_the_reference_s_limits_are_the_defaults() -> None:
    settings = WebhookSettings()
    for text in (
        f"| connecting | {settings.connect_timeout:g} s",
        f"| whole request | {settings.total_timeout:g} s",
        f"| reply | {settings.max_reply_bytes // 1024} KB",
        f"cut at {reference.MAX_TEXT:,} characters",
    ):
        assert text in PAGE
    assert f"After {settings.hold_after:g} s they hear hold music, after " in GUIDE


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)


def example(page: str, marker: str) -> dict[str, Any]:
    (code,) = (code for code in blocks(page, "python") if marker in code)
    names: dict[str, Any] = {"__name__": "example"}
    exec(compile(code, marker, "exec"), names)
    return names


def test_every_xml_example_is_a_reply() -> None:
    for body in blocks(PAGE, "xml") + blocks(GUIDE, "xml"):
        assert parse(body.encode()).warnings == ()


def test_the_guide_s_flow_file_is_one() -> None:
    (text,) = blocks(GUIDE, "yaml")
    webhook = WebhookForm.model_validate(yaml.safe_load(text)["webhook"])
    assert webhook.parameters == {"qos": 1}


def test_the_guide_s_server_answers_its_own_trial() -> None:
    command, by_us = blocks(GUIDE, "sh")
    check_command(by_us)
    words = shlex.split(command)
    data = "&".join(words[at + 1] for at, word in enumerate(words) if word == "-d")
    assert re.findall(r"(ivr_\w+)=", data) == ["ivr_completed", "ivr_caller_id"]
    names = example(GUIDE, "class Listener")
    names["Listener"].log_message = lambda *_: None
    with HTTPServer(("127.0.0.1", 0), names["Listener"]) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        replies = []
        for text in (data, "qos=5"):
            url = f"http://127.0.0.1:{server.server_port}/listener"
            with urllib.request.urlopen(url, text.encode(), timeout=5) as reply:
                replies.append(parse(reply.read()).action)
        server.shutdown()
        thread.join()
    assert replies == [
        TransferCall("2125550123"),
        RunIvr(102, user_parameters={"firstname": "Alex"}),
    ]


def test_the_guide_s_pin_is_asked_three_times_at_most() -> None:
    after_pin = example(GUIDE, "def after_pin")["after_pin"]
    passed, actions = "", []
    for _ in range(3):
        reply = parse(after_pin({"pin": "0000", "ivr_pass_through": passed}).encode())
        passed = reply.pass_through or ""
        actions.append(reply.action)
    assert actions == [RunIvr(101), RunIvr(101), TransferCall("2125550123")]
    assert parse(after_pin({"pin": "4711", "ivr_pass_through": ""}).encode()).action == RunIvr(102)


def test_the_guide_s_secret_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    example(GUIDE, "secrets.token_bytes")
    assert valid_secret(capsys.readouterr().out.strip())


def signed(payload: str, age: float = 0) -> dict[str, str]:
    now = datetime.fromtimestamp(time.time() - age, tz=UTC)
    return {"webhook-id": "msg"} | signature_headers(SECRET, "msg", payload, now)


def test_the_guide_s_check_of_signatures_works() -> None:
    is_genuine = example(GUIDE, "hmac.digest")["is_genuine"]
    assert is_genuine(signed("qos=5"), b"qos=5", SECRET)
    assert not is_genuine(signed("qos=5"), b"qos=1", SECRET)
    assert not is_genuine(signed("qos=5", age=600), b"qos=5", SECRET)


def test_the_reference_s_check_of_signatures_works() -> None:
    verify = example(PAGE, "standardwebhooks")["verify"]
    verify(SECRET, signed("qos=5"), "qos=5")
    with pytest.raises(WebhookVerificationError):
        verify(SECRET, signed("qos=5"), "qos=1")
