"""The audio library and voicemail boxes from the command line."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime
from pathlib import Path

import numpy
import pytest
import soundfile

from ivrserver.config import load
from ivrserver.flow.ports import PinVerdict
from ivrserver.storage import Mailboxes, database, migrate, open_journal
from tests.unit.cli.conftest import Run
from tests.unit.storage.records import message, opened

BOXES = """
blocks:
  - {id: 300, kind: voicemail, name: Office}
  - {id: 301, kind: voicemail, name: Sales, greeting: {audio: hello.wav}}
"""


def sound(name: str, seconds: float = 1.0) -> str:
    kind = "FLAC" if name.endswith("flac") else "WAV"
    soundfile.write(name, numpy.zeros(int(8000 * seconds)), 8000, format=kind)
    return name


def verdict(pin: str) -> PinVerdict:
    async def work() -> PinVerdict:
        async with database(load()) as engine:
            return await Mailboxes(engine).check_pin(300, pin, datetime.now(UTC))

    return asyncio.run(work())


def test_files_are_added_listed_and_removed(run: Run) -> None:
    assert run("audio", "list").output == "no audio files\n"
    told = run("audio", "add", sound("hello.wav"), sound("music.flac", 2.5)).output
    assert told == "added    audio hello.wav\nadded    audio music.flac\nrevision 1\n"
    run("audio", "add", sound("other.wav", 3), "--name", "whisper")
    hello, music, whisper = run("audio", "list").output.splitlines()
    assert re.fullmatch(r"hello\.wav +1\.0 s +16,044 bytes  not used", hello)
    assert re.fullmatch(r"music\.flac +2\.5 s +[\d,]+ bytes  not used", music)
    assert whisper.startswith("whisper  ")
    assert run("audio", "remove", "whisper").output == "removed  audio whisper\n"
    assert "whisper" not in run("audio", "list").output


def test_a_file_that_a_block_uses_stays(run: Run) -> None:
    run("audio", "add", sound("hello.wav"))
    Path("boxes.yaml").write_text(BOXES)
    run("apply", "boxes.yaml")
    assert "block 301 (Sales)" in run("audio", "list").output
    refused = run("audio", "remove", "hello.wav", status=1).output
    assert refused == (
        "Error: hello.wav is used by block 301 (Sales); let them use another first\n"
    )


def test_what_cannot_be_added_says_why(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("text.wav").write_text("no sound")
    refused = run("audio", "add", "text.wav", sound("a.wav"), status=1).output
    assert refused == (
        "Error: text.wav: audio text.wav: is no audio file; use WAV, MP3, OGG or FLAC\n"
    )
    assert run("audio", "list").output == "no audio files\n"
    assert (
        "--name is for one file"
        in run("audio", "add", "a.wav", "a.wav", "--name", "x", status=2).output
    )
    monkeypatch.setenv("IVRSERVER_AUDIO__MAX_SECONDS", "1")
    assert "audio.max_seconds" in run("audio", "add", sound("a.wav", 1.1), status=1).output


def test_what_is_not_there_cannot_be_removed(run: Run) -> None:
    assert (
        "there is no audio file called x; there is: none"
        in run("audio", "remove", "x", status=1).output
    )


def test_boxes_are_listed_with_their_messages_and_whether_they_have_a_pin(run: Run) -> None:
    assert run("mailbox", "list").output == "no voicemail boxes\n"
    run("audio", "add", sound("hello.wav"))
    Path("boxes.yaml").write_text(BOXES)
    run("apply", "boxes.yaml")

    async def leave() -> None:
        async with database(load()) as engine:
            await migrate(engine)
            async with open_journal(load(), engine) as journal:
                for record in (opened(), message(1), message(2)):
                    journal.write(record)
            await Mailboxes(engine).save("m-call-1-1")

    asyncio.run(leave())
    run("mailbox", "pin", "301", typed="1234\n1234\n")
    office, sales = run("mailbox", "list").output.splitlines()
    assert re.fullmatch(r" +300  Office +1 new +1 saved  no PIN: ivrserver mailbox pin 300", office)
    assert re.fullmatch(r" +301  Sales +0 new +0 saved  PIN set", sales)


def with_a_box(run: Run) -> None:
    Path("boxes.yaml").write_text("blocks: [{id: 300, kind: voicemail, name: Office}]")
    run("apply", "boxes.yaml")


def test_a_pin_is_asked_for_twice_and_never_shown(run: Run) -> None:
    with_a_box(run)
    told = run("mailbox", "pin", "300", typed="4711\n4711\n").output
    assert told.endswith("the PIN is set\n")
    assert "4711" not in told
    assert verdict("4711") is PinVerdict.RIGHT
    assert verdict("4712") is PinVerdict.WRONG


def test_a_pin_that_was_mistyped_is_asked_for_again(run: Run) -> None:
    with_a_box(run)
    run("mailbox", "pin", "300", typed="4711\n4712\n0815\n0815\n")
    assert verdict("0815") is PinVerdict.RIGHT


@pytest.mark.parametrize("pin", ["123", "12345", "12a4", "١٢٣٤"])
def test_a_pin_has_four_digits(run: Run, pin: str) -> None:
    with_a_box(run)
    assert (
        "a PIN has 4 digits"
        in run("mailbox", "pin", "300", typed=f"{pin}\n{pin}\n", status=2).output
    )
    assert verdict(pin) is PinVerdict.NONE_SET


def test_a_pin_can_be_made_up(run: Run) -> None:
    with_a_box(run)
    told = run("mailbox", "pin", "300", "--generate").output
    made = re.fullmatch(r"the PIN of box 300 is ([0-9]{4})\n", told)
    assert made is not None
    assert verdict(made[1]) is PinVerdict.RIGHT


def test_a_box_that_does_not_exist_gets_no_pin(run: Run) -> None:
    assert run("mailbox", "pin", "300", status=1).output == (
        "Error: there is no voicemail box 300; there is: none\n"
    )
    with_a_box(run)
    assert "there is: 300 (Office)" in run("mailbox", "pin", "7", status=1).output


def test_a_flow_file_that_names_a_phone_is_checked_against_the_settings(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("f.yaml").write_text("blocks: [{id: 1, kind: voicemail, name: A, phones: [desk]}]")
    assert "there is no phone or user desk; add it" in run("apply", "f.yaml", status=1).output
    monkeypatch.setenv("IVRSERVER_PHONES__DESK__PASSWORD", "long enough to be safe")
    assert "added    block 1 (A)" in run("apply", "f.yaml").output
