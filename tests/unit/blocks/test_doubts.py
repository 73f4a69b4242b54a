"""What is right but probably not meant is told."""

from __future__ import annotations

import pytest

from ivrserver.blocks import Account
from ivrserver.blocks.doubts import doubts
from ivrserver.blocks.files import FlowSource, load
from ivrserver.blocks.lint import Known

URL = "https://example.com/said"


def account(question: str, webhook: str = f"{{transcription_url: {URL}}}") -> Account:
    text = f"""
blocks:
  - id: 100
    kind: ivr
    name: Survey
    questions: [{question}]
    webhook: {webhook}
"""
    return load([FlowSource("flow.yaml", text.encode())], Known())


@pytest.mark.parametrize(
    "question",
    [
        "",
        "{id: 1, type: digits, name: a, prompt: A}",
        "{id: 1, type: record, name: a, prompt: A}",
    ],
)
def test_a_transcription_url_that_nothing_is_sent_to_is_doubted(question: str) -> None:
    assert [str(doubt) for doubt in doubts(account(question)) if "URL" in doubt.text] == [
        "block 100 (Survey): webhook.transcription_url will receive nothing; give a question of "
        "type record transcribe: true, or take the URL out"
    ]


def test_one_transcribed_question_is_enough_and_without_a_url_none_is_needed() -> None:
    transcribed = "{id: 2, type: record, name: b, prompt: B, transcribe: true}"
    both = "{id: 1, type: record, name: a, prompt: A}, " + transcribed
    assert list(doubts(account(both))) == []
    assert list(doubts(account(transcribed, "{}"))) == []
    nothing_asked = list(doubts(account("", "{}")))
    assert [doubt.text[:12] for doubt in nothing_asked] == ["asks nothing"]
