"""Stand-ins for the ports, for tests on virtual time. `tests/contract` holds them to the truth."""

from tests.fakes.channels import FakeChannel, FakeRecording
from tests.fakes.dialling import FakeBridge, FakeDialer, FarEnd
from tests.fakes.keeping import START, FakeClock, FakeJournal, FakeLibrary, counter
from tests.fakes.mailboxes import FakeMailboxes
from tests.fakes.speech import FakeRecogniser, FakeSpeech
from tests.fakes.webhooks import FakeWebhooks

__all__ = [
    "START",
    "FakeBridge",
    "FakeChannel",
    "FakeClock",
    "FakeDialer",
    "FakeJournal",
    "FakeLibrary",
    "FakeMailboxes",
    "FakeRecogniser",
    "FakeRecording",
    "FakeSpeech",
    "FakeWebhooks",
    "FarEnd",
    "counter",
]
