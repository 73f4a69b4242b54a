"""A flow file's account with one of everything."""

from __future__ import annotations

from ivrserver.blocks import (
    Account,
    AudioFile,
    Choice,
    ChoiceKey,
    Digits,
    EndIvr,
    GoToBlock,
    GoToQuestion,
    HangUp,
    Ivr,
    Message,
    PhoneNumber,
    Prompt,
    Record,
    Retries,
    ToBlock,
    ToNumber,
    Webhook,
    WebhookMethod,
    WebhookMode,
    WebhookParameter,
    YesNo,
)

SAMPLE = Account(
    numbers=(
        PhoneNumber("0305550123", "Radio ad", ToBlock(100)),
        PhoneNumber("fax", "", HangUp()),
    ),
    audio=(
        AudioFile("welcome.wav", "audio/welcome.wav"),
        AudioFile("thanks", "audio/thanks.wav"),
    ),
    blocks=(
        Ivr(
            block_id=100,
            name="Survey",
            questions=(
                Message(question_id=1, name="Welcome", prompt=Prompt(audio="welcome.wav")),
                Digits(
                    question_id=2,
                    name="Pin",
                    prompt=Prompt("Please enter your PIN.\nThen press pound."),
                    sensitive=True,
                    timeout=7.5,
                    invalid=Retries(2, Prompt("No."), EndIvr()),
                    min_digits=4,
                    max_digits=6,
                    valid=("0815",),
                ),
                Choice(
                    question_id=3,
                    name="Department",
                    prompt=Prompt("Sales or support?"),
                    keys=(
                        ChoiceKey("1", "Sales"),
                        ChoiceKey("2", "Support", GoToQuestion(2)),
                        ChoiceKey("*"),
                    ),
                ),
                YesNo(question_id=4, name="Again", prompt=Prompt(), then=GoToBlock(100)),
                Record(question_id=5, name="Comment", prompt=Prompt(), max_seconds=30, beep=False),
            ),
            webhook=Webhook(
                mode=WebhookMode.NEXT_ACTION,
                method=WebhookMethod.GET,
                url="https://example.com/hook?a=1&a=2",
                parameters=(WebhookParameter("yes", 2), WebhookParameter("department", 3)),
            ),
            next_step=ToNumber("2125550123"),
            backup_routing=HangUp(),
        ),
    ),
)
