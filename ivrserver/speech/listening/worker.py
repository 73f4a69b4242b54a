"""The process that a model lives in: ``python -m ivrserver.speech.listening.worker SKILL ...``.

Standard input: a line of JSON, ``{"id", ..., "bytes"}``, and so many bytes of a WAV file.
Standard output: a line ``{"id", ...}`` for each, or ``{"id", "error"}``. The first line, without an
id, says that the model is loaded, ``{"version"}``, or why it cannot be: ``{"error"}``.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Any, BinaryIO, Final

import orjson

from ivrserver.errors import SpeechError

_NICENESS: Final = 5
"""Audio of calls goes before."""
_WRITING_NICENESS: Final = 15
"""Nobody waits for what is written down."""

Work = Callable[[Mapping[str, Any], bytes], Mapping[str, Any]]
"""Answers one request about a WAV file."""


def serve(requests: BinaryIO, answers: BinaryIO, load: Callable[[], tuple[str, Work]]) -> None:
    """Answer one request after the other until `requests` ends.

    Args:
        requests: see above.
        answers: see above.
        load: loads the model; the engine's version, and what answers.
    """

    def write(answer: Mapping[str, Any]) -> None:
        answers.write(orjson.dumps(answer) + b"\n")
        answers.flush()

    try:
        known, work = load()
    except SpeechError as error:
        write({"error": str(error)})
        return
    write({"version": known})
    while line := requests.readline():
        request = orjson.loads(line)
        wav = requests.read(request["bytes"])
        try:
            write({"id": request["id"], **work(request, wav)})
        except Exception as error:
            # Its text may hold what was said.
            write({"id": request["id"], "error": type(error).__name__})


def words() -> tuple[str, Work]:
    """Which of ``words`` was said."""
    from ivrserver.speech.listening.words import WordFinder  # noqa: PLC0415 - loads a library

    os.nice(_NICENESS)
    finder = WordFinder()
    return version("pocketsphinx"), lambda request, wav: {
        "word": finder.choose(wav, request["words"])
    }


def dictation() -> tuple[str, Work]:
    """Everything that was said, in English."""
    from ivrserver.speech.listening.dictation import Dictation  # noqa: PLC0415 - loads a library

    os.nice(_WRITING_NICENESS)
    model = Dictation()
    return version("pocketsphinx"), lambda _, wav: {"text": model.text_of(wav)}


def whisper(*given: str) -> tuple[str, Work]:
    """Everything that was said, in ``language``."""
    from ivrserver.speech.listening.whisper import Whisper  # noqa: PLC0415 - loads a library

    os.nice(_WRITING_NICENESS)
    model = Whisper.load(*given)
    return model.version, lambda request, wav: {"text": model.text_of(wav, request["language"])}


SKILLS: Final[Mapping[str, Callable[..., tuple[str, Work]]]] = {
    "words": words,
    "dictation": dictation,
    "whisper": whisper,
}


def main(skill: str, *given: str) -> None:
    """Serve standard input and output; whatever libraries print goes elsewhere."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    serve(sys.stdin.buffer, answers, lambda: SKILLS[skill](*given))


if __name__ == "__main__":
    main(*sys.argv[1:])
