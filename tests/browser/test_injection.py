"""Text of callers, customers, web servers and engines is shown as text, on every page there is."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode

import pytest
import pytest_asyncio
from fastapi.routing import APIRoute
from playwright.async_api import Page, expect
from pydantic import BaseModel

from ivrserver import shelves
from ivrserver.access import Role
from tests.browser import hostile
from tests.browser.conftest import Look
from tests.browser.crawl import ASIDE, pattern, walk
from tests.browser.gallery import write_speech
from tests.browser.pages import ROOT, Watched
from tests.browser.site import BY, Site, open_site
from tests.telephony.conftest import in_own_task
from tests.unit.web.test_rights_of_routes import doors_of, routes_of

pytestmark = pytest.mark.asyncio(loop_scope="session")

SCHEMA: Final = ROOT / "docs/reference/flow.schema.json"
CHECKED: Final = {
    "AudioForm.path",  # of a file, when the account is loaded
    "AudioForm.name",  # the library's names are hostile, which prompts refer to
    "WebhookForm.secret",  # letters and digits by its pattern
    "ScheduleForm.time_zone",  # one of those there are
    "DigitsForm.pattern",  # a regular expression that must be one
}
"""Texts of flow files that no hostile text gets into, and why."""
FORMLESS: Final = {
    "/hear",  # sent by scripts, answered with sound
    "/blocks/{block_id}/pin",  # four digits, typed as passwords are
    # Buttons alone, of dialogs that scripts fill in and of what is not there:
    "/audio/remove", "/keys/revoke", "/account/keys/revoke", "/blocks/{block_id}/remove",
    "/blocks/{block_id}/questions/{question_id}/move", "/webhooks/jobs/{job_id}/cancel",
    "/account/sessions/end", "/account/sessions/end-others", "/users/{name}/sessions/end",
    "/users/{name}/invite", "/users/{name}/enable",
}  # fmt: skip
"""What is sent by other ways than by forms that the walk sees."""
UNLINKED: Final = {"/health/examination"}
"""Pages that are shown by other ways than links: what the doctor has found."""

_HARM: Final = """
(html) => {
  const found = [];
  const page = html ? new DOMParser().parseFromString(html, "text/html") : document;
  const say = (element, what) => found.push(`${what}: ${element.outerHTML.slice(0, 200)}`);
  for (const element of page.querySelectorAll("*")) {
    for (const { name, value } of element.attributes) {
      if (name.startsWith("on")) say(element, "an event handler");
      if (name === "style" && value.includes("alert")) say(element, "a style");
      if (!["href", "xlink:href", "src", "action", "formaction", "data"].includes(name)) continue;
      if (element instanceof HTMLInputElement && name === "data") continue;
      let scheme = "unreadable";
      try { scheme = new URL(value, location.href).protocol; } catch {}
      if (!["http:", "https:", "mailto:", "blob:"].includes(scheme)) say(element, scheme);
    }
    if (element.matches("img[src=x], svg:not([class]):not([x])[onload], title title"))
      say(element, "made of text");
    if (element instanceof HTMLScriptElement && !element.src && element.type !== "application/json")
      say(element, "a script");
    if (element instanceof HTMLScriptElement && element.type === "application/json")
      try { JSON.parse(element.textContent); } catch { say(element, "broken data"); }
  }
  return found;
}
"""
_TEXT: Final = (
    ":is(textarea, input:is(:not([type]), [type=text], [type=email], [type=tel], [type=url]))"
)
_FORMS: Final = f"""
() => [...document.querySelectorAll("main form[method=post]")]
  .map((form) => [form.getAttribute("action"), form.querySelector("{_TEXT}") !== null])
"""
_SEND: Final = """
([action, text, fields]) => {
  const form = [...document.querySelectorAll("main form")]
    .find((each) => each.getAttribute("action") === action);
  form.noValidate = true;
  for (const each of form.querySelectorAll(fields)) each.value = text;
  form.requestSubmit();
}
"""
_TEXTS: Final = """
() => [document.title, document.body.innerText,
  ...[...document.querySelectorAll("input, textarea")].map((each) => each.value),
  ...[...document.querySelectorAll("svg text, svg title, option")].map((each) => each.textContent),
].join("\\n")
"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def poisoned(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """A portal in which everything that has a text has a hostile one."""
    folder = tmp_path_factory.mktemp("poisoned")
    async with in_own_task(open_site(folder, seeded=False)) as site:
        account, _ = await asyncio.to_thread(hostile.account)
        sound = folder / "sound.wav"
        write_speech(sound)
        accounts = shelves.accounts(site.settings, site.engine)
        library = shelves.audio_library(site.settings, site.engine)
        await library.add({hostile.SOUND: sound})
        await accounts.apply(account, by=BY)
        await hostile.write(site.settings, site.engine, account)
        await site.record()
        yield site


def texts_of_flow_files() -> Iterator[str]:
    """The fields in which any text may stand, such as ``IvrForm.name``, as the schema says."""

    def takes_text(tree: Any) -> bool:
        if isinstance(tree, list):
            return any(map(takes_text, tree))
        if not isinstance(tree, dict):
            return False
        free = not {"pattern", "const", "enum"} & tree.keys()
        return (free and tree.get("type") == "string") or any(map(takes_text, tree.values()))

    def fields(tree: Any) -> Iterator[tuple[str, Any]]:
        if isinstance(tree, dict):
            yield from tree.get("properties", {}).items()
            for each in tree.get("anyOf", ()):
                yield from fields(each)

    for form, described in json.loads(SCHEMA.read_text())["$defs"].items():
        for name, field in fields(described):
            if takes_text(field):
                yield f"{form}.{name}"


async def test_every_text_of_flow_files_is_hostile_here() -> None:
    _, taken = await asyncio.to_thread(hostile.account)
    free = set(texts_of_flow_files())
    assert len(free) > 35
    left = free - taken - CHECKED
    assert not left, f"put these fields into hostile.yaml, or say what is checked: {left}"


async def harmless(page: Page, where: str, html: str = "") -> None:
    """Assert that nothing of what is shown, or of another page, would do anything."""
    assert not await page.evaluate(_HARM, html), where


async def test_what_an_engine_has_written_down_is_shown_as_text(look: Look, poisoned: Site) -> None:
    watched = await watching(look, poisoned)
    page = watched.page
    await page.goto("/voicemail/4")
    said = page.locator(".message-said p").first
    await expect(said).to_contain_text("<script>alert(1)</script>")
    await harmless(page, "/voicemail/4")
    assert await said.locator("*").count() == 0


async def test_no_page_executes_what_somebody_has_written(look: Look, poisoned: Site) -> None:
    watched = await watching(look, poisoned)
    page, seen = watched.page, ""
    assert poisoned.app is not None
    way = walk(poisoned.app)
    # A job that is tried again is looked at by its own address until it is done.
    forms: dict[str, str] = {}
    buttons: set[str] = set()
    async for address in way.pages(page, f"/webhooks/jobs/{quote(hostile.JOB, safe='')}"):
        await harmless(page, address)
        for action, takes_text in await page.evaluate(_FORMS):
            if takes_text:
                forms.setdefault(action, address)
            else:
                buttons.add(action)
        shown = await page.evaluate(_TEXTS)
        assert "alert(1)49" not in shown
        seen += shown
    assert not way.missed - UNLINKED, f"no link leads to {way.missed - UNLINKED}"
    assert not way.unknown, f"links that lead nowhere, and where they are: {way.unknown}"
    for text in ("<img src=x onerror=alert(1)>", f"<script>{hostile.MARK}</script>", "{{7*7}}"):
        assert seen.count(text) > 20, f"{text} is shown as it was written"
    watched.expect("status of 4..")
    await forms_are_harmless(page, forms)
    taken = {
        door.path for door in doors_of(poisoned.app)
        if door.method == "POST" and door.as_page and not ASIDE.search(door.path)
    }  # fmt: skip
    seen_forms = forms.keys() | buttons
    left = {path for path in taken if not any(map(pattern(path).fullmatch, seen_forms))} - FORMLESS
    assert not left, f"let the walk see a form of these, or say why not: {left}"


async def watching(look: Look, site: Site, role: Role = Role.ADMIN) -> Watched:
    """A page of somebody that fails when anything asks, calls out or leaves."""
    watched = await look(site.address)
    watched.expect("favicon.ico")  # A fragment that is opened by itself names none.
    await site.sign_in(watched, role)
    page = watched.page

    def requested(request: Any) -> None:
        if not request.url.startswith((site.address, "blob:", "data:")):
            watched.complaints.append(f"{page.url} calls {request.url}")

    page.on("request", requested)
    return watched


async def forms_are_harmless(page: Page, forms: Mapping[str, str]) -> None:
    """Send hostile text by every form that takes text: whatever is answered shows it as text.

    Args:
        forms: the page of each, by where it is sent to.
    """
    assert len(forms) > 5, forms
    for action, address in forms.items():
        await page.goto(address)
        if [action, True] not in await page.evaluate(_FORMS):
            continue  # What has been sent before has done away with it.
        async with page.expect_response(lambda answer: answer.request.method == "POST") as got:
            await page.evaluate(_SEND, [action, hostile.HOSTILE, _TEXT])
        answer = await got.value
        assert answer.status < 500, f"{action}: {answer.status}"
        await page.wait_for_load_state()
        await page.wait_for_function("() => !document.querySelector('.htmx-request')")
        await harmless(page, f"{address} after {action}")


def queries(dependant: Any) -> Iterator[str]:
    """The names in the query that a route looks at."""
    for each in dependant.query_params:
        form = each.field_info.annotation
        is_form = isinstance(form, type) and issubclass(form, BaseModel)
        yield from form.model_fields if is_form else (each.alias,)
    for inner in dependant.dependencies:
        yield from queries(inner)


async def test_no_page_executes_what_its_address_says(look: Look, poisoned: Site) -> None:
    """Neither to somebody who has signed in nor to strangers, in any part of the address."""
    watched, stranger = await watching(look, poisoned), await look(poisoned.address)
    await watched.page.goto("/account")
    assert poisoned.app is not None
    asked = 0
    for path, route in routes_of(poisoned.app.routes):
        if not isinstance(route, APIRoute) or "GET" not in route.methods or path.startswith("/api"):
            continue
        names = list(queries(route.dependant))
        query = urlencode(dict.fromkeys([*names, "nothing"], hostile.HOSTILE))
        known = re.sub(r"\{[^}]*\}", "1", path)
        for address in (
            f"{known}?{query}", re.sub(r"\{[^}]*\}", quote(hostile.SHORT, safe=""), path)
        ):  # fmt: skip
            for visitor in (watched, stranger):
                answer = await visitor.context.request.get(
                    address, headers={"Accept": "text/html"}, max_redirects=0
                )
                assert answer.status < 500, address
                there = answer.headers.get("location", "/")
                assert re.match(r"/(?!/)", there), address
                if answer.headers.get("content-type", "").startswith("text/html"):
                    asked += 1
                    await harmless(watched.page, address, await answer.text())
    form = {"name": hostile.HOSTILE, "password": "x", "next": hostile.HOSTILE}
    own = {"Origin": poisoned.address}
    refused = await stranger.context.request.post("/sign-in", form=form, headers=own)
    await harmless(watched.page, "/sign-in", await refused.text())
    assert asked > 60


async def test_a_file_that_is_called_so_is_no_more_than_a_file(look: Look, poisoned: Site) -> None:
    watched = await watching(look, poisoned, Role.EDITOR)
    watched.expect("status of 422")
    page = watched.page
    sound = (poisoned.settings.data / "speech.wav").read_bytes()
    await page.goto("/audio")
    await page.get_by_role("button", name="Upload").click()
    dialog = page.get_by_role("dialog")
    for name, content in ((f"no {hostile.SHORT}.wav", b"no sound"), (hostile.UPLOADED, sound)):
        file = {"name": name, "mimeType": "audio/wav", "buffer": content}
        await dialog.locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type]  # Playwright has no public name for it
        if content != sound:
            await expect(dialog.locator(".is-danger")).to_contain_text("is no audio file")
            await harmless(page, f"refused: {name}")
    listed = page.get_by_role("list", name="Sound files").get_by_role("listitem")
    await expect(listed.filter(has_text=hostile.UPLOADED)).to_be_visible()
    await harmless(page, f"taken: {hostile.UPLOADED}")


async def test_harm_would_be_found(look: Look, poisoned: Site) -> None:
    watched = await look(poisoned.address)
    watched.expect("CSP", "Content Security Policy", "status of 404")
    await poisoned.sign_in(watched)
    page = watched.page
    await page.goto("/account")
    for harm in (
        '<a href="javascript:alert(1)">more</a>',
        '<a href=" java&#10;script:alert(1)">more</a>',
        "<img src=x onerror=alert(1)>",
        "<form action='data:text/html,hello'></form>",
        "<script>alert(1)</script>",
        "<script type='application/json'>{</script>",
    ):
        await page.evaluate("(harm) => { document.body.innerHTML = harm; }", harm)
        assert await page.evaluate(_HARM, ""), harm
        assert await page.evaluate(_HARM, harm), harm
