"""The `ivrserver` command. Each group of commands is a module here, loaded when it is called."""

from typing import Final

from ivrserver.cli.base import main

__all__ = ["main"]

_HERE: Final = "ivrserver.cli."

main.places = {
    "up": f"{_HERE}running:up",
    "serve": f"{_HERE}running:serve",
    "asterisk": "ivrserver.telephony.asterisk.command:asterisk",
    "demo": f"{_HERE}running:demo",
    "doctor": f"{_HERE}running:doctor",
    "apply": f"{_HERE}flows:apply",
    "export": f"{_HERE}flows:export",
    "revisions": f"{_HERE}revisions:revisions",
    "schema": f"{_HERE}flows:schema",
    "settings": f"{_HERE}flows:settings_page",
    "calls": f"{_HERE}calls:calls",
    "audio": f"{_HERE}audio:audio",
    "mailbox": f"{_HERE}mailbox:mailbox",
    "test-webhook": f"{_HERE}trial:test_webhook",
    "users": f"{_HERE}users:users",
    "keys": f"{_HERE}keys:keys",
    "jobs": f"{_HERE}jobs:jobs",
    "database": f"{_HERE}database:database_group",
    "recordings": f"{_HERE}recordings:recordings",
    "backup": f"{_HERE}backup:backup",
    "restore": f"{_HERE}backup:restore",
    "fetch": "ivrserver.programs.command:fetch",
    "phone": f"{_HERE}running:phone",
}
