"""A webhook's reply in mode "Retrieve next action": bytes in, a `Reply` or an `ActionError` out.

What the reference names is followed exactly; what it does not name but real servers send is
accepted where its meaning is plain, each time with a warning. Only what leaves no action to take
is an error: Backup Routing follows, and the timeline shows the error's text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ivrserver.actions import fields, reference, xmltree
from ivrserver.actions.fields import shown
from ivrserver.actions.findings import Findings, Use
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
from ivrserver.actions.reference import App
from ivrserver.actions.xmltree import Node
from ivrserver.blocks import AutoAccept, NextAction, ScreenMethod

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
    return understand(root, Findings(notes))


def understand(root: Node, found: Findings) -> Reply:
    """What a reply asks for.

    Args:
        root: of its XML.
        found: takes what is found of each element, also when there is no action to take.

    Raises:
        ActionError: as `parse`.
    """
    if root.name != "action":
        wrong = f"the root element is {shown(root.name)}, not <action>"
        raise found.at(root).refusal(wrong)
    parts = _by_name(root.children, ("app", "parameters"), "<action>", found)
    app = _app(root, parts.get("app"), found)
    container = parts.get("parameters")
    known = (*app.parameters, reference.PASS_THROUGH)
    given = _by_name(
        container.children if container else (),
        tuple(parameter.name for parameter in known),
        f"app {app.name}",
        found,
    )
    values = _Values(app, container or parts["app"], given, found)
    action = _action(values)
    opaque = given.get("p_t")
    there = found.at(opaque)
    data = None if opaque is None else fields.pass_through(fields.plain(opaque, there), there)
    return Reply(action=action, pass_through=data, warnings=found.all())


def known_as(node: Node) -> str:
    """An element's name in the reference."""
    return reference.ELEMENT_ALIASES.get(node.name, node.name)


def _by_name(
    nodes: Iterable[Node], known: tuple[str, ...], where: str, found: Findings
) -> dict[str, Node]:
    """The elements that count, by their names in the reference; the first of a name wins."""
    counting: dict[str, Node] = {}
    for node in nodes:
        name, there = known_as(node), found.at(node)
        if name not in known:
            there.add(f"{shown(node.name)} is not known in {where}: ignored", Use.IGNORED)
        elif name in counting:
            twice = f"{shown(node.name)} comes more than once: the first counts"
            there.add(twice, Use.IGNORED)
        else:
            counting[name] = node
            if name != node.name:
                there.add(f"{shown(node.name)} is read as <{name}>", Use.USED)
    return counting


def _app(root: Node, node: Node | None, found: Findings) -> App:
    if node is None:
        raise found.at(root).refusal("the reply has no <app>")
    there = found.at(node)
    name = fields.plain(node, there).strip()
    if not name:
        raise there.refusal("<app> is empty")
    app = reference.APP_BY_NAME.get(name.lower())
    if app is None:
        known = ", ".join(app.name for app in reference.APPS)
        raise there.refusal(f"<app> names {name[:40]!r}, which is none of {known}")
    there.means(app.name)
    return app


class _Values:
    """The parameters of one reply, read on demand by the rules of the reference table.

    Args:
        place: where a parameter that is missing should be.
    """

    def __init__(self, app: App, place: Node, given: Mapping[str, Node], found: Findings) -> None:
        self.app = app
        self.place = found.at(place)
        self._found = found
        self._given = given
        self._table = {parameter.name: parameter for parameter in app.parameters}

    def at(self, name: str) -> Findings:
        """What is found of that parameter."""
        return self._found.at(self._given.get(name))

    def text(self, name: str) -> str:
        """The parameter's text, trimmed; empty: it is missing or empty."""
        node = self._given.get(name)
        return fields.plain(node, self._found.at(node)).strip() if node else ""

    def required(self, name: str) -> str:
        """The same, of a parameter without which there is no action."""
        text = self.text(name)
        if not text:
            there = self.at(name) if name in self._given else self.place
            raise there.refusal(f"app {self.app.name} needs <{name}> in <parameters>")
        return text

    def taken(self, name: str) -> str:
        """The same, of one whose text is its value."""
        text = self.required(name)
        self.at(name).means(text)
        return text

    def block_id(self) -> int:
        return fields.block_id(self.required("id"), self._table["id"], self.at("id"))

    def number(self, name: str) -> int:
        return fields.number(self.text(name), self._table[name], self.at(name))

    def optional_id(self, name: str) -> int | None:
        return fields.optional_id(self.text(name), self._table[name], self.at(name))

    def spoken(self, name: str) -> str:
        return fields.spoken(self.text(name), name, self.at(name))

    def user_parameters(self) -> dict[str, str]:
        node = self._given.get("user_parameters")
        return fields.user_parameters(node, self._found.at(node)) if node else {}


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
            return TransferCall(values.taken("destination"))
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
        alone = "<nextactionitem> is ignored without <nextaction>"
        values.at("nextactionitem").add(alone, Use.IGNORED)
    return RunFindMe(block_id=block_id, phone_list=numbers, given=given)


def _whom(values: _Values) -> tuple[int | None, tuple[str, ...]]:
    """A stored FindMe or a list of numbers: the id wins (reference, note 1)."""
    numbers = fields.phone_list(values.text("phone_list"), values.at("phone_list"))
    if values.text("id"):
        if numbers:
            second = "<id> is given, so <phone_list> is ignored"
            values.at("phone_list").add(second, Use.IGNORED)
        return values.block_id(), ()
    if not numbers:
        raise values.place.refusal("app findme needs <id> or a <phone_list> in <parameters>")
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
            silent = f"<screen_method> is {wanted_by.value}, but there is no <{name}>"
            values.at("screen_method").add(silent)
        if text and method not in (None, wanted_by):
            values.at(name).add(f"<{name}> is ignored with <screen_method> {method}", Use.IGNORED)
        elif text:
            given[name] = text
    return given


def _next_action(values: _Values) -> tuple[NextAction, int | None]:
    """What happens when nobody takes the call (reference, note 2)."""
    action = NextAction(values.number("nextaction"))
    item = values.optional_id("nextactionitem")
    if action in _NEEDS_ITEM and item is None:
        alone = f"<nextaction> {action.value} needs a <nextactionitem>: nextaction 1 is used"
        there = values.at("nextaction")
        there.add(alone)
        there.means(NextAction.SAY_NOBODY_AND_HANG_UP.value)
        return NextAction.SAY_NOBODY_AND_HANG_UP, None
    if action not in _NEEDS_ITEM and item is not None:
        unused = f"<nextactionitem> is ignored with <nextaction> {action.value}"
        values.at("nextactionitem").add(unused, Use.IGNORED)
        return action, None
    return action, item
