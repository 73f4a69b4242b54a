"""A channel's waits all end, also when Asterisk never says another word. Virtual time."""

from __future__ import annotations

import asyncio

import pytest

from ivrserver.errors import AriRefused, AriUnavailable, ChannelGone, MediaFailed
from ivrserver.flow.ports import KeyPressed, PlaybackEnded, RecordingOrder, Sound
from ivrserver.telephony.causes import UNSEEN
from ivrserver.telephony.channel import AriChannel
from ivrserver.telephony.patience import PATIENCE_SECONDS
from ivrserver.telephony.playback import MARGIN
from ivrserver.telephony.recording import measure
from ivrserver.telephony.router import Router
from tests.unit.telephony.fake_ari import FakeAri, wav

pytestmark = pytest.mark.looptime

PROMPT = [Sound("sound:/prompt", 2.0)]


class Line:
    """A channel between a client and a router that the test plays."""

    def __init__(self) -> None:
        self.ari, self.router = FakeAri(), Router()
        self.channel = AriChannel(self.ari, self.router, "c1", up=False)

    def tell(self, kind: str, **details: object) -> None:
        self.router.dispatch({"type": kind, "channel": {"id": "c1"}, **details})

    def press(self, keys: str) -> None:
        for key in keys:
            self.tell("ChannelDtmfReceived", digit=key)

    def finish(self, playback_id: str, state: str = "done") -> None:
        self.tell("PlaybackFinished", playback={"id": playback_id, "state": state})

    def recorded(self, kind: str = "RecordingFinished", **details: object) -> None:
        self.tell(kind, recording={"name": "take", **details})


@pytest.fixture
async def line() -> Line:
    return Line()


def now() -> float:
    return asyncio.get_running_loop().time()


def order(silence: int = 0, terminator: str = "#", *, beep: bool = False) -> RecordingOrder:
    return RecordingOrder(
        name="take", max_seconds=30, silence=silence, beep=beep, terminator=terminator
    )


async def test_a_playback_whose_end_never_comes_is_given_up(line: Line) -> None:
    playback = await line.channel.play(PROMPT)
    ended = await line.channel.next_event()
    assert isinstance(ended, PlaybackEnded)
    assert (ended.playback_id, now()) == (playback, 2 + MARGIN)
    assert "no end" in ended.error


async def test_what_was_given_up_is_still_stopped_before_the_next_command(line: Line) -> None:
    await line.channel.play(PROMPT)
    await line.channel.next_event()
    line.ari.known = False
    await line.channel.play(PROMPT)
    assert line.ari.asked[-2:] == ["stop_playback", "play sound:/prompt"]


async def test_what_an_asterisk_played_that_died_is_not_over_but_its_party_has_left(
    line: Line,
) -> None:
    await line.channel.play(PROMPT)
    line.ari.errors["has_channel"] = [AriUnavailable("no connection")] * 20
    line.ari.known = line.ari.present = False
    with pytest.raises(ChannelGone):
        await line.channel.next_event()
    assert line.channel.gone.result() == UNSEEN


async def test_an_asterisk_that_stays_away_is_waited_for_and_then_given_up(line: Line) -> None:
    await line.channel.play(PROMPT)
    line.ari.errors["has_channel"] = [AriUnavailable("no connection")] * 200
    with pytest.raises(ChannelGone):
        await line.channel.next_event()
    assert line.channel.gone.result() == UNSEEN
    assert now() == pytest.approx(2 + MARGIN + PATIENCE_SECONDS, abs=0.2)


async def test_a_channel_that_cannot_be_hung_up_is_tried_again_and_then_nobodys(
    line: Line,
) -> None:
    line.ari.errors["hang_up"] = [AriUnavailable("no connection")]
    await line.channel.hang_up()
    assert (len(line.ari.asked), line.channel.gone.result().cause) == (2, 16)
    other = Line()
    other.ari.errors["hang_up"] = [AriUnavailable("no connection")] * 50
    await other.channel.hang_up()
    assert other.channel.gone.result() == UNSEEN
    assert now() == pytest.approx(1.2, abs=0.21)


async def test_a_channel_that_others_have_now_is_not_hung_up(line: Line) -> None:
    line.channel.handed_over = True
    await line.channel.hang_up()
    assert line.ari.asked == []
    assert not line.channel.gone.done()


async def test_after_a_break_a_party_who_is_not_there_any_more_has_left(line: Line) -> None:
    await line.channel.play(PROMPT)
    line.ari.known = line.ari.present = False
    await line.channel.resync()
    assert line.channel.gone.result() == UNSEEN
    with pytest.raises(ChannelGone):
        await line.channel.next_event()


async def test_after_a_break_a_playback_whose_end_was_missed_is_over(line: Line) -> None:
    playback = await line.channel.play(PROMPT)
    line.ari.known = False
    await line.channel.resync()
    assert await line.channel.next_event() == PlaybackEnded(playback, "")


async def test_after_a_break_a_recording_of_a_dead_asterisk_is_hung_up(line: Line) -> None:
    recording = await line.channel.record(order(silence=5))
    line.ari.known = line.ari.present = False
    await line.channel.resync()
    line.recorded()
    assert (await recording.ended()).ended_by == "hangup"


async def test_stopping_waits_for_asterisk_but_not_for_ever(line: Line) -> None:
    playback = await line.channel.play(PROMPT)
    asyncio.get_running_loop().call_later(0.02, line.finish, playback)
    await line.channel.stop()
    assert now() == pytest.approx(0.02)
    await line.channel.play(PROMPT)
    await line.channel.stop()
    assert now() == pytest.approx(0.02 + MARGIN)


async def test_a_command_waits_until_the_one_before_it_is_done(line: Line) -> None:
    playback = await line.channel.play(PROMPT)
    second = asyncio.create_task(line.channel.play([Sound("sound:/second", 1)]))
    third = asyncio.create_task(line.channel.answer())
    await asyncio.sleep(0.1)
    assert line.ari.asked == ["play sound:/prompt", "stop_playback"]
    line.finish(playback)
    line.finish(await second)
    await third
    assert line.ari.asked[2:4] == ["play sound:/second", "stop_playback"]


async def test_hanging_up_overtakes_waiting_commands(line: Line) -> None:
    await line.channel.play(PROMPT)
    stopping = asyncio.create_task(line.channel.stop())
    await asyncio.sleep(0.1)
    await line.channel.hang_up()
    assert now() == pytest.approx(0.1)
    await stopping
    assert now() == pytest.approx(0.1)


async def test_a_cancelled_play_is_ended_by_the_next_command(line: Line) -> None:
    line.ari.known = False
    line.ari.slow = True
    playing = asyncio.create_task(line.channel.play(PROMPT))
    await asyncio.sleep(0.1)
    playing.cancel()
    await asyncio.wait({playing})
    await line.channel.stop()
    assert line.ari.asked == ["stop_playback"]


async def test_what_asterisk_refuses_to_play_has_ended_with_that_error(line: Line) -> None:
    line.ari.errors["play"] = [AriRefused("no such format", 500)]
    playback = await line.channel.play(PROMPT)
    assert await line.channel.next_event() == PlaybackEnded(playback, "no such format")


async def test_a_play_that_got_lost_is_asked_for_again(line: Line) -> None:
    line.ari.errors["play"] = [AriUnavailable("the connection broke")]
    line.ari.known = False
    await line.channel.play(PROMPT)
    assert line.ari.asked == ["play sound:/prompt", "is_playing", "play sound:/prompt"]


async def test_a_play_that_arrived_is_not_asked_for_again(line: Line) -> None:
    line.ari.errors["play"] = [AriUnavailable("the connection broke")]
    await line.channel.play(PROMPT)
    assert line.ari.asked == ["play sound:/prompt", "is_playing"]


async def test_a_reader_is_woken_when_the_party_leaves(line: Line) -> None:
    reading = asyncio.create_task(line.channel.next_event())
    await asyncio.sleep(0.1)
    line.tell("StasisEnd")
    with pytest.raises(ChannelGone):
        await reading


async def test_asterisk_saying_that_the_channel_is_gone_is_believed(line: Line) -> None:
    line.ari.errors["answer"] = [ChannelGone("not found")]
    with pytest.raises(ChannelGone):
        await line.channel.answer()
    assert line.channel.gone.done()


async def test_a_leg_tells_why_it_left(line: Line) -> None:
    leg = AriChannel(line.ari, line.router, "c1", up=True, created=True)
    line.tell("StasisEnd")
    line.tell("ChannelDestroyed", cause=17, cause_txt="User busy")
    assert (leg.gone.result().cause, leg.gone.result().text) == (17, "User busy")


async def test_a_leg_whose_cause_never_comes_has_left_all_the_same(line: Line) -> None:
    leg = AriChannel(line.ari, line.router, "c1", up=True, created=True)
    line.tell("StasisEnd")
    await asyncio.sleep(2)
    assert leg.gone.done()


async def test_keys_that_nobody_reads_do_not_pile_up(line: Line) -> None:
    line.press("1" * 5000)
    until = now()
    count = 0
    while await line.channel.next_event(until) is not None:
        count += 1
    assert count == 256


async def test_the_line_is_quiet_before_hold_music(line: Line) -> None:
    playback = await line.channel.play(PROMPT)
    holding = asyncio.create_task(line.channel.start_hold())
    await asyncio.sleep(0)
    line.finish(playback)
    await holding
    await line.channel.play(PROMPT)
    assert line.ari.asked[1:] == ["stop_playback", "start_hold", "stop_hold", "play sound:/prompt"]


async def test_a_recording_without_any_packets_ends_after_its_silence(line: Line) -> None:
    line.ari.packets = [100, 350, 350]
    recording = await line.channel.record(order(silence=5))
    asyncio.get_running_loop().call_later(10.01, line.recorded)
    audio = await recording.ended()
    assert audio.ended_by == "silence"
    assert now() == pytest.approx(10, abs=0.1)
    assert "stop_recording" in line.ari.asked


async def test_a_recording_that_asterisk_does_not_end_ends_at_its_limit(line: Line) -> None:
    recording = await line.channel.record(order())
    line.recorded("RecordingStarted")
    asyncio.get_running_loop().call_later(30.2, line.recorded)
    assert (await recording.ended()).ended_by == "limit"


async def test_a_recording_that_is_never_closed_has_failed(line: Line) -> None:
    recording = await line.channel.record(order())
    with pytest.raises(MediaFailed, match="did not close"):
        await recording.ended()
    with pytest.raises(MediaFailed):
        await recording.ended()


async def test_a_recording_that_asterisk_could_not_make_has_failed(line: Line) -> None:
    recording = await line.channel.record(order())
    line.recorded("RecordingFailed", cause="disk full")
    with pytest.raises(MediaFailed, match="disk full"):
        await recording.ended()


async def test_a_recording_that_was_not_saved_has_failed(line: Line) -> None:
    line.ari.errors["recording_file"] = [AriRefused("not found", 404)]
    recording = await line.channel.record(order())
    line.recorded()
    with pytest.raises(MediaFailed, match="not saved"):
        await recording.ended()


async def test_a_recording_that_is_refused_leaves_the_channel_usable(line: Line) -> None:
    line.ari.errors["record"] = [AriRefused("in progress", 409)]
    with pytest.raises(MediaFailed, match="in progress"):
        await line.channel.record(order())
    await line.channel.play(PROMPT)


async def test_a_recording_ends_silent_hung_up_or_by_key(line: Line) -> None:
    recording = await line.channel.record(order(silence=3))
    await asyncio.sleep(4)
    line.recorded()
    assert (await recording.ended()).ended_by == "silence"
    recording = await line.channel.record(order(silence=3))
    line.recorded()
    asyncio.get_running_loop().call_later(0.05, line.tell, "StasisEnd")
    assert (await recording.ended()).ended_by == "hangup"


@pytest.mark.parametrize("silence", [0, 1, 3])
async def test_a_recording_that_ends_in_the_middle_of_talk_is_none(
    line: Line, silence: int
) -> None:
    line.ari.file = wav(2.5, 3000)
    recording = await line.channel.record(order(silence))
    await asyncio.sleep(2.5)
    line.recorded()
    with pytest.raises(MediaFailed, match=r"stopped after 2\.5 s of it: is its disk full"):
        await recording.ended()
    assert line.ari.asked[-1] == "delete_recording take"


async def test_a_caller_who_hangs_up_in_the_middle_of_talk_has_a_recording(line: Line) -> None:
    line.ari.file = wav(2.5, 3000)
    recording = await line.channel.record(order(silence=3))
    line.recorded()
    line.tell("StasisEnd")
    assert (await recording.ended()).ended_by == "hangup"


async def test_the_second_terminator_is_a_key_again(line: Line) -> None:
    recording = await line.channel.record(order())
    line.press("5##")
    line.recorded()
    assert (await recording.ended()).ended_by == "key"
    line.press("1")
    keys = ""
    while isinstance(event := await line.channel.next_event(now()), KeyPressed):
        keys += event.key
    assert keys == "5#1"


async def test_what_is_measured_is_the_file(line: Line) -> None:
    line.ari.file = wav(1.5, 0) + wav(0, 0)
    recording = await line.channel.record(order())
    await asyncio.sleep(4)
    line.press("#")
    line.recorded(duration=4, talking_duration=2)
    audio = await recording.ended()
    assert (audio.seconds, audio.talking) == (1.5, 0)


def test_talk_is_what_is_louder_than_silence() -> None:
    assert measure(wav(1, 3000)) == (1, 1)
    assert measure(wav(1, 200)) == (1, 0)
    assert measure(wav(0)) == (0, 0)


async def test_a_recording_of_another_asterisk_is_played_from_elsewhere(line: Line) -> None:
    async def replay(name: str) -> str:
        return f"sound:/replays/{name}" if name == "there" else ""

    line.ari.known, line.ari.elsewhere = False, replay
    await line.channel.play([*PROMPT, Sound("recording:there", 3.0)])
    assert line.ari.asked[-1] == "play sound:/prompt sound:/replays/there"
    playback = await line.channel.play([Sound("recording:nowhere", 3.0)])
    assert await line.channel.next_event() == PlaybackEnded(
        playback, "there is no recording nowhere"
    )


async def test_a_recording_that_this_asterisk_has_is_played_as_it_is(line: Line) -> None:
    await line.channel.play([Sound("recording:here", 3.0)])
    assert line.ari.asked[-1] == "play recording:here"
