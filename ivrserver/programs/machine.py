"""What kind of machine this is, in Debian's words."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from typing import Final

from ivrserver.errors import SetupError


@dataclass(frozen=True, slots=True)
class Architecture:
    """One of Debian's architectures.

    Attributes:
        name: Debian's name of it.
        triplet: the folder that its libraries lie in.
        loader: file name of its dynamic loader.
    """

    name: str
    triplet: str
    loader: str


_KNOWN: Final = {
    "x86_64": Architecture("amd64", "x86_64-linux-gnu", "ld-linux-x86-64.so.2"),
    "aarch64": Architecture("arm64", "aarch64-linux-gnu", "ld-linux-aarch64.so.1"),
}


def architecture() -> Architecture:
    """Tell this machine's architecture.

    Raises:
        SetupError: it is none that programs can be fetched for.
    """
    machine = platform.machine()
    if machine not in _KNOWN:
        raise SetupError(
            f"this machine is a {machine}; programs are fetched for {' and '.join(_KNOWN)} only."
            " Install asterisk (20 or newer) with the machine's own tools"
        )
    return _KNOWN[machine]


def os_release() -> dict[str, str]:
    """The running system's os-release, empty where there is none."""
    try:
        return platform.freedesktop_os_release()
    except OSError:
        return {}
