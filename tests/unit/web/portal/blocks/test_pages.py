"""All blocks in a list, one copied, downloaded or removed, and what viewers may not."""

from __future__ import annotations

import pytest

from ivrserver.blocks import HangUp
from tests.unit.web.portal.blocks.conftest import SECRET, SURVEY, Site


async def test_the_list_tells_of_each_block_who_leads_there(site: Site) -> None:
    html = (await site.viewer.get("/blocks")).text
    assert 'href="/blocks/101">Survey</a>' in html
    assert '<a href="/numbers/100">' in html
    assert "nothing leads here" not in html
    assert "New" not in html.partition("<main")[2].partition("block-list")[0]
    assert "/blocks/new/ivr" in (await site.editor.get("/blocks")).text


async def test_the_list_is_searched_by_name_and_id(site: Site) -> None:
    assert "Box" not in (await site.editor.get("/blocks?q=surv")).text.partition("<main")[2]
    assert "is-ivr" not in (await site.editor.get("/blocks?q=303")).text
    assert "Nothing of that name" in (await site.editor.get("/blocks?q=%3Cb%3E")).text


async def test_a_block_is_downloaded_with_its_secret_only_by_who_may_change_it(site: Site) -> None:
    whole = await site.editor.get("/blocks/101/flow-file")
    assert SECRET in whole.text
    assert 'filename="block-101.yaml"' in whole.headers["content-disposition"]
    assert SECRET not in (await site.viewer.get("/blocks/101/flow-file")).text


async def test_a_copy_has_an_id_and_a_name_of_its_own(site: Site) -> None:
    for name in ("Survey (copy)", "Survey (copy 2)"):
        answer = await site.editor.post("/blocks/101/copy", {})
        block_id = int(answer.headers["location"].rpartition("/")[2])
        copy = await site.block(block_id)
        assert (copy.name, copy.questions) == (name, SURVEY.questions)


async def test_what_something_leads_to_stays(site: Site) -> None:
    page = (await site.editor.get("/blocks/303")).text
    assert "cannot be deleted" in page
    assert "blocks/303/remove" not in page
    await site.editor.post("/blocks/303/remove", {"version": "*"})
    assert await site.block(303) is not None


async def test_a_block_is_removed_as_it_was_seen_or_not_at_all(site: Site) -> None:
    await site.editor.post("/blocks/101/copy", {})
    page = (await site.editor.get("/blocks/304")).text
    version = page.partition('name="version" value="')[2].partition('"')[0]
    old = page.rpartition('name="version" value="')[2].partition('"')[0]
    fields = {"version": version, "name": "Other", "language": "en-US", "next_step": "hangup"}
    await site.editor.post("/blocks/304/settings", fields)
    assert (await site.block(304)).next_step == HangUp()
    await site.editor.post("/blocks/304/remove", {"version": old})
    assert await site.block(304) is not None
    new = (await site.editor.get("/blocks/304")).text.rpartition('name="version" value="')[2]
    await site.editor.post("/blocks/304/remove", {"version": new.partition('"')[0]})
    assert await site.block(304) is None


@pytest.mark.parametrize("path", ["/blocks/999", "/blocks/999/webhook", "/blocks/303/webhook"])
async def test_what_is_not_there_is_a_page(site: Site, path: str) -> None:
    answer = await site.editor.get(path)
    assert answer.status_code == 404
    assert "Nothing is here" in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/blocks/new/ivr", "/blocks/101/copy", "/blocks/101/remove", "/blocks/101/settings",
        "/blocks/101/questions", "/blocks/101/questions/1", "/blocks/101/questions/1/move",
        "/blocks/101/questions/1/remove", "/blocks/101/webhook", "/blocks/101/webhook/secret",
    ],
)  # fmt: skip
async def test_viewers_change_nothing(site: Site, path: str) -> None:
    before = await site.accounts.export()
    fields = {"name": "X", "to": "down", "action": "make", "type": "message"}
    assert (await site.viewer.post(path, fields)).status_code == 403
    assert await site.accounts.export() == before
    assert (await site.editor.post(path, fields, **{"X-CSRF-Token": "no"})).status_code == 403


@pytest.mark.parametrize("path", ["/blocks/101", "/blocks/101/webhook", "/blocks/101/map"])
async def test_viewers_see_no_button_that_they_may_not_press(site: Site, path: str) -> None:
    main = (await site.viewer.get(path)).text.partition("<main")[2]
    assert 'method="post"' not in main
    assert "Save" not in main
    assert SECRET not in main
    assert SECRET not in (await site.editor.get(path)).text, "nobody is shown it again"
