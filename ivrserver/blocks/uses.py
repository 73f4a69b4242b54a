"""Which building blocks use a file of the audio library."""

from __future__ import annotations

from ivrserver.blocks.audio_names import find_audio
from ivrserver.blocks.forms import form_of
from ivrserver.blocks.model import Account, Block
from ivrserver.blocks.references import references


def users_of_audio(account: Account, name: str) -> list[Block]:
    """The blocks of `account` that name the audio file `name`, in their order."""
    names = [audio.name for audio in account.audio]
    return [block for block in account.blocks if name in _named(block, names)]


def _named(block: Block, names: list[str]) -> set[str]:
    found = list(references(form_of(block).tree()))
    exact = {each.target for each in found if each.kind == "audio"}
    return exact | {find_audio(names, each.target) for each in found if each.kind == "sound"}
