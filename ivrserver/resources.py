"""Where the files are that come with the package but are not code."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent


def folder(name: str) -> Path:
    """Find a folder that comes with the package.

    Args:
        name: ``asterisk-config``, ``migrations`` or ``examples``.

    Returns:
        Its place: beside the package in a checkout, inside it when installed from a wheel.
    """
    packed = _PACKAGE / "_data" / name
    return packed if packed.exists() else _PACKAGE.parent / name
