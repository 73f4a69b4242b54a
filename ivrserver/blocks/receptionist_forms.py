"""The YAML form of a Virtual Receptionist."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from ivrserver.blocks import fields as kinds
from ivrserver.blocks.block_form import BlockForm
from ivrserver.blocks.destinations import HangUp, ToBlock, ToMailbox, ToNumber
from ivrserver.blocks.forms import Form
from ivrserver.blocks.places import DestinationField, PromptField
from ivrserver.blocks.questions import SILENCE
from ivrserver.blocks.receptionist import Failure, Menu, Receptionist
from ivrserver.blocks.schedule_forms import ScheduleForm


class FailureForm(Form):
    """What happens when a caller presses nothing, or something that leads nowhere."""

    makes = Failure
    tries: int = Field(3, ge=1, le=20, description="how often the menu is played in all")
    prompt: PromptField = Field(
        SILENCE, description="said before the menu is repeated; empty: the server's own sentence"
    )
    then: DestinationField = Field(HangUp(), description="where it leads when tries have run out")


class MenuForm(Form):
    """What is offered, and where each key leads."""

    makes = Menu
    prompt: PromptField = Field(description="names the keys; heard again with every try")
    keys: dict[kinds.MenuKey, DestinationField] = Field(
        {}, description="where each key (0-9, *, #) leads"
    )
    extensions: dict[kinds.Extension, DestinationField] = Field(
        {}, max_length=10_000, description="where dialling these digits leads"
    )
    direct: bool = Field(False, description="extensions of registered phones may be dialled too")
    timeout: kinds.Seconds = Field(
        5.0, gt=0, le=300, description="seconds to wait for a key after the prompt"
    )
    between: kinds.Seconds = Field(
        2.0, gt=0, le=60, description="seconds to wait for the next digit of an extension"
    )
    invalid: FailureForm = Field(FailureForm(), description="when the keys lead nowhere")
    no_input: FailureForm = Field(FailureForm(), description="when no key came in time")

    @model_validator(mode="after")
    def _offers_something(self) -> Self:
        if not (self.keys or self.extensions or self.direct):
            raise ValueError("a menu needs keys, extensions or direct: true; add one of them")
        return self


_PLACES = {"block", "number", "mailbox"}


def _menu_or_destination(raw: Any) -> str:
    """The names stand in pydantic's locations: `advice` knows ``menu``."""
    match raw:
        case HangUp() | ToBlock() | ToNumber() | ToMailbox() | str():
            return "destination"
        case dict() if raw.keys() & _PLACES:
            return "destination"
        case _:
            return "menu"


ClosedField = Annotated[
    Annotated[MenuForm, Tag("menu")] | Annotated[DestinationField, Tag("destination")],
    Discriminator(_menu_or_destination),
]


class ReceptionistForm(BlockForm):
    """Greets callers and lets them choose."""

    makes = Receptionist
    kind: Literal["receptionist"] = Field(description="what the block is")
    greeting: PromptField = Field(SILENCE, description="heard once, before the menu")
    menu: MenuForm = Field(description="while it is open")
    schedule: ScheduleForm = Field(ScheduleForm(), description="when it is open")
    closed: ClosedField | None = Field(
        None, description="outside the schedule: a menu or a destination; none: as when open"
    )
    holiday: ClosedField | None = Field(None, description="on holidays; none: as closed")
