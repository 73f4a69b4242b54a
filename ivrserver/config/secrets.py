"""Secrets from files: one setting each, as Docker, Kubernetes and systemd hand them over."""

from __future__ import annotations

import os
from typing import Final

from pydantic_settings import NestedSecretsSettingsSource, PydanticBaseSettingsSource

FOLDERS: Final = ("IVRSERVER_SECRETS", "CREDENTIALS_DIRECTORY")
"""Environment variables that may name the folder; the second one is systemd's own."""


def secrets(given: PydanticBaseSettingsSource) -> tuple[PydanticBaseSettingsSource, ...]:
    """The source that reads them; none where no folder is named.

    A file is named after its setting, with two underscores between the parts:
    ``trunks__carrier__password``. Files with other names are passed over.

    Args:
        given: the library's own source of this kind, which knows no sections.
    """
    folder = next((value for name in FOLDERS if (value := os.environ.get(name))), None)
    if folder is None:
        return ()
    source = NestedSecretsSettingsSource(
        given,
        secrets_dir=folder,
        secrets_dir_missing="error",
        secrets_nested_delimiter="__",
        secrets_prefix="",
    )
    return (source,)
