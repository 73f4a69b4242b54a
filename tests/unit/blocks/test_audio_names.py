"""Names of the audio library are found as people write them."""

from __future__ import annotations

import pytest

from ivrserver.blocks.audio_names import find_audio


@pytest.mark.parametrize(
    ("names", "wanted", "found"),
    [
        (["a.wav", "b.wav"], "b.wav", "b.wav"),
        (["A.WAV", "a.wav"], "a.wav", "a.wav"),
        (["Custom Whisper.mp3"], " custom whisper.MP3 ", "Custom Whisper.mp3"),
        (["whisper.ogg"], "whisper", "whisper.ogg"),
        (["whisper"], "Whisper.wav", "whisper"),
        (["whisper.flac"], "whisper.wav", "whisper.flac"),
        (["whisper.flac", "whisper.wav"], "whisper.WAV", "whisper.wav"),
        (["v1.2"], "v1.3", ""),
        (["a"], "b", ""),
        ([".wav"], "", ""),
        ([], "a", ""),
    ],
)
def test_the_closest_name_is_found(names: list[str], wanted: str, found: str) -> None:
    assert find_audio(names, wanted) == found
