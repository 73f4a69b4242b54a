"""What each reply means, and what is said about those that are not quite right."""

from __future__ import annotations

import codecs
from dataclasses import replace

import pytest
from hypothesis import given

from ivrserver.actions import reference
from ivrserver.actions.model import (
    EndCall,
    Reply,
    RunFindMe,
    RunIvr,
    RunReceptionist,
    RunVoicemail,
    TransferCall,
)
from ivrserver.actions.parser import parse
from ivrserver.blocks import FindMe, NextAction, ScreenMethod
from ivrserver.errors import ActionError
from tests.unit.actions.replies import EXAMPLES, REPLIES, example, write


def reply(app: str, parameters: str = "", **keywords: str) -> Reply:
    body = f"<action><app>{app}</app><parameters>{parameters}</parameters></action>"
    return parse(body.encode(), **keywords)


def refusal(body: bytes | str, **keywords: str) -> str:
    with pytest.raises(ActionError) as caught:
        parse(body.encode() if isinstance(body, str) else body, **keywords)
    return str(caught.value)


DYNAMIC = FindMe(phones=("2223334444",))


def findme(parameters: str) -> tuple[FindMe, tuple[str, ...]]:
    understood = reply("findme", "<phone_list>2223334444</phone_list>" + parameters)
    assert isinstance(understood.action, RunFindMe)
    return understood.action.over(DYNAMIC), understood.warnings


# The reference's examples, letter for letter and in every dress


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_reference_s_examples_are_understood(name: str) -> None:
    assert parse(example(name).encode()) == EXAMPLES[name]


def declared(encoding: str, text: str) -> str:
    return f'<?xml version="1.0" encoding="{encoding}"?>\n{text}'


DRESSES = {
    "CRLF": lambda text: text.replace("\n", "\r\n").encode(),
    "one line": lambda text: text.replace("\n", "").encode(),
    "declaration": lambda text: declared("UTF-8", text).encode(),
    "space before the declaration": lambda text: f" \r\n{declared('utf-8', text)}".encode(),
    "space around": lambda text: f"\n\n  {text}\t\r\n".encode(),
    "byte order mark": lambda text: codecs.BOM_UTF8 + text.encode(),
    "mark and declaration": lambda text: codecs.BOM_UTF8 + declared("UTF-8", text).encode(),
    "two marks": lambda text: codecs.BOM_UTF8 * 2 + text.encode(),
    "Latin-1": lambda text: declared("ISO-8859-1", text).encode("latin-1"),
    "UTF-16": lambda text: text.encode("utf-16"),
    "UTF-16 big end first": lambda text: codecs.BOM_UTF16_BE + text.encode("utf-16-be"),
    "UTF-16 without a mark": lambda text: declared("UTF-16", text).encode("utf-16-le"),
    "comments": lambda text: f"<!--a-->{text.replace('<app>', '<!--b--><app>')}<!--c-->".encode(),
    "instructions": lambda text: f"<?p x?>{text.replace('</app>', '<?x y?></app>')}".encode(),
    "default namespace": lambda text: text.replace("<action>", '<action xmlns="urn:x">').encode(),
    "attributes": lambda text: text.replace("<app>", "<app type=\"a>b\" x='1'>").encode(),
}


@pytest.mark.parametrize("dress", DRESSES)
@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_means_the_same_in_every_dress(name: str, dress: str) -> None:
    assert parse(DRESSES[dress](example(name))) == EXAMPLES[name]


def test_elements_may_have_a_namespace_prefix() -> None:
    inner = "<i:app>vr</i:app><i:parameters><i:id>7</i:id></i:parameters>"
    assert parse(f'<i:action xmlns:i="urn:x">{inner}</i:action>'.encode()) == Reply(
        RunReceptionist(7)
    )


def test_cdata_is_text() -> None:
    understood = reply("<![CDATA[ivr]]>", "<id>7</id><p_t><![CDATA[a|<b>&]]></p_t>")
    assert understood == Reply(RunIvr(7), "a|<b>&")


@given(REPLIES)
def test_every_reply_is_read_as_it_was_written(written: Reply) -> None:
    assert parse(write(written).encode()) == written


# Apps


@pytest.mark.parametrize("app", ["IVR", " ivr ", "\n\tIvr\n", "survo", "SurVo"])
def test_the_app_is_trimmed_case_does_not_count_and_survo_is_its_older_name(app: str) -> None:
    assert reply(app, "<id>7</id>") == Reply(RunIvr(7))


def test_every_app_of_the_reference_has_its_action() -> None:
    assert {app.name: type(reply(app.name, "<id>7</id><destination>1</destination>").action)
            for app in reference.APPS} == {
        "ivr": RunIvr, "findme": RunFindMe, "vr": RunReceptionist, "voicemail": RunVoicemail,
        "hangup": EndCall, "transfer": TransferCall,
    }  # fmt: skip


def test_hangup_needs_no_parameters_at_all() -> None:
    assert parse(b"<action><app>hangup</app></action>") == Reply(EndCall())


def test_a_destination_is_taken_as_written_without_the_space_around_it() -> None:
    assert reply("transfer", "<destination> +1 (222) 333-4444 </destination>") == Reply(
        TransferCall("+1 (222) 333-4444")
    )


def test_the_first_question_may_be_named() -> None:
    assert reply("ivr", "<id>7</id><question_id> 3 </question_id>") == Reply(RunIvr(7, 3))


def test_user_parameters_keep_their_names_and_text() -> None:
    values = "<user_parameters><First.Name> Zoë </First.Name><a-b>x y</a-b><e/></user_parameters>"
    action = reply("ivr", f"<id>7</id>{values}").action
    assert isinstance(action, RunIvr)
    assert action.user_parameters == {"First.Name": "Zoë", "a-b": "x y", "e": ""}


# Errors say exactly why


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("", "the reply is empty"),
        (" \r\n\t", "the reply is empty"),
        ("OK", "the reply is not well-formed XML: Start tag expected"),
        ("<action>", "the reply is not well-formed XML: "),
        ("<action/><action/>", "the reply is not well-formed XML: Extra content"),
        ("<action>&nbsp;</action>", "Entity 'nbsp' not defined"),
        ("<phone_list>1<phone_list>", "the reply is not well-formed XML"),
        ("<!DOCTYPE html><html><body/></html>", "the reply is an HTML page"),
        ("\n<html lang='en'>", "the reply is an HTML page"),
        ("<response><action/></response>", "the root element is <response>, not <action>"),
        ("<Action/>", "the root element is <Action>, not <action>"),
        ("<action/>", "the reply has no <app>"),
        ("<action><app> </app></action>", "<app> is empty"),
        ("<action><app>dance</app></action>", "<app> names 'dance', which is none of ivr, findme,"),
        ("<action><app>ivr</app></action>", "app ivr needs <id> in <parameters>"),
        ("<action><app>ivr</app><id>1</id></action>", "app ivr needs <id> in <parameters>"),
    ],
)
def test_a_reply_without_an_action_is_refused_with_the_reason(body: str, reason: str) -> None:
    assert reason in refusal(body)


@pytest.mark.parametrize("app", ["ivr", "vr", "voicemail"])
@pytest.mark.parametrize("number", ["abc", "1.5", "-1", "+1", "1 2", "٣", "9" * 19, "0x1"])
def test_ids_must_be_whole_numbers(app: str, number: str) -> None:
    body = f"<action><app>{app}</app><parameters><id>{number}</id></parameters></action>"
    assert refusal(body) == "<id> must be a whole number"


@pytest.mark.parametrize(
    ("app", "parameter"),
    [(app.name, parameter.name) for app in reference.APPS for parameter in app.parameters
     if parameter.required],
)  # fmt: skip
@pytest.mark.parametrize("empty", ["", "<{}/>", "<{}>  </{}>"])
def test_required_parameters_are_required(app: str, parameter: str, empty: str) -> None:
    inner = empty.replace("{}", parameter)
    body = f"<action><app>{app}</app><parameters>{inner}</parameters></action>"
    assert refusal(body) == f"app {app} needs <{parameter}> in <parameters>"


def test_findme_needs_an_id_or_numbers() -> None:
    body = "<action><app>findme</app><parameters><phone_list>| |</phone_list></parameters></action>"
    assert refusal(body) == "app findme needs <id> or a <phone_list> in <parameters>"


# Accepted, with a warning


@pytest.mark.parametrize(
    ("body", "warning"),
    [
        ("<action><app>vr</app><parameter><id>7</id></parameter></action>",
         "<parameter> is read as <parameters>"),
        ("<action><app>vr</app><parameters><id>7</id><x>1</x></parameters></action>",
         "<x> is not known in app vr: ignored"),
        ("<action><y/><app>vr</app><parameters><id>7</id></parameters></action>",
         "<y> is not known in <action>: ignored"),
        ("<action><app>vr</app><parameters><id>7</id><id>8</id></parameters></action>",
         "<id> comes more than once: the first counts"),
        ("<action><app>vr</app><app>ivr</app><parameters><id>7</id></parameters></action>",
         "<app> comes more than once: the first counts"),
        ("<action><app>vr</app><parameters><id><b>7</b></id></parameters></action>",
         "tags inside <id> are ignored, their text counts"),
        ("<action><app>v<b>r</b></app><parameters><id>7</id></parameters></action>",
         "tags inside <app> are ignored, their text counts"),
    ],
)  # fmt: skip
def test_what_the_reference_does_not_name_is_said(body: str, warning: str) -> None:
    assert parse(body.encode()) == Reply(RunReceptionist(7), warnings=(warning,))


def test_the_names_that_other_clients_send_are_accepted() -> None:
    inner = "<id>7</id><user_params><a>b</a></user_params><pt>x</pt>"
    assert reply("ivr", inner) == Reply(
        RunIvr(7, user_parameters={"a": "b"}),
        "x",
        ("<user_params> is read as <user_parameters>", "<pt> is read as <p_t>"),
    )


def test_of_a_user_parameter_given_twice_the_first_counts() -> None:
    inner = "<id>7</id><user_parameters><a>1</a><a>2</a><A>3</A></user_parameters>"
    understood = reply("ivr", inner)
    assert understood.action == RunIvr(7, user_parameters={"a": "1", "A": "3"})
    assert understood.warnings == ("<a> comes more than once: the first counts",)


def test_a_question_id_that_is_no_number_is_ignored() -> None:
    understood = reply("ivr", "<id>7</id><question_id>first</question_id>")
    assert understood.action == RunIvr(7)
    assert understood.warnings == ("<question_id> must be a whole number: ignored",)


def test_an_overlong_user_parameter_is_cut() -> None:
    inner = f"<id>7</id><user_parameters><a>{'x' * 4001}</a></user_parameters>"
    understood = reply("ivr", inner)
    assert understood.action == RunIvr(7, user_parameters={"a": "x" * 4000})
    assert "<a> is longer than 4,000 characters" in understood.warnings[0]


def test_a_flood_of_warnings_is_cut_and_counted() -> None:
    understood = reply("hangup", "".join(f"<x{number}/>" for number in range(100)))
    assert len(understood.warnings) == 21
    assert understood.warnings[-1] == "and 80 more warnings"


def test_long_names_are_cut_in_warnings() -> None:
    assert reply("hangup", f"<{'x' * 9000}/>").warnings == (
        f"<{'x' * 40}…> is not known in app hangup: ignored",
    )


# FindMe


def test_findme_has_the_reference_s_defaults() -> None:
    action, warnings = findme("")
    assert action == DYNAMIC
    assert warnings == ()


def test_the_model_s_defaults_are_those_of_the_table() -> None:
    defaults = {
        one.name: one.default for one in reference.FINDME.parameters if one.default is not None
    }
    action = FindMe()
    assert defaults == {
        "simultaneous": action.simultaneous, "timeout": action.timeout,
        "screen_method": action.screen_method, "auto_accept": action.auto_accept,
        "dtmf_only": action.dtmf_only, "record": action.record, "nextaction": action.next_action,
    }  # fmt: skip


def test_numbers_are_split_at_pipes_and_empty_ones_dropped() -> None:
    action = reply("findme", "<phone_list>| 2223334444||5556667777 |</phone_list>").action
    assert action == RunFindMe(phone_list=("2223334444", "5556667777"))


def test_the_id_wins_over_the_list() -> None:
    understood = reply("findme", "<phone_list>222</phone_list><id>9</id>")
    assert understood.action == RunFindMe(block_id=9)
    assert understood.warnings == ("<id> is given, so <phone_list> is ignored",)


@pytest.mark.parametrize(
    ("given_", "used", "warning"),
    [
        ("5", 20, "<timeout> is 5, raised to 20"),
        ("-5", 20, "<timeout> is -5, raised to 20"),
        ("20", 20, None),
        ("60", 60, None),
        ("61", 60, "<timeout> is 61, lowered to 60"),
        ("soon", 30, "<timeout> is not a whole number: 30 is used"),
        ("30.0", 30, "<timeout> is not a whole number: 30 is used"),
        ("9" * 5000, 30, "<timeout> is not a whole number: 30 is used"),
        ("", 30, None),
    ],
)
def test_the_timeout_is_kept_within_its_limits(given_: str, used: int, warning: str | None) -> None:
    action, warnings = findme(f"<timeout>{given_}</timeout>")
    assert action.timeout == used
    assert warnings == ((warning,) if warning else ())


def test_at_least_one_number_is_called_at_once() -> None:
    action, warnings = findme("<simultaneous>0</simultaneous>")
    assert action.simultaneous == 1
    assert warnings == ("<simultaneous> is 0, raised to 1",)


@pytest.mark.parametrize(
    "parameter",
    [one for one in reference.FINDME.parameters if one.choices],
    ids=lambda one: one.name,
)
def test_a_value_that_is_no_choice_gives_the_default(parameter: reference.Parameter) -> None:
    action, warnings = findme(f"<{parameter.name}>8</{parameter.name}>")
    assert action == DYNAMIC
    assert warnings == (
        f"<{parameter.name}> must be one of {', '.join(map(str, parameter.choices))}: "
        f"{parameter.default} is used",
    )


@pytest.mark.parametrize("action", [2, 4, 5, 6])
def test_a_next_action_that_goes_to_a_block_needs_its_id(action: int) -> None:
    understood, warnings = findme(f"<nextaction>{action}</nextaction>")
    assert understood.next_action is NextAction.SAY_NOBODY_AND_HANG_UP
    assert warnings == (f"<nextaction> {action} needs a <nextactionitem>: nextaction 1 is used",)
    item = "<nextactionitem>55</nextactionitem>"
    understood, warnings = findme(f"<nextaction>{action}</nextaction>{item}")
    assert (understood.next_action, understood.next_action_item) == (action, 55)
    assert warnings == ()


@pytest.mark.parametrize("action", [1, 3, 7])
def test_a_next_action_that_goes_nowhere_ignores_an_id(action: int) -> None:
    item = "<nextactionitem>55</nextactionitem>"
    understood, warnings = findme(f"<nextaction>{action}</nextaction>{item}")
    assert (understood.next_action, understood.next_action_item) == (action, None)
    assert warnings == (f"<nextactionitem> is ignored with <nextaction> {action}",)


def test_whispers_count_only_with_their_screen_method() -> None:
    both = "<whisper_phrase>psst</whisper_phrase><whisper_audio>a.wav</whisper_audio>"
    action, warnings = findme(both)
    assert (action.whisper_phrase, action.whisper_audio) == ("", "")
    assert warnings == (
        "<whisper_phrase> is ignored with <screen_method> 0",
        "<whisper_audio> is ignored with <screen_method> 0",
    )
    action, warnings = findme(f"<screen_method>2</screen_method>{both}")
    assert (action.whisper_phrase, action.whisper_audio) == ("", "a.wav")
    action, warnings = findme("<screen_method>1</screen_method>")
    assert action.screen_method is ScreenMethod.WHISPER_PHRASE
    assert warnings == ("<screen_method> is 1, but there is no <whisper_phrase>",)


def test_a_stored_findme_keeps_what_the_reply_does_not_name() -> None:
    stored = FindMe(block_id=9, phones=("101",), simultaneous=5, timeout=45, record=True)
    for parameters, wanted in (
        ("", {}),
        ("<timeout>20</timeout>", {"timeout": 20}),
        ("<record>0</record>", {"record": False}),
        ("<whisper_phrase>psst</whisper_phrase>", {"whisper_phrase": "psst"}),
    ):
        action = reply("findme", f"<id>9</id>{parameters}").action
        assert isinstance(action, RunFindMe)
        assert (action.given, action.over(stored)) == (wanted, replace(stored, **wanted))


def test_an_item_without_a_next_action_is_ignored_with_a_warning() -> None:
    action, warnings = findme("<nextactionitem>55</nextactionitem>")
    assert action == DYNAMIC
    assert warnings == ("<nextactionitem> is ignored without <nextaction>",)


# Pass-through


@pytest.mark.parametrize("data", ["", " ", " a|b \n||\tc ", "&#13;&lt;x&gt;&amp;", "é€😀", "%7C+"])
@pytest.mark.parametrize("app", ["ivr", "findme", "hangup"])
def test_pass_through_data_is_kept_to_the_byte(data: str, app: str) -> None:
    understood = reply(app, f"<id>7</id><p_t>{data}</p_t>")
    plain = (
        data.replace("&#13;", "\r").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    )
    assert understood.pass_through == plain


def test_without_pass_through_data_there_is_none() -> None:
    assert reply("ivr", "<id>7</id>").pass_through is None


def test_pass_through_data_is_cut_at_the_cap_between_characters() -> None:
    assert reply("hangup", f"<p_t>{'x' * 4096}</p_t>") == Reply(EndCall(), "x" * 4096)
    understood = reply("hangup", f"<p_t>x{'é' * 2048}</p_t>")
    assert understood.pass_through == "x" + "é" * 2047
    assert understood.warnings == ("<p_t> is longer than 4096 bytes: the rest is dropped",)


# Encodings

NAME = "<action><app>transfer</app><parameters><destination>é</destination></parameters></action>"


@pytest.mark.parametrize(
    ("body", "charset", "warned"),
    [
        (NAME.encode(), "", False),
        (NAME.encode("latin-1"), "ISO-8859-1", False),
        (NAME.encode("latin-1"), '"latin1"', False),
        (NAME.encode("cp1252"), "windows-1252", False),
        (NAME.encode("utf-16-le"), "utf-16", False),
        (codecs.BOM_UTF8 + NAME.encode(), "ISO-8859-1", False),
        # the header wins over the declaration (RFC 7303) ...
        (declared("cp437", NAME).encode("latin-1"), "ISO-8859-1", True),
        # ... unless the bytes show that it is wrong
        (declared("ISO-8859-1", NAME).encode("latin-1"), "UTF-8", True),
        (declared("UTF-8", NAME).encode(), "ISO-8859-1", True),
        (declared("utf-16", NAME).encode(), "", True),
        (NAME.encode(), "no-such-thing", True),
        (NAME.encode(), "zlib", True),
        (NAME.encode(), "utf-7", True),
        (NAME.encode(), "unicode_escape", True),
        (NAME.encode(), "a\0b", True),
    ],
)
def test_the_encoding_is_found(body: bytes, charset: str, warned: bool) -> None:
    understood = parse(body, charset=charset)
    assert understood.action == TransferCall("é")
    assert bool(understood.warnings) is warned


def test_bytes_that_are_no_text_are_refused() -> None:
    assert refusal(NAME.encode("latin-1")) == (
        "the reply is not valid UTF-8 (byte 0xe9 at position 52): declare its encoding"
    )
