"""The audio library's files: checked, and kept under a name made of their content."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

import soundfile

from ivrserver.errors import FlowFileError, StorageError

MAX_BYTES = 100_000_000


def store(folder: Path, files: Mapping[str, Path]) -> dict[str, str]:
    """Copy `files` into `folder`; a file that is there already is left alone.

    A new content gets a new name, so calls in progress keep the file that they began with.

    Args:
        folder: the library's folder; made if there is none.
        files: by the name that prompts use.

    Returns:
        The name in `folder` of each file, by the name that prompts use.

    Raises:
        FlowFileError: files that cannot be read or are no audio, all of them.
        StorageError: they cannot be kept.
    """
    contents: dict[str, bytes] = {}
    problems = []
    for name, path in files.items():
        try:
            contents[name] = _content(path)
        except ValueError as problem:
            problems.append(f"{path}: audio {name}: {problem}")
    if problems:
        raise FlowFileError("\n".join(problems))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return {name: _keep(folder, files[name], content) for name, content in contents.items()}
    except OSError as error:
        raise StorageError(f"cannot keep audio files in {folder}: {error.strerror}") from error


def _content(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ValueError(f"is larger than {MAX_BYTES:,} bytes; shorten it")
        content = path.read_bytes()
        soundfile.info(str(path))
    except OSError as error:
        raise ValueError(f"cannot be read ({error.strerror})") from error
    except soundfile.SoundFileError as error:
        raise ValueError("is no audio file; use WAV, FLAC, OGG or MP3") from error
    return content


def _keep(folder: Path, path: Path, content: bytes) -> str:
    name = hashlib.sha256(content).hexdigest()[:32] + path.suffix.lower()
    if not (folder / name).exists():
        unfinished = folder / f".{name}.{os.getpid()}"
        unfinished.write_bytes(content)
        unfinished.replace(folder / name)
    return name
