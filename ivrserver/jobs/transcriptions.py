"""The kind ``transcription``: write down what callers said, in answers and in messages alike.

What was said is in the database alone: neither a job's row nor a log has any of it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import structlog

from ivrserver.errors import NotInStore, Unwritable
from ivrserver.flow.jobs import TRANSCRIPTION, TRANSCRIPTION_RETRIES, Job
from ivrserver.flow.ports import Clock, Journal, Library, Transcriber
from ivrserver.jobs.kinds import Done, Failed, Kind, Outcome
from ivrserver.jobs.spoken import Answer, Message, Spoken
from ivrserver.storage import Transcripts

log = structlog.get_logger(__name__)

READ_SECONDS: Final = 120.0
"""For bringing the recording from wherever it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcriptions:
    """Writes down what was said.

    Attributes:
        recording: the recording of that name as a WAV file; raises an `IvrError`.
        at_once: how many are written down at the same time.
        longest: seconds that all engines may take, one after the other.
    """

    transcriber: Transcriber
    recording: Callable[[str], Awaitable[bytes]]
    texts: Transcripts
    library: Library
    journal: Journal
    clock: Clock
    at_once: int
    longest: float

    def kind(self) -> Kind:
        """This kind of job."""
        return Kind(
            name=TRANSCRIPTION,
            work=self.transcribe,
            schedule=TRANSCRIPTION_RETRIES,
            slots=self.at_once,
            lane_slots=self.at_once,
            seconds=READ_SECONDS + self.longest,
        )

    async def transcribe(self, job: Job) -> Outcome:
        """Write down what was said; order that it is told, if anybody wants to know."""
        spoken = self._spoken(job)
        recording = await spoken.recording()
        if not recording:
            return Done(f"the {spoken.what} or its recording is deleted")
        text = None if job.run else await spoken.written()
        failed = ""
        if text is None:
            try:
                text = await self._write(spoken, recording)
            except (Unwritable, NotInStore) as error:
                text, failed = "", str(error)
        for order in spoken.orders(text):
            self.journal.write(order)
        await self.journal.commit()
        if failed:
            return Failed(failed)
        return Done("" if text else "nothing was said that could be made out")

    def _spoken(self, job: Job) -> Spoken:
        """What the job is about: of answers it says whose."""
        kind = Answer if "response_id" in job.detail else Message
        return kind.of(job, self.texts, self.library, self.journal, self.clock)

    async def _write(self, spoken: Spoken, recording: str) -> str:
        wav = await self.recording(recording)
        transcript = await self.transcriber.transcribe(wav, spoken.language)
        if not await spoken.keep(recording, transcript):
            return ""  # deleted meanwhile: nothing may quote it
        log.info("transcribed", what=spoken.what, recording=recording, engine=transcript.engine)
        return transcript.text
