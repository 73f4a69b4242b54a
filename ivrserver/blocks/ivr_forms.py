"""The YAML form of an IVR and of its webhook settings."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from ivrserver.blocks import fields as kinds
from ivrserver.blocks.block_form import BlockForm
from ivrserver.blocks.destinations import HangUp
from ivrserver.blocks.forms import Form
from ivrserver.blocks.model import Ivr
from ivrserver.blocks.places import DestinationField
from ivrserver.blocks.question_forms import AnyQuestionForm
from ivrserver.blocks.webhook import Webhook, WebhookMethod, WebhookMode, WebhookParameter


class WebhookForm(Form):
    """Where an IVR's results go, and what the reply may decide."""

    makes = Webhook
    mode: WebhookMode = Field(WebhookMode.NONE, description="what is done with the reply")
    method: WebhookMethod = Field(WebhookMethod.POST, description="how parameters travel")
    url: kinds.Url = Field("", description="the Target URL; its own query string is kept")
    fallback_url: kinds.Url = Field("", description="asked when the Target URL gave no reply")
    parameters: dict[kinds.ParameterName, kinds.Id] = Field(
        {}, description="parameter name: id of the question whose answer it carries"
    )
    include_sourcetrak: bool = Field(False, description="send every st_ parameter too")
    transcription_url: kinds.Url = Field("", description="receives finished transcriptions")
    secret: kinds.Secret = Field(
        "", description="signs each request; whsec_ and base64", repr=False
    )

    def parts(self) -> dict[str, Any]:
        """The value's fields."""
        pairs = tuple(WebhookParameter(name, number) for name, number in self.parameters.items())
        return super().parts() | {"parameters": pairs}

    @classmethod
    def parts_of(cls, value: Webhook) -> dict[str, Any]:
        """The form's fields; the parameters are a mapping there."""
        pairs = {parameter.name: parameter.question_id for parameter in value.parameters}
        return super().parts_of(value) | {"parameters": pairs}

    @model_validator(mode="after")
    def _has_somewhere_to_go(self) -> Self:
        if self.mode is not WebhookMode.NONE and not self.url:
            raise ValueError(f"mode {self.mode.value} needs a url; add it")
        if self.fallback_url and not self.url:
            raise ValueError("fallback_url needs a url; add it")
        return self


class IvrForm(BlockForm):
    """An IVR: an ordered list of questions, and what happens when they have been asked."""

    makes = Ivr
    kind: Literal["ivr"] = Field(description="what the block is")
    questions: tuple[AnyQuestionForm, ...] = Field(
        max_length=1000, description="asked in this order"
    )
    webhook: WebhookForm = Field(WebhookForm(), description="where the results go")
    next_step: DestinationField = Field(
        HangUp(), description="where a completed call goes when no webhook decides"
    )
    backup_routing: DestinationField | None = Field(
        None, description="where a call goes when the webhook fails; none: an apology, then hang up"
    )
