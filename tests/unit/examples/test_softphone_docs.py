"""What the page about the softphone says is so."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ivrserver.blocks import FindMe
from ivrserver.blocks.files import FlowSource, load
from ivrserver.blocks.lint import Known
from ivrserver.config import load as load_settings
from ivrserver.flow.softphone import route
from ivrserver.telephony.softphones import Softphones
from tests.unit.asterisk_config.test_render import rendered, settings
from tests.unit.examples.pages import HOW_TO, examples
from tests.unit.telephony.fake_ari import FakeAri

PAGE = (HOW_TO / "softphone.md").read_text()


def test_a_user_is_called_as_the_page_says() -> None:
    (text,) = examples([PAGE], "yaml")
    account = load([FlowSource("page", text.encode())], Known(phones={"anna": ""}))
    (findme,) = account.blocks
    assert isinstance(findme, FindMe)
    assert findme.phones == ("anna", "2125550123")


@pytest.mark.parametrize("dialled", ["block-101", "anna", "+442079460000"])
def test_what_the_page_dials_leads_somewhere(dialled: str) -> None:
    assert dialled in PAGE
    assert route(dialled, {101}, {}, "US") is not None


def test_its_settings_are_settings(tmp_path: Path) -> None:
    found = {}
    for text in examples([PAGE.replace("\n   ", "\n")], "toml"):
        file = tmp_path / "ivrserver.toml"
        file.write_text(text)
        found[text.split("\n", 1)[0]] = load_settings(file)
    assert found["[http]"].http.reached_at == "https://ivr.example.com"
    assert not found["[softphone]"].softphone.enabled


def test_switched_off_there_is_no_ice(tmp_path: Path) -> None:
    off = settings().softphone.model_copy(update={"enabled": False})
    assert "icesupport = no\n" in rendered(tmp_path, settings(softphone=off))["rtp.conf"]
    assert "icesupport = yes\n" in rendered(tmp_path, settings())["rtp.conf"]


async def test_switched_off_nothing_is_looked_after() -> None:
    off = settings().softphone.model_copy(update={"enabled": False})
    await Softphones(FakeAri(), off).keep(asyncio.Event())
