"""What the doctor says about the database, wherever that is; it makes none."""

from __future__ import annotations

from pathlib import Path

from ivrserver import doctor
from ivrserver.config import DatabaseSettings, Settings
from ivrserver.doctor import Finding
from ivrserver.storage import database, migrate


def settings(folder: Path, url: str = "") -> Settings:
    """Without engines, which take long to start."""
    return Settings.model_validate(
        {
            "data": folder / "data",
            "database": DatabaseSettings(url=url),
            "speech": {"engines": []},
            "listening": {"engines": []},
            "transcription": {"engines": []},
        }
    )


async def found(given: Settings) -> Finding:
    (finding,) = [each for each in await doctor.examine(given) if each.name == "database"]
    return finding


async def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    file = tmp_path / "elsewhere" / "calls.db"
    for given in (settings(tmp_path), settings(tmp_path, f"sqlite:///{file}")):
        finding = await found(given)
        assert finding.ok
        assert finding.detail.endswith(".db: not yet made (make up makes it)")
    assert not file.parent.exists()
    assert not given.data.exists()


async def test_a_good_one_is_named_without_user_or_password(
    database_url: str, tmp_path: Path
) -> None:
    given = settings(tmp_path, database_url)
    async with database(given) as engine:
        missing = await found(given)
        assert "no schema" in missing.detail
        assert "ivrserver database upgrade" in missing.mend
        newest = (await migrate(engine)).newest
        user = engine.url.username or "nobody"
    finding = await found(given)
    assert finding.ok
    assert finding.detail.endswith(f": schema {newest}")
    assert f"{user}@" not in finding.detail + missing.detail
