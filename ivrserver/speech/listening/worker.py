"""The process that the model lives in: ``python -m ivrserver.speech.listening.worker``.

Standard input: a line of JSON ``{"id", "words", "bytes"}`` and so many bytes of a WAV file.
Standard output: a line ``{"id", "word"}`` for each, or ``{"id", "error"}``; the first line, without
an id, says that the model is loaded: ``{"version"}``.
"""

from __future__ import annotations

import os
import sys
from importlib.metadata import version
from typing import Any, BinaryIO, Final

import orjson

from ivrserver.errors import SpeechError
from ivrserver.speech.listening.words import WordFinder

_NICENESS: Final = 5
"""Audio of other calls goes before."""


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer one request after the other until `requests` ends."""

    def write(answer: dict[str, Any]) -> None:
        answers.write(orjson.dumps(answer) + b"\n")
        answers.flush()

    finder = WordFinder()
    write({"version": version("pocketsphinx")})
    while line := requests.readline():
        request = orjson.loads(line)
        wav = requests.read(request["bytes"])
        try:
            write({"id": request["id"], "word": finder.choose(wav, request["words"])})
        except (SpeechError, RuntimeError) as error:
            write({"id": request["id"], "error": type(error).__name__})


if __name__ == "__main__":
    os.nice(_NICENESS)
    serve(sys.stdin.buffer, sys.stdout.buffer)
