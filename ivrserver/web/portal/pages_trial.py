"""Send a test: the page on which a webhook is tried, by itself and below its settings.

Below the settings, what is typed there counts, saved or not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Annotated, Any, Final, Protocol

from fastapi import APIRouter, Depends, Path, Request, Response

from ivrserver.access import Right, Visitor
from ivrserver.actions.parameters import SOURCETRAK_PARAMETERS
from ivrserver.blocks import Choice, Digits, FlowBook, Ivr, YesNo
from ivrserver.blocks.editing import ivr_in
from ivrserver.blocks.ivr_forms import IvrForm
from ivrserver.errors import TrialRefused
from ivrserver.flow.trial.sample import Sample
from ivrserver.web.access import Guard
from ivrserver.web.accounts import AccountReader
from ivrserver.web.portal.errors import is_partial
from ivrserver.web.portal.forms import checked, posted, read
from ivrserver.web.portal.render import Pages
from ivrserver.webhooks.trial import Trial

BlockId = Annotated[int, Path(ge=1, le=2**31 - 1)]

_PATH: Final = "/blocks/{block_id}/webhook/test"
_LEFT: Final = ("name", "language", "voice", "next_step")
_OTHER_VALUES: Final = ("ivr_call_result", "ivr_monitored_time", "ivr_opted_out")


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


@dataclass(frozen=True, slots=True)
class Place:
    """What is tried: the IVR, saved or not, in its account."""

    ivr: Ivr
    book: FlowBook
    sample: Sample


def trial_pages(pages: Pages, guard: Guard, accounts: AccountReader, trials: Trials) -> APIRouter:
    """The page ``/blocks/ID/webhook/test``."""
    router = APIRouter(include_in_schema=False)
    writes = Depends(guard.page(Right.FLOWS_WRITE))

    async def place_of(block_id: int) -> Place:
        account = await accounts.export()
        ivr = ivr_in(account, block_id)
        book = FlowBook.of(account, region=trials.region)
        return Place(ivr, book, trials.sample(ivr, book))

    def answer(request: Request, visitor: Visitor, place: Place, **result: Any) -> Response:
        partial = "webhooks/trial_result.html" if result else "webhooks/trial_form.html"
        template = partial if is_partial(request) else "webhooks/trial.html"
        # htmx shows what is refused too: it is an answer to what was asked.
        plain = HTTPStatus.OK if is_partial(request) else HTTPStatus.UNPROCESSABLE_ENTITY
        status = plain if result.get("problems") else HTTPStatus.OK
        known = {"trial": None, "problems": []} | result
        return pages.render(
            request, visitor, template, status=status, block=place.ivr, sample=place.sample,
            asking=[each for each in place.ivr.questions if isinstance(each, _ASKING)],
            values=list(_values(place.ivr)), below=is_partial(request), **known,
        )  # fmt: skip

    @router.get(_PATH)
    async def page(request: Request, block_id: BlockId, visitor: Visitor = writes) -> Response:
        return answer(request, visitor, await place_of(block_id))

    @router.post(_PATH)
    async def tried(request: Request, block_id: BlockId, visitor: Visitor = writes) -> Response:
        fields = await posted(request)
        place = await place_of(block_id)
        place = replace(place, sample=_sample(place.sample, fields))
        try:
            place = replace(place, ivr=_unsaved(place.ivr, fields))
            trial = await trials.run(place.ivr, place.book, place.sample)
        except TrialRefused as refused:
            return answer(request, visitor, place, problems=[str(refused)])
        return answer(request, visitor, place, trial=trial)

    return router


_ASKING: Final = (Digits, Choice, YesNo)


def _values(ivr: Ivr) -> Iterator[str]:
    """The generated parameters whose values can be chosen freely."""
    yield from _OTHER_VALUES
    if ivr.webhook.include_sourcetrak:
        yield from (each.name for each in SOURCETRAK_PARAMETERS)


def _sample(usual: Sample, fields: Mapping[str, str]) -> Sample:
    """What was typed."""
    answers = {
        int(number): keys.strip()
        for name, keys in fields.items()
        if (number := name.removeprefix("answer-")) != name and number.isdecimal()
    }
    values = {
        name.removeprefix("value-"): text
        for name, text in fields.items()
        if name.startswith("value-") and text
    }
    texts = ("number_called", "caller_id", "phone_label", "pass_through")
    typed = {name: fields[name] for name in texts if name in fields}
    return replace(usual, answers=answers, values=values, hung_up="hung_up" in fields, **typed)


def _unsaved(ivr: Ivr, fields: Mapping[str, str]) -> Ivr:
    """The IVR with the settings that were typed above the test; as it is if there are none.

    Raises:
        TrialRefused: they are wrong.
    """
    if "webhook.mode" not in fields:
        return ivr
    known = {"kind": "ivr", "id": ivr.block_id, "questions": [], "name": "IVR"}
    typed = read(fields, IvrForm, known, leave=_LEFT)
    typed["webhook"].pop("secret", None)
    made = checked(IvrForm, typed)
    if made.value is None:
        (first, text), *_ = made.mistakes.found
        raise TrialRefused(f"the settings above are wrong: {first} {text}".replace("webhook.", ""))
    webhook = replace(made.value.webhook, secret=ivr.webhook.secret)
    return replace(ivr, webhook=webhook, backup_routing=made.value.backup_routing)
