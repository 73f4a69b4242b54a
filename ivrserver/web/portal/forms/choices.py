"""What menus of a form offer: where a call can go, which audio files there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from ivrserver.blocks import Account, Block, FindMe, Ivr, Receptionist, Voicemail

Options = list[tuple[str, str] | tuple[str, list[tuple[str, str]]]]
"""Of a menu: a value and its text, or a group and its values."""

_GROUPS: Final[Mapping[type[Block], str]] = {
    Ivr: "IVRs",
    FindMe: "FindMes",
    Receptionist: "Receptionists",
    Voicemail: "Voicemail boxes",
}


@dataclass(frozen=True, slots=True)
class Choices:
    """What an account offers.

    Attributes:
        account: as it is now.
        phones: extension of each phone that can be called by name.
    """

    account: Account
    phones: Mapping[str, str]

    @property
    def audio(self) -> list[str]:
        """Names of the audio library's files."""
        return sorted(audio.name for audio in self.account.audio)

    def destinations(self) -> Options:
        """Where a call can leave a block to."""
        boxes = self._named("mailbox", Voicemail, lambda box: f"Messages of {box}")
        return [
            ("hangup", "Hang up"),
            *self._blocks(),
            ("A telephone", [("number", "A phone number or phone…")]),
            *([("Messages, for their owner", boxes)] if boxes else []),
        ]

    def steps(self, ivr: Ivr, *, at: int | None = None) -> Options:
        """Where a question can lead to; `at`: the id of the question itself."""
        asked = [
            (f"question:{each.question_id}", f"{place}. {each.name}")
            for place, each in enumerate(ivr.questions, 1)
            if each.question_id != at
        ]
        if at is not None and ivr.index_of(at) is not None:
            asked.append((f"question:{at}", "This question again"))
        return [
            ("next", "Next question"),
            ("end", "End of the IVR"),
            *([("Questions", asked)] if asked else []),
            *self._blocks(),
        ]

    def of_kind(self, kind: type[Block], word: str) -> list[tuple[str, str]]:
        """The blocks of one kind, each as ``WORD:101``."""
        return self._named(word, kind, str)

    def _blocks(self) -> Options:
        found: Options = []
        for kind, title in _GROUPS.items():
            named = self._named("block", kind, str)
            if named:
                found.append((title, named))
        return found

    def _named(
        self, word: str, kind: type[Block], text: Callable[[str], str]
    ) -> list[tuple[str, str]]:
        return [
            (f"{word}:{block.block_id}", f"{text(block.name)} ({block.block_id})")
            for block in self.account.blocks
            if isinstance(block, kind)
        ]
