"""Handing callers on: SIP REFER asks the trunk that a caller came by to call somebody itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from ivrserver.config import TrunkSettings
from ivrserver.errors import AriRefused, AriUnavailable, MediaFailed
from ivrserver.flow.ports import Referral
from ivrserver.telephony.channel import TAKEN_ON, AriChannel
from ivrserver.telephony.routes import Route, Routes

_SECONDS: Final = 35.0
"""The dialplan gives up after 30 s."""

_DIALLED_BY_TRUNK: Final = re.compile(r"PJSIP/([+0-9]+)@.+", re.ASCII)

_NO_CODE: Final = "0"
"""What it says for a SIP status when there was none."""


class Referrals:
    """Refers callers by the trunk that they came by."""

    def __init__(self, routes: Routes, trunks: Mapping[str, TrunkSettings]) -> None:
        self._routes, self._trunks = routes, trunks

    def possible(self, caller: AriChannel) -> bool:
        """See `ports.Dialer.can_refer`."""
        trunk = self._trunks.get(caller.endpoint)
        return trunk is not None and trunk.refer

    async def refer(self, caller: AriChannel, destination: str) -> Referral:
        """See `ports.Dialer.refer`.

        Raises:
            ChannelGone: the caller left before there was an outcome.
        """
        target = self._target(caller, destination)
        if isinstance(target, Referral):
            return target
        try:
            # Before the answer Asterisk would send 302 instead, whose outcome nobody learns.
            await caller.answer()
            told = await caller.run_errand("refer", {"REFER_TO": target}, _SECONDS)
        except (AriRefused, AriUnavailable, MediaFailed) as error:
            return Referral(accepted=False, reason=f"Asterisk could not refer: {error}")
        match told:
            case [status] if status == TAKEN_ON:
                return Referral(accepted=True, reason="accepted")
            case [_, code] if code != _NO_CODE:
                return Referral(accepted=False, reason=f"refused (SIP {code})")
            case _:
                return Referral(accepted=False, reason="refused, or no answer in time")

    def _target(self, caller: AriChannel, destination: str) -> str | Referral:
        """The SIP address that the caller's trunk is to call; a `Referral`: why there is none."""
        trunk = self._trunks.get(caller.endpoint)
        if trunk is None:
            return Referral(accepted=False, reason="the caller came by no trunk")
        route = self._routes.of(destination)
        if isinstance(route, str):
            return Referral(accepted=False, reason=route)
        endpoint = route.endpoint if isinstance(route, Route) else ""
        match = _DIALLED_BY_TRUNK.fullmatch(endpoint)
        if match is None:
            return Referral(accepted=False, reason="a phone of ours cannot be reached by a carrier")
        host = f"[{trunk.host}]" if ":" in trunk.host else trunk.host
        port = f":{trunk.port}" if trunk.port else ""
        return f"sip:{match[1]}@{host}{port}"
