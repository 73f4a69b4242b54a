"""Make a Whisper model of random numbers in CTranslate2's format, with the words of a real one.

``python -m tests.whisper.tiny_model [--english-only] FOLDER``
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

import numpy as np
from ctranslate2.specs import WhisperSpec
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

WIDTH: Final = 64
MELS: Final = 80
FRAMES, LONGEST_TEXT = 1500, 448
WORDS: Final = 50_256
LANGUAGES: Final = ("en", "de", "fr", *(f"x{number}" for number in range(96)))
"""As many as Whisper knows, of which three have their own names."""
TASKS: Final = ("translate", "transcribe", "startoflm", "startofprev", "nospeech", "notimestamps")
TIMES: Final = tuple(f"{step * 0.02:.2f}" for step in range(1501))


def tokenizer(*, english_only: bool) -> Tokenizer:
    """Letters, made up words, and what Whisper itself calls the rest.

    A vocabulary with an empty word is that of a model for many languages.
    """
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    made_up = [f"Ġw{number}" for number in range(WORDS - len(letters))]
    words = [*letters, *made_up, *([] if english_only else [""])]
    made = Tokenizer(models.BPE(vocab={word: at for at, word in enumerate(words)}, merges=[]))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    names = ("endoftext", "startoftranscript", *LANGUAGES, *TASKS, *TIMES)
    made.add_special_tokens([AddedToken(f"<|{name}|>", special=True) for name in names])
    return made


def model(words: list[str]) -> WhisperSpec:
    """One layer of everything, filled by chance, the same each time."""
    chance = np.random.default_rng(7)

    def some(*shape: int) -> np.ndarray:
        return chance.normal(0, 0.3, shape).astype(np.float32)

    def linear(layer: Any, into: int, out: int) -> None:
        layer.weight, layer.bias = some(out, into), some(out)

    def norm(layer: Any) -> None:
        layer.gamma, layer.beta = np.ones(WIDTH, np.float32), np.zeros(WIDTH, np.float32)

    def attention(layer: Any, *outs: int) -> None:
        norm(layer.layer_norm)
        for each, out in zip(layer.linear, outs, strict=True):
            linear(each, WIDTH, out)

    def forward(layer: Any) -> None:
        norm(layer.layer_norm)
        linear(layer.linear_0, WIDTH, 4 * WIDTH)
        linear(layer.linear_1, 4 * WIDTH, WIDTH)

    spec = WhisperSpec(1, 1, 1, 1)
    encoder, decoder = spec.encoder, spec.decoder
    for convolution, channels in ((encoder.conv1, MELS), (encoder.conv2, WIDTH)):
        convolution.weight, convolution.bias = some(WIDTH, channels, 3), some(WIDTH)
    for side, length in ((encoder, FRAMES), (decoder, LONGEST_TEXT)):
        side.position_encodings.encodings = some(length, WIDTH)
        norm(side.layer_norm)
        for layer in side.layer:
            attention(layer.self_attention, 3 * WIDTH, WIDTH)
            forward(layer.ffn)
    for layer in decoder.layer:
        attention(layer.attention, WIDTH, 2 * WIDTH, WIDTH)
    decoder.embeddings.weight = decoder.projection.weight = some(len(words), WIDTH)
    spec.register_vocabulary(words)
    return spec


def write(folder: Path, *, english_only: bool) -> None:
    """Write a model that `faster_whisper.WhisperModel` loads."""
    folder.mkdir(parents=True, exist_ok=True)
    made = tokenizer(english_only=english_only)
    made.save(str(folder / "tokenizer.json"))
    known = made.get_vocab()
    spec = model(sorted(known, key=known.__getitem__))
    spec.config.suppress_ids, spec.config.suppress_ids_begin = [], []
    spec.config.lang_ids = [known[f"<|{language}|>"] for language in LANGUAGES]
    spec.config.alignment_heads = [(0, 0)]
    spec.validate()
    spec.optimize()
    spec.save(str(folder))


if __name__ == "__main__":
    *options, where = sys.argv[1:]
    write(Path(where), english_only="--english-only" in options)
