"""What a caller meets at a block, in a few sentences; each with whether it is doubtful."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from ivrserver.actions import reference
from ivrserver.actions.substitution import substitute
from ivrserver.blocks import (
    FindMe,
    FlowBook,
    Ivr,
    Menu,
    Prompt,
    Receptionist,
    ScreenMethod,
    Transfer,
    Voicemail,
)
from ivrserver.blocks.destinations import Destination
from ivrserver.errors import ActionError
from ivrserver.flow.phrases import phrases
from ivrserver.flow.question import prompts_of
from ivrserver.flow.targets import (
    KINDS,
    Visit,
    block_of,
    name_of,
    target_of,
    target_of_next_action,
)

Sentences = Iterator[tuple[str, bool]]

_NO_PARAMETERS: Final[Mapping[str, str]] = {}
_CHOICES: Final = {each.name: each.choices for each in reference.FINDME.parameters}


def ask(ivr: Ivr, visit: Visit, book: FlowBook) -> Sentences:
    """An IVR, and the question that it starts with."""
    yield f"The call goes on with IVR {ivr.block_id} “{ivr.name}”.", False
    index = 0 if visit.question_id is None else ivr.index_of(visit.question_id)
    if index is None:
        missing = f"IVR {ivr.block_id} has no question {visit.question_id}"
        yield f"{missing}: it starts at the first.", True
    if not ivr.questions:
        yield "It has no questions, so it is completed at once.", True
        return
    question = ivr.questions[index or 0]
    heard, doubts = _heard(question.prompt, book, visit.user_parameters)
    yield f"At question {question.question_id} “{question.name}” the caller hears {heard}", False
    texts = " ".join(_texts(ivr))
    for name in substitute(texts, visit.user_parameters)[1]:
        yield f"Its prompts use @{name}, which nobody has given: it is read as nothing.", True
    for name in visit.user_parameters:
        if f"@{name}" not in texts:
            yield f"None of its prompts uses @{name}.", True
    yield from ((doubt, True) for doubt in doubts)


def _texts(ivr: Ivr) -> Iterator[str]:
    """Everything in which user parameters are replaced."""
    for question in ivr.questions:
        yield from (prompt.text for prompt in prompts_of(question))
        if isinstance(question, Transfer):
            yield question.destination


def find(findme: FindMe, book: FlowBook, objection: Callable[[str], str]) -> Sentences:
    """A FindMe: who is called, how, and what follows when nobody takes the call."""
    title = f"FindMe {findme.block_id} “{findme.name}”" if findme.block_id else "a dynamic FindMe"
    yield f"The call goes on with {title}; the caller hears {_waiting(findme)}.", False
    size, phones = findme.simultaneous, findme.phones
    groups = [" and ".join(phones[at : at + size]) for at in range(0, len(phones), size)]
    order = "" if len(groups) == 1 else f" ({findme.distribution.value.replace('_', ' ')})"
    yield f"Called for {findme.timeout} s each{order}: {', then '.join(groups)}.", False
    for phone in phones:
        why = "" if "@" in phone else objection(phone)
        if why:
            yield f"{phone} would not be called: {why}.", True
    screening = _CHOICES["screen_method"][findme.screen_method]
    asking = _CHOICES["auto_accept"][findme.auto_accept]
    accepting = _CHOICES["dtmf_only"][int(findme.dtmf_only)]
    yield f"Who answers hears {screening}; accepting: {asking}, {accepting}.", False
    if findme.screen_method is ScreenMethod.WHISPER_PHRASE and findme.whisper_phrase:
        yield f"The whisper is {quoted(findme.whisper_phrase)}", False
    whisper = findme.whisper_audio if findme.screen_method is ScreenMethod.WHISPER_AUDIO else ""
    if whisper and whisper not in book.audio:
        yield _no_audio(whisper), True
    if findme.record:
        yield "Both are warned, and the call is recorded.", False
    following = target_of_next_action(findme)
    then = _CHOICES["nextaction"][findme.next_action]
    if following is None:
        yield f"If nobody takes the call: {then}.", False
        return
    try:
        name = block_of(book, following.block_id, following.kind).name
        yield f"If nobody takes the call: {then}, block {following.block_id} “{name}”.", False
    except ActionError as error:
        yield f"If nobody takes the call, Backup Routing follows: {error}.", True


def receive(block: Receptionist, book: FlowBook) -> Sentences:
    """A Virtual Receptionist: what it says and offers."""
    yield f"The call goes on with Virtual Receptionist {block.block_id} “{block.name}”.", False
    doubts: tuple[str, ...] = ()
    if block.greeting:
        heard, doubts = _heard(block.greeting, book)
        yield f"The caller hears {heard}", False
    if isinstance(block.menu, Menu):
        heard, more = _heard(block.menu.prompt, book)
        doubts += more
        yield f"During opening hours the menu is {heard}", False
        keys = (f"{key} → {_place(place, book)}" for key, place in block.menu.keys.items())
        yield f"Keys: {'; '.join(keys)}.", False
    yield from ((doubt, True) for doubt in doubts)


def take_message(box: Voicemail, book: FlowBook) -> Sentences:
    """A voicemail box: its greeting."""
    yield f"The call goes on with voicemail box {box.block_id} “{box.name}”.", False
    standard = Prompt(text=phrases(box.language).voicemail.greeting.format(name=box.name))
    heard, doubts = _heard(box.greeting or standard, book)
    yield f"Unless its owner has recorded a greeting, the caller hears {heard}", False
    yield from ((doubt, True) for doubt in doubts)


def _heard(
    prompt: Prompt, book: FlowBook, parameters: Mapping[str, str] = _NO_PARAMETERS
) -> tuple[str, tuple[str, ...]]:
    """What is heard of `prompt`, as the end of a sentence, and what is wrong with it."""
    if prompt.audio:
        doubts = () if prompt.audio in book.audio else (_no_audio(prompt.audio),)
        return f"the audio file {prompt.audio}.", doubts
    text, _ = substitute(prompt.text, parameters)
    return (quoted(text) if text.strip() else "nothing."), ()


def quoted(text: str) -> str:
    """A quotation that ends a sentence."""
    return f"“{text}”" if text.rstrip().endswith((".", "!", "?")) else f"“{text}”."


def _no_audio(name: str) -> str:
    return f"The audio library has no file {name!r}: nothing is heard in its place."


def _waiting(findme: FindMe) -> str:
    return "ringing" if findme.ringing else "hold music"


def _place(destination: Destination, book: FlowBook) -> str:
    target = target_of(destination)
    if not isinstance(target, Visit):
        return name_of(target)
    block = book.blocks.get(target.block_id)
    if block is None:
        return f"block {target.block_id}, which is not there"
    return f"{KINDS[type(block)].partition(' ')[2]} {block.block_id} “{block.name}”"
