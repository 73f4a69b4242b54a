import os
import resource
import signal
import subprocess
import sys
import time
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ivrserver.errors import SetupError, SpeechError
from ivrserver.speech.store import FILE_NAME, Store, key_of
from tests.unit.speech.stand_ins import Hand

PROMPT = (np.arange(8000) % 2000).astype(np.int16)
KEY = key_of("a prompt")


def test_what_was_saved_is_loaded_after_a_restart(tmp_path: Path) -> None:
    assert Store(tmp_path, 8000).save(KEY, PROMPT) == 1.0
    assert Store(tmp_path, 8000).load(KEY) == 1.0


@pytest.mark.parametrize(("rate", "suffix"), [(8000, ".wav"), (16000, ".wav16")])
def test_a_prompt_is_a_wav_file_that_anything_can_play(
    tmp_path: Path, rate: int, suffix: str
) -> None:
    store = Store(tmp_path, rate)
    store.save(KEY, PROMPT)
    path = store.path_of(KEY)
    assert path.suffix == suffix
    assert FILE_NAME.fullmatch(path.name)
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (rate, 1, 2)
        assert file.readframes(file.getnframes()) == PROMPT.tobytes()
    samples, given = soundfile.read(path, dtype="int16")
    assert given == rate
    assert np.array_equal(samples, PROMPT)


def test_keys_differ_whenever_a_part_does() -> None:
    assert len({key_of("a", "b"), key_of("ab"), key_of("a", "b", ""), key_of("b", "a")}) == 4


@pytest.mark.parametrize("length", [0, 10, 44, 60, 8000, 16044, 16060])
def test_a_truncated_file_is_noticed(tmp_path: Path, length: int) -> None:
    store = Store(tmp_path, 8000)
    store.save(KEY, PROMPT)
    os.truncate(store.path_of(KEY), length)
    assert store.load(KEY) is None


@pytest.mark.parametrize("place", [5, 30, 44, 5000, -1])
def test_a_damaged_byte_is_noticed(tmp_path: Path, place: int) -> None:
    store = Store(tmp_path, 8000)
    store.save(KEY, PROMPT)
    data = bytearray(store.path_of(KEY).read_bytes())
    data[place] ^= 1
    store.path_of(KEY).write_bytes(data)
    assert store.load(KEY) is None
    store.save(KEY, PROMPT)
    assert store.load(KEY) == 1.0


def test_a_deleted_file_is_noticed_within_a_second(tmp_path: Path) -> None:
    clock = Hand()
    store = Store(tmp_path, 8000, clock)
    store.remember(KEY, store.save(KEY, PROMPT))
    assert store.recall(KEY) == 1.0
    store.path_of(KEY).unlink()
    clock.now = 1.0
    assert store.recall(KEY) is None
    assert store.recall(KEY) is None


def test_a_file_that_is_still_there_stays_remembered(tmp_path: Path) -> None:
    clock = Hand()
    store = Store(tmp_path, 8000, clock)
    store.remember(KEY, store.save(KEY, PROMPT))
    for clock.now in range(10):
        assert store.recall(KEY) == 1.0


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Let writing stop in the middle, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)


def test_a_full_disk_is_a_clear_error_and_leaves_no_half_file(tmp_path: Path) -> None:
    store = Store(tmp_path, 8000)
    with (
        files_of_at_most(5000),
        pytest.raises(SpeechError, match=f"cannot write to the folder of prompts {tmp_path}"),
    ):
        store.save(KEY, PROMPT)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SetupError, match=r"file/prompts"):
        Store(tmp_path / "file" / "prompts", 8000)


def test_a_folder_that_somebody_deleted_is_made_again(tmp_path: Path) -> None:
    store = Store(tmp_path / "prompts", 8000)
    (tmp_path / "prompts").rmdir()
    store.save(KEY, PROMPT)
    assert store.load(KEY) == 1.0


def test_what_a_dead_process_left_is_swept_and_what_a_live_one_writes_is_not(
    tmp_path: Path,
) -> None:
    for name, age in ((".making-old", 7200), (".making-new", 10)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (time.time() - age,) * 2)
    Store(tmp_path, 8000)
    assert [path.name for path in tmp_path.iterdir()] == [".making-new"]


WRITER = """
import sys
from pathlib import Path
import numpy as np
from ivrserver.speech.store import Store, key_of
store = Store(Path(sys.argv[1]), 8000)
keys = [key_of(n) for n in range(5)]
for turn in range(200):
    for n, key in enumerate(keys):
        seconds = store.load(key)
        if seconds is not None and seconds != n + 1:
            sys.exit(f"half a file of {key}: {seconds}")
        if seconds is None or turn % 3 == 0:
            store.save(key, np.full(8000 * (n + 1), n + 1, dtype=np.int16))
        if store.load(key) is None:
            sys.exit(f"a damaged file of {key}")
"""


def test_two_processes_write_the_same_prompts_and_never_see_half_of_one(tmp_path: Path) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    for writer in writers:
        _, complaint = writer.communicate(timeout=60)
        assert writer.returncode == 0, complaint.decode()
    assert len(list(tmp_path.iterdir())) == 5
