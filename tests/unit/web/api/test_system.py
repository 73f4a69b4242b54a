"""Trunks, phones, health, controllers and settings over the API: seen, never with a secret."""

from __future__ import annotations

import asyncio

import pytest

from ivrserver.storage import Controllers
from tests.unit.web.api.conftest import Api

PATHS = ["/trunks", "/phones", "/health", "/health/examination", "/controllers", "/settings"]


@pytest.mark.parametrize("path", PATHS)
async def test_who_may_look_is_told_and_no_secret_is(api: Api, path: str) -> None:
    answer = await api.looker.get(path)
    assert answer.status_code == 200
    assert "hidden" not in answer.text


async def test_trunks_and_phones_of_an_asterisk_that_is_away(api: Api) -> None:
    (trunk,) = (await api.get("/trunks")).json()["items"]
    assert (trunk["name"], trunk["host"], trunk["at"][0]["state"]) == (
        "carrier",
        "sip.example.com",
        "unknown",
    )
    phones = (await api.get("/phones")).json()
    assert phones["items"][0]["extension"] == "41"
    assert phones["softphones"] == []


async def test_health_names_parts_and_asterisks(api: Api) -> None:
    health = (await api.get("/health")).json()
    assert (health["status"], health["parts"]) == ("ok", {"database": ""})
    assert health["asterisks"][0]["problem"]


async def test_the_doctor_examines_when_asked(api: Api) -> None:
    assert (await api.get("/health/examination")).json()["began_at"] is None
    begun = await api.looker.post("/health/examination")
    assert begun.status_code == 202
    while (found := (await api.get("/health/examination")).json())["goes_on"]:
        assert found["ended_at"] is None
        await asyncio.sleep(0)  # a client in the same loop: nothing else would run
    assert [(each["name"], each["ok"]) for each in found["findings"]] == [
        ("Python", True),
        ("disk (data)", False),
    ]


async def test_controllers_are_listed_with_what_they_carry(api: Api) -> None:
    await Controllers(api.engine, "main").enter("ivr-1")
    (controller,) = (await api.get("/controllers")).json()["items"]
    assert (controller["name"], controller["works"], controller["calls"]) == ("ivr-1", True, 0)


async def test_settings_are_told_with_their_origin(api: Api) -> None:
    items = {each["name"]: each for each in (await api.get("/settings")).json()["items"]}
    assert items["phones.desk.password"]["value"] == "set"
    assert items["account.time_zone"]["origin"] == "default"
