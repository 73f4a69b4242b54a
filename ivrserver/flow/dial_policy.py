"""Which legs may be placed: where to, and how many (SPEC §14).

`DialPolicy` decides and counts, with time as an argument. `GuardedDialer` puts it before any
`Dialer`: what is refused never reaches Asterisk, and what was counted is given back however the leg
ends.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import Final

import phonenumbers

from ivrserver.config import DialSettings, PhoneSettings, Settings
from ivrserver.flow.dialling import (
    NOT_UNDERSTOOD,
    Dialled,
    ToPhone,
    ToTelephone,
    understand,
)
from ivrserver.flow.ports import (
    Bridge,
    Channel,
    Dialer,
    DialledLeg,
    Hangup,
    LegOrder,
    LegOutcome,
    Referral,
)

_MINUTE: Final = 60.0
_COSTLY: Final = frozenset(
    {
        phonenumbers.PhoneNumberType.PREMIUM_RATE,
        phonenumbers.PhoneNumberType.SHARED_COST,
        phonenumbers.PhoneNumberType.PERSONAL_NUMBER,
        phonenumbers.PhoneNumberType.PAGER,
        phonenumbers.PhoneNumberType.VOICEMAIL,
    }
)
"""Kinds that cost the caller more: see `dial.premium`. A number of no known kind is none of them:
area codes are opened faster than anybody's tables are; `dial.deny` names those that are known."""


def forbidden(number: ToTelephone, dial: DialSettings, region: str) -> str:
    """Why that number may not be called, with the setting that says so; empty: it may.

    Args:
        number: judged by its E.164 digits, which are what is dialled.
        dial: the rules.
        region: the country that may be called when `dial.allow` is empty.
    """
    if any(number.digits.startswith(prefix[1:]) for prefix in dial.deny):
        return "numbers that begin like this may not be called (dial.deny)"
    known = phonenumbers.parse(f"+{number.digits}")
    if dial.allow:
        if not any(number.digits.startswith(prefix[1:]) for prefix in dial.allow):
            return "numbers that begin like this may not be called (dial.allow)"
    elif not _belongs(known, region):
        return f"numbers outside {region} may not be called (dial.allow)"
    if dial.premium or phonenumbers.number_type(known) not in _COSTLY:
        return ""
    return "premium-rate and shared-cost numbers may not be called (dial.premium)"


def _belongs(number: phonenumbers.PhoneNumber, region: str) -> bool:
    if phonenumbers.is_valid_number(number):
        return phonenumbers.is_valid_number_for_region(number, region)
    # Nobody knows whose it is, where countries share a code.
    return number.country_code == phonenumbers.country_code_for_region(region)


class DialPolicy:
    """Decides about each leg and keeps count. Times are seconds of one clock that never goes back.

    Args:
        dial: rules and caps.
        phones: registered phones, which only the caps concern.
        region: the account's country.
    """

    def __init__(
        self, dial: DialSettings, phones: Mapping[str, PhoneSettings], region: str
    ) -> None:
        self._dial, self._phones, self._region = dial, phones, region
        self._live = 0
        self._of_call: Counter[str] = Counter()
        self._minute: deque[tuple[float, str]] = deque()
        self._to: Counter[str] = Counter()

    @classmethod
    def by(cls, settings: Settings) -> DialPolicy:
        """The policy that settings describe."""
        return cls(settings.dial, settings.phones, settings.account.region)

    @property
    def live(self) -> int:
        """Legs that ring or talk."""
        return self._live

    def read(self, destination: str) -> Dialled | None:
        """Whom a destination means; None: nobody."""
        return understand(destination, self._phones, self._region)

    def admit(self, call_id: str, dialled: Dialled, now: float) -> str:
        """Decide about one more leg of a call, and count it if it may be placed.

        Returns:
            Why not, with the setting that says so; empty: it is placed, and `release` must follow.
        """
        key = _key(dialled)
        self._forget(now)
        reason = self._refusal(call_id, dialled, key)
        if not reason:
            self._live += 1
            self._of_call[call_id] += 1
            self._minute.append((now, key))
            self._to[key] += 1
        return reason

    def release(self) -> None:
        """A leg that was admitted is over."""
        self._live -= 1

    def forget_call(self, call_id: str) -> None:
        """A call is over; it places no more legs."""
        self._of_call.pop(call_id, None)

    def _refusal(self, call_id: str, dialled: Dialled, key: str) -> str:
        dial = self._dial
        if isinstance(dialled, ToTelephone):
            rule = forbidden(dialled, dial, self._region)
            if rule:
                return rule
        if self._of_call[call_id] >= dial.legs_per_call:
            return f"this call has placed {dial.legs_per_call} legs already (dial.legs_per_call)"
        if self._live >= dial.simultaneous_legs:
            return f"{dial.simultaneous_legs} legs are up already (dial.simultaneous_legs)"
        if len(self._minute) >= dial.legs_per_minute:
            return f"{dial.legs_per_minute} legs in the last minute (dial.legs_per_minute)"
        if self._to[key] >= dial.per_destination_per_minute:
            return (
                f"{dial.per_destination_per_minute} legs to this number in the last minute"
                " (dial.per_destination_per_minute)"
            )
        return ""

    def _forget(self, now: float) -> None:
        """Drop what is a minute old."""
        while self._minute and self._minute[0][0] <= now - _MINUTE:
            _, key = self._minute.popleft()
            self._to[key] -= 1
            if not self._to[key]:
                del self._to[key]


def _key(dialled: Dialled) -> str:
    return dialled.name if isinstance(dialled, ToPhone) else dialled.digits


class GuardedDialer:
    """Implements `ports.Dialer` around another one that never sees a forbidden destination."""

    def __init__(self, inner: Dialer, policy: DialPolicy) -> None:
        self._inner, self._policy = inner, policy
        self._calls: set[str] = set()

    async def dial(
        self, order: LegOrder, *, caller: Channel, taken: asyncio.Event | None = None
    ) -> DialledLeg:
        """See `ports.Dialer.dial`. A leg that the policy forbids is REFUSED, with the reason."""
        refused = self._refused(order.destination, caller)
        if refused is not None:
            return DialledLeg(*refused)
        leg = None
        try:
            dialled = await self._inner.dial(order, caller=caller, taken=taken)
            leg = dialled.channel
        finally:
            if leg is None:
                self._policy.release()
        if leg is not None:
            leg.gone.add_done_callback(self._over)
        return dialled

    def bridge(self, caller: Channel, leg: Channel) -> AbstractAsyncContextManager[Bridge]:
        """See `ports.Dialer.bridge`."""
        return self._inner.bridge(caller, leg)

    def rejoin(self, caller: Channel, leg_id: str) -> AbstractAsyncContextManager[Bridge]:
        """See `ports.Dialer.rejoin`. The leg was allowed when it was placed."""
        return self._inner.rejoin(caller, leg_id)

    def can_refer(self, caller: Channel) -> bool:
        """See `ports.Dialer.can_refer`."""
        return self._inner.can_refer(caller)

    async def refer(self, caller: Channel, destination: str) -> Referral:
        """See `ports.Dialer.refer`. It is a leg too, at our expense often: the policy decides."""
        refused = self._refused(destination, caller)
        if refused is not None:
            return Referral(accepted=False, reason=refused[1])
        try:
            return await self._inner.refer(caller, destination)
        finally:
            self._policy.release()

    def _refused(self, destination: str, caller: Channel) -> tuple[LegOutcome, str] | None:
        """Ask the policy; None: the leg may be placed and is counted."""
        dialled = self._policy.read(destination)
        if dialled is None:
            return LegOutcome.FAILED, NOT_UNDERSTOOD
        call_id = caller.channel_id
        reason = self._policy.admit(call_id, dialled, asyncio.get_running_loop().time())
        if reason:
            return LegOutcome.REFUSED, reason
        if call_id not in self._calls:
            self._calls.add(call_id)
            caller.gone.add_done_callback(lambda _: self._call_over(call_id))
        return None

    def _over(self, _: asyncio.Future[Hangup]) -> None:
        self._policy.release()

    def _call_over(self, call_id: str) -> None:
        self._calls.discard(call_id)
        self._policy.forget_call(call_id)
