"""What goes wrong is a page for people, a line for htmx, and JSON for programs as before."""

from __future__ import annotations

import re

import pytest
from fastapi import FastAPI, HTTPException, Request
from httpx import ASGITransport, AsyncClient
from structlog.testing import capture_logs

from ivrserver.access import Visitor
from ivrserver.errors import StorageError
from ivrserver.web import plain_app
from ivrserver.web.portal import Pages, show_errors
from tests.unit.web.portal.visitors import somebody

PEOPLE = {"accept": "text/html,*/*"}
HTMX = {"hx-request": "true"}


def site(pages: Pages, visitor: Visitor | None) -> AsyncClient:
    app: FastAPI = plain_app()

    async def look(request: Request) -> Visitor | None:
        if request.url.path == "/away":
            raise StorageError("the database is away")
        return visitor

    @app.get("/secret")
    async def secret() -> None:
        raise HTTPException(403, "this needs the right <b>calls:read</b>", {"X-Mark": "1"})

    @app.get("/away")
    async def away() -> None:
        raise StorageError("the database is away")

    @app.get("/broken")
    async def broken() -> None:
        raise ZeroDivisionError

    @app.get("/numbered/{number}")
    async def numbered(number: int, count: int = 0) -> None:
        """Whoever follows a mistyped link is no program."""

    @app.get("/calls")
    async def calls() -> None:
        """The one area that is there."""

    @app.get("/moved")
    async def moved() -> None:
        raise HTTPException(303, "sign in", {"Location": "/sign-in"})

    show_errors(app, pages, look)
    transport = ASGITransport(app, raise_app_exceptions=False)
    return AsyncClient(transport=transport, base_url="http://ivr.test")


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/secret", 403, "This needs the right &lt;b&gt;calls:read&lt;/b&gt;."),
        ("/nothing", 404, "Nothing is here"),
        ("/numbered/x", 404, "Nothing is here"),
        ("/numbered/1?count=%3Cb%3E", 422, "Count: Input should be a valid integer"),
        ("/away", 503, "The database does not answer."),
        ("/broken", 500, "Its log says why."),
    ],
)
@pytest.mark.parametrize("visitor", [None, somebody()])
async def test_people_see_a_page_with_their_navigation_if_they_have_one(
    pages: Pages, path: str, status: int, words: str, visitor: Visitor | None
) -> None:
    with capture_logs():
        answer = await site(pages, visitor).get(path, headers=PEOPLE)
    assert answer.status_code == status
    assert words in answer.text
    known = visitor is not None and path != "/away"
    assert ('id="nav"' in answer.text) == known
    assert re.findall('data-nav="(.*?)"', answer.text) == (["/calls"] if known else [])


async def test_headers_of_an_error_reach_people_too(pages: Pages) -> None:
    answer = await site(pages, None).get("/secret", headers=PEOPLE)
    assert answer.headers["x-mark"] == "1"


async def test_htmx_is_given_a_line_for_a_part_and_a_page_for_a_page(pages: Pages) -> None:
    client = site(pages, somebody())
    part = await client.get("/secret", headers=HTMX)
    assert (part.text, part.headers["content-type"]) == (
        "This needs the right <b>calls:read</b>.", "text/plain; charset=utf-8",
    )  # fmt: skip
    page = await client.get("/secret", headers=HTMX | {"hx-boosted": "true"})
    assert 'id="page"' in page.text


async def test_programs_are_given_what_they_always_were(pages: Pages) -> None:
    client = site(pages, None)
    assert (await client.get("/nothing")).json() == {"detail": "Not Found"}
    assert (await client.get("/moved", headers=PEOPLE)).headers["location"] == "/sign-in"
    with capture_logs() as told:
        assert (
            await client.get("/broken")
        ).text == "The server could not do this. Its log says why."
    assert told[0]["event"] == "http_failed"
