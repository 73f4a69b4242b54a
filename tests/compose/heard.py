"""Look for sounds and spoken sentences in a recording, in the image `controller`.

    python3 heard.py RECORDING SOUND...

A SOUND is a WAV file, or a sentence, which the speech engine says again to compare. Each must be
there whole, from its first sound to its last. The exit status is 1 if one is not.
"""

import asyncio
import sys
from pathlib import Path

from ivrserver.blocks import Prompt
from ivrserver.config import load
from ivrserver.demo import listening
from ivrserver.speech import build


async def wanted(sound, speech):
    """The samples of a sound."""
    if sound.endswith(".wav"):
        return listening.load(Path(sound))
    said = await speech.sound(Prompt(text=sound), "en-US", "", "")
    return listening.load(Path(f"{said.uri.removeprefix('sound:')}.wav"))


async def main(recording, *sounds):
    """Print where each was found; the exit status."""
    heard, missing = listening.load(Path(recording)), 0
    speech = build(load())
    try:
        for sound in sounds:
            whole = listening.contains_whole(heard, await wanted(sound, speech))
            missing += not whole
            print(f"{whole.found.offset:6.2f} s  {whole.reason or 'whole'}: {sound}")
    finally:
        await speech.close()
    print(f"{Path(recording).name}: {len(heard) / listening.RATE:.1f} s")
    return int(missing > 0)


if __name__ == "__main__":
    sys.exit(asyncio.run(main(*sys.argv[1:])))
