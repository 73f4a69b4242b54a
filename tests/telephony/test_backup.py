"""What was lost with the database and comes back from a backup answers the phone again."""

from __future__ import annotations

from pathlib import Path

from ivrserver import app, backup
from ivrserver.storage import is_empty
from ivrserver.storage.snapshot import replace_all
from tests.telephony.house import Site, house_settings, open_site

PRESSED = {"code": "000", "amount": "123456", "color": "1", "sure": "2"}


async def test_a_restored_server_answers_the_phone(tmp_path: Path) -> None:
    path = tmp_path / "all.backup"
    async with open_site(house_settings(tmp_path / "data")) as site:
        settings, engine = site.settings, site.engine
        async with app.serving(settings):
            await call(site)
        with path.open("wb") as file:
            made = await backup.make(settings, engine, file, print, with_store=True)
        assert made.rows["calls"] == 1
        assert made.rows["answers"] >= len(PRESSED)
        await replace_all(engine, {})
        assert await is_empty(engine)
        restored = await backup.restore(settings, engine, path, print, force=False)
        assert restored == made
        async with app.serving(settings):
            await call(site)
        with path.open("wb") as file:
            again = await backup.make(settings, engine, file, print, with_store=True)
        assert again.rows["calls"] == 2, "the call of before is there, too"


async def call(site: Site) -> None:
    """Somebody answers every question."""
    async with site.calling("8001") as caller:
        for name, keys in PRESSED.items():
            await caller.asked(name)
            await caller.press(keys)
        await caller.asked("speech")
        ended = await caller.hangs_up()
    assert ended.answers == PRESSED
    await site.hears(ended.heard, "Red it is.")
