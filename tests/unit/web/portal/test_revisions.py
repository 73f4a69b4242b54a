"""Revisions are listed, compared and restored by people."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from ivrserver.access import Author, Role
from ivrserver.blocks import Account, Ivr, Message, Prompt, Webhook, WebhookMode
from ivrserver.config import AudioSettings
from ivrserver.storage import Accounts, Revisions
from ivrserver.web import plain_app
from ivrserver.web.access import Guard
from ivrserver.web.portal import Pages, show_errors
from ivrserver.web.portal.pages_revisions import RevisionPages
from tests.unit.storage.people import people
from tests.unit.web.portal.blocks.conftest import BY, SECRET, Person, person

KIM = Author("kim", "key flows")
FIRST = Ivr(
    block_id=101,
    name="Survey",
    questions=(Message(question_id=1, name="Hello", prompt=Prompt("<script>alert(1)</script>")),),
    webhook=Webhook(mode=WebhookMode.NEXT_ACTION, url="https://example.com", secret=SECRET),
)


class Place:
    """Who looks, and what is behind."""

    def __init__(self, editor: Person, viewer: Person, accounts: Accounts) -> None:
        self.editor, self.viewer, self.accounts = editor, viewer, accounts


@pytest.fixture
async def place(pages: Pages, tmp_path: Path) -> AsyncIterator[Place]:
    async with people(f"sqlite:///{tmp_path / 'x.db'}") as kept:
        accounts = Accounts(kept.engine, tmp_path / "audio", AudioSettings())
        await accounts.apply(Account(blocks=(FIRST,)), {}, by=KIM)
        await accounts.apply(Account(blocks=(replace(FIRST, name="Poll"),)), {}, by=KIM)
        guard = Guard(kept.users, kept.sessions, kept.keys)
        app = plain_app(RevisionPages(pages, guard, Revisions(kept.engine), accounts).routes())
        show_errors(app, pages, guard.session_of)
        await kept.users.add_first("ada", "four green ducks", BY)
        await kept.users.add("vera", Role.VIEWER, BY, password="four green ducks")
        async with (
            person(app, await kept.session("ada"), "/revisions") as editor,
            person(app, await kept.session("vera"), "/revisions") as viewer,
        ):
            yield Place(editor, viewer, accounts)


async def test_the_list_tells_who_changed_what(place: Place) -> None:
    html = (await place.viewer.get("/revisions")).text
    assert "kim" in html
    assert "key flows" in html
    assert "block 101 (Poll)" in html
    assert html.index("in force") < html.index("block 101 (Survey)")


async def test_two_are_compared_whichever_is_named_first(place: Place) -> None:
    for query in ("old=1&new=2", "old=2&new=1"):
        html = (await place.viewer.get(f"/revisions/compare?{query}")).text
        assert '<span class="diff-text">    name: Survey</span>' in html
        assert '<span class="diff-text">    name: Poll</span>' in html
        assert "Restore" not in html
    same = (await place.viewer.get("/revisions/compare?old=2&new=2")).text
    assert "Nothing is different" in same


async def test_secrets_are_no_difference_and_text_is_text(place: Place) -> None:
    html = (await place.editor.get("/revisions/compare?old=0&new=1")).text
    assert SECRET not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


async def test_a_revision_is_downloaded_with_secrets_only_by_who_may_change_them(
    place: Place,
) -> None:
    whole = await place.editor.get("/revisions/1/flow-file")
    assert "name: Survey" in whole.text
    assert SECRET in whole.text
    assert SECRET not in (await place.viewer.get("/revisions/1/flow-file")).text


async def test_an_old_one_is_in_force_again_as_a_new_one(place: Place) -> None:
    assert (await place.viewer.post("/revisions/1/restore", {})).status_code == 403
    assert "restore-1" in (await place.editor.get("/revisions/compare?old=1&new=2")).text
    answer = await place.editor.post("/revisions/1/restore", {})
    assert answer.headers["location"] == "/revisions"
    assert (await place.accounts.export()).blocks == (FIRST,)
    html = (await place.editor.get("/revisions")).text
    assert "Restored revision 1" in html


@pytest.mark.parametrize("path", ["/revisions/compare?old=1&new=9", "/revisions/9/flow-file"])
async def test_one_that_is_not_kept_is_said_to_be_so(place: Place, path: str) -> None:
    answer = await place.viewer.get(path)
    assert answer.status_code == 404
    assert "There is no revision 9; old ones are deleted" in answer.text
