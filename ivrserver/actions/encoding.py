"""Which characters the bytes of a reply are.

RFC 7303 §3.2 says: the byte order mark, else the charset of the HTTP header, else the document's
own declaration, else UTF-8. Two habits of real web servers are allowed for, each with a warning:
a charset that the bytes contradict gives way to the next one in that order, and bytes that *are*
UTF-8 are read as UTF-8 when anybody says so (frameworks add a charset of their own to every
reply; text that is valid UTF-8 by chance is next to impossible).
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from ivrserver.errors import ActionError

# Longest first: the mark of UTF-32-LE begins with that of UTF-16-LE.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# A "<" in UTF-16 without a mark (XML 1.0 appendix F).
_SIGNATURES = ((b"<\x00", "utf-16-le"), (b"\x00<", "utf-16-be"))

# Python's codecs include compressors and escapes that have no business here: allow, not deny.
_ALLOWED = re.compile(
    r"utf-8|ascii|iso8859-\d+|cp125\d|cp437|cp850|cp874|cp866|koi8-[ru]|mac-roman"
    r"|shift_jis|cp932|euc_jp|iso2022_jp|gb2312|gbk|gb18030|big5|euc_kr|cp949|tis-620"
)
_WIDE = re.compile(r"utf-(16|32)(-[lb]e)?")

XML_DECLARATION = re.compile(
    rb"""\A\s*<\?xml\s[^>]{0,200}?encoding\s*=\s*["']([A-Za-z][A-Za-z0-9._-]{0,40})["']"""
)


def decode(body: bytes, charset: str, declaration: re.Pattern[bytes]) -> tuple[str, list[str]]:
    """Turn a reply into text.

    Args:
        body: the reply as it came.
        charset: of the HTTP Content-Type header; empty: none.
        declaration: finds the document's own statement; its group 1 is the name of the encoding.

    Returns:
        The text without a byte order mark, and warnings for people.

    Raises:
        ActionError: the bytes are not text in any encoding that was named.
    """
    marked = _marked(body)
    if marked is not None:
        skip, name = marked
        return _decoded(body[skip:], name), []
    declared = declaration.search(body[:1024])
    inside = declared.group(1).decode("ascii") if declared else ""
    warnings: list[str] = []
    for name in _candidates(charset, inside, warnings):
        try:
            return _decoded(body, name), warnings
        except ActionError as error:
            reason = error
            warnings.append(str(error))
    raise reason


def readable(body: bytes, charset: str) -> str:
    """A reply as people may see it; never fails. What is not text in its encoding is replaced."""
    marked = _marked(body)
    name = marked[1] if marked else _codec(charset) or "utf-8"
    text = body[marked[0] if marked else 0 :].decode(name, errors="replace")
    return text.replace("\x00", "\N{REPLACEMENT CHARACTER}")


def _marked(body: bytes) -> tuple[int, str] | None:
    """The length of the byte order mark and the encoding, if the bytes themselves tell it."""
    for mark, name in _MARKS:
        if body.startswith(mark):
            return len(mark), name
    for signature, name in _SIGNATURES:
        if body.startswith(signature):
            return 0, name
    return None


def _candidates(charset: str, inside: str, warnings: list[str]) -> Iterator[str]:
    """The encodings to try, best first; at least one."""
    named: list[str] = []
    for source, raw in (("HTTP header", charset), ("XML declaration", inside)):
        if not raw:
            continue
        name = _codec(raw)
        if name is None:
            warnings.append(f"the {source} names an encoding that is not known: {raw[:40]!r}")
        elif _WIDE.fullmatch(name):
            # The bytes would have shown it; .NET declares its strings so and sends UTF-8.
            warnings.append(f"the {source} says {raw[:40]}, which the reply is not")
        else:
            named.append(name)
    if len(set(named)) > 1:
        warnings.append("the HTTP header and the XML declaration name different encodings")
    if "utf-8" in named or not named:
        yield "utf-8"
    yield from (name for name in named if name != "utf-8")


def _codec(name: str) -> str | None:
    try:
        found = codecs.lookup(name.strip().strip("\"'")).name
    except (LookupError, ValueError):
        return None
    return found if _ALLOWED.fullmatch(found) or _WIDE.fullmatch(found) else None


def _decoded(body: bytes, name: str) -> str:
    try:
        return body.decode(name)
    except UnicodeDecodeError as error:
        where = f"byte 0x{error.object[error.start]:02x} at position {error.start}"
        message = f"the reply is not valid {name.upper()} ({where}): declare its encoding"
        raise ActionError(message) from error
