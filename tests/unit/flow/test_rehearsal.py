"""What is made before anybody calls."""

from __future__ import annotations

from ivrserver.blocks import (
    Account,
    AudioFile,
    FindMe,
    FlowBook,
    Menu,
    Message,
    Prompt,
    Receptionist,
    ToBlock,
    Voicemail,
)
from ivrserver.flow.phrases import phrases
from ivrserver.flow.rehearsal import rehearse
from tests.fakes import FakeSpeech
from tests.unit.flow.scene import ivr

FINDME = FindMe(block_id=1, name="f", phones=("1",), whisper_phrase="from @name", screen_prompt="?")
DESK = Receptionist(
    block_id=2,
    name="desk",
    greeting=Prompt("welcome"),
    menu=Menu(prompt=Prompt("press one")),
    closed=Menu(prompt=Prompt("we are closed")),
    holiday=ToBlock(1),
)
BOX = Voicemail(block_id=3, name="Sales", language="de-DE")
SURVEY = ivr(Message(question_id=1, name="m", prompt=Prompt("hello")), block_id=4)


async def made(*blocks: FindMe | Receptionist | Voicemail) -> list[str]:
    speech = FakeSpeech()
    book = FlowBook.of(Account(numbers=(), blocks=(*blocks, SURVEY)), revision=1)
    ready = await rehearse(book, speech)
    assert ready == len(speech.made)
    return speech.made


async def test_every_kind_of_block_has_its_prompts_made() -> None:
    texts = await made(FINDME, DESK, BOX)
    assert {"hello", "?", "welcome", "press one", "we are closed"} <= set(texts)
    assert phrases("de").voicemail.greeting.format(name="Sales") in texts
    assert phrases("de").mailbox.main_menu in texts
    assert phrases("en").menu.invalid in texts
    assert phrases("en").apology in texts


async def test_what_is_only_known_on_the_call_is_left_out() -> None:
    texts = await made(FINDME, DESK, BOX)
    assert not any("@" in text or "{" in text for text in texts)


async def test_nothing_is_made_twice() -> None:
    texts = await made(FINDME, DESK, BOX)
    assert len(texts) == len(set(texts))


async def test_what_no_block_needs_is_not_made() -> None:
    assert phrases("en").mailbox.main_menu not in await made()


async def test_all_of_the_audio_library_is_made_because_replies_may_name_any_of_it() -> None:
    speech = FakeSpeech()
    welcome = Message(question_id=1, name="m", prompt=Prompt(audio="welcome.wav"))
    files = (AudioFile("welcome.wav", "a.wav"), AudioFile("whisper.mp3", "b.mp3"))
    await rehearse(FlowBook.of(Account(blocks=(ivr(welcome),), audio=files)), speech)
    assert [made for made in speech.made if made in {"a.wav", "b.mp3"}] == ["a.wav", "b.mp3"]
