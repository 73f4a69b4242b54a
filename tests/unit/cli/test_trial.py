"""A webhook tried from the command line."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from ivrserver.actions.explain import explain
from ivrserver.blocks import Account, FindMe, FlowBook
from ivrserver.cli.trial import understood
from ivrserver.flow.trial.names import NamesOf
from tests.unit.cli.conftest import Run
from tests.unit.examples.pages import ROOT

FLOWS = """
numbers:
  - {number: "2125550100", label: Main line, destination: {block: 101}}
blocks:
  - id: 101
    kind: ivr
    name: Survey
    questions:
      - {id: 1, type: yes_no, name: Happy, prompt: "Are you happy?"}
    webhook: {mode: next_action, url: "%s", parameters: {happy: 1}}
"""


@pytest.fixture
def server() -> Iterator[str]:
    class Server(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            app = "hangup" if told["happy"] == ["1"] else "\x1b[31mfax"
            reply = f"<action><app>{app}</app></action>".encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, *about: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Server) as http:
        thread = threading.Thread(target=http.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{http.server_port}/listener"
        http.shutdown()
        thread.join()


@pytest.fixture
def account(run: Run, server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IVRSERVER_WEBHOOK__ALLOW_PRIVATE", "true")
    file = tmp_path / "flows.yaml"
    file.write_text(FLOWS % server)
    run("apply", str(file))


@pytest.mark.usefixtures("account")
def test_a_trial_shows_request_reply_meaning_and_story(run: Run) -> None:
    lines = run("test-webhook", "101").output.splitlines()
    assert "  happy = 1" in lines
    assert "  ivr_phone_label = Main line" in lines
    assert any(line.startswith("  POST http://127.0.0.1:") for line in lines)
    assert "     1  <action><app>hangup</app></action>" in lines
    assert any("<app> = hangup" in line and "End the call." in line for line in lines)
    assert lines[-3:] == [
        "WHAT WOULD HAPPEN",
        "  The reply is understood: hangup.",
        "  The call ends.",
    ]
    assert run("calls").output == "no calls\n"
    assert run("jobs").output == "no jobs\n"


@pytest.mark.usefixtures("account")
def test_a_reply_that_cannot_be_used_ends_with_status_1_and_cannot_paint(run: Run) -> None:
    output = run("test-webhook", "101", "--answer", "1=2", status=1).output
    assert "\x1b" not in output
    assert "! The reply cannot be used: the reply is not well-formed XML" in output


@pytest.mark.usefixtures("account")
def test_a_trial_is_json_too(run: Run, server: str) -> None:
    words = ("--json", "--caller", "", "--pass-through", "a|1", "--url", f"{server}?x=1")
    trial = json.loads(run("test-webhook", "101", *words).output)
    assert trial["attempts"][0]["url"] == f"{server}?x=1"
    assert ["ivr_pass_through", "a|1"] in trial["parameters"]
    assert ["ivr_caller_id", ""] in trial["parameters"]
    assert trial["understood"]["lines"][1] == {
        "line": 1, "depth": 1, "name": "app", "text": "hangup", "use": "used",
        "means": "End the call.", "value": "hangup", "notes": [],
    }  # fmt: skip


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("102",), 1, "there is no IVR 102"),
        (("101", "--answer", "2=1"), 1, "answers.2: IVR 101 has no question 2"),
        (("101", "--set", "st_rank=1"), 1, "include_sourcetrak"),
        (("101", "--answer", "1"), 2, "has no ="),
        (("101", "--answer", "x=1"), 2, "is no question id"),
    ],
)
def test_mistakes_say_what_to_do(run: Run, words: tuple[str, ...], status: int, said: str) -> None:
    assert said in run("test-webhook", *words, status=status).output


def test_the_example_of_the_documentation_is_what_is_printed() -> None:
    body = (
        b"<action>\n<app>findme</app>\n<parameters>\n<id>105</id>\n<timeout>90</timeout>\n"
        b"</parameters></action>"
    )
    team = FindMe(block_id=105, name="Team")
    names = NamesOf(FlowBook.of(Account(blocks=(team,))))
    printed = list(understood(explain(body, names=names)))
    page = (ROOT / "docs" / "how-to" / "write-a-webhook.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```text\nHOW IT IS UNDERSTOOD\n(.*?)```", page, re.DOTALL)
    for line in example.splitlines():
        assert line in printed
