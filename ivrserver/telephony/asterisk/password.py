"""The ARI password: a setting, else one that is made once and kept in the data folder."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from ivrserver.config import Settings

_SECRET_FILE: Final = 0o600
_BYTES: Final = 24


def with_password(settings: Settings) -> Settings:
    """Fill in the password, and make one if there is none yet.

    Raises:
        OSError: it cannot be kept.
    """
    known = with_kept_password(settings)
    if known is not None:
        return known
    file = _file(settings)
    file.parent.mkdir(parents=True, exist_ok=True)
    write_secret(file, secrets.token_urlsafe(_BYTES))
    return _with(settings, file)


def with_kept_password(settings: Settings) -> Settings | None:
    """Fill in the password; None if there is none yet.

    Raises:
        OSError: it cannot be read.
    """
    if settings.ari.password.get_secret_value():
        return settings
    return _with(settings, _file(settings)) if _file(settings).exists() else None


def write_secret(file: Path, text: str) -> None:
    """Write a file, in one step, that only its owner may read.

    Raises:
        OSError: no room or no right.
    """
    fresh = file.with_name(f"{file.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _SECRET_FILE), "w") as out:
        out.write(text)
    fresh.replace(file)


def _file(settings: Settings) -> Path:
    return settings.data / "asterisk" / "ari-password"


def _with(settings: Settings, file: Path) -> Settings:
    password = SecretStr(file.read_text().strip())
    return settings.model_copy(
        update={"ari": settings.ari.model_copy(update={"password": password})}
    )
