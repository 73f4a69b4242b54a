"""For how long what calls leave behind is kept."""

from __future__ import annotations

from pydantic import Field

from ivrserver.config.section import Section


class RetentionSettings(Section):
    """For how many days what calls leave behind is kept, from their beginning; 0: for ever.

    Messages and greetings of voicemail boxes stay until their owners delete them.
    """

    recordings: int = Field(default=0, ge=0)
    """Days until a recording is deleted, wherever it is."""
    answers: int = Field(default=0, ge=0)
    """Days until the answers given on a call are deleted, with all that quotes them: its timeline,
    requests to web servers, what is still to be delivered."""
    calls: int = Field(default=0, ge=0)
    """Days until a call is deleted, with everything that is about it."""
    jobs: int = Field(default=30, ge=0)
    """Days until a job is deleted that is over."""
    audit: int = Field(default=400, ge=0)
    """Days until an entry of the audit log is deleted: a year and a month, so that a yearly
    examination finds all of its year."""
    revisions: int = Field(default=500, ge=0)
    """How many versions of the account are kept, with their sound files; 0: all."""
