"""Every mistake in a FindMe, a receptionist, a voicemail box or a schedule is named."""

from __future__ import annotations

import pytest

from ivrserver.blocks.files import FlowSource, load
from ivrserver.blocks.lint import Known
from ivrserver.errors import FlowFileError

NEIGHBOURS = """\
audio: [Whisper.wav]
blocks:
  - {id: 1, kind: ivr, name: Survey, questions: []}
  - {id: 2, kind: voicemail, name: Box}
  - {id: 3, kind: findme, name: Night, phones: [desk]}
  - {id: 4, kind: receptionist, name: Front, menu: {prompt: Hello, keys: {1: hangup}}}
  - id: 5
"""
PHONES = {"desk": "204", "lobby": ""}


def mistakes(body: str, known: Known | None = None) -> list[str]:
    """What is wrong with block 5, whose fields begin in line 8."""
    with pytest.raises(FlowFileError) as caught:
        load([source(body)], known or Known(phones=PHONES))
    return str(caught.value).split("\n")


def source(body: str) -> FlowSource:
    lines = "".join(f"    {line}\n" for line in body.strip().split("\n"))
    return FlowSource("flow.yaml", (NEIGHBOURS + lines).encode())


def findme(*rest: str) -> str:
    return "\n".join(["kind: findme", "name: Team", "phones: [2125550101]", *rest])


def receptionist(*rest: str, menu: str = "{prompt: Hello, keys: {1: hangup}}") -> str:
    return "\n".join(["kind: receptionist", "name: Front", f"menu: {menu}", *rest])


def test_all_kinds_of_blocks_are_right_as_they_stand() -> None:
    load([source("kind: voicemail\nname: Box")], Known(phones=PHONES))


def test_a_block_without_a_kind_is_told_which_there_are() -> None:
    (line,) = mistakes("name: X")
    assert line == (
        "flow.yaml:7: blocks[4].kind: is missing; add one of ivr, findme, receptionist, voicemail"
    )
    (line,) = mistakes("kind: vociemail\nname: X")
    assert line.startswith("flow.yaml:8: blocks[4].kind: must be one of ivr, findme")
    assert line.endswith("(did you mean voicemail?)")


@pytest.mark.parametrize(
    ("field", "where", "advice"),
    [
        ("simultaneous: 0", ".simultaneous", "must be at least 1"),
        ("timeout: 19", ".timeout", "must be at least 20"),
        ("timeout: 61", ".timeout", "must be at most 60"),
        ("loops: 6", ".loops", "must be at most 5"),
        ("screen_method: whisper", ".screen_method", "must be one of record_name, whisper_phrase"),
        ("screen_method: whisper_phrase", "", "needs a whisper_phrase; add it"),
        ("screen_method: whisper_audio", "", "needs a whisper_audio; add it"),
        ("auto_accept: 1", ".auto_accept", "must be one of ask, first_to_answer, last_number_un"),
        ("distribution: randm", ".distribution", "(did you mean random?)"),
        ("caller_id: 2125550123", ".caller_id", "must be one of caller, ours"),
        ("whisper_audio: other", ".whisper_audio", "no audio file called other; there is Whisper."),
        ("hold_music: other.mp3", ".hold_music", "no audio file called other.mp3; there is"),
        ("next_action: voicemail", ".next_action", "must be hangup, accept_last_screened, accept"),
        ("next_action: {voicemail: 9}", ".next_action.voicemail", "there is no block 9; there is"),
        ("next_action: {voicemail: 1}", ".next_action.voicemail", "is of kind ivr, not voicemail; "
         "there is 2"),
        ("next_action: {ivr: 2}", ".next_action.ivr", "is of kind voicemail, not ivr; there is 1"),
        ("next_action: {findme: 4}", ".next_action.findme", "is of kind receptionist, not findme"),
        ("next_action: {receptionist: 3}", ".next_action.receptionist", "not receptionist"),
        ("next_action: {findme: 5}", ".next_action", "leads round for ever (5 → 5); use loops"),
        ("closed: {block: 5}", ".closed", "leads back to the block itself for ever"),
        ("closed: {mailbox: 1}", ".closed.mailbox", "block 1 is of kind ivr, not voicemail"),
        ("closed: {number: reception}", ".closed.number", "there is no phone or user reception; "
         "there is desk, lobby"),
        ("simultanous: 2", ".simultanous", "did you mean simultaneous?"),
    ],
)  # fmt: skip
def test_a_wrong_findme_says_what_to_do(field: str, where: str, advice: str) -> None:
    (line,) = mistakes(findme(field))
    assert line.startswith(f"flow.yaml:{11 if where else 7}: blocks[4]{where}: "), line
    assert advice in line


def test_a_findme_needs_people() -> None:
    (line,) = mistakes("kind: findme\nname: A\nphones: []")
    assert line == "flow.yaml:10: blocks[4].phones: must not be empty"
    (line,) = mistakes("kind: findme\nname: A\nphones:\n- 2125550101\n- Mister X")
    assert line.startswith("flow.yaml:12: blocks[4].phones[1]: must be a number such as 2125550123")
    (line,) = mistakes("kind: findme\nname: A\nphones:\n- 2125550101\n- dsk")
    assert line == (
        "flow.yaml:12: blocks[4].phones[1]: there is no phone or user dsk; there is desk, lobby"
    )


def test_a_list_that_is_never_tried_has_no_last_number() -> None:
    (line,) = mistakes(findme("loops: 0", "next_action: accept_last_screened"))
    assert "needs a list that is tried; set loops to at least 1" in line


def test_findmes_that_hand_callers_round_are_named_once() -> None:
    text = findme("next_action: {findme: 3}").replace("\n", "\n    ")
    whole = (NEIGHBOURS + "    " + text).replace(
        "phones: [desk]}", "phones: [desk], next_action: {findme: 5}}"
    )
    with pytest.raises(FlowFileError) as caught:
        load([FlowSource("flow.yaml", whole.encode())], Known(phones=PHONES))
    assert str(caught.value) == (
        "flow.yaml:5: blocks[2].next_action: leads round for ever (3 → 5 → 3); use loops, "
        "and let it end elsewhere"
    )


def test_whisper_audio_is_found_as_replies_find_it() -> None:
    for name in ("Whisper.wav", "whisper.WAV", "whisper", "whisper.mp3"):
        load([source(findme("screen_method: whisper_audio", f"whisper_audio: {name}"))])


def test_where_the_phones_are_not_known_any_name_will_do() -> None:
    load([source("kind: findme\nname: A\nphones: [somebody]")])


@pytest.mark.parametrize(
    ("menu", "where", "advice"),
    [
        ("{prompt: Hello}", "", "a menu needs keys, extensions or direct: true; add one of them"),
        ("{keys: {1: hangup}}", ".prompt", "is missing; add it"),
        ("{prompt: A, keys: {A: hangup}}", ".keys.A", "must be one key out of 0-9, *, #"),
        ("{prompt: A, keys: {1: nowhere}}", ".keys.1", "must be hangup, {block: ID}, {number:"),
        ("{prompt: A, keys: {1: {block: 9}}}", ".keys.1.block", "there is no block 9"),
        ("{prompt: A, keys: {1: {mailbox: 3}}}", ".keys.1.mailbox", "not voicemail; there is 2"),
        ("{prompt: A, keys: {1: {number: dsk}}}", ".keys.1.number", "there is no phone or user"),
        ("{prompt: A, extensions: {20a: hangup}}", ".extensions.20a", "must be 1 to 10 digits"),
        ("{prompt: A, extensions: {204: {block: 9}}}", ".extensions.204.block", "no block 9"),
        ("{prompt: A, keys: {1: hangup}, extensions: {1: {block: 1}}}", ".extensions.1",
         "1 is a key of this menu too, which wins"),
        ("{prompt: A, direct: true, extensions: {204: {block: 1}}}", ".extensions.204",
         "204 is the extension of phone desk too"),
        ("{prompt: A, keys: {1: hangup}, invalid: {tries: 0}}", ".invalid.tries", "at least 1"),
        ("{prompt: A, keys: {1: hangup}, no_input: {then: {block: 9}}}", ".no_input.then.block",
         "there is no block 9"),
        ("{prompt: {audio: x}, keys: {1: hangup}}", ".prompt.audio", "no audio file called x"),
        ("{prompt: A, keys: {1: hangup}, betwen: 3}", ".betwen", "did you mean between?"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("place", ["menu", "closed"])
def test_a_wrong_menu_says_what_to_do(menu: str, where: str, advice: str, place: str) -> None:
    body = receptionist(menu=menu) if place == "menu" else receptionist(f"closed: {menu}")
    (line,) = mistakes(body)
    assert line.startswith(f"flow.yaml:{10 if place == 'menu' else 11}: blocks[4].{place}{where}: ")
    assert advice in line


def test_a_receptionist_without_a_menu_is_told_so() -> None:
    (line,) = mistakes("kind: receptionist\nname: A")
    assert line == "flow.yaml:7: blocks[4].menu: is missing; add it"


def test_closed_doors_lead_somewhere_else() -> None:
    lines = mistakes(receptionist("closed: {block: 5}", "holiday: later"))
    assert lines == [
        "flow.yaml:11: blocks[4].closed: leads back to the block itself for ever; "
        "let it lead elsewhere",
        "flow.yaml:12: blocks[4].holiday: must be hangup, {block: ID}, "
        '{number: "2125550123"} or {mailbox: ID}',
    ]


@pytest.mark.parametrize(
    ("schedule", "where", "advice"),
    [
        ("hours: [{days: mon-fri, open: 09:00}]", ".hours[0].close", "is missing; add it"),
        ("hours: [{days: mo-fr, open: 09:00, close: 17:00}]", ".hours[0].days", "such as mon-fri"),
        ("hours: [{days: [], open: 09:00, close: 17:00}]", ".hours[0].days", "such as mon-fri"),
        ("hours: [{days: [mon-wed, tue], open: 09:00, close: 17:00}]", ".hours[0].days",
         "names a day twice"),
        ("hours: [{days: mon, open: 9am, close: 17:00}]", ".hours[0].open",
         'must be a time of day such as "09:00"'),
        ("hours: [{days: mon, open: 09:00, close: 25:00}]", ".hours[0].close", "a time of day"),
        ("hours: [{days: mon, open: 22:00, close: 06:00}]", ".hours[0]", "write hours over"),
        ("hours: [{days: mon, open: 09:00, close: 09:00}]", ".hours[0]", "must close after it op"),
        ("hours: [{days: mon-fri, open: 09:00, close: 13:00}, "
         "{days: [fri, sat], open: 12:59, close: 24:00}]", ".hours[1]",
         "overlaps hours[0] on fri; let one end before the other opens"),
        ("hours: [{days: mon, opens: 09:00, close: 13:00, open: 09:00}]", ".hours[0].opens",
         "did you mean open?"),
        ("holidays: [{name: A, date: 2030-02-30}]", ".holidays[0].date", "must be a date such as"),
        ("holidays: [{name: A, date: 25.12.2030}]", ".holidays[0].date", "must be a date such as"),
        ("holidays: [{name: A, date: 2030-02-03, until: 2030-02-01}]", ".holidays[0]",
         "ends (2030-02-01) before it begins (2030-02-03)"),
        ("holidays: [{date: 2030-02-03}]", ".holidays[0].name", "is missing; add it"),
        ("time_zone: Mars/Olympus", ".time_zone", "is not an IANA time zone; write one such as"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("block", [findme, receptionist])
def test_a_wrong_schedule_says_what_to_do(schedule, where, advice, block) -> None:
    (line,) = mistakes(block(f"schedule: {{{schedule}}}"))
    assert line.startswith(f"flow.yaml:11: blocks[4].schedule{where}: "), line
    assert advice in line


def test_hours_that_only_touch_do_not_overlap() -> None:
    hours = "[{days: mon, open: 09:00, close: 12:00}, {days: mon, open: 12:00, close: 24:00}]"
    load([source(receptionist(f"schedule: {{hours: {hours}}}"))])


@pytest.mark.parametrize(
    ("field", "where", "advice"),
    [
        ("max_seconds: 0", ".max_seconds", "must be at least 1"),
        ("silence: -1", ".silence", "must be at least 0"),
        ("email: [office]", ".email[0]", "must be an e-mail address such as office@example.com"),
        ('email: ["a@example.com\\nBcc: b@example.com"]', ".email[0]", "must be an e-mail address"),
        ("email: [<a@example.com>]", ".email[0]", "must be an e-mail address"),
        (
            "phones: [dsk]",
            ".phones[0]",
            "there is no phone or user dsk; there is desk, lobby",
        ),
        ("phones: [2125550101]", ".phones[0]", "must be the name of a phone of the settings"),
        ("greeting: {audio: x.wav}", ".greeting.audio", "no audio file called x.wav"),
        ("pin: 1234", ".pin", "is not a field here; there is id, kind, name"),
    ],
)
def test_a_wrong_voicemail_box_says_what_to_do(field: str, where: str, advice: str) -> None:
    (line,) = mistakes(f"kind: voicemail\nname: Box\n{field}")
    assert line.startswith(f"flow.yaml:10: blocks[4]{where}: "), line
    assert advice in line


def ivr(question: str, rest: str = "") -> str:
    return f"kind: ivr\nname: A\nquestions:\n- {{id: 1, type: transfer, name: T{question}}}\n{rest}"


@pytest.mark.parametrize(
    ("question", "where", "advice"),
    [
        ("", ".destination", "is missing; add it"),
        (", destination: Mister X", ".destination", "must be a number such as 2125550123, a phone"),
        (", destination: dsk", ".destination", "there is no phone or user dsk"),
        (", destination: '@agent', timeout: 0", ".timeout", "must be more than 0"),
        (", destination: desk, unanswered: {block: 9}", ".unanswered.block", "no block 9"),
        (", destination: desk, unanswered: {question: 9}", ".unanswered.question", "no question 9"),
    ],
)
def test_a_wrong_transfer_question_says_what_to_do(question: str, where: str, advice: str) -> None:
    (line,) = mistakes(ivr(question))
    assert line.startswith(f"flow.yaml:11: blocks[4].questions[0]{where}: "), line
    assert advice in line


def test_a_transfer_has_no_answer_to_send() -> None:
    (line,) = mistakes(ivr(", destination: desk", "webhook: {url: http://a, parameters: {x: 1}}"))
    assert "webhook.parameters.x: question 1 collects nothing; choose another" in line


def test_a_mailbox_may_be_one_of_the_database() -> None:
    file = FlowSource("a.yaml", b"numbers: [{number: 5, destination: {mailbox: 7}}]")
    load([file], Known({7: "voicemail"}))
    with pytest.raises(FlowFileError, match="block 7 is of kind findme, not voicemail; add it"):
        load([file], Known({7: "findme"}))
