"""The commands as a person types them: what they print, what they leave behind."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from ivrserver import resources
from ivrserver.blocks import Prompt
from ivrserver.config import Settings, load
from ivrserver.demo import listening
from ivrserver.demo.phone import Phone, PhoneAccount
from ivrserver.speech import build
from ivrserver.telephony.asterisk import ports, running
from tests.telephony.house import House, fetch_programs, flow_file
from tests.telephony.program import (
    Done,
    environment,
    ivrserver,
    processes_about,
    running_program,
)

pytestmark = [pytest.mark.telephony, pytest.mark.asyncio(loop_scope="module")]

WELCOME = "Welcome to the sample line. This takes half a minute."
STOP_SECONDS = 10.0


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def demonstration(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[asyncio.Task[Done]]:
    """`ivrserver demo`: it takes as long as a call does, and the other tests go on meanwhile."""
    task = asyncio.create_task(ivrserver("demo", cwd=tmp_path_factory.mktemp("demo")))
    yield task
    await asyncio.wait([task])


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return ports.fresh(load().model_copy(update={"data": tmp_path / "data"}))


async def welcome_is_heard(settings: Settings, port: int) -> None:
    """Call the sample line and listen to its first sentence."""
    speech = build(settings)
    try:
        sound = await speech.sound(Prompt(text=WELCOME), "en-US", "", "")
    finally:
        await speech.close()
    async with Phone(settings.packages) as phone:
        await phone.call(f"sip:100@127.0.0.1:{port}")
        await asyncio.sleep(sound.seconds + 0.4)
        heard = await phone.hang_up()
        prompt = listening.load(Path(f"{sound.uri.removeprefix('sound:')}.wav"))
        assert listening.contains_whole(listening.load(heard.path), prompt)


async def test_up_takes_calls_beside_others_ports_and_stops_without_a_trace(
    settings: Settings, tmp_path: Path
) -> None:
    await asyncio.to_thread(fetch_programs, settings)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", settings.sip.port))
        async with running_program("up", env=environment(settings), cwd=tmp_path) as program:
            await program.says("Ready\\.")
            taken = await program.says(r"sip\.port (\d+) is taken; using (\d+)")
            assert int(taken[1]) == settings.sip.port
            dial = await program.says(r"sip:100@127\.0\.0\.1:(\d+)")
            assert dial[1] == taken[2]
            await program.says("Ctrl-C stops everything")
            await welcome_is_heard(settings, int(dial[1]))
            async with Phone(settings.packages, PhoneAccount(user="2125550001")) as phone:
                await phone.call(f"sip:100@127.0.0.1:{dial[1]}")
                assert await program.stops(signal.SIGINT) == 0
                await phone.wait_closed(timeout=5)
            await program.says("stopped", 1)
    assert processes_about(tmp_path) == []
    assert "Traceback" not in program.text

    async with running_program("up", env=environment(settings), cwd=tmp_path) as program:
        await program.says("Ready\\.")
        assert "loaded the sample account" not in program.text
        assert "is taken; using" not in program.text.replace("port 8901 is taken", "")
        assert await program.stops(signal.SIGTERM) == 0
    assert processes_about(tmp_path) == []
    listed = await ivrserver("calls", env=environment(settings))
    assert [line.rsplit("  ", 1)[1] for line in listed.out.splitlines()] == [
        "failed", "caller hung up",
    ]  # fmt: skip


async def test_serve_says_why_it_cannot_start(settings: Settings) -> None:
    # Of two controllers of one name the newer would send the older away.
    silent = environment(ports.fresh(settings)) | {"IVRSERVER_ARI__INSTANCE": "2"}
    async with running(settings, print):
        wrong = environment(settings) | {"IVRSERVER_ARI__PASSWORD": "wrong-password"}
        refused, unreached = await asyncio.gather(
            ivrserver("serve", env=wrong), ivrserver("serve", env=silent)
        )
    assert (refused.status, unreached.status) == (1, 1)
    assert "Error: Asterisk refuses our login: ari.username and ari.password must" in refused.err
    assert "Error: Asterisk's ARI does not answer on 127.0.0.1 port" in unreached.err
    assert "Traceback" not in refused.err + unreached.err
    assert "wrong-password" not in refused.err


async def test_flows_are_applied_exported_and_found_unchanged(
    settings: Settings, tmp_path: Path
) -> None:
    env = environment(settings)
    file = flow_file(tmp_path / "flows", "http://127.0.0.1:9")
    checked = await ivrserver("apply", "--check", file, env=env)
    assert (checked.status, checked.out) == (0, "the files are right\n")
    applied = await ivrserver("apply", file, env=env)
    assert applied.status == 0
    assert applied.out.endswith("revision 1\n")
    assert "added    block 90" in applied.out
    exported = await ivrserver("export", tmp_path / "copy" / "copy.yaml", env=env)
    assert exported.status == 0, exported.err
    again = await ivrserver("apply", tmp_path / "copy" / "copy.yaml", env=env)
    assert again.out == "nothing has changed\nrevision 1\n"
    printed = await ivrserver("export", env=env)
    assert printed.out == (tmp_path / "copy" / "copy.yaml").read_text()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "empty.yaml:1: file: is empty; a flow file has at least one of"),
        ("# nothing but a comment\n", "empty.yaml:1: file: is empty"),
        ("blocks:\n  - id: 1\n    kind: ivr\n", "empty.yaml:2: blocks[0].name: is missing"),
        ("blocks: [\n", "empty.yaml:2: file: is not valid YAML"),
    ],
)
async def test_a_flow_file_that_is_empty_or_wrong_is_refused_clearly(
    settings: Settings, tmp_path: Path, text: str, told: str
) -> None:
    (tmp_path / "empty.yaml").write_text(text)
    refused = await ivrserver("apply", tmp_path / "empty.yaml", env=environment(settings))
    assert refused.status == 1
    assert refused.err.startswith("Error: ")
    assert told in refused.err
    assert "Traceback" not in refused.err


async def test_calls_are_listed_and_one_is_told(house: House) -> None:
    async with house.calling("8003") as caller:
        await caller.asked("answer")
        await caller.press("42")
        call = await caller.waits()
    env = environment(house.settings)
    listed, shown, unknown, none = await asyncio.gather(
        ivrserver("calls", "--number", caller.number, env=env),
        ivrserver("calls", "show", caller.call_id, env=env),
        ivrserver("calls", "show", "nonsense", env=env),
        ivrserver("calls", "--number", "999", env=env),
    )
    (line,) = listed.out.splitlines()
    assert line.startswith(caller.call_id)
    assert f"{caller.number} → 8003" in line
    assert line.endswith("hung up")
    story = shown.out
    assert story.startswith(line)
    for part in ("answer", "presses 2 keys: 42", "That is right.", "hung up", "IVR 3, completed"):
        assert part in story
    assert len(story.splitlines()) == len(call.details.timeline) + 1
    assert (unknown.status, none.out) == (1, "no calls\n")
    assert "there is no call nonsense; `ivrserver calls` lists them" in unknown.err


async def test_doctor_finds_everything_well_and_names_what_is_not(settings: Settings) -> None:
    env = environment(settings)
    async with running(settings, print):
        well = await ivrserver("doctor", env=env)
        ill = await ivrserver(
            "doctor",
            env=env | {"IVRSERVER_ARI__PASSWORD": "wrong", "IVRSERVER_SPEECH__ENGINES": "[]"},
        )
    assert well.status == 0, well.out
    assert "FAIL" not in well.out
    assert ill.status == 1
    assert "FAIL  ARI" in ill.out
    assert "→ " in ill.out
    assert "Traceback" not in ill.out + ill.err


async def test_the_printed_references_are_those_of_the_documentation() -> None:
    schema, reference, version, wrong = await asyncio.gather(
        ivrserver("schema"), ivrserver("settings"), ivrserver("--version"),
        ivrserver("calls", env={"IVRSERVER_SIP__PORT": "70000", "IVRSERVER_LOG_LEVEL": "loud"}),
    )  # fmt: skip
    docs = resources.folder("examples").parent / "docs" / "reference"
    assert json.loads(schema.out)["$schema"]
    assert schema.out == (docs / "flow.schema.json").read_text()
    assert reference.out == (docs / "settings.md").read_text()
    assert "version" in version.out
    assert wrong.status == 1
    assert "sip.port: " in wrong.err
    assert "log_level: " in wrong.err


async def test_the_demo_prints_its_conversation_and_succeeds(
    demonstration: asyncio.Task[Done],
) -> None:
    done = await demonstration
    assert done.status == 0, done.out + done.err
    assert "It all really happened" in done.out
    for part in (
        "calls 100", "says       “Welcome to the sample line.", "presses 5 keys: 90210",
        "pin = •••", "action     ivr 102", "whole: “Have a lovely day.”",
    ):  # fmt: skip
        assert part in done.out
    assert not re.search(r"\b4711\b", done.out)
    assert done.err == ""
