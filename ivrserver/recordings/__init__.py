"""Adapter: what is kept for good of calls' audio. The only place that knows where, and how.

`Store` keeps files, in a folder or an S3-compatible store; `Keeper` brings every recording there
from the Asterisk that made it, and gives it back; `Links` signs addresses to download them.
`Sounds` has the audio library's files for all controllers.
"""

from ivrserver.recordings.keeper import Keeper
from ivrserver.recordings.links import Links, Verdict
from ivrserver.recordings.objects import Listed
from ivrserver.recordings.probe import probe
from ivrserver.recordings.reading import Opened
from ivrserver.recordings.sounds import Sounds, sound_key
from ivrserver.recordings.store import Store

__all__ = [
    "Keeper",
    "Links",
    "Listed",
    "Opened",
    "Sounds",
    "Store",
    "Verdict",
    "probe",
    "sound_key",
]
