"""How Asterisk gets at a prompt: from the folder itself, or over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from ivrserver.config import Settings
from ivrserver.errors import ConfigError
from ivrserver.speech.store import SUFFIX

PROMPTS_PATH = "/prompts"
"""Where our HTTP server offers prompts."""


REPLAYS = "replays"
"""Where among the prompts the recordings are that are to be played."""


def uris(settings: Settings, under: str = "") -> Callable[[str], str]:
    """What turns a prompt's key into the ARI media URI that Asterisk is told to play.

    `under` is a folder among the prompts.

    Asterisk separates sounds by commas and options by ampersands, so neither may be in a URI.

    Raises:
        ConfigError: Asterisk could not play from where the settings point.
    """
    if settings.speech.delivery == "http":
        base = settings.speech.public_url.rstrip("/")
        parts = urlsplit(base)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query:
            raise ConfigError(
                'speech.public_url: with speech.delivery = "http" write the address of this '
                "server as Asterisk sees it, such as http://10.0.0.5:8080"
            )
        _refuse_separators("speech.public_url", base)
        suffix = SUFFIX[settings.speech.rate]
        place = f"{base}{PROMPTS_PATH}/{under}".rstrip("/")
        return lambda key: f"sound:{place}/{key}{suffix}"
    folder = str(settings.speech_cache / under)
    _refuse_separators("speech.cache", folder)
    return lambda key: f"sound:{folder}/{key}"


def _refuse_separators(setting: str, value: str) -> None:
    if set(value) & set(",&"):
        raise ConfigError(f"{setting}: Asterisk cannot play from {value}: no comma, no ampersand")
