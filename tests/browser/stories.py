"""Calls that are worth looking at."""

from __future__ import annotations

from ivrserver.flow.events import (
    ActionChosen,
    AnswerAccepted,
    AnswerRejected,
    BlockEntered,
    BlockLeft,
    Bridged,
    CallAnswered,
    CallEnded,
    CallRouted,
    CallStarted,
    Event,
    GroupDialled,
    HoldStarted,
    LegDecided,
    LegDialled,
    LegScreened,
    OpeningChecked,
    PromptPlayed,
    PromptStopped,
    QuestionAsked,
    RecordingEnded,
    RecordingStarted,
    Unbridged,
    Warned,
    WebhookAnswered,
    WebhookRequested,
)
from tests.unit.flow.test_chart import entries

Step = tuple[float, Event] | tuple[float, Event, str]
REPLY = """<action>
  <app>findme</app>
  <parameters>
    <id>7</id>
    <whisper>Billing</whisper>
  </parameters>
</action>"""


def sales() -> list[Step]:
    """A survey, a webhook that takes its time, three people who ring at once."""
    story: list[Step] = [
        (0, CallStarted("8005550100", "2125550123")),
        (0, CallRouted("block 1", "8005550100 leads here")),
        (0.05, CallAnswered()),
        (0.06, BlockEntered(1, "Customer survey", "8005550100 leads here", "r1")),
        (0.1, QuestionAsked(1, "Welcome", 1, "its turn")),
        (0.15, PromptPlayed("Welcome to the customer survey of Example Limited.", 3.2)),
        (3.4, QuestionAsked(2, "Account number", 1, "its turn")),
        (3.45, PromptPlayed("Please enter your account number.", 2.4)),
        (7.9, AnswerRejected(2, 3, "needs 6 digits")),
        (7.9, QuestionAsked(2, "Account number", 2, "needs 6 digits")),
        (7.95, PromptPlayed("That was too short.", 1.4)),
        (7.95, PromptPlayed("Please enter your account number.", 2.4)),
        (10.2, PromptStopped("the caller pressed a key")),
        (13.0, AnswerAccepted(2, "•••", 6, "ended by the last digit")),
        (13.0, QuestionAsked(3, "What is it about", 1, "its turn")),
        (13.05, PromptPlayed("For billing press 1, for anything else press 2.", 3.8)),
        (15.2, PromptStopped("the caller pressed a key")),
        (15.2, AnswerAccepted(3, "1", 1, "the choice 'billing'")),
        (15.2, QuestionAsked(4, "In your words", 1, "its turn")),
        (15.25, PromptPlayed("Tell us in a few words.", 1.9)),
        (17.3, RecordingStarted("r")),
        (24.1, RecordingEnded("r", 6.8, "ended by silence")),
        (24.1, BlockLeft(1, True, "every question was asked")),
        (
            24.15,
            WebhookRequested(
                "POST",
                "https://example.com/ivr/next",
                {"account": "•••", "topic": "1", "ivr_id": "1", "ivr_completed": "True"},
                1,
            ),
        ),
        (25.65, HoldStarted("the web server takes its time")),
        (27.2, WebhookAnswered(200, REPLY, 3.05)),
        (27.2, ActionChosen("findme 7", ["unknown parameter whisper is ignored"])),
        (27.25, BlockEntered(7, "Billing team", "the web server's reply", kind="findme")),
        (27.25, OpeningChecked(True, "open, fri 14:03")),
        (27.3, HoldStarted("the standard music, while people are called")),
        (27.3, GroupDialled(1, 1, ["ann", "bob", "2125550177"])),
    ]
    for leg, name in (("x", "ann"), ("y", "bob"), ("z", "2125550177")):
        story.append((27.31, LegDialled(leg, name, 30), leg))
    story += [
        (31.0, LegDecided("z", "busy", "busy (SIP 486, cause 17)"), "z"),
        (33.5, LegDecided("y", "answered", "answered"), "y"),
        (33.55, PromptPlayed("Call about billing.", 1.3), "y"),
        (33.55, PromptPlayed("Press 1 to take it.", 1.6), "y"),
        (35.0, LegDecided("x", "answered", "answered"), "x"),
        (35.05, PromptPlayed("Call about billing.", 1.3), "x"),
        (36.2, PromptStopped("the person called pressed a key"), "y"),
        (36.2, LegScreened("y", "accepted", "pressed 1"), "y"),
        (36.2, LegScreened("x", "taken", "bob accepted"), "x"),
        (36.25, PromptPlayed("Somebody else took the call.", 1.7), "x"),
        (36.3, Bridged("y"), "y"),
        (36.35, RecordingStarted("rr")),
        (52.0, Warned("the audio of the leg stopped for 2 s"), "y"),
        (71.0, Unbridged("y", 34.7, "the far end hung up: normal clearing"), "y"),
        (71.1, RecordingEnded("rr", 34.7, "hung up")),
        (71.1, BlockLeft(7, True, "the far end hung up", "findme")),
        (71.15, CallEnded("transferred", "the far end hung up")),
    ]
    return story


def short() -> list[Step]:
    """Somebody who hangs up after two seconds."""
    return [
        (0, CallStarted("100", "2125550123")),
        (0.02, CallRouted("block 1", "100 leads here")),
        (0.04, BlockEntered(1, "Survey", "100 leads here")),
        (0.05, QuestionAsked(1, "Welcome", 1, "its turn")),
        (0.1, PromptPlayed("Welcome", 3.0)),
        (2.0, CallEnded("caller_hung_up", "normal clearing")),
    ]


def hour() -> list[Step]:
    """An hour, with 150 questions and people who are tried three times."""
    story: list[Step] = [
        (0, CallStarted("100", "2125550123")),
        (0, BlockEntered(1, "Long survey", "100 leads here")),
    ]
    at = 1.0
    for number in range(1, 151):
        story += [
            (at, QuestionAsked(number, f"Question {number}", 1, "its turn")),
            (at, PromptPlayed(f"This is question {number}.", 4.0)),
            (at + 6, AnswerAccepted(number, str(number % 10), 1, "ended by the last digit")),
        ]
        at += (7, 9, 12)[number % 3]
    story += [
        (at, BlockLeft(1, True, "every question was asked")),
        (at, BlockEntered(7, "Sales", "the next step", kind="findme")),
    ]
    for loop in (1, 2, 3):
        story.append((at, GroupDialled(loop, 1, ["ann", "bob"])))
        for name in ("ann", "bob"):
            story.append((at, LegDialled(f"{name}{loop}", name, 30), f"{name}{loop}"))
        at += 30
        for name in ("ann", "bob") if loop < 3 else ("ann",):
            gone = LegDecided(f"{name}{loop}", "no_answer", "no answer within 30 s")
            story.append((at, gone, f"{name}{loop}"))
    return [
        *story,
        (at, LegDecided("bob3", "answered", "answered"), "bob3"),
        (at + 4, LegScreened("bob3", "accepted", "pressed 1"), "bob3"),
        (at + 4, Bridged("bob3"), "bob3"),
        (3600, Unbridged("bob3", 3600 - at, "the far end hung up"), "bob3"),
        (3600, BlockLeft(7, True, "the far end hung up", "findme")),
        (3600, CallEnded("transferred", "the far end hung up")),
    ]


STORIES = {"sales": entries(*sales()), "short": entries(*short()), "hour": entries(*hour())}
