"""What each reply means, and what is said about those that are not quite right."""

from __future__ import annotations

import codecs

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
from tests.unit.actions.replies import (
    EXAMPLES,
    REPLIES,
    declared,
    example,
    refusal,
    reply,
    write,
)

# The reference's examples, letter for letter and in every dress


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_reference_s_examples_are_understood(name: str) -> None:
    assert parse(example(name).encode()) == EXAMPLES[name]


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
