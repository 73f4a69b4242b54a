"""Flow files on disk: read with the audio files they name, written with copies of them."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ivrserver.blocks import Account
from ivrserver.blocks.files import FlowSource, dump, load_each, merge
from ivrserver.blocks.lint import Known
from ivrserver.blocks.yamltree import MAX_BYTES
from ivrserver.errors import FlowFileError, StorageError

_NOTHING = Known()


@dataclass(frozen=True, slots=True)
class FlowFiles:
    """What flow files hold together.

    Attributes:
        audio: the file of each of the account's audio files, by name.
    """

    account: Account
    audio: Mapping[str, Path]


def read_flow_files(paths: Sequence[Path], known: Known = _NOTHING) -> FlowFiles:
    """Read flow files that together are one account.

    Args:
        paths: the files; their audio paths count from the folder of each.
        known: what they may refer to without describing it.

    Raises:
        FlowFileError: everything that is wrong with them, also those that cannot be read.
    """
    sources, unreadable = [], []
    for path in paths:
        try:
            with path.open("rb") as file:
                data = file.read(MAX_BYTES + 1)  # what is larger is refused, and may be endless
        except OSError as error:
            unreadable.append(f"{path}:1: file: cannot be read ({error.strerror})")
            continue
        sources.append(FlowSource(str(path), data, partial(_has_file, path.parent)))
    if unreadable:
        raise FlowFileError("\n".join(unreadable))
    accounts = load_each(sources, known)
    audio = {
        audio.name: path.parent / audio.path
        for path, account in zip(paths, accounts, strict=True)
        for audio in account.audio
    }
    return FlowFiles(merge(accounts), audio)


def _has_file(folder: Path, name: str) -> bool:
    return (folder / name).is_file()


def write_flow_file(path: Path, account: Account, audio: Mapping[str, Path]) -> None:
    """Write `account` to `path` and its audio files below the same folder.

    Args:
        path: the flow file.
        account: what it is to hold.
        audio: where each of its audio files is now, by name.

    Raises:
        FlowFileError: the account holds what no flow file can hold.
        StorageError: something cannot be written.
    """
    text = dump(account)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for each in account.audio:
            target = path.parent / each.path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(audio[each.name], target)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StorageError(f"cannot write {error.filename or path}: {error.strerror}") from error
