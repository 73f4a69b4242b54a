"""Where legs may go, and how many."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace

import phonenumbers
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import SecretStr

from ivrserver.config import DialSettings, PhoneSettings, TrunkSettings
from ivrserver.flow.dial_policy import DialPolicy, GuardedDialer
from ivrserver.flow.dialling import ToTelephone, ToUser
from ivrserver.flow.ports import Channel, DialledLeg, LegOrder, LegOutcome
from ivrserver.telephony.routes import Route, Routes
from tests.fakes import FakeChannel, FakeDialer, FarEnd

PHONES = {"desk": PhoneSettings(password=SecretStr("secret"), extension="204")}
OPEN = DialSettings()
WORLD = DialSettings(allow=tuple(f"+{digit}" for digit in range(1, 10)))
NUMBER = "2125550123"
OWN = {"2125550100", "442079460000", "desk", "8001"}


def policy(dial: DialSettings = OPEN, region: str = "US") -> DialPolicy:
    return DialPolicy(dial, PHONES, region, lambda: OWN)


def verdict(destination: str, dial: DialSettings = OPEN, region: str = "US") -> str:
    """Why it may not be called; empty: it may."""
    judge = policy(dial, region)
    dialled = judge.read(destination)
    return "not understood" if dialled is None else judge.admit("call", dialled, 0.0)


# ---- where to


@pytest.mark.parametrize("destination", [NUMBER, "8005550123", "desk", "204"])
def test_numbers_of_the_own_country_and_phones_may_be_called(destination: str) -> None:
    assert verdict(destination) == ""


@pytest.mark.parametrize("destination", ["+442079460000", "+14165550123", "+18765550123"])
def test_other_countries_may_not_also_those_that_share_a_code(destination: str) -> None:
    assert "dial.allow" in verdict(destination)


def test_what_is_allowed_replaces_the_own_country() -> None:
    dial = DialSettings(allow=("+44", "+1416"))
    assert verdict("+442079460000", dial) == ""
    assert verdict("416 555 0123", dial) == ""
    assert "dial.allow" in verdict(NUMBER, dial)


def test_what_is_denied_wins_over_what_is_allowed() -> None:
    dial = DialSettings(allow=("+1",), deny=("+1212",))
    assert "dial.deny" in verdict(NUMBER, dial)
    assert verdict("415 555 0123", dial) == ""


@pytest.mark.parametrize(
    ("destination", "allow"),
    [
        ("+449098790000", "+44"),  # premium rate
        ("+448431234567", "+44"),  # shared cost
        ("+447012345678", "+44"),  # personal number
        ("+979123456789", "+979"),  # international premium rate
    ],
)
def test_numbers_at_the_callers_expense_may_not_be_called(destination: str, allow: str) -> None:
    dial = DialSettings(allow=(allow,))
    assert "dial.premium" in verdict(destination, dial)
    assert verdict(destination, dial.model_copy(update={"premium": True})) == ""


@pytest.mark.parametrize("destination", ["900 555 1234", "1-976-555-1234", "+1 700 555 1234"])
def test_ranges_of_pay_numbers_are_denied_from_the_start(destination: str) -> None:
    assert "dial.deny" in verdict(destination, DialSettings(premium=True))
    assert verdict(destination, DialSettings(premium=True, deny=())) == ""


@pytest.mark.parametrize("destination", ["2223334444", "5556667777"])
def test_an_area_code_that_no_table_knows_yet_may_be_called(destination: str) -> None:
    assert verdict(destination, DialSettings()) == ""


DIGITS = [
    "".join(chr(zero + digit) for digit in range(10)) for zero in (0x30, 0x660, 0xFF10, 0x1D7CE)
]
"""ASCII, Arabic, full width, bold."""
BEFORE = ["", "+", "1", "+1", "1-", "011", "0111", "+011 1", "00", "001", "+1 1", "sip:", "sips:+1"]
BEFORE += ["tel:", "tel:+1", "*67", "9,", "0", "PJSIP/", "Local/", "@", ";", " ", "\u200e", "\t+1"]
BETWEEN = ["", "", "", "-", " ", ".", "(", ")", "/", "\u00a0", "\u2010", "~", ",", ";", "+", "\n"]
AFTER = ["", "@carrier", "@x.example", ";ext=1", "x12", " ext. 5", "#", ",,1", "&PJSIP/desk", "\0"]
AFTER += [";phone-context=+1", ";npdi", "?a=b", "|", "w1", "%40", "5", "00"]
EXPENSIVE = ["9005551234", "9765551234", "9000551234", "900FLOWERS", "8765551234", "4165551234"]


@st.composite
def spellings(draw: st.DrawFn) -> str:
    """Ways to write numbers that may not be called."""
    script = draw(st.sampled_from(DIGITS))
    text = draw(st.sampled_from(BEFORE))
    for sign in draw(st.sampled_from(EXPENSIVE)):
        text += script[int(sign)] if sign.isdigit() else sign
        text += draw(st.sampled_from(BETWEEN))
    return text + draw(st.sampled_from(AFTER))


def as_the_carrier_reads(written: str, number_format: str) -> phonenumbers.PhoneNumber:
    """A North American carrier: ten digits are a number there, unless all come with their code."""
    assert re.fullmatch(r"\+?[0-9]{7,15}", written, re.ASCII), written
    national = number_format == "national" and len(written) == 10 and written[0] != "+"
    return phonenumbers.parse(f"+1{written}" if national else f"+{written.removeprefix('+')}")


def dialled(destination: str, dial: DialSettings, number_format: str) -> str | None:
    """What the carrier gets to see; None: nothing."""
    trunk = TrunkSettings.model_validate({"host": "192.0.2.1", "number_format": number_format})
    if verdict(destination, dial):
        return None
    route = Routes({"carrier": trunk}, PHONES, "US").of(destination)
    if isinstance(route, ToUser):
        return None
    assert isinstance(route, Route), "what the policy understands has a way"
    found = re.fullmatch(r"PJSIP/([^/@&]+)@carrier", route.endpoint)
    return found[1] if found else None


@given(spellings(), st.sampled_from(["national", "digits", "plus"]))
@example("+1900", "national")
@example("1-900-555-1234", "digits")
@example("sip:+19005551234@x", "plus")
def test_no_spelling_gets_a_forbidden_number_past(destination: str, number_format: str) -> None:
    written = dialled(destination, OPEN, number_format)
    if written is not None:
        number = as_the_carrier_reads(written, number_format)
        assert phonenumbers.is_valid_number_for_region(number, "US")
        assert phonenumbers.number_type(number) != phonenumbers.PhoneNumberType.PREMIUM_RATE


@given(st.text(st.sampled_from("0123456789\u0660\uff11+-() ./@;,&#*x:sip\n\0"), max_size=24))
@example("+6590055512")
def test_what_is_judged_is_what_the_carrier_reads(destination: str) -> None:
    judged = policy().read(destination)
    written = dialled(destination, WORLD, "national")
    if written is not None:
        assert isinstance(judged, ToTelephone)
        number = as_the_carrier_reads(written, "national")
        assert (
            phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
            == f"+{judged.digits}"
        )


def examples(*kinds: int) -> list[str]:
    """A number of each kind in each country."""
    found = [
        phonenumbers.example_number_for_type(region, kind)
        for region in sorted(phonenumbers.SUPPORTED_REGIONS)
        for kind in kinds
    ]
    e164 = phonenumbers.PhoneNumberFormat.E164
    return [phonenumbers.format_number(each, e164) for each in found if each is not None]


@pytest.mark.parametrize("number_format", ["national", "digits", "plus"])
def test_ordinary_numbers_of_all_countries_are_read_by_the_carrier_as_they_were_judged(
    number_format: str,
) -> None:
    kinds = phonenumbers.PhoneNumberType
    for number in examples(kinds.FIXED_LINE, kinds.MOBILE, kinds.TOLL_FREE):
        written = dialled(number, WORLD, number_format)
        assert written is not None, number
        assert as_the_carrier_reads(written, number_format) == phonenumbers.parse(number)


def test_expensive_numbers_of_no_country_may_be_called() -> None:
    kinds = phonenumbers.PhoneNumberType
    numbers = examples(kinds.PREMIUM_RATE, kinds.SHARED_COST, kinds.PERSONAL_NUMBER)
    assert len(numbers) > 200
    assert [number for number in numbers if not verdict(number, WORLD)] == []


# ---- how many


def test_a_call_places_so_many_legs_and_no_more() -> None:
    judge = policy(DialSettings(legs_per_call=2))
    number = ToTelephone(1, NUMBER)
    assert [judge.admit("one", number, 0.0) for _ in range(2)] == ["", ""]
    assert "dial.legs_per_call" in judge.admit("one", number, 0.0)
    assert judge.admit("two", number, 0.0) == ""
    judge.forget_call("one")
    assert judge.admit("one", number, 0.0) == ""


def test_so_many_legs_are_up_at_once() -> None:
    judge = policy(DialSettings(simultaneous_legs=1))
    number = ToTelephone(1, NUMBER)
    assert judge.admit("one", number, 0.0) == ""
    assert "dial.simultaneous_legs" in judge.admit("two", number, 0.0)
    judge.release(number)
    assert judge.admit("two", number, 0.0) == ""


def test_the_minute_slides() -> None:
    judge = policy(DialSettings(legs_per_minute=2))
    number = ToTelephone(1, NUMBER)
    assert [judge.admit("call", number, at) for at in (0.0, 40.0)] == ["", ""]
    assert "dial.legs_per_minute" in judge.admit("call", number, 59.9)
    assert judge.admit("call", number, 60.0) == "", "the first is a minute old"
    assert "dial.legs_per_minute" in judge.admit("call", number, 60.0)


def test_refused_legs_do_not_prolong_the_wait() -> None:
    judge = policy(DialSettings(legs_per_minute=1))
    number = ToTelephone(1, NUMBER)
    assert judge.admit("call", number, 0.0) == ""
    for second in range(1, 60):
        assert judge.admit("call", number, float(second))
    assert judge.admit("call", number, 60.0) == ""


def test_one_destination_is_called_so_often_in_a_minute_however_it_is_written() -> None:
    judge = policy(DialSettings(per_destination_per_minute=2))
    spelt = ["2125550123", "+1 (212) 555-0123", "011 1 212 555 0123", "415 555 0123"]
    reasons = []
    for written in spelt:
        number = judge.read(written)
        assert number is not None
        reasons.append(judge.admit("call", number, 0.0))
    assert [bool(reason) for reason in reasons] == [False, False, True, False]
    assert "dial.per_destination_per_minute" in reasons[2]


def test_phones_count_towards_the_caps() -> None:
    judge = policy(DialSettings(simultaneous_legs=1))
    desk = judge.read("desk")
    assert desk is not None
    assert judge.admit("call", desk, 0.0) == ""
    assert "dial.simultaneous_legs" in judge.admit("call", desk, 0.0)


# ---- back to us


def returning(judge: DialPolicy, destination: str, called: str = "") -> str:
    dialled = judge.read(destination)
    assert dialled is not None
    return judge.admit("call", dialled, 0.0, called)


@pytest.mark.parametrize(
    ("destination", "called"),
    [("(212) 555-0100", "2125550100"), ("+44 20 7946 0000", "442079460000")],
)
def test_no_leg_leads_to_the_number_that_the_caller_dialled(destination: str, called: str) -> None:
    reason = returning(policy(WORLD), destination, called)
    assert reason == ("the caller has dialled this number already: the leg would only come back")


def test_few_legs_lead_back_to_other_numbers_of_ours() -> None:
    judge = policy(WORLD.model_copy(update={"returning_legs": 2}))
    assert returning(judge, "2125550100", "442079460000") == ""
    assert returning(judge, "+442079460000", "2125550100") == ""
    assert "dial.returning_legs" in returning(judge, "2125550100", "442079460000")
    assert returning(judge, NUMBER, "2125550100") == "", "it is not ours"
    judge.release(ToTelephone(44, "2079460000"))
    assert returning(judge, "2125550100", "442079460000") == ""


@pytest.mark.parametrize("destination", [NUMBER, "desk"])
def test_what_was_dialled_but_does_not_lead_back_may_be_called(destination: str) -> None:
    assert returning(policy(), destination, destination) == ""


# ---- the dialler


def order(destination: str = NUMBER, leg_id: str = "leg") -> LegOrder:
    return LegOrder(leg_id=leg_id, destination=destination, caller_id="", timeout=20.0)


def guarded(dial: DialSettings = OPEN, **people: FarEnd) -> tuple[GuardedDialer, FakeDialer]:
    inner = FakeDialer({NUMBER: FarEnd(rings=3, stays=30), **people})
    return GuardedDialer(inner, policy(dial)), inner


@pytest.mark.looptime
async def test_a_refused_leg_never_reaches_asterisk() -> None:
    dialer, inner = guarded()
    leg = await dialer.dial(order("900 555 1234"), caller=FakeChannel())
    assert leg.outcome is LegOutcome.REFUSED
    assert "dial.deny" in leg.reason
    strange = await dialer.dial(order("sip:x@y"), caller=FakeChannel())
    assert strange.outcome is LegOutcome.FAILED
    assert "nor a phone number" in strange.reason
    assert inner.orders == []


@pytest.mark.looptime
async def test_what_leads_back_is_what_the_account_says_now() -> None:
    own: set[str] = set()
    inner = FakeDialer({NUMBER: FarEnd(rings=3, stays=30)})
    dialer = GuardedDialer(inner, DialPolicy(OPEN, PHONES, "US", lambda: own))
    circling = replace(order(), number_called=NUMBER)
    assert (await dialer.dial(circling, caller=FakeChannel())).outcome is LegOutcome.ANSWERED
    own.add(NUMBER)
    leg = await dialer.dial(circling, caller=FakeChannel())
    assert (leg.outcome, "only come back" in leg.reason) == (LegOutcome.REFUSED, True)
    assert len(inner.orders) == 1


@pytest.mark.looptime
async def test_a_leg_that_is_not_answered_is_given_back_at_once() -> None:
    dialer, _ = guarded(DialSettings(simultaneous_legs=1))
    caller = FakeChannel()
    for _ in range(3):
        leg = await dialer.dial(order("4155550123"), caller=caller)
        assert leg.outcome is LegOutcome.BUSY


@pytest.mark.looptime
async def test_an_answered_leg_counts_until_it_is_over() -> None:
    dialer, inner = guarded(DialSettings(simultaneous_legs=1))
    caller = FakeChannel()
    first = await dialer.dial(order(leg_id="one"), caller=caller)
    assert first.outcome is LegOutcome.ANSWERED
    second = await dialer.dial(order(leg_id="two"), caller=caller)
    assert second.outcome is LegOutcome.REFUSED
    inner.legs["one"].leave()
    await asyncio.sleep(0)
    third = await dialer.dial(order(leg_id="three"), caller=caller)
    assert third.outcome is LegOutcome.ANSWERED


@pytest.mark.looptime
async def test_cancelled_dialling_is_given_back() -> None:
    dialer, inner = guarded(DialSettings(simultaneous_legs=1))
    caller = FakeChannel()
    for leg_id in ("one", "two"):
        dialling = asyncio.create_task(dialer.dial(order(leg_id=leg_id), caller=caller))
        await asyncio.sleep(1)
        dialling.cancel()
        await asyncio.wait({dialling})
    assert set(inner.cancelled) == {"one", "two"}
    leg = await dialer.dial(order(), caller=caller)
    assert leg.outcome is LegOutcome.ANSWERED


class Broken(FakeDialer):
    async def dial(
        self, order: LegOrder, *, caller: Channel, taken: asyncio.Event | None = None
    ) -> DialledLeg:
        raise RuntimeError


@pytest.mark.looptime
async def test_a_dialler_that_breaks_leaves_nothing_counted() -> None:
    judge = policy()
    with pytest.raises(RuntimeError):
        await GuardedDialer(Broken(), judge).dial(order(), caller=FakeChannel())
    assert judge.live == 0


@pytest.mark.looptime
async def test_a_call_that_ends_leaves_nothing_counted() -> None:
    judge = policy(DialSettings(legs_per_call=1))
    dialer = GuardedDialer(FakeDialer(), judge)
    for _ in range(3):
        caller = FakeChannel()
        await dialer.dial(order(), caller=caller)
        refused = await dialer.dial(order(), caller=caller)
        assert refused.outcome is LegOutcome.REFUSED
        caller.leave()
        await asyncio.sleep(0)
    assert judge.live == 0


@pytest.mark.looptime
async def test_a_referral_is_a_leg_too() -> None:
    dialer, inner = guarded(DialSettings(legs_per_minute=1))
    inner.refers = True
    caller = FakeChannel()
    assert dialer.can_refer(caller)
    refused = await dialer.refer(caller, "900 555 1234")
    assert not refused.accepted
    assert "dial.deny" in refused.reason
    assert (await dialer.refer(caller, NUMBER)).accepted
    assert "dial.legs_per_minute" in (await dialer.refer(caller, NUMBER)).reason
    assert inner.referred == [NUMBER]
