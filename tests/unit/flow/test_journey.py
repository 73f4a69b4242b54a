"""From block to block: every app of a reply, every next action, and where they go wrong."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ivrserver.blocks import (
    Destination,
    FindMe,
    Ivr,
    Menu,
    Message,
    NextAction,
    Prompt,
    Receptionist,
    Schedule,
    ToBlock,
    ToMailbox,
    ToNumber,
    Transfer,
    Voicemail,
    Webhook,
    WebhookMode,
)
from ivrserver.blocks.schedule import Holiday
from ivrserver.config import LimitSettings
from ivrserver.flow.events import BackupRouted, BlockEntered, CallRouted, Unbridged, VoicemailLeft
from tests.fakes import START, FarEnd
from tests.unit.flow.scene import Scene, ivr

pytestmark = pytest.mark.looptime

NOBODY = "We are sorry. Nobody is available to take your call. Goodbye."
ASKING = Webhook(mode=WebhookMode.NEXT_ACTION, url="https://www.example.com/next")
WELCOME = Message(question_id=1, name="welcome", prompt=Prompt("welcome"))
BACKUP = ivr(Message(question_id=1, name="backup", prompt=Prompt("backup")), block_id=900)
BOX = Voicemail(block_id=300, name="Sales")
MENU = Receptionist(
    block_id=400,
    name="Reception",
    menu=Menu(prompt=Prompt("press 1 for sales, 2 for support"), keys={"1": ToBlock(300)}),
)
SURVEY = ivr(Message(question_id=1, name="next", prompt=Prompt("the next one")), block_id=600)
OTHERS = FindMe(block_id=500, name="Others", phones=("102",), next_action_item=None)
PEOPLE = FindMe(block_id=200, name="People", phones=("101",))


def first(**more: Any) -> Ivr:
    return replace(ivr(WELCOME, webhook=ASKING), **({"backup_routing": ToBlock(900)} | more))


def asks(app: str, parameters: str) -> str:
    return f"<action><app>{app}</app><parameters>{parameters}</parameters></action>"


def scene(*blocks: Any, reply: str = "", **more: Any) -> Scene:
    made = Scene((*blocks, BACKUP, BOX, MENU, SURVEY, OTHERS), **more)
    if reply:
        made.webhooks.reply(reply)
    return made


def entered(made: Scene) -> list[tuple[str, int]]:
    return [(event.kind, event.block_id) for event in made.journal.of(BlockEntered)]


@pytest.mark.parametrize(
    ("reply", "kind", "block_id"),
    [
        (asks("vr", "<id>400</id>"), "receptionist", 400),
        (asks("voicemail", "<id>300</id>"), "voicemail", 300),
        (asks("findme", "<id>200</id>"), "findme", 200),
        (asks("findme", "<phone_list>101|102</phone_list>"), "findme", 0),
        (asks("ivr", "<id>600</id>"), "ivr", 600),
    ],
)
async def test_a_reply_leads_to_every_kind_of_block(reply: str, kind: str, block_id: int) -> None:
    made = scene(first(), PEOPLE, reply=reply)
    await made.call()
    assert entered(made)[1] == (kind, block_id)
    assert not made.journal.of(BackupRouted)


async def test_a_stored_findme_is_changed_by_what_the_reply_names() -> None:
    changed = "<id>200</id><phone_list>999</phone_list><timeout>20</timeout>"
    made = scene(first(), replace(PEOPLE, timeout=60), reply=asks("findme", changed))
    await made.call()
    assert [(order.destination, order.timeout) for order in made.dialer.orders] == [("101", 20)]


@pytest.mark.parametrize(
    ("action", "item", "kind"),
    [
        (NextAction.VOICEMAIL, 300, "voicemail"),
        (NextAction.RECEPTIONIST, 400, "receptionist"),
        (NextAction.FINDME, 500, "findme"),
        (NextAction.IVR, 600, "ivr"),
    ],
)
async def test_when_nobody_takes_the_call_the_next_action_follows(
    action: NextAction, item: int, kind: str
) -> None:
    made = scene(replace(PEOPLE, next_action=action, next_action_item=item))
    await made.call()
    assert entered(made)[:2] == [("findme", 200), (kind, item)]


@pytest.mark.parametrize(
    "action",
    [
        NextAction.SAY_NOBODY_AND_HANG_UP,
        NextAction.ACCEPT_LAST_SCREENED,
        NextAction.ACCEPT_LAST_UNSCREENED,
    ],
)
async def test_without_a_block_to_go_to_the_caller_hears_that_nobody_is_there(
    action: NextAction,
) -> None:
    made = scene(replace(PEOPLE, next_action=action))
    ended = await made.call()
    assert made.heard[-1] == NOBODY
    assert ended.reason == "hung_up"
    assert ended.detail.startswith("nobody took the call: ")


@pytest.mark.parametrize(
    ("action", "item", "reason"),
    [
        (2, 999, "there is no block 999"),
        (2, 400, "block 400 is a Virtual Receptionist, not a voicemail box"),
        (4, 300, "block 300 is a voicemail box, not a Virtual Receptionist"),
        (5, 300, "block 300 is a voicemail box, not a FindMe"),
        (6, 300, "block 300 is a voicemail box, not an IVR"),
    ],
)
async def test_a_next_action_that_leads_nowhere_is_backup_routing(
    action: int, item: int, reason: str
) -> None:
    after = f"<nextaction>{action}</nextaction><nextactionitem>{item}</nextactionitem>"
    made = scene(first(), reply=asks("findme", f"<phone_list>101</phone_list>{after}"))
    await made.call()
    assert [event.reason for event in made.journal.of(BackupRouted)] == [reason]
    assert made.heard[-1] == "backup"


@pytest.mark.parametrize(
    ("closed", "then"), [(ToBlock(300), ("voicemail", 300)), (None, ("receptionist", 400))]
)
async def test_outside_its_hours_a_findme_calls_nobody(
    closed: Destination | None, then: tuple[str, int]
) -> None:
    today = START.date()
    never = Schedule(holidays=(Holiday("Inventory", today, today),))
    block = replace(PEOPLE, schedule=never, closed=closed, next_action=NextAction.RECEPTIONIST,
                    next_action_item=400)  # fmt: skip
    made = scene(block)
    await made.call()
    assert entered(made)[:2] == [("findme", 200), then]
    assert not made.dialer.orders


async def test_findmes_that_lead_to_each_other_come_to_an_end() -> None:
    one = replace(PEOPLE, next_action=NextAction.FINDME, next_action_item=201)
    two = replace(one, block_id=201, next_action_item=200)
    made = scene(one, two, limits=LimitSettings(visits_per_ivr=3))
    ended = await made.call()
    assert ended.reason == "limit"
    assert len(entered(made)) == 6


async def test_receptionists_can_be_nested() -> None:
    inner = replace(MENU, block_id=401, menu=Menu(prompt=Prompt("inner"), keys={"5": ToBlock(300)}))
    outer = replace(MENU, menu=Menu(prompt=Prompt("outer menu"), keys={"2": ToBlock(401)}))
    made = Scene((outer, inner, BOX))
    await made.call((0.1, "2"), (1.0, "5"))
    assert entered(made) == [("receptionist", 400), ("receptionist", 401), ("voicemail", 300)]


async def test_a_number_may_lead_to_a_mailbox_s_messages() -> None:
    made = scene(BOX, destination=ToMailbox(300))
    await made.call()
    assert entered(made) == [("voicemail", 300)]
    assert not made.journal.of(VoicemailLeft)


async def test_a_transfer_to_a_name_dials_what_the_web_server_supplied() -> None:
    asked = ivr(WELCOME, webhook=ASKING)
    second = replace(SURVEY, next_step=ToNumber("@agent"))
    supplied = "<user_parameters><agent>+1 212 555 0142</agent></user_parameters>"
    made = Scene((asked, second))
    made.webhooks.reply(asks("ivr", f"<id>600</id>{supplied}"))
    await made.call()
    assert made.dialer.dialled == ["+1 212 555 0142"]


async def test_a_phone_reaches_another_by_its_extension_and_nobody_else_does() -> None:
    phones = {"7001": "desk", "7002": "kitchen"}
    inside = scene(BOX, extensions=phones, endpoint="kitchen")
    inside.dialer.people = {"desk": FarEnd()}
    await inside.call(number="7001")
    assert inside.dialer.dialled == ["desk"]
    assert inside.journal.of(CallRouted)[0].reason == "7001 is the extension of desk"
    outside = scene(BOX, extensions=phones, endpoint="carrier")
    await outside.call(number="7001")
    assert outside.dialer.dialled == []


# ---- the transfer question

MONITORED = Transfer(
    question_id=2, name="agent", prompt=Prompt("please hold"), destination="@agent", timeout=20
)
AFTER = Message(question_id=3, name="after", prompt=Prompt("how was it"))


async def test_after_a_monitored_transfer_the_ivr_goes_on_and_reports_its_seconds() -> None:
    transferring = replace(
        ivr(replace(MONITORED, destination="101"), AFTER, webhook=ASKING), backup_routing=None
    )
    made = Scene((transferring,))
    made.dialer.people = {"101": FarEnd(stays=42)}
    made.webhooks.reply(asks("hangup", ""))
    await made.call()
    assert made.heard[0] == "please hold"
    assert made.heard[-1] == "how was it"
    assert made.webhooks.sent()["ivr_monitored_time"] == "42"
    assert made.webhooks.sent()["ivr_completed"] == "True"
    assert len(made.dialer.bridges[0].recordings) == 1


async def test_a_caller_who_hangs_up_during_a_monitored_transfer_is_reported_with_it() -> None:
    made = Scene((ivr(replace(MONITORED, destination="101"), AFTER, webhook=ASKING),))
    made.dialer.people = {"101": FarEnd(stays=500)}
    made.webhooks.reply(asks("hangup", ""))
    await made.call(hang_up_at=60)
    talked = made.journal.of(Unbridged)[0].seconds
    assert talked > 40
    assert made.webhooks.sent()["ivr_monitored_time"] == str(round(talked))
    assert made.webhooks.sent()["ivr_completed"] == "False"


async def test_when_nobody_answers_a_transfer_question_its_own_step_follows() -> None:
    made = Scene((ivr(replace(MONITORED, destination="101"), AFTER, webhook=ASKING),))
    made.webhooks.reply(asks("hangup", ""))
    await made.call()
    assert made.heard[-1] == "how was it"
    assert made.webhooks.sent()["ivr_monitored_time"] == "0"
