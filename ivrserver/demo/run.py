"""One real call from a scripted phone through the sample IVR, told as it happened.

Everything is real: Asterisk, the controller, the web server, SIP, RTP and keys. The call counts as
a success only if what the phone did and heard is what the database says.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ivrserver import programs
from ivrserver.blocks import Prompt
from ivrserver.config import Settings
from ivrserver.demo import listening
from ivrserver.demo.phone import Heard, Phone
from ivrserver.errors import IvrError
from ivrserver.flow.events import (
    ActionChosen,
    CallEnded,
    Event,
    PromptPlayed,
    PromptStopped,
    QuestionAsked,
    RecordingStarted,
)
from ivrserver.flow.ports import Sound
from ivrserver.flow.story import tell
from ivrserver.lab import Lab, lab_settings, open_lab
from ivrserver.speech import build
from ivrserver.storage import CallDetails, Calls
from ivrserver.telephony.asterisk import ports

Say = Callable[[str], None]

SUGGESTION: Final = "More tea, please. And a window seat would be lovely."
_STEP_SECONDS: Final = 20.0
_POLL_SECONDS: Final = 0.1
_BREATH_SECONDS: Final = 0.8
_LEAST_RECORDED: Final = 3.0
"""Seconds; the suggestion takes a little longer."""
_IVRS: Final = (101, 102)
"""What the call goes through, in order."""
_BEGINNING_SECONDS: Final = 0.8
"""How much of a prompt that was cut short must have been heard."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What the caller does once a question is asked.

    Attributes:
        question: the question's name.
        wait: seconds of listening first; less than the prompt is long: a barge-in.
        keys: what they press.
        answer: what the server must have stored; empty: nothing to compare.
    """

    question: str
    wait: float
    keys: str
    answer: str = ""


TURNS: Final = (
    Turn("Customer number", 1.0, "90210", "90210"),
    Turn("PIN", 2.5, "4711", "•••"),
    Turn("Score", 6.5, "3", "3"),
    Turn("Visit again", 1.5, "1", "1"),
    Turn("Wish", 3.0, "2", "2"),
)


class DemoFailed(IvrError):
    """The call did not go as it should have."""


async def demo(settings: Settings, say: Say, keep: Path | None = None) -> bool:
    """Place the call and print its conversation; return whether it all really happened.

    Args:
        settings: where programs come from; ports and data folder are the demo's own.
        say: called with each line.
        keep: folder for a WAV file of what the phone heard; None: it is not kept.
    """
    data = Path(tempfile.mkdtemp(prefix="ivrserver-demo-"))
    own = ports.fresh(lab_settings(settings).model_copy(update={"data": data}))
    try:
        await asyncio.to_thread(_fetch_phone, own, say)
        async with open_lab(own, say, _nothing) as lab:
            say(f"Asterisk {lab.asterisk.version} and the controller are running; calling.\n")
            details, heard = await _converse(lab, keep)
            for line in tell(details.timeline):
                say(line)
            failures = list(_failures(details, lab.settings))
            failures += await _unheard(details, heard, lab.settings, say)
        for failure in failures:
            say(f"FAILED: {failure}")
        if not failures:
            say("\nIt all really happened: the answers stored are the keys pressed, every prompt")
            say("was found in what the phone recorded, and the web server decided what came next.")
        return not failures
    finally:
        await asyncio.to_thread(shutil.rmtree, data, ignore_errors=True)


def _nothing(_line: str) -> None:
    """The web server's side of the conversation is on the timeline already."""


def _fetch_phone(settings: Settings, say: Say) -> None:
    if programs.find("baresip", settings.packages) is None:
        programs.fetch(["baresip"], settings.packages, say)


async def _converse(lab: Lab, keep: Path | None) -> tuple[CallDetails, Heard]:
    calls = Calls(lab.engine)
    sip = lab.settings.sip
    voice = await _spoken(SUGGESTION, lab.settings)
    async with Phone(lab.settings.packages, keep=keep or lab.settings.data) as phone:
        await phone.call(f"sip:100@{sip.bind}:{sip.port}")
        for turn in TURNS:
            if turn.question == "Wish":
                await _until(calls, lambda event: isinstance(event, RecordingStarted))
                await asyncio.sleep(_BREATH_SECONDS)
                await phone.speak(_file(voice))
                await asyncio.sleep(_BREATH_SECONDS)
                await phone.press("#")
            await _until(calls, _asked(turn.question))
            await asyncio.sleep(turn.wait)
            await phone.press(turn.keys)
        heard = await phone.wait_closed(timeout=_STEP_SECONDS)
        details = await _until(calls, lambda event: isinstance(event, CallEnded))
    return details, heard


def _asked(name: str) -> Callable[[Event], bool]:
    return lambda event: isinstance(event, QuestionAsked) and event.name == name


async def _until(calls: Calls, happened: Callable[[Event], bool]) -> CallDetails:
    """Wait until the newest call's timeline holds such an event."""
    details: CallDetails | None = None
    try:
        async with asyncio.timeout(_STEP_SECONDS):
            while True:
                for row in await calls.newest(1):
                    details = await calls.details(row.call_id)
                    if details and any(happened(entry.event) for entry in details.timeline):
                        return details
                await asyncio.sleep(_POLL_SECONDS)
    except TimeoutError as error:
        so_far = "\n".join(tell(details.timeline)) if details else "no call arrived"
        raise DemoFailed(f"the call did not go on within {_STEP_SECONDS:g} s:\n{so_far}") from error


async def _spoken(text: str, settings: Settings) -> Sound:
    """`text` in another voice, for the phone to say."""
    speech = build(settings)
    try:
        return await speech.sound(Prompt(text=text), "en-US", "kal", "")
    finally:
        await speech.close()


def _failures(details: CallDetails, settings: Settings) -> Iterator[str]:
    """What the database says that it should not, or does not say that it should."""
    given = {answer.question: answer.value for run in details.respondents for answer in run.answers}
    for turn in TURNS:
        if given.get(turn.question) != turn.answer:
            yield f"the answer to {turn.question!r} is {given.get(turn.question, 'missing')}"
    events = [entry.event for entry in details.timeline]
    actions = [event.action for event in events if isinstance(event, ActionChosen)]
    if actions != ["ivr 102", "hangup"]:
        yield f"the web server's actions were {actions}"
    visited = tuple(run.ivr_id for run in details.respondents)
    if visited != _IVRS or not all(run.completed for run in details.respondents):
        yield "not every IVR was completed"
    if not details.recordings or details.recordings[0].seconds < _LEAST_RECORDED:
        yield "the suggestion was not recorded"
    for recording in details.recordings:
        file = settings.recording_folder / f"{recording.name}.wav"
        if not file.is_file():
            yield f"the recording {file.name} is missing"


async def _unheard(details: CallDetails, heard: Heard, settings: Settings, say: Say) -> list[str]:
    """Look for every prompt in what the phone recorded: whole, unless a key cut it short."""
    say(f"\nThe phone recorded {heard.seconds:.1f} s, and in it were found:")
    recorded = await asyncio.to_thread(listening.load, heard.path)
    speech = build(settings)
    failures: list[str] = []
    try:
        for text, cut in _prompts(details):
            sound = await speech.sound(Prompt(text=text), "en-US", "", "")
            prompt = listening.trimmed(listening.load(_file(sound)))
            if cut:
                prompt = prompt[: round(_BEGINNING_SECONDS * listening.RATE)]
            whole = await asyncio.to_thread(listening.contains_whole, recorded, prompt)
            part = "its beginning" if cut else "whole"
            say(f"  {whole.found.offset:6.2f} s  {whole.reason or part}: “{text}”")
            if not whole:
                failures.append(f"the phone did not hear “{text}”: {whole.reason}")
    finally:
        await speech.close()
    return failures


def _prompts(details: CallDetails) -> Iterator[tuple[str, bool]]:
    """Each prompt of the call, and whether a key cut it short."""
    last = ""
    for entry in details.timeline:
        match entry.event:
            case PromptPlayed(text):
                if last:
                    yield last, False
                last = text
            case PromptStopped() if last:
                yield last, True
                last = ""
    if last:
        yield last, False


def _file(sound: Sound) -> Path:
    return Path(f"{sound.uri.removeprefix('sound:')}.wav")
