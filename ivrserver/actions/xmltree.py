"""The XML of a reply as a small plain tree. The only module that parses XML.

Two walls against hostile documents: a document type declaration, without which there are no
entities, is refused before anything is parsed; and the parser itself loads no DTD, resolves no
entity, opens no connection and keeps libxml2's limits on depth and size.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

from lxml import etree

from ivrserver.actions.apart import apart, is_familiar
from ivrserver.actions.encoding import XML_DECLARATION, decode
from ivrserver.errors import ActionError

MAX_BYTES = 65536
_MAX_DEPTH = 4  # action, parameters, user_parameters, name: below that only text counts

# Possessive, so that no input makes it slow.
_PROLOG = r"(?:\s++|<!--.*?-->|<\?.*?\?>)*+"
_DOCTYPE = re.compile(_PROLOG + r"<!DOCTYPE", re.DOTALL | re.IGNORECASE)
_HTML = re.compile(_PROLOG + r"<(?:!DOCTYPE\s++)?html\b", re.DOTALL | re.IGNORECASE)
_DECLARATION = re.compile(r"\s*+<\?xml\s.*?\?>", re.DOTALL)
_VISIBLE = re.compile(r"\S")


@dataclass(frozen=True, slots=True)
class Node:
    """An element: its local name, all text inside it, and its element children.

    Attributes:
        line: where it is in the reply's text, from 1.
        place: its number in the order of the reply, from 0: no other element has it.
    """

    name: str
    text: str
    children: tuple[Node, ...]
    line: int = 0
    place: int = 0


def read(body: bytes, charset: str) -> tuple[Node, list[str]]:
    """Parse a reply's XML.

    Args:
        body: as it came.
        charset: of the HTTP header; empty: none.

    Returns:
        The root, and warnings for people about the encoding.

    Raises:
        ActionError: it is too large, not text, or not well-formed.
    """
    if len(body) > MAX_BYTES:
        raise ActionError(f"the reply is larger than {MAX_BYTES // 1024} KB")
    text, warnings = decode(body, charset, XML_DECLARATION)
    return read_text(text), warnings


def read_text(text: str) -> Node:
    """Parse the XML of a reply that is text already, of at most 64 KB; its root.

    Raises:
        ActionError: it is not well-formed.
    """
    text = text.lstrip("\ufeff")  # included files bring marks of their own
    # Whitespace before the declaration is a common slip; the encoding in it has been used.
    if declaration := _DECLARATION.match(text):
        text = _VISIBLE.sub(" ", declaration.group()) + text[declaration.end() :]
    if not text.strip():
        raise ActionError("the reply is empty")
    if _HTML.match(text):
        raise ActionError("the reply is an HTML page, not the XML of an action")
    if found := _DOCTYPE.match(text):
        unwanted = "the reply has a document type declaration, which is not accepted"
        raise ActionError(unwanted, line=text.count("\n", 0, found.end()) + 1)
    return _parse(text) if is_familiar(text) else apart(lambda: _parse(text))


def _parse(text: str) -> Node:
    parser = etree.XMLParser(
        encoding="utf-8",
        load_dtd=False,
        resolve_entities=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        collect_ids=False,
    )
    try:
        root = etree.fromstring(text.encode(), parser)
    except etree.XMLSyntaxError as error:
        reason = (error.msg or "it cannot be parsed").splitlines()[0][:200]
        if "Excessive depth" in reason:
            reason = "its elements are nested too deeply"
        line, column = error.position
        message = f"the reply is not well-formed XML: {reason}"
        raise ActionError(message, line=line or 0, column=column or 0) from error
    return _node(root, 1, count())


def _node(element: etree._Element, depth: int, places: Iterator[int]) -> Node:
    place = next(places)
    inside = element if depth <= _MAX_DEPTH else ()
    return Node(
        name=etree.QName(element).localname,
        text="".join(str(part) for part in element.itertext()),
        children=tuple(_node(child, depth + 1, places) for child in inside),
        line=element.sourceline or 0,  # type: ignore[arg-type]  # lxml-stubs: no type
        place=place,
    )
