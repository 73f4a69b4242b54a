"""The flows that are attacked: IVRs whose webhooks lead where they should not."""

from __future__ import annotations

from ivrserver.blocks import (
    Account,
    Block,
    Digits,
    FindMe,
    Ivr,
    Message,
    NextAction,
    PhoneNumber,
    Prompt,
    Record,
    ScreenMethod,
    ToBlock,
    Webhook,
    WebhookMethod,
    WebhookMode,
)
from tests.telephony.attacks.mirror import MIRROR
from tests.telephony.customer import Reply

BACKUP = 90
"""The block of account.yaml that backs up all of them."""
STEERED = "8008"
"""The number of account.yaml whose only question is a message; its webhook decides the rest."""

FORBIDDEN_URLS = {
    f"82{number:02}": url
    for number, url in enumerate(
        (
            "http://169.254.169.254/latest/meta-data/iam/security-credentials/",
            "http://2852039166/latest/",
            "http://0xa9fea9fe/",
            "http://0251.0376.0251.0376/",
            "http://[::ffff:169.254.169.254]/",
            "http://[fd00:ec2::254]/latest/",
            "http://100.100.100.200/latest/",
            "http://10.0.0.1/",
            "http://192.168.0.1/",
            "http://172.16.0.1/",
            "http://100.64.0.1/",
            "http://224.0.0.1/",
            "http://127.0.0.2/",
            "http://127.1.1.1/",
            "http://[::1]/",
            "http://0.0.0.0/",
        )
    )
}
"""By the number that leads there."""
FALLBACK_NUMBER = "8250"
"""Its webhook goes to where nobody listens, and falls back to where nobody may be called."""
SLAMMED_NUMBER = "8251"
"""Its web server closes each connection as soon as it is made."""


ITSELF, THERE, BACK = (f"{MIRROR}{number}" for number in range(3))
"""Numbers of ours whose calls the carrier sends back to us, and whose FindMe calls one of them."""
_FINDME = {ITSELF: ITSELF, THERE: BACK, BACK: THERE}


HEARD_NUMBER = "8255"
"""Asks for keys, for a recording, and for keys again."""
FIRST_ASKED, THEN_ASKED, LAST_ASKED = "Two keys, please.", "Say something.", "Two more keys."
GOODBYE = "Thank you for calling."


def heard() -> Ivr:
    """The IVR of `HEARD_NUMBER`."""
    keys = {"min_digits": 2, "max_digits": 2, "timeout": 10.0}
    return Ivr(
        block_id=int(HEARD_NUMBER),
        name="Heard",
        questions=(
            Digits(question_id=1, name="first", prompt=Prompt(FIRST_ASKED), **keys),
            Record(question_id=2, name="speech", prompt=Prompt(THEN_ASKED), beep=False),
            Digits(question_id=3, name="last", prompt=Prompt(LAST_ASKED), **keys),
            Message(question_id=4, name="goodbye", prompt=Prompt(GOODBYE)),
        ),
    )


def leading_to(block_id: int, url: str, fallback: str = "") -> Ivr:
    """An IVR whose webhook goes to `url`."""
    webhook = Webhook(
        mode=WebhookMode.NEXT_ACTION, method=WebhookMethod.GET, url=url, fallback_url=fallback
    )
    question = Message(question_id=1, name="hello", prompt=Prompt("One moment."))
    return Ivr(
        block_id=block_id,
        name="Attacked",
        questions=(question,),
        webhook=webhook,
        backup_routing=ToBlock(BACKUP),
    )


def calling(block_id: int, number: str) -> FindMe:
    """A FindMe that calls `number` five times at once, and again and again."""
    return FindMe(
        block_id=block_id,
        name="Circle",
        phones=(number,) * 5,
        simultaneous=5,
        loops=5,
        screen_method=ScreenMethod.WHISPER_PHRASE,
        whisper_phrase="Hello.",
        next_action=NextAction.IVR,
        next_action_item=BACKUP,
    )


def findme(*numbers: str, **parameters: object) -> Reply:
    """A reply that asks to call these; nobody is asked anything, and the end is short."""
    given = {
        "phone_list": "|".join(numbers),
        "auto_accept": 1,
        "nextaction": 6,
        "nextactionitem": BACKUP,
        **parameters,
    }
    text = "".join(f"<{name}>{value}</{name}>" for name, value in given.items())
    return Reply(f"<action><app>findme</app><parameters>{text}</parameters></action>")


def targets(closed_port: int, slammed_port: int) -> Account:
    """All of them.

    Args:
        closed_port: where nobody listens.
        slammed_port: of the web server behind `SLAMMED_NUMBER`.
    """
    here = "http://127.0.0.1"
    blocks: list[Block] = [leading_to(int(number), url) for number, url in FORBIDDEN_URLS.items()]
    blocks += [
        leading_to(int(FALLBACK_NUMBER), f"{here}:{closed_port}/", "http://127.0.0.2/"),
        leading_to(int(SLAMMED_NUMBER), f"{here}:{slammed_port}/"),
    ]
    blocks.append(heard())
    numbers = [PhoneNumber(str(block.block_id), "", ToBlock(block.block_id)) for block in blocks]
    for block_id, (number, called) in enumerate(_FINDME.items(), 8260):
        blocks.append(calling(block_id, called))
        numbers.append(PhoneNumber(number, "", ToBlock(block_id)))
    return Account(numbers=tuple(numbers), blocks=tuple(blocks))
