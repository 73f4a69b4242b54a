"""The page about transcription says what is so: its flow file, settings, commands and messages."""

from __future__ import annotations

import re
import tomllib
from datetime import timedelta
from pathlib import Path

import pytest

from ivrserver.blocks import Account, Ivr, Record, Voicemail
from ivrserver.blocks.doubts import doubts
from ivrserver.blocks.files import FlowSource, load
from ivrserver.blocks.lint import Known
from ivrserver.config import Settings
from ivrserver.flow.jobs import LETTER_WAITS
from ivrserver.speech.listening import scribe
from tests.unit.examples.pages import HOW_TO, ROOT, check_command, examples

PAGE = (HOW_TO / "transcribe.md").read_text(encoding="utf-8")
COMMANDS = [
    line
    for text in examples([PAGE], "sh")
    for line in text.splitlines()
    if line.startswith("ivrserver")
]


def test_the_flow_file_has_a_question_that_is_written_down_and_told() -> None:
    text, _ = examples([PAGE], "yaml")
    account = load([FlowSource("page", text.encode())], Known())
    assert isinstance(account, Account)
    assert not list(doubts(account))
    (ivr,) = account.blocks
    assert isinstance(ivr, Ivr)
    (question,) = ivr.questions
    assert isinstance(question, Record)
    assert question.transcribe
    assert ivr.webhook.transcription_url == "https://www.example.com/said.php?auth=abc123"


def test_the_box_has_its_messages_written_down() -> None:
    _, text = examples([PAGE], "yaml")
    (box,) = load([FlowSource("page", text.encode())], Known()).blocks
    assert isinstance(box, Voicemail)
    assert box.transcribe
    assert timedelta(minutes=5) == LETTER_WAITS


@pytest.mark.parametrize("text", examples([PAGE], "toml"))
def test_every_settings_file_names_engines_that_there_are(text: str, tmp_path: Path) -> None:
    scribe(Settings(data=tmp_path, **tomllib.loads(text)))


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_is_one(line: str) -> None:
    check_command(line)


def test_every_message_is_one_that_jobs_say() -> None:
    code = "".join(
        path.read_text(encoding="utf-8")
        for folder in ("speech/listening", "jobs")
        for path in sorted((ROOT / "ivrserver" / folder).glob("*.py"))
    )
    told = re.findall(r"^\| `(.*?)` \|", PAGE, re.MULTILINE)
    assert len(told) == 6
    for message in told:
        fixed = message.removesuffix("de-DE").removesuffix("401")
        assert fixed in code, message


def test_the_numbers_of_the_page_are_those_of_the_settings() -> None:
    settings = Settings().transcription
    assert settings.max_bytes / 16_000 // 60 == 26
    assert settings.engines == ("pocketsphinx",)
