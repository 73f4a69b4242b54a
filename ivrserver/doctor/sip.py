"""Examine trunks, phones and certificates."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509

from ivrserver.config import Settings, SipSettings, TrunkSettings
from ivrserver.doctor.finding import Finding
from ivrserver.telephony.asterisk.peers import Peers, peers
from ivrserver.telephony.asterisk.ping import Ping

_SOON: Final = timedelta(days=14)
_STARTED_BEFORE: Final = "these settings are newer than the running Asterisk: start it again"


async def examine_sip(settings: Settings, reached: Ping) -> list[Finding]:
    """Examine what concerns SIP peers; trunks and phones only beside a running Asterisk.

    Raises:
        AriUnavailable: it runs, but does not answer.
    """
    findings = await asyncio.to_thread(lambda: list(_certificates(settings.sip)))
    if reached is not Ping.READY or not (settings.trunks or settings.phones):
        return findings
    known = await peers(settings)
    for name, trunk in settings.trunks.items():
        findings.append(_trunk(name, trunk, known))
    findings += [_phone(name, known) for name in settings.phones]
    return findings


def _trunk(name: str, trunk: TrunkSettings, known: Peers) -> Finding:
    part = f"trunk {name}"
    if name not in known.online:
        return Finding(part, ok=False, detail="unknown to Asterisk", mend=_STARTED_BEFORE)
    where = f"{trunk.host} by {trunk.transport.upper()}"
    if not known.online[name]:
        hint = ", and its certificate by sip.tls_ca" if trunk.transport == "tls" else ""
        return Finding(
            part,
            ok=False,
            detail=f"{where}: does not answer",
            mend=f"look at trunks.{name}.host, port and transport, at the firewall{hint}",
        )
    if not trunk.registers:
        return Finding(part, ok=True, detail=f"{where}: answers")
    if known.registrations is None:
        detail = f"{where}: answers; whether we are registered, only its own machine can tell"
        return Finding(part, ok=True, detail=detail)
    state = known.registrations.get(name, "Unregistered")
    detail = f"{where}: answers, {state.lower()}"
    if state == "Registered":
        return Finding(part, ok=True, detail=detail)
    mend = f"look at trunks.{name}.username and password; a new try comes within two minutes"
    return Finding(part, ok=False, detail=detail, mend=mend)


def _phone(name: str, known: Peers) -> Finding:
    part = f"phone {name}"
    if name not in known.online:
        return Finding(part, ok=False, detail="unknown to Asterisk", mend=_STARTED_BEFORE)
    # A phone that is switched off is no fault of ours.
    return Finding(part, ok=True, detail="registered" if known.online[name] else "not registered")


def _certificates(sip: SipSettings) -> Iterator[Finding]:
    if sip.tls_certificate is not None and sip.tls_key is not None:
        yield _own_certificate(sip.tls_certificate, sip.tls_key)
    if sip.tls_ca is not None:
        yield _authorities(sip.tls_ca)


def _own_certificate(certificate: Path, key: Path) -> Finding:
    part = "certificate"
    mend = "sip.tls_certificate and sip.tls_key: PEM files that belong together"
    try:
        first = x509.load_pem_x509_certificates(certificate.read_bytes())[0]
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password="")
    except (OSError, ValueError) as error:
        detail = f"{certificate} and {key} cannot be used: {error}"
        return Finding(part, ok=False, detail=detail, mend=mend)
    end = first.not_valid_after_utc
    detail = f"{certificate}: valid until {end:%Y-%m-%d}"
    if datetime.now(UTC) + _SOON < end:
        return Finding(part, ok=True, detail=detail)
    return Finding(part, ok=False, detail=detail, mend="renew it, then start Asterisk again")


def _authorities(file: Path) -> Finding:
    try:
        count = len(x509.load_pem_x509_certificates(file.read_bytes()))
    except (OSError, ValueError) as error:
        mend = "sip.tls_ca: a PEM file of certificates, or unset for the system's"
        return Finding("authorities", ok=False, detail=f"{file}: {error}", mend=mend)
    return Finding("authorities", ok=True, detail=f"{file}: {count}")
