"""One thing of an account put, or taken away, at a time. Pure.

What would lead nowhere then is for `lint` to say; these only know what is there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final, TypeVar

from ivrserver.blocks.forms import form_of
from ivrserver.blocks.lint import Known, lint
from ivrserver.blocks.model import Account, Block, Ivr, PhoneNumber
from ivrserver.blocks.questions import Question
from ivrserver.blocks.yamltree import Document
from ivrserver.errors import NothingThere

T = TypeVar("T")
B = TypeVar("B", bound=Block)

_FIRST_ID: Final = 101


def version_of(item: Any) -> str:
    """A text that is another as soon as anything of a block, question or number is another."""
    return version_of_tree(form_of(item).model_dump(mode="json", by_alias=True))


def version_of_tree(tree: Any) -> str:
    """The same of what JSON can hold."""
    text = json.dumps(tree, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def block_in(account: Account, block_id: int) -> Block:
    """The block of that id.

    Raises:
        NothingThere: there is none.
    """
    for block in account.blocks:
        if block.block_id == block_id:
            return block
    raise NothingThere(f"there is no block {block_id}")


def block_of(kind: type[B], account: Account, block_id: int) -> B:
    """The block of that id, which is to be of `kind`.

    Raises:
        NothingThere: there is none, or it is of another kind.
    """
    block = block_in(account, block_id)
    if not isinstance(block, kind):
        raise NothingThere(f"block {block_id} is of another kind, which has another address")
    return block


def ivr_in(account: Account, block_id: int) -> Ivr:
    """The IVR of that id.

    Raises:
        NothingThere: there is none.
    """
    return block_of(Ivr, account, block_id)


def number_in(account: Account, number: str) -> PhoneNumber:
    """The number as it is dialled.

    Raises:
        NothingThere: it is not the account's.
    """
    for each in account.numbers:
        if each.number == number:
            return each
    raise NothingThere(f"the account has no number {number}")


def question_in(ivr: Ivr, question_id: int) -> Question:
    """The question of that id.

    Raises:
        NothingThere: the IVR does not ask it.
    """
    index = ivr.index_of(question_id)
    if index is None:
        raise NothingThere(f"IVR {ivr.block_id} has no question {question_id}")
    return ivr.questions[index]


def with_block(account: Account, block: Block) -> Account:
    """`account` with `block` in the place of the one of its id, or at the end."""
    return replace(account, blocks=_put(account.blocks, block, "block_id"))


def without_block(account: Account, block_id: int) -> Account:
    """`account` without that block."""
    return replace(account, blocks=tuple(b for b in account.blocks if b.block_id != block_id))


def with_number(account: Account, number: PhoneNumber) -> Account:
    """`account` with `number` in the place of the equal one, or at the end."""
    return replace(account, numbers=_put(account.numbers, number, "number"))


def without_number(account: Account, number: str) -> Account:
    """`account` without that number."""
    return replace(account, numbers=tuple(n for n in account.numbers if n.number != number))


def with_question(ivr: Ivr, question: Question, at: int | None = None) -> Ivr:
    """`ivr` with `question` in the place of the one of its id, or new.

    Args:
        at: its position from 0; None: where it was, a new one at the end.
    """
    questions = list(_put(ivr.questions, question, "question_id"))
    if at is not None:
        questions = [each for each in questions if each.question_id != question.question_id]
        questions.insert(at, question)
    return replace(ivr, questions=tuple(questions))


def without_question(ivr: Ivr, question_id: int) -> Ivr:
    """`ivr` without that question; a webhook parameter that is its answer goes, too."""
    webhook = replace(
        ivr.webhook,
        parameters=tuple(p for p in ivr.webhook.parameters if p.question_id != question_id),
    )
    questions = tuple(q for q in ivr.questions if q.question_id != question_id)
    return replace(ivr, questions=questions, webhook=webhook)


def free_block_id(account: Account) -> int:
    """An id that no block has: one more than the largest."""
    return _free((block.block_id for block in account.blocks), _FIRST_ID)


def free_question_id(ivr: Ivr) -> int:
    """An id that no question of `ivr` has: one more than the largest."""
    return _free((question.question_id for question in ivr.questions), 1)


def _free(taken: Iterable[int], first: int) -> int:
    return max((first - 1, *taken)) + 1


def _put(items: tuple[T, ...], item: T, key: str) -> tuple[T, ...]:
    by_key = {getattr(each, key): each for each in items} | {getattr(item, key): item}
    return tuple(by_key.values())


def problems_with(
    account: Account, item: Block | PhoneNumber, phones: Mapping[str, str] | None = None
) -> list[tuple[str, str]]:
    """What of one item would lead nowhere, as ``questions[0].then.block`` and what to do.

    Args:
        account: with the item in it.
        phones: extension of each phone by its name; None: it is not known which there are.
    """
    section = "numbers" if isinstance(item, PhoneNumber) else "blocks"
    document = Document("", {section: [form_of(item).tree()]})
    kinds = {block.block_id: form_of(block).tree()["kind"] for block in account.blocks}
    known = Known(kinds, frozenset(audio.name for audio in account.audio), phones)
    found = {finding.problem for finding in lint([document], known)}
    return [(each.field.removeprefix(f"{section}[0]."), each.text) for each in sorted(found)]


def without_secrets(account: Account) -> Account:
    """`account` as those may see it who may not change it: no webhook has its secret."""
    return replace(account, blocks=tuple(map(_open, account.blocks)))


def _open(block: Block) -> Block:
    if isinstance(block, Ivr) and block.webhook.secret:
        return replace(block, webhook=replace(block.webhook, secret=""))
    return block
