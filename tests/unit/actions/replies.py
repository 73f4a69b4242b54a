"""Replies to test with: the reference's examples, short ones, and a writer of all there can be."""

from __future__ import annotations

from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from hypothesis import strategies as st

from ivrserver.actions.model import (
    Action,
    EndCall,
    Reply,
    RunFindMe,
    RunIvr,
    RunReceptionist,
    RunVoicemail,
    TransferCall,
)
from ivrserver.actions.parser import parse
from ivrserver.blocks import AutoAccept, NextAction, ScreenMethod
from ivrserver.errors import ActionError

FOLDER = Path(__file__).parents[3] / "examples" / "reference"
USER = {"param1": "alpha", "param2": "bravo"}
EXAMPLES = {
    "ivr": Reply(RunIvr(12345, user_parameters=USER), "my pass through data"),
    "user-parameters": Reply(RunIvr(12345, user_parameters=USER)),
    "pass-through": Reply(
        RunIvr(12345, user_parameters=USER), "user_id|90786||step|verify_user"
    ),
    "findme-one-number": Reply(
        RunFindMe(
            phone_list=("2223334444",),
            given={
                "screen_method": ScreenMethod.WHISPER_PHRASE,
                "whisper_phrase": "Call from Radio Ad",
                "record": True,
            },
        )
    ),
    "findme-two-numbers": Reply(
        RunFindMe(
            phone_list=("2223334444", "5556667777"),
            given={
                "simultaneous": 2,
                "screen_method": ScreenMethod.WHISPER_AUDIO,
                "whisper_audio": "customwhisper.wav",
                "record": True,
            },
        )
    ),
}  # fmt: skip


def example(name: str) -> str:
    return (FOLDER / f"{name}.xml").read_text(encoding="utf-8")


def reply(app: str, parameters: str = "", **keywords: str) -> Reply:
    """What is understood of a reply with this app and these parameters."""
    body = f"<action><app>{app}</app><parameters>{parameters}</parameters></action>"
    return parse(body.encode(), **keywords)


def refusal(body: bytes | str, **keywords: str) -> str:
    """Why it is refused."""
    with pytest.raises(ActionError) as caught:
        parse(body.encode() if isinstance(body, str) else body, **keywords)
    return str(caught.value)


def declared(encoding: str, text: str) -> str:
    """The reply with a declaration of its encoding."""
    return f'<?xml version="1.0" encoding="{encoding}"?>\n{text}'


def element(name: str, text: object) -> str:
    return f"<{name}>{escape(str(text), {chr(13): '&#13;'})}</{name}>"


_ELEMENTS = {"next_action": "nextaction", "next_action_item": "nextactionitem"}


def _wire(value: object) -> object:
    """As the reference writes it: numbers for choices and switches."""
    return int(value) if isinstance(value, int) else value


def _fields(action: Action) -> tuple[str, dict[str, object]]:
    """The app and its parameters; None: left out."""
    match action:
        case RunIvr():
            return "ivr", {"id": action.block_id, "question_id": action.question_id}
        case RunFindMe():
            return "findme", {
                "id": action.block_id,
                "phone_list": "|".join(action.phone_list) or None,
                **{_ELEMENTS.get(name, name): _wire(v) for name, v in action.given.items()},
            }
        case RunReceptionist():
            return "vr", {"id": action.block_id}
        case RunVoicemail():
            return "voicemail", {"id": action.block_id}
        case EndCall():
            return "hangup", {}
        case TransferCall():
            return "transfer", {"destination": action.destination}


def write(reply: Reply) -> str:
    app, fields = _fields(reply.action)
    inner = [element(name, value) for name, value in fields.items() if value is not None]
    if isinstance(reply.action, RunIvr) and reply.action.user_parameters:
        values = (element(name, text) for name, text in reply.action.user_parameters.items())
        inner.append(f"<user_parameters>{''.join(values)}</user_parameters>")
    if reply.pass_through is not None:
        inner.append(element("p_t", reply.pass_through))
    return f"<action><app>{app}</app><parameters>{''.join(inner)}</parameters></action>"


IDS = st.integers(0, 10**18 - 1)
CHARACTERS = st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")
TEXTS = st.text(CHARACTERS, max_size=40).map(str.strip)
OPAQUE = st.text(CHARACTERS | st.sampled_from("\n\t\r |<&"), max_size=60)
NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_.-]{0,12}", fullmatch=True)
NUMBERS = st.from_regex(r"\+?[0-9]{1,12}", fullmatch=True)


_WORDS = TEXTS.filter(bool)
_WHISPERS: tuple[st.SearchStrategy[dict[str, object]], ...] = (
    st.just({}),
    st.just({"screen_method": ScreenMethod.RECORD_NAME}),
    st.fixed_dictionaries(
        {"screen_method": st.just(ScreenMethod.WHISPER_PHRASE), "whisper_phrase": _WORDS}
    ),
    st.fixed_dictionaries(
        {"screen_method": st.just(ScreenMethod.WHISPER_AUDIO), "whisper_audio": _WORDS}
    ),
)
_NEEDS_ITEM = [NextAction.VOICEMAIL, NextAction.RECEPTIONIST, NextAction.FINDME, NextAction.IVR]
_AFTERWARDS: tuple[st.SearchStrategy[dict[str, object]], ...] = (
    st.just({}),
    st.fixed_dictionaries(
        {
            "next_action": st.sampled_from([one for one in NextAction if one not in _NEEDS_ITEM]),
            "next_action_item": st.none(),
        }
    ),
    st.fixed_dictionaries({"next_action": st.sampled_from(_NEEDS_ITEM), "next_action_item": IDS}),
)
_OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "simultaneous": st.integers(1, 50),
        "timeout": st.integers(20, 60),
        "auto_accept": st.sampled_from(AutoAccept),
        "dtmf_only": st.booleans(),
        "record": st.booleans(),
    },
)


@st.composite
def _findme(draw: st.DrawFn) -> RunFindMe:
    listed = draw(st.booleans())
    return RunFindMe(
        block_id=None if listed else draw(IDS),
        phone_list=tuple(draw(st.lists(NUMBERS, min_size=1, max_size=4))) if listed else (),
        given=draw(_OPTIONS) | draw(st.one_of(_WHISPERS)) | draw(st.one_of(_AFTERWARDS)),
    )


ACTIONS: st.SearchStrategy[Action] = st.one_of(
    st.builds(RunIvr, IDS, st.none() | IDS, st.dictionaries(NAMES, TEXTS, max_size=5)),
    _findme(),
    st.builds(RunReceptionist, IDS),
    st.builds(RunVoicemail, IDS),
    st.just(EndCall()),
    st.builds(TransferCall, TEXTS.filter(bool)),
)
REPLIES = st.builds(Reply, ACTIONS, st.none() | OPAQUE)
