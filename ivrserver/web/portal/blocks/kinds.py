"""The kinds of building block, as people see them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ivrserver.blocks import Block, FindMe, Ivr, Receptionist, Voicemail


@dataclass(frozen=True, slots=True)
class Kind:
    """One of them.

    Attributes:
        word: as flow files call it.
        title: one of them.
        many: several.
        about: what it does.
    """

    word: str
    value: type[Block]
    title: str
    many: str
    icon: str
    about: str

    @property
    def within(self) -> str:
        """The title within a sentence, where only names of ours keep their capitals."""
        plain = self.title.capitalize() == self.title
        return self.title.lower() if plain else self.title


KINDS: Final = (
    Kind("ivr", Ivr, "IVR", "IVRs", "list-ordered",
         "Ask questions, and tell your web server the answers."),
    Kind("receptionist", Receptionist, "Receptionist", "Receptionists", "headset",
         "Greet callers, and let them choose where to go."),
    Kind("findme", FindMe, "FindMe", "FindMes", "users",
         "Call people until one takes the call."),
    Kind("voicemail", Voicemail, "Voicemail box", "Voicemail boxes", "voicemail",
         "Take messages, and play them to their owner."),
)  # fmt: skip


def kind_of(block: Block) -> Kind:
    """The kind of a block."""
    return next(kind for kind in KINDS if isinstance(block, kind.value))
