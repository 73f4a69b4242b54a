"""What the YAML forms of all kinds of building blocks have."""

from __future__ import annotations

from typing import Any, get_args

from pydantic import Field

from ivrserver.blocks import fields as kinds
from ivrserver.blocks.forms import Form


class BlockForm(Form):
    """What every block has."""

    block_id: kinds.Id = Field(alias="id", description="unique among all blocks")
    kind: str = Field(description="what the block is")
    name: kinds.Name = Field(description="for people")
    language: kinds.Language = Field("en-US", description="of its prompts, such as en-US")
    voice: kinds.Line = Field("", description="the speech engine's voice; empty: its own choice")

    @classmethod
    def parts_of(cls, value: Any) -> dict[str, Any]:
        """The form's fields: in YAML the class is a word."""
        return super().parts_of(value) | {"kind": cls.word()}

    @classmethod
    def word(cls) -> str:
        """The kind as flow files name it, such as ``findme``."""
        (word,) = get_args(cls.model_fields["kind"].annotation)
        return str(word)
