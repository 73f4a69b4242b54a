"""A question as the page of its IVR has it: in a list, or in its form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, Protocol

from fastapi import HTTPException, Request, Response

from ivrserver.access import Visitor
from ivrserver.blocks import Account, Choice, Ivr, Question
from ivrserver.blocks.editing import ivr_in
from ivrserver.blocks.graph.problems import Trouble
from ivrserver.web.portal.blocks.pages import Place, Shown, shown, triggers
from ivrserver.web.portal.blocks.question_types import QuestionType, step_leads, type_of
from ivrserver.web.portal.errors import is_partial
from ivrserver.web.portal.forms import Choices, FormView
from ivrserver.web.portal.places import Leads

_GONE: Final = "the question is not there any more: somebody has removed it"


class RendersIvr(Protocol):
    """Makes the whole page of an IVR, for browsers that run no scripts."""

    def __call__(
        self, request: Request, visitor: Visitor, found: Shown, **context: Any
    ) -> Response:
        """The page."""
        ...


@dataclass(frozen=True, slots=True)
class ShownQuestion:
    """A question as the list has it.

    Attributes:
        then: where it leads after an answer.
        keys: of a choice: key, label, where it leads.
        failures: what happens when nothing or something wrong came: in which case, where it leads.
        troubles: what is wrong with it.
    """

    question: Question
    type: QuestionType
    then: Leads
    keys: Sequence[tuple[str, str, Leads]]
    failures: Sequence[tuple[str, Leads]]
    troubles: Sequence[Trouble]


def questions_shown(found: Shown) -> list[ShownQuestion]:
    """All questions of an IVR, in their order."""
    ivr = ivr_in(found.account, found.block.block_id)
    troubles = found.seen.about_questions(ivr.block_id)
    return [
        ShownQuestion(
            question=question,
            type=type_of(question),
            then=step_leads(question.then, ivr, found.account),
            keys=_keys(question, ivr, found.account),
            failures=_failures(question, ivr, found.account),
            troubles=troubles.get(question.question_id, ()),
        )
        for question in ivr.questions
    ]


@dataclass(frozen=True, slots=True)
class Edited:
    """A question in its form.

    Attributes:
        question_id: None: it is new.
        version: that it was made from; empty: it is new.
        conflict: lines of a diff, if somebody else was faster.
    """

    kind: QuestionType
    form: FormView
    question_id: int | None = None
    version: str = ""
    conflict: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers requests about one question.

    Attributes:
        whole: makes the page around it, for browsers that run no scripts.
    """

    place: Place
    whole: RendersIvr

    def form(self, request: Request, visitor: Visitor, found: Shown, edited: Edited) -> Response:
        """A question's form: in its place, or with the page around it."""
        wrong = edited.form.sent and (edited.form.mistakes or edited.conflict)
        status = HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK
        known = {
            "form": edited.form,
            "editing": edited.question_id,
            "adding": edited.kind if edited.question_id is None else None,
            "type": edited.kind,
            "question_version": edited.version,
            "question_conflict": edited.conflict,
        }
        if not is_partial(request):
            return self.whole(request, visitor, found, status=status, **known)
        ivr = ivr_in(found.account, found.block.block_id)
        choices = Choices(found.account, found.phones)
        return self.place.pages.render(
            request, visitor, "blocks/question_form.html", status=status, block=ivr,
            choices=choices, **known,
        )  # fmt: skip

    def question(
        self, request: Request, visitor: Visitor, found: Shown, question_id: int, *, said: str = ""
    ) -> Response:
        """A question in its place, or, without scripts, the page that it is on.

        Args:
            said: what has been done; empty: nothing.
        """
        if not is_partial(request):
            here = f"/blocks/{found.block.block_id}#question-{question_id}"
            return self.place.pages.redirect(request, here, said)
        ivr = ivr_in(found.account, found.block.block_id)
        at = ivr.index_of(question_id)
        if at is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, _GONE)
        answer = self.place.pages.render(
            request, visitor, "blocks/question.html", block=ivr, each=questions_shown(found)[at],
            troubles=found.seen.about(ivr.block_id), focus=True, beside=bool(said),
        )  # fmt: skip
        if said:
            answer.headers.update(triggers(said, found.revision))
        return answer


def _keys(question: Question, ivr: Ivr, account: Account) -> list[tuple[str, str, Leads]]:
    if not isinstance(question, Choice):
        return []
    return [(key.key, key.label, step_leads(key.then, ivr, account)) for key in question.keys]


def _failures(question: Question, ivr: Ivr, account: Account) -> list[tuple[str, Leads]]:
    """What is not as usual, that is: on with the next question."""
    cases = [
        ("nothing is pressed", getattr(question, "no_input", None)),
        ("wrong keys are pressed", getattr(question, "invalid", None)),
    ]
    found = [
        (f"When {case}, {retries.tries} times" if retries.tries > 1 else f"When {case}",
         step_leads(retries.then, ivr, account))
        for case, retries in cases
        if retries is not None
    ]  # fmt: skip
    if hasattr(question, "unanswered"):
        found.append(("When nobody is reached", step_leads(question.unanswered, ivr, account)))
    return [(case, words) for case, words in found if not words.usual]


async def ivr_shown(place: Place, block_id: int) -> Shown:
    """An IVR and what is around it; raises as `shown`, and if the block is none."""
    found = await shown(place, block_id)
    ivr_in(found.account, block_id)
    return found
