"""A webhook's reply in mode "Retrieve message and read to user": the text that is spoken.

HTML is reduced to what a person would see; each block element (and line break) ends a sentence,
so that the voice pauses where the page does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from ivrserver.actions.apart import apart
from ivrserver.actions.encoding import decode
from ivrserver.actions.reference import MAX_TEXT
from ivrserver.errors import ActionError

MAX_BYTES = 65536

_DECLARATION = re.compile(
    rb"""(?:\A\s*<\?xml\s[^>]{0,200}?encoding|<meta\s[^>]{0,200}?charset)\s*=\s*["']?"""
    rb"""([A-Za-z][A-Za-z0-9._-]{0,40})""",
    re.IGNORECASE,
)
_LOOKS_LIKE_HTML = re.compile(
    r"<!--|<!doctype|<\?xml|</?(?:html|head|body|title|meta|div|span|p|br|h[1-6]|ul|ol|li|table"
    r"|b|i|u|em|strong|font|center|section|article|a)\b[^<>]*>",
    re.IGNORECASE,
)
_HTML_TYPES = {"text/html", "application/xhtml+xml"}

_UNSEEN = {
    *("head", "script", "style", "template", "title", "noscript", "iframe", "object", "embed"),
    *("audio", "video", "canvas", "svg", "math", "select", "datalist", "textarea", "button"),
}
_INLINE = {
    *("a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em"),
    *("font", "i", "img", "input", "ins", "kbd", "label", "mark", "nobr", "q", "s", "samp"),
    *("small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr"),
}
_HIDING_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)

# Everything that has no sound: C0 and C1 controls but white space, invisible format characters
# (not the joiners, which some scripts need), surrogates, noncharacters.
_SILENT = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f"
    "\ufeff\ufff0-\uffff\ud800-\udfff]"
)
_PARAGRAPH = re.compile(r"\n[^\S\n]*\n")
_STOPS = r".!?\u2026\u3002\uff01\uff1f"
_QUOTES = r"['\")\]\u2019\u201d]*"
_ENDED = re.compile(rf"[{_STOPS}:;,\u3001]{_QUOTES}$")
_SENTENCE_END = re.compile(rf"[{_STOPS}]{_QUOTES}(?=\s)")


@dataclass(frozen=True, slots=True)
class SpokenMessage:
    """What a reply gives to read.

    Attributes:
        text: that is read: one line, at most 4,000 characters, cut at the end of a sentence or
            word.
        cut: what comes behind it and is not read; empty: everything is.
        is_html: it was taken for HTML, so only its visible text counts.
    """

    text: str
    cut: str = ""
    is_html: bool = False


def spoken_text(body: bytes, content_type: str, charset: str) -> str:
    """The text that is read to the caller; see `spoken_message`."""
    return spoken_message(body, content_type, charset).text


def spoken_message(body: bytes, content_type: str, charset: str) -> SpokenMessage:
    """What is read to the caller.

    Args:
        body: the reply as it came; at most 64 KB.
        content_type: media type of the HTTP header, lower case; ``text/plain`` is taken at its
            word, HTML too, everything else is looked at.
        charset: of the HTTP header; empty: none.

    Raises:
        ActionError: there is nothing to read, or it is not text.
    """
    if len(body) > MAX_BYTES:
        raise ActionError(f"the reply is larger than {MAX_BYTES // 1024} KB")
    text = _SILENT.sub("", _decoded(body, charset)).replace("\r\n", "\n").replace("\r", "\n")
    is_html = content_type in _HTML_TYPES or (
        content_type != "text/plain" and _LOOKS_LIKE_HTML.search(text) is not None
    )
    blocks = apart(lambda: _blocks(text)) if is_html else _PARAGRAPH.split(text)
    whole = _joined(_SILENT.sub("", block) for block in blocks)
    message = _shortened(whole)
    if not message:
        raise ActionError("the reply has no text to read to the caller")
    return SpokenMessage(message, whole[len(message) :].strip(), is_html)


def _decoded(body: bytes, charset: str) -> str:
    try:
        return decode(body, charset, _DECLARATION)[0]
    except ActionError:
        # What browsers assume of text that does not say what it is.
        return body.decode("cp1252", errors="replace")


def _blocks(text: str) -> list[str]:
    """The visible text of an HTML page, one entry for each block of it."""
    parser = etree.HTMLParser(
        encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True, huge_tree=False
    )
    try:
        root = etree.fromstring(text.encode(), parser)
    except etree.LxmlError:
        root = None
    if root is None:
        return []
    blocks: list[list[str]] = [[]]
    for piece in _pieces(root):
        if piece is None:
            blocks.append([])
        else:
            blocks[-1].append(piece)
    return ["".join(block) for block in blocks]


def _pieces(root: etree._Element) -> Iterator[str | None]:
    """Visible text in order; None where a block begins or ends."""
    walk = etree.iterwalk(root, events=("start", "end"))
    for event, element in walk:
        tag = element.tag if isinstance(element.tag, str) else ""
        is_seen = tag not in _UNSEEN and not _is_hidden(element)
        if is_seen and tag not in _INLINE:
            yield None
        if event == "start":
            if is_seen and element.text:
                yield element.text
            if not is_seen:
                walk.skip_subtree()
        elif element.tail:
            yield element.tail


def _is_hidden(element: etree._Element) -> bool:
    return (
        element.get("hidden") is not None
        or element.get("aria-hidden") == "true"
        or _HIDING_STYLE.search(element.get("style") or "") is not None
    )


def _joined(blocks: Iterator[str]) -> str:
    """One line: white space collapsed, a full stop where a block ends without a mark."""
    lines = [line for block in blocks if (line := " ".join(block.split()))]
    ended = [line if _ENDED.search(line) else line + "." for line in lines[:-1]]
    return " ".join([*ended, *lines[-1:]])


def _shortened(text: str) -> str:
    """At most `MAX_TEXT` characters, cut where a sentence ends, else between two words."""
    if len(text) <= MAX_TEXT:
        return text
    sentence = 0
    for end in _SENTENCE_END.finditer(text, 0, MAX_TEXT + 1):
        sentence = end.end()
    if sentence > MAX_TEXT // 2:
        return text[:sentence]
    word = text.rfind(" ", 0, MAX_TEXT + 1)
    return text[: word if word > MAX_TEXT // 2 else MAX_TEXT].rstrip()
