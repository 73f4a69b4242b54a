"""The how-to pages about receptionists, FindMe, voicemail and sound files say what is so."""

from __future__ import annotations

import re
import shlex
import tomllib

import pytest

from ivrserver.actions.parser import parse
from ivrserver.blocks import Account, FindMe, Ivr, Receptionist, ToMailbox, Transfer, Voicemail
from ivrserver.blocks.files import FlowSource, load
from ivrserver.blocks.lint import Known
from ivrserver.config import AudioSettings, Settings
from ivrserver.config import load as load_settings
from ivrserver.flow.jobs import LETTER_RETRIES
from ivrserver.flow.mailbox.owner import TRIES
from ivrserver.flow.phrases import phrases
from ivrserver.storage import read_flow_files
from ivrserver.storage.mailboxes import LOCKS_AFTER, LOCKS_FOR
from ivrserver.web.api import PATH
from tests.unit.examples.pages import HOW_TO, ROOT, check_command, examples

NAMES = ("receptionist", "findme", "voicemail", "audio")
PAGES = {name: (HOW_TO / f"{name}.md").read_text(encoding="utf-8") for name in NAMES}
ELSEWHERE = Known(
    {301: "receptionist", 302: "findme", 303: "voicemail", 304: "ivr"},
    phones={"desk": "204", "lobby": ""},
)
"""What the pages' examples may refer to."""


@pytest.mark.parametrize("text", examples(PAGES.values(), "yaml"))
def test_every_flow_file_of_the_pages_is_right(text: str) -> None:
    assert load([FlowSource("page", text.encode())], ELSEWHERE) != Account()


@pytest.mark.parametrize("text", examples(PAGES.values(), "toml"))
def test_every_settings_file_of_the_pages_is_right(text: str) -> None:
    Settings(**tomllib.loads(text))


@pytest.mark.parametrize("text", examples(PAGES.values(), "xml"))
def test_every_reply_of_the_pages_is_understood(text: str) -> None:
    assert parse(text.encode()).warnings == ()


COMMANDS = [line for text in examples(PAGES.values(), "sh") for line in text.splitlines()]


@pytest.mark.parametrize("line", [line for line in COMMANDS if not line.startswith("curl")])
def test_every_command_of_the_pages_exists(line: str) -> None:
    check_command(line)


def test_the_requests_of_the_pages_are_those_of_the_api() -> None:
    asked = [shlex.split(line) for line in COMMANDS if line.startswith("curl")]
    urls = [words[-1].partition("8080")[2].partition("?")[0] for words in asked]
    assert urls == [f"{PATH}/audio{file}" for file in ("", "", "/welcome.mp3")]
    assert all(words[2] == "Authorization: Bearer $TOKEN" for words in asked)
    assert ["--data-binary" in words for words in asked] == [True, False, False]
    assert asked[2][3:5] == ["-X", "DELETE"]


def test_the_numbers_on_the_pages_are_those_of_the_program() -> None:
    voicemail = PAGES["voicemail"]
    assert f"After {LOCKS_AFTER} wrong PINs" in voicemail.replace("\n", " ")
    assert f"locked for {LOCKS_FOR.seconds // 60} minutes" in voicemail
    assert f"for {LETTER_RETRIES.give_up_after.days * 24} hours" in voicemail
    assert LETTER_RETRIES.pauses[0] == 60, "about one minute"
    menu = phrases("en").mailbox.message_menu
    for key, what in (("1", "hear it again"), ("2", "save"), ("3", "delete"), ("pound", "next")):
        assert re.search(rf"{what}[^.]*press {key}\.", menu)
    accept = phrases("en").findme.accept
    assert "accept the call, press 1" in accept
    assert "decline it, press 2" in accept
    limits = AudioSettings()
    assert f"max_bytes = {limits.max_bytes:_}" in PAGES["audio"]
    assert f"max_seconds = {limits.max_seconds}" in PAGES["audio"]
    assert TRIES == 3


def test_the_office_fits_its_settings_and_shows_one_of_everything() -> None:
    settings = load_settings(ROOT / "examples" / "reception.toml")
    phones = {name: phone.extension for name, phone in settings.phones.items()}
    file = ROOT / "examples" / "reception.yaml"
    account = read_flow_files([file], Known(phones=phones)).account
    assert {type(block) for block in account.blocks} == {Receptionist, FindMe, Voicemail, Ivr}
    assert any(isinstance(number.destination, ToMailbox) for number in account.numbers)
    (findme,) = (block for block in account.blocks if isinstance(block, FindMe))
    assert set(findme.phones) == set(phones)
    (survey,) = (block for block in account.blocks if isinstance(block, Ivr))
    assert any(isinstance(question, Transfer) for question in survey.questions)
    (desk,) = (block for block in account.blocks if isinstance(block, Receptionist))
    assert desk.schedule.hours
    assert desk.schedule.holidays
    begins = {extension[:1] for extension in phones.values()}
    assert not begins & desk.menu.keys.keys(), "no key makes callers wait for an extension"


def test_the_office_and_the_sample_account_can_be_loaded_together() -> None:
    files = [ROOT / "examples" / name for name in ("reception.yaml", "sample.yaml")]
    assert len(read_flow_files(files).account.blocks) == 7
