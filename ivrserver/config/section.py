"""What all sections of the settings have in common."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

_LABEL: Final = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)")
_LONGEST_HOST: Final = 253
_LONGEST_LINE: Final = 256


class Section(BaseModel):
    """One table of the settings file: frozen, and nothing unknown in it."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


def _expanded(path: Path) -> Path:
    return path.expanduser().absolute()


def _file(path: Path) -> Path:
    path = _expanded(path)
    try:
        path.open("rb").close()
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}"
        raise ValueError(message) from error
    return path


def _host(name: str) -> str:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        labels = name.split(".")
        if not all(map(_LABEL.fullmatch, labels)) or len(name) > _LONGEST_HOST:
            message = "not the name or address of a machine, such as sip.example.com or 192.0.2.7"
            raise ValueError(message) from None
    return name


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        message = "not the IP address of a machine, such as 192.0.2.7"
        raise ValueError(message) from None


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text, strict=False)) if "/" in text else _host(text)
    except ValueError as error:
        message = "not an address, a network such as 192.0.2.0/24, or the name of a machine"
        raise ValueError(message) from error


def _one_line(text: str) -> str:
    if not text.isprintable() or text != text.strip() or len(text) > _LONGEST_LINE:
        message = f"must be one line of at most {_LONGEST_LINE} characters, without blanks around"
        raise ValueError(message)
    return text


def _secret_line(secret: SecretStr) -> SecretStr:
    _one_line(secret.get_secret_value())
    return secret


def _hard_to_guess(least: int) -> AfterValidator:
    def check(secret: SecretStr) -> SecretStr:
        if 0 < len(secret) < least:
            message = f"must have at least {least} characters; or leave it empty"
            raise ValueError(message)
        return secret

    return AfterValidator(check)


Port = Annotated[int, Field(ge=1, le=65535)]
Seconds = Annotated[float, Field(gt=0)]
Folder = Annotated[Path, AfterValidator(_expanded)]
ReadableFile = Annotated[Path, AfterValidator(_file)]
Host = Annotated[str, AfterValidator(_host)]
Network = Annotated[str, AfterValidator(_network)]
AnyHost = Annotated[str, AfterValidator(lambda text: text and _host(text))]
"""A `Host`, or empty."""
AnyAddress = Annotated[str, AfterValidator(lambda text: text and _address(text))]
"""An IP address, or empty."""
Line = Annotated[str, AfterValidator(_one_line)]
SecretLine = Annotated[SecretStr, AfterValidator(_secret_line)]
Token = Annotated[SecretLine, _hard_to_guess(16)]
SigningSecret = Annotated[SecretLine, _hard_to_guess(32)]


def from_here(listens_on: str) -> str:
    """Where a program on the same machine reaches what listens on this address."""
    # All addresses are where something listens, but not where anybody goes.
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(listens_on, listens_on)  # noqa: S104 - compared, not bound
