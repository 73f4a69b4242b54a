"""The YAML form of a voicemail box."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ivrserver.blocks import fields as kinds
from ivrserver.blocks.block_form import BlockForm
from ivrserver.blocks.places import PromptField
from ivrserver.blocks.questions import SILENCE
from ivrserver.blocks.voicemail import Voicemail


class VoicemailForm(BlockForm):
    """A box that takes messages."""

    makes = Voicemail
    kind: Literal["voicemail"] = Field(description="what the block is")
    greeting: PromptField = Field(
        SILENCE, description="empty: the standard greeting; one recorded by phone wins"
    )
    max_seconds: int = Field(180, ge=1, le=3600, description="the longest message")
    silence: int = Field(5, ge=0, le=60, description="seconds of silence that end it; 0: never")
    review: bool = Field(True, description="the caller may keep it, hear it or record it again")
    email: tuple[kinds.Email, ...] = Field(
        (), max_length=100, description="addresses that are told about each message"
    )
    attach: bool = Field(True, description="the e-mail carries the recording")
    transcribe: bool = Field(False, description="messages are transcribed in the background")
    envelope: bool = Field(True, description="date and time are read out before each message")
    phones: tuple[kinds.PhoneName, ...] = Field(
        (), max_length=100, description="registered phones whose message lamp shows this box"
    )
