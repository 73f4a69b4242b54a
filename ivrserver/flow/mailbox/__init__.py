"""The owner of a voicemail box at the phone: hears messages, changes PIN and greetings (SPEC §8).

`opening` asks for the PIN and has the main menu, `messages` and `settings` are what it leads to,
`owner` is what all of them need, `envelope` says when a message came, and from whom.
"""

from ivrserver.flow.mailbox.opening import open_mailbox

__all__ = ["open_mailbox"]
