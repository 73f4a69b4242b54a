"""Which legs may be placed: where to, and how many (SPEC §14).

`DialPolicy` decides and counts, with time as an argument. `GuardedDialer` puts it before any
`Dialer`: what is refused never reaches Asterisk, and what was counted is given back however the leg
ends.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Final

import phonenumbers

from ivrserver.config import DialSettings, PhoneSettings, Settings
from ivrserver.flow.dialling import (
    NOT_UNDERSTOOD,
    Dialled,
    ToPhone,
    ToTelephone,
    ToUser,
    understand,
)
from ivrserver.flow.ports import (
    Bridge,
    Channel,
    Dialer,
    DialledLeg,
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
        own: tells the numbers that lead to us, in webhook form.
    """

    def __init__(
        self,
        dial: DialSettings,
        phones: Mapping[str, PhoneSettings],
        region: str,
        own: Callable[[], Collection[str]] = tuple,
    ) -> None:
        self._dial, self._phones, self._region, self._own = dial, phones, region, own
        self._up: Counter[str] = Counter()
        self._of_call: Counter[str] = Counter()
        self._minute: deque[tuple[float, str]] = deque()
        self._to: Counter[str] = Counter()

    @classmethod
    def by(cls, settings: Settings, own: Callable[[], Collection[str]] = tuple) -> DialPolicy:
        """The policy that settings describe; `own` tells the numbers that lead to us."""
        return cls(settings.dial, settings.phones, settings.account.region, own)

    @property
    def live(self) -> int:
        """Legs that ring or talk."""
        return self._up.total()

    def read(self, destination: str) -> Dialled | None:
        """Whom a destination means; None: nobody."""
        return understand(destination, self._phones, self._region)

    def objection(self, destination: str) -> str:
        """Why nobody could be reached there, whatever else goes on; empty: somebody could."""
        dialled = self.read(destination)
        return NOT_UNDERSTOOD if dialled is None else self._forbidden(dialled)

    def admit(self, call_id: str, dialled: Dialled, now: float, called: str = "") -> str:
        """Decide about one more leg of a call, and count it if it may be placed.

        Args:
            called: the number that the caller dialled, in webhook form.

        Returns:
            Why not, with the setting that says so; empty: it is placed, and `release` must follow.
        """
        key = _key(dialled)
        self._forget(now)
        reason = (
            self._forbidden(dialled)
            or self._circling(dialled, called)
            or self._too_many(call_id, key)
        )
        if not reason:
            self._up[key] += 1
            self._of_call[call_id] += 1
            self._minute.append((now, key))
            self._to[key] += 1
        return reason

    def release(self, dialled: Dialled) -> None:
        """A leg that was admitted is over."""
        key = _key(dialled)
        self._up[key] -= 1
        if not self._up[key]:
            del self._up[key]

    def forget_call(self, call_id: str) -> None:
        """A call is over; it places no more legs."""
        self._of_call.pop(call_id, None)

    def _forbidden(self, dialled: Dialled) -> str:
        if isinstance(dialled, ToTelephone):
            return forbidden(dialled, self._dial, self._region)
        return ""

    def _circling(self, dialled: Dialled, called: str) -> str:
        """Why a leg that leads back to us may not be placed: such calls would multiply."""
        key, own = _key(dialled), self._own()
        if isinstance(dialled, ToPhone | ToUser) or key not in own:
            return ""
        if key == called:
            return "the caller has dialled this number already: the leg would only come back"
        most = self._dial.returning_legs
        if sum(self._up[number] for number in self._up.keys() & own) >= most:
            return f"{most} legs lead back to numbers of ours already (dial.returning_legs)"
        return ""

    def _too_many(self, call_id: str, key: str) -> str:
        dial = self._dial
        if self._of_call[call_id] >= dial.legs_per_call:
            return f"this call has placed {dial.legs_per_call} legs already (dial.legs_per_call)"
        if self.live >= dial.simultaneous_legs:
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
    """The name of a phone or a user, or a number in webhook form."""
    if isinstance(dialled, ToPhone | ToUser):
        return dialled.name
    return dialled.national_form.removeprefix("+")


class GuardedDialer:
    """Implements `ports.Dialer` around another one that never sees a forbidden destination."""

    def __init__(self, inner: Dialer, policy: DialPolicy) -> None:
        self._inner, self._policy = inner, policy
        self._calls: set[str] = set()

    async def dial(
        self, order: LegOrder, *, caller: Channel, taken: asyncio.Event | None = None
    ) -> DialledLeg:
        """See `ports.Dialer.dial`. A leg that the policy forbids is REFUSED, with the reason."""
        dialled, refusal = self._admitted(order.destination, caller, order.number_called)
        if dialled is None:
            return DialledLeg(*refusal)
        leg = None
        try:
            placed = await self._inner.dial(order, caller=caller, taken=taken)
            leg = placed.channel
        finally:
            if leg is None:
                self._policy.release(dialled)
        if leg is not None:
            leg.gone.add_done_callback(lambda _: self._policy.release(dialled))
        return placed

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
        dialled, (_, reason) = self._admitted(destination, caller)
        if dialled is None:
            return Referral(accepted=False, reason=reason)
        try:
            return await self._inner.refer(caller, destination)
        finally:
            self._policy.release(dialled)

    def _admitted(
        self, destination: str, caller: Channel, called: str = ""
    ) -> tuple[Dialled | None, tuple[LegOutcome, str]]:
        """Ask the policy: whom the leg calls, which is counted then; None: it may not, and why."""
        dialled = self._policy.read(destination)
        if dialled is None:
            return None, (LegOutcome.FAILED, NOT_UNDERSTOOD)
        call_id, now = caller.channel_id, asyncio.get_running_loop().time()
        reason = self._policy.admit(call_id, dialled, now, called)
        if reason:
            return None, (LegOutcome.REFUSED, reason)
        if call_id not in self._calls:
            self._calls.add(call_id)
            caller.gone.add_done_callback(lambda _: self._call_over(call_id))
        return dialled, (LegOutcome.ANSWERED, "")

    def _call_over(self, call_id: str) -> None:
        self._calls.discard(call_id)
        self._policy.forget_call(call_id)
