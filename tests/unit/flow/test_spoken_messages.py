"""When the letter about a message goes out: with its text, but not much later for that."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from ivrserver.flow.jobs import LETTER_WAITS
from ivrserver.flow.spoken_messages import SpokenMessage
from tests.fakes import START

SPOKEN = SpokenMessage(message_id="m1", block_id=9, language="en-US", letter=True)


def test_a_job_is_read_back_as_the_message_that_it_is_about() -> None:
    letter, order = SPOKEN.orders(START, transcribe=True)
    assert (letter.job_id, order.job_id) == ("mail-m1", "transcription-m1")
    assert SpokenMessage.of(order.key, order.detail) == SPOKEN
    (at_once,) = SPOKEN.orders(START, transcribe=False)
    assert (at_once.job_id, at_once.due) == ("mail-m1", START)


def test_the_letter_goes_out_when_the_text_is_there() -> None:
    now = START + timedelta(seconds=20)
    (letter,) = SPOKEN.letters(START, now)
    assert (letter.job_id, letter.due) == ("mail-m1", now)
    assert list(replace(SPOKEN, letter=False).letters(START, now)) == []


def test_a_text_that_comes_late_orders_no_second_letter() -> None:
    assert list(SPOKEN.letters(START, START + LETTER_WAITS)) == []
    assert list(SPOKEN.letters(START, START + timedelta(days=40))) == []
