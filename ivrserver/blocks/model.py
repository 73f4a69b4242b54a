"""Phone numbers, building blocks and the account that holds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ivrserver.blocks.destinations import Destination, HangUp
from ivrserver.blocks.findme import FindMe
from ivrserver.blocks.numbers import webhook_form
from ivrserver.blocks.questions import Question
from ivrserver.blocks.receptionist import Receptionist
from ivrserver.blocks.voicemail import Voicemail
from ivrserver.blocks.webhook import Webhook


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """A number callers dial (DNIS).

    Attributes:
        number: as dialled: digits, or letters for an internal name such as ``sample``.
        label: sent as ``ivr_phone_label``.
        destination: where its calls go.
    """

    number: str
    label: str
    destination: Destination


@dataclass(frozen=True, slots=True)
class AudioFile:
    """One entry of the audio library.

    Attributes:
        name: what prompts call it.
        path: where the flow file found it, relative to the flow file.
    """

    name: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ivr:
    """An ordered list of questions, and what happens when they have been asked (SPEC §3).

    Attributes:
        block_id: its id among all building blocks; webhooks call it ``ivr_id``.
        language: BCP 47 tag that chooses engine and voice, such as ``en-US``.
        voice: engine-specific voice name; empty: the engine's default for the language.
        next_step: where a completed call goes when no webhook decides.
        backup_routing: where a call goes when the webhook fails; None: an apology, then hang up.
    """

    block_id: int
    name: str
    questions: tuple[Question, ...]
    language: str = "en-US"
    voice: str = ""
    webhook: Webhook = Webhook()
    next_step: Destination = HangUp()
    backup_routing: Destination | None = None

    def index_of(self, question_id: int) -> int | None:
        """Position of the question of that id, from 0; None if it is not of this IVR."""
        for index, question in enumerate(self.questions):
            if question.question_id == question_id:
                return index
        return None


Block = Ivr | FindMe | Receptionist | Voicemail


@dataclass(frozen=True, slots=True)
class Account:
    """Everything that flow files describe, in the order they name it."""

    numbers: tuple[PhoneNumber, ...] = ()
    blocks: tuple[Block, ...] = ()
    audio: tuple[AudioFile, ...] = ()


@dataclass(frozen=True, slots=True)
class FlowBook:
    """One revision of an account, indexed for calls. A call keeps the one it began with.

    Attributes:
        revision: grows by one with every change.
        numbers: by the number in webhook form, as calls report it.
        blocks: by block id.
        audio: path of each library file that exists, by its name.
    """

    revision: int
    numbers: Mapping[str, PhoneNumber]
    blocks: Mapping[int, Block]
    audio: Mapping[str, str]

    @classmethod
    def of(cls, account: Account, revision: int = 0, region: str = "US") -> FlowBook:
        """Index `account`, whose national numbers are those of `region`."""
        return cls(
            revision=revision,
            numbers={webhook_form(each.number, region): each for each in account.numbers},
            blocks={block.block_id: block for block in account.blocks},
            audio={audio.name: audio.path for audio in account.audio},
        )
