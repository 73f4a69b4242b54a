"""The ears of the telephony tests can fail: damage of every kind is noticed."""

from __future__ import annotations

import numpy as np
import pytest

from ivrserver.demo.listening import (
    RATE,
    Sound,
    contains_whole,
    find,
    silence_from,
    trimmed,
)

LEAD = 1.3


def speech(seconds: float, seed: int) -> Sound:
    """Something like speech: syllables of changing tones, with short gaps."""
    random = np.random.default_rng(seed)
    parts = []
    while sum(map(len, parts)) < seconds * RATE:
        time = np.arange(int(RATE * random.uniform(0.1, 0.25))) / RATE
        tones = sum(np.sin(2 * np.pi * random.uniform(150, 3000) * time) for _ in range(4))
        parts += [0.1 * np.hanning(len(time)) * tones, np.zeros(int(RATE * 0.03))]
    return np.concatenate(parts)[: int(seconds * RATE)]


def through_g711(sound: Sound) -> Sound:
    """Quantise as mu-law does: 8 bits, logarithmic."""
    mu = 255
    squeezed = np.sign(sound) * np.log1p(mu * np.abs(sound)) / np.log1p(mu)
    coarse = np.round(squeezed * 127) / 127
    return np.sign(coarse) * np.expm1(np.abs(coarse) * np.log1p(mu)) / mu


def on_the_phone(prompt: Sound, level: float = 1.0) -> Sound:
    lead, tail = np.zeros(int(LEAD * RATE)), np.zeros(RATE)
    return through_g711(level * np.concatenate([lead, prompt, tail]))


PROMPT = speech(4.0, seed=1)
OTHER = speech(4.0, seed=2)


def test_a_prompt_is_found_where_it_was_said() -> None:
    found = find(on_the_phone(PROMPT), PROMPT)
    assert found.offset == pytest.approx(LEAD, abs=0.001)
    assert found.correlation > 0.98


@pytest.mark.parametrize("level", [0.1, 0.5, 2.0])
def test_level_does_not_matter(level: float) -> None:
    assert contains_whole(on_the_phone(PROMPT, level), PROMPT)


def test_leading_silence_of_the_prompt_does_not_matter() -> None:
    padded = np.concatenate([np.zeros(RATE // 2), PROMPT, np.zeros(RATE // 2)])
    whole = contains_whole(on_the_phone(PROMPT), padded)
    assert whole
    assert len(trimmed(padded)) <= len(PROMPT) + 320


def test_a_little_noise_is_forgiven() -> None:
    heard = on_the_phone(PROMPT)
    noise = np.random.default_rng(3).normal(0, 0.004, len(heard))
    assert contains_whole(heard + noise, PROMPT)


def test_loud_noise_is_noticed() -> None:
    heard = on_the_phone(PROMPT)
    noise = np.random.default_rng(3).normal(0, 0.2, len(heard))
    assert not contains_whole(heard + noise, PROMPT)


def test_another_prompt_is_not_taken_for_this_one() -> None:
    whole = contains_whole(on_the_phone(OTHER), PROMPT)
    assert not whole
    assert whole.reason.startswith("not heard")


def test_silence_contains_no_prompt() -> None:
    assert not contains_whole(np.zeros(10 * RATE), PROMPT)


def test_a_recording_shorter_than_the_prompt_does_not_contain_it() -> None:
    assert not contains_whole(PROMPT[:RATE], PROMPT)


@pytest.mark.parametrize("lost", [0.06, 0.1, 0.3])
def test_a_clipped_start_is_noticed(lost: float) -> None:
    heard = on_the_phone(PROMPT)
    begin = int(LEAD * RATE)
    heard[begin : begin + int(lost * RATE)] = 0
    assert " 0.0" in contains_whole(heard, PROMPT).reason


@pytest.mark.parametrize("lost", [0.1, 0.3])
def test_a_clipped_end_is_noticed(lost: float) -> None:
    heard = on_the_phone(PROMPT)
    end = int(LEAD * RATE) + len(PROMPT)
    heard[end - int(lost * RATE) : end] = 0
    assert not contains_whole(heard, PROMPT)


def test_a_missing_middle_is_noticed() -> None:
    heard = on_the_phone(PROMPT)
    middle = int((LEAD + 2) * RATE)
    heard[middle : middle + RATE // 5] = 0
    assert "damaged at" in contains_whole(heard, PROMPT).reason


def test_a_middle_cut_out_is_noticed() -> None:
    heard = on_the_phone(PROMPT)
    middle = int((LEAD + 2) * RATE)
    heard = np.concatenate([heard[:middle], heard[middle + RATE // 10 :]])
    assert not contains_whole(heard, PROMPT)


def test_frames_put_into_the_middle_are_noticed() -> None:
    heard = on_the_phone(PROMPT)
    middle = int((LEAD + 2) * RATE)
    heard = np.concatenate([heard[:middle], np.zeros(RATE // 10), heard[middle:]])
    assert not contains_whole(heard, PROMPT)


def test_a_silent_prompt_cannot_be_looked_for() -> None:
    with pytest.raises(ValueError, match="silent"):
        contains_whole(on_the_phone(PROMPT), np.zeros(RATE))


def test_silence_is_told_from_sound() -> None:
    heard = on_the_phone(PROMPT)
    assert silence_from(heard, 0, LEAD - 0.02)
    assert not silence_from(heard, 0)
    assert silence_from(heard, LEAD + 4.05)


def test_nothing_to_listen_to_is_not_silence() -> None:
    assert not silence_from(np.zeros(RATE), 2.0)
