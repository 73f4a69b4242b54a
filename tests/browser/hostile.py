"""Text that wants to be executed, in every place that takes text from people.

Nothing here names a field: the account's texts are found by trying which the flow files' reader
takes, the calls' by the types of the records and events. A new field is poisoned by itself.
"""

from __future__ import annotations

import copy
import types
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Union, get_args, get_origin, get_type_hints
from xml.sax.saxutils import escape

import yaml
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncEngine

from ivrserver.blocks import Account, Ivr, Voicemail
from ivrserver.blocks.files import FlowSource, load
from ivrserver.blocks.lint import Known
from ivrserver.blocks.schema import AccountForm
from ivrserver.config import Settings
from ivrserver.errors import IvrError
from ivrserver.flow.event_kinds import KINDS
from ivrserver.flow.events import CallEnded, CallStarted
from ivrserver.flow.jobs import ORDERED, TRANSCRIPTION, WEBHOOK, job_id
from ivrserver.flow.records import (
    AnswerGiven,
    AnswerTranscribed,
    CallClosed,
    CallOpened,
    JobOrdered,
    JobTried,
    MessageLeft,
    MessageTranscribed,
    Record,
    RecordingMade,
    RespondentClosed,
    RespondentOpened,
    TimelineEntry,
    WebhookAttempt,
)
from ivrserver.storage import open_journal

FILE: Final = Path(__file__).with_suffix(".yaml")
MARK: Final = "alert(1)"
HOSTILE: Final = (
    f"javascript:{MARK}//\"'><img src=x onerror={MARK}><svg/onload={MARK}></title></textarea>"
    f"</script><script>{MARK}</script><!-- {{{{7*7}}}}${{7*7}} {{% raw %}}"
    " \u202eesrever\u202c \u200b"
)
SHORT: Final = f"<img src=x onerror={MARK}>"
"""For what takes no long text."""
SOUND: Final = f"'><img src=x onerror={MARK}>.wav"
"""Name of a sound file."""
UPLOADED: Final = f"'><b onclick={MARK}>.wav"
"""Name of another, which is uploaded."""
KNOWN: Final = Known(audio=frozenset({SOUND}))
ADDRESS: Final = f"https://hooks.example.com/?a='><script>{MARK}</script>"
"""For what takes addresses."""
FEW: Final = 3
"""Texts of one name that are tried one by one, when not all of them take it."""
WITH_CONTROLS: Final = f"{HOSTILE}\x07\x1b[31m\x7f\u2028"
"""For what no form has checked: replies of web servers, what engines have written down."""

REPLY: Final = f"""<action>
<app>ivr</app>
<parameters>
<id>1</id>
<question_id>9</question_id>
<user_parameters><name><![CDATA[{HOSTILE}]]></name></user_parameters>
<p_t>step|{escape(HOSTILE)}</p_t>
<colour><![CDATA[{HOSTILE}]]></colour>
</parameters>
<{"x" * 80}>{escape(HOSTILE)}</{"x" * 80}>
</action>"""
"""A reply of a web server that is understood."""
TRANSCRIPT: Final = f"<script>{MARK}</script>{WITH_CONTROLS}"
"""What an engine has made of a message."""

JOB: Final = job_id(WEBHOOK, f"w{0:026}"[:26])
"""A request to a web server that was given up."""

Place = tuple[str | int, ...]


# ---- the account


def account() -> tuple[Account, set[str]]:
    """The account of `hostile.yaml` with hostile text wherever it is taken.

    Returns:
        It, and the fields that took some, such as ``FindMeForm.whisper_phrase``.
    """
    tree: Any = yaml.safe_load(FILE.read_text())
    for parameters in _all(tree, "parameters"):
        for name in list(parameters):
            parameters[HOSTILE] = parameters.pop(name)
    for audio in ("audio", "whisper_audio", "hold_music"):
        for place in [place for place in _texts(tree) if place[-1] == audio]:
            _replace(tree, place, SOUND)
    for places in _alike(tree).values():
        tree = _poisoned(tree, places)
    return _loaded(tree), set(_taken(AccountForm.model_validate(tree)))


def _taken(form: Any) -> Iterator[str]:
    """The fields of a form, and of the forms in it, that hold hostile text."""
    if isinstance(form, BaseModel):
        for name, field in type(form).model_fields.items():
            content = getattr(form, name)
            if MARK in repr(content):
                yield f"{type(form).__name__}.{field.alias or name}"
            yield from _taken(content)
    elif isinstance(form, Mapping | list | tuple):
        for each in form.values() if isinstance(form, Mapping) else form:
            yield from _taken(each)


def _all(tree: Any, wanted: str) -> Iterator[Any]:
    """Every value of that name."""
    inside = (
        tree.items()
        if isinstance(tree, dict)
        else enumerate(tree if isinstance(tree, list) else ())
    )
    for name, each in inside:
        if name == wanted:
            yield each
        yield from _all(each, wanted)


def _alike(tree: Any) -> dict[str, list[Place]]:
    """Where the tree has texts, by the name of the field."""
    found: dict[str, list[Place]] = {}
    for place in _texts(tree):
        names = [each for each in place if isinstance(each, str)]
        found.setdefault(names[-1], []).append(place)
    return found


def _poisoned(tree: Any, places: list[Place]) -> Any:
    """The tree with hostile text at all places, or at the first of them that takes any."""
    for some in (places, *([place] for place in places[:FEW])):
        for text in (HOSTILE, SHORT, ADDRESS):
            changed = copy.deepcopy(tree)
            for place in some:
                _replace(changed, place, text)
            if _is_taken(changed):
                return changed
    return tree


def _texts(tree: Any, place: Place = ()) -> Iterator[Place]:
    if isinstance(tree, str):
        yield place
    elif isinstance(tree, dict):
        for name, each in tree.items():
            yield from _texts(each, (*place, name))
    elif isinstance(tree, list):
        for number, each in enumerate(tree):
            yield from _texts(each, (*place, number))


def _replace(tree: Any, place: Place, text: str) -> None:
    for step in place[:-1]:
        tree = tree[step]
    tree[place[-1]] = text


def _is_taken(tree: Any) -> bool:
    try:
        _loaded(tree)
    except IvrError:
        return False
    return True


def _loaded(tree: Any) -> Account:
    text = yaml.safe_dump(tree, allow_unicode=True)
    return load([FlowSource("hostile.yaml", text.encode())], KNOWN)


# ---- calls


def calls(account: Account, now: datetime) -> Iterator[list[Record]]:
    """A call for each IVR, on which everything happens that can, told by a liar."""
    for place, block in enumerate(account.blocks):
        yield list(_call(f"{place:026}", block, now - timedelta(minutes=place)))


def _call(call_id: str, block: Any, now: datetime) -> Iterator[Record]:
    known: dict[str, Any] = {
        "call_id": call_id, "response_id": f"r{call_id}"[:26], "ivr_id": block.block_id,
        "block_id": block.block_id, "revision": 1, "message_id": f"m{call_id[1:]}",
        "webhook_id": f"w{call_id}"[:26], "name": f"recording-{call_id}", "status": 200,
        "controller": "main", "asterisk": "main", "at": now, "audio_format": "wav",
    }  # fmt: skip
    yield _lie(CallOpened, known)
    yield TimelineEntry(call_id, now, CallStarted(HOSTILE, HOSTILE))
    yield _lie(RespondentOpened, known)
    for question in getattr(block, "questions", ()):
        asked = known | {"question_id": question.question_id, "recording": ""}
        # Of short answers charts count each, of long ones only that they were given.
        value = SHORT if question.question_id % 2 else HOSTILE
        yield _lie(AnswerGiven, asked | {"sensitive": False, "value": value})
        if question is block.questions[-1]:
            said = known["name"]
            yield _lie(RecordingMade, known | {"transcribe": True})
            yield _lie(AnswerGiven, asked | {"sensitive": False, "value": "", "recording": said})
            yield _lie(AnswerTranscribed, asked | {"recording": said, "text": WITH_CONTROLS})
    for number, error in enumerate(("", HOSTILE), 1):
        # Fields of one kind with hostile names: parameters are the customer's own words.
        made = {"number": number, "error": error, "body": WITH_CONTROLS if error else REPLY}
        yield _lie(WebhookAttempt, known | made)
    for job in ORDERED:
        given_up = {"kind": job, "key": known["webhook_id"], "due": None, "attempts": 1}
        yield _lie(JobOrdered, known | given_up | {"due": now, "detail": {HOSTILE: HOSTILE}})
        yield _lie(JobTried, known | given_up | {"error": HOSTILE})
    left = known | {"recording": known["name"]}
    yield _lie(RecordingMade, known | {"transcribe": True})
    yield _lie(MessageLeft, left)
    if isinstance(block, Voicemail):
        yield _lie(MessageTranscribed, left | {"text": TRANSCRIPT})
    else:
        order = {"kind": TRANSCRIPTION, "key": known["message_id"], "attempts": 1}
        again = now + timedelta(hours=9) if isinstance(block, Ivr) else None
        yield _lie(JobOrdered, known | order | {"due": now, "detail": {}})
        yield _lie(JobTried, known | order | {"error": HOSTILE, "due": again})
    for step, kind in enumerate(KINDS.values()):
        if kind not in (CallStarted, CallEnded):
            known["leg_id"] = "leg"
            at = now + timedelta(seconds=step)
            yield TimelineEntry(call_id, at, _lie(kind, {"leg_id": "leg"}), "")
    over = now + timedelta(seconds=len(KINDS))
    yield _lie(RespondentClosed, known | {"at": over})
    yield TimelineEntry(call_id, over, CallEnded(HOSTILE, HOSTILE))
    yield _lie(CallClosed, known | {"at": over})


def _lie(kind: type, known: Mapping[str, Any]) -> Any:
    """One of `kind` with hostile text wherever it has text, but for what is `known`."""
    assert is_dataclass(kind)
    hints = get_type_hints(kind)
    return kind(
        **{
            each.name: known[each.name] if each.name in known else _value(hints[each.name])
            for each in fields(kind)
            if each.init
            and (each.name in known or each.default is MISSING or hints[each.name] is str)
        }
    )


def _value(wanted: Any) -> Any:
    """Something of that type."""
    origin, inside = get_origin(wanted), get_args(wanted)
    if origin in (Union, types.UnionType):
        return _value(inside[0])
    if origin in (list, tuple):
        return origin(_value(each) for each in inside if each is not Ellipsis)
    if origin is not None:
        return {_value(inside[0]): _value(inside[1])}
    simple: dict[Any, Any] = {
        str: HOSTILE,
        int: 1,
        float: 1.0,
        bool: True,
        datetime: datetime.now(UTC),
    }
    return simple.get(wanted, HOSTILE)


async def write(settings: Settings, engine: AsyncEngine, account: Account) -> int:
    """Store the calls; how many."""
    told = list(calls(account, datetime.now(UTC)))
    async with open_journal(settings, engine) as journal:
        for records in told:
            for record in records:
                journal.write(record)
        await journal.commit()
    return len(told)
