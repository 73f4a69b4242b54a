"""The `ivrserver` command. Each group of commands is a module here."""

from ivrserver.cli.audio import audio
from ivrserver.cli.backup import backup, restore
from ivrserver.cli.base import main
from ivrserver.cli.calls import calls
from ivrserver.cli.database import database_group
from ivrserver.cli.flows import apply, export, schema, settings_page
from ivrserver.cli.jobs import jobs
from ivrserver.cli.mailbox import mailbox
from ivrserver.cli.recordings import recordings
from ivrserver.cli.running import demo, doctor, phone, serve, up
from ivrserver.programs.command import fetch
from ivrserver.telephony.asterisk.command import asterisk

__all__ = ["main"]

for command in (
    up, serve, asterisk, demo, doctor, apply, export, schema, settings_page, calls, audio, mailbox,
    jobs, database_group, recordings, backup, restore, fetch, phone,
):  # fmt: skip
    main.add_command(command)
