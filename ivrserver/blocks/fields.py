"""The kinds of plain value that a flow file's fields hold, each with its check.

Every message says what to do, because it is shown behind the field's name (``FlowFileError``).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, PlainSerializer, WithJsonSchema

from ivrserver.blocks.patterns import problem_of
from ivrserver.blocks.webhook import valid_secret

MAX_LINE = 200
MAX_URL = 2_000
MAX_ID = 2**31 - 1
RESERVED_PREFIXES = ("ivr_", "st_")
"""Parameter names that begin so are the system's own (SPEC §4)."""

Id = Annotated[int, Field(ge=1, le=MAX_ID)]


def printable(text: str, also: str = "") -> str:
    """`text`, if it holds no control character but those in `also`; else ValueError."""
    for character in text:
        if unicodedata.category(character) in {"Cc", "Cs"} and character not in also:
            code = f"U+{ord(character):04X}"
            raise ValueError(f"holds a line break or control character ({code}); remove it")
    return text


def _matching(pattern: str, advice: str) -> Callable[[str], str]:
    compiled = re.compile(pattern)

    def check(text: str) -> str:
        if compiled.fullmatch(text) is None:
            raise ValueError(advice)
        return text

    return check


def one_line(text: str) -> str:
    """`text`, if it is one line of reasonable length; else ValueError."""
    if len(text) > MAX_LINE:
        raise ValueError(f"must be at most {MAX_LINE} characters (has {len(text):,})")
    return printable(text)


def _text(pattern: str, advice: str) -> tuple[AfterValidator, WithJsonSchema]:
    """What makes a string field keep to `pattern`; editors also take a bare number for it."""
    schema = {"type": ["string", "integer"], "pattern": f"^(?:{pattern})$"}
    return AfterValidator(_matching(pattern, advice)), WithJsonSchema(schema)


Line = Annotated[
    str, AfterValidator(one_line), WithJsonSchema({"type": "string", "maxLength": MAX_LINE})
]

MAX_SENTENCE = 1_000


def _sentence(text: str) -> str:
    if len(text) > MAX_SENTENCE:
        raise ValueError(f"must be at most {MAX_SENTENCE:,} characters (has {len(text):,})")
    return printable(text)


Sentence = Annotated[
    str, AfterValidator(_sentence), WithJsonSchema({"type": "string", "maxLength": MAX_SENTENCE})
]


def _name(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be empty")
    return one_line(text)


Name = Annotated[
    str,
    AfterValidator(_name),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": MAX_LINE}),
]

_NUMBER = r"\+?[0-9]{1,20}|[A-Za-z][A-Za-z0-9_-]{0,63}"
_NUMBER_CHECK, _NUMBER_SCHEMA = _text(
    _NUMBER, "must be digits as dialled, such as 2125550123, or a name of letters, such as sample"
)
DialledNumber = Annotated[str, _NUMBER_CHECK, _NUMBER_SCHEMA]

_KEY_CHECK, _KEY_SCHEMA = _text("[0-9*#A-D]", "must be one key out of 0-9, *, #, A-D")
Key = Annotated[str, _KEY_CHECK, _KEY_SCHEMA]

_END_CHECK, _END_SCHEMA = _text("[0-9*#A-D]?", 'must be one key such as "#", or "" for none')
Terminator = Annotated[str, _END_CHECK, _END_SCHEMA]

_KEYS_CHECK, _KEYS_SCHEMA = _text("[0-9*#A-D]{1,64}", "must be keys out of 0-9, *, #, A-D")
Keys = Annotated[str, _KEYS_CHECK, _KEYS_SCHEMA]

_MENU_KEY_CHECK, _MENU_KEY_SCHEMA = _text("[0-9*#]", "must be one key out of 0-9, *, #")
MenuKey = Annotated[str, _MENU_KEY_CHECK, _MENU_KEY_SCHEMA]

_EXTENSION_CHECK, _EXTENSION_SCHEMA = _text("[0-9]{1,10}", "must be 1 to 10 digits, such as 204")
Extension = Annotated[str, _EXTENSION_CHECK, _EXTENSION_SCHEMA]

PHONE_NAME = "[a-z][a-z0-9_-]{0,31}"
"""How the settings name a registered phone (`ivrserver.config`)."""
_PHONE_CHECK, _PHONE_SCHEMA = _text(
    PHONE_NAME, "must be the name of a phone of the settings, such as desk"
)
PhoneName = Annotated[str, _PHONE_CHECK, _PHONE_SCHEMA]

_PHONE_LIST_CHECK, _PHONE_LIST_SCHEMA = _text(
    rf"[^@]*[0-9][^@]*|{PHONE_NAME}",
    "must be a number such as 2125550123, or a phone's name or extension",
)
CalledPhone = Annotated[str, AfterValidator(one_line), _PHONE_LIST_CHECK, _PHONE_LIST_SCHEMA]

_CALLED_CHECK, _CALLED_SCHEMA = _text(
    rf".*[0-9@].*|{PHONE_NAME}",
    "must be a number such as 2125550123, a phone's name or extension, or an @name",
)
Called = Annotated[str, AfterValidator(one_line), _CALLED_CHECK, _CALLED_SCHEMA]
"""A phone number, phone or extension; ``@names`` in it are replaced."""

_EMAIL_CHECK, _EMAIL_SCHEMA = _text(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[^\s@<>()\[\],;:\"\\\x00-\x1f]{1,190}",
    "must be an e-mail address such as office@example.com",
)
Email = Annotated[str, _EMAIL_CHECK, _EMAIL_SCHEMA]

_LANG_CHECK, _LANG_SCHEMA = _text(
    "[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*", "must be a language tag such as en-US"
)
Language = Annotated[str, _LANG_CHECK, _LANG_SCHEMA]

Seconds = Annotated[
    float,
    Field(allow_inf_nan=False),
    PlainSerializer(lambda value: int(value) if value == int(value) else value),
]


def _pattern(text: str) -> str:
    if problem := problem_of(text):
        raise ValueError(f"is not a regular expression ({problem}); mend or remove it")
    return one_line(text)


Pattern = Annotated[str, AfterValidator(_pattern), WithJsonSchema({"type": "string"})]


def _parameter_name(text: str) -> str:
    if not text or not text.strip():
        raise ValueError("a parameter needs a name")
    if text.casefold().startswith(RESERVED_PREFIXES):
        raise ValueError("names that begin with ivr_ or st_ are the system's own; choose another")
    return one_line(text)


ParameterName = Annotated[
    str,
    AfterValidator(_parameter_name),
    WithJsonSchema({"type": "string", "pattern": "^(?!(?:[iI][vV][rR]|[sS][tT])_)"}),
]


def _url(text: str) -> str:
    if not text:
        return text
    if len(text) > MAX_URL or any(character.isspace() for character in text):
        raise ValueError(f"must be a URL of at most {MAX_URL} characters without spaces")
    try:
        parts = urlsplit(printable(text))
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise ValueError("must begin with http:// or https:// and name a host")
    if parts.username is not None:
        raise ValueError("must not hold a user name or password; use the secret or the query")
    return text


Url = Annotated[
    str,
    AfterValidator(_url),
    WithJsonSchema({"anyOf": [{"type": "string", "format": "uri"}, {"const": ""}]}),
]


def _secret(text: str) -> str:
    return valid_secret(text) if text else text


Secret = Annotated[str, AfterValidator(_secret), WithJsonSchema({"type": "string"})]


def _relative_path(text: str) -> str:
    parts = one_line(text).split("/")
    if not text or parts[0] == "" or ".." in parts or "\\" in text:
        raise ValueError("must be a path below the flow file's folder, such as audio/welcome.wav")
    return text


RelativePath = Annotated[
    str, AfterValidator(_relative_path), WithJsonSchema({"type": "string", "minLength": 1})
]
