"""Settings of SIP: where we listen, trunks, registered phones, and where legs may go."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, field_validator, model_validator

from ivrserver.config.section import (
    Host,
    Line,
    Network,
    Port,
    ReadableFile,
    SecretLine,
    Section,
)

_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_PREFIX: Final = re.compile(r"\+[1-9][0-9]{0,14}", re.ASCII)
_RESERVED: Final = frozenset(
    {
        "anonymous",
        "connected",
        "global",
        "outside",
        "party",
        "proxy",
        "system",
    }  # sections of Asterisk's configuration
    | {"private", "restricted", "unavailable", "unknown", "withheld"}  # callers without a number
)


def _name(text: str) -> str:
    if not _NAME.fullmatch(text):
        message = "a name is 1 to 32 lower-case letters, digits, - and _, and begins with a letter"
        raise ValueError(message)
    if text in _RESERVED or text.startswith("transport-"):
        message = "this name means something else already; choose another"
        raise ValueError(message)
    return text


def _prefix(text: str) -> str:
    if not _PREFIX.fullmatch(text):
        message = "a prefix begins with + and the country code, such as +1 or +44207"
        raise ValueError(message)
    return text


Name = Annotated[str, AfterValidator(_name)]
Prefix = Annotated[str, AfterValidator(_prefix)]


class SipSettings(Section):
    """Where Asterisk listens for SIP and RTP."""

    bind: Host = "127.0.0.1"
    """Address that Asterisk listens on for SIP."""
    port: Port = 5060
    """SIP port, UDP and TCP."""
    rtp_start: Port = 16000
    """First port for audio."""
    rtp_end: Port = 17999
    """Last port for audio; a call takes two."""
    tls_port: Port = 5061
    """SIP port for TLS; open when there is a certificate or a trunk of `transport = "tls"`."""
    tls_certificate: ReadableFile | None = None
    """PEM file of our certificate and its chain; unset: nobody can reach us by TLS."""
    tls_key: ReadableFile | None = None
    """PEM file of its private key."""
    tls_ca: ReadableFile | None = None
    """PEM file of the authorities that trunks' certificates must be signed by; unset: the
    system's."""
    guests: bool = False
    """Answer calls from anybody, without a trunk or an account: for a lab only."""

    @model_validator(mode="after")
    def _certificate_and_key(self) -> Self:
        if (self.tls_certificate is None) != (self.tls_key is None):
            message = "tls_certificate and tls_key: give both or neither"
            raise ValueError(message)
        return self


class TrunkSettings(Section):
    """A carrier that calls come from and legs go to. `NAME` is a name of your choice."""

    host: Host
    """The carrier's name or address."""
    port: int = Field(default=0, ge=0, le=65535)
    """The carrier's SIP port; 0: as its DNS says (SRV), else 5060, with TLS 5061."""
    transport: Literal["udp", "tcp", "tls"] = "udp"
    """How SIP reaches the carrier; by TLS its certificate must be valid for `host`."""
    srtp: bool = False
    """Encrypt the audio (SDES); needs `transport = "tls"`."""
    username: Line = ""
    """User that the carrier gave us; empty: it knows us by our address."""
    password: SecretLine = SecretStr("")
    """Password of that user."""
    registers: bool = False
    """Tell the carrier where we are, as a phone does."""
    accept_from: tuple[Network, ...] = ()
    """Addresses or networks that its calls come from; empty: `host`."""
    prefixes: tuple[Prefix, ...] = ()
    """Beginnings of numbers, such as `+44`, that go by this trunk; the longest wins; empty: the
    rest (of several such trunks, the first takes it)."""
    number_format: Literal["national", "digits", "plus"] = "national"
    """How it wants numbers: `national`: 2125550123 in North America, else +442079460000; `digits`:
    12125550123; `plus`: +12125550123."""
    caller_id: str = Field(default="", pattern=r"^\+?[0-9]{0,15}$")
    """Number shown on every leg by this trunk; empty: the caller's own."""
    refer: bool = False
    """Transfer callers of this trunk by SIP REFER instead of bridging them."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        wrong = []
        if self.srtp and self.transport != "tls":
            wrong.append('srtp needs transport = "tls": the keys travel in SIP')
        if self.registers and not self.username:
            wrong.append("registers needs username and password")
        if bool(self.username) != bool(self.password.get_secret_value()):
            wrong.append("username and password: give both or neither")
        if wrong:
            raise ValueError("; ".join(wrong))
        return self


class PhoneSettings(Section):
    """A registered desk phone or softphone. `NAME` is its SIP user name."""

    password: SecretLine
    """Password of the phone."""
    extension: str = Field(default="", pattern="^[0-9]{0,10}$")
    """Digits that reach it from receptionists, FindMe lists and other phones."""
    srtp: bool = False
    """Encrypt the audio (SDES); needs `sip.tls_certificate`, and the phone set to TLS."""
    accept_from: tuple[Network, ...] = ()
    """Addresses or networks that it may come from; empty: all."""

    @field_validator("password")
    @classmethod
    def _given(cls, password: SecretStr) -> SecretStr:
        if not password.get_secret_value():
            message = "a phone needs a password: anybody could take its place"
            raise ValueError(message)
        return password


class DialSettings(Section):
    """Where legs may go. Registered phones count towards the caps only."""

    allow: tuple[Prefix, ...] = ()
    """Beginnings of numbers, such as `+44`, that may be called; empty: the country of
    `account.region`."""
    deny: tuple[Prefix, ...] = ("+1700", "+1900", "+1976")
    """Beginnings of numbers that may not, whatever `allow` says."""
    premium: bool = False
    """Numbers at the caller's expense may be called too: premium-rate, shared-cost, personal and
    pager numbers."""
    legs_per_call: int = Field(default=100, ge=1)
    """Legs that one call may place in all."""
    simultaneous_legs: int = Field(default=200, ge=1)
    """Legs that may ring or talk at the same time, of all calls."""
    legs_per_minute: int = Field(default=1200, ge=1)
    """Legs that may be placed in any minute, of all calls."""
    per_destination_per_minute: int = Field(default=60, ge=1)
    """Legs to the same number in any minute."""
    returning_legs: int = Field(default=10, ge=0)
    """Legs to numbers of our own that may be up at the same time: each comes back as a call, which
    may place legs again."""


def contradictions(
    sip: SipSettings, trunks: Mapping[str, TrunkSettings], phones: Mapping[str, PhoneSettings]
) -> Iterator[str]:
    """What is wrong between sections that are each right, as ``SETTING: what to do``."""
    for name in sorted(trunks.keys() & phones.keys()):
        yield f"phones.{name}: a trunk has this name too; choose another"
    extensions = Counter(phone.extension for phone in phones.values() if phone.extension)
    for name, phone in phones.items():
        if extensions[phone.extension] > 1:
            yield f"phones.{name}.extension: another phone has {phone.extension} too"
        if phone.srtp and sip.tls_certificate is None:
            yield f"phones.{name}.srtp: needs sip.tls_certificate and sip.tls_key"
    prefixes = Counter(prefix for trunk in trunks.values() for prefix in trunk.prefixes)
    for name, trunk in trunks.items():
        for prefix in trunk.prefixes:
            if prefixes[prefix] > 1:
                yield f"trunks.{name}.prefixes: {prefix} is given more than once"


def uses_tls(sip: SipSettings, trunks: Mapping[str, TrunkSettings]) -> bool:
    """Whether Asterisk needs its TLS transport."""
    return sip.tls_certificate is not None or any(
        trunk.transport == "tls" for trunk in trunks.values()
    )
