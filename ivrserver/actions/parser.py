"""A webhook's reply in mode "Retrieve next action": bytes in, a `Reply` or an `ActionError` out.

What the reference names is followed exactly; what it does not name but real servers send is
accepted where its meaning is plain, each time with a warning. Only what leaves no action to take
is an error: Backup Routing follows, and the timeline shows the error's text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ivrserver.actions import fields, reference, xmltree
from ivrserver.actions.fields import Warnings, shown
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
from ivrserver.actions.reference import App, Parameter
from ivrserver.actions.xmltree import Node
from ivrserver.blocks import AutoAccept, NextAction, ScreenMethod
from ivrserver.errors import ActionError

_WHISPERS = {
    "whisper_phrase": ScreenMethod.WHISPER_PHRASE,
    "whisper_audio": ScreenMethod.WHISPER_AUDIO,
}
_NEEDS_ITEM = {NextAction.VOICEMAIL, NextAction.RECEPTIONIST, NextAction.FINDME, NextAction.IVR}


def parse(body: bytes, *, charset: str = "") -> Reply:
    """Understand a reply.

    Args:
        body: as it came; at most 64 KB.
        charset: of the HTTP Content-Type header; empty: none. `encoding` says what wins.

    Raises:
        ActionError: there is nothing that could be done; the text says exactly why.
    """
    root, notes = xmltree.read(body, charset)
    warnings = Warnings(notes)
    if root.name != "action":
        raise ActionError(f"the root element is {shown(root.name)}, not <action>")
    parts = _by_name(root.children, ("app", "parameters"), "<action>", warnings)
    app = _app(parts.get("app"), warnings)
    container = parts.get("parameters")
    known = (*app.parameters, reference.PASS_THROUGH)
    given = _by_name(
        container.children if container else (),
        tuple(parameter.name for parameter in known),
        f"app {app.name}",
        warnings,
    )
    values = _Values(app, given, warnings)
    action = _action(values)
    opaque = given.get("p_t")
    data = None if opaque is None else fields.pass_through(fields.plain(opaque, warnings), warnings)
    return Reply(action=action, pass_through=data, warnings=warnings.all())


def _by_name(
    nodes: Iterable[Node], known: tuple[str, ...], where: str, warnings: Warnings
) -> dict[str, Node]:
    """The elements that count, by their names in the reference; the first of a name wins."""
    found: dict[str, Node] = {}
    for node in nodes:
        name = reference.ELEMENT_ALIASES.get(node.name, node.name)
        if name not in known:
            warnings.add(f"{shown(node.name)} is not known in {where}: ignored")
        elif name in found:
            warnings.add(f"{shown(node.name)} comes more than once: the first counts")
        else:
            found[name] = node
            if name != node.name:
                warnings.add(f"{shown(node.name)} is read as <{name}>")
    return found


def _app(node: Node | None, warnings: Warnings) -> App:
    if node is None:
        raise ActionError("the reply has no <app>")
    name = fields.plain(node, warnings).strip()
    if not name:
        raise ActionError("<app> is empty")
    app = reference.APP_BY_NAME.get(name.lower())
    if app is None:
        known = ", ".join(app.name for app in reference.APPS)
        raise ActionError(f"<app> names {name[:40]!r}, which is none of {known}")
    return app


class _Values:
    """The parameters of one reply, read on demand by the rules of the reference table."""

    def __init__(self, app: App, given: Mapping[str, Node], warnings: Warnings) -> None:
        self.app = app
        self.warnings = warnings
        self._given = given
        self._table = {parameter.name: parameter for parameter in app.parameters}

    def text(self, name: str) -> str:
        """The parameter's text, trimmed; empty: it is missing or empty."""
        node = self._given.get(name)
        return fields.plain(node, self.warnings).strip() if node else ""

    def required(self, name: str) -> tuple[str, Parameter]:
        """The same, of a parameter without which there is no action."""
        text = self.text(name)
        if not text:
            raise ActionError(f"app {self.app.name} needs <{name}> in <parameters>")
        return text, self._table[name]

    def block_id(self) -> int:
        return fields.block_id(*self.required("id"))

    def number(self, name: str) -> int:
        return fields.number(self.text(name), self._table[name], self.warnings)

    def optional_id(self, name: str) -> int | None:
        return fields.optional_id(self.text(name), self._table[name], self.warnings)

    def spoken(self, name: str) -> str:
        return fields.spoken(self.text(name), name, self.warnings)

    def user_parameters(self) -> dict[str, str]:
        node = self._given.get("user_parameters")
        return fields.user_parameters(node, self.warnings) if node else {}


def _action(values: _Values) -> Action:
    match values.app:
        case reference.IVR:
            return RunIvr(
                block_id=values.block_id(),
                question_id=values.optional_id("question_id"),
                user_parameters=values.user_parameters(),
            )
        case reference.FINDME:
            return _findme(values)
        case reference.RECEPTIONIST:
            return RunReceptionist(values.block_id())
        case reference.VOICEMAIL:
            return RunVoicemail(values.block_id())
        case reference.HANGUP:
            return EndCall()
        case reference.TRANSFER:
            return TransferCall(values.required("destination")[0])
    raise AssertionError(f"app {values.app.name} is in the table, but has no action")


def _findme(values: _Values) -> RunFindMe:
    """Only what the reply names is given: a stored FindMe keeps the rest."""
    block_id, numbers = _whom(values)
    given: dict[str, Any] = {}
    for name in ("simultaneous", "timeout"):
        if values.text(name):
            given[name] = values.number(name)
    for name in ("dtmf_only", "record"):
        if values.text(name):
            given[name] = bool(values.number(name))
    if values.text("auto_accept"):
        given["auto_accept"] = AutoAccept(values.number("auto_accept"))
    given |= _screening(values, dynamic=block_id is None)
    if values.text("nextaction"):
        action, item = _next_action(values)
        given |= {"next_action": action, "next_action_item": item}
    elif values.text("nextactionitem"):
        values.warnings.add("<nextactionitem> is ignored without <nextaction>")
    return RunFindMe(block_id=block_id, phone_list=numbers, given=given)


def _whom(values: _Values) -> tuple[int | None, tuple[str, ...]]:
    """A stored FindMe or a list of numbers: the id wins (reference, note 1)."""
    numbers = fields.phone_list(values.text("phone_list"), values.warnings)
    if values.text("id"):
        if numbers:
            values.warnings.add("<id> is given, so <phone_list> is ignored")
        return values.block_id(), ()
    if not numbers:
        raise ActionError("app findme needs <id> or a <phone_list> in <parameters>")
    return None, numbers


def _screening(values: _Values, *, dynamic: bool) -> dict[str, Any]:
    """How the call is announced. A whisper counts only with the method that it belongs to."""
    given: dict[str, Any] = {}
    method: ScreenMethod | None = ScreenMethod.RECORD_NAME if dynamic else None
    if values.text("screen_method"):
        method = given["screen_method"] = ScreenMethod(values.number("screen_method"))
    for name, wanted_by in _WHISPERS.items():
        text = values.spoken(name)
        if method is wanted_by and not text:
            values.warnings.add(f"<screen_method> is {wanted_by.value}, but there is no <{name}>")
        if text and method not in (None, wanted_by):
            values.warnings.add(f"<{name}> is ignored with <screen_method> {method}")
        elif text:
            given[name] = text
    return given


def _next_action(values: _Values) -> tuple[NextAction, int | None]:
    """What happens when nobody takes the call (reference, note 2)."""
    action = NextAction(values.number("nextaction"))
    item = values.optional_id("nextactionitem")
    if action in _NEEDS_ITEM and item is None:
        values.warnings.add(
            f"<nextaction> {action.value} needs a <nextactionitem>: nextaction 1 is used"
        )
        return NextAction.SAY_NOBODY_AND_HANG_UP, None
    if action not in _NEEDS_ITEM and item is not None:
        values.warnings.add(f"<nextactionitem> is ignored with <nextaction> {action.value}")
        return action, None
    return action, item
