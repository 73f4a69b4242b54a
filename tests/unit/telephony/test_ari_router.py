"""Events reach exactly the listener that they concern."""

from __future__ import annotations

from typing import Any

from structlog.testing import capture_logs

from ivrserver.telephony.router import UNHEARD, Event, Router


def playback_finished(playback_id: str) -> dict[str, Any]:
    return {"type": "PlaybackFinished", "playback": {"id": playback_id}}


def test_an_event_wakes_only_the_listener_of_its_subject() -> None:
    router, one, two = Router(), list[Event](), list[Event]()
    router.listen("play-1", one.append)
    router.listen("play-2", two.append)
    router.dispatch(playback_finished("play-2"))
    assert (one, two) == ([], [playback_finished("play-2")])


def test_subjects_are_found_by_channel_playback_and_recording() -> None:
    router, heard = Router(), list[str]()
    for subject in ("channel", "play", "take", "leg"):
        router.listen(subject, lambda event: heard.append(event["type"]))
    router.dispatch({"type": "ChannelDtmfReceived", "channel": {"id": "channel"}, "digit": "1"})
    router.dispatch(playback_finished("play"))
    router.dispatch({"type": "RecordingFinished", "recording": {"name": "take"}})
    router.dispatch({"type": "Dial", "peer": {"id": "leg"}, "dialstatus": "ANSWER"})
    assert heard == ["ChannelDtmfReceived", "PlaybackFinished", "RecordingFinished", "Dial"]


def test_events_of_unknown_subjects_and_types_are_dropped() -> None:
    router = Router()
    router.dispatch(playback_finished("nobody's"))
    router.dispatch({"type": "BrandNew"})
    router.dispatch({})


def test_a_new_channel_goes_to_whoever_takes_those() -> None:
    router, new, known = Router(), list[Event](), list[Event]()
    router.otherwise("StasisStart", new.append)
    router.listen("leg-1", known.append)
    for channel in ("leg-1", "caller-1"):
        router.dispatch({"type": "StasisStart", "channel": {"id": channel}})
    assert [event["channel"]["id"] for event in new] == ["caller-1"]
    assert [event["channel"]["id"] for event in known] == ["leg-1"]


def test_a_forgotten_subject_is_not_heard() -> None:
    router, heard = Router(), list[Event]()
    router.listen("play-1", heard.append)
    router.forget("play-1")
    router.forget("never-known")
    router.dispatch(playback_finished("play-1"))
    assert heard == []


def test_a_failing_listener_harms_nobody_and_its_words_are_not_logged() -> None:
    router, heard = Router(), list[Event]()

    def fail(event: Event) -> None:
        raise ValueError(event["digit"])

    router.listen("caller", fail)
    router.listen("play-1", heard.append)
    with capture_logs() as logs:
        router.dispatch({"type": "ChannelDtmfReceived", "channel": {"id": "caller"}, "digit": "42"})
        router.dispatch(playback_finished("play-1"))
        router.dispatch({"type": "PlaybackFinished"})
    assert len(heard) == 1
    assert [entry["error"] for entry in logs] == ["ValueError", "KeyError"]
    assert "42" not in str(logs)


def test_replies_are_never_filtered_out() -> None:
    assert "RESTResponse" not in UNHEARD
