"""The audio library in the portal: files come in by hand and by microphone, and are heard."""

from __future__ import annotations

import asyncio
import base64
import filecmp
import re
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
import soundfile
from playwright.async_api import Locator, Page, expect

from ivrserver import shelves
from ivrserver.access import Role
from tests.browser.conftest import Look
from tests.browser.gallery import write_speech
from tests.browser.office import NASTY, SOUNDS, open_office
from tests.browser.pages import NARROW, assert_accessible, shoot
from tests.browser.site import Site
from tests.telephony.conftest import in_own_task

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """A small office."""
    async with in_own_task(open_office(tmp_path_factory.mktemp("office"))) as site:
        yield site


@pytest.fixture
def speech(tmp_path: Path) -> Path:
    """A file to upload."""
    write_speech(tmp_path / "summer.wav")
    return tmp_path / "summer.wav"


async def opened(look: Look, site: Site, role: Role = Role.EDITOR, **options: object) -> Page:
    watched = await look(site.address, permissions=["microphone"], **options)
    # A player may still be fetching a sound that is removed.
    watched.expect("status of 422", "status of 415", r"status of 404.*/api/v1/audio/")
    await site.sign_in(watched, role)
    await watched.page.goto("/audio")
    return watched.page


def sound(page: Page, name: str) -> Locator:
    """Its entry in the list."""
    listed = page.get_by_role("list", name="Sound files").get_by_role("listitem")
    return listed.filter(has_text=name)


async def file_of(site: Site, name: str) -> Path:
    return (await shelves.audio_library(site.settings, site.engine).files())[name]


async def test_each_file_tells_how_long_it_is_and_who_uses_it(look: Look, office: Site) -> None:
    page = await opened(look, office)
    greeting = sound(page, SOUNDS[0])
    await expect(greeting.get_by_role("link", name="Front desk")).to_have_attribute(
        "href", "/blocks/301"
    )
    await expect(greeting.locator("[data-drawn='']")).to_be_visible()
    await assert_accessible(page)
    await shoot(page, "audio")
    await greeting.get_by_label("More to do").click()
    await greeting.get_by_role("button", name="Remove…").click()
    dialog = page.get_by_role("dialog", name="is in use")
    await expect(dialog.get_by_role("link", name="Front desk")).to_be_visible()
    await expect(dialog.get_by_role("button", name="Remove")).to_have_count(0)


DROPPED = """
(content) => {
  const bytes = Uint8Array.from(atob(content), (each) => each.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], "dropped.wav", { type: "audio/wav" }));
  return transfer;
}
"""


async def test_a_file_is_dropped(look: Look, office: Site, speech: Path) -> None:
    page = await opened(look, office)
    await page.get_by_role("button", name="Upload").click()
    zone = page.get_by_role("dialog").locator("[data-mounted] .dropzone")
    content = base64.b64encode(await asyncio.to_thread(speech.read_bytes)).decode()
    files = await page.evaluate_handle(DROPPED, content)
    await zone.dispatch_event("dragover", {"dataTransfer": files})
    await expect(zone).to_have_class(re.compile("is-over"))
    await zone.dispatch_event("drop", {"dataTransfer": files})
    await expect(sound(page, "dropped.wav")).to_be_visible()
    stored = await file_of(office, "dropped.wav")
    assert await asyncio.to_thread(filecmp.cmp, stored, speech, shallow=False)


async def test_a_file_is_uploaded_heard_replaced_and_removed(
    look: Look, office: Site, speech: Path
) -> None:
    watched = await look(office.address)
    watched.expect("status of 404")  # the player of a page that has just removed what it plays
    await office.sign_in(watched, Role.EDITOR)
    page = watched.page
    await page.goto("/audio")
    await page.get_by_role("button", name="Upload").click()
    await shoot(page, "audio-upload", full=False)
    await page.get_by_role("dialog").locator("input[type=file]").set_input_files(speech)
    row = sound(page, "summer.wav")
    await expect(row).to_be_visible()
    stored = await file_of(office, "summer.wav")
    assert await asyncio.to_thread(filecmp.cmp, stored, speech, shallow=False)
    await row.locator("audio").evaluate("audio => audio.play()")
    await expect(row.get_by_role("slider")).not_to_have_attribute("aria-valuenow", "0")
    soundfile.write(speech, np.zeros(8000, dtype="float32"), 8000)
    await row.get_by_label("More to do").click()
    await row.get_by_role("button", name="Replace…").click()
    await page.get_by_role("dialog").locator("input[type=file]").set_input_files(speech)
    await expect(row).to_contain_text("1.0 s")
    await row.get_by_label("More to do").click()
    await row.get_by_role("button", name="Remove…").click()
    await page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    await expect(page.get_by_role("status").first).to_contain_text("summer.wav is removed")


async def test_what_is_no_sound_is_refused_and_says_why(
    look: Look, office: Site, tmp_path: Path
) -> None:
    page = await opened(look, office)
    text = tmp_path / "letter.wav"
    await asyncio.to_thread(text.write_text, "Dear customer")
    await page.get_by_role("button", name="Upload").click()
    dialog = page.get_by_role("dialog")
    await dialog.locator("input[type=file]").set_input_files(text)
    await expect(dialog.locator(".is-danger")).to_contain_text("is no audio file")
    await assert_accessible(page)


async def test_a_name_that_is_there_is_replaced_only_when_asked(
    look: Look, office: Site, tmp_path: Path
) -> None:
    page = await opened(look, office)
    again = tmp_path / SOUNDS[1]
    soundfile.write(again, np.zeros(16000, dtype="float32"), 8000)
    await page.get_by_role("button", name="Upload").click()
    dialog = page.get_by_role("dialog")
    await dialog.locator("input[type=file]").set_input_files(again)
    await dialog.get_by_role("button", name="Leave it").click()
    await expect(dialog.locator(".is-danger")).to_contain_text("left as it was")
    await dialog.locator("input[type=file]").set_input_files(again)
    await expect(dialog.get_by_role("button", name="Replace it")).to_be_focused()
    await page.keyboard.press("Enter")
    row = sound(page, SOUNDS[1])
    await expect(row).to_contain_text("2.0 s")


async def test_a_sound_is_recorded_listened_to_and_saved(look: Look, office: Site) -> None:
    page = await opened(look, office)
    await page.get_by_role("button", name="Record").click()
    dialog = page.get_by_role("dialog", name="Record a sound")
    await dialog.get_by_role("button", name="Record").press("Enter")
    await expect(dialog.get_by_role("button", name="Stop")).to_be_focused()
    await expect(dialog.get_by_role("timer")).to_have_text("0:02")
    level = await dialog.locator("canvas").first.get_attribute("data-loudest")
    assert float(level or 0) > 0.1, "Chromium's microphone beeps"
    await shoot(page, "audio-recording", full=False)
    await page.keyboard.press("Enter")
    await expect(dialog.locator("[data-drawn='']")).to_be_visible()
    await expect(dialog.get_by_label("Name")).to_be_focused()
    await page.keyboard.type("from the desk")
    await assert_accessible(page)
    await shoot(page, "audio-recorded", full=False)
    await page.keyboard.press("Enter")
    await expect(sound(page, "from the desk.wav")).to_be_visible()
    path = await file_of(office, "from the desk.wav")
    samples, rate = await asyncio.to_thread(soundfile.read, path)
    assert rate == 16000
    assert samples.ndim == 1
    assert 1.5 < len(samples) / rate < 10
    assert np.abs(samples).max() > 0.05


async def test_a_text_is_heard_and_becomes_a_file(look: Look, office: Site) -> None:
    page = await opened(look, office)
    await page.get_by_role("button", name="Type a text").press("Enter")
    dialog = page.get_by_role("dialog", name="Type a text")
    await page.keyboard.type("We are on holiday until Monday.")
    await dialog.get_by_label("Name").fill(SOUNDS[1])
    await dialog.get_by_role("button", name="Hear it").click()
    await expect(dialog.locator("[data-playing]")).to_be_visible()
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("There is a file called")
    await expect(dialog.get_by_label("Text")).to_have_value("We are on holiday until Monday.")
    await dialog.get_by_label("Name").fill("holiday")
    await dialog.get_by_role("button", name="Save").click()
    await expect(sound(page, "holiday.wav")).to_be_visible()
    samples, _ = await asyncio.to_thread(soundfile.read, await file_of(office, "holiday.wav"))
    assert np.abs(samples).max() > 0.05


async def test_names_of_people_are_text(look: Look, office: Site, speech: Path) -> None:
    name = NASTY.replace("/", "\\u2215").replace("\\", "") + ".wav"
    library = shelves.audio_library(office.settings, office.engine)
    await library.add({name: speech})
    page = await opened(look, office)
    row = sound(page, name)
    await expect(row).to_be_visible()
    await expect(row.locator("[data-drawn='']")).to_be_visible()
    await row.get_by_label("More to do").click()
    await row.get_by_role("button", name="Remove…").click()
    await page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    await expect(page.get_by_role("status").first).to_contain_text("is removed")


async def test_a_viewer_hears_and_changes_nothing(look: Look, office: Site) -> None:
    page = await opened(look, office, Role.VIEWER, viewport=NARROW, color_scheme="dark")
    row = sound(page, SOUNDS[0])
    await row.scroll_into_view_if_needed()  # what nobody sees is not fetched
    await expect(row.locator("[data-drawn='']")).to_be_visible()
    await expect(page.get_by_role("button", name="Upload")).to_have_count(0)
    await expect(page.get_by_role("button", name="Remove…")).to_have_count(0)
    await assert_accessible(page)
    await shoot(page, "audio-narrow-dark")
