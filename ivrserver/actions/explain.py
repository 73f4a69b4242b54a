"""A reply explained to people, element by element: what it means, what counts, what is missing.

The parser decides; here is only told what it found. Meanings are those of the reference table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from ivrserver.actions import reference, xmltree
from ivrserver.actions.findings import Finding, Findings, Use
from ivrserver.actions.model import Reply
from ivrserver.actions.parser import known_as, understand
from ivrserver.actions.pass_through import pairs
from ivrserver.actions.reference import App, Kind, Parameter
from ivrserver.actions.xmltree import Node
from ivrserver.errors import ActionError

_NOTHING: Final = Finding()
_ROOT: Final = "What happens next on the call."
_PARAMETERS: Final = "How it happens."
_UNKNOWN: Final = "Not in the reference."
CUT: Final = "only its beginning is kept, which is not enough to explain it"


class Names(Protocol):
    """What ids of the account mean, for people; empty: it is not known."""

    def block(self, block_id: int) -> str:
        """A building block, such as ``the IVR “Thanks”``."""
        ...

    def question(self, block_id: int, question_id: int) -> str:
        """A question of an IVR, such as ``question 2, “Rating”``."""
        ...


class _NoNames:
    def block(self, block_id: int) -> str:  # noqa: ARG002 - nothing is known
        return ""

    def question(self, block_id: int, question_id: int) -> str:  # noqa: ARG002 - nothing is known
        return ""


NO_NAMES: Final[Names] = _NoNames()


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One element of a reply, or one that is not there.

    Attributes:
        line: of the reply's text, from 1; 0: it is not there.
        depth: how deep it is, from 0.
        name: as the reply spells it; of one that is not there as the reference does.
        text: what it holds; empty when it holds elements.
        use: what became of it.
        means: what it is for.
        value: as what it was read, or what applies instead, for people; empty: nothing.
        notes: what is not quite right about it.
    """

    line: int
    depth: int
    name: str
    text: str = field(default="", repr=False)
    use: Use = Use.USED
    means: str = ""
    value: str = field(default="", repr=False)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A whole reply.

    Attributes:
        lines: its elements in order, those that are not there after the others of theirs.
        reply: what it asks for; None: `error` says why it cannot be acted on.
        error: for people; empty: it is understood.
        at: line and column of the error, from 1; 0: unknown.
        notes: what is said about the reply as a whole, such as its encoding.
    """

    lines: tuple[Line, ...]
    reply: Reply | None
    error: str = ""
    at: tuple[int, int] = (0, 0)
    notes: tuple[str, ...] = ()


def explain(body: bytes, *, charset: str = "", names: Names = NO_NAMES) -> Explanation:
    """Explain a reply in mode "Retrieve next action". Never fails.

    Args:
        body: as it came; at most 64 KB.
        charset: of the HTTP Content-Type header; empty: none.
        names: of what the reply refers to.
    """
    try:
        root, notes = xmltree.read(body, charset)
    except ActionError as error:
        return _refused((), error, ())
    return _explained(root, notes, names)


def explain_kept(text: str, *, cut: bool = False, names: Names = NO_NAMES) -> Explanation:
    """Explain a reply that is kept as text: its encoding was seen to when it came. Never fails.

    Args:
        text: of at most 64 KB.
        cut: only its beginning is kept.
        names: of what the reply refers to.
    """
    try:
        root = xmltree.read_text(text)
    except ActionError as error:
        if cut and error.line > text.count("\n"):
            # It goes wrong where it ends, which the reply did elsewhere.
            return Explanation(lines=(), reply=None, notes=(CUT,))
        return _refused((), error, ())
    return _explained(root, [], names)


def _explained(root: Node, notes: list[str], names: Names) -> Explanation:
    found = Findings(notes)
    try:
        reply = understand(root, found)
    except ActionError as error:
        lines = tuple(_Told(found.found, names).lines(root))
        return _refused(lines, error, tuple(notes))
    lines = tuple(_Told(found.found, names).lines(root))
    return Explanation(lines=lines, reply=reply, notes=tuple(notes))


def _refused(lines: tuple[Line, ...], error: ActionError, notes: tuple[str, ...]) -> Explanation:
    at = (error.line, error.column)
    return Explanation(lines=lines, reply=None, error=str(error), at=at, notes=notes)


class _Told:
    """Tells the elements of one reply."""

    def __init__(self, found: Mapping[int, Finding], names: Names) -> None:
        self._found = found
        self._names = names
        self._id = -1

    def lines(self, root: Node) -> Iterator[Line]:
        if root.name != "action":
            yield self._line(root, 0, _UNKNOWN)
            return
        yield self._line(root, 0, _ROOT)
        app: App | None = None
        container: Node | None = None
        for node in root.children:
            name = known_as(node)
            if name == "app" and app is None:
                app = reference.APP_BY_NAME.get(str(self._of(node).value))
                yield self._line(node, 1, _meaning(app), str(self._of(node).value or ""))
            elif name == "parameters" and container is None:
                container = node
            else:
                yield self._line(node, 1, _UNKNOWN if name not in ("app", "parameters") else "")
        if not any(known_as(node) == "app" for node in root.children):
            yield Line(line=0, depth=1, name="app", use=Use.MISSING, means="What to do.")
        if container is not None:
            yield self._line(container, 1, _PARAMETERS)
        if app is not None:
            yield from self._parameters(app, container.children if container else ())

    def _parameters(self, app: App, nodes: tuple[Node, ...]) -> Iterator[Line]:
        table = {each.name: each for each in (*app.parameters, reference.PASS_THROUGH)}
        given: dict[str, Node] = {}
        for node in nodes:
            given.setdefault(known_as(node), node)
        if "id" in given and isinstance(self._of(given["id"]).value, int):
            self._id = int(str(self._of(given["id"]).value))
        for node in nodes:
            parameter = table.get(known_as(node))
            if parameter is None:
                yield self._line(node, 2, _UNKNOWN)
                continue
            value = self._of(node).value
            told = "" if value is None else self._value(parameter, value)
            yield self._line(node, 2, parameter.description, told)
            if parameter.kind is Kind.USER_PARAMETERS and self._of(node).use < Use.IGNORED:
                yield from map(self._user_parameter, node.children)
        yield from self._absent(app, [each for name, each in table.items() if name not in given])

    def _user_parameter(self, node: Node) -> Line:
        value = self._of(node).value
        means = f"Said in place of @{node.name} in the prompts of that IVR."
        return self._line(node, 3, means, "" if value is None else str(value))

    def _absent(self, app: App, parameters: list[Parameter]) -> Iterator[Line]:
        """What is not there, as far as it matters."""
        missing = {parameter.name for parameter in parameters}
        is_stored = app is reference.FINDME and "id" not in missing
        for parameter in parameters:
            use, value = Use.ABSENT, ""
            if parameter.required or ({"id", "phone_list"} <= missing and parameter.name in _WHOM):
                use = Use.MISSING
            elif parameter.condition:
                continue
            elif parameter is reference.PASS_THROUGH:
                value = "stays as it was"
            elif is_stored:
                value = "as the FindMe has it"
            elif parameter.default is not None:
                value = self._value(parameter, parameter.default)
            yield Line(
                line=0,
                depth=2,
                name=parameter.name,
                use=use,
                means=parameter.description,
                value=value,
            )

    def _of(self, node: Node) -> Finding:
        return self._found.get(node.place, _NOTHING)

    def _line(self, node: Node, depth: int, means: str, value: str = "") -> Line:
        finding = self._of(node)
        return Line(
            line=node.line,
            depth=depth,
            name=node.name,
            text="" if node.children else node.text.strip(),
            use=finding.use,
            means=means,
            value=value if finding.use < Use.IGNORED else "",
            notes=tuple(dict.fromkeys(finding.texts)),
        )

    def _value(self, parameter: Parameter, value: object) -> str:
        """A parameter's value for people."""
        match parameter.kind, value:
            case Kind.BLOCK_ID, int():
                return _named(value, self._names.block(value))
            case Kind.QUESTION_ID, int():
                return _named(value, self._names.question(self._id, value))
            case Kind.CHOICE, int():
                return f"{value}: {parameter.choices[value]}"
            case Kind.PHONE_LIST, tuple():
                return ", ".join(map(str, value))
            case Kind.OPAQUE, str() if "|" in value:
                return ", ".join(f"{key} = {text}" for key, text in pairs(value))
            case _:
                return str(value)


_WHOM: Final = ("id", "phone_list")


def _named(value: int, name: str) -> str:
    return f"{value}: {name}" if name else str(value)


def _meaning(app: App | None) -> str:
    return "What to do." if app is None else app.description
