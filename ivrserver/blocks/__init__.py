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
    ToMailbox,
    ToNumber,
)
from ivrserver.blocks.findme import (
    AutoAccept,
    Distribution,
    FindMe,
    NextAction,
    ScreenMethod,
    ShownCallerId,
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
    Transfer,
    YesNo,
)
from ivrserver.blocks.receptionist import Failure, Menu, Receptionist
from ivrserver.blocks.schedule import ALWAYS, Holiday, Hours, Opening, Schedule
from ivrserver.blocks.voicemail import Voicemail
from ivrserver.blocks.webhook import Webhook, WebhookMethod, WebhookMode, WebhookParameter

__all__ = [
    "ALWAYS",
    "Account",
    "AudioFile",
    "AutoAccept",
    "Block",
    "Choice",
    "ChoiceKey",
    "Destination",
    "Digits",
    "Distribution",
    "EndIvr",
    "Failure",
    "FindMe",
    "FlowBook",
    "GoToBlock",
    "GoToQuestion",
    "HangUp",
    "Holiday",
    "Hours",
    "Ivr",
    "Menu",
    "Message",
    "NextAction",
    "NextQuestion",
    "Opening",
    "PhoneNumber",
    "Prompt",
    "Question",
    "Receptionist",
    "Record",
    "Retries",
    "Schedule",
    "ScreenMethod",
    "ShownCallerId",
    "Step",
    "ToBlock",
    "ToMailbox",
    "ToNumber",
    "Transfer",
    "Voicemail",
    "Webhook",
    "WebhookMethod",
    "WebhookMode",
    "WebhookParameter",
    "YesNo",
]
