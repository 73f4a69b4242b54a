"""A kept reply is explained as it was understood, with what its call then did."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final

import pytest

from ivrserver.actions.explain import CUT
from ivrserver.blocks import Account, FlowBook, Ivr, Webhook, WebhookMode
from ivrserver.flow.delivery import BODY_KEPT, BODY_SHOWN
from ivrserver.flow.events import (
    ActionChosen,
    BackupRouted,
    BlockEntered,
    CallEnded,
    CallStarted,
    Event,
    PromptPlayed,
    WebhookAnswered,
    WebhookMissed,
    WebhookRequested,
)
from ivrserver.flow.records import TimelineEntry
from ivrserver.flow.replied import Replied, explained, then
from tests.unit.storage.records import START

URL: Final = "https://example.com/"
ASKED: Final = WebhookRequested("POST", URL, {"pin": "•••"}, 1)
AGAIN: Final = replace(ASKED, attempt=2)
CAME: Final = WebhookAnswered(200, "<action/>", 0.2)
ENTERED: Final = BlockEntered(102, "Thanks", "the web server's reply")
ASKING: Final = Ivr(
    block_id=101, name="Ask", questions=(), webhook=Webhook(mode=WebhookMode.NEXT_ACTION, url=URL)
)
BOOK: Final = FlowBook.of(Account(blocks=(ASKING, Ivr(block_id=102, name="Thanks", questions=()))))
ACTION: Final = "<action>\n<app>ivr</app>\n<parameters><id>102</id></parameters>\n</action>"


def done(*events: Event, number: int = 1) -> list[str]:
    entries = [
        TimelineEntry("a", START + timedelta(seconds=at), event)
        for at, event in enumerate((CallStarted("100", ""), *events))
    ]
    return [line.text for line in then(entries, number, URL, START)]


def in_mode(mode: WebhookMode, body: str) -> Replied:
    return explained(body, replace(ASKING, webhook=replace(ASKING.webhook, mode=mode)), BOOK)


def test_what_is_done_reaches_to_the_next_block() -> None:
    action = ActionChosen("go on with IVR 102", ["<colour> is ignored"])
    events = (ASKED, CAME, action, ENTERED, PromptPlayed("Thank you.", 1.0))
    assert done(*events) == [action.action, "IVR 102 “Thanks”: the web server's reply"]


def test_a_reply_that_cannot_be_used_tells_what_came_instead() -> None:
    backup = BackupRouted("hang up", "the reply cannot be used: it is empty")
    over = CallEnded("hung_up", "nothing is left to do")
    said = PromptPlayed("Sorry.", 1.0)
    assert done(ASKED, CAME, backup, said, over)[:2] == [
        "hang up: the reply cannot be used: it is empty",
        "“Sorry.” (1.0 s)",
    ]
    assert done(ASKED, WebhookMissed("no route", 0.1), backup, over)


def test_what_belongs_to_another_request_is_not_told() -> None:
    events = (ASKED, WebhookMissed("no route", 0.1), AGAIN, CAME, ActionChosen("hang up", []))
    assert done(*events) == []
    assert done(*events, number=2) == ["hang up"]


@pytest.mark.parametrize(
    "events",
    [
        (),
        (ASKED,),
        (ASKED, CAME, ENTERED),
        (ASKED, ENTERED, CAME, ActionChosen("of another IVR", [])),
        (CallEnded("caller_hung_up", "x"), ASKED, CAME),
    ],
)
def test_a_reply_that_nobody_waited_for_does_nothing(events: tuple[Event, ...]) -> None:
    assert done(*events) == []


def test_long_stories_are_for_the_page_of_the_call() -> None:
    said = [PromptPlayed(f"{number}", 1.0) for number in range(99)]
    assert len(done(ASKED, CAME, ActionChosen("read the reply", []), *said)) == 12


def test_each_mode_explains_in_its_way() -> None:
    action = in_mode(WebhookMode.NEXT_ACTION, ACTION)
    assert action.understood is not None
    assert "102: an IVR, “Thanks”" in {line.value for line in action.understood.lines}
    read = in_mode(WebhookMode.READ_MESSAGE, "<p>Hello</p><p>you</p>")
    assert read.message is not None
    assert read.message.text == "Hello. you"
    assert in_mode(WebhookMode.READ_MESSAGE, "<p></p>").problem.startswith("the reply has no text")
    assert in_mode(WebhookMode.NONE, ACTION) == explained(ACTION, None, BOOK) == Replied()


def test_a_reply_of_which_the_end_is_missing_is_not_called_wrong() -> None:
    for most in (BODY_SHOWN, BODY_KEPT):
        cut = ACTION.replace("102", "1" * most)[:most]
        understood = in_mode(WebhookMode.NEXT_ACTION, cut).understood
        assert understood is not None
        assert (understood.error, understood.notes) == ("", (CUT,))
        wrong = f"<action>\n<app></p>\n{cut}"[:most]
        understood = in_mode(WebhookMode.NEXT_ACTION, wrong).understood
        assert understood is not None
        assert understood.at[0] == 2
    page = in_mode(WebhookMode.NEXT_ACTION, "<!doctype html><html>".ljust(BODY_KEPT)).understood
    assert page is not None
    assert "an HTML page" in page.error
