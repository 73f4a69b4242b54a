"""Which archive packages come from: a setting, else the one this machine already uses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from ivrserver.config import PackageSettings
from ivrserver.errors import SetupError
from ivrserver.programs import apt
from ivrserver.programs.catalogue import CATALOGUE
from ivrserver.programs.machine import architecture, os_release

KEYRING: Final = Path("/usr/share/keyrings/debian-archive-keyring.gpg")

# Sources may name a release by its code name or by the role it has at the moment.
_ROLES: Final = frozenset({"stable", "oldstable", "testing", "unstable", "sid"})


def source(names: Sequence[str], settings: PackageSettings, keyring: Path = KEYRING) -> apt.Source:
    """Choose the archive.

    Args:
        names: programs that are wanted, for the message when there is no archive.
        settings: may name a mirror.
        keyring: keys of the archive.

    Raises:
        SetupError: programs cannot be fetched on this machine; says what to install instead.
    """
    by_hand = _by_hand(names)
    if not apt.available():
        raise SetupError(
            f"{', '.join(names)}: not installed, and no apt here to fetch it. {by_hand}"
        )
    if not keyring.exists():
        raise SetupError(
            f"{', '.join(names)}: not installed, and the keys of Debian's archive ({keyring}) are"
            f" not here to fetch it. {by_hand}"
        )
    mirror = settings.mirror or machine_mirror(os_release(), apt.machine_sources())
    if mirror is None:
        raise SetupError(
            f"{', '.join(names)}: not installed, and no Debian mirror among this machine's package"
            f" sources to fetch it from. {by_hand}, or name a mirror (packages.mirror)"
        )
    return apt.Source(
        mirror, settings.suite, keyring, architecture().name, settings.allow_expired_index
    )


def machine_mirror(system: Mapping[str, str], sources: Sequence[tuple[str, str]]) -> str | None:
    """The mirror that a Debian machine gets its own release from.

    Args:
        system: its os-release.
        sources: its package sources as (mirror, suite).

    Returns:
        None on other systems, whose mirrors hold other packages.
    """
    if system.get("ID") != "debian":
        return None
    for wanted in ({system.get("VERSION_CODENAME", "")}, _ROLES):
        for mirror, suite in sources:
            if suite in wanted:
                return mirror
    return None


def _by_hand(names: Sequence[str]) -> str:
    packages = " ".join(CATALOGUE[name].package for name in names)
    return f"Install it with the machine's own tools: apt-get install {packages}"
