"""Send a test: an IVR's web server is asked as a call would, and the reply is explained.

Nothing of it is stored, and nothing marks the request as a test.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Final, Protocol

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from ivrserver.access import Right, Visitor
from ivrserver.blocks import Account, FlowBook, Ivr
from ivrserver.blocks.editing import ivr_in
from ivrserver.blocks.ivr_forms import WebhookForm
from ivrserver.flow.trial.sample import Sample
from ivrserver.web.access import Guard
from ivrserver.web.api.blocks import BlockId
from ivrserver.web.api.editing import Editor
from ivrserver.web.api.once import Once, acts_once
from ivrserver.web.api.problems import responses
from ivrserver.webhooks.trial import Trial
from ivrserver.webhooks.trial_json import as_json

_PATH: Final = "/ivrs/{block_id}/webhook-test"

Text = Annotated[str, StringConstraints(max_length=4096)]
Pair = tuple[str, str]


class Trials(Protocol):
    """What tries webhooks (`webhooks.trial.Trials`)."""

    @property
    def region(self) -> str:
        """ISO 3166 code of the account's country."""
        ...

    def sample(self, ivr: Ivr, book: FlowBook) -> Sample:
        """A respondent with sensible answers."""
        ...

    async def run(self, ivr: Ivr, book: FlowBook, sample: Sample) -> Trial:
        """Send what a call would send. Raises `TrialRefused`."""
        ...


class SampleForm(BaseModel):
    """Who is told of. What is left out is as the sample of this IVR has it."""

    model_config = ConfigDict(extra="forbid")
    answers: dict[int, Text] | None = Field(
        None, description="keys by question id; a question that is left out has no answer",
        examples=[{"1": "2"}],
    )  # fmt: skip
    number_called: Text | None = Field(None, examples=["2125550100"])
    caller_id: Text | None = Field(None, description="empty: withheld", examples=["2015550123"])
    phone_label: Text | None = Field(None, examples=["Main line"])
    pass_through: Text | None = Field(None, description="what an earlier reply has left")
    hung_up: bool = Field(False, description="the caller leaves before the reply comes")
    values: dict[str, Text] = Field(
        default_factory=dict,
        description="of generated parameters that nothing else decides",
        examples=[{"ivr_call_result": "answered"}],
    )


class TestForm(BaseModel):
    """What is tried: the stored IVR, or with settings that nobody has stored."""

    model_config = ConfigDict(extra="forbid")
    sample: SampleForm = Field(default_factory=SampleForm)
    webhook: WebhookForm | None = Field(
        None, description="instead of the stored settings; without `secret` the stored one counts"
    )


class Attempt(BaseModel):
    """One request, and what came of it."""

    method: str = Field(examples=["POST"])
    url: str = Field(description="empty: nothing can be sent, and `error` says why")
    headers: list[Pair] = Field(description="as they were sent, in order")
    body: str = Field(examples=["qos=5&ivr_completed=True"])
    status: int | None = Field(description="none: no reply")
    reply_headers: list[Pair]
    seconds: float
    error: str = Field(description="empty: there is a usable reply")
    sent: bool = Field(description="whether anything reached the server")


class Reply(BaseModel):
    """The reply that counts."""

    status: int | None
    content_type: str
    charset: str
    body: str = Field(description="as text; what is none in its encoding is replaced")
    seconds: float = Field(description="until it was there, all attempts together")
    error: str


class Line(BaseModel):
    """One element of the reply, or one that is not there."""

    line: int = Field(description="from 1; 0: it is not there")
    depth: int
    name: str
    text: str
    use: str = Field(
        description="used, absent, adjusted, ignored, missing or wrong", examples=["adjusted"]
    )
    means: str
    value: str = Field(description="as what it was read, or what applies instead")
    notes: list[str]


class Understood(BaseModel):
    """How a reply in mode next_action is understood."""

    error: str = Field(description="empty: it can be acted on")
    line: int = Field(description="of the error; 0: unknown")
    column: int
    notes: list[str]
    lines: list[Line]


class Message(BaseModel):
    """What is read to the caller in mode read_message."""

    text: str
    cut: str = Field(description="what is not read, as the reply is too long")
    html: bool


class Step(BaseModel):
    """One sentence of what would happen."""

    text: str
    mood: str = Field(description="good, doubt or bad", examples=["good"])


class Tried(BaseModel):
    """A webhook that was tried."""

    doubts: list[str] = Field(description="what no caller could do")
    parameters: list[Pair] = Field(description="what was told, in order")
    attempts: list[Attempt]
    reply: Reply
    understood: Understood | None
    message: Message | None
    message_error: str
    story: list[Step] = Field(description="what would happen, as far as the next block")


class Suggested(BaseModel):
    """A respondent that a caller could be."""

    answers: dict[int, str]
    number_called: str
    caller_id: str
    phone_label: str
    pass_through: str
    hung_up: bool
    values: dict[str, str]


def webhook_test_routes(guard: Guard, editor: Editor, trials: Trials) -> APIRouter:
    """The routes."""
    router = APIRouter(tags=["IVRs"], route_class=Once)
    reads = Depends(guard.api(Right.FLOWS_READ))
    writes = Depends(guard.api(Right.FLOWS_WRITE))

    @router.get(_PATH, responses=responses(401, 403, 404, 503))
    async def webhook_test_sample(block_id: BlockId, visitor: Visitor = reads) -> Suggested:
        """Answers that a caller could give, and the rest of what a test tells."""
        del visitor
        account = await editor.account()
        sample = trials.sample(ivr_in(account, block_id), _book(account, trials))
        return Suggested(**{name: getattr(sample, name) for name in Suggested.model_fields})

    @router.post(
        _PATH,
        responses=responses(401, 403, 404, 409, 413, 422, 503),
        dependencies=[Depends(acts_once(writes))],
    )
    async def webhook_tested(block_id: BlockId, body: TestForm, visitor: Visitor = writes) -> Tried:
        """Ask the web server as a call would. Nothing is stored, and nobody is called."""
        del visitor
        account = await editor.account()
        ivr, book = ivr_in(account, block_id), _book(account, trials)
        if body.webhook is not None:
            ivr = replace(ivr, webhook=_unsaved(ivr, body.webhook))
        trial = await trials.run(ivr, book, _sample(trials.sample(ivr, book), body.sample))
        return Tried.model_validate(as_json(trial))

    return router


def _book(account: Account, trials: Trials) -> FlowBook:
    return FlowBook.of(account, region=trials.region)


def _unsaved(ivr: Ivr, form: WebhookForm) -> Any:
    value = form.value()
    if "secret" not in form.model_fields_set:
        return replace(value, secret=ivr.webhook.secret)
    return value


def _sample(usual: Sample, form: SampleForm) -> Sample:
    given: Mapping[str, Any] = form.model_dump(exclude_none=True)
    return replace(usual, **given)
