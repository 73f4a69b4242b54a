"""Where trunks are registered. ARI does not tell; Asterisk's console does, on its own machine only.

So whoever runs Asterisk writes it into one of its global variables, which ARI does tell.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from ivrserver.telephony.asterisk.console import console
from ivrserver.telephony.asterisk.process import Installation

VARIABLE: Final = "REGISTRATIONS"
COMMAND: Final = "pjsip show registrations"
_SHOWN: Final = re.compile(r"^ *([^ /]+)/sip:.* ([A-Z][a-z]+) *(?:\(exp\. .*\))? *$", re.MULTILINE)


async def registrations(installation: Installation) -> dict[str, str]:
    """Asterisk's word for each trunk that registers, such as ``Registered`` or ``Rejected``.

    Raises:
        SetupError: its console does not answer.
    """
    return shown(await console(installation, COMMAND))


def shown(text: str) -> dict[str, str]:
    """The same, out of what the console prints at `COMMAND`."""
    return dict(_SHOWN.findall(text))


async def publish(installation: Installation) -> None:
    """Write them where ARI can read them.

    Raises:
        SetupError: its console does not answer.
    """
    words = ",".join(f"{name}={word}" for name, word in (await registrations(installation)).items())
    await console(installation, f"dialplan set global {VARIABLE} {words or '-'}")


def published(value: str) -> Mapping[str, str] | None:
    """What `publish` wrote; None: it never did."""
    if not value:
        return None
    pairs = (pair.partition("=") for pair in value.split(","))
    return {name: word for name, _, word in pairs if word}
