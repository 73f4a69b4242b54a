"""Which way a leg goes: to a registered phone, or over which trunk."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, assert_never

from ivrserver.config import PhoneSettings, Settings, TrunkSettings
from ivrserver.flow.dialling import (
    NOT_UNDERSTOOD,
    ToPhone,
    ToTelephone,
    ToUser,
    understand,
)

_NUMBER: Final = re.compile(r"\+?[0-9]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Route:
    """How Asterisk reaches a destination.

    Attributes:
        endpoint: what ARI dials, such as ``PJSIP/2125550123@carrier`` or ``PJSIP/desk``.
        caller_id: the number that the trunk always shows; empty: the caller's own.
        outside: it leads to a carrier, which is shown numbers alone.
    """

    endpoint: str
    caller_id: str = ""
    outside: bool = False

    def shown(self, caller_id: str) -> str:
        """What is shown for a caller of that id, a softphone's name among them; empty: nothing."""
        if self.caller_id:
            return self.caller_id
        return "" if self.outside and not _NUMBER.fullmatch(caller_id) else caller_id


class Routes:
    """Decides by the settings alone: trunks by prefix, phones by name and extension."""

    def __init__(
        self,
        trunks: Mapping[str, TrunkSettings],
        phones: Mapping[str, PhoneSettings],
        region: str,
    ) -> None:
        self._trunks, self._phones, self._region = trunks, phones, region

    @classmethod
    def by(cls, settings: Settings) -> Routes:
        """The routes that settings describe."""
        return cls(settings.trunks, settings.phones, settings.account.region)

    def of(self, destination: str) -> Route | ToUser | str:
        """The way to `destination`; a text: there is none, why, and which setting to mend.

        Where a user's softphone is, settings do not know.

        Args:
            destination: name or extension of a registered phone, a user's name, or a phone number
                as written.
        """
        match understand(destination, self._phones, self._region):
            case None:
                return NOT_UNDERSTOOD
            case ToPhone(name):
                return Route(f"PJSIP/{name}")
            case ToUser() as user:
                return user
            case ToTelephone() as number:
                return self._by_trunk(number)

    def _by_trunk(self, number: ToTelephone) -> Route | str:
        if not self._trunks:
            return "there is no trunk: describe your carrier in [trunks.NAME]"
        ways = [
            (_longest(trunk.prefixes, number.digits), name) for name, trunk in self._trunks.items()
        ]
        # Of equally long ones `max` takes the first, in the order of the settings.
        length, name = max(ways, key=lambda way: way[0])
        if length < 0:
            return f"no trunk takes numbers of +{number.country}: see trunks.NAME.prefixes"
        trunk = self._trunks[name]
        return Route(f"PJSIP/{_written(number, trunk)}@{name}", trunk.caller_id, outside=True)


def _longest(prefixes: Iterable[str], digits: str) -> int:
    """Length of the longest prefix that `digits` begin with; 0: takes the rest; -1: none fits."""
    if not prefixes:
        return 0
    return max(
        (len(prefix) for prefix in prefixes if digits.startswith(prefix.removeprefix("+"))),
        default=-1,
    )


def _written(number: ToTelephone, trunk: TrunkSettings) -> str:
    match trunk.number_format:
        case "national":
            return number.national_form
        case "digits":
            return number.digits
        case "plus":
            return f"+{number.digits}"
        case _:
            assert_never(trunk.number_format)
