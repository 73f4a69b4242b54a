"""What would happen is told as it would happen, as far as the next block."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ivrserver.actions.explain import explain
from ivrserver.blocks import (
    Account,
    AudioFile,
    Destination,
    FindMe,
    FlowBook,
    HangUp,
    Ivr,
    Menu,
    Message,
    NextAction,
    Prompt,
    Receptionist,
    ScreenMethod,
    ToBlock,
    ToMailbox,
    ToNumber,
    Transfer,
    Voicemail,
    Webhook,
    WebhookMode,
)
from ivrserver.flow.ports import WebhookResult
from ivrserver.flow.trial.names import NamesOf
from ivrserver.flow.trial.outcome import Mood, Reply, Teller
from ivrserver.flow.trial.way import Way

START = Ivr(
    block_id=1,
    name="Start",
    questions=(),
    webhook=Webhook(mode=WebhookMode.NEXT_ACTION, url="http://example.com"),
)
THANKS = Ivr(
    block_id=2,
    name="Thanks",
    questions=(
        Message(question_id=4, name="Bye", prompt=Prompt("Goodbye, @name of @city!")),
        Message(question_id=7, name="Jingle", prompt=Prompt(audio="jingle.wav")),
        Transfer(question_id=9, name="Boss", prompt=Prompt("One moment."), destination="@boss"),
    ),
)
TEAM = FindMe(
    block_id=3, name="Team", phones=("2125550111", "2125550112", "900"), simultaneous=2,
    next_action=NextAction.VOICEMAIL, next_action_item=5,
    screen_method=ScreenMethod.WHISPER_AUDIO, whisper_audio="jingle.wav",
)  # fmt: skip
FRONT = Receptionist(
    block_id=4, name="Front", greeting=Prompt("Welcome."),
    menu=Menu(prompt=Prompt("Press 1."), keys={"1": ToBlock(2), "2": ToBlock(77), "3": HangUp()}),
)  # fmt: skip
BOX = Voicemail(block_id=5, name="Sales")
BOOK = FlowBook.of(
    Account(blocks=(START, THANKS, TEAM, FRONT, BOX), audio=(AudioFile("ding.wav", "d.wav"),))
)
DONE = Way(asked=(), completed=True)


def steps(
    app: str = "", parameters: str = "", *, ivr: Ivr = START, way: Way = DONE, **about: object
) -> list[tuple[str, str]]:
    body = f"<action><app>{app}</app><parameters>{parameters}</parameters></action>".encode()
    reply = Reply(
        result=WebhookResult(status=200, body=body), understood=explain(body, names=NamesOf(BOOK))
    )
    teller = Teller(
        ivr=ivr, book=BOOK, hold_after=1.5,
        objection=lambda number: "it may not be called" if number == "900" else "",
    )  # fmt: skip
    told = teller.tell(way, replace(reply, **about), hung_up=False)  # type: ignore[arg-type]
    return [(step.mood.value, step.text) for step in told]


def texts(*args: object, **about: object) -> list[str]:
    return [text for _, text in steps(*args, **about)]  # type: ignore[arg-type]


def test_an_ivr_begins_with_its_prompt_and_says_what_is_missing() -> None:
    given = "<id>2</id><user_parameters><name>Alex</name><x>1</x></user_parameters>"
    assert steps("ivr", given)[1:] == [
        ("good", "The call goes on with IVR 2 “Thanks”."),
        ("good", "At question 4 “Bye” the caller hears “Goodbye, Alex of !”"),
        ("doubt", "Its prompts use @city, which nobody has given: it is read as nothing."),
        ("doubt", "Its prompts use @boss, which nobody has given: it is read as nothing."),
        ("doubt", "None of its prompts uses @x."),
    ]


def test_an_ivr_begins_at_the_question_that_is_asked_for() -> None:
    told = texts("ivr", "<id>2</id><question_id>7</question_id>")
    assert "At question 7 “Jingle” the caller hears the audio file jingle.wav." in told
    lost = "The audio library has no file 'jingle.wav': nothing is heard in its place."
    assert lost in told


def test_a_question_that_is_of_another_ivr_is_said() -> None:
    told = steps("ivr", "<id>2</id><question_id>5</question_id>")
    assert ("doubt", "IVR 2 has no question 5: it starts at the first.") in told


def test_a_findme_tells_whom_it_calls() -> None:
    assert steps("findme", "<id>3</id><timeout>20</timeout>")[1:] == [
        ("good", "The call goes on with FindMe 3 “Team”; the caller hears hold music."),
        (
            "good",
            "Called for 20 s each (sequential): 2125550111 and 2125550112, then 900.",
        ),
        ("doubt", "900 would not be called: it may not be called."),
        (
            "good",
            "Who answers hears the audio file whisper_audio; accepting: asked, by key only.",
        ),
        (
            "doubt",
            "The audio library has no file 'jingle.wav': nothing is heard in its place.",
        ),
        ("good", "If nobody takes the call: voicemail, block 5 “Sales”."),
    ]


def test_a_dynamic_findme_has_the_reply_s_numbers() -> None:
    told = texts(
        "findme",
        "<phone_list>2125550111</phone_list><screen_method>1</screen_method>"
        "<whisper_phrase>From the ad</whisper_phrase><record>1</record>"
        "<nextaction>6</nextaction><nextactionitem>5</nextactionitem>",
    )
    assert told[1] == "The call goes on with a dynamic FindMe; the caller hears hold music."
    assert "The whisper is “From the ad”." in told
    assert "Both are warned, and the call is recorded." in told
    wrong = "Backup Routing follows: block 5 is a voicemail box, not an IVR."
    assert told[-1] == f"If nobody takes the call, {wrong}"


def test_a_receptionist_tells_its_menu() -> None:
    assert texts("vr", "<id>4</id>")[1:] == [
        "The call goes on with Virtual Receptionist 4 “Front”.",
        "The caller hears “Welcome.”",
        "During opening hours the menu is “Press 1.”",
        "Keys: 1 → IVR 2 “Thanks”; 2 → block 77, which is not there; 3 → hang up.",
    ]


def test_a_voicemail_box_tells_its_greeting() -> None:
    told = texts("voicemail", "<id>5</id>")
    assert told[1] == "The call goes on with voicemail box 5 “Sales”."
    assert "Sales" in told[2]


def test_a_transfer_and_a_hangup() -> None:
    assert texts("transfer", "<destination>2125550123</destination>")[1:] == [
        "2125550123 is dialled, and the caller connected to whoever answers."
    ]
    assert texts("hangup")[1:] == ["The call ends."]


BACKUPS: list[tuple[Destination | None, str]] = [
    (None, "We are sorry. We cannot continue this call."),
    (ToBlock(5), "The call goes on with voicemail box 5 “Sales”."),
    (ToNumber("2125550199"), "2125550199 is dialled"),
    (ToNumber("900"), "The transfer to 900 would fail"),
    (ToMailbox(5), "The caller may listen to voicemail box 5 “Sales”."),
    (ToBlock(99), "That fails too: there is no block 99."),
    (HangUp(), "The call ends."),
]


@pytest.mark.parametrize(("backup", "then"), BACKUPS)
def test_backup_routing_is_told_with_its_reason(backup: Destination | None, then: str) -> None:
    ivr = replace(START, backup_routing=backup)
    told = steps("ivr", "<id>3</id>", ivr=ivr)
    assert told[1] == ("bad", "Block 3 is a FindMe, not an IVR.")
    assert any(then in text for _, text in told[2:])


def test_a_transfer_that_may_not_be_is_backup_routing() -> None:
    told = steps("transfer", "<destination>900</destination>")
    assert told[1] == ("bad", "The transfer to 900 would fail: it may not be called.")


def test_a_jump_of_the_caller_wins_over_the_reply() -> None:
    way = Way(asked=(1,), completed=True, jump=ToBlock(5), reason="question 1 leads to block 5")
    assert texts("hangup", way=way)[:2] == [
        "The reply is kept, and not acted on: question 1 leads to block 5.",
        "The call goes on with voicemail box 5 “Sales”.",
    ]


def test_long_waiting_is_a_doubt() -> None:
    (first, *_) = steps("hangup", waited=3.21)
    assert first[0] == Mood.DOUBT.value
    assert first[1] == "The caller hears hold music after 1.5 s, and waits 3.2 s in all."


def test_the_pass_through_data_is_told() -> None:
    kept = "Following webhooks of the call send its pass-through data back."
    assert kept in texts("hangup", "<p_t>a|1</p_t>")
    assert "The pass-through data is emptied." in texts("hangup", "<p_t/>")
