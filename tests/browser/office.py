"""A small office to look at: hours, people, a voicemail box, sounds, and a number to nobody."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from ivrserver import shelves
from ivrserver.blocks import Account, PhoneNumber, Prompt, Receptionist, ToBlock, ToNumber
from ivrserver.resources import folder as resource
from ivrserver.storage.merge import StoredAccount
from tests.browser.gallery import write_speech
from tests.browser.site import BY, Site, open_site

FLOWS = resource("examples") / "reception.yaml"
PHONES = {"desk": "41", "lobby": "42"}
NASTY = "<script>alert(1)</script> \"'{{7*7}}"
"""Text of somebody who means harm."""
SOUNDS = ("Welcome to the office.wav", "hold-music.wav", "whisper-sales.wav")


@asynccontextmanager
async def open_office(folder: Path) -> AsyncIterator[Site]:
    """The portal of the office of the example, with sounds and a few more numbers."""
    async with open_site(folder, flow_file=FLOWS, phones=PHONES) as site:
        speech = folder / "said.wav"
        write_speech(speech)
        library = shelves.audio_library(site.settings, site.engine)
        await library.add(dict.fromkeys(SOUNDS, speech), by=BY)
        await shelves.accounts(site.settings, site.engine).change(_more, by=BY)
        yield site


def _more(before: StoredAccount) -> StoredAccount:
    """The front desk greets with a file, and there are numbers of all kinds."""
    account = before.account
    blocks = tuple(
        replace(each, greeting=Prompt(audio=SOUNDS[0])) if isinstance(each, Receptionist) else each
        for each in account.blocks
    )
    numbers = (
        *account.numbers,
        PhoneNumber("2125550123", "Main line", ToBlock(301)),
        PhoneNumber("+4930123456", "Berlin", ToBlock(302)),
        PhoneNumber("8005550199", "Old advertisement", ToNumber("attic")),
    )
    changed: Account = replace(account, blocks=blocks, numbers=numbers)
    return replace(before, revision=before.revision + 1, account=changed)
