"""The kind ``mail``: tell the owners of a voicemail box about a message, by e-mail.

Only those who were not told yet are tried again, and an address that the server refuses for good is
not. Whom a box names is read from the flows in force.
"""

from __future__ import annotations

from dataclasses import dataclass

from ivrserver.flow.jobs import LETTER_RETRIES, MAIL, Job
from ivrserver.flow.post import Notices
from ivrserver.jobs.kinds import Again, Done, Failed, Kind, Outcome
from ivrserver.mail import PostOffice


@dataclass(frozen=True, slots=True)
class Letters:
    """Sends letters."""

    notices: Notices
    office: PostOffice

    def kind(self) -> Kind:
        """This kind of job."""
        return Kind(
            name=MAIL,
            work=self.send,
            schedule=LETTER_RETRIES,
            slots=4,
            lane_slots=4,
            seconds=180,
        )

    async def send(self, job: Job) -> Outcome:
        """Make an attempt."""
        notice = await self.notices.about(job.key)
        if notice is None:
            return Done("the message is deleted")
        only = job.detail.get("left")
        told = await self.office.tell(notice, attempt=job.attempts, only=only)
        somebody = told.somebody or job.detail.get("told", False)
        if told.left:
            return Again(told.error, {"left": told.left, "told": somebody})
        return Failed(told.error) if told.error and not somebody else Done(told.error)
