"""Which archive packages come from: a setting, else the one this machine already uses."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ivrserver.config import PackageSettings
from ivrserver.errors import SetupError
from ivrserver.programs import apt
from ivrserver.programs.catalogue import CATALOGUE
from ivrserver.programs.machine import os_release

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
    mirror = settings.mirror or _machine_mirror(by_hand)
    return apt.Source(mirror, settings.suite, keyring, settings.allow_expired_index)


def _machine_mirror(by_hand: str) -> str:
    system = os_release()
    if system.get("ID") == "debian":
        code_name = system.get("VERSION_CODENAME", "")
        sources = apt.machine_sources()
        for wanted in ({code_name}, _ROLES):
            for mirror, suite in sources:
                if suite in wanted:
                    return mirror
    raise SetupError(
        f"no Debian mirror among this machine's package sources. Set packages.mirror. {by_hand}"
    )


def _by_hand(names: Sequence[str]) -> str:
    packages = " ".join(CATALOGUE[name].package for name in names)
    return f"Install it with the machine's own tools: apt-get install {packages}"
