"""Files go into the audio library whole or not at all, and leave it when nobody needs them."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import numpy
import pytest
import soundfile

from ivrserver.blocks import (
    Account,
    FindMe,
    Ivr,
    Menu,
    Message,
    Prompt,
    Receptionist,
    ScreenMethod,
    ToBlock,
    Voicemail,
)
from ivrserver.blocks.model import AudioFile
from ivrserver.config import AudioSettings
from ivrserver.errors import (
    AudioInUse,
    AudioRefused,
    AudioTooLarge,
    AudioUnknown,
    FlowFileError,
    StorageError,
)
from ivrserver.storage import (
    Accounts,
    AudioLibrary,
    LibrarySound,
    Revisions,
    database,
    migrate,
    read_flow_files,
    write_flow_file,
)
from tests.unit.storage.records import settings

SMALL = AudioSettings(max_files=3, max_bytes=200_000, max_seconds=10, max_name=20)
KINDS = {
    "wav": ("WAV", "PCM_16"),
    "mp3": ("MP3", None),
    "ogg": ("OGG", None),
    "flac": ("FLAC", None),
}


def sound(path: Path, seconds: float = 1.0, rate: int = 8000, channels: int = 1) -> Path:
    """A file of the kind that its suffix names."""
    kind, subtype = KINDS[path.suffix[1:]]
    path.parent.mkdir(parents=True, exist_ok=True)
    wave = 0.3 * numpy.sin(numpy.arange(int(rate * seconds)) * 2 * numpy.pi * 440 / rate)
    frames = numpy.repeat(wave[:, None], channels, axis=1).astype(numpy.float32)
    soundfile.write(path, frames, rate, format=kind, subtype=subtype)
    return path


@pytest.fixture
async def shelf(tmp_path: Path) -> AsyncIterator[tuple[AudioLibrary, Accounts, Path]]:
    """A library with small limits, the account around it, and its folder."""
    folder = tmp_path / "library"
    async with database(settings(f"sqlite:///{tmp_path / 'x.db'}")) as engine:
        await migrate(engine)
        yield AudioLibrary(engine, folder, SMALL), Accounts(engine, folder, SMALL), folder


async def in_chunks(data: bytes, size: int = 1000) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*")) if folder.exists() else []


@pytest.mark.parametrize("kind", KINDS)
async def test_every_kind_of_sound_file_is_taken(shelf, tmp_path: Path, kind: str) -> None:
    library, accounts, _folder = shelf
    file = sound(tmp_path / f"hello.{kind}", 2.0, rate=22050, channels=2)
    changes = await library.add({"hello": file})
    assert changes.added == ("audio hello",)
    ((name, kept),) = (await accounts.audio_files()).items()
    assert (name, kept.suffix, kept.read_bytes()) == ("hello", f".{kind}", file.read_bytes())
    (entry,) = await library.sounds()
    assert (entry.name, round(entry.seconds, 1), entry.used_by) == ("hello", 2.0, ())
    assert entry.size == file.stat().st_size


async def test_a_new_file_of_an_old_name_takes_its_place_and_keeps_the_old_one_for_live_calls(
    shelf, tmp_path: Path
) -> None:
    library, _accounts, folder = shelf
    await library.add({"a": sound(tmp_path / "a.wav", 1)})
    changes = await library.add({"a": sound(tmp_path / "a.flac", 2)})
    assert (changes.changed, changes.added) == (("audio a",), ())
    assert len(left_in(folder)) == 2
    assert (await library.add({"a": tmp_path / "a.flac"})).changed == ()


async def test_of_several_files_all_go_in_or_none(shelf, tmp_path: Path) -> None:
    library, _accounts, folder = shelf
    broken = tmp_path / "broken.wav"
    broken.write_text("no sound")
    files = {"a": sound(tmp_path / "a.wav"), "b": broken, "c": tmp_path / "none.wav"}
    with pytest.raises(AudioRefused) as caught:
        await library.add(files)
    assert str(caught.value).split("\n") == [
        f"{broken}: audio b: is no audio file; use WAV, MP3, OGG or FLAC",
        f"{tmp_path / 'none.wav'}: audio c: cannot be read (No such file or directory)",
    ]
    assert await library.sounds() == []
    assert left_in(folder) == []


async def test_limits_are_named_with_their_setting(shelf, tmp_path: Path) -> None:
    library, _, _folder = shelf
    refused = {
        "a" * 21: (sound(tmp_path / "1.wav"), r"21 characters; at most 20 .*audio\.max_name"),
        "long": (sound(tmp_path / "2.flac", 10.1), r"longer than 10 seconds \(audio\.max_seconds"),
        "large": (sound(tmp_path / "3.wav", 9, 16000), r"has 288,044 bytes; .*audio\.max_bytes"),
    }
    for name, (file, advice) in refused.items():
        with pytest.raises(AudioTooLarge, match=advice):
            await library.add({name: file})
    await library.add({str(n): sound(tmp_path / f"{n}.wav") for n in range(3)})
    with pytest.raises(AudioTooLarge, match=r"would have 4 files; at most 3 .*audio\.max_files"):
        await library.add({"4": sound(tmp_path / "4.wav")})
    await library.add({"2": sound(tmp_path / "4.wav", 2)})
    assert len(await library.sounds()) == 3


@pytest.mark.parametrize("name", ["", " a", "a ", ".", "..", "a/b", "a\\b", "a\nb", "a\0b"])
async def test_names_that_could_do_harm_are_refused(shelf, tmp_path: Path, name: str) -> None:
    library, _, _ = shelf
    with pytest.raises(AudioRefused, match="a name must not"):
        await library.add({name: sound(tmp_path / "a.wav")})
    with pytest.raises(AudioRefused, match="a name must not"):
        await library.upload(name, in_chunks(b""))


async def test_other_formats_empty_files_and_many_channels_are_refused(
    shelf, tmp_path: Path
) -> None:
    library, _, _ = shelf
    soundfile.write(tmp_path / "a.aiff", numpy.zeros(800), 8000)
    with pytest.raises(AudioRefused, match="is AIFF; use WAV, MP3, OGG or FLAC"):
        await library.add({"a": tmp_path / "a.aiff"})
    with pytest.raises(AudioRefused, match="is empty; record it again"):
        await library.add({"a": sound(tmp_path / "a.wav", 0)})
    with pytest.raises(AudioRefused, match="has 9 channels; mix it"):
        await library.add({"a": sound(tmp_path / "a.wav", 0.1, channels=9)})


async def test_a_file_that_was_cut_off_is_not_taken_for_whole(shelf, tmp_path: Path) -> None:
    library, _, folder = shelf
    whole = sound(tmp_path / "a.flac", 5).read_bytes()
    (tmp_path / "a.flac").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(AudioRefused):
        await library.add({"a": tmp_path / "a.flac"})
    assert left_in(folder) == []


async def test_an_upload_arrives_byte_for_byte(shelf, tmp_path: Path) -> None:
    library, accounts, folder = shelf
    data = sound(tmp_path / "a.ogg", 3).read_bytes()
    entry = await library.upload("Größe 1", in_chunks(data))
    assert entry == LibrarySound("Größe 1", 3.0, len(data))
    assert (await accounts.audio_files())["Größe 1"].read_bytes() == data
    assert len(left_in(folder)) == 1, "nothing unfinished is left"


async def test_an_upload_that_is_too_large_is_not_read_to_its_end(shelf) -> None:
    library, _, folder = shelf
    given = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal given
        while True:
            given += 1
            yield bytes(10_000)

    with pytest.raises(AudioTooLarge, match=r"more than 200,000 bytes \(audio\.max_bytes\)"):
        await library.upload("a", endless())
    assert given == 21
    assert left_in(folder) == []


async def test_an_upload_that_breaks_off_leaves_nothing(shelf) -> None:
    library, _, folder = shelf

    async def broken() -> AsyncIterator[bytes]:
        yield b"RIFF"
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await library.upload("a", broken())
    with pytest.raises(AudioRefused, match="a is no audio file"):
        await library.upload("a", in_chunks(b"RIFF"))
    assert left_in(folder) == []
    assert await library.sounds() == []


def using(name: str) -> list[object]:
    """A block of each kind that uses the audio file of that name."""
    there = Prompt(audio=name)
    menu = Menu(prompt=Prompt("x"), keys={"1": ToBlock(1)})
    return [
        Ivr(block_id=1, name="A", questions=(Message(question_id=1, name="m", prompt=there),)),
        FindMe(block_id=2, name="B", phones=("1",), hold_music=name.upper()),
        FindMe(
            block_id=3, name="C", phones=("1",), screen_method=ScreenMethod.WHISPER_AUDIO,
            whisper_audio=name.removesuffix(".wav"),
        ),
        Receptionist(block_id=4, name="D", menu=menu, closed=replace(menu, prompt=there)),
        Voicemail(block_id=5, name="E", greeting=there),
    ]  # fmt: skip


async def test_a_file_that_blocks_use_stays_and_says_which(shelf, tmp_path: Path) -> None:
    library, accounts, _ = shelf
    await library.add({"a.wav": sound(tmp_path / "a.wav"), "b.wav": sound(tmp_path / "b.wav", 2)})
    await accounts.apply(Account(blocks=tuple(using("a.wav"))))
    with pytest.raises(AudioInUse) as caught:
        await library.remove("a.wav")
    assert str(caught.value) == (
        "a.wav is used by block 1 (A), block 2 (B), block 3 (C), block 4 (D), block 5 (E); "
        "let them use another first"
    )
    used, free = await library.sounds()
    assert len(used.used_by) == 5
    assert free.used_by == ()
    await library.remove("b.wav")
    assert [entry.name for entry in await library.sounds()] == ["a.wav"]
    await accounts.apply(Account(audio=(AudioFile("a.wav", "a.wav"),)), prune=True)
    await library.remove("a.wav")


async def test_what_is_not_there_cannot_be_removed(shelf, tmp_path: Path) -> None:
    library, _, _ = shelf
    with pytest.raises(AudioUnknown, match="no audio file called a; there is: none"):
        await library.remove("a")
    await library.add({"b": sound(tmp_path / "b.wav")})
    with pytest.raises(AudioUnknown, match="no audio file called a; there is: b"):
        await library.remove("a")


async def test_what_was_added_is_exported_and_applied_again(shelf, tmp_path: Path) -> None:
    library, accounts, _ = shelf
    (tmp_path / "flow.yaml").write_text("audio: [{path: audio/b.wav, name: a}]\n")
    sound(tmp_path / "audio" / "b.wav", 1)
    files = read_flow_files([tmp_path / "flow.yaml"])
    await accounts.apply(files.account, files.audio)
    await library.add({"b.wav": sound(tmp_path / "other.wav", 2)})
    out = tmp_path / "out" / "all.yaml"
    write_flow_file(out, await accounts.export(), await accounts.audio_files())
    again = read_flow_files([out])
    assert again.account == await accounts.export()
    lengths = {name: soundfile.info(str(path)).duration for name, path in again.audio.items()}
    assert lengths == {"a": 1.0, "b.wav": 2.0}, "neither overwrote the other"


async def test_flow_files_keep_to_the_same_limits(shelf, tmp_path: Path) -> None:
    _, accounts, _ = shelf
    (tmp_path / "flow.yaml").write_text("audio: [a.wav]\n")
    sound(tmp_path / "a.wav", 11, rate=4000)
    files = read_flow_files([tmp_path / "flow.yaml"])
    with pytest.raises(FlowFileError, match=r"longer than 10 seconds \(audio\.max_seconds\)"):
        await accounts.apply(files.account, files.audio)


async def test_what_nobody_has_named_for_a_day_is_swept_away(shelf, tmp_path: Path) -> None:
    library, _, folder = shelf
    await library.add({"a": sound(tmp_path / "a.wav", 1), "b": sound(tmp_path / "b.wav", 2)})
    await library.remove("a")
    async with database(settings(f"sqlite:///{tmp_path / 'x.db'}")) as engine:
        await Revisions(engine).prune(1)
    assert len(left_in(folder)) == 2, "a call may still play it"
    (folder / ".unfinished-dead").write_bytes(b"x")
    (folder / ".unfinished-alive").write_bytes(b"x")
    for path in folder.glob("*"):
        if path.name != ".unfinished-alive":
            os.utime(path, (time.time() - 90_000,) * 2)
    await library.add({"c": sound(tmp_path / "c.wav", 3)})
    kept = {name.partition("-")[0] for name in left_in(folder)}
    assert len(left_in(folder)) == 3
    assert ".unfinished" in kept
    assert [entry.problem for entry in await library.sounds()] == ["", ""]


async def test_a_file_that_is_gone_is_listed_with_its_problem(shelf, tmp_path: Path) -> None:
    library, accounts, _ = shelf
    await library.add({"a": sound(tmp_path / "a.wav")})
    (await accounts.audio_files())["a"].unlink()
    (entry,) = await library.sounds()
    assert entry.problem.startswith(("cannot be read", "is no audio file"))


async def test_a_folder_that_cannot_be_written_changes_nothing(shelf, tmp_path: Path) -> None:
    library, accounts, folder = shelf
    folder.write_text("a file stands where the folder should")
    with pytest.raises(StorageError, match="cannot keep"):
        await library.add({"a": sound(tmp_path / "a.wav")})
    with pytest.raises(StorageError, match="cannot keep"):
        await library.upload("a", in_chunks(b"x"))
    assert await accounts.export() == Account()
