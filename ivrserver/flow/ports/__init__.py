"""What a call needs of the world, as Protocols. Adapters and fakes implement them.

Times named `at`, `until` are seconds of the running event loop's clock (``loop.time()``).
"""

from ivrserver.flow.ports.channels import (
    Channel,
    ChannelEvent,
    Hangup,
    IncomingCall,
    KeyPressed,
    PlaybackEnded,
    RecordedAudio,
    Recording,
    RecordingOrder,
    Sound,
)
from ivrserver.flow.ports.dialling import (
    Bridge,
    Dialer,
    DialledLeg,
    LegOrder,
    LegOutcome,
    Referral,
)
from ivrserver.flow.ports.keeping import (
    Clock,
    Journal,
    Library,
)
from ivrserver.flow.ports.mailboxes import (
    GreetingKind,
    Mailboxes,
    MailboxState,
    PinVerdict,
    StoredMessage,
)
from ivrserver.flow.ports.speech import (
    Recogniser,
    Speech,
    Transcriber,
    Transcript,
)
from ivrserver.flow.ports.webhooks import (
    WebhookClient,
    WebhookRequest,
    WebhookResult,
)

__all__ = [
    "Bridge",
    "Channel",
    "ChannelEvent",
    "Clock",
    "Dialer",
    "DialledLeg",
    "GreetingKind",
    "Hangup",
    "IncomingCall",
    "Journal",
    "KeyPressed",
    "LegOrder",
    "LegOutcome",
    "Library",
    "MailboxState",
    "Mailboxes",
    "PinVerdict",
    "PlaybackEnded",
    "Recogniser",
    "RecordedAudio",
    "Recording",
    "RecordingOrder",
    "Referral",
    "Sound",
    "Speech",
    "StoredMessage",
    "Transcriber",
    "Transcript",
    "WebhookClient",
    "WebhookRequest",
    "WebhookResult",
]
