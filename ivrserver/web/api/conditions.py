"""Entity tags against lost updates (RFC 9110 §13): changes name the version that was read."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Final

from fastapi import Depends, Header, HTTPException

from ivrserver.errors import ChangedMeanwhile

ANY: Final = "*"


def tag(version: str) -> str:
    """The entity tag of a version."""
    return f'"{version}"'


_IfMatch = Annotated[
    str,
    Header(
        description="The `ETag` of what was read; `*`: whatever it is by now.",
        examples=['"3f2a"'],
    ),
]


def _version_if_given(if_match: _IfMatch = ANY) -> str:
    return if_match.strip() or ANY


def _version_given(if_match: _IfMatch = "") -> str:
    if not if_match.strip():
        raise HTTPException(
            HTTPStatus.PRECONDITION_REQUIRED,
            "send the ETag of what you have read as If-Match (or If-Match: * to replace whatever "
            "is there), so that nobody's change is lost",
        )
    return if_match.strip()


Expected = Annotated[str, Depends(_version_given)]
"""What a client says it has read, as its ``If-Match`` header has it."""

ExpectedIfGiven = Annotated[str, Depends(_version_if_given)]
"""The same, where adding to what is there is usual."""


def check_version(expected: str, version: str) -> None:
    """See that what is there now is what the client has read.

    Raises:
        ChangedMeanwhile: it is not.
    """
    tags = {each.strip() for each in expected.split(",")}
    if not tags & {ANY, tag(version)}:
        raise ChangedMeanwhile("it has changed since you read it: read it again, then change that")
