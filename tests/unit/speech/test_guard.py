import asyncio

import pytest

from ivrserver.errors import SpeechError
from ivrserver.speech.engine import Unspeakable
from tests.unit.speech.stand_ins import FakeEngine, guarded

pytestmark = pytest.mark.looptime


def now() -> float:
    return asyncio.get_running_loop().time()


async def test_an_engine_that_failed_is_passed_over_at_once() -> None:
    engine = FakeEngine()
    guard = guarded(engine)
    engine.failure = SpeechError("broken")
    for _ in range(3):
        with pytest.raises(SpeechError, match="broken"):
            await guard.speak("text", "en", "")
    assert engine.asked == ["text"]


async def test_an_engine_that_hangs_is_given_up_and_then_passed_over() -> None:
    engine = FakeEngine()
    guard = guarded(engine, timeout=5)
    engine.takes = 1000
    began = now()
    for _ in range(3):
        with pytest.raises(SpeechError, match="did not answer within 5 s"):
            await guard.speak("text", "en", "")
    assert now() - began == pytest.approx(5)
    assert engine.cancelled == 1


async def test_a_long_text_is_given_more_time() -> None:
    engine = FakeEngine()
    engine.takes = 18
    assert await guarded(engine, timeout=5).speak("x" * 4000, "en", "")


async def test_after_the_pause_a_trial_in_the_background_brings_it_back() -> None:
    engine = FakeEngine()
    guard = guarded(engine, retry_after=60)
    engine.failure = SpeechError("broken")
    with pytest.raises(SpeechError):
        await guard.speak("text", "en", "")
    engine.failure, engine.takes = None, 3
    await asyncio.sleep(59)
    assert guard.left_alone()
    await asyncio.sleep(1)
    began = now()
    for _ in range(2):
        with pytest.raises(SpeechError, match="broken"):
            await guard.speak("text", "en", "")
    assert now() == began
    await asyncio.sleep(3.1)
    assert not guard.left_alone()
    assert await guard.speak("again", "en", "")
    assert engine.asked == ["text", "1", "again"]


async def test_a_trial_that_fails_begins_another_pause() -> None:
    engine = FakeEngine()
    guard = guarded(engine, retry_after=60)
    engine.failure = SpeechError("broken")
    with pytest.raises(SpeechError):
        await guard.speak("text", "en", "")
    for _ in range(170):
        await asyncio.sleep(1)
        guard.left_alone()
    assert engine.asked == ["text", "1", "1"]


async def test_no_more_texts_than_allowed_are_given_to_it_at_once() -> None:
    engine = FakeEngine()
    engine.takes = 1
    guard = guarded(engine, concurrency=3)
    await asyncio.gather(*(guard.speak(str(n), "en", "") for n in range(12)))
    assert engine.most_at_once == 3
    assert now() == pytest.approx(4)


async def test_who_waited_in_line_for_an_engine_that_fails_meanwhile_is_sent_on_at_once() -> None:
    engine = FakeEngine()
    engine.takes = 1000
    guard = guarded(engine, concurrency=1, timeout=5)
    speaking = [guard.speak(str(n), "en", "") for n in range(10)]
    results = await asyncio.gather(*speaking, return_exceptions=True)
    assert all(isinstance(result, SpeechError) for result in results)
    assert now() == pytest.approx(5)


async def test_a_text_it_cannot_say_does_not_count_against_it() -> None:
    engine = FakeEngine()
    guard = guarded(engine)
    engine.failure = Unspeakable("no letters")
    with pytest.raises(Unspeakable):
        await guard.speak("text", "en", "")
    assert not guard.left_alone()


async def test_a_caller_who_hangs_up_does_not_count_against_it() -> None:
    engine = FakeEngine()
    guard = guarded(engine)
    engine.takes = 3
    task = asyncio.create_task(guard.speak("text", "en", ""))
    await asyncio.sleep(1)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert engine.cancelled == 1
    assert not guard.left_alone()


async def test_an_exception_of_its_own_is_translated_and_says_nothing_of_the_text() -> None:
    engine = FakeEngine()
    engine.failure = ValueError("cannot say 4711")
    with pytest.raises(SpeechError) as caught:
        await guarded(engine).speak("4711", "en", "")
    assert str(caught.value) == "it failed with ValueError"


async def test_a_missing_engine_is_looked_for_again_after_the_pause() -> None:
    engine = FakeEngine()
    guard = guarded(engine, retry_after=60)
    engine.missing = "not installed"
    with pytest.raises(SpeechError, match="not installed"):
        await guard.info()
    engine.missing = ""
    with pytest.raises(SpeechError, match="not installed"):
        await guard.info()
    await asyncio.sleep(60)
    with pytest.raises(SpeechError, match="not installed"):
        await guard.info()
    await asyncio.sleep(0.1)
    assert (await guard.info()).version == "1"


async def test_closing_ends_a_trial() -> None:
    engine = FakeEngine()
    guard = guarded(engine)
    engine.failure = SpeechError("broken")
    with pytest.raises(SpeechError):
        await guard.speak("text", "en", "")
    engine.takes = 1000
    await asyncio.sleep(60)
    assert guard.left_alone()
    await asyncio.sleep(1)
    await guard.close()
    assert engine.cancelled == 1
    assert engine.closed
