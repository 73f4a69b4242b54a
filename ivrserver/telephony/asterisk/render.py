"""Fill in Asterisk's configuration from the settings. The only renderer there is."""

from __future__ import annotations

import ipaddress
import resource
import ssl
from pathlib import Path
from typing import Final
from urllib.parse import quote

import jinja2
from pydantic import SecretStr

from ivrserver import resources
from ivrserver.config import NetworkSettings, Settings, TrunkSettings
from ivrserver.errors import ConfigError
from ivrserver.telephony.asterisk.folders import Folders
from ivrserver.telephony.asterisk.nat import candidate, translation
from ivrserver.telephony.asterisk.password import write_secret
from ivrserver.telephony.asterisk.program import AsteriskProgram

_FILES_WANTED: Final = 65536
_AUDIO_SHARE: Final = 0.9
"""Share of the pairs of audio ports that callers may take: without one, a call ends with 488, and
who is refused holds one for a moment, too."""
_OPUS: Final = "codec_opus_open_source.so"
_AUTHORITIES: Final = (
    Path("/etc/ssl/certs/ca-certificates.crt"),  # Debian and its kin
    Path("/etc/pki/tls/certs/ca-bundle.crt"),  # Red Hat and its kin
    Path("/etc/ssl/ca-bundle.pem"),  # SUSE
    Path("/etc/ssl/cert.pem"),  # Alpine
)
_LONGEST_VALUE: Final = 1000
"""Asterisk reads lines of up to 8191 characters; nobody knows what becomes of the rest."""
_SIP_USER: Final = "-_.!~*'()&=+$,"
"""What a SIP address's user may hold as it is, besides letters and digits (RFC 3261, 25.1)."""


def render(settings: Settings, folders: Folders, asterisk: AsteriskProgram) -> dict[str, str]:
    """Fill in every file of ``asterisk-config/``.

    Args:
        settings: with the ARI password filled in.
        folders: where Asterisk will find and keep things.
        asterisk: what it can do decides between variants.

    Returns:
        File name → text. ``ari.conf`` holds the password.

    Raises:
        ConfigError: a value cannot be written into a configuration file.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(resources.folder("asterisk-config")),
        undefined=jinja2.StrictUndefined,
        finalize=_value,
        line_statement_prefix=";%",
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - no HTML; `_value` guards what is written
    )
    environment.filters |= {"host": _host, "user": _user, "address": _address, "secret": _secret}
    values = {
        "folders": folders,
        "sip": settings.sip,
        "tls": settings.uses_tls,
        "authorities": _authorities(settings) if settings.uses_tls else "",
        "trunks": settings.trunks,
        "phones": settings.phones,
        "limits": settings.limits,
        "ari": settings.ari,
        "password": settings.ari.password.get_secret_value(),
        "asterisk": settings.asterisk,
        "loopback": _is_loopback(settings.sip.bind),
        "network": settings.network,
        "nat": translation(settings),
        "softphone": settings.softphone,
        "candidate": candidate(settings),
        "proxy": _proxy(settings.network),
        "maxfiles": _max_files(),
        "maxcalls": _max_calls(settings),
        "codecs": "ulaw,alaw,g722,opus" if _OPUS in asterisk.present else "ulaw,alaw,g722",
        "broadcasts": asterisk.broadcasts,
        "present": asterisk.present,
    }
    names = environment.list_templates(filter_func=lambda name: name.endswith(".conf"))
    files = {}
    for name in names:
        try:
            files[name] = environment.get_template(name).render(values)
        except ConfigError as error:
            raise ConfigError(f"asterisk-config/{name}: {error}") from error
    return files


def write(files: dict[str, str], folder: Path) -> None:
    """Write configuration files that only their owner may read; others there are removed.

    Raises:
        OSError: no room or no right.
    """
    for name, text in files.items():
        write_secret(folder / name, text)
    for path in folder.iterdir():
        if path.name not in files:
            path.unlink()


def _value(value: object) -> str:
    """Write a value so that it stays one value of one line.

    Source: Asterisk's main/config.c: a semicolon begins a comment unless a backslash is before it;
    blanks around a value are dropped.
    """
    text = str(value)
    if text != text.strip() or not text.isprintable() or len(text) > _LONGEST_VALUE:
        raise ConfigError(
            "a setting that is written there must be one line without blanks around it"
        )
    return text.replace(";", "\\;")


def _host(name: str) -> str:
    """An IPv6 address takes brackets before a port."""
    return f"[{name}]" if ":" in name else name


def _user(name: str) -> str:
    """A user name as it stands in a SIP address."""
    return quote(name, safe=_SIP_USER)


def _address(trunk: TrunkSettings, user: bool = False) -> str:
    """The SIP address of a trunk, or of us there.

    Without a port, DNS says which (RFC 3263).
    """
    port = f":{trunk.port}" if trunk.port else ""
    transport = "" if trunk.transport == "udp" else f";transport={trunk.transport}"
    whom = f"{_user(trunk.username)}@" if user else ""
    return f"sip:{whom}{_host(trunk.host)}{port}{transport}"


def _proxy(network: NetworkSettings) -> str:
    """The SIP address of the proxy in front; empty: there is none."""
    return f"sip:{_host(network.proxy)}:{network.proxy_port};lr" if network.proxy else ""


def _secret(value: SecretStr) -> str:
    return value.get_secret_value()


def _authorities(settings: Settings) -> Path:
    """The certificates that a trunk's certificate must lead to."""
    system = ssl.get_default_verify_paths().cafile
    found = settings.sip.tls_ca or (Path(system) if system else None)
    if found is None or not found.exists():
        found = next((path for path in _AUTHORITIES if path.exists()), None)
    if found is None:
        raise ConfigError(
            "sip.tls_ca: this machine has no list of certificate authorities;"
            " install ca-certificates, or set it to a PEM file"
        )
    return found


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"


def _max_files() -> int:
    """As many descriptors as a big machine needs, or as the system lets us have."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _FILES_WANTED if hard == resource.RLIM_INFINITY else min(_FILES_WANTED, hard)


def _max_calls(settings: Settings) -> int:
    """The callers that this Asterisk takes, however many controllers there are."""
    if settings.limits.asterisk_calls is not None:
        return settings.limits.asterisk_calls
    pairs = (settings.sip.rtp_end - settings.sip.rtp_start + 1) // 2
    return max(1, min(2 * settings.limits.calls, int(_AUDIO_SHARE * pairs)))
