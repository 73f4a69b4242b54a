"""Hypothesis strategies for every account that a flow file can hold."""

from __future__ import annotations

import base64
from datetime import date, time

from hypothesis import strategies as st

from ivrserver.blocks import (
    Account,
    AudioFile,
    AutoAccept,
    Choice,
    ChoiceKey,
    Digits,
    Distribution,
    EndIvr,
    Failure,
    FindMe,
    GoToBlock,
    GoToQuestion,
    HangUp,
    Holiday,
    Hours,
    Ivr,
    Menu,
    Message,
    NextAction,
    NextQuestion,
    PhoneNumber,
    Prompt,
    Receptionist,
    Record,
    Retries,
    Schedule,
    ScreenMethod,
    ShownCallerId,
    ToBlock,
    ToMailbox,
    ToNumber,
    Transfer,
    Voicemail,
    Webhook,
    WebhookMethod,
    WebhookMode,
    WebhookParameter,
    YesNo,
)

PRINTABLE = st.characters(exclude_categories=["Cc", "Cs"])
LINES = st.text(PRINTABLE, max_size=60)
NAMES = LINES.filter(str.strip)
TEXTS = st.text(PRINTABLE | st.sampled_from("\n\t #:'\"-@{}"), max_size=120)
KEYS = "0123456789*#ABCD"
SECONDS = st.floats(min_value=0.01, max_value=60, allow_nan=False)
URLS = st.sampled_from(
    ["https://example.com/a?x=1&x=2", "http://example.com:8080/", "http://é.example"]
)
PARAMETER_NAMES = NAMES.filter(lambda name: not name.casefold().startswith(("ivr_", "st_")))


def prompts(audio: list[str]) -> st.SearchStrategy[Prompt]:
    spoken = TEXTS.map(Prompt)
    return spoken | st.sampled_from(audio).map(lambda name: Prompt(audio=name)) if audio else spoken


@st.composite
def questions(draw, number, numbers, blocks, audio):
    said = prompts(audio)
    steps = st.sampled_from(
        [NextQuestion(), EndIvr(), *map(GoToQuestion, numbers), *map(GoToBlock, blocks)]
    )
    retries = st.builds(Retries, st.integers(1, 20), said, steps)
    common = {
        "question_id": st.just(number),
        "name": NAMES,
        "prompt": said,
        "barge_in": st.booleans(),
        "sensitive": st.booleans(),
        "then": steps,
    }
    keyed = common | {
        "timeout": SECONDS,
        "type_ahead": st.booleans(),
        "no_input": retries,
        "invalid": retries,
    }
    low = draw(st.integers(1, 8))
    high = draw(st.integers(low, 12))
    chosen = draw(st.lists(st.sampled_from(KEYS), min_size=1, unique=True))
    valid = st.lists(st.text("0123456789", min_size=low, max_size=high), max_size=3).map(tuple)
    return draw(
        st.one_of(
            st.builds(Message, **common),
            st.builds(YesNo, **keyed),
            st.builds(
                Digits,
                **keyed,
                min_digits=st.just(low),
                max_digits=st.just(high),
                terminator=st.sampled_from(["", "#", "*"]),
                between=SECONDS,
                valid=valid,
                pattern=st.sampled_from(["", "[1-5]+", "(?:19|20)[0-9]{2}"]),
            ),
            st.builds(
                Choice,
                **keyed,
                keys=st.tuples(
                    *(st.builds(ChoiceKey, st.just(key), LINES, steps) for key in chosen)
                ),
            ),
            st.builds(
                Transfer,
                **common,
                destination=st.sampled_from(["2125550123", "@agent", "+49 30 1", "desk"]),
                timeout=SECONDS,
                record=st.booleans(),
                unanswered=steps,
            ),
            st.builds(
                Record,
                **common,
                max_seconds=st.integers(1, 3600),
                silence=st.integers(0, 60),
                beep=st.booleans(),
                review=st.booleans(),
                transcribe=st.booleans(),
                no_input=retries,
            ),
        )
    )


@st.composite
def webhooks(draw, asked):
    sendable = [
        question.question_id
        for question in asked
        if not isinstance(question, Message | Record | Transfer)
    ]
    names = draw(st.lists(PARAMETER_NAMES, unique=True, max_size=3)) if sendable else []
    return draw(
        st.builds(
            Webhook,
            mode=st.sampled_from(WebhookMode),
            method=st.sampled_from(WebhookMethod),
            url=URLS,
            fallback_url=st.just("") | URLS,
            parameters=st.tuples(
                *(
                    st.builds(WebhookParameter, st.just(name), st.sampled_from(sendable))
                    for name in names
                )
            ),
            include_sourcetrak=st.booleans(),
            transcription_url=st.just("") | URLS,
            secret=st.binary(min_size=24, max_size=64).map(
                lambda raw: "whsec_" + base64.b64encode(raw).decode()
            ),
        )
        | st.just(Webhook())
    )


@st.composite
def ivrs(draw, block_id, blocks, audio, destinations):
    numbers = draw(st.lists(st.integers(1, 2**31 - 1), unique=True, max_size=4))
    asked = tuple(draw(questions(number, numbers, blocks, audio)) for number in numbers)
    return draw(
        st.builds(
            Ivr,
            block_id=st.just(block_id),
            name=NAMES,
            questions=st.just(asked),
            language=st.sampled_from(["en-US", "de", "pt-BR"]),
            voice=LINES,
            webhook=webhooks(asked),
            next_step=destinations,
            backup_routing=st.none() | destinations,
        )
    )


HOURS = st.sampled_from(
    [
        (Hours(("mon", "tue", "wed", "thu", "fri"), time(9), time(17, 30)),),
        (Hours(("sun", "wed"), time(0), time(0)), Hours(("sat",), time(13, 5), time(14))),
        (),
    ]
)
DATES = st.dates(date(1970, 1, 1), date(2100, 1, 1))


@st.composite
def holidays(draw):
    first, last = sorted([draw(DATES), draw(DATES)])
    yearly = draw(st.booleans())
    if yearly and draw(st.booleans()):
        first, last = last, first
    return Holiday(draw(NAMES), first, draw(st.sampled_from([first, last])), yearly)


SCHEDULES = st.builds(
    Schedule,
    HOURS,
    st.lists(holidays(), max_size=2).map(tuple),
    st.sampled_from(["", "Europe/Berlin", "UTC"]),
)


@st.composite
def findmes(draw, block_id, kinds, audio, destinations):
    actions = {
        "voicemail": NextAction.VOICEMAIL,
        "receptionist": NextAction.RECEPTIONIST,
        "ivr": NextAction.IVR,
    }
    items = [(actions[kind], block) for block, kind in kinds.items() if kind in actions]
    action, item = draw(
        st.sampled_from(
            [
                (NextAction.SAY_NOBODY_AND_HANG_UP, None),
                (NextAction.ACCEPT_LAST_SCREENED, None),
                (NextAction.ACCEPT_LAST_UNSCREENED, None),
                *items,
            ]
        )
    )
    method = draw(st.sampled_from(ScreenMethod if audio else list(ScreenMethod)[:2]))
    sounds = st.sampled_from(["", *audio])
    return draw(
        st.builds(
            FindMe,
            block_id=st.just(block_id),
            name=NAMES,
            phones=st.lists(
                st.sampled_from(["2125550101", "desk", "204", "+49 (30) 1-2", "1-800-CALL"]),
                min_size=1,
                max_size=4,
            ).map(tuple),
            language=st.sampled_from(["en-US", "de"]),
            voice=LINES,
            simultaneous=st.integers(1, 1000),
            timeout=st.integers(20, 60),
            screen_method=st.just(method),
            whisper_phrase=NAMES,
            whisper_audio=st.just(audio[0] if audio else ""),
            screen_prompt=LINES,
            auto_accept=st.sampled_from(AutoAccept),
            dtmf_only=st.booleans(),
            record=st.booleans(),
            next_action=st.just(action),
            next_action_item=st.just(item),
            loops=st.integers(1, 5),
            distribution=st.sampled_from(Distribution),
            hold_music=sounds,
            hold_repeat=st.integers(0, 1000),
            ringing=st.booleans(),
            caller_id=st.sampled_from(ShownCallerId),
            schedule=SCHEDULES,
            closed=st.none() | destinations,
        )
    )


def menus(audio, destinations):
    failures = st.builds(Failure, st.integers(1, 20), prompts(audio), destinations)
    return st.builds(
        Menu,
        prompt=prompts(audio),
        keys=st.dictionaries(st.sampled_from("0123456789*#"), destinations, min_size=1),
        extensions=st.dictionaries(st.from_regex("[0-9]{2,10}", fullmatch=True), destinations),
        direct=st.booleans(),
        timeout=SECONDS,
        between=SECONDS,
        invalid=failures,
        no_input=failures,
    )


def receptionists(block_id, audio, destinations):
    elsewhere = st.none() | destinations | menus(audio, destinations)
    return st.builds(
        Receptionist,
        block_id=st.just(block_id),
        name=NAMES,
        greeting=prompts(audio),
        menu=menus(audio, destinations),
        voice=LINES,
        schedule=SCHEDULES,
        closed=elsewhere,
        holiday=elsewhere,
    )


def voicemails(block_id, audio):
    return st.builds(
        Voicemail,
        block_id=st.just(block_id),
        name=NAMES,
        greeting=prompts(audio),
        max_seconds=st.integers(1, 3600),
        silence=st.integers(0, 60),
        review=st.booleans(),
        email=st.lists(st.sampled_from(["a@example.com", "o'hara@bücher.example"])).map(tuple),
        attach=st.booleans(),
        envelope=st.booleans(),
        phones=st.lists(st.sampled_from(["desk", "lobby-2"])).map(tuple),
    )


def any_blocks(block_id, kinds, audio, destinations, others):
    """A block of the kind that was drawn for it; closed doors never lead back to themselves."""
    match kinds[block_id]:
        case "ivr":
            return ivrs(block_id, list(kinds), audio, destinations)
        case "findme":
            return findmes(block_id, kinds, audio, others)
        case "receptionist":
            return receptionists(block_id, audio, others)
        case _:
            return voicemails(block_id, audio)


@st.composite
def accounts(draw) -> Account:
    """Any account without a mistake."""
    blocks = draw(st.lists(st.integers(1, 2**31 - 1), unique=True, max_size=3))
    words = st.sampled_from(["ivr", "findme", "receptionist", "voicemail"])
    kinds = {block: draw(words) for block in blocks}
    audio = draw(st.lists(NAMES, unique=True, max_size=2))
    paths = st.sampled_from(["audio/welcome.wav", "a b.wav", "ü/yes.wav"])
    numbers = draw(
        st.lists(
            st.from_regex(r"\+?[0-9]{1,20}|[A-Za-z][A-Za-z0-9_-]{0,9}", fullmatch=True),
            unique=True,
            max_size=3,
        )
    )
    transfer = st.sampled_from([ToNumber("2125550123"), ToNumber("@agent"), ToNumber("desk")])
    boxes = [ToMailbox(block) for block, kind in kinds.items() if kind == "voicemail"]

    def leading_to(targets):
        places = [*map(ToBlock, targets), *boxes]
        return st.just(HangUp()) | transfer | st.sampled_from(places or [HangUp()])

    destinations = leading_to(blocks)
    return Account(
        numbers=tuple(PhoneNumber(number, draw(LINES), draw(destinations)) for number in numbers),
        blocks=tuple(
            draw(
                any_blocks(
                    block,
                    kinds,
                    audio,
                    destinations,
                    leading_to([other for other in blocks if other != block]),
                )
            )
            for block in blocks
        ),
        audio=tuple(AudioFile(name, draw(paths)) for name in audio),
    )
