"""Building blocks: what a call can be routed to, as frozen values (SPEC §1, §3).

Pure: no clock, no I/O. `model` holds the values, `files` their YAML form, `lint` what is wrong
with a set of them.
"""

from ivrserver.blocks.destinations import (
    Destination,
    EndIvr,
    GoToBlock,
    GoToQuestion,
    HangUp,
    NextQuestion,
    Step,
    ToBlock,
    ToNumber,
)
from ivrserver.blocks.model import Account, AudioFile, Block, FlowBook, Ivr, PhoneNumber
from ivrserver.blocks.questions import (
    Choice,
    ChoiceKey,
    Digits,
    Message,
    Prompt,
    Question,
    Record,
    Retries,
    YesNo,
)
from ivrserver.blocks.webhook import Webhook, WebhookMethod, WebhookMode, WebhookParameter

__all__ = [
    "Account",
    "AudioFile",
    "Block",
    "Choice",
    "ChoiceKey",
    "Destination",
    "Digits",
    "EndIvr",
    "FlowBook",
    "GoToBlock",
    "GoToQuestion",
    "HangUp",
    "Ivr",
    "Message",
    "NextQuestion",
    "PhoneNumber",
    "Prompt",
    "Question",
    "Record",
    "Retries",
    "Step",
    "ToBlock",
    "ToNumber",
    "Webhook",
    "WebhookMethod",
    "WebhookMode",
    "WebhookParameter",
    "YesNo",
]
