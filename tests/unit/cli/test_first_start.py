"""What a controller that starts for the first time finds: the sample account, if it is told so."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from ivrserver.blocks import Account, Ivr
from ivrserver.cli import main
from ivrserver.config import Settings
from ivrserver.errors import SetupError
from ivrserver.lab import load_sample
from ivrserver.programs import command
from ivrserver.storage import Accounts, database

WEB_SERVER = "http://webserver:8901"


async def stored(settings: Settings, change: Account | None = None) -> Account:
    async with database(settings) as engine:
        accounts = Accounts(engine, settings.audio_folder, settings.audio)
        if change is not None:
            await accounts.apply(change, {}, prune=True)
        return await accounts.export()


async def test_an_empty_database_gets_the_sample_with_its_web_server_elsewhere(
    tmp_path: Path,
) -> None:
    settings, said = Settings(data=tmp_path), list[str]()
    await load_sample(settings, WEB_SERVER, said.append)
    account = await stored(settings)
    urls = [block.webhook.url for block in account.blocks if isinstance(block, Ivr)]
    assert [url for url in urls if url.startswith(f"{WEB_SERVER}/sample/")] == urls[:2]
    assert said[-1] == "loaded the sample account, examples/sample.yaml"


async def test_an_account_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    settings, said = Settings(data=tmp_path), list[str]()
    await load_sample(settings, WEB_SERVER, said.append)
    without_numbers = Account(blocks=(await stored(settings)).blocks)
    await stored(settings, without_numbers)
    await load_sample(settings, "http://other:1", said.append)
    assert await stored(settings) == without_numbers
    assert said.count("loaded the sample account, examples/sample.yaml") == 1


def test_programs_that_nobody_knows_are_not_fetched() -> None:
    done = CliRunner().invoke(main, ["fetch", "nonsense"])
    assert done.exit_code == 2
    assert "asterisk" in done.output


def test_a_command_by_itself_explains_what_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object) -> None:
        raise SetupError("there is no mirror")

    monkeypatch.setenv("IVRSERVER_PACKAGES__CACHE", str(tmp_path))
    monkeypatch.setattr(command, "fetch_programs", refuse)
    monkeypatch.setattr("sys.argv", ["programs", "flite"])
    with pytest.raises(SystemExit) as end:
        command.alone(command.fetch, "programs")
    assert end.value.code == 1
    assert capsys.readouterr().err == "Error: there is no mirror\n"
