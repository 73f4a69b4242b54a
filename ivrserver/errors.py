"""Every error this package raises on purpose, as one tree.

::

    IvrError
    ├── ConfigError            a setting is wrong; names the setting and how to mend it
    ├── SetupError             something on this machine is missing or in the way
    ├── FlowFileError          a YAML file is wrong; names file, line and field
    │   └── StillInUse         what is to be removed is what something else leads to
    ├── NothingThere           what is to be shown or changed does not exist, or not any more
    │   ├── UserUnknown        there is no such user, key or session
    │   └── RevisionUnknown    the account as it was then is not kept
    ├── ChangedMeanwhile       somebody else has changed it since it was read
    ├── ActionError            a webhook's reply cannot be acted on; says exactly why
    ├── TrialRefused           a webhook cannot be tried as asked; says what to change
    ├── SpeechError            no engine could speak a text, or understand what was said
    │   └── Unwritable         what was said cannot be written down, now or later
    ├── StorageError           the database refused or is away
    │   └── SchemaError            its schema is not the one that this program needs
    ├── StoreError             the store of recordings and sound files cannot be used now
    │   ├── NotInStore         there is nothing of that name in it
    │   ├── ObjectDamaged      what is there is not what was put there
    │   └── KeyUnknown         it is encrypted with a key that the settings do not have
    ├── BackupError            a backup cannot be made, or not be restored; says what to do
    ├── CursorRefused          a list's cursor is none of its own; says what to do
    ├── LeaseLost              another controller carries our calls now
    ├── AudioRefused           a file cannot go into the audio library; says why
    │   ├── AudioTooLarge      it is too large, or too long, or there are too many
    │   ├── AudioUnknown       there is no such file in the library
    │   └── AudioInUse         it cannot leave the library: blocks use it
    ├── ProviderFailed         the OpenID provider does not vouch for somebody; says why
    ├── UserRefused            a user, key or password cannot be made or changed so; says why
    ├── MailError              an e-mail could not be handed to the mail server
    ├── TelephonyError
    │   ├── ChannelGone        the channel left Asterisk before the request reached it
    │   │   └── OutOfReach     Asterisk did not answer for so long that the call is given up
    │   ├── MediaFailed        a prompt or recording did not work; the call goes on
    │   ├── RecordingGone      Asterisk has no recording of that name
    │   ├── AriUnavailable     no connection to Asterisk, or no answer in time
    │   └── AriRefused         Asterisk answered with an error
    └── CallerGone             the caller hung up (control flow inside one call only)

Adapters translate foreign exceptions into these; nothing foreign crosses their border.
"""

from __future__ import annotations

from collections.abc import Sequence


class IvrError(Exception):
    """The root: catch this to catch everything this package raises on purpose."""


class ConfigError(IvrError):
    """One or more settings are wrong. The text lists every one and how to mend it."""


class SetupError(IvrError):
    """Something this machine needs is missing or in the way. The text says what to do."""


class FlowFileError(IvrError):
    """A flow file is wrong. Each line of the text reads ``FILE:LINE: FIELD: what to do``.

    Attributes:
        problems: each field that is wrong, such as ``blocks[0].name``, and what to do; empty: the
            text has more than fields.
    """

    def __init__(self, message: str, problems: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(message)
        self.problems = tuple(problems)


class StillInUse(FlowFileError):
    """What is to be removed is what something else leads to. The text names that."""


class NothingThere(IvrError):
    """What is to be shown or changed does not exist, or not any more. The text says more."""


class UserUnknown(NothingThere):
    """There is no such user, key, session or invitation."""


class RevisionUnknown(NothingThere):
    """The account as it was at some revision is not kept."""


class ChangedMeanwhile(IvrError):
    """Somebody else has changed what is to be changed since it was read: read it again."""


class ActionError(IvrError):
    """A webhook's reply cannot be acted on; Backup Routing follows (SPEC §5).

    Attributes:
        line: of the reply's text, from 1; 0: it is not about one line.
        column: in that line, from 1; 0: unknown.
    """

    def __init__(self, message: str, *, line: int = 0, column: int = 0) -> None:
        super().__init__(message)
        self.line = line
        self.column = column


class TrialRefused(IvrError):
    """A webhook cannot be tried as asked. The text says what to change.

    Attributes:
        field: of what was asked, such as ``answers.2``; empty: it is about the IVR.
    """

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field

    @property
    def problems(self) -> tuple[tuple[str, str], ...]:
        """The field that is wrong, and what to do; none: it is about the IVR."""
        return ((self.field, str(self)),) if self.field else ()


class SpeechError(IvrError):
    """No configured engine could speak the text, or understand what was said."""


class Unwritable(SpeechError):
    """What was said cannot be written down, and trying again would not help. The text says why."""


class StorageError(IvrError):
    """The database refused a write or cannot be reached."""


class SchemaError(StorageError):
    """The database's schema is not the one that this program needs. The text says what to do."""


class StoreError(IvrError):
    """The store of recordings and sound files cannot be used now: away, full, or no right to."""


class NotInStore(StoreError):
    """There is nothing of that name in the store."""


class ObjectDamaged(StoreError):
    """What is in the store is not what was put there: its checksum or its seal is wrong."""


class KeyUnknown(StoreError):
    """A file is encrypted with a key that the settings lack, or have another of that name."""


class BackupError(IvrError):
    """A backup cannot be made, or not be restored. The text says what to do."""


class CursorRefused(IvrError, ValueError):
    """A cursor does not belong to the list that is read. The text says what to do."""


class LeaseLost(IvrError):
    """Another controller has taken this one's calls over; it must stop, and touch none of them."""


class AudioRefused(IvrError):
    """A file cannot go into the audio library, or not leave it. The text says why."""


class AudioTooLarge(AudioRefused):
    """A file is over a limit of the settings, or the library is full."""


class AudioUnknown(AudioRefused):
    """There is no file of that name in the audio library."""


class AudioInUse(AudioRefused):
    """The file cannot be removed. The text names the blocks that use it."""


class ProviderFailed(IvrError):
    """The OpenID provider does not answer, or what it says cannot be trusted. The text says why."""


class UserRefused(IvrError):
    """A user, key or password cannot be made or changed so. The text says why, and what to do.

    Attributes:
        field: of the form or body, that is wrong; empty: none of them.
    """

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class MailError(IvrError):
    """An e-mail could not be handed to the mail server. The text may quote addresses.

    Attributes:
        final: trying again would not help.
        code: the server's reply code (RFC 5321 §4.2); 0: none was given.
    """

    def __init__(self, message: str, *, final: bool = False, code: int = 0) -> None:
        super().__init__(message)
        self.final = final
        self.code = code


class TelephonyError(IvrError):
    """The root of what can go wrong between us and Asterisk."""


class ChannelGone(TelephonyError):
    """The channel left Asterisk before the request reached it."""


class MediaFailed(TelephonyError):
    """A prompt could not be played or a recording not be made. The call itself is alive."""


class RecordingGone(TelephonyError):
    """Asterisk has no recording of that name."""


class OutOfReach(ChannelGone):
    """Asterisk did not answer for so long that whoever waits for it gives the channel up."""


class AriUnavailable(TelephonyError):
    """Asterisk is not connected, or did not answer a request in time."""


class AriRefused(TelephonyError):
    """Asterisk answered a request with an error.

    Attributes:
        status: the HTTP status that Asterisk gave.
    """

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class CallerGone(IvrError):
    """The caller hung up. Raised and caught inside one call's own coroutine."""
