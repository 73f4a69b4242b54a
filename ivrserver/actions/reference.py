"""The apps of a reply and their parameters, as data: parser, documentation and tests read this.

Names, meanings and rules are those of the reference ("Responding to DialogTech's WebHook"), the
gaps filled by SPEC §5 and §6.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

MAX_PASS_THROUGH_BYTES = 4096
MAX_TEXT = 4000  # characters of one text that is spoken, as of a whole message (SPEC §5)
MAX_PHONES = 500  # of one list: no call lasts long enough for more
MAX_USER_PARAMETERS = 500


class Kind(Enum):
    """How a parameter's text is read."""

    BLOCK_ID = "building block id"
    QUESTION_ID = "question id"
    INTEGER = "whole number"
    CHOICE = "one of"
    TEXT = "text"
    PHONE_LIST = "phone numbers separated by |"
    USER_PARAMETERS = "one element for each name"
    OPAQUE = "opaque text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter of an app.

    Attributes:
        name: of its element inside ``<parameters>``.
        required: without it there is no action.
        condition: when it is required although `required` is false, for people.
        default: the number when it is missing or not understood; None: there is none.
        low: least value of an INTEGER; smaller ones are raised to it, with a warning.
        high: greatest value of an INTEGER; greater ones are lowered to it, with a warning.
        choices: the values of a CHOICE and what each means.
    """

    name: str
    kind: Kind
    description: str
    required: bool = False
    condition: str = ""
    default: int | None = None
    low: int | None = None
    high: int | None = None
    choices: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """One value of ``<app>``; `aliases` are older names for it."""

    name: str
    description: str
    parameters: tuple[Parameter, ...] = ()
    aliases: tuple[str, ...] = ()


def _block_id(what: str) -> Parameter:
    return Parameter(
        name="id", kind=Kind.BLOCK_ID, required=True, description=f"The {what} to go on with."
    )


_ON_OFF = {0: "off", 1: "on"}

PASS_THROUGH = Parameter(
    name="p_t",
    kind=Kind.OPAQUE,
    description=(
        "Pass-through data: sent back unchanged as ivr_pass_through by every following webhook of "
        f"the call, until a reply replaces it. At most {MAX_PASS_THROUGH_BYTES:,} bytes of UTF-8."
    ),
)

IVR = App(
    name="ivr",
    aliases=("survo",),
    description="Go on with an IVR.",
    parameters=(
        _block_id("IVR"),
        Parameter(
            name="question_id",
            kind=Kind.QUESTION_ID,
            description="Start at this question; one that is not of that IVR: at the first.",
        ),
        Parameter(
            name="user_parameters",
            kind=Kind.USER_PARAMETERS,
            description=(
                f"Values for @name in the prompts of that IVR; at most {MAX_USER_PARAMETERS}."
            ),
        ),
    ),
)

FINDME = App(
    name="findme",
    description="Try a list of people until one takes the call.",
    parameters=(
        Parameter(
            name="id",
            kind=Kind.BLOCK_ID,
            condition="without phone_list",
            description="The FindMe to go on with; phone_list is then ignored.",
        ),
        Parameter(
            name="phone_list",
            kind=Kind.PHONE_LIST,
            condition="without id",
            description=(
                f"The numbers of a Dynamic FindMe, tried in this order; at most {MAX_PHONES}."
            ),
        ),
        Parameter(
            name="simultaneous",
            kind=Kind.INTEGER,
            default=1,
            low=1,
            description="How many numbers of the list are called at once.",
        ),
        Parameter(
            name="timeout",
            kind=Kind.INTEGER,
            default=30,
            low=20,
            high=60,
            description="Seconds that each number rings.",
        ),
        Parameter(
            name="screen_method",
            kind=Kind.CHOICE,
            default=0,
            description="What the person called hears before accepting.",
            choices={
                0: "the caller's recorded name",
                1: "whisper_phrase, spoken",
                2: "the audio file whisper_audio",
            },
        ),
        Parameter(
            name="whisper_phrase",
            kind=Kind.TEXT,
            description="Spoken to the person called when screen_method is 1.",
        ),
        Parameter(
            name="whisper_audio",
            kind=Kind.TEXT,
            description="Name of an audio file of the account, played when screen_method is 2.",
        ),
        Parameter(
            name="auto_accept",
            kind=Kind.CHOICE,
            default=0,
            description="Whether the person called is asked to accept.",
            choices={
                0: "asked",
                1: "the first to answer gets the call, not asked",
                2: "the last number tried is connected, screening off",
                3: "the last number tried is connected, screening on",
            },
        ),
        Parameter(
            name="dtmf_only",
            kind=Kind.CHOICE,
            default=1,
            description="How the call is accepted.",
            choices={0: "by key or by saying yes", 1: "by key only"},
        ),
        Parameter(
            name="record",
            kind=Kind.CHOICE,
            default=0,
            description="Record the call; both parties hear a warning first.",
            choices=_ON_OFF,
        ),
        Parameter(
            name="nextaction",
            kind=Kind.CHOICE,
            default=1,
            description="What happens when nobody takes the call.",
            choices={
                1: "say that nobody is available and hang up",
                2: "voicemail",
                3: "connect the last number tried, screening on",
                4: "Virtual Receptionist",
                5: "FindMe",
                6: "IVR",
                7: "connect the last number tried, screening off",
            },
        ),
        Parameter(
            name="nextactionitem",
            kind=Kind.BLOCK_ID,
            condition="with nextaction 2, 4, 5 or 6; missing there: nextaction 1",
            description="The building block that nextaction 2, 4, 5 or 6 goes to.",
        ),
    ),
)

RECEPTIONIST = App(
    name="vr",
    description="Go on with a Virtual Receptionist.",
    parameters=(_block_id("Virtual Receptionist"),),
)
VOICEMAIL = App(
    name="voicemail",
    description="Go on with a voicemail box.",
    parameters=(_block_id("voicemail box"),),
)
HANGUP = App(name="hangup", description="End the call.")
TRANSFER = App(
    name="transfer",
    description="Dial a number and connect the caller to it.",
    parameters=(
        Parameter(
            name="destination",
            kind=Kind.TEXT,
            required=True,
            description="The phone number to dial.",
        ),
    ),
)

APPS = (IVR, FINDME, RECEPTIONIST, VOICEMAIL, HANGUP, TRANSFER)
APP_BY_NAME: Mapping[str, App] = {name: app for app in APPS for name in (app.name, *app.aliases)}

# Names that other clients of the same service send (SPEC §5): accepted, with a warning.
ELEMENT_ALIASES: Mapping[str, str] = {
    "parameter": "parameters",
    "user_params": "user_parameters",
    "pt": "p_t",
}
